//! What a capture needs: the clock and the queue's mouth.
//! Never blocks and never fails: a record that is not taken is counted.

use std::cell::RefCell;
use std::sync::Arc;

use once_cell::sync::OnceCell;

use crate::allow::{Allowed, OptIns};
use crate::clock::{Clock, Tick};
use crate::queue::Queue;
use crate::record::{Kind, Record};
use crate::redact::SafeUrl;

/// Takes records from anywhere. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Recorder(Arc<Parts>);

/// Starts egret anew in a forked process.
pub(crate) type Respawn = Box<dyn Fn() -> Option<Recorder> + Send + Sync>;

struct Parts {
    clock: Arc<Clock>,
    queue: Queue,
    /// What may be recorded or sent beyond the ordinary.
    allowed: OptIns,
    /// Makes the recorder of a process that was forked from this one; `None` when it cannot be had.
    respawn: Respawn,
    /// In a forked process: who records there.
    child: OnceCell<Option<Recorder>>,
    /// Dropped with the last clone; whoever made the recorder learns by it that no more can come.
    _lifeline: Box<dyn Send + Sync>,
}

thread_local! {
    /// Where a URL is rewritten when something must be taken out of it; used again and again.
    static SCRATCH: RefCell<String> = const { RefCell::new(String::new()) };
}

impl Recorder {
    pub(crate) fn new(
        clock: Arc<Clock>,
        queue: Queue,
        allowed: &Arc<Allowed>,
        respawn: Respawn,
        lifeline: Box<dyn Send + Sync>,
    ) -> Self {
        let (allowed, child) = (OptIns::new(allowed), OnceCell::new());
        Self(Arc::new(Parts { clock, queue, allowed, respawn, child, _lifeline: lifeline }))
    }

    pub(super) fn allowed(&self) -> OptIns {
        self.0.allowed.clone()
    }

    /// The wall time of a tick.
    #[inline]
    pub(super) fn unix_ns(&self, tick: Tick) -> u64 {
        self.0.clock.unix_ns(tick)
    }

    /// Hands on a record.
    pub(super) fn offer(&self, record: &Record<'_>) {
        let child = match self.0.child.get() {
            Some(child) => child,
            None if self.0.queue.offer(record).is_ok() => return,
            None => self.0.child.get_or_init(|| (self.0.respawn)()),
        };
        if let Some(child) = child {
            child.offer(record);
        }
    }
}

/// Who records the calls of a client. A client may be wrapped before egret is initialised.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// This one; with none, calls pass unseen.
    Fixed(Option<Recorder>),
    /// Whoever is the default at each call.
    Default(fn() -> Option<Recorder>),
}

impl Source {
    pub(super) fn recorder(&self) -> Option<Recorder> {
        match self {
            Self::Fixed(recorder) => recorder.clone(),
            Self::Default(recorder) => recorder(),
        }
    }
}

/// Where a URL is rewritten; its memory belongs to the thread and is used again and again.
#[derive(Debug, Default)]
pub(super) struct Scratch(String);

impl Scratch {
    /// The thread's own text, or a fresh one where a thread is ending or another record is in the
    /// making.
    #[cold]
    fn text(&mut self) -> &mut String {
        let kept = SCRATCH
            .try_with(|kept| kept.try_borrow_mut().map(|mut kept| std::mem::take(&mut *kept)));
        self.0 = kept.ok().and_then(Result::ok).unwrap_or_default();
        &mut self.0
    }
}

/// A record of which only the given is known. `scratch` takes the URL where something must be taken
/// out of it.
#[inline]
pub(super) fn begin<'r>(
    kind: Kind,
    method: &str,
    url: &'r str,
    start_unix_ns: u64,
    scratch: &'r mut Scratch,
) -> Record<'r> {
    Record::new(kind, method, SafeUrl::parse_in(url, || scratch.text()), start_unix_ns)
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.0.capacity() > 0 {
            let text = std::mem::take(&mut self.0);
            let _ = SCRATCH.try_with(|kept| kept.try_borrow_mut().map(|mut kept| *kept = text));
        }
    }
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recorder").finish_non_exhaustive()
    }
}
