//! What can be read about hits and handlers at any moment.
//! Never leaves a hit out: what was recorded waits, is pending or is handled.

use std::fmt;

/// Where every hit is, at one moment.
///
/// For each handler, `n_recorded = n_waiting + n_hits_pending + n_hits_handled`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HitsStats {
    /// Hits that were counted, since the start.
    pub n_recorded: u64,
    /// Those of them that were counted under `{overflow}` since there was no room for their key.
    pub n_overflowed: u64,
    /// Hits that are not in a snapshot yet.
    pub n_waiting: u64,
    /// Hits that came after the shutdown, or in a forked process, and were not counted.
    pub n_late: u64,
    /// Requests that a layer saw without a matched route; a layer further in may have counted them
    /// all the same. When every request is one of them and none is counted, the layer is around the
    /// router and not in it, or the server's axum is not the version (0.8) that egret can read.
    pub n_unmatched: u64,
    /// The handlers, in the catalog's order.
    pub handlers: Vec<HandlerStats>,
}

/// How one handler fares.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HandlerStats {
    /// Its name in the catalog.
    pub name: String,
    /// Runs that ended.
    pub n_runs: u64,
    /// Those of them that failed, by an error or by a panic.
    pub n_failures: u64,
    /// Those of them that panicked.
    pub n_panics: u64,
    /// Hits in the snapshots that it handled.
    pub n_hits_handled: u64,
    /// Hits in the snapshots that it has yet to handle.
    pub n_hits_pending: u64,
    /// Snapshots that it has yet to handle.
    pub n_snapshots_pending: usize,
    /// Whether it runs at this moment. One that always does hangs.
    pub is_running: bool,
    /// What the last failure said.
    pub last_error: Option<String>,
}

impl HandlerStats {
    pub(super) fn new(name: String) -> Self {
        Self { name, ..Self::default() }
    }
}

/// Handlers that were not through with their hits when the deadline passed, or that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("hits are not handled by {}", Listed(.handlers))]
#[non_exhaustive]
pub struct Unfinished {
    /// In the catalog's order.
    pub handlers: Vec<Unhandled>,
}

/// What one handler has not handled.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unhandled {
    /// The handler's name.
    pub handler: String,
    /// Hits that it has yet to handle.
    pub n_hits: u64,
    /// Why.
    pub why: Why,
}

/// Why a handler is not through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// It had not returned, or not begun, when the deadline passed.
    Running,
    /// It failed; [`HandlerStats::last_error`] says how.
    Failed,
}

/// The handlers of a message, with commas between them.
struct Listed<'a>(&'a [Unhandled]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, Unhandled { handler, n_hits, why }) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            let why = match why {
                Why::Running => "still running",
                Why::Failed => "failed",
            };
            write!(f, "{comma}{handler} ({why}, {n_hits} hits)")?;
        }
        Ok(())
    }
}
