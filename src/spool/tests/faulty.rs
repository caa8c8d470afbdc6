//! A disk that fails, tears and dies when it is told to.
//! Never fails by itself: without a fault it is the machine's own.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::super::disk::Entry;
use super::*;

/// The error numbers of Linux, and of most others.
pub(super) const EIO: i32 = 5;
pub(super) const EACCES: i32 = 13;
pub(super) const ENOSPC: i32 = 28;
pub(super) const EROFS: i32 = 30;

/// What happens at an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The operation fails and does nothing, or half of it when it writes.
    Fails(i32),
    /// The operation fails after it was done, as on a network file system.
    FailsDone(i32),
    /// The process dies before the operation: nothing happens any more, not even cleaning up.
    Dies,
}

/// The real file system, some of whose operations have a fault. Nothing is synced, for speed: what
/// a power cut does is not tested with it.
#[derive(Debug, Clone, Default)]
pub(super) struct Faulty(Arc<Plan>);

#[derive(Debug, Default)]
struct Plan {
    /// How many of the next new locks an adopter removes before they are locked.
    n_overtaken: AtomicUsize,
    n_done: AtomicUsize,
    fault: Mutex<Option<(std::ops::Range<usize>, Fault)>>,
}

impl Faulty {
    /// `range` counts from the next operation on.
    pub(super) fn set(&self, range: std::ops::Range<usize>, fault: Fault) {
        self.0.n_done.store(0, Ordering::Relaxed);
        *self.0.fault.lock().unwrap() = Some((range, fault));
    }

    /// The next `n` new directories are taken for a dead process's.
    pub(super) fn overtake(&self, n: usize) {
        self.0.n_overtaken.store(n, Ordering::Relaxed);
    }

    pub(super) fn heal(&self) {
        *self.0.fault.lock().unwrap() = None;
    }

    pub(super) fn n_done(&self) -> usize {
        self.0.n_done.load(Ordering::Relaxed)
    }

    fn run<T>(&self, work: impl FnOnce() -> io::Result<T>, half: impl FnOnce()) -> io::Result<T> {
        let n = self.0.n_done.fetch_add(1, Ordering::Relaxed);
        let plan = self.0.fault.lock().unwrap().clone();
        match plan.filter(|(range, fault)| {
            range.contains(&n) || (*fault == Fault::Dies && n >= range.start)
        }) {
            None => work(),
            Some((range, fault)) => {
                let code = match fault {
                    Fault::Fails(code) => {
                        half();
                        code
                    }
                    Fault::FailsDone(code) => {
                        let _ = work();
                        code
                    }
                    Fault::Dies => {
                        // The operation that was under way may be half done.
                        if n == range.start {
                            half();
                        }
                        EIO
                    }
                };
                Err(io::Error::from_raw_os_error(code))
            }
        }
    }

    fn plain<T>(&self, work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        self.run(work, || ())
    }
}

impl Disk for Faulty {
    fn create_dirs(&self, path: &Path) -> io::Result<()> {
        self.plain(|| fs::create_dir_all(path))
    }
    fn write(&self, path: &Path, parts: &[&[u8]]) -> io::Result<()> {
        let whole = parts.concat();
        let half = || fs::write(path, &whole[..whole.len() / 2]).unwrap_or(());
        self.run(|| fs::write(path, &whole), half)
    }
    fn read(&self, path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
        self.plain(|| Storage.read(path, max_bytes))
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.plain(|| Storage.rename(from, to))
    }
    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.plain(|| Storage.remove_file(path))
    }
    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.plain(|| Storage.remove_dir(path))
    }
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.plain(|| fs::metadata(path).map(drop))
    }
    fn exists(&self, path: &Path) -> io::Result<bool> {
        self.plain(|| Storage.exists(path))
    }
    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        self.plain(|| Storage.list(path))
    }
    fn create_lock(&self, path: &Path) -> io::Result<File> {
        // Half of it: the file is there, and not locked.
        let half = || Storage.create_lock(path).map_or((), drop);
        let lock = self.run(|| Storage.create_lock(path), half)?;
        let one_less = |n: usize| n.checked_sub(1);
        if self.0.n_overtaken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_ok() {
            fs::remove_dir_all(path.parent().unwrap())?;
        }
        Ok(lock)
    }
    fn take_lock(&self, path: &Path) -> io::Result<File> {
        self.plain(|| Storage.take_lock(path))
    }
}
