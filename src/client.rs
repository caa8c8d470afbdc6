//! Puts the parts together: the handle, the process's default, the guard.
//! Never holds logic of its own; it is where parts meet.

#[cfg(feature = "blocking")]
pub mod blocking;
#[cfg(feature = "test-util")]
mod captured;
mod default;
#[cfg(feature = "reqwest-0-12")]
pub mod reqwest_0_12;
#[cfg(feature = "tower")]
mod tower;
#[cfg(feature = "ureq")]
pub mod ureq;

#[cfg(feature = "test-util")]
pub use captured::captured;

pub(crate) use default::noted;
pub use default::{
    InitError, doctor, flush, flush_async, init, init_or_disabled, log, middleware, observe,
    observe_async, reqwest_client, shutdown, shutdown_async, stack, stats, wrap,
};
#[cfg(feature = "tower")]
pub use tower::{tower_client, tower_server};

use std::panic::Location;
use std::sync::Arc;
use std::time::{Duration, Instant};

use once_cell::sync::OnceCell;

use crate::capture::{self, Call, Middleware, Observed, Recorder, ReqwestBuilder, Source, Stack};
use crate::clock::{Clock, Tick};
use crate::config::Config;
use crate::fork::Home;
use crate::queue::Queue;
use crate::spool::SpoolBounds;
use crate::stats::{Books, Stats};
use crate::transport::{self, Checkup, HttpTransport, Transport};
use crate::worker::{self, Desk, Errand, SpoolPlace, StartError, Turns, Unflushed, Wraps};

/// The client's name in the start-up message.
const REQWEST: &str = "reqwest";

/// How long a guard's drop may take, unless it is told otherwise.
const GUARD_DEADLINE: Duration = Duration::from_secs(2);

/// Records calls and delivers them. Cheap to clone; when the last clone and the last client
/// wrapped by it are gone, what is left is sent in the background.
#[derive(Clone)]
pub struct Egret(Option<Arc<Inner>>);

struct Inner {
    /// The process in which it was started; a fork has its own.
    home: Home,
    blueprint: Arc<Blueprint>,
    recorder: Recorder,
    queue: Queue,
    books: Arc<Books>,
    desk: Arc<Desk>,
    wraps: Arc<Wraps>,
    turns: Turns,
}

/// Makes the transport of a process.
type TransportOf = Box<dyn Fn(&Config) -> Arc<dyn Transport> + Send + Sync>;

/// What it takes to start egret again, in a forked process.
struct Blueprint {
    config: Config,
    /// A transport of the process that asks: a connection must not be shared with a fork.
    transport: TransportOf,
    /// In a forked process: its own handle, once a call has been recorded there.
    child: OnceCell<Option<Egret>>,
}

impl Egret {
    /// Starts egret's thread with the given configuration.
    ///
    /// # Errors
    /// When the operating system gives no thread or runtime.
    pub fn start(config: Config) -> Result<Self, StartError> {
        let transport = |config: &Config| -> Arc<dyn Transport> {
            let (url, authorization) = (config.batches_url.clone(), config.authorization.clone());
            Arc::new(HttpTransport::new(url, authorization))
        };
        Self::launch(config, Box::new(transport))
    }

    /// As [`Egret::start`], with a transport of one's own.
    ///
    /// # Errors
    /// When the operating system gives no thread or runtime.
    pub fn start_with(config: Config, transport: impl Transport) -> Result<Self, StartError> {
        let transport: Arc<dyn Transport> = Arc::new(transport);
        Self::launch(config, Box::new(move |_| Arc::clone(&transport)))
    }

    fn launch(config: Config, transport: TransportOf) -> Result<Self, StartError> {
        if !config.is_enabled {
            return Ok(Self::disabled());
        }
        Inner::start(Arc::new(Blueprint { config, transport, child: OnceCell::new() }))
            .map(|inner| Self(Some(Arc::new(inner))))
    }

    /// A handle that does nothing and costs next to nothing.
    #[must_use]
    pub fn disabled() -> Self {
        Self(None)
    }

    /// Wraps a client, so that every call through it is recorded.
    #[must_use]
    #[track_caller]
    pub fn wrap(&self, client: reqwest::Client) -> reqwest_middleware::ClientWithMiddleware {
        Middleware::wrap(self.noted(REQWEST, Location::caller()), client)
    }

    /// Begins a stack of middlewares with egret around and within it, so that the attempts of a
    /// retry are told from the call that they belong to.
    #[track_caller]
    pub fn stack(&self, client: reqwest::Client) -> Stack {
        Stack::new(client, self.middleware())
    }

    /// `reqwest`'s client builder for a client that also measures name resolution, connects and
    /// their reuse.
    #[track_caller]
    pub fn reqwest_client(&self) -> ReqwestBuilder {
        ReqwestBuilder::new(self.noted(REQWEST, Location::caller()))
    }

    /// The middleware for who builds a stack of their own. Standing once within a retry, it tells
    /// attempts apart; standing also around it, it tells the call as well.
    #[must_use]
    #[track_caller]
    pub fn middleware(&self) -> Middleware {
        Middleware::new(self.noted(REQWEST, Location::caller()))
    }

    /// This handle as the source of a client's records. Notes the client, and where it is.
    pub(crate) fn noted(&self, client: &str, location: &Location<'_>) -> Source {
        self.note_wrap(client, location);
        Source::Fixed(self.recorder())
    }

    /// Records a call. Never blocks; 0 allocations for borrowed texts.
    pub fn log(&self, call: Call<'_>) {
        if let Some(inner) = &self.0 {
            call.record(&inner.recorder);
        }
    }

    /// Runs `call`, times it and records it as a call to `target`.
    pub fn observe<R: Observed>(&self, target: &str, call: impl FnOnce() -> R) -> R {
        capture::observe(self.recorder(), target, call)
    }

    /// Awaits `call`, times it and records it as a call to `target`.
    pub async fn observe_async<R: Observed>(
        &self,
        target: &str,
        call: impl Future<Output = R>,
    ) -> R {
        capture::observe_async(self.recorder(), target, call).await
    }

    /// Where every record is, at this moment.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let Some(inner) = self.inner() else {
            return Stats::default();
        };
        let ledger = inner.books.open();
        Stats::of(&inner.queue.counts(), &ledger)
    }

    /// Waits until everything recorded so far is delivered, or on disk where there is a spool, or
    /// dropped for a reason that [`Egret::stats`] names; at most until the deadline. Blocks the thread; async code calls
    /// [`Egret::flush_async`].
    ///
    /// # Errors
    /// When the deadline passed first.
    pub fn flush(&self, deadline: Duration) -> Result<(), Unflushed> {
        self.ask(Errand::Flush, deadline)
    }

    /// As [`Egret::flush`], without blocking the thread.
    ///
    /// # Errors
    /// When the deadline passed first.
    pub async fn flush_async(&self, deadline: Duration) -> Result<(), Unflushed> {
        self.ask_async(Errand::Flush, deadline).await
    }

    /// Takes no more records, delivers what it has until the deadline, drops the rest by name and
    /// ends egret's thread. Blocks the thread; async code calls [`Egret::shutdown_async`].
    ///
    /// # Errors
    /// When the deadline passed before everything was delivered.
    pub fn shutdown(&self, deadline: Duration) -> Result<(), Unflushed> {
        self.ask(Errand::Shutdown, deadline)
    }

    /// As [`Egret::shutdown`], without blocking the thread.
    ///
    /// # Errors
    /// When the deadline passed before everything was delivered.
    pub async fn shutdown_async(&self, deadline: Duration) -> Result<(), Unflushed> {
        self.ask_async(Errand::Shutdown, deadline).await
    }

    /// Tries the way to the collector of `config` step by step (name, connection, TLS, token, clock,
    /// version) and says what works and what does not. Sends a batch without calls.
    pub async fn doctor(config: &Config) -> Checkup {
        let authorization = config.authorization.as_ref();
        transport::check(&config.batches_url, authorization, config.resource.clone()).await
    }

    /// A guard that shuts egret down when it is dropped. Keep it in `main`.
    pub fn guard(&self) -> Guard {
        Guard { egret: self.clone(), deadline: GUARD_DEADLINE }
    }

    fn note_wrap(&self, client: &str, location: &Location<'_>) {
        if let Some(inner) = self.inner() {
            inner.wraps.note(client, location);
        }
    }

    pub(crate) fn recorder(&self) -> Option<Recorder> {
        self.0.as_ref().map(|inner| inner.recorder.clone())
    }

    /// What runs in this process: nothing, in a fork that has recorded no call yet.
    fn inner(&self) -> Option<&Inner> {
        let inner = self.0.as_ref()?;
        if !inner.home.is_elsewhere() {
            return Some(inner);
        }
        inner.blueprint.child.get()?.as_ref()?.inner()
    }

    fn ask(&self, errand: Errand, deadline: Duration) -> Result<(), Unflushed> {
        let Some(inner) = self.inner() else { return Ok(()) };
        let answer = inner.desk.ask(errand, deadline_of(deadline), &inner.turns);
        answer.unwrap_or_else(|| self.without_answer())
    }

    async fn ask_async(&self, errand: Errand, deadline: Duration) -> Result<(), Unflushed> {
        let Some(inner) = self.inner() else { return Ok(()) };
        let answer = inner.desk.ask_async(errand, deadline_of(deadline), &inner.turns).await;
        answer.unwrap_or_else(|| self.without_answer())
    }

    /// The worker has ended, or did not answer in time: the counts tell what that means.
    fn without_answer(&self) -> Result<(), Unflushed> {
        let stats = self.stats();
        match stats.queued + stats.in_flight {
            0 => Ok(()),
            n_records => Err(Unflushed { n_records }),
        }
    }
}

impl Inner {
    fn start(blueprint: Arc<Blueprint>) -> Result<Self, StartError> {
        let config = &blueprint.config;
        let desk = Arc::new(Desk::open());
        let caller = Arc::clone(&desk);
        let (queue, drain) = Queue::new(config.queue, move || caller.call());
        let clock = Arc::new(Clock::default());
        let books = Arc::new(Books::default());
        let wraps = Arc::new(Wraps::default());
        let parts = worker::Parts {
            queue: queue.clone(),
            drain,
            books: Arc::clone(&books),
            clock: Arc::clone(&clock),
            desk: Arc::clone(&desk),
            resource: config.resource_of_this_process(),
            batching: config.batching,
            sampling: config.sampling.clone(),
            naming: Arc::clone(&config.naming),
            spool: config.spool_dir.clone().map(|dir| SpoolPlace {
                dir,
                bounds: SpoolBounds { bytes: config.spool_max_bytes, age: config.spool_max_age },
            }),
            transport: (blueprint.transport)(config),
            wraps: Arc::clone(&wraps),
        };
        let turns = worker::start(parts, config.is_inline)?;
        let home = Home::here();
        let lifeline = Lifeline { home: home.clone(), desk: Arc::clone(&desk) };
        let parent = Arc::clone(&blueprint);
        let respawn = move || parent.child().and_then(Egret::recorder);
        let recorder = Recorder::new(
            clock,
            queue.clone(),
            &config.allowed,
            Box::new(respawn),
            Box::new(lifeline),
        );
        Ok(Self { home, blueprint, recorder, queue, books, desk, wraps, turns })
    }
}

impl Blueprint {
    /// The forked process's own handle. Nothing of the parent's is touched: its locks may be held
    /// by threads that do not exist here, and its records are the parent's to send.
    fn child(self: &Arc<Self>) -> Option<&Egret> {
        let start = || {
            let parent = Arc::clone(self);
            let transport = Box::new(move |config: &Config| (parent.transport)(config));
            Egret::launch(self.config.clone(), transport).ok()
        };
        self.child.get_or_init(start).as_ref()
    }
}

impl std::fmt::Debug for Egret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Egret").field("is_enabled", &self.0.is_some()).finish_non_exhaustive()
    }
}

/// Shuts egret down when it is dropped.
#[derive(Debug)]
#[must_use = "a guard that is dropped at once shuts egret down at once; bind it to a name"]
pub struct Guard {
    egret: Egret,
    deadline: Duration,
}

impl Guard {
    /// How long the drop may take. Defaults to 2 s.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // What could not be delivered is in the counts; a drop has nobody to tell.
        let _ = self.egret.shutdown(self.deadline);
    }
}

/// Goes with the last recorder, and lets the worker end.
struct Lifeline {
    /// In a fork there is no worker to tell.
    home: Home,
    desk: Arc<Desk>,
}

impl Drop for Lifeline {
    fn drop(&mut self) {
        if !self.home.is_elsewhere() {
            self.desk.tell(Errand::Shutdown, deadline_of(GUARD_DEADLINE));
        }
    }
}

/// Longest deadline that is told from "for ever".
const LONGEST_DEADLINE: Duration = Duration::from_secs(24 * 3_600);

fn deadline_of(duration: Duration) -> Instant {
    Tick::now().after(duration.min(LONGEST_DEADLINE)).instant()
}
