//! Moments as people write them.
//! It never reads the clock: what is relative is relative to the `now` it is given.

use jiff::Timestamp;

use crate::model::SECOND_NS;

/// What [`parse_moment`] understands, for messages.
pub(crate) const MOMENT_FORMS: &str =
    "an RFC 3339 time (2026-01-31T12:00:00Z), unix seconds, or how long ago (90s, 15m, 24h, 7d)";

/// A moment in unix nanoseconds; `None` for what is none of [`MOMENT_FORMS`].
pub(crate) fn parse_moment(text: &str, now_ns: u64) -> Option<u64> {
    if let Some(ago_ns) = parse_ago(text) {
        return Some(now_ns.saturating_sub(ago_ns));
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse::<u64>().ok()?.checked_mul(SECOND_NS);
    }
    let timestamp: Timestamp = text.parse().ok()?;
    u64::try_from(timestamp.as_nanosecond()).ok()
}

fn parse_ago(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    number.parse::<u64>().ok()?.checked_mul(seconds)?.checked_mul(SECOND_NS)
}
