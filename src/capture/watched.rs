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
use crate::error::ErrorClass;

pin_project! {
    /// An answer's body. The attempt that it belongs to ends with it: at its last frame, at its
    /// error, or when it is dropped.
    pub struct Watched<B: Body> {
        #[pin]
        inner: B,
        flight: Flight,
        content: Option<Content>,
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
        Self { inner, flight, content, classify }
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
        match &frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    this.flight.received(data.remaining());
                    if let Some(content) = this.content {
                        content.take(data.chunk());
                    }
                }
                // Readers may stop here, without asking for the end.
                if this.inner.is_end_stream() {
                    finish(this.flight, this.content);
                    this.flight.complete();
                }
            }
            Some(Err(error)) => {
                finish(this.flight, this.content);
                this.flight.fail((this.classify)(error));
            }
            None => {
                finish(this.flight, this.content);
                this.flight.complete();
            }
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

/// What was kept of the body goes with the record.
fn finish(flight: &mut Flight, content: &mut Option<Content>) {
    if let Some(content) = content.take() {
        content.tell(flight);
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
