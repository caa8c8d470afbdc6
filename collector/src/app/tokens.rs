//! Keeps the door's tokens as the file has them, and the file's times of use as the door knows them.
//! It never holds a request up: it looks once a second, on a thread of its own.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use tokio::sync::oneshot;

use super::StartError;
use crate::config::Settings;
use crate::ingest::Access;
use crate::store::{TokenFile, TokenFileError};

/// Within this time a token that was made is let in, and one that was revoked is not.
const LOOK: Duration = Duration::from_secs(1);

/// Times of use are written after so many looks.
const WRITE_AFTER: u32 = 60;

/// The thread that looks.
#[derive(Debug)]
pub(super) struct Watch {
    /// Dropped, it ends the thread.
    stop: Sender<std::convert::Infallible>,
    /// Resolves, with an error, once the thread has ended.
    ended: oneshot::Receiver<std::convert::Infallible>,
}

/// Who may come in at the start.
pub(super) async fn access(
    settings: &Settings,
    is_loopback: bool,
) -> Result<Arc<Access>, StartError> {
    let dir = settings.data_dir.clone().filter(|dir| dir.is_dir());
    let stored = match dir {
        Some(dir) => tokio::task::spawn_blocking(move || TokenFile::open(&dir)?.all())
            .await
            .map_err(|error| StartError::Store(Box::new(error)))??,
        None => Vec::new(),
    };
    Ok(Arc::new(Access::new(settings.tokens.clone(), stored, is_loopback)))
}

impl Watch {
    /// Starts the thread.
    pub(super) fn start(dir: &Path, access: Arc<Access>) -> Result<Self, StartError> {
        let file = TokenFile::open(dir)?;
        let (stop, stopped) = channel();
        let (ended, end) = oneshot::channel();
        let thread = std::thread::Builder::new().name("egret-tokens".to_owned());
        let run = move || {
            run(file, &access, &stopped);
            drop(ended);
        };
        thread.spawn(run).map_err(StartError::Thread)?;
        Ok(Self { stop, ended: end })
    }

    /// Writes what is left to write, and ends.
    pub(super) async fn end(self) {
        drop(self.stop);
        // It always ends with an error: the thread lets go of its end, and sends nothing.
        let _ = self.ended.await;
    }
}

fn run(mut file: TokenFile, access: &Access, stopped: &Receiver<std::convert::Infallible>) {
    // What was changed between the start and here is seen at the first look.
    let mut seen = None;
    let mut n_looks = 0;
    let mut is_failing = false;
    loop {
        let is_over = stopped.recv_timeout(LOOK) != Err(RecvTimeoutError::Timeout);
        let mut done = look(&file, access, &mut seen);
        n_looks += 1;
        if is_over || n_looks >= WRITE_AFTER {
            n_looks = 0;
            let used = access.take_used();
            done = done.and(if used.is_empty() { Ok(()) } else { file.used(&used) });
        }
        if let Err(error) = &done
            && !is_failing
        {
            let error: &dyn std::error::Error = error;
            tracing::error!(error, "cannot read the tokens again; those that were known hold");
        }
        is_failing = done.is_err();
        if is_over {
            return;
        }
    }
}

fn look(file: &TokenFile, access: &Access, seen: &mut Option<i64>) -> Result<(), TokenFileError> {
    let version = Some(file.version()?);
    if *seen != version {
        access.store(file.all()?);
        *seen = version;
    }
    Ok(())
}

impl From<TokenFileError> for StartError {
    fn from(error: TokenFileError) -> Self {
        Self::Store(Box::new(error))
    }
}
