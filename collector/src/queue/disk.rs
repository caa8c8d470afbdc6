//! The operations that the queue asks of a file system, and the real ones.
//! It never decides anything: what a failure means is for the queue to say.

use std::fmt::Debug;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// A file system; tests have one that fails.
pub(super) trait Disk: Debug + Send + Sync {
    /// Creates a directory for our user alone; one that exists will do.
    fn create_dir(&self, path: &Path) -> io::Result<()>;

    /// Creates a file that must not exist, for our user alone.
    fn create(&self, path: &Path) -> io::Result<File>;

    /// Opens a file to read and to change.
    fn open(&self, path: &Path) -> io::Result<File>;

    /// Writes at the file's end.
    fn append(&self, file: &File, bytes: &[u8]) -> io::Result<()>;

    /// Writes over what is at an offset.
    fn overwrite(&self, file: &File, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Waits until a file is on the disk.
    fn sync(&self, file: &File) -> io::Result<()>;

    /// Waits until the names in a directory are on the disk.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;

    fn truncate(&self, file: &File, n_bytes: u64) -> io::Result<()>;

    /// Reads so many bytes from an offset on, or what there is of them.
    fn read_at(&self, file: &File, offset: u64, n_bytes: usize) -> io::Result<Vec<u8>>;

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    fn remove(&self, path: &Path) -> io::Result<()>;

    /// The files of a directory and their sizes.
    fn list(&self, path: &Path) -> io::Result<Vec<(String, u64)>>;

    /// The same, the oldest first.
    fn oldest_first(&self, path: &Path) -> io::Result<Vec<(String, u64)>>;

    /// What our user may still write.
    fn free_bytes(&self, path: &Path) -> io::Result<u64>;
}

/// The machine's file system.
#[derive(Debug, Clone, Copy)]
pub(super) struct Storage;

impl Disk for Storage {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes to set"))]
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match builder.create(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
            result => result,
        }
    }

    fn create(&self, path: &Path) -> io::Result<File> {
        private().create_new(true).open(path)
    }

    fn open(&self, path: &Path) -> io::Result<File> {
        private().open(path)
    }

    fn append(&self, mut file: &File, bytes: &[u8]) -> io::Result<()> {
        file.seek(SeekFrom::End(0))?;
        file.write_all(bytes)
    }

    fn overwrite(&self, mut file: &File, offset: u64, bytes: &[u8]) -> io::Result<()> {
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(bytes)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        // Only Unix opens directories as files.
        if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
    }

    fn truncate(&self, file: &File, n_bytes: u64) -> io::Result<()> {
        file.set_len(n_bytes)
    }

    fn read_at(&self, mut file: &File, offset: u64, n_bytes: usize) -> io::Result<Vec<u8>> {
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::with_capacity(n_bytes);
        file.take(n_bytes as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<(String, u64)>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            // Removed since the directory was read, when there is no metadata.
            let metadata = entry.metadata().ok().filter(fs::Metadata::is_file);
            let name = entry.file_name().into_string().ok();
            files.extend(name.zip(metadata.map(|metadata| metadata.len())));
        }
        Ok(files)
    }

    fn oldest_first(&self, path: &Path) -> io::Result<Vec<(String, u64)>> {
        let mut files = self.list(path)?;
        // Names break ties, and stand for a time that the system does not tell.
        files.sort_by_cached_key(|(name, _)| {
            let metadata = fs::metadata(path.join(name));
            (metadata.and_then(|metadata| metadata.modified()).ok(), name.clone())
        });
        Ok(files)
    }

    #[cfg(unix)]
    fn free_bytes(&self, path: &Path) -> io::Result<u64> {
        let disk = rustix::fs::statvfs(path)?;
        Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    /// Unknown, and so as much as is asked for.
    #[cfg(not(unix))]
    fn free_bytes(&self, _: &Path) -> io::Result<u64> {
        Ok(u64::MAX)
    }
}

/// Readable and writable for our user alone, where the system knows such modes.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
