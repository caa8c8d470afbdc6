//! Verdicts and waits, case by case.

use super::*;

#[test]
fn verdicts_follow_the_status() {
    let check = |status, expected| assert_eq!(verdict(status, None), expected, "{status}");
    for status in [200, 202, 204] {
        check(status, Verdict::Delivered);
    }
    for status in [408, 425, 429, 500, 502, 503, 504, 599] {
        check(status, Verdict::Retry { after: None });
    }
    check(413, Verdict::Split);
    check(401, Verdict::Reject(DropReason::Unauthorized));
    check(403, Verdict::Reject(DropReason::Unauthorized));
    check(404, Verdict::Reject(DropReason::NotFound));
    check(402, Verdict::Reject(DropReason::PaymentRequired));
    for status in [301, 302, 307] {
        check(status, Verdict::Foreign);
    }
    for status in [400, 415, 422] {
        check(status, Verdict::Reject(DropReason::Rejected));
    }
}

#[test]
fn waits_double_up_to_a_minute_and_are_spread() {
    let mut backoff = Backoff::default();
    let waits: Vec<_> = (0..12).map(|_| backoff.next_wait(999).as_millis()).collect();
    assert_eq!(waits[..4], [199, 399, 799, 1_599]);
    assert_eq!(*waits.last().unwrap(), 59_970);
    backoff.reset();
    assert_eq!(backoff.next_wait(0), Duration::from_millis(100));
}

#[test]
fn the_collectors_wish_is_read_and_bounded() {
    assert_eq!(retry_after("7"), Some(Duration::from_secs(7)));
    assert_eq!(retry_after("86400"), Some(LONGEST_WAIT));
    assert_eq!(retry_after("Fri, 31 Dec 1999 23:59:59 GMT"), Some(LONGEST_WAIT));
    assert_eq!(retry_after(" "), None);
}
