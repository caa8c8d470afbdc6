//! The directory of what cannot be stored: kept for people, out of the way of the rest.
//! It never overwrites one thing with another, and never deletes.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Damaged;
use super::disk::{Disk, Storage};

/// A directory of files, each named for what it was and why it is there:
/// `<batch id>.<reason>.egrt` for a whole batch, `<batch id or position>.damaged.bin` for what is
/// left of one.
#[derive(Debug, Clone)]
pub(crate) struct Quarantine {
    dir: PathBuf,
    disk: Arc<dyn Disk>,
}

impl Quarantine {
    /// The quarantine of a data directory. It is made when something goes there.
    pub(crate) fn of(data_dir: &Path) -> Self {
        Self::on(Arc::new(Storage), data_dir)
    }

    pub(super) fn on(disk: Arc<dyn Disk>, data_dir: &Path) -> Self {
        Self { dir: data_dir.join("quarantine"), disk }
    }

    /// Keeps a batch that is whole and cannot be stored; `reason` is a word. The same batch again
    /// takes the place of the first.
    pub(crate) fn keep(&self, batch_id: uuid::Uuid, reason: &str, bytes: &[u8]) -> io::Result<()> {
        self.write(&format!("{batch_id}.{reason}.egrt"), bytes)
    }

    /// Keeps what is left of a batch.
    pub(crate) fn keep_damaged(&self, damaged: &Damaged) -> io::Result<()> {
        let name = match damaged.batch_id {
            Some(batch_id) => batch_id.to_string(),
            None => format!("position-{}", damaged.position.0),
        };
        self.write(&format!("{name}.damaged.bin"), &damaged.bytes)
    }

    /// Takes a whole file in.
    pub(super) fn take_in(&self, path: &Path) -> io::Result<()> {
        self.disk.create_dir(&self.dir)?;
        let name = path.file_name().unwrap_or_default();
        self.disk.rename(path, &self.dir.join(name))?;
        self.disk.sync_dir(&self.dir)
    }

    /// What is there: names and sizes, in order.
    pub(crate) fn list(&self) -> io::Result<Vec<(String, u64)>> {
        match self.disk.list(&self.dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            listed => listed.map(|mut files| {
                files.sort();
                files
            }),
        }
    }

    /// Where it is.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Under a name of its own first, so that a file with its right name is whole.
    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.disk.create_dir(&self.dir)?;
        let part = self.dir.join(format!("{name}.part"));
        match self.disk.remove(&part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = self.disk.create(&part)?;
        self.disk.append(&file, bytes)?;
        self.disk.sync(&file)?;
        self.disk.rename(&part, &self.dir.join(name))?;
        self.disk.sync_dir(&self.dir)
    }
}
