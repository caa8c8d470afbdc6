//! What is kept of a batch beside its own bytes: roll-ups and an outline that prunes.
//! It never stores anything: it is pure, a batch in and values out.

mod fleet;
mod hits;
mod outline;
#[cfg(test)]
mod tests;

pub(crate) use fleet::{Durations, Fleet};
pub(crate) use hits::hits;
pub(crate) use outline::{Outline, Words, kind_bit, outcome_bit};

use egret::codec::{Batch, CallColumn, DecodeError, read_minutes};
use egret::minute::Minutes;
use egret::template::Templates;

/// The columns that a roll-up is made from.
const FOLDED: &[CallColumn] = &[
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

/// The batch's own roll-ups when it has any (they count what was sampled away too), else what its
/// calls add up to.
pub(crate) fn fold(batch: &Batch<'_>, templates: &mut Templates) -> Result<Minutes, DecodeError> {
    if batch.table("minutes").is_some() {
        return read_minutes(batch);
    }
    let mut minutes = Minutes::default();
    let calls = batch.calls(FOLDED)?;
    for row in 0..calls.len() {
        let mut record = calls.record(row);
        let host = calls.text(CallColumn::Host, row);
        let given = calls.text(CallColumn::Template, row);
        let path = calls.text(CallColumn::Path, row);
        record.set_template(templates.admit(host, given, path));
        minutes.fold(&record);
    }
    Ok(minutes)
}
