//! Calls as JSON lines, into a file that rotates or to the standard output.
//! Never holds a line back: what was sent is written, or is sent again.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Sending, Transport, settled, values};
use crate::retry::Verdict;
use crate::stats::DropReason;

/// Appends calls to a file, one JSON object a line, under OpenTelemetry's names. Roll-ups are not
/// written: with sampling, what it left out is not in the file.
#[derive(Debug)]
pub struct FileTransport {
    path: PathBuf,
    max_bytes: u64,
    max_files: u32,
    /// Two batches are never written at once.
    turn: Mutex<()>,
}

impl FileTransport {
    /// Appends to `path`, which is created when it is missing.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), max_bytes: 64 << 20, max_files: 5, turn: Mutex::new(()) }
    }

    /// Size at which the file becomes `PATH.1` and a new one begins. Defaults to 64 MiB.
    #[must_use]
    pub fn max_bytes(mut self, n: u64) -> Self {
        self.max_bytes = n;
        self
    }

    /// Files that are kept, the one that is written to among them. Defaults to 5, at least 1.
    #[must_use]
    pub fn max_files(mut self, n: u32) -> Self {
        self.max_files = n.max(1);
        self
    }

    fn append(&self, lines: &[u8]) -> io::Result<()> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut file = self.open()?;
        let length = file.metadata()?.len();
        if length > 0 && length.saturating_add(lines.len() as u64) > self.max_bytes {
            drop(file);
            self.rotate()?;
            file = self.open()?;
        }
        let before = file.metadata()?.len();
        // A line that was written by half would be written again as a whole behind it.
        file.write_all(lines).inspect_err(|_| drop(file.set_len(before)))
    }

    fn open(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.create(true).append(true).open(&self.path)
    }

    /// `calls.4` goes, `calls.3` becomes `calls.4`, ..., `calls` becomes `calls.1`.
    fn rotate(&self) -> io::Result<()> {
        if self.max_files == 1 {
            return std::fs::remove_file(&self.path);
        }
        for n in (1..self.max_files - 1).rev() {
            match std::fs::rename(numbered(&self.path, n), numbered(&self.path, n + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        std::fs::rename(&self.path, numbered(&self.path, 1))
    }
}

fn numbered(path: &Path, n: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{n}"));
    name.into()
}

impl Transport for FileTransport {
    fn send(&self, batch: Arc<[u8]>) -> Sending {
        settled(write(&batch, |lines| self.append(lines)))
    }
}

/// Writes calls to the standard output, one JSON object a line. For programs whose output is
/// collected; egret itself never prints.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct StdoutTransport;

impl Transport for StdoutTransport {
    fn send(&self, batch: Arc<[u8]>) -> Sending {
        settled(write(&batch, |lines| {
            let mut out = io::stdout().lock();
            out.write_all(lines)?;
            out.flush()
        }))
    }
}

fn write(batch: &[u8], append: impl FnOnce(&[u8]) -> io::Result<()>) -> Verdict {
    let Ok(values) = values(batch) else {
        return Verdict::Reject(DropReason::Rejected);
    };
    let lines: String = values.iter().map(|value| format!("{value}\n")).collect();
    match append(lines.as_bytes()) {
        Ok(()) => Verdict::Delivered,
        Err(_) => Verdict::Unreachable,
    }
}
