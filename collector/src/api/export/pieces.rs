//! A writer whose bytes become a body, piece by piece.
//! It never runs ahead: it waits for whoever reads, and gives up on who does not.

#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::channel::{Channel, Sender};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// Bytes of a piece, and pieces that may wait to be sent.
const PIECE_BYTES: usize = 64 << 10;
const PIECES: usize = 4;

/// A reader that takes no piece for so long is gone.
const STALL: Duration = Duration::from_secs(60);

/// The writing end, for a thread that may block.
#[derive(Debug)]
pub(super) struct Pieces {
    gathered: BytesMut,
    sender: Option<Sender<Bytes, io::Error>>,
    /// Told of the first piece.
    began: Option<oneshot::Sender<()>>,
    is_left_alone: bool,
    runtime: Handle,
}

/// A writer, what resolves with its first piece, and the body. Needs a runtime around it.
pub(super) fn pieces() -> (Pieces, oneshot::Receiver<()>, Channel<Bytes, io::Error>) {
    let (sender, body) = Channel::new(PIECES);
    let (began, begin) = oneshot::channel();
    let pieces = Pieces {
        gathered: BytesMut::new(),
        sender: Some(sender),
        began: Some(began),
        is_left_alone: false,
        runtime: Handle::current(),
    };
    (pieces, begin, body)
}

impl Pieces {
    /// Sends what is left. Without it the body breaks off.
    pub(super) fn end(mut self) -> io::Result<()> {
        self.send()?;
        // Let go of without a word, it ends the body as a whole one.
        drop(self.sender.take());
        Ok(())
    }

    /// Whether whoever read has gone, or takes nothing any more: no failure of ours.
    pub(super) fn is_left_alone(&self) -> bool {
        self.is_left_alone
    }

    fn send(&mut self) -> io::Result<()> {
        let piece = self.gathered.split().freeze();
        if let Some(began) = self.began.take() {
            // Nobody waits any more: then sending fails, and says so.
            let _ = began.send(());
        }
        let Some(sender) = self.sender.as_mut().filter(|_| !piece.is_empty()) else {
            return Ok(());
        };
        match self.runtime.block_on(timeout(STALL, sender.send_data(piece))) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(self.leave(io::ErrorKind::BrokenPipe)),
            Err(_) => Err(self.leave(io::ErrorKind::TimedOut)),
        }
    }

    fn leave(&mut self, kind: io::ErrorKind) -> io::Error {
        self.is_left_alone = true;
        kind.into()
    }
}

/// Also when the thread panics, half an export must not look like a whole one.
impl Drop for Pieces {
    fn drop(&mut self) {
        if let Some(sender) = self.sender.take() {
            sender.abort(io::Error::other("the export broke off"));
        }
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= PIECE_BYTES {
            self.send()?;
        }
        Ok(bytes.len())
    }

    /// Nothing: [`Pieces::end`] sends what is left, once it is known to be whole.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
