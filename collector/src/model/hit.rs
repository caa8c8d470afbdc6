//! Hits: how often who answered, or called, which route with which parameters.
//! They never lose a count: what finds no key of its own is counted under `{overflow}`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The route under which hits are counted that get no key of their own; as in `egret::hits`.
pub(crate) const OVERFLOW: &str = "{overflow}";

/// Most keys that are told apart in one group of batches, and most bytes of their texts.
const MAX_KEYS: usize = 10_000;
const MAX_KEY_BYTES: usize = 4 << 20;

/// One kind of hit. Texts are empty when not told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Hit {
    pub(crate) service: String,
    pub(crate) environment: String,
    /// `server` for what a service answered, `client` for what it called, and so on.
    pub(crate) kind: String,
    pub(crate) method: String,
    pub(crate) host: String,
    /// The template.
    pub(crate) route: String,
    /// Of the path, by name; empty also when they are not known, because sampling left the call out.
    pub(crate) params: BTreeMap<String, String>,
    /// 0 when no answer came.
    pub(crate) status: u16,
}

/// How often each hit came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct HitCounts {
    counts: BTreeMap<Hit, u64>,
    n_key_bytes: usize,
}

impl HitCounts {
    /// Counts some.
    pub(crate) fn add(&mut self, hit: Hit, n: u64) {
        if n == 0 {
            return;
        }
        if let Some(count) = self.counts.get_mut(&hit) {
            *count = count.saturating_add(n);
            return;
        }
        let n_bytes = hit.n_bytes();
        let has_room = self.counts.len() < MAX_KEYS && self.n_key_bytes + n_bytes <= MAX_KEY_BYTES;
        let hit = if has_room { hit } else { hit.overflow() };
        self.n_key_bytes += if has_room { n_bytes } else { 0 };
        let count = self.counts.entry(hit).or_default();
        *count = count.saturating_add(n);
    }

    /// Counts some whose keys were bounded before.
    pub(crate) fn insert(&mut self, hit: Hit, n: u64) {
        let count = self.counts.entry(hit).or_default();
        *count = count.saturating_add(n);
    }

    /// Adds all of others.
    pub(crate) fn add_all(&mut self, others: Self) {
        others.counts.into_iter().for_each(|(hit, n)| self.add(hit, n));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Every hit and its count, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Hit, u64)> {
        self.counts.iter().map(|(hit, n)| (hit, *n))
    }

    /// The sum of all counts.
    pub(crate) fn n_hits(&self) -> u64 {
        self.counts.values().fold(0, |sum, n| sum.saturating_add(*n))
    }
}

impl Hit {
    fn overflow(self) -> Self {
        Self {
            service: self.service,
            environment: self.environment,
            kind: self.kind,
            route: OVERFLOW.to_owned(),
            status: self.status,
            method: String::new(),
            host: String::new(),
            params: BTreeMap::new(),
        }
    }

    fn n_bytes(&self) -> usize {
        let texts =
            [&self.service, &self.environment, &self.kind, &self.method, &self.host, &self.route];
        let params = self.params.iter().map(|(name, value)| name.len() + value.len());
        texts.into_iter().map(String::len).chain(params).sum()
    }
}
