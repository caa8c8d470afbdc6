//! The thread that stores: takes what waits in the queue, folds it, commits it.
//! It never stops for a bad batch, and never moves on before what it took is stored or quarantined.
//!
//! A group of batches, what they add up to, their ids and the place in the queue behind them become
//! durable together; only then may the queue forget them. A crash at any point repeats the group,
//! and the store takes it once.

mod damage;
mod gather;
mod packing;
mod progress;
mod regrouping;
mod scrub;
#[cfg(test)]
mod tests;

pub(crate) use damage::Damage;
pub(crate) use progress::{Done, Progress};

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::time::Duration;

use egret::template::Templates;
use tokio::sync::{oneshot, watch};

use crate::clock::unix_now_ns;
use crate::model::{Day, Position, Received};
use crate::queue::{Quarantine, Queue, Read, Taken};
use crate::rollup::Fleet;
use crate::store::{LogBounds, Retention, Store, WriteError};
use gather::{Added, Gathered};
use packing::{Load, Pace};
use regrouping::Regrouping;

/// How often the thread looks at the day when nothing comes.
const IDLE: Duration = Duration::from_secs(1);

/// After a group so much time may pass, or so many bytes may come, before the next: a group has a price
/// whatever its size. Who asks for what just came does not wait for it.
const GATHER: Duration = Duration::from_millis(100);
const GATHER_BYTES: u64 = 16 << 20;

/// The first and the longest pause before something that failed is tried again.
const PAUSE: Duration = Duration::from_millis(50);
const MAX_PAUSE: Duration = Duration::from_secs(5);

type Failure = Box<dyn Error + Send + Sync>;

/// That somebody handles hits, so that they are logged.
#[derive(Debug, Clone)]
pub(crate) struct HitsWanted {
    /// Every handler is past this entry of the log.
    pub(crate) handled: Arc<AtomicU64>,
    /// Most bytes of the log.
    pub(crate) n_bytes: u64,
}

/// The running thread.
#[derive(Debug)]
pub(crate) struct Pipeline {
    /// Resolves, with an error, once the thread has ended and everything it held is released.
    pub(crate) ended: oneshot::Receiver<std::convert::Infallible>,
    pub(crate) progress: watch::Receiver<Progress>,
    /// What is known of damaged files.
    pub(crate) damage: Damage,
    /// Dropped, it ends the thread after the present group, whatever still waits.
    pub(crate) stop: Sender<std::convert::Infallible>,
}

/// Starts the thread. It ends when the queue is closed and empty, or cannot be emptied.
pub(crate) fn start(
    queue: Arc<dyn Queue>,
    store: Box<dyn Store>,
    quarantine: Quarantine,
    retention: Retention,
    position: Position,
    hits: Option<HitsWanted>,
    fleet: Option<Arc<Fleet>>,
) -> Result<Pipeline, std::io::Error> {
    let (ended, end) = oneshot::channel();
    let (stop, stopped) = channel();
    let damage = Damage::default();
    // What was moved aside before, and when the store was opened.
    damage.set_names(store.damaged());
    let seen = damage.clone();
    scrub::start(store.examiner(), damage.clone())?;
    let begun = Progress { position, is_failing: false, done: Done::default() };
    let (told, progress) = watch::channel(begun);
    let regrouper = store.regrouper().unwrap_or_else(|error| {
        let error: &dyn Error = &error;
        tracing::error!(error, "calls are not regrouped until the next start");
        None
    });
    let regrouping = regrouper.map(Regrouping::start).transpose()?;
    std::thread::Builder::new().name("egret-pipeline".to_owned()).spawn(move || {
        // Also when this thread panics, nothing is taken that nobody stores.
        let queue = Closing(queue, seen.clone());
        let mut worker = Worker {
            queue: Arc::clone(&queue.0),
            store,
            quarantine,
            retention,
            templates: Templates::default(),
            position,
            done: Done::default(),
            fleet,
            told,
            pruned: None,
            pace: Pace::default(),
            hits,
            damage: seen,
        };
        // Ends before the store does, also when this thread panics: the files are the store's.
        let regrouping = regrouping;
        worker.run(&stopped);
        queue.0.close();
        drop(regrouping);
        // The store holds the lock of the directory: it goes when nobody writes there any more.
        queue.0.finish();
        drop(worker);
        drop(queue);
        // Last of all: whoever waits for it may remove the directory, or open it again.
        drop(ended);
    })?;
    Ok(Pipeline { ended: end, progress, damage, stop })
}

struct Closing(Arc<dyn Queue>, Damage);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.close();
        self.1.end();
    }
}

struct Worker {
    queue: Arc<dyn Queue>,
    store: Box<dyn Store>,
    quarantine: Quarantine,
    retention: Retention,
    /// Shared by all batches without roll-ups of their own, so that their templates are capped.
    templates: Templates,
    /// Everything before it is stored.
    position: Position,
    done: Done,
    /// Where the fleet's durations are counted, when that is wanted.
    fleet: Option<Arc<Fleet>>,
    told: watch::Sender<Progress>,
    /// The day on which old things were last removed.
    pruned: Option<Day>,
    /// When roll-ups are packed.
    pace: Pace,
    hits: Option<HitsWanted>,
    damage: Damage,
}

impl Worker {
    fn run(&mut self, stopped: &Receiver<std::convert::Infallible>) {
        let mut pause = PAUSE;
        while stopped.try_recv() != Err(TryRecvError::Disconnected) {
            self.prune_daily();
            self.mend();
            match self.step() {
                Ok(Goes::On) => pause = PAUSE,
                Ok(Goes::NoFurther) => return,
                Err(failure) => {
                    self.tell_failure(&*failure);
                    let stop = stopped.recv_timeout(pause);
                    // What waits is safe in the queue, for the next start.
                    if self.queue.is_closed() || stop == Err(RecvTimeoutError::Disconnected) {
                        return;
                    }
                    pause = MAX_PAUSE.min(pause * 2);
                }
            }
        }
    }

    fn step(&mut self) -> Result<Goes, Failure> {
        match self.queue.read(self.position, self.pace.patience(IDLE))? {
            Read::Some(taken) => {
                self.store(&taken)?;
                self.pack(Load::Busy);
                self.queue.gather(GATHER_BYTES, GATHER);
            }
            Read::Nothing => self.pack(Load::Idle),
            Read::Closed => return Ok(Goes::NoFurther),
        }
        Ok(Goes::On)
    }

    fn store(&mut self, taken: &Taken) -> Result<(), Failure> {
        for damaged in &taken.damaged {
            let (position, batch_id, problem) =
                (damaged.position.0, damaged.batch_id, damaged.problem);
            tracing::error!(position, ?batch_id, problem, "damage in the queue; see quarantine");
            self.quarantine.keep_damaged(damaged)?;
            self.done.n_quarantined += 1;
        }
        match self.write(&taken.batches, taken.next) {
            Err(WriteOrGather::Write(error)) if error.blames_the_batch() => {
                self.write_one_by_one(taken)?;
            }
            Err(WriteOrGather::Write(error)) if error.is_damage() => {
                self.damage.suspect();
                return Err(error.into());
            }
            written => written?,
        }
        self.position = taken.next;
        if self.told.borrow().is_failing {
            tracing::info!("batches are stored again");
            self.damage.set_failure(None);
        }
        self.queue.acknowledge(taken.next);
        self.tell(false);
        Ok(())
    }

    fn write(&mut self, batches: &[Received], position: Position) -> Result<(), WriteOrGather> {
        let mut gathered = Gathered::up_to(position, self.log_bounds());
        let mut done = self.done;
        for batch in batches {
            match self.gather(&mut gathered, batch)? {
                Added::New => done.add(batch),
                Added::Known => {}
                Added::Unreadable(problem) => {
                    let set_aside = self.set_aside(batch, "unreadable", &problem);
                    set_aside.map_err(WriteOrGather::Quarantine)?;
                    done.n_quarantined += 1;
                }
            }
        }
        self.store.write(gathered.group())?;
        self.done = done;
        if let Some(fleet) = &self.fleet {
            fleet.add(&gathered.group().minutes);
        }
        Ok(())
    }

    /// `None` when nobody handles hits.
    fn log_bounds(&self) -> Option<LogBounds> {
        let hits = self.hits.as_ref()?;
        Some(LogBounds { handled: hits.handled.load(Ordering::Relaxed), n_bytes: hits.n_bytes })
    }

    /// One of them cannot be stored; the others can. Their ids keep those that are stored before
    /// the place in the queue moves on from being stored twice.
    fn write_one_by_one(&mut self, taken: &Taken) -> Result<(), WriteOrGather> {
        for batch in &taken.batches {
            match self.write(std::slice::from_ref(batch), self.position) {
                Err(WriteOrGather::Write(error)) if error.blames_the_batch() => {
                    let problem = format!("{error}: {:?}", error.source().map(ToString::to_string));
                    self.set_aside(batch, "unstorable", &problem)
                        .map_err(WriteOrGather::Quarantine)?;
                    self.done.n_quarantined += 1;
                }
                written => written?,
            }
        }
        self.write(&[], taken.next)
    }

    /// A batch that makes the decoder panic is no reason for the others to wait.
    fn gather(&mut self, gathered: &mut Gathered, batch: &Received) -> Result<Added, WriteError> {
        let (store, templates) = (&*self.store, &mut self.templates);
        let add = AssertUnwindSafe(|| gathered.add(batch, store, templates));
        catch_unwind(add).unwrap_or_else(|_| {
            // It may have been left half changed.
            self.templates = Templates::default();
            Ok(Added::Unreadable("reading it panicked".to_owned()))
        })
    }

    fn set_aside(&self, batch: &Received, reason: &str, problem: &str) -> std::io::Result<()> {
        let batch_id = batch.batch_id;
        tracing::error!(%batch_id, problem, "a batch that was taken is {reason}; see quarantine");
        self.quarantine.keep(batch_id, reason, &batch.bytes)
    }

    fn tell_failure(&self, failure: &(dyn Error + Send + Sync + 'static)) {
        let was_failing = self.told.borrow().is_failing;
        if !was_failing {
            let failure: &(dyn Error + 'static) = failure;
            tracing::error!(failure, "cannot store; the queue keeps what comes until it works");
            self.damage.set_failure(Some(reason(failure)));
            self.tell(true);
        }
    }

    /// Moves aside what was found to be damaged.
    fn mend(&mut self) {
        let found = self.damage.to_move();
        if found.is_empty() {
            return;
        }
        // Before it is gone, so that no answer is without it and does not say so.
        let mut names = self.damage.names();
        names.extend(found.iter().map(|found| format!("calls-{}.db", found.day)));
        self.damage.set_names(names);
        if let Err(error) = self.store.set_aside(&found) {
            let error: &dyn Error = &error;
            tracing::error!(error, "cannot move a damaged file aside");
        }
        self.damage.moved(self.store.damaged());
    }

    fn tell(&self, is_failing: bool) {
        let (position, done) = (self.position, self.done);
        self.told.send_replace(Progress { position, is_failing, done });
    }

    /// Packs some of what is over, when it is time for it.
    fn pack(&mut self, load: Load) {
        let now_ns = unix_now_ns();
        if !self.pace.is_due(load, now_ns) {
            return;
        }
        let packed = self.store.pack_minutes(&self.retention, now_ns);
        if let Err(error) = &packed {
            let error: &dyn Error = error;
            tracing::error!(error, "cannot pack roll-ups; tried again in a minute");
        }
        self.pace.took(packed.ok(), now_ns);
    }

    fn prune_daily(&mut self) {
        let now_ns = unix_now_ns();
        let today = Some(Day::of(now_ns));
        if self.pruned == today {
            return;
        }
        self.pruned = today;
        if let Err(error) = self.store.prune(&self.retention, now_ns) {
            let error: &dyn Error = &error;
            tracing::error!(error, "cannot remove what is too old; tried again tomorrow");
        }
    }
}

/// What failed and, in the words of who failed at last, why: without the files' names between.
fn reason(failure: &(dyn Error + 'static)) -> String {
    match std::iter::successors(failure.source(), |&error| error.source()).last() {
        Some(cause) => format!("{failure}: {cause}"),
        None => failure.to_string(),
    }
}

/// What comes after a step.
enum Goes {
    On,
    NoFurther,
}

#[derive(Debug, thiserror::Error)]
enum WriteOrGather {
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error("cannot write to the quarantine")]
    Quarantine(#[source] std::io::Error),
}
