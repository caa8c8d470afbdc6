//! What is kept of a batch beside its own bytes: roll-ups and an outline that prunes.
//! It never stores anything: it is pure, a batch in and values out.

mod fleet;
mod outline;
#[cfg(test)]
mod tests;

pub(crate) use fleet::{Durations, Fleet};
pub(crate) use outline::{Outline, outcome_bit};

use egret::codec::{Batch, DecodeError, roll_ups};
use egret::minute::{Minutes, SeriesKey};
use egret::template::{OVERFLOW, Templates};

/// The batch's own roll-ups when it has any (they count what was sampled away too), else what its
/// calls add up to. Whoever caps its templates itself says so, and is not capped again.
pub(crate) fn fold(batch: &Batch<'_>, templates: &mut Templates) -> Result<Minutes, DecodeError> {
    let minutes = roll_ups(batch)?;
    if batch.meta().calls_are_all || batch.table("minutes").is_some() {
        return Ok(minutes);
    }
    let mut admits = |key: SeriesKey<&str>| templates.admits(key.host, key.template);
    if minutes.iter().all(|(key, _)| admits(key)) {
        return Ok(minutes);
    }
    let mut capped = Minutes::default();
    for (key, cell) in minutes.iter() {
        let template = if admits(key) { key.template } else { OVERFLOW };
        capped.merge(SeriesKey { template, ..key }, cell);
    }
    Ok(capped)
}
