//! Turns a path into a template of low cardinality: `/users/12345` into `/users/{int}`.
//! Never lets an id through knowingly: what looks like one becomes a placeholder.

mod heuristic;
#[cfg(feature = "client")]
mod naming;
#[cfg(feature = "client")]
mod routes;
mod segment;
mod shape;
#[cfg(test)]
mod tests;
mod words;

pub use heuristic::heuristic;
#[cfg(feature = "client")]
pub(crate) use naming::Naming;
#[cfg(feature = "client")]
pub(crate) use routes::Routes;

use std::collections::{HashMap, HashSet};

/// What stands for every template of a host beyond its cap.
pub const OVERFLOW: &str = "{overflow}";

/// Most templates of one host, defaults to 500: more means that the heuristic missed an id.
pub const MAX_PER_HOST: usize = 500;

/// Most hosts whose templates are remembered; beyond it every template overflows.
const MAX_HOSTS: usize = 2_000;

/// The templates seen so far, per host, so that no host can have more than [`MAX_PER_HOST`].
#[derive(Debug, Default)]
pub struct Templates {
    seen: HashMap<Box<str>, HashSet<Box<str>>>,
    /// The template of the present call; kept, so that its memory is used again.
    scratch: String,
}

impl Templates {
    /// The template of a call: the given one, else the heuristic's, else [`OVERFLOW`].
    pub fn admit(&mut self, host: &str, given: &str, path: &str) -> &str {
        self.scratch.clear();
        if given.is_empty() {
            heuristic(path, &mut self.scratch);
        } else {
            self.scratch.push_str(given);
        }
        if self.is_admitted(host) { &self.scratch } else { OVERFLOW }
    }

    fn is_admitted(&mut self, host: &str) -> bool {
        if let Some(templates) = self.seen.get_mut(host) {
            if templates.contains(self.scratch.as_str()) {
                return true;
            }
            if templates.len() >= MAX_PER_HOST {
                return false;
            }
            return templates.insert(self.scratch.as_str().into());
        }
        if self.seen.len() >= MAX_HOSTS {
            return false;
        }
        self.seen.insert(host.into(), HashSet::from([self.scratch.as_str().into()]));
        true
    }
}
