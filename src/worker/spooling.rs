//! What the worker does with its spool: the ledger's side of every file.
//! Never stops the worker: a disk that fails is a state, a log line, and another try later.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Tick;
use crate::spool::{
    Adoption, BatchId, Gone, GoneReason, ReadError, Spool, SpoolBounds, SpoolError,
};
use crate::stats::{Books, DropReason, SpoolState};

/// A spool that could not be opened or written is tried again after this time.
const RETRY_INTERVAL: Duration = Duration::from_secs(5);

/// Batches of dead processes are looked for this often.
const ADOPT_INTERVAL: Duration = Duration::from_secs(60);

/// Where the spool is and how large it may get.
#[derive(Debug, Clone)]
pub(crate) struct SpoolPlace {
    pub(crate) dir: PathBuf,
    pub(crate) bounds: SpoolBounds,
}

/// The spool, or none, or one that does not work for the moment.
pub(super) struct Spooling {
    place: Option<SpoolPlace>,
    spool: Option<Spool>,
    /// Not tried again before.
    not_before: Option<Tick>,
    adopted: Option<Tick>,
    books: Arc<Books>,
    /// The latest trouble, until it has been logged.
    trouble: Option<String>,
}

/// A batch read from the spool.
pub(super) struct FromSpool {
    pub(super) id: BatchId,
    pub(super) n_records: u64,
    pub(super) bytes: Arc<[u8]>,
}

impl Spooling {
    pub(super) fn new(place: Option<SpoolPlace>, books: Arc<Books>) -> Self {
        Self { place, spool: None, not_before: None, adopted: None, books, trouble: None }
    }

    /// Whether there is to be a spool.
    pub(super) fn is_wanted(&self) -> bool {
        self.place.is_some()
    }

    /// Opens the spool, expires old batches and adopts those of dead processes, when it is time.
    pub(super) fn tend(&mut self, now: Tick, unix_ns: u64) {
        let Some(place) = &self.place else { return };
        let waits = self.not_before.is_some_and(|at| at.ns_since(now) > 0);
        match &mut self.spool {
            Some(spool) => {
                let gone = spool.expire(unix_ns);
                self.settle_gone(&gone);
            }
            None if waits => return,
            None => match Spool::open(&place.dir, place.bounds, unix_ns) {
                Ok((spool, adoption)) => {
                    self.spool = Some(spool);
                    self.adopted = Some(now);
                    self.settle_adoption(adoption);
                    self.books.open().spool_state = SpoolState::Working;
                }
                Err(error) => self.fail(&error, now),
            },
        }
        let interval = crate::clock::saturating_ns(ADOPT_INTERVAL);
        if self.adopted.is_some_and(|last| now.ns_since(last) >= interval) {
            self.adopted = Some(now);
            if let Some(adoption) = self.spool.as_mut().map(|spool| spool.adopt(unix_ns)) {
                self.settle_adoption(adoption);
            }
        }
    }

    /// Stores a pending batch; says whether it is on disk now.
    pub(super) fn store(
        &mut self,
        bytes: &[u8],
        n_records: u64,
        closed_unix_ns: u64,
        now: Tick,
    ) -> bool {
        let Some(spool) = &mut self.spool else { return false };
        match spool.put(bytes, n_records, closed_unix_ns) {
            Ok(gone) => {
                {
                    let mut ledger = self.books.open();
                    ledger.pending -= n_records;
                    ledger.spooled += n_records;
                    ledger.spool_state = SpoolState::Working;
                }
                self.settle_gone(&gone);
                true
            }
            Err(error) => {
                self.fail(&error, now);
                false
            }
        }
    }

    /// Takes the oldest batch on its way; it stays on disk until it is settled.
    pub(super) fn next(&mut self, now: Tick) -> Option<FromSpool> {
        loop {
            let spool = self.spool.as_mut()?;
            let oldest = spool.oldest()?;
            match spool.read(oldest.id) {
                Ok(bytes) => {
                    let mut ledger = self.books.open();
                    ledger.spooled -= oldest.n_records;
                    ledger.in_flight += oldest.n_records;
                    let (id, n_records) = (oldest.id, oldest.n_records);
                    return Some(FromSpool { id, n_records, bytes: bytes.into() });
                }
                Err(ReadError::Gone(gone)) => self.settle_gone(&[gone]),
                Err(ReadError::Disk(error)) => {
                    self.fail(&error, now);
                    return None;
                }
            }
        }
    }

    /// Whether batches wait on disk.
    pub(super) fn is_empty(&self) -> bool {
        self.spool.as_ref().is_none_or(|spool| spool.n_batches() == 0)
    }

    /// A batch arrived.
    pub(super) fn remove(&mut self, id: BatchId) {
        if let Some(spool) = &mut self.spool {
            spool.remove(id);
        }
    }

    /// A batch was refused for good.
    pub(super) fn quarantine(&mut self, id: BatchId) {
        if let Some(spool) = &mut self.spool {
            spool.quarantine(id);
        }
    }

    /// The latest trouble, once.
    pub(super) fn take_trouble(&mut self) -> Option<String> {
        self.trouble.take()
    }

    fn settle_gone(&mut self, gone: &[Gone]) {
        let mut ledger = self.books.open();
        for gone in gone {
            // Without a readable header nobody knows how many records a file held, and they were
            // never counted in.
            let Some(n_records) = gone.n_records else {
                ledger.spool_files_damaged += 1;
                self.trouble = Some("a damaged file is in quarantine".to_owned());
                continue;
            };
            ledger.spooled -= n_records;
            let reason = match gone.reason {
                GoneReason::Evicted => DropReason::SpoolBytes,
                GoneReason::Expired => DropReason::Expired,
                GoneReason::Damaged | GoneReason::Missing => DropReason::SpoolDamaged,
            };
            ledger.dropped.add(reason, n_records);
        }
    }

    fn settle_adoption(&mut self, adoption: Adoption) {
        {
            let mut ledger = self.books.open();
            ledger.adopted += adoption.n_records;
            ledger.spooled += adoption.n_records;
        }
        self.settle_gone(&adoption.gone);
        if let Some(problem) = adoption.problem {
            self.trouble = Some(problem.to_string());
        }
    }

    fn fail(&mut self, error: &SpoolError, now: Tick) {
        self.not_before = Some(now.after(RETRY_INTERVAL));
        self.books.open().spool_state = SpoolState::Failing;
        self.trouble = Some(error.to_string());
    }
}
