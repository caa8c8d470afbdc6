//! Moments, places and conditions in their text forms.
//! They never read the clock.

mod calls;
mod damage;
mod regrouped;

use super::*;
use crate::model::SECOND_NS;
use uuid::Uuid;

const NOW_NS: u64 = 1_790_000_000 * SECOND_NS;

#[track_caller]
fn check_moment(text: &str, expected_seconds: Option<u64>) {
    let expected = expected_seconds.map(|seconds| seconds * SECOND_NS);
    assert_eq!(parse_moment(text, NOW_NS), expected, "{text:?}");
}

#[test]
fn moments_are_read_in_all_their_forms() {
    check_moment("0", Some(0));
    check_moment("1790000000", Some(1_790_000_000));
    check_moment("2026-09-21T14:13:20Z", Some(1_790_000_000));
    check_moment("2026-09-21T16:13:20+02:00", Some(1_790_000_000));
    check_moment("2026-09-21T16:13:20 02:00", Some(1_790_000_000));
    check_moment("2026-09-21T09:43:20.0-04:30", Some(1_790_000_000));
    check_moment("2026-09-21", Some(1_789_948_800));
    assert_eq!(parse_moment("1970-01-01T00:00:00.000000007Z", NOW_NS), Some(7));
    check_moment("30s", Some(1_790_000_000 - 30));
    check_moment("15m", Some(1_790_000_000 - 900));
    check_moment("1h", Some(1_790_000_000 - 3_600));
    check_moment("7d", Some(1_790_000_000 - 604_800));
    check_moment("99999d", Some(0));
}

#[test]
fn what_is_no_moment_is_none() {
    let texts =
        ["", "h", "-1h", "1.5h", "1w", "+5", "yesterday", "1900-01-01T00:00:00Z", "1900-01-01"];
    texts.into_iter().for_each(|text| check_moment(text, None));
    [
        "2026-09-31",
        "2026-9-1",
        "2026-09-21T14:13:20",
        "2026-09-21 14:13:20",
        "T 1",
        "2026-09-21T14:13",
    ]
    .into_iter()
    .for_each(|text| check_moment(text, None));
    check_moment("99999999999999999999", None);
    check_moment("99999999999d", None);
    check_moment("1ü", None);
}

#[test]
fn places_come_back_from_their_text_and_stand_newest_first() {
    let ids = [Uuid::from_u128(1), Uuid::from_u128(2)];
    let in_order = [
        Cursor::new(u64::MAX, ids[1], 0),
        Cursor::new(7, ids[0], 0),
        Cursor::new(7, ids[0], 31),
        Cursor::new(7, ids[1], 2),
        Cursor::new(6, ids[0], 0),
    ];
    assert!(in_order.is_sorted());
    for place in in_order {
        assert_eq!(Cursor::parse(&place.to_string()), Some(place));
    }
}

#[test]
fn what_is_no_place_is_none() {
    let id = Uuid::from_u128(1).simple();
    let texts = ["".to_owned(), "7".to_owned(), format!("x.{id}.0"), format!("7.{id}"), {
        format!("7.{id}.0.0")
    }];
    for text in texts {
        assert_eq!(Cursor::parse(&text), None, "{text}");
    }
}

#[test]
fn durations_are_whole_numbers_with_a_unit() {
    for (text, expected) in [
        ("250ms", Some(250_000_000)),
        ("1s", Some(1_000_000_000)),
        ("0s", Some(0)),
        ("7us", Some(7_000)),
        ("9ns", Some(9)),
        ("2m", Some(120_000_000_000)),
        ("250", None),
        ("ms", None),
        ("1.5s", None),
        ("-1s", None),
        ("1 s", None),
        ("1h", None),
        ("99999999999999999999s", None),
        ("99999999999999s", None),
    ] {
        assert_eq!(parse_duration(text), expected, "{text:?}");
    }
}

#[test]
fn ids_are_32_hexadecimal_digits() {
    assert_eq!(
        parse_id("000102030405060708090a0b0c0d0E0F"),
        Some(std::array::from_fn(|n| n as u8))
    );
    for text in ["", "00", &"0".repeat(32), &"+".repeat(32), &"g".repeat(32), &"1".repeat(33)] {
        assert_eq!(parse_id(text), None, "{text:?}");
    }
}

#[test]
fn the_place_before_a_place_is_before_it() {
    let id = Uuid::from_u128(7);
    for place in [Cursor::new(7, id, 3), Cursor::new(7, id, 0)] {
        assert!(place.before().unwrap() < place);
        assert_eq!(place.before().unwrap().start_unix_ns(), 7);
    }
    assert_eq!(Cursor::new(7, Uuid::nil(), 0).before(), None);
}

#[track_caller]
fn check_status(word: &str, expected: Option<StatusFilter>) {
    assert_eq!(StatusFilter::parse(word), expected, "{word:?}");
}

#[test]
fn conditions_on_a_status_are_codes_or_classes() {
    use crate::model::StatusClass;
    check_status("404", Some(StatusFilter::Exactly(404)));
    check_status("5xx", Some(StatusFilter::Class(StatusClass::ServerError)));
    check_status("none", Some(StatusFilter::Class(StatusClass::None)));
    for word in ["", "40", "4040", "+40", "5XX", "6xx", "ok"] {
        check_status(word, None);
    }
}
