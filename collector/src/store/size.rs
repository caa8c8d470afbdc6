//! How much of the disk the store takes.
//! It never opens a file: it asks for lengths.

use std::fs;
use std::io;
use std::path::Path;

/// Bytes on the disk, with what SQLite keeps beside its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct StoreSize {
    /// Roll-ups, series, batch ids.
    pub(crate) meta_bytes: u64,
    pub(crate) calls_bytes: u64,
}

pub(super) fn size(dir: &Path) -> io::Result<StoreSize> {
    let mut size = StoreSize::default();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let sum = match name.to_str() {
            Some(name) if name.starts_with("meta.db") => &mut size.meta_bytes,
            Some(name) if name.starts_with("calls-") => &mut size.calls_bytes,
            _ => continue,
        };
        // A file may go between the listing and here.
        *sum += entry.metadata().map_or(0, |metadata| metadata.len());
    }
    Ok(size)
}
