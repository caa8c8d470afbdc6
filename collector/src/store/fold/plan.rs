//! Which sums and which minutes make up each step of an answer.
//! It never reads anything: it is arithmetic on minutes.

use std::ops::Range;

use super::Question;
use crate::store::packed::{DAY, HALF_HOUR, Part, WINDOW};

/// A part of the answer that is stored in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// A stored sum that lies in this step as a whole.
    Whole(Part, usize),
    /// Minutes of one half-hour.
    Minutes {
        /// The first minute of the half-hour.
        half_hour: u64,
        range: Range<u64>,
    },
}

/// The range that is answered and its steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) from_minute: u64,
    pub(super) to_minute: u64,
    pub(super) step_minutes: Option<u64>,
}

impl Plan {
    /// The plan for a question; minutes are kept from `first_minute` on, before it only half-hours.
    pub(super) fn new(question: &Question, first_minute: u64) -> Self {
        let outwards = |minute: u64, rounded: u64| {
            if minute < first_minute { rounded } else { minute }
        };
        let (from, to) = (question.from_minute, question.to_minute);
        let is_coarse = from < first_minute;
        Self {
            from_minute: outwards(from, from / HALF_HOUR * HALF_HOUR),
            to_minute: outwards(to, to.div_ceil(HALF_HOUR).saturating_mul(HALF_HOUR)),
            step_minutes: question
                .step_minutes
                .map(|step| if is_coarse { step.max(HALF_HOUR) } else { step.max(1) }),
        }
    }

    /// Number of steps, at least one.
    pub(super) fn n_steps(&self) -> usize {
        self.step_of(self.to_minute.saturating_sub(1).max(self.from_minute)) + 1
    }

    /// The step that a minute of the range is in.
    pub(super) fn step_of(&self, minute: u64) -> usize {
        let step = self.step_minutes.map(|step| minute / step - self.from_minute / step);
        step.map_or(0, |step| usize::try_from(step).unwrap_or(usize::MAX))
    }

    /// The days whose sums are looked at; `None` when minutes alone can answer.
    pub(super) fn days(&self) -> Option<Range<u64>> {
        let has_whole = self.step_minutes.is_none_or(|step| step >= HALF_HOUR);
        has_whole.then(|| self.from_minute / DAY..self.to_minute.div_ceil(DAY))
    }

    /// The windows whose minutes are looked at: all, or those that the ends of the range cut.
    pub(super) fn windows(&self) -> Vec<Range<u64>> {
        let (from, to) = (self.from_minute, self.to_minute);
        let mut windows = Vec::new();
        if self.step_minutes.is_some_and(|step| step < HALF_HOUR) {
            windows.push(from / WINDOW..to.div_ceil(WINDOW));
        } else {
            for minute in [from, to].into_iter().filter(|minute| minute % HALF_HOUR != 0) {
                windows.push(minute / WINDOW..minute / WINDOW + 1);
            }
            windows.dedup();
        }
        windows
    }

    /// What makes up the steps within a span, from the largest stored parts that fit. A span is a
    /// whole day or a whole window; both give the same minutes.
    pub(super) fn pieces(&self, span: Range<u64>) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let end = span.end.min(self.to_minute);
        let mut minute = span.start.max(self.from_minute);
        while minute < end {
            let step_end = self.step_minutes.map_or(u64::MAX, |step| (minute / step + 1) * step);
            let limit = self.to_minute.min(step_end);
            let fits = |length: u64| minute.is_multiple_of(length) && minute + length <= limit;
            let (part, length) = if fits(DAY) {
                (Part::Day, DAY)
            } else if fits(WINDOW) {
                (Part::Window(minute), WINDOW)
            } else if fits(HALF_HOUR) {
                (Part::HalfHour(minute), HALF_HOUR)
            } else {
                let half_hour = minute / HALF_HOUR * HALF_HOUR;
                // All steps within it at once: its columns are read from their beginning.
                let range = minute..(half_hour + HALF_HOUR).min(self.to_minute);
                minute = range.end;
                pieces.push(Piece::Minutes { half_hour, range });
                continue;
            };
            pieces.push(Piece::Whole(part, self.step_of(minute)));
            minute += length;
        }
        pieces
    }
}
