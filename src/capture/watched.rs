//! Bodies that are watched as they stream past: how many bytes, and how they end.
//! Never reads, holds or changes a frame: length hints, trailers and errors pass as they are.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::content::Content;
use super::flight::Flight;
use super::grpc;
use crate::error::ErrorClass;

/// Looks at the bytes of a body as they pass, and says at its end what it has seen.
pub(super) trait Look: Send + Sync {
    fn take(&mut self, bytes: &[u8]);
    fn tell(&self, flight: &mut Flight);
}

pin_project! {
    /// An answer's body, as it was. The attempt that it belongs to ends with it: at its last frame, at its
    /// error, or when it is dropped.
    pub struct Watched<B: Body> {
        #[pin]
        inner: B,
        // `None` where nobody records.
        flight: Option<Flight>,
        content: Option<Content>,
        look: Option<Box<dyn Look>>,
        classify: fn(&B::Error) -> ErrorClass,
    }
}

impl<B: Body> Watched<B> {
    pub(super) fn new(
        inner: B,
        flight: Flight,
        content: Option<Content>,
        classify: fn(&B::Error) -> ErrorClass,
    ) -> Self {
        Self { inner, flight: Some(flight), content, look: None, classify }
    }

    /// A body that passes unseen.
    #[cfg(feature = "tower")]
    pub(super) fn unseen(inner: B) -> Self {
        let classify = |_: &B::Error| ErrorClass::Body;
        Self { inner, flight: None, content: None, look: None, classify }
    }

    /// Adds somebody who looks at the bytes.
    #[cfg(feature = "tower")]
    pub(super) fn with_look(self, look: Option<Box<dyn Look>>) -> Self {
        Self { look, ..self }
    }
}

impl<B: Body<Data: Buf>> Body for Watched<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let frame = ready!(this.inner.as_mut().poll_frame(context));
        let Some(flight) = this.flight else { return Poll::Ready(frame) };
        if let Some(Ok(passing)) = &frame {
            if let Some(data) = passing.data_ref() {
                flight.received(data.remaining());
                if let Some(content) = this.content {
                    content.take(data.chunk());
                }
                if let Some(look) = this.look {
                    look.take(data.chunk());
                }
            }
            // Who knows the length stops here, and drops the rest; so does hyper's server.
            if flight.has_whole_body() {
                finish(flight, this.content, this.look);
            }
            if let Some(trailers) = passing.trailers_ref() {
                grpc::note(flight, trailers);
            }
            // Readers may stop here, without asking for the end.
            if !this.inner.is_end_stream() {
                return Poll::Ready(frame);
            }
        }
        finish(flight, this.content, this.look);
        match &frame {
            Some(Err(error)) => flight.fail((this.classify)(error)),
            _ => flight.complete(),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// What was kept or seen of the body goes with the record.
fn finish(flight: &mut Flight, content: &mut Option<Content>, look: &mut Option<Box<dyn Look>>) {
    if let Some(content) = content.take() {
        content.tell(flight);
    }
    if let Some(look) = look.take() {
        look.tell(flight);
    }
}

impl<B: Body> std::fmt::Debug for Watched<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watched").finish_non_exhaustive()
    }
}

/// What layers without an answer of the service's own answer with; nothing is recorded of it here.
#[cfg(feature = "tower")]
impl<B: Body + Default> Default for Watched<B> {
    fn default() -> Self {
        Self::unseen(B::default())
    }
}

pin_project! {
    /// A request's body that streams: only such are wrapped, for what can be sent again must stay
    /// what it is.
    pub struct Counted<B> {
        #[pin]
        inner: B,
        n_bytes: Arc<AtomicU64>,
    }
}

impl<B> Counted<B> {
    pub(super) fn new(inner: B, n_bytes: Arc<AtomicU64>) -> Self {
        Self { inner, n_bytes }
    }
}

impl<B: Body<Data: Buf>> Body for Counted<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        let frame = ready!(this.inner.poll_frame(context));
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            this.n_bytes.fetch_add(data.remaining() as u64, Ordering::Relaxed);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
