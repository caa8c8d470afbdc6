//! The tower layer that counts an axum server's answers.
//! Never changes a request or an answer, and never counts a request twice for one handle.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use axum::extract::{FromRequestParts, MatchedPath, RawPathParams};
use http::{Method, Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use super::Hits;

/// Counts answers by route, path parameters and status. Made by [`Hits::layer`].
#[derive(Debug, Clone)]
pub struct HitsLayer {
    hits: Hits,
    /// `None` counts all.
    methods: Option<Arc<[Method]>>,
}

impl HitsLayer {
    pub(super) fn new(hits: Hits) -> Self {
        Self { hits, methods: None }
    }

    /// Counts requests with these methods only: a `HEAD` is not a download. Defaults to all.
    #[must_use]
    pub fn methods(self, methods: impl IntoIterator<Item = Method>) -> Self {
        Self { methods: Some(methods.into_iter().collect()), ..self }
    }

    /// What is to be counted once the request is answered.
    fn arrival<B>(&self, request: Request<B>) -> (Request<B>, Option<Arrival>) {
        let is_other = |methods: &Arc<[Method]>| !methods.contains(request.method());
        let seen = Counted(self.hits.address());
        if self.methods.as_ref().is_some_and(is_other) || request.extensions().get() == Some(&seen)
        {
            return (request, None);
        }
        let (mut parts, body) = request.into_parts();
        let Some(route) = parts.extensions.get::<MatchedPath>().cloned() else {
            self.hits.record_unmatched();
            return (Request::from_parts(parts, body), None);
        };
        // Parameters that are not UTF-8 are left out; the hit still counts.
        let params = at_once(RawPathParams::from_request_parts(&mut parts, &()));
        parts.extensions.insert(seen);
        let arrival =
            Arrival { hits: self.hits.clone(), route, params: params.and_then(Result::ok) };
        (Request::from_parts(parts, body), Some(arrival))
    }
}

impl<S> Layer<S> for HitsLayer {
    type Service = HitsService<S>;

    fn layer(&self, inner: S) -> HitsService<S> {
        HitsService { inner, layer: self.clone() }
    }
}

/// What [`HitsLayer`] wraps around a service.
#[derive(Debug, Clone)]
pub struct HitsService<S> {
    inner: S,
    layer: HitsLayer,
}

impl<S, B, R> Service<Request<B>> for HitsService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = HitsFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (request, arrival) = self.layer.arrival(request);
        HitsFuture { inner: Box::pin(self.inner.call(request)), arrival }
    }
}

/// What [`HitsService`] answers with. A request whose client left before there was an answer is no
/// hit.
#[derive(Debug)]
#[must_use = "futures do nothing unless they are polled"]
pub struct HitsFuture<F> {
    /// Boxed, so that the future around it can be polled without unsafe code; next to what a
    /// server does for a request, one allocation is nothing.
    inner: Pin<Box<F>>,
    arrival: Option<Arrival>,
}

impl<F, R, E> Future for HitsFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = std::task::ready!(self.inner.as_mut().poll(context));
        if let (Some(arrival), Ok(response)) = (self.arrival.take(), &answer) {
            arrival.count(response.status().as_u16());
        }
        Poll::Ready(answer)
    }
}

/// A request that was matched and is not answered yet.
#[derive(Debug)]
struct Arrival {
    hits: Hits,
    route: MatchedPath,
    params: Option<RawPathParams>,
}

impl Arrival {
    fn count(&self, status: u16) {
        let params = self.params.iter().flatten();
        self.hits.record(self.route.as_str(), params, status);
    }
}

/// Marks a request that a layer further out counts already, as when a router and one nested in it
/// have the layer both. Holds the address of the handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Counted(usize);

/// The output of a future that waits for nothing: axum's extractors of parts are async, this one
/// in name only. One that did wait would yield `None`.
fn at_once<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}
