//! What the spool's callers are told when the disk refuses.
//! Never loses a batch by itself: an error says that nothing was stored or that nothing was read.

use std::io;
use std::path::PathBuf;

use super::Gone;

/// The spool could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SpoolError {
    /// The disk refused.
    #[error("cannot {action} {path}: {advice}", path = path.display(), advice = advice(source))]
    Disk {
        /// A verb that goes before the path.
        action: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// No room would be enough.
    #[error(
        "a batch of {n_bytes} bytes is larger than the whole spool may be ({max_bytes} bytes): \
         raise EGRET_SPOOL_MAX_BYTES"
    )]
    TooLarge { n_bytes: u64, max_bytes: u64 },
}

/// Why a batch could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// The batch is lost: forgotten here, to be counted by the caller.
    #[error("the batch is gone from the spool ({:?})", .0.reason)]
    Gone(Gone),
    /// The disk refused; the batch is still in the spool.
    #[error(transparent)]
    Disk(SpoolError),
}

impl SpoolError {
    pub(super) fn disk(action: &'static str, path: PathBuf, source: io::Error) -> Self {
        Self::Disk { action, path, source }
    }

    /// Whether another process got in between, so that another name may do.
    pub(super) fn is_race(&self) -> bool {
        use io::ErrorKind::{AlreadyExists, NotFound, WouldBlock};
        let Self::Disk { source, .. } = self else {
            return false;
        };
        matches!(source.kind(), AlreadyExists | NotFound | WouldBlock)
    }
}

/// What a person can do about it.
fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "the disk is full: free some space or lower EGRET_SPOOL_MAX_BYTES"
        }
        io::ErrorKind::PermissionDenied => {
            "allow this user to write there or set EGRET_SPOOL_DIR to a directory of its own"
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            "the file system is read-only: set EGRET_SPOOL_DIR to a writable one"
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            "something else has that name: set EGRET_SPOOL_DIR to a directory"
        }
        io::ErrorKind::NotFound => {
            "it vanished: it is created again at the next try; see who removes it"
        }
        io::ErrorKind::Unsupported => {
            "the file system has no locks: set EGRET_SPOOL_DIR to a local disk"
        }
        _ => "check the disk, or set EGRET_SPOOL_DIR to another one",
    }
}
