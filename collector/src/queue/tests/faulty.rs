//! A disk that fails when it is told to.
//! It never fails by itself: without a fault it is the machine's own.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::super::disk::{Disk, Storage};
use super::*;

/// The error numbers of Linux, and of most others.
pub(in crate::queue) const EIO: i32 = 5;
pub(in crate::queue) const ENOSPC: i32 = 28;

/// What happens at an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::queue) enum Fault {
    /// It fails and does nothing, or half of it when it writes.
    Fails(i32),
    /// It fails after it was done.
    FailsDone(i32),
}

/// The real file system, some of whose operations have a fault.
#[derive(Debug)]
pub(in crate::queue) struct Faulty {
    n_done: AtomicUsize,
    fault: Mutex<Option<(std::ops::Range<usize>, Fault)>>,
    /// Reads that touch these bytes of a file fail for ever.
    bad_bytes: Mutex<std::ops::Range<u64>>,
    pub(in crate::queue) free_bytes: AtomicU64,
}

impl Default for Faulty {
    fn default() -> Self {
        Self {
            n_done: AtomicUsize::new(0),
            fault: Mutex::default(),
            bad_bytes: Mutex::new(0..0),
            free_bytes: AtomicU64::new(u64::MAX),
        }
    }
}

impl Faulty {
    /// `range` counts from the next operation on.
    pub(in crate::queue) fn set(&self, range: std::ops::Range<usize>, fault: Fault) {
        self.n_done.store(0, Ordering::SeqCst);
        *self.fault.lock().unwrap() = Some((range, fault));
    }

    pub(in crate::queue) fn heal(&self) {
        *self.fault.lock().unwrap() = None;
    }

    pub(in crate::queue) fn n_done(&self) -> usize {
        self.n_done.load(Ordering::SeqCst)
    }

    pub(in crate::queue) fn spoil(&self, bad_bytes: std::ops::Range<u64>) {
        *self.bad_bytes.lock().unwrap() = bad_bytes;
    }

    fn run<T>(&self, work: impl FnOnce() -> io::Result<T>, half: impl FnOnce()) -> io::Result<T> {
        let n = self.n_done.fetch_add(1, Ordering::SeqCst);
        let fault = self.fault.lock().unwrap().clone();
        match fault.filter(|(range, _)| range.contains(&n)) {
            None => work(),
            Some((_, Fault::Fails(code))) => {
                half();
                Err(io::Error::from_raw_os_error(code))
            }
            Some((_, Fault::FailsDone(code))) => {
                let _ = work();
                Err(io::Error::from_raw_os_error(code))
            }
        }
    }

    fn plain<T>(&self, work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        self.run(work, || ())
    }
}

impl Disk for Faulty {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.plain(|| Storage.create_dir(path))
    }
    fn create(&self, path: &Path) -> io::Result<File> {
        self.plain(|| Storage.create(path))
    }
    fn open(&self, path: &Path) -> io::Result<File> {
        self.plain(|| Storage.open(path))
    }
    fn append(&self, file: &File, bytes: &[u8]) -> io::Result<()> {
        let half = || Storage.append(file, &bytes[..bytes.len() / 2]).unwrap_or(());
        self.run(|| Storage.append(file, bytes), half)
    }
    fn overwrite(&self, file: &File, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.plain(|| Storage.overwrite(file, offset, bytes))
    }
    fn sync(&self, file: &File) -> io::Result<()> {
        // For speed: what a power cut does is not tested with it.
        self.plain(|| file.metadata().map(drop))
    }
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.plain(|| path.metadata().map(drop))
    }
    fn truncate(&self, file: &File, n_bytes: u64) -> io::Result<()> {
        self.plain(|| Storage.truncate(file, n_bytes))
    }
    fn read_at(&self, file: &File, offset: u64, n_bytes: usize) -> io::Result<Vec<u8>> {
        let bad = self.bad_bytes.lock().unwrap().clone();
        if offset < bad.end && bad.start < offset + n_bytes as u64 {
            return Err(io::Error::from_raw_os_error(EIO));
        }
        self.plain(|| Storage.read_at(file, offset, n_bytes))
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.plain(|| Storage.rename(from, to))
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.plain(|| Storage.remove(path))
    }
    fn list(&self, path: &Path) -> io::Result<Vec<(String, u64)>> {
        self.plain(|| Storage.list(path))
    }
    fn oldest_first(&self, path: &Path) -> io::Result<Vec<(String, u64)>> {
        self.plain(|| Storage.oldest_first(path))
    }
    fn free_bytes(&self, _: &Path) -> io::Result<u64> {
        Ok(self.free_bytes.load(Ordering::SeqCst))
    }
}
