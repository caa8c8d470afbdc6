//! Turns a path into a template of low cardinality: `/users/12345` into `/users/{int}`.
//! Never lets an id through knowingly: what looks like one becomes a placeholder.

mod heuristic;
#[cfg(feature = "client")]
mod naming;
#[cfg(feature = "client")]
mod routes;
mod segment;
mod segments;
mod shape;
#[cfg(test)]
mod tests;
mod words;

pub use heuristic::heuristic;
#[cfg(feature = "client")]
pub(crate) use naming::Naming;
#[cfg(feature = "client")]
pub(crate) use routes::Routes;
pub(crate) use segments::segments;

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

/// What stands for every template of a host beyond its cap.
pub const OVERFLOW: &str = "{overflow}";

/// Most templates of one host, defaults to 500: more means that the heuristic missed an id.
pub const MAX_PER_HOST: usize = 500;

/// Most hosts whose templates are remembered; beyond it every template overflows.
const MAX_HOSTS: usize = 2_000;

/// The templates seen so far, per host, so that no host can have more than [`MAX_PER_HOST`].
#[derive(Debug, Default)]
pub struct Templates {
    seen: HashMap<Box<str>, HashSet<Box<str>, RandomState>, RandomState>,
    /// The template of the present call; kept, so that its memory is used again.
    scratch: String,
}

impl Templates {
    /// The template of a call: the given one, else the heuristic's, else [`OVERFLOW`].
    pub fn admit(&mut self, host: &str, given: &str, path: &str) -> &str {
        let mut template = std::mem::take(&mut self.scratch);
        template.clear();
        if given.is_empty() {
            heuristic(path, &mut template);
        } else {
            template.push_str(given);
        }
        let is_admitted = self.admits(host, &template);
        self.scratch = template;
        if is_admitted { &self.scratch } else { OVERFLOW }
    }

    /// Whether a host may have the template, and from now on has it.
    pub fn admits(&mut self, host: &str, template: &str) -> bool {
        if let Some(templates) = self.seen.get_mut(host) {
            if templates.contains(template) {
                return true;
            }
            return templates.len() < MAX_PER_HOST && templates.insert(template.into());
        }
        if self.seen.len() >= MAX_HOSTS {
            return false;
        }
        let mut templates = HashSet::default();
        templates.insert(template.into());
        self.seen.insert(host.into(), templates);
        true
    }
}
