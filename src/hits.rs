//! Hit handlers: counts what a server answers, and hands the counts to handlers of one's own.
//! Never loses a hit to a handler that fails, panics or hangs, and never counts one twice.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use egret::hits::{Hits, Snapshot};
//!
//! let hits = Hits::builder()
//!     .env() // EGRET_HITS_INTERVAL_SECONDS
//!     .handler("print_downloads", |snapshot: &Snapshot| {
//!         for (hit, n) in snapshot.iter().filter(|(hit, _)| hit.is_success()) {
//!             println!("{} {:?}: {n}", hit.route(), hit.param("digest"));
//!         }
//!         Ok(())
//!     })
//!     .start()?;
//! let _guard = hits.guard(); // A last run when `main` ends.
//!
//! let app: axum::Router = axum::Router::new()
//!     .route("/files/{digest}", axum::routing::get(|| async { "bytes" }))
//!     .layer(hits.layer());
//! # Ok(()) }
//! ```
//!
//! Every interval the hits since the last one are taken in one step and put into each handler's
//! own queue. A handler goes through its queue, oldest first; where it fails it is given the same
//! snapshot again, under the same [`SnapshotId`], in the next round. Handlers that store the id
//! together with the counts therefore count exactly. Hits live in memory: a process that is killed
//! takes those since its handlers' last runs with it, and a forked process has no handlers: start
//! them after the fork.

mod board;
mod builder;
mod counts;
mod hit;
mod layer;
mod pending;
mod rounds;
mod snapshot;
mod stats;
mod tally;
#[cfg(test)]
mod tests;

pub use builder::{HitsBuilder, HitsError};
pub use hit::{Hit, OVERFLOW};
pub use layer::{HitsFuture, HitsLayer, HitsService};
pub use snapshot::{Snapshot, SnapshotId};
pub use stats::{HandlerStats, HitsStats, Unfinished, Unhandled, Why};

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use rounds::Rounds;

/// How long a guard's drop may take, unless it is told otherwise.
const GUARD_DEADLINE: Duration = Duration::from_secs(2);

/// Something that is done with hits. Closures that take a `&Snapshot` are handlers too.
///
/// A handler runs on a thread of its own, one snapshot at a time, in the order of their times. It
/// is not called for a stretch of time without hits. It may block; what it blocks is itself.
pub trait HitHandler: Send + 'static {
    /// Handles a snapshot. It may have been given this one before: when it failed, by an error or
    /// by a panic. So it either does all or nothing, or remembers [`Snapshot::id`] with what it
    /// stores.
    ///
    /// # Errors
    /// When the snapshot is not handled; it will be given again in the next round.
    fn handle(&mut self, snapshot: &Snapshot) -> Result<(), Box<dyn Error + Send + Sync>>;
}

impl<F> HitHandler for F
where
    F: FnMut(&Snapshot) -> Result<(), Box<dyn Error + Send + Sync>> + Send + 'static,
{
    fn handle(&mut self, snapshot: &Snapshot) -> Result<(), Box<dyn Error + Send + Sync>> {
        self(snapshot)
    }
}

type BoxedHandler = Box<dyn HitHandler>;

/// Counts hits and runs handlers on them. Cheap to clone; when the last clone and the last layer
/// are gone, each handler has a last run in the background and its thread ends.
#[derive(Clone)]
pub struct Hits(Arc<Owner>);

/// Goes with the last handle. The threads hold only what is in it.
struct Owner {
    rounds: Arc<Rounds>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.rounds.close();
    }
}

impl Hits {
    /// An empty catalog, every setting at its default.
    pub fn builder() -> HitsBuilder {
        HitsBuilder::new()
    }

    fn of(rounds: Arc<Rounds>) -> Self {
        Self(Arc::new(Owner { rounds }))
    }

    /// The layer for an axum 0.8 server: `router.layer(hits.layer())`.
    ///
    /// It counts an answer when its head is there, whether or not the client reads the body. It
    /// counts under the route's full template, nested routers included; a request that matches no
    /// route, and one whose service fails without an answer, is no hit. It must be *in* the router,
    /// by `Router::layer`, `Router::route_layer` or `MethodRouter::layer`: around it, no route is
    /// known yet (`stats().n_unmatched` counts these). A router that is mounted by `nest_service`
    /// needs the layer itself.
    #[must_use]
    pub fn layer(&self) -> HitsLayer {
        HitsLayer::new(self.clone())
    }

    /// Counts one hit, from any thread. The order of the parameters does not matter. Waits for
    /// nothing but a lock that is held for a look into a table.
    pub fn record<'a>(
        &self,
        route: &str,
        params: impl IntoIterator<Item = (&'a str, &'a str)>,
        status: u16,
    ) {
        self.0.rounds.record(Hit::new(route, params, status));
    }

    /// Where every hit is, at this moment, and how the handlers fare.
    #[must_use]
    pub fn stats(&self) -> HitsStats {
        self.0.rounds.stats()
    }

    /// Begins a round now and waits until every handler is through with it, at most until the
    /// deadline. Blocks the thread; async code calls it in `spawn_blocking`.
    ///
    /// # Errors
    /// When a handler failed, or was not through at the deadline. What it has not handled stays
    /// with it.
    pub fn flush(&self, deadline: Duration) -> Result<(), Unfinished> {
        self.0.rounds.flush(deadline)
    }

    /// Takes no more hits, gives each handler a last run on what it has and waits until all have
    /// ended, at most until the deadline. Shut the server down first: later hits are only counted
    /// as late. Blocks the thread; async code calls it in `spawn_blocking`.
    ///
    /// A handler that is not through at the deadline goes on as long as the process lives; calling
    /// this again waits for it again.
    ///
    /// # Errors
    /// When a handler failed its last run, or was not through at the deadline.
    pub fn shutdown(&self, deadline: Duration) -> Result<(), Unfinished> {
        self.0.rounds.shutdown(deadline)
    }

    /// A guard that shuts the handlers down when it is dropped. Keep it in `main`.
    pub fn guard(&self) -> HitsGuard {
        HitsGuard { hits: self.clone(), deadline: GUARD_DEADLINE }
    }

    fn record_unmatched(&self) {
        self.0.rounds.record_unmatched();
    }

    /// Tells this handle and its clones from others, as long as one of them lives.
    fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }
}

impl std::fmt::Debug for Hits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Hits").field(&self.stats()).finish()
    }
}

/// Shuts the handlers down when it is dropped.
#[derive(Debug)]
#[must_use = "a guard that is dropped at once shuts the handlers down at once; bind it to a name"]
pub struct HitsGuard {
    hits: Hits,
    deadline: Duration,
}

impl HitsGuard {
    /// How long the drop may take. Defaults to 2 s.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }
}

impl Drop for HitsGuard {
    fn drop(&mut self) {
        // What was not handled is in the stats; a drop has nobody to tell.
        let _ = self.hits.shutdown(self.deadline);
    }
}
