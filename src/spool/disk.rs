//! The operations that the spool asks of a file system, and the real ones.
//! Never decides anything: what a failure means is for the spool to say.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// A file system; tests have one that fails.
pub(super) trait Disk: fmt::Debug + Send {
    /// Creates a directory and those above it, for our user alone. One that exists will do. The
    /// last name is not synced; that is for whoever needs it to last.
    fn create_dirs(&self, path: &Path) -> io::Result<()>;

    /// Writes the parts as one file for our user alone, in the place of any older one, and waits
    /// until they are on the disk.
    fn write(&self, path: &Path, parts: &[&[u8]]) -> io::Result<()>;

    /// Reads the file, or its first `max_bytes`.
    fn read(&self, path: &Path, max_bytes: u64) -> io::Result<Vec<u8>>;

    /// Moves a file, over any that has the new name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    fn remove_file(&self, path: &Path) -> io::Result<()>;

    /// Removes a directory, if it is empty.
    fn remove_dir(&self, path: &Path) -> io::Result<()>;

    /// Waits until the names in a directory are on the disk.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;

    fn exists(&self, path: &Path) -> io::Result<bool>;

    fn list(&self, path: &Path) -> io::Result<Vec<Entry>>;

    /// Creates a file that must not exist, and locks it.
    fn create_lock(&self, path: &Path) -> io::Result<File>;

    /// Locks a file that exists; fails with [`io::ErrorKind::WouldBlock`] while somebody else
    /// holds it.
    fn take_lock(&self, path: &Path) -> io::Result<File>;
}

/// A name in a directory.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: OsString,
    pub(super) kind: EntryKind,
    pub(super) n_bytes: u64,
    pub(super) modified: SystemTime,
}

/// What a name stands for. Symbolic links are not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EntryKind {
    File,
    Directory,
    Other,
}

/// Removing what is not there is as good as having removed it.
pub(super) fn gone(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// The machine's file system.
#[derive(Debug)]
pub(super) struct Storage;

impl Disk for Storage {
    fn create_dirs(&self, path: &Path) -> io::Result<()> {
        if path.is_dir() {
            return Ok(());
        }
        if let Some(above) = path.parent().filter(|above| !above.as_os_str().is_empty())
            && !above.is_dir()
        {
            self.create_dirs(above)?;
            let home = above.parent().filter(|home| !home.as_os_str().is_empty());
            // Whoever may create in a directory may not always read it, as syncing takes.
            let _ = self.sync_dir(home.unwrap_or(Path::new(".")));
        }
        match private_dir().create(path) {
            // Somebody else was faster.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
            result => result,
        }
    }

    fn write(&self, path: &Path, parts: &[&[u8]]) -> io::Result<()> {
        let mut file = private_file().create(true).truncate(true).open(path)?;
        for part in parts {
            file.write_all(part)?;
        }
        file.sync_all()
    }

    fn read(&self, path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(path)?.take(max_bytes).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }

    #[cfg(unix)]
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        match File::open(path)?.sync_all() {
            // Some network file systems sync no directories; theirs is another way.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
                ) =>
            {
                Ok(())
            }
            result => result,
        }
    }

    /// Only Unix opens directories as files.
    #[cfg(not(unix))]
    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        fs::exists(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let metadata = match entry.metadata() {
                // Removed by another process since the directory was read.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                metadata => metadata?,
            };
            let kind = match metadata.file_type() {
                kind if kind.is_file() => EntryKind::File,
                kind if kind.is_dir() => EntryKind::Directory,
                _ => EntryKind::Other,
            };
            entries.push(Entry {
                name: entry.file_name(),
                kind,
                n_bytes: metadata.len(),
                modified: metadata.modified().unwrap_or(UNIX_EPOCH),
            });
        }
        Ok(entries)
    }

    fn create_lock(&self, path: &Path) -> io::Result<File> {
        locked(private_file().create_new(true).open(path)?)
    }

    fn take_lock(&self, path: &Path) -> io::Result<File> {
        // Opening a FIFO would wait for its other end, for ever.
        if !std::fs::symlink_metadata(path)?.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        locked(private_file().open(path)?)
    }
}

fn locked(file: File) -> io::Result<File> {
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Readable and writable for our user alone, where the system knows such modes.
fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn private_dir() -> DirBuilder {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes to set"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}
