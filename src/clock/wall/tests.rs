//! Wall time follows the machine's clock, and a jump is noticed.

use super::*;

#[test]
fn a_jump_is_told_from_a_correction() {
    const HOUR_NS: u64 = 3_600_000_000_000;
    let now = 1_790_000_000_000_000_000;
    assert!(is_jump(now, now + HOUR_NS) && is_jump(now, now - HOUR_NS));
    assert!(!is_jump(now, now + 500_000_000) && !is_jump(0, now));
}

#[test]
fn wall_time_is_followed_in_both_directions() {
    const HOUR_NS: u64 = 3_600_000_000_000;
    let clock = Clock::default();
    for wrong in [HOUR_NS.cast_signed(), -HOUR_NS.cast_signed()] {
        let anchor = clock.origin_unix_ns.load(Ordering::Relaxed);
        clock.origin_unix_ns.store(anchor.saturating_add_signed(wrong), Ordering::Relaxed);
        assert!(clock.renew(), "the machine's clock is an hour away from the anchor");
        assert!(clock.unix_ns(Tick::now()).abs_diff(unix_now_ns()) < JUMP_NS);
        assert!(!clock.renew());
    }
}
