//! The spans of packed roll-ups, and the keys of their rows.
//! They never know a calendar: all are whole minutes since 1970 in UTC.

/// Minutes of the shortest span that has a sum of its own.
pub(in super::super) const HALF_HOUR: u64 = 30;

/// Minutes that share a pack.
pub(in super::super) const WINDOW: u64 = 120;

/// Minutes whose sums share a row.
pub(in super::super) const DAY: u64 = 1_440;

/// Bits of a key below the series. A nanosecond of 64 bits is in window 2,562,047 at most.
const TIME_BITS: u32 = 24;

/// The key of a series' row for a window or a day.
pub(in super::super) fn key(series_id: i64, number: u64) -> i64 {
    (series_id << TIME_BITS) | (number.cast_signed() & ((1 << TIME_BITS) - 1))
}

/// The first key of a series' rows from one window or day on, and the one behind its last before
/// another.
pub(in super::super) fn key_range(series_id: i64, from: u64, to: u64) -> (i64, i64) {
    let last = (1 << TIME_BITS) - 1;
    (key(series_id, from.min(last)), key(series_id, to.min(last)))
}

/// The window or day of a key.
pub(in super::super) fn key_time(key: i64) -> u64 {
    key.cast_unsigned() & ((1 << TIME_BITS) - 1)
}
