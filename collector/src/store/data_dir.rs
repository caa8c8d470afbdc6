//! The directory that one collector owns, and the names of the files in it.
//! It never shares: a second collector is refused while the first holds the lock.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::model::Day;

/// A data directory that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DirError {
    /// Another process has it.
    #[error(
        "the data directory {0} is in use by another egret-collector; \
         stop that one, or choose another directory with --data-dir"
    )]
    InUse(PathBuf),
    /// The file system refuses.
    #[error("cannot use the data directory {path}; it must be a directory that we may write to")]
    Io {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

/// A directory of ours, locked for as long as this lives.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    lock: File,
    /// Removes the directory at last, when it was made for this process alone.
    _temporary: Option<TempDir>,
}

impl Drop for DataDir {
    fn drop(&mut self) {
        // Closing the file alone would not do: a program that is being started by another thread
        // has it too, until it is the program.
        let _ = self.lock.unlock();
    }
}

impl DataDir {
    /// Takes the directory at `path`, and makes it when it is not there.
    pub(crate) fn open(path: &Path) -> Result<Self, DirError> {
        Self::take(path, None)
    }

    /// A fresh directory that is removed when this is dropped.
    pub(crate) fn temporary() -> Result<Self, DirError> {
        let temporary = tempfile::Builder::new()
            .prefix("egret-collector-")
            .tempdir()
            .map_err(|source| io_error(&std::env::temp_dir(), source))?;
        let path = temporary.path().to_owned();
        Self::take(&path, Some(temporary))
    }

    fn take(path: &Path, temporary: Option<TempDir>) -> Result<Self, DirError> {
        let lock = create(path)
            .and_then(|()| open_private(&path.join("lock")))
            .map_err(|source| io_error(path, source))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), lock, _temporary: temporary }),
            Err(TryLockError::WouldBlock) => Err(DirError::InUse(path.to_owned())),
            Err(TryLockError::Error(source)) => Err(io_error(path, source)),
        }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Makes the directory when it is not there, without taking it.
pub(super) fn prepare(path: &Path) -> Result<(), DirError> {
    create(path).map_err(|source| io_error(path, source))
}

/// Where the metadata is.
pub(super) fn meta_path(dir: &Path) -> PathBuf {
    dir.join("meta.db")
}

/// Where a day's calls are.
pub(super) fn day_path(dir: &Path, day: Day) -> PathBuf {
    dir.join(format!("calls-{day}.db"))
}

/// The days that have a file, oldest first.
pub(super) fn days(dir: &Path) -> io::Result<Vec<Day>> {
    let mut days = Vec::new();
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        let name = name.to_str().and_then(|name| name.strip_prefix("calls-"));
        days.extend(name.and_then(|name| name.strip_suffix(".db")).and_then(Day::parse));
    }
    days.sort_unstable();
    Ok(days)
}

/// Removes a day's calls. SQLite's own files beside it go too; they may not be there.
pub(super) fn remove_day(dir: &Path, day: Day) -> io::Result<()> {
    let path = day_path(dir, day);
    fs::remove_file(&path)?;
    for suffix in ["-wal", "-shm"] {
        let mut beside = path.clone().into_os_string();
        beside.push(suffix);
        match fs::remove_file(beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Opens a file, and makes it when it is not there: for its owner alone, whatever the umask allows.
pub(super) fn open_private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes a file that is whole as soon as it is there; one that is there by then stays. `fill` writes
/// it under another name.
pub(super) fn make_whole<E>(
    path: &Path,
    fill: impl FnOnce(&Path) -> Result<(), E>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>>
where
    E: std::error::Error + Send + Sync + 'static,
{
    let dir = path.parent().unwrap_or(Path::new("."));
    let new = tempfile::Builder::new().prefix(".new-").tempfile_in(dir)?.into_temp_path();
    fill(&new)?;
    // What SQLite left beside a file that was moved away belongs to that one.
    for suffix in ["-wal", "-shm"] {
        let mut beside = path.to_owned().into_os_string();
        beside.push(suffix);
        if fs::exists(&beside)? && !fs::exists(path)? {
            fs::remove_file(beside)?;
        }
    }
    match new.persist_noclobber(path) {
        Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => Err(error.error.into()),
        _ => Ok(File::open(dir)?.sync_all()?),
    }
}

/// Makes a directory within ours, for its owner alone.
pub(super) fn private_dir(path: &Path) -> io::Result<()> {
    create(path)
}

/// Calls tell what a company does with whom: the directory is its owner's alone.
fn create(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn io_error(path: &Path, source: io::Error) -> DirError {
    DirError::Io { path: path.to_owned(), source }
}
