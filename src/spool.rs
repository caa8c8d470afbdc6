//! Batches on disk that wait for the collector, across outages and restarts of the service.
//! Never hands out bytes that differ from those put in, and never forgets a batch unreported.
//!
//! # The directory
//!
//! | path | what |
//! |---|---|
//! | `<uuid v7>-<pid>/` | one per process, 0700; all files are 0600 |
//! | `<uuid v7>-<pid>/lock` | held locked for as long as the process lives |
//! | `<uuid v7>-<pid>/<closed unix ns>-<sequence>.batch` | one batch, in the format of [`file`] |
//! | `<uuid v7>-<pid>/incoming.tmp` | the batch that is being written |
//! | `quarantine/` | what is damaged or was rejected, bounded; nobody reads it again |
//!
//! A batch is written under the temporary name, synced, renamed, and the directory is synced: a
//! name that ends in `.batch` stands for a whole batch. Only the owner of a directory creates its
//! lock; whoever gets the lock of another's directory knows that its process is dead, and adopts.
//!
//! Removing is not synced: after a power cut a delivered batch may be back, and is sent again under
//! its own batch id, which the collector stores once.

mod adopt;
mod disk;
mod error;
mod file;
mod home;
mod quarantine;
#[cfg(test)]
mod tests;

pub(crate) use adopt::Adoption;
pub(crate) use error::{ReadError, SpoolError};

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::clock::saturating_ns;
use disk::{Disk, Storage};
use file::Header;

const LOCK: &str = "lock";
const TEMPORARY: &str = "incoming.tmp";

/// How much the spool keeps, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SpoolBounds {
    /// All batches of this process together, adopted ones included, as files. While a batch is
    /// being put, the disk holds that one more; the quarantine has its own bound.
    pub(crate) bytes: u64,
    /// Longest time from a batch's closing to its delivery.
    pub(crate) age: Duration,
}

/// Names one batch of one spool. Ordered by age: the smallest is the oldest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BatchId {
    closed_unix_ns: u64,
    /// Counts what this spool stored, so that batches closed in one nanosecond differ.
    sequence: u64,
}

/// A batch that waits, without its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SpooledBatch {
    pub(crate) id: BatchId,
    pub(crate) n_records: u64,
}

/// A batch that the spool lost or gave up. Each is reported exactly once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gone {
    /// `None` when not even the file's header could be read; such a batch was never counted in
    /// [`Spool::n_records`] either.
    pub(crate) n_records: Option<u64>,
    pub(crate) reason: GoneReason,
}

/// Why a batch is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GoneReason {
    /// The oldest, when the bound in bytes was passed.
    Evicted,
    /// Waited longer than the bound in age.
    Expired,
    /// Not what was written, foreign, or of another version; the file is in the quarantine.
    Damaged,
    /// Somebody else removed the file.
    Missing,
}

/// What the spool remembers of a file.
#[derive(Debug, Clone, Copy)]
struct Held {
    /// The whole file.
    n_bytes: u64,
    n_records: u64,
    /// A batch that the disk does not give back steps behind the others, and is not dropped: the
    /// disk may recover, and the bound in age ends it.
    n_failed_reads: u32,
}

/// The spool of this process. Blocks on the disk; meant for egret's own thread.
#[derive(Debug)]
pub(crate) struct Spool {
    disk: Box<dyn Disk>,
    bounds: SpoolBounds,
    /// The directory that all processes share.
    root: PathBuf,
    /// This process's own directory in it.
    own: PathBuf,
    /// Held, and never unlocked by hand: in a forked child that would unlock the parent's, too.
    /// `None` after a try to lock again that failed; nothing is stored then.
    lock: Option<File>,
    index: BTreeMap<BatchId, Held>,
    n_bytes: u64,
    n_records: u64,
    next_sequence: u64,
    /// Files that the disk did not let go of. Nothing is put before they are removed, so that a
    /// disk that cannot delete does not fill up.
    strays: Vec<PathBuf>,
}

impl Spool {
    /// Opens a spool in `dir`, which is created if need be, and adopts what dead processes left.
    ///
    /// # Errors
    /// When no directory of our own can be made in `dir`. What cannot be adopted is no error; see
    /// [`Adoption::problem`].
    pub(crate) fn open(
        dir: &Path,
        bounds: SpoolBounds,
        now_unix_ns: u64,
    ) -> Result<(Self, Adoption), SpoolError> {
        Self::open_on(Box::new(Storage), dir, bounds, now_unix_ns)
    }

    fn open_on(
        disk: Box<dyn Disk>,
        dir: &Path,
        bounds: SpoolBounds,
        now_unix_ns: u64,
    ) -> Result<(Self, Adoption), SpoolError> {
        let (own, lock) = home::settle_anywhere(disk.as_ref(), dir)?;
        let mut spool = Self {
            disk,
            bounds,
            root: dir.to_path_buf(),
            own,
            lock: Some(lock),
            index: BTreeMap::new(),
            n_bytes: 0,
            n_records: 0,
            next_sequence: 0,
            strays: Vec::new(),
        };
        let adoption = spool.adopt(now_unix_ns);
        Ok((spool, adoption))
    }

    /// Stores a batch, durably once this returns, and says what had to go for it.
    ///
    /// # Errors
    /// When the batch is not stored: it is larger than the bound, or the disk refuses. Nothing that
    /// was stored before is lost by that, and a later call recovers when the disk does.
    pub(crate) fn put(
        &mut self,
        batch: &[u8],
        n_records: u64,
        closed_unix_ns: u64,
    ) -> Result<Vec<Gone>, SpoolError> {
        let header = Header::of(batch, n_records, closed_unix_ns);
        if header.file_bytes() > self.bounds.bytes {
            return Err(SpoolError::TooLarge {
                n_bytes: header.file_bytes(),
                max_bytes: self.bounds.bytes,
            });
        }
        self.sweep()?;
        self.resettle()?;
        let id = self.next_id(closed_unix_ns);
        if let Err(error) = self.write(id, &header, batch) {
            self.discard(self.own.join(TEMPORARY));
            // It stands under its name when only the directory could not be synced.
            self.discard(self.path_of(id));
            return Err(error);
        }
        self.hold(id, header.file_bytes(), n_records);
        Ok(self.evict())
    }

    /// The batch to send next: the oldest, after those that the disk does not give back.
    pub(crate) fn oldest(&self) -> Option<SpooledBatch> {
        let (id, held) = self.index.iter().min_by_key(|(id, held)| (held.n_failed_reads, **id))?;
        Some(SpooledBatch { id: *id, n_records: held.n_records })
    }

    /// The batch's bytes, exactly as they were put. It stays until [`Spool::remove`].
    ///
    /// # Errors
    /// [`ReadError::Gone`] when the batch is lost, and with this reported and forgotten;
    /// [`ReadError::Disk`] when it is kept for another try.
    pub(crate) fn read(&mut self, id: BatchId) -> Result<Vec<u8>, ReadError> {
        let Some(held) = self.index.get_mut(&id) else {
            // Reported when it went.
            let n_records = Some(0);
            return Err(ReadError::Gone(Gone { n_records, reason: GoneReason::Missing }));
        };
        let n_records = Some(held.n_records);
        let path = path_in(&self.own, id);
        // One byte more than there should be, so that a file that grew is noticed.
        match self.disk.read(&path, held.n_bytes.saturating_add(1)) {
            Ok(file) => match file::open(file, held.n_records, id.closed_unix_ns) {
                Some(batch) => Ok(batch),
                None => {
                    self.quarantine(id);
                    Err(ReadError::Gone(Gone { n_records, reason: GoneReason::Damaged }))
                }
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.forget(id);
                Err(ReadError::Gone(Gone { n_records, reason: GoneReason::Missing }))
            }
            Err(error) => {
                held.n_failed_reads = held.n_failed_reads.saturating_add(1);
                Err(ReadError::Disk(SpoolError::disk("read", path, error)))
            }
        }
    }

    /// Forgets a batch that was delivered. A file that the disk does not let go of is removed
    /// later; in this process it is not sent again.
    pub(crate) fn remove(&mut self, id: BatchId) {
        if self.forget(id) {
            self.discard(self.path_of(id));
        }
    }

    /// Puts a batch aside that the collector refused for good, for a person to look at.
    pub(crate) fn quarantine(&mut self, id: BatchId) {
        if self.forget(id) {
            let path = self.path_of(id);
            if self.isolate(&path).is_err() {
                self.discard(path);
            }
        }
    }

    /// Removes what has waited longer than it may.
    pub(crate) fn expire(&mut self, now_unix_ns: u64) -> Vec<Gone> {
        let mut gone = Vec::new();
        while let Some((id, held)) = self.first()
            && self.is_expired(id.closed_unix_ns, now_unix_ns)
        {
            self.remove(id);
            gone.push(Gone { n_records: Some(held.n_records), reason: GoneReason::Expired });
        }
        gone
    }

    /// Records that wait.
    #[cfg(test)]
    pub(crate) fn n_records(&self) -> u64 {
        self.n_records
    }

    /// Bytes of the files that wait.
    #[cfg(test)]
    pub(crate) fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// Batches that wait.
    pub(crate) fn n_batches(&self) -> usize {
        self.index.len()
    }

    /// Takes the oldest until the bound holds.
    fn evict(&mut self) -> Vec<Gone> {
        let mut gone = Vec::new();
        while self.n_bytes > self.bounds.bytes
            && let Some((id, held)) = self.first()
        {
            self.remove(id);
            gone.push(Gone { n_records: Some(held.n_records), reason: GoneReason::Evicted });
        }
        gone
    }

    fn first(&self) -> Option<(BatchId, Held)> {
        self.index.first_key_value().map(|(id, held)| (*id, *held))
    }

    fn is_expired(&self, closed_unix_ns: u64, now_unix_ns: u64) -> bool {
        now_unix_ns.saturating_sub(closed_unix_ns) > saturating_ns(self.bounds.age)
    }

    fn next_id(&mut self, closed_unix_ns: u64) -> BatchId {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        BatchId { closed_unix_ns, sequence }
    }

    fn path_of(&self, id: BatchId) -> PathBuf {
        path_in(&self.own, id)
    }

    fn hold(&mut self, id: BatchId, n_bytes: u64, n_records: u64) {
        // Saturating, because an adopted header may claim any number.
        self.n_bytes = self.n_bytes.saturating_add(n_bytes);
        self.n_records = self.n_records.saturating_add(n_records);
        self.index.insert(id, Held { n_bytes, n_records, n_failed_reads: 0 });
    }

    /// Takes the batch out of the index, and says whether it was there.
    fn forget(&mut self, id: BatchId) -> bool {
        let Some(held) = self.index.remove(&id) else {
            return false;
        };
        self.n_bytes = self.n_bytes.saturating_sub(held.n_bytes);
        self.n_records = self.n_records.saturating_sub(held.n_records);
        true
    }

    fn write(&self, id: BatchId, header: &Header, batch: &[u8]) -> Result<(), SpoolError> {
        let (temporary, path) = (self.own.join(TEMPORARY), self.path_of(id));
        let disk = &self.disk;
        let fail = |action, path: &Path, error| SpoolError::disk(action, path.to_path_buf(), error);
        disk.write(&temporary, &[&header.encode(), batch])
            .map_err(|error| fail("write", &temporary, error))?;
        disk.rename(&temporary, &path).map_err(|error| fail("create", &path, error))?;
        disk.sync_dir(&self.own).map_err(|error| fail("sync", &self.own, error))
    }

    /// Removes a file now, or before the next put.
    fn discard(&mut self, path: PathBuf) {
        if disk::gone(self.disk.remove_file(&path)).is_err() {
            self.strays.push(path);
        }
    }

    /// Tries again to remove what the disk did not let go of.
    fn sweep(&mut self) -> Result<(), SpoolError> {
        while let Some(path) = self.strays.pop() {
            if let Err(error) = disk::gone(self.disk.remove_file(&path)) {
                self.strays.push(path.clone());
                return Err(SpoolError::disk("remove", path, error));
            }
        }
        Ok(())
    }
}

fn path_in(own: &Path, id: BatchId) -> PathBuf {
    own.join(file::name(id.closed_unix_ns, id.sequence))
}
