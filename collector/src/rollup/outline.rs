//! What a query asks about a batch before it decodes it.
//! It never says less than the batch holds: pruning may keep too much, never too little.

use std::collections::BTreeSet;

#[cfg(test)]
use egret::codec::DecodeError;
use egret::codec::{CallColumn, Calls, Column};
use egret::record::{Kind, Outcome, is_error};

use crate::model::{Outline, StatusClass};

/// Most hosts, or other texts, that are told apart; a block with more counts as having any.
pub(crate) const MAX_HOSTS: usize = 64;

/// Combinations of kind, outcome, error class and status that are remembered; few batches have more.
const MAX_SEEN: usize = 16;

/// The columns that an outline is made from.
pub(super) const OUTLINED: &[CallColumn] = &[
    CallColumn::Start,
    CallColumn::Kind,
    CallColumn::Outcome,
    CallColumn::Host,
    CallColumn::Status,
    CallColumn::ErrorType,
];

impl Outline {
    /// The outline of a batch; `None` when it has no calls.
    #[cfg(test)]
    pub(crate) fn of(batch: &egret::codec::Batch<'_>) -> Result<Option<Self>, DecodeError> {
        Ok(Self::of_calls(&batch.calls(OUTLINED)?))
    }

    /// The outline of a batch's calls, of which the columns in [`OUTLINED`] are there; `None` when
    /// there are none.
    pub(super) fn of_calls(calls: &Calls) -> Option<Self> {
        let starts = || (0..calls.len()).filter_map(|row| calls.number(CallColumn::Start, row));
        let (start_min_ns, start_max_ns) = (starts().min()?, starts().max()?);
        let mut outline = Self {
            n_calls: calls.len(),
            start_min_ns,
            start_max_ns,
            hosts: hosts(calls),
            statuses: 0,
            outcomes: 0,
            has_errors: false,
        };
        // What has the same entries says the same; only what is new has to be read.
        let [kinds, outcomes, errors] =
            [CallColumn::Kind, CallColumn::Outcome, CallColumn::ErrorType]
                .map(|column| entries(calls, column));
        let statuses = match calls.column(CallColumn::Status) {
            Some(Column::Numbers(statuses)) => statuses.as_slice(),
            _ => &[],
        };
        let mut seen = Vec::with_capacity(MAX_SEEN);
        for row in 0..calls.len() {
            let status = statuses.get(row).copied().unwrap_or(0);
            let mut key = Some(status).filter(|status| *status <= u64::from(u16::MAX));
            for rows in [kinds, outcomes, errors] {
                key = key.and_then(|key| {
                    let entry = rows?.get(row).copied().unwrap_or(0);
                    Some(key << 16 | u64::from(u16::try_from(entry).ok()?))
                });
            }
            let is_new = key.is_none_or(|key| !seen.contains(&key));
            if is_new {
                seen.extend(key.filter(|_| seen.len() < MAX_SEEN));
                outline.add(calls, row);
            }
        }
        Some(outline)
    }

    fn add(&mut self, calls: &Calls, row: usize) {
        let text = |column| calls.text(column, row);
        let status = calls.number(CallColumn::Status, row);
        let status = status.and_then(|status| u16::try_from(status).ok());
        let kind = Kind::from_word(text(CallColumn::Kind)).unwrap_or(Kind::Manual);
        let outcome = Outcome::from_word(text(CallColumn::Outcome)).unwrap_or(Outcome::Completed);
        self.statuses |= StatusClass::of(status).bit();
        self.outcomes |= outcome_bit(outcome);
        self.has_errors |= is_error(kind, outcome, status, text(CallColumn::ErrorType));
    }
}

/// The entries of a column's rows; none of one that is not there, which is 0 in every row. `None` for
/// one that has no dictionary.
fn entries(calls: &Calls, column: CallColumn) -> Option<&[u32]> {
    match calls.column(column) {
        Some(Column::Dict { rows, .. }) => Some(rows),
        Some(_) => None,
        None => Some(&[]),
    }
}

/// An outcome's bit in a block's mask: its place among all, which only ever grow at the end.
pub(crate) fn outcome_bit(outcome: Outcome) -> i64 {
    let place = Outcome::ALL.iter().position(|other| *other == outcome);
    place.map_or(0, |place| 1 << place)
}

/// A kind's bit in a block's mask: its place among all, which only ever grow at the end.
pub(crate) fn kind_bit(kind: Kind) -> i64 {
    let place = Kind::ALL.iter().position(|other| *other == kind);
    place.map_or(0, |place| 1 << place)
}

/// A few distinct texts; when they become too many, any text counts as being there.
#[derive(Debug, Default)]
pub(crate) struct Words {
    known: BTreeSet<String>,
    is_too_many: bool,
}

impl Words {
    /// Adds a text, unless it is empty.
    pub(crate) fn add(&mut self, text: &str) {
        if text.is_empty() || self.is_too_many || self.known.contains(text) {
            return;
        }
        self.is_too_many = self.known.len() == MAX_HOSTS;
        if self.is_too_many {
            self.known.clear();
        } else {
            self.known.insert(text.to_owned());
        }
    }

    /// All of them; `None` for more than [`MAX_HOSTS`].
    pub(crate) fn known(&self) -> Option<&BTreeSet<String>> {
        (!self.is_too_many).then_some(&self.known)
    }
}

/// A dictionary says its texts without a look at the rows.
fn hosts(calls: &Calls) -> Option<BTreeSet<String>> {
    let mut hosts = Words::default();
    match calls.column(CallColumn::Host) {
        None => {}
        Some(Column::Dict { entries, .. }) => entries.iter().for_each(|host| hosts.add(host)),
        Some(column) => (0..calls.len()).for_each(|row| hosts.add(column.text(row))),
    }
    (!hosts.is_too_many).then_some(hosts.known)
}
