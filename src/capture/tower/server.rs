//! The layer around a tower server.
//! Never delays an answer, and never records a request twice, however many routers have the layer.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::answer::{Asked, watch};
use super::errors::{Cause, Plain, class_of};
use super::fields::Fields;
use super::guard::OnPanic;
use super::route::{self, Route};
use super::uri::url_of;
use crate::capture::flight::{Flight, Sent};
use crate::capture::recorder::Source;
use crate::capture::tags::Tags;
use crate::capture::trace::Trace;
use crate::capture::watched::Watched;
use crate::record::Kind;

/// Records what a server is asked and how it answers. Made by
/// [`tower_server`](crate::tower_server).
///
/// [`Tags`] in the request's extensions label its record; what a handler or a layer within knows
/// only later (the consumer, say) it puts into the extensions of the answer.
///
/// `M` tells a service's plain errors from boxed ones; the compiler finds it.
pub struct ServerLayer<M = Plain> {
    source: Source,
    errors: PhantomData<fn() -> M>,
}

impl<M> ServerLayer<M> {
    pub(crate) fn new(source: Source) -> Self {
        Self { source, errors: PhantomData }
    }
}

impl<M> Clone for ServerLayer<M> {
    fn clone(&self) -> Self {
        Self::new(self.source.clone())
    }
}

impl<M> std::fmt::Debug for ServerLayer<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerLayer").field("source", &self.source).finish()
    }
}

impl<S, M> Layer<S> for ServerLayer<M> {
    type Service = ServerService<S, M>;

    fn layer(&self, inner: S) -> ServerService<S, M> {
        ServerService { inner, layer: self.clone() }
    }
}

/// What [`ServerLayer`] wraps around a service.
pub struct ServerService<S, M = Plain> {
    inner: S,
    layer: ServerLayer<M>,
}

impl<S: Clone, M> Clone for ServerService<S, M> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), layer: self.layer.clone() }
    }
}

impl<S: std::fmt::Debug, M> std::fmt::Debug for ServerService<S, M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("ServerService");
        shown.field("inner", &self.inner).field("layer", &self.layer).finish()
    }
}

impl<S, B, R, M> Service<Request<B>> for ServerService<S, M>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Cause<M>,
    B: Body + 'static,
    R: Body,
    R::Error: 'static,
{
    type Response = Response<Watched<R>>;
    type Error = S::Error;
    type Future = ServerFuture<S::Future, M>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let version = Some(request.version());
        let asked = Asked { method: request.method().clone(), version, peer: None };
        let (request, flight) = arrive(&self.layer.source, request);
        ServerFuture { inner: self.inner.call(request), flight, asked, errors: PhantomData }
    }
}

pin_project! {
    /// What [`ServerService`] answers with. Servers drop it when the client goes away, which is
    /// recorded as cancelled.
    #[must_use = "futures do nothing unless they are polled"]
    pub struct ServerFuture<F, M = Plain> {
        #[pin]
        inner: F,
        flight: Option<Flight>,
        asked: Asked,
        errors: PhantomData<fn() -> M>,
    }
}

impl<F, M> std::fmt::Debug for ServerFuture<F, M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerFuture").field("asked", &self.asked).finish_non_exhaustive()
    }
}

impl<F, R, E, M> Future for ServerFuture<F, M>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Cause<M>,
    R: Body,
    R::Error: 'static,
{
    type Output = Result<Response<Watched<R>>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(OnPanic::run(this.flight, || this.inner.poll(context)));
        let flight = this.flight.take();
        Poll::Ready(match (result, flight) {
            (Ok(response), Some(mut flight)) => {
                if let Some(tags) = response.extensions().get::<Tags>() {
                    flight.more_tags(tags);
                }
                let look = Fields::of(response.status(), response.headers());
                Ok(watch(response, flight, this.asked, look))
            }
            (Ok(response), None) => Ok(response.map(Watched::unseen)),
            (Err(error), flight) => {
                if let Some(mut flight) = flight {
                    flight.fail(class_of(error.as_error()));
                }
                Err(error)
            }
        })
    }
}

/// Marks a request that a layer further out records already, as when a router and one nested in it
/// have the layer both.
#[derive(Debug, Clone, Copy)]
struct Recorded;

/// Notes what is asked. Without a flight, nobody records it here.
fn arrive<B: Body + 'static>(source: &Source, request: Request<B>) -> (Request<B>, Option<Flight>) {
    let recorder = source.recorder().filter(|_| request.extensions().get::<Recorded>().is_none());
    let Some(recorder) = recorder else { return (request, None) };
    let (mut request, route) = Route::of(request);
    request.extensions_mut().insert(Recorded);
    let url = url_of(route.uri.as_ref().unwrap_or(request.uri()), request.headers());
    let mut flight = Flight::begin(recorder, Kind::Server, request.method().clone(), &url);
    let matched = Tags::new().template(route.template);
    let own = request.extensions().get::<Tags>().cloned().unwrap_or_default();
    flight.tags(Some(&own.over(&matched)));
    for (name, value) in route.parameters {
        flight.fact(format!("url.path.parameter.{name}"), value);
    }
    if let Some(peer) = route.peer {
        flight.peer(peer);
    }
    flight.trace(Trace::of_arrival(request.headers()));
    let allowed = flight.recorder().allowed();
    flight.headers("http.request.header.", request.headers(), &allowed.request_headers);
    match request.body().size_hint().exact() {
        Some(n_bytes) => flight.sent(Sent::Whole(n_bytes)),
        None => {
            if let Some(n_bytes) = route::count(request.body_mut()) {
                flight.sent(Sent::Streaming(n_bytes));
            }
        }
    }
    (request, Some(flight))
}
