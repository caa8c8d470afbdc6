//! Moments as people write them.
//! It never reads the clock: what is relative is relative to the `now` it is given.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::model::{Day, SECOND_NS};

/// What [`parse_moment`] understands, for messages.
pub(crate) const MOMENT_FORMS: &str = "an RFC 3339 time (2026-01-31T12:00:00Z), a date (2026-01-31, its first moment in UTC), unix \
     seconds, or how long ago (90s, 15m, 24h, 7d)";

/// A moment in unix nanoseconds; `None` for what is none of [`MOMENT_FORMS`].
pub(crate) fn parse_moment(text: &str, now_ns: u64) -> Option<u64> {
    if let Some(ago_ns) = parse_ago(text) {
        return Some(now_ns.saturating_sub(ago_ns));
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse::<u64>().ok()?.checked_mul(SECOND_NS);
    }
    let timestamp = match Day::parse(text) {
        Some(day) => format!("{day}T00:00:00Z").parse::<Timestamp>(),
        None => with_plus(text).parse(),
    };
    u64::try_from(timestamp.ok()?.as_nanosecond()).ok()
}

/// A query string that has `+` as it is arrives with a space in its place: `T12:00:00 02:00`.
fn with_plus(text: &str) -> Cow<'_, str> {
    match text.rsplit_once(' ') {
        Some((time, zone)) if time.contains('T') => format!("{time}+{zone}").into(),
        _ => text.into(),
    }
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
