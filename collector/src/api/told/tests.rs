//! When refusals are told.
//! They never wait: the time is an argument.

use super::*;

#[test]
fn refusals_are_told_once_a_minute_with_all_since() {
    let refused = Told::default();
    let seconds = [100, 101, 159, 160, 161, 90, 221];
    let told = seconds.map(|second| refused.count(second * SECOND_NS));
    // 90 is a clock that was set back by more than a minute.
    assert_eq!(told, [Some(1), None, None, Some(3), None, Some(2), Some(1)]);
}
