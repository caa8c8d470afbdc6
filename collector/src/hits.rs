//! The handlers of hits: what is done with how often each route was hit, over everything received.
//! They never hold anything up: each has its own thread and its own place in the log of hits, and what
//! it has not handled waits there.
//!
//! | handler | how often an entry of the log is handled |
//! |---|---|
//! | `count_to_sqlite` | once: its cursor is committed with the counts |
//! | `webhook` | at least once; under the same `Idempotency-Key` when again |
//! | `log` | at least once |

mod log;
mod runner;
mod spec;
mod sqlite;
#[cfg(test)]
mod tests;
mod webhook;

pub(crate) use runner::{Handlers, StartError};
pub(crate) use spec::{HitSettings, specs};

use std::error::Error;

use crate::store::LoggedHits;

/// Why a handler could not handle hits. They are given again in its next round.
type Failure = Box<dyn Error + Send + Sync>;

/// Something that is done with hits.
trait HitHandler: Send {
    /// The last entry of the log that is handled, where that is kept with the effect.
    fn handled(&mut self) -> Result<Option<u64>, Failure> {
        Ok(None)
    }

    /// Handles entries of the log: those that it is for. After an error, or a crash, it is given the
    /// same ones again.
    fn handle(&mut self, hits: &LoggedHits) -> Result<(), Failure>;
}
