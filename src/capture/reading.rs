//! A body that is read through `std::io::Read`: how much of it, and how it ends.
//! Never reads by itself, and never holds more of it than the configuration asks to keep.

use std::io;

use super::content::Content;
use super::flight::Flight;
use crate::error::ErrorClass;

/// Sees a body being read. Dropped before its end, its flight is recorded as given up half-read.
pub(super) struct Reading {
    flight: Flight,
    content: Option<Content>,
    /// Bytes that are still to come, where that is known.
    left_bytes: Option<u64>,
    has_begun: bool,
}

impl Reading {
    pub(super) fn new(flight: Flight, content: Option<Content>, body_bytes: Option<u64>) -> Self {
        Self { flight, content, left_bytes: body_bytes, has_begun: false }
    }

    /// Somebody read into `buffer`.
    pub(super) fn saw(
        &mut self,
        buffer: &[u8],
        result: &io::Result<usize>,
        classify: fn(&io::Error) -> ErrorClass,
    ) {
        self.has_begun = true;
        match result {
            Ok(0) if buffer.is_empty() => {}
            Ok(0) => self.end(),
            Ok(n_bytes) => {
                self.take(buffer.get(..*n_bytes).unwrap_or(buffer));
                // Readers that know the length stop without asking for the end.
                if self.left_bytes == Some(0) {
                    self.end();
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => self.fail(classify(error)),
        }
    }

    /// Somebody took all of it at once. Of a body that was begun otherwise that is not the rest.
    #[cfg(feature = "blocking")]
    pub(super) fn saw_whole(mut self, bytes: &[u8]) {
        if !self.has_begun {
            self.take(bytes);
            self.end();
        }
    }

    pub(super) fn fail(&mut self, class: ErrorClass) {
        self.tell();
        self.flight.fail(class);
    }

    /// What becomes of the rest will not be seen.
    #[cfg(feature = "blocking")]
    pub(super) fn leave(mut self) {
        self.flight.leave_body();
    }

    fn take(&mut self, bytes: &[u8]) {
        self.flight.received(bytes.len());
        self.left_bytes = self.left_bytes.map(|left| left.saturating_sub(bytes.len() as u64));
        if let Some(content) = &mut self.content {
            content.take(bytes);
        }
    }

    fn end(&mut self) {
        self.tell();
        self.flight.complete();
    }

    /// What was kept of the body goes with the record.
    fn tell(&mut self) {
        if let Some(content) = self.content.take() {
            content.tell(&mut self.flight);
        }
    }
}
