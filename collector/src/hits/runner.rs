//! Runs each handler on a thread of its own, every interval, from where it is in the log.
//! It never waits for a handler: one that fails is asked again, one that hangs hangs alone.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use uuid::Uuid;

use super::log::Log;
use super::spec::{Effect, HandlerSpec, HitSettings};
use super::sqlite::CountToSqlite;
use super::webhook::Webhook;
use super::{Failure, HitHandler};
use crate::model::HitCounts;
use crate::pipeline::HitsWanted;
use crate::store::{HitCursors, HitDatabase, LoggedHits, ReadError, Reader};

/// Handlers that cannot be started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error("cannot open how far the handlers of hits are")]
    Store(#[from] ReadError),
    #[error("cannot start a thread for a handler of hits")]
    Thread(#[from] std::io::Error),
}

/// The running handlers.
#[derive(Debug)]
pub(crate) struct Handlers {
    /// Dropped, each ends its thread after a last round.
    stops: Vec<Sender<std::convert::Infallible>>,
    /// Each resolves, with an error, once its thread has ended.
    ended: Vec<oneshot::Receiver<std::convert::Infallible>>,
    /// What the pipeline has to log for them; `None` when nobody handles hits.
    pub(crate) wanted: Option<HitsWanted>,
}

/// Up to which entry each handler is through, and all of them.
#[derive(Debug)]
struct Through {
    each: Mutex<Vec<u64>>,
    all: Arc<AtomicU64>,
}

/// One handler and what it runs with.
struct Lane {
    spec: HandlerSpec,
    place: usize,
    dir: PathBuf,
    reader: Reader,
    through: Arc<Through>,
    /// What it is done with; made in its first round, and anew after a panic.
    handler: Option<Box<dyn HitHandler>>,
    cursors: Option<HitCursors>,
}

impl Handlers {
    /// Starts all of them, over the log of a directory whose store is open.
    pub(crate) fn start(settings: HitSettings, dir: &Path) -> Result<Self, StartError> {
        let reader = Reader::new(dir.to_owned());
        let names: Vec<&str> = settings.handlers.iter().map(|spec| spec.name.as_str()).collect();
        if names.is_empty() {
            HitCursors::forget(dir)?;
            return Ok(Self { stops: Vec::new(), ended: Vec::new(), wanted: None });
        }
        let mut cursors = HitCursors::open_or_begin(dir)?;
        let (log_id, last) = reader.hits_log()?;
        cursors.begin(&names, log_id, last)?;
        let each = names.iter().map(|name| cursors.of(name).map(|cursor| cursor.handled));
        let through = Arc::new(Through::new(each.collect::<Result<_, _>>()?));
        let wanted =
            Some(HitsWanted { handled: Arc::clone(&through.all), n_bytes: settings.log_bytes });
        let mut handlers = Self { stops: Vec::new(), ended: Vec::new(), wanted };
        for (place, spec) in settings.handlers.into_iter().enumerate() {
            let (stop, stopped) = channel();
            let (ended, end) = oneshot::channel();
            let interval = spec.interval.unwrap_or(settings.interval);
            let thread = std::thread::Builder::new().name(format!("egret-hits-{}", spec.name));
            let (reader, through) = (reader.clone(), Arc::clone(&through));
            let dir = dir.to_owned();
            let mut lane = Lane { spec, place, dir, reader, through, handler: None, cursors: None };
            thread.spawn(move || {
                lane.run(interval, &stopped);
                drop(ended);
            })?;
            handlers.stops.push(stop);
            handlers.ended.push(end);
        }
        Ok(handlers)
    }

    /// Lets each have a last round, and waits so long for all of them. One that is not through by
    /// then goes on from its cursor at the next start.
    pub(crate) async fn end(self, deadline: Duration) {
        drop(self.stops);
        let all = async {
            for ended in self.ended {
                // It always ends with an error: the thread lets go of its end, and sends nothing.
                let _ = ended.await;
            }
        };
        if tokio::time::timeout(deadline, all).await.is_err() {
            tracing::warn!("a handler of hits is not through; it goes on at the next start");
        }
    }
}

impl Through {
    fn new(each: Vec<u64>) -> Self {
        let all = each.iter().min().copied().unwrap_or(u64::MAX);
        Self { each: Mutex::new(each), all: Arc::new(AtomicU64::new(all)) }
    }

    fn set(&self, place: usize, handled: u64) {
        let mut each = self.each.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = each.get_mut(place) {
            *own = handled.max(*own);
        }
        let all = each.iter().min().copied().unwrap_or(u64::MAX);
        self.all.store(all, Ordering::Relaxed);
    }
}

impl Lane {
    fn run(&mut self, interval: Duration, stopped: &Receiver<std::convert::Infallible>) {
        // At once, for what came while nobody handled.
        let mut pause = Duration::ZERO;
        let mut is_failing = false;
        loop {
            let is_over = stopped.recv_timeout(pause) != Err(RecvTimeoutError::Timeout);
            pause = interval;
            let done = catch_unwind(AssertUnwindSafe(|| self.round()));
            let done = done.unwrap_or_else(|_| {
                // It may have been left half changed.
                (self.handler, self.cursors) = (None, None);
                Err("it panicked".into())
            });
            let handler = self.spec.name.as_str();
            match &done {
                Err(error) if !is_failing => {
                    let error: &dyn std::error::Error = &**error;
                    tracing::error!(handler, error, "a handler of hits failed; it tries again");
                }
                Ok(()) if is_failing => tracing::info!(handler, "a handler of hits works again"),
                _ => {}
            }
            is_failing = done.is_err();
            if is_over {
                return;
            }
        }
    }

    /// Handles everything that is logged by now.
    fn round(&mut self) -> Result<(), Failure> {
        let (log_id, end) = self.reader.hits_log()?;
        let name = self.spec.name.as_str();
        let cursors = match self.cursors.take() {
            Some(cursors) => cursors,
            None => HitCursors::open(&self.dir)?,
        };
        let cursors = self.cursors.insert(cursors);
        let handler = match self.handler.take() {
            Some(handler) => handler,
            None => made(&self.spec, log_id)?,
        };
        let handler = self.handler.insert(handler);
        let cursor = cursors.of(name)?;
        let mut handled = cursor.handled.max(handler.handled()?.unwrap_or(0));
        let mut last = cursor.attempt.unwrap_or(end);
        loop {
            let Some(hits) = self.reader.hits_after(handled, last)? else {
                cursors.handled(name, handled)?;
                self.through.set(self.place, handled);
                if last >= end {
                    return Ok(());
                }
                last = end;
                continue;
            };
            if hits.first > handled + 1 {
                let n_entries = hits.first - handled - 1;
                tracing::error!(
                    handler = name,
                    n_entries,
                    "entries of the log were removed unseen"
                );
            }
            cursors.attempt(name, hits.last)?;
            handler.handle(&self.spec.wanted(&hits))?;
            handled = hits.last;
            cursors.handled(name, handled)?;
            self.through.set(self.place, handled);
        }
    }
}

impl HandlerSpec {
    /// Of these entries the hits that the handler is for.
    fn wanted(&self, hits: &LoggedHits) -> LoggedHits {
        let mut counts = HitCounts::default();
        for (hit, n) in hits.counts.iter().filter(|(hit, _)| self.filter.passes(hit)) {
            counts.insert(hit.clone(), n);
        }
        LoggedHits { counts, ..*hits }
    }
}

fn made(spec: &HandlerSpec, log_id: Uuid) -> Result<Box<dyn HitHandler>, Failure> {
    let name = spec.name.as_str();
    Ok(match &spec.effect {
        Effect::CountToSqlite { path } => {
            Box::new(CountToSqlite(HitDatabase::open(path, log_id, name)?))
        }
        Effect::Webhook { url, token } => {
            Box::new(Webhook::new(name, url, token.as_deref(), log_id))
        }
        Effect::Log => Box::new(Log { name: name.to_owned() }),
        #[cfg(test)]
        Effect::Test(act) => Box::new(act.clone()),
    })
}
