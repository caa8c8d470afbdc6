//! Taking over the batches of processes that died.
//! Never touches the directory of a process that lives: whoever holds its lock owns it.

use std::fs::File;
use std::io;
use std::path::Path;

use uuid::Uuid;

use super::disk::{Entry, EntryKind};
use super::file::{self, HEADER_BYTES, Header};
use super::{Gone, GoneReason, LOCK, Spool, SpoolError};

/// What was taken over.
#[derive(Debug, Default)]
pub(crate) struct Adoption {
    /// Batches whose header could be read.
    pub(crate) n_batches: usize,
    /// Their records, also of those that are in `gone`: [`Spool::n_records`] rose by this, and fell
    /// by what `gone` knows.
    pub(crate) n_records: u64,
    /// What turned out to be damaged or too old.
    pub(crate) gone: Vec<Gone>,
    /// The first reason why something was left where it is, for another try.
    pub(crate) problem: Option<SpoolError>,
}

impl Adoption {
    fn fail(&mut self, action: &'static str, path: &Path, error: io::Error) {
        self.problem.get_or_insert(SpoolError::disk(action, path.to_path_buf(), error));
    }
}

impl Spool {
    /// Takes over what dead processes left, as far as the bound in bytes has room: an adoption
    /// never evicts. The rest stays for other processes, or for a later call here.
    ///
    /// Reads headers alone; a batch that is damaged further in shows when it is read.
    pub(crate) fn adopt(&mut self, now_unix_ns: u64) -> Adoption {
        let mut adoption = Adoption::default();
        let mut entries = match self.disk.list(&self.root) {
            Ok(entries) => entries,
            Err(error) => {
                // A vanished directory has no orphans.
                if error.kind() != io::ErrorKind::NotFound {
                    adoption.fail("list", &self.root, error);
                }
                return adoption;
            }
        };
        if let Err(error) = self.resettle() {
            adoption.problem = Some(error);
            return adoption;
        }
        entries.retain(|entry| entry.kind == EntryKind::Directory && is_instance(entry));
        // The names of the oldest processes come first.
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        for entry in entries {
            let orphan = self.root.join(&entry.name);
            if orphan == self.own {
                continue;
            }
            match self.disk.take_lock(&orphan.join(LOCK)) {
                Ok(lock) => self.take_over(&orphan, lock, now_unix_ns, &mut adoption),
                // Its process lives, or another adopter is at it.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // Left by a process that died while it began or ended; empty, or not ours to judge.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    let _ = self.disk.remove_dir(&orphan);
                }
                Err(error) => adoption.fail("lock", &orphan, error),
            }
        }
        adoption.gone.extend(self.expire(now_unix_ns));
        adoption
    }

    /// Empties and removes the directory of a dead process, whose lock we hold.
    fn take_over(&mut self, orphan: &Path, lock: File, now_unix_ns: u64, adoption: &mut Adoption) {
        let mut files = match self.disk.list(orphan) {
            Ok(files) => files,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => return adoption.fail("list", orphan, error),
        };
        files.sort_by(|a, b| a.name.cmp(&b.name));
        let n_before = self.n_batches();
        let mut n_left = 0;
        for entry in files.iter().filter(|entry| entry.name != LOCK) {
            let path = orphan.join(&entry.name);
            match self.take_file(&path, entry, now_unix_ns, adoption) {
                Ok(Taken::Away) => {}
                Ok(Taken::Not) => n_left += 1,
                Err(error) => {
                    n_left += 1;
                    adoption.fail("take over", &path, error);
                }
            }
        }
        if self.n_batches() > n_before
            && let Err(error) = self.disk.sync_dir(&self.own)
        {
            adoption.fail("sync", &self.own, error);
        }
        if n_left == 0 {
            // The lock last, and while it is held: a directory without one is never adopted.
            let lock_path = orphan.join(LOCK);
            let removed = super::disk::gone(self.disk.remove_file(&lock_path));
            match removed.and_then(|()| super::disk::gone(self.disk.remove_dir(orphan))) {
                Ok(()) => {}
                Err(error) => adoption.fail("remove", orphan, error),
            }
        }
        drop(lock);
    }

    fn take_file(
        &mut self,
        path: &Path,
        entry: &Entry,
        now_unix_ns: u64,
        adoption: &mut Adoption,
    ) -> io::Result<Taken> {
        if entry.kind != EntryKind::File {
            return Ok(Taken::Not);
        }
        if path.extension().is_some_and(|extension| extension == "tmp") {
            super::disk::gone(self.disk.remove_file(path))?;
            return Ok(Taken::Away);
        }
        let closed_unix_ns = entry.name.to_str().and_then(file::parse_name).map(|(ns, _)| ns);
        let header = match closed_unix_ns.map(|_| self.disk.read(path, HEADER_BYTES as u64)) {
            None => None,
            Some(Ok(start)) => Header::decode(&start),
            // A bad sector must not keep its directory for ever; the name says how old it is.
            Some(Err(_)) if self.is_expired(closed_unix_ns.unwrap_or(0), now_unix_ns) => None,
            Some(Err(error)) => return Err(error),
        };
        let Some(header) = header.filter(|header| header.file_bytes() == entry.n_bytes) else {
            self.isolate(path)?;
            if let Some(header) = header {
                adoption.count(&header);
            }
            let n_records = header.map(|header| header.n_records);
            adoption.gone.push(Gone { n_records, reason: GoneReason::Damaged });
            return Ok(Taken::Away);
        };
        let has_room = self.n_bytes.saturating_add(entry.n_bytes) <= self.bounds.bytes;
        // What is too old needs no room: it is on its way out.
        if !has_room && !self.is_expired(header.closed_unix_ns, now_unix_ns) {
            return Ok(Taken::Not);
        }
        let id = self.next_id(header.closed_unix_ns);
        self.disk.rename(path, &self.path_of(id))?;
        self.hold(id, entry.n_bytes, header.n_records);
        adoption.count(&header);
        Ok(Taken::Away)
    }
}

/// What became of a file of a dead process.
enum Taken {
    Away,
    Not,
}

impl Adoption {
    fn count(&mut self, header: &Header) {
        self.n_batches += 1;
        self.n_records = self.n_records.saturating_add(header.n_records);
    }
}

/// Whether a process may have given itself this directory: `<uuid>-<pid>`.
fn is_instance(entry: &Entry) -> bool {
    let parse = || {
        let (id, pid) = entry.name.to_str()?.rsplit_once('-')?;
        let is_id = Uuid::try_parse(id).is_ok_and(|parsed| parsed.to_string() == id);
        let is_pid = pid.bytes().all(|byte| byte.is_ascii_digit()) && !pid.is_empty();
        Some(is_id && is_pid)
    };
    parse().unwrap_or(false)
}
