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

use egret::batch::BatchMeta;
use egret::codec::{Batch, DecodeError, add_up, calls_to_add_up, read_minutes};
use egret::minute::{Minutes, SeriesKey};
use egret::template::{OVERFLOW, Templates};
use outline::OUTLINED;

/// What a batch says when it is put together.
#[derive(Debug)]
pub(crate) struct Digest {
    /// `None` when it has no calls.
    pub(crate) outline: Option<Outline>,
    /// The batch's own roll-ups when it has any (they count what was sampled away too), else what
    /// its calls add up to.
    pub(crate) minutes: Minutes,
    /// Whether the sender has bounded the templates of each host.
    has_capped: bool,
}

impl Digest {
    /// The digest of a batch: each column that it takes is decoded once.
    pub(crate) fn of(batch: &Batch<'_>) -> Result<Self, DecodeError> {
        let is_folded = batch.table("minutes").is_some();
        let calls = if is_folded { batch.calls(OUTLINED)? } else { calls_to_add_up(batch)? };
        let minutes = if is_folded { read_minutes(batch)? } else { add_up(&calls) };
        let outline = Outline::of_calls(&calls);
        Ok(Self { outline, minutes, has_capped: is_capped(batch.meta(), is_folded) })
    }

    /// Bounds the templates of each host, unless the sender has done it.
    pub(crate) fn capped(mut self, templates: &mut Templates) -> Self {
        if !self.has_capped {
            self.minutes = capped(self.minutes, templates);
        }
        self
    }
}

/// Who adds up calls, or says that the reader may, has capped their templates.
fn is_capped(meta: &BatchMeta, is_folded: bool) -> bool {
    is_folded || meta.calls_are_all
}

fn capped(minutes: Minutes, templates: &mut Templates) -> Minutes {
    let mut admits = |key: SeriesKey<&str>| {
        let is_named = !(key.host.is_empty() && key.template.is_empty());
        !is_named || templates.admits(key.host, key.template)
    };
    if minutes.iter().all(|(key, _)| admits(key)) {
        return minutes;
    }
    let mut capped = Minutes::default();
    for (key, cell) in minutes.iter() {
        let template = if admits(key) { key.template } else { OVERFLOW };
        capped.merge(SeriesKey { template, ..key }, cell);
    }
    capped
}
