//! What a batch adds up to: its own roll-ups when it has any, else its calls, added up.
//! Never looks at a text twice: calls of one series are told by their dictionary entries.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::{Batch, CallColumn, Calls, Column, DecodeError, read_minutes};
use crate::minute::{Addends, MINUTE_NS, Minutes, Place, series_key};
use crate::redact;
use crate::template::heuristic;

/// The columns that calls are added up by. Those without a template take their path too.
const ADDED_UP: &[CallColumn] = &[
    CallColumn::Start,
    CallColumn::Kind,
    CallColumn::Outcome,
    CallColumn::Target,
    CallColumn::Method,
    CallColumn::Host,
    CallColumn::Template,
    CallColumn::Status,
    CallColumn::ErrorType,
    CallColumn::Consumer,
    CallColumn::RequestBytes,
    CallColumn::ResponseBytes,
    CallColumn::Total,
    CallColumn::Ttfb,
];

/// Few batches have more series.
const USUAL_SERIES: usize = 64;

/// Those by whose entries a series is told.
const TOLD_BY: [CallColumn; 8] = [
    CallColumn::Kind,
    CallColumn::Outcome,
    CallColumn::Target,
    CallColumn::Method,
    CallColumn::Host,
    CallColumn::Template,
    CallColumn::ErrorType,
    CallColumn::Consumer,
];

/// The roll-ups of a batch: those that it brings (they count what was sampled away too), else what
/// its calls add up to.
///
/// # Errors
/// When a column that is needed is damaged or holds what cannot be.
pub fn roll_ups(batch: &Batch<'_>) -> Result<Minutes, DecodeError> {
    match batch.table("minutes") {
        Some(_) => read_minutes(batch),
        None => Ok(add_up(&calls_to_add_up(batch)?)),
    }
}

/// A batch's calls, with the columns that [`add_up`] takes.
///
/// # Errors
/// When one of these columns is damaged or holds what cannot be.
pub fn calls_to_add_up(batch: &Batch<'_>) -> Result<Calls, DecodeError> {
    let calls = batch.calls(ADDED_UP)?;
    match calls.column(CallColumn::Template) {
        Some(Column::Dict { rows, .. }) if !rows.contains(&0) => Ok(calls),
        _ => batch.with_call_column(calls, CallColumn::Path),
    }
}

/// What calls add up to; they have the columns of [`calls_to_add_up`]. A call without a template gets
/// the heuristic's.
#[must_use]
pub fn add_up(calls: &Calls) -> Minutes {
    let mut minutes = Minutes::default();
    let places = places(calls, &mut minutes);
    let numbers = |column| match calls.column(column) {
        Some(Column::Numbers(numbers)) => numbers.as_slice(),
        _ => &[],
    };
    minutes.add_all(
        &places,
        &Addends {
            request_bytes: numbers(CallColumn::RequestBytes),
            response_bytes: numbers(CallColumn::ResponseBytes),
            total_ns: numbers(CallColumn::Total),
            ttfb_ns: numbers(CallColumn::Ttfb),
        },
    );
    minutes
}

/// Where each call is added, which is where its series was entered.
fn places(calls: &Calls, minutes: &mut Minutes) -> Vec<Place> {
    let templates = match calls.column(CallColumn::Template) {
        Some(Column::Dict { rows, .. }) => rows.as_slice(),
        _ => &[],
    };
    let keys = keys(calls).unwrap_or_default();
    let n_series = calls.len().min(USUAL_SERIES);
    minutes.reserve(n_series);
    let mut known: HashMap<u64, Place, RandomState> =
        HashMap::with_capacity_and_hasher(n_series, RandomState::default());
    let mut place = |row| match (templates.get(row), keys.get(row)) {
        (Some(1..), Some(key)) => *known.entry(*key).or_insert_with(|| enter(calls, row, minutes)),
        _ => enter(calls, row, minutes),
    };
    (0..calls.len()).map(&mut place).collect()
}

/// A number for each call; equal ones are calls of one series and minute. `None` when there are no such
/// numbers: a text has no dictionary, or there are too many combinations.
fn keys(calls: &Calls) -> Option<Vec<u64>> {
    let mut keys = Keys { keys: vec![0; calls.len()], n_keys: 1 };
    for column in TOLD_BY {
        match calls.column(column) {
            Some(Column::Dict { entries, rows }) => {
                keys.tell(entries.len() as u64, rows.iter().map(|row| u64::from(*row)))?;
            }
            Some(_) => return None,
            None => {}
        }
    }
    if let Some(Column::Numbers(statuses)) = calls.column(CallColumn::Status) {
        let most = statuses.iter().copied().max().unwrap_or(0);
        keys.tell(most.checked_add(1)?, statuses.iter().copied())?;
    }
    if let Some(Column::Deltas(starts)) = calls.column(CallColumn::Start) {
        let minutes = || starts.iter().map(|start| start.cast_unsigned() / MINUTE_NS);
        let first = minutes().min().unwrap_or(0);
        let last = minutes().max().unwrap_or(0);
        keys.tell(last - first + 1, minutes().map(|minute| minute - first))?;
    }
    Some(keys.keys)
}

struct Keys {
    keys: Vec<u64>,
    /// All keys are less.
    n_keys: u64,
}

impl Keys {
    /// Tells the calls apart by one more number of each, which is less than `n_numbers`.
    fn tell(&mut self, n_numbers: u64, numbers: impl Iterator<Item = u64>) -> Option<()> {
        self.n_keys = self.n_keys.checked_mul(n_numbers)?;
        let rows = self.keys.iter_mut().zip(numbers);
        rows.for_each(|(key, number)| *key = *key * n_numbers + number);
        Some(())
    }
}

/// The place of a call's series.
fn enter(calls: &Calls, row: usize, minutes: &mut Minutes) -> Place {
    let mut record = calls.record(row);
    let mut guess = String::new();
    if record.template.is_empty() {
        heuristic(record.url.path, &mut guess);
        record.template = Cow::Borrowed(&guess);
    }
    let template = std::mem::take(&mut record.template);
    record.template = redact::text(&template);
    minutes.enter(series_key(&record))
}
