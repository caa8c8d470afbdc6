//! The ids of batches that were taken lately, so that one that is sent again is not kept twice.
//! It never grows beyond its bound: the oldest ids are forgotten first.

use std::collections::{HashSet, VecDeque};

use uuid::Uuid;

/// Ids that are remembered; about 16 MiB of them.
pub(crate) const MAX_IDS: usize = 262_144;

#[derive(Debug, Default)]
pub(super) struct Recent {
    ids: HashSet<Uuid>,
    /// In the order in which they came.
    order: VecDeque<Uuid>,
}

impl Recent {
    pub(super) fn has(&self, id: Uuid) -> bool {
        self.ids.contains(&id)
    }

    pub(super) fn add(&mut self, id: Uuid) {
        if !self.ids.insert(id) {
            return;
        }
        self.order.push_back(id);
        if self.order.len() > MAX_IDS
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
    }

    /// Forgets everything: for when it turns out that what was taken is not all there.
    pub(super) fn clear(&mut self) {
        self.ids.clear();
        self.order.clear();
    }
}
