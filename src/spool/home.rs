//! Our own directory: made at the start, made again when it vanished, removed at the end.
//! Never leaves a directory that holds batches without its lock.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::disk::Disk;
use super::{LOCK, Spool, SpoolError};

/// Fresh names that are tried when an adopter takes the new directory for a dead process's.
const N_NAMES_TRIED: u32 = 5;

impl Spool {
    /// Makes our directory again, if somebody removed it or its lock.
    pub(super) fn resettle(&mut self) -> Result<(), SpoolError> {
        let path = self.own.join(LOCK);
        let exists = self.disk.exists(&path);
        if !exists.map_err(|error| SpoolError::disk("look for", path, error))? {
            // What is still locked is a file that nobody can find.
            self.lock = None;
        }
        if self.lock.is_none() {
            self.lock = Some(settle(self.disk.as_ref(), &self.root, &self.own)?);
        }
        Ok(())
    }
}

/// An empty directory of ours goes with us; one that holds something waits for its adopter.
impl Drop for Spool {
    fn drop(&mut self) {
        if !self.index.is_empty() || self.sweep().is_err() {
            return;
        }
        let Ok(entries) = self.disk.list(&self.own) else {
            return;
        };
        // Without its lock, a directory that is not empty would never be adopted.
        if entries.iter().all(|entry| entry.name == LOCK) {
            let _ = self.disk.remove_file(&self.own.join(LOCK));
            let _ = self.disk.remove_dir(&self.own);
        }
    }
}

/// A directory of our own under a fresh name, and its lock.
pub(super) fn settle_anywhere(disk: &dyn Disk, root: &Path) -> Result<(PathBuf, File), SpoolError> {
    let mut n_tries = 1;
    loop {
        let own = root.join(format!("{}-{}", Uuid::now_v7(), std::process::id()));
        match settle(disk, root, &own) {
            Ok(lock) => return Ok((own, lock)),
            Err(error) => {
                let _ = disk.remove_file(&own.join(LOCK));
                let _ = disk.remove_dir(&own);
                if n_tries == N_NAMES_TRIED || !error.is_race() {
                    return Err(error);
                }
            }
        }
        n_tries += 1;
    }
}

/// Creates `own`, those above it, and its lock.
fn settle(disk: &dyn Disk, root: &Path, own: &Path) -> Result<File, SpoolError> {
    let path = own.join(LOCK);
    disk.create_dirs(own).map_err(|error| SpoolError::disk("create", own.to_path_buf(), error))?;
    // Nothing that waits for the disk stands between the two: until it is locked, an adopter may
    // take the directory for a dead process's and remove it.
    let lock = match disk.create_lock(&path) {
        // Left by a try of ours that failed half-way.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => disk.take_lock(&path),
        lock => lock,
    };
    let lock = lock.and_then(|lock| {
        // An adopter that came between our creating and our locking has removed the file.
        if disk.exists(&path)? { Ok(lock) } else { Err(io::ErrorKind::NotFound.into()) }
    });
    let lock = lock.map_err(|error| SpoolError::disk("lock", path, error))?;
    disk.sync_dir(root).map_err(|error| SpoolError::disk("sync", root.to_path_buf(), error))?;
    Ok(lock)
}
