//! The bytes of packed roll-ups: minutes of two hours in one row, sums of a day in another.
//! It never opens a file: bytes in, numbers out, and damage is seen by a checksum.
//!
//! Times are counted from 1970 in UTC: half-hours of 30 minutes, windows of 120, days of 1,440, so
//! that no clock change ever moves a border. A row's key is `series_id * 2^24 + window` or `... + day`.
//!
//! # Layout
//!
//! Integers are little-endian; `varint` is unsigned LEB128.
//!
//! | row | bytes |
//! |---|---|
//! | both | 4: CRC-32 (IEEE) of everything after it |
//! | pack | for each of its four half-hours a varint length, then the half-hours ([`half_hour`]) |
//! | day | 8: which of 61 sums there are (bit 0 the day, 1 to 12 its windows, 13 to 60 its half-hours); for each a varint length; then the sums |
//! | a half-hour of a pack | 4: which of its 30 minutes there are; varint: the least bucket; the lengths of three columns; four columns, a value for each minute that is there: counts, request and response bytes in turn, durations, times to the first byte |
//! | a sum | varint count, request bytes, response bytes, length of the durations; durations; times to the first byte |
//! | durations | varint: 2 * number of buckets, plus 1 when there are zeros; the zeros if so; unless all is 0, the sum in ns; the buckets |
//! | a bucket of a minute | varint: 2 * the distance to the one before (at first to the least), plus 1 when its count is not 1; that count if so |
//! | a bucket of a sum | d is the number of buckets left out before it, c its count less 1: varint min(d, 3) + 4 * min(c, 31); if d is 3 or more, varint d - 3; if c is 31 or more, varint c - 31 |

mod day;
mod durations;
mod half_hour;
mod numbers;
mod pack;
mod spans;
mod sum;
#[cfg(test)]
mod tests;

pub(super) use day::{DaySums, Part};
pub(super) use durations::Durations;
pub(super) use half_hour::HalfHour;
pub(super) use pack::Pack;
pub(super) use spans::{DAY, HALF_HOUR, WINDOW, key, key_range, key_time};
pub(crate) use sum::Needs;
pub(super) use sum::Sum;

/// Bytes that are not what was once written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("packed roll-ups are damaged")]
pub(super) struct Damaged;
