//! What is kept of a batch beside its own bytes, as values.
//! They say nothing of how they came about: `rollup` makes them.

use std::collections::BTreeSet;
use std::sync::Arc;

use egret::batch::BatchMeta;
use egret::minute::Minutes;

/// What a batch says when it is put together.
#[derive(Debug)]
pub(crate) struct Digest {
    /// Identity, resource and drops.
    pub(crate) meta: BatchMeta,
    /// `None` when it has no calls.
    pub(crate) outline: Option<Outline>,
    /// The batch's own roll-ups when it has any (they count what was sampled away too), else what
    /// its calls add up to.
    pub(crate) minutes: Arc<Minutes>,
    /// Whether the sender has bounded the templates of each host.
    pub(crate) has_capped: bool,
    /// Bytes of memory that it takes, about.
    pub(crate) n_held_bytes: usize,
}

/// The outline of a batch's calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outline {
    pub(crate) n_calls: usize,
    /// The earliest start.
    pub(crate) start_min_ns: u64,
    /// The latest start.
    pub(crate) start_max_ns: u64,
    /// Distinct hosts; `None` for more than `rollup::MAX_HOSTS`.
    pub(crate) hosts: Option<BTreeSet<String>>,
    /// [`super::StatusClass::bit`] of every call.
    pub(crate) statuses: i64,
    /// `rollup::outcome_bit` of every call.
    pub(crate) outcomes: i64,
    /// Whether any call counts as an error.
    pub(crate) has_errors: bool,
}
