//! What roll-ups add up to, and the packed form of one such sum.
//! It never rounds: counts and bytes are exact, until they reach the largest number and stay there.

use egret::minute::Cell;

use super::{Damaged, Durations, numbers};

/// How much of a sum a question needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Needs {
    /// Counts and bytes.
    Counts,
    /// Durations beside them.
    Durations,
    /// And times to the first byte: everything there is.
    All,
}

/// A [`Cell`] that is being added up.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in super::super) struct Sum {
    pub(in super::super) count: u64,
    pub(in super::super) request_bytes: u64,
    pub(in super::super) response_bytes: u64,
    pub(in super::super) duration: Durations,
    pub(in super::super) ttfb: Durations,
}

impl Sum {
    /// Adds another.
    pub(in super::super) fn merge(&mut self, other: &Self) {
        self.add_counts(other.count, other.request_bytes, other.response_bytes);
        self.duration.merge(&other.duration);
        self.ttfb.merge(&other.ttfb);
    }

    /// Adds counts and bytes.
    pub(in super::super) fn add_counts(&mut self, count: u64, request: u64, response: u64) {
        self.count = self.count.saturating_add(count);
        self.request_bytes = self.request_bytes.saturating_add(request);
        self.response_bytes = self.response_bytes.saturating_add(response);
    }

    /// The roll-up that all of it makes.
    pub(in super::super) fn to_cell(&self) -> Cell {
        Cell {
            count: self.count,
            request_bytes: self.request_bytes,
            response_bytes: self.response_bytes,
            duration: self.duration.to_histogram(),
            ttfb: self.ttfb.to_histogram(),
        }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        for number in [self.count, self.request_bytes, self.response_bytes] {
            numbers::write(number, out);
        }
        let mut durations = Vec::new();
        self.duration.write_dense(&mut durations);
        numbers::write(durations.len() as u64, out);
        out.extend_from_slice(&durations);
        self.ttfb.write_dense(out);
    }

    /// Adds as much of a packed sum as is needed.
    pub(super) fn read(&mut self, needs: Needs, mut bytes: &[u8]) -> Result<(), Damaged> {
        let count = numbers::read(&mut bytes)?;
        let request_bytes = numbers::read(&mut bytes)?;
        self.add_counts(count, request_bytes, numbers::read(&mut bytes)?);
        if needs >= Needs::Durations {
            let n_bytes = numbers::read(&mut bytes)?;
            self.duration.read_dense(&mut numbers::take(&mut bytes, n_bytes)?)?;
        }
        if needs >= Needs::All {
            self.ttfb.read_dense(&mut bytes)?;
        }
        Ok(())
    }
}
