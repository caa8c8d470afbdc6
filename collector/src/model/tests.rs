//! Days, moments and status classes.
//! They never read the clock.

use super::*;

#[track_caller]
fn check_day(unix_seconds: u64, expected: &str) {
    let day = Day::of(unix_seconds * SECOND_NS);
    assert_eq!(day.to_string(), expected);
    assert_eq!(Day::parse(expected), Some(day));
}

#[test]
fn days_begin_at_midnight_utc() {
    check_day(0, "1970-01-01");
    check_day(86_399, "1970-01-01");
    check_day(86_400, "1970-01-02");
    check_day(1_790_000_000, "2026-09-21");
}

#[test]
fn only_the_own_text_form_is_a_day() {
    for text in ["", "2026-9-21", "2026-09-21T00:00", "20260921", "2026-02-30"] {
        assert_eq!(Day::parse(text), None, "{text}");
    }
}

#[test]
fn days_count_back_over_months() {
    let day = Day::parse("2026-03-01").unwrap();
    assert_eq!(day.minus(1).to_string(), "2026-02-28");
    assert!(day.minus(u32::MAX) < day);
}

#[test]
fn moments_beyond_the_calendar_are_its_last() {
    assert_eq!(timestamp(u64::MAX).to_string(), "2554-07-21T23:34:33.709551615Z");
}

#[test]
fn classes_come_back_from_their_words_and_have_their_own_bits() {
    let mut bits = 0;
    for class in StatusClass::ALL {
        assert_eq!(StatusClass::from_word(class.as_str()), Some(class));
        assert_eq!(bits & class.bit(), 0);
        bits |= class.bit();
    }
    assert_eq!(StatusClass::of(None), StatusClass::None);
    assert_eq!(StatusClass::of(Some(204)), StatusClass::Success);
    assert_eq!(StatusClass::of(Some(0)), StatusClass::Other);
    assert_eq!(StatusClass::of(Some(999)), StatusClass::Other);
}
