//! What must not be sent again and may still be worth a look, up to a bound.
//! Never reads a file: whatever is put aside here was counted before.

use std::io;
use std::path::Path;

use super::Spool;
use super::disk::EntryKind;

pub(super) const QUARANTINE: &str = "quarantine";

/// All quarantined files of all processes together.
const MAX_BYTES: u64 = 64 << 20;

/// A bound for small files, each of which costs an inode and a directory entry.
const MAX_FILES: usize = 1_000;

impl Spool {
    /// Moves a file into the quarantine, and the oldest out of it.
    pub(super) fn isolate(&mut self, path: &Path) -> io::Result<()> {
        let dir = self.root.join(QUARANTINE);
        self.disk.create_dirs(&dir)?;
        // Unique among processes; what the file is called elsewhere may not be.
        let own = self.own.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("{own}-{:010}", self.next_sequence);
        self.next_sequence += 1;
        self.disk.rename(path, &dir.join(name))?;
        // Past its bound until the next time, if the disk fails now.
        let _ = self.trim_quarantine(&dir);
        Ok(())
    }

    fn trim_quarantine(&self, dir: &Path) -> io::Result<()> {
        let mut files = self.disk.list(dir)?;
        files.retain(|entry| entry.kind == EntryKind::File);
        files.sort_by(|a, b| (a.modified, &a.name).cmp(&(b.modified, &b.name)));
        let mut n_bytes: u64 = files.iter().map(|entry| entry.n_bytes).sum();
        let mut n_files = files.len();
        for oldest in files {
            if n_bytes <= MAX_BYTES && n_files <= MAX_FILES {
                break;
            }
            super::disk::gone(self.disk.remove_file(&dir.join(&oldest.name)))?;
            n_bytes -= oldest.n_bytes;
            n_files -= 1;
        }
        Ok(())
    }
}
