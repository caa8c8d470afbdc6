//! How finely time is cut: from a minute to a day.
//! It never knows a calendar: steps begin at their multiples since 1970 in UTC.

use egret::minute::MINUTE_NS;

use crate::model::TimeRange;

/// Steps that are chosen by themselves make no more points than this, as long as a day is not too
/// short for it.
const MAX_CHOSEN_POINTS: u64 = 500;

/// A step, in minutes: a divisor of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step(u64);

impl Step {
    /// All of them, with their words.
    pub(crate) const ALL: [(Self, &'static str); 13] = [
        (Self(1), "1m"),
        (Self(2), "2m"),
        (Self(5), "5m"),
        (Self(10), "10m"),
        (Self(15), "15m"),
        (Self(30), "30m"),
        (Self(60), "1h"),
        (Self(120), "2h"),
        (Self(180), "3h"),
        (Self(240), "4h"),
        (Self(360), "6h"),
        (Self(720), "12h"),
        (Self(1_440), "1d"),
    ];

    /// The step that a word names.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, other)| *other == word).map(|(step, _)| step)
    }

    /// The step of so many minutes, as a word.
    pub(super) fn word(minutes: u64) -> &'static str {
        Self::ALL.into_iter().find(|(step, _)| step.0 == minutes).map_or("", |(_, word)| word)
    }

    /// The finest step that cuts a range into few enough pieces for a picture.
    pub(crate) fn for_range(range: TimeRange) -> Self {
        let steps = Self::ALL.into_iter().map(|(step, _)| step);
        let mut few_enough = steps.filter(|step| step.n_points(range) <= MAX_CHOSEN_POINTS);
        few_enough.next().unwrap_or(Self(1_440))
    }

    /// Pieces into which it cuts a range.
    pub(crate) fn n_points(self, range: TimeRange) -> u64 {
        let step_ns = self.0 * MINUTE_NS;
        range.to_ns.div_ceil(step_ns).saturating_sub(range.from_ns / step_ns)
    }

    pub(super) fn minutes(self) -> u64 {
        self.0
    }
}
