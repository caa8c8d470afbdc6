//! The directory of what cannot be stored: kept for people, out of the way of the rest.
//! It never overwrites one thing with another; when it is full the oldest goes, and the log says so.

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
    bounds: QuarantineBounds,
}

/// How much is kept for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct QuarantineBounds {
    pub(crate) n_files: usize,
    pub(crate) n_bytes: u64,
}

impl QuarantineBounds {
    /// Everything.
    pub(crate) const NONE: Self = Self { n_files: usize::MAX, n_bytes: u64::MAX };
}

impl Quarantine {
    /// The quarantine of a data directory. It is made when something goes there.
    pub(crate) fn of(data_dir: &Path) -> Self {
        Self::on(Arc::new(Storage), data_dir)
    }

    pub(super) fn on(disk: Arc<dyn Disk>, data_dir: &Path) -> Self {
        Self { dir: data_dir.join("quarantine"), disk, bounds: QuarantineBounds::NONE }
    }

    /// The same, of bounded size.
    pub(crate) fn within(self, bounds: QuarantineBounds) -> Self {
        Self { bounds, ..self }
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
        self.disk.sync_dir(&self.dir)?;
        self.trim();
        Ok(())
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
        self.disk.sync_dir(&self.dir)?;
        self.trim();
        Ok(())
    }

    /// Removes the oldest until what is left is within the bounds; the newest stays in any case.
    /// What cannot be removed now is removed after the next file: it is no reason to fail.
    fn trim(&self) {
        if self.bounds == QuarantineBounds::NONE {
            return;
        }
        let removed = self.disk.oldest_first(&self.dir).and_then(|files| {
            let mut n_files = files.len();
            let mut n_bytes = files.iter().fold(0, |sum: u64, file| sum.saturating_add(file.1));
            let mut removed = Vec::new();
            for (name, n) in files {
                let fits = n_files <= self.bounds.n_files && n_bytes <= self.bounds.n_bytes;
                if fits || n_files == 1 {
                    break;
                }
                self.disk.remove(&self.dir.join(&name))?;
                n_files -= 1;
                n_bytes = n_bytes.saturating_sub(n);
                removed.push(name);
            }
            Ok(removed)
        });
        match removed {
            Ok(removed) if removed.is_empty() => {}
            Ok(removed) => {
                let (n_removed, oldest) = (removed.len(), removed.first());
                tracing::error!(
                    n_removed,
                    oldest,
                    "the quarantine is full and its oldest were removed; see quarantine_files and \
                     quarantine_bytes"
                );
            }
            Err(error) => tracing::error!(%error, "the quarantine is full, and cannot be trimmed"),
        }
    }
}
