//! What a batch adds up to: its own roll-ups when it has any, else its calls, added up.
//! Never looks at a text twice: calls of one series are told by their dictionary entries.

use std::borrow::Cow;
use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::{Batch, CallColumn, Calls, Column, DecodeError, read_minutes};
use crate::minute::{Addend, MINUTE_NS, Minutes, Place};
use crate::redact;
use crate::template::heuristic;

/// The columns that calls are added up by.
pub const ADDED_UP: &[CallColumn] = &[
    CallColumn::Start,
    CallColumn::Kind,
    CallColumn::Outcome,
    CallColumn::Target,
    CallColumn::Method,
    CallColumn::Host,
    CallColumn::Path,
    CallColumn::Template,
    CallColumn::Status,
    CallColumn::ErrorType,
    CallColumn::Consumer,
    CallColumn::RequestBytes,
    CallColumn::ResponseBytes,
    CallColumn::Total,
    CallColumn::Ttfb,
];

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

/// The columns of [`TOLD_BY`]; `None` for one that the batch has not.
type Entries<'c> = [Option<&'c [u32]>; TOLD_BY.len()];

/// The roll-ups of a batch: those that it brings (they count what was sampled away too), else what
/// its calls add up to.
///
/// # Errors
/// When a column that is needed is damaged or holds what cannot be.
pub fn roll_ups(batch: &Batch<'_>) -> Result<Minutes, DecodeError> {
    match batch.table("minutes") {
        Some(_) => read_minutes(batch),
        None => Ok(add_up(&batch.calls(ADDED_UP)?)),
    }
}

/// What calls add up to; [`ADDED_UP`] are the columns that it takes. A call without a template gets
/// the heuristic's.
#[must_use]
pub fn add_up(calls: &Calls) -> Minutes {
    let mut minutes = Minutes::default();
    match entries(calls) {
        Some(entries) => fold_entries(calls, &entries, &mut minutes),
        None => (0..calls.len()).for_each(|row| {
            fold_row(calls, row, &mut minutes);
        }),
    }
    minutes
}

/// `None` when one of the columns has no dictionary.
fn entries(calls: &Calls) -> Option<Entries<'_>> {
    let mut entries = Entries::default();
    for (place, column) in TOLD_BY.into_iter().enumerate() {
        entries[place] = match calls.column(column) {
            Some(Column::Dict { rows, .. }) => Some(rows.as_slice()),
            Some(_) => return None,
            None => None,
        };
    }
    Some(entries)
}

fn fold_entries(calls: &Calls, entries: &Entries<'_>, minutes: &mut Minutes) {
    const TEMPLATE: usize = 5;
    let mut places: HashMap<([u32; TOLD_BY.len()], u64, u64), Place, RandomState> =
        HashMap::default();
    for row in 0..calls.len() {
        let key = entries.map(|rows| rows.and_then(|rows| rows.get(row)).copied().unwrap_or(0));
        if key[TEMPLATE] == 0 {
            fold_row(calls, row, minutes);
            continue;
        }
        let number = |column| calls.number(column, row);
        let minute = number(CallColumn::Start).unwrap_or(0) / MINUTE_NS;
        let key = (key, minute, number(CallColumn::Status).unwrap_or(0));
        match places.get(&key) {
            Some(&place) => minutes.add(place, addend(calls, row)),
            None => {
                let place = fold_row(calls, row, minutes);
                places.insert(key, place);
            }
        }
    }
}

fn addend(calls: &Calls, row: usize) -> Addend {
    let number = |column| calls.number(column, row);
    Addend {
        request_bytes: number(CallColumn::RequestBytes),
        response_bytes: number(CallColumn::ResponseBytes),
        total_ns: number(CallColumn::Total),
        ttfb_ns: number(CallColumn::Ttfb),
    }
}

fn fold_row(calls: &Calls, row: usize, minutes: &mut Minutes) -> Place {
    let mut record = calls.record(row);
    let mut guess = String::new();
    if record.template.is_empty() {
        heuristic(record.url.path, &mut guess);
        record.template = Cow::Borrowed(&guess);
    }
    let template = std::mem::take(&mut record.template);
    record.template = redact::text(&template);
    minutes.fold(&record)
}
