//! The layer around a tower client.
//! Never changes a request but for the `traceparent` of hosts that may have it, and the extensions
//! by which attempts know their call and layers of ours each other.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::header::HOST;
use http::{Request, Response, Uri};
use http_body::Body;
use hyper_util::client::legacy::connect::HttpInfo;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::answer::{Asked, watch};
use super::errors::{Cause, Plain, class_of};
use super::guard::OnPanic;
use super::uri::url_of;
use crate::capture::calls::{Flying, LogicalCall};
use crate::capture::flight::{Flight, Sent};
use crate::capture::recorder::Source;
use crate::capture::tags::Tags;
use crate::capture::trace::Trace;
use crate::capture::watched::Watched;
use crate::capture::whole::Whole;
use crate::record::Kind;

/// Records the calls of a tower client. Made by [`tower_client`](crate::tower_client).
///
/// `M` tells a service's plain errors from boxed ones; the compiler finds it.
pub struct ClientLayer<M = Plain> {
    settings: Settings,
    errors: PhantomData<fn() -> M>,
}

#[derive(Debug, Clone)]
struct Settings {
    source: Source,
    origin: Option<Uri>,
    place: Place,
}

/// Where in the stack it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Next to what sends.
    Sending,
    /// Around what may send a request several times.
    AroundRetries,
}

impl<M> ClientLayer<M> {
    pub(crate) fn new(source: Source) -> Self {
        let settings = Settings { source, origin: None, place: Place::Sending };
        Self { settings, errors: PhantomData }
    }

    /// Where requests go that do not say it themselves, as those of a tonic client: the URI that
    /// its channel was made with. Defaults to the `Host` header, else it is left open.
    #[must_use]
    pub fn origin(mut self, origin: Uri) -> Self {
        self.settings.origin = Some(origin);
        self
    }

    /// Makes it the layer around a retry: it tells the call, and a layer within the retry its
    /// attempts, as long as the retry clones the request with its extensions.
    #[must_use]
    pub fn around_retries(mut self) -> Self {
        self.settings.place = Place::AroundRetries;
        self
    }
}

impl<M> Clone for ClientLayer<M> {
    fn clone(&self) -> Self {
        Self { settings: self.settings.clone(), errors: PhantomData }
    }
}

impl<M> std::fmt::Debug for ClientLayer<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientLayer").field("settings", &self.settings).finish()
    }
}

impl<S, M> Layer<S> for ClientLayer<M> {
    type Service = ClientService<S, M>;

    fn layer(&self, inner: S) -> ClientService<S, M> {
        ClientService { inner, settings: self.settings.clone(), errors: PhantomData }
    }
}

/// What [`ClientLayer`] wraps around a service.
pub struct ClientService<S, M = Plain> {
    inner: S,
    settings: Settings,
    errors: PhantomData<fn() -> M>,
}

impl<S: Clone, M> Clone for ClientService<S, M> {
    fn clone(&self) -> Self {
        let (inner, settings) = (self.inner.clone(), self.settings.clone());
        Self { inner, settings, errors: PhantomData }
    }
}

impl<S: std::fmt::Debug, M> std::fmt::Debug for ClientService<S, M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("ClientService");
        shown.field("inner", &self.inner).field("settings", &self.settings).finish()
    }
}

impl<S, B, R, M> Service<Request<B>> for ClientService<S, M>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Cause<M>,
    B: Body,
    R: Body,
    R::Error: 'static,
{
    type Response = Response<Watched<R>>;
    type Error = S::Error;
    type Future = ClientFuture<S::Future, M>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let asked = Asked { method: request.method().clone(), version: None, peer: None };
        let passage = self.settings.depart(&mut request);
        ClientFuture { inner: self.inner.call(request), passage, asked, errors: PhantomData }
    }
}

pin_project! {
    /// What [`ClientService`] answers with. Dropping it is a cancelled call, also before its first
    /// poll: tower's services begin when they are called.
    #[must_use = "futures do nothing unless they are polled"]
    pub struct ClientFuture<F, M = Plain> {
        // Before `passage`: attempts within end before their call does.
        #[pin]
        inner: F,
        passage: Passage,
        asked: Asked,
        errors: PhantomData<fn() -> M>,
    }
}

impl<F, M> std::fmt::Debug for ClientFuture<F, M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientFuture").field("asked", &self.asked).finish_non_exhaustive()
    }
}

/// What a request is to us.
#[derive(Default)]
enum Passage {
    /// Nobody records it, or its record is complete.
    #[default]
    Unseen,
    /// A call, or an attempt of one.
    Attempt(Flight),
    /// A call that may consist of attempts.
    Call(Whole),
}

impl<F, R, E, M> Future for ClientFuture<F, M>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Cause<M>,
    R: Body,
    R::Error: 'static,
{
    type Output = Result<Response<Watched<R>>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(OnPanic::run(this.passage, || this.inner.poll(context)));
        let flight = match std::mem::take(this.passage) {
            Passage::Unseen => None,
            Passage::Attempt(flight) => Some(flight),
            Passage::Call(mut call) => call.decide(true, result.is_ok()),
        };
        Poll::Ready(match (result, flight) {
            (Ok(response), Some(flight)) => {
                let info = response.extensions().get::<HttpInfo>();
                this.asked.peer = info.map(|info| info.remote_addr().ip());
                Ok(watch(response, flight, this.asked, None))
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

impl Settings {
    /// What the request will be recorded as, made known to the layers within.
    fn depart<B: Body>(&self, request: &mut Request<B>) -> Passage {
        let Some(recorder) = self.source.recorder() else { return Passage::Unseen };
        if request.extensions().get::<Flying>().is_some() {
            return Passage::Unseen;
        }
        let target = self.target(request.uri());
        let url = url_of(&target, request.headers());
        let method = request.method().clone();
        let mut flight = Flight::begin(recorder.clone(), Kind::Client, method, &url);
        flight.tags(request.extensions().get::<Tags>());
        if self.place == Place::AroundRetries {
            let call = LogicalCall::begin(recorder);
            request.extensions_mut().insert(Arc::clone(&call));
            // Its attempts ready the request themselves, each anew.
            return Passage::Call(Whole::new(call, flight));
        }
        match request.extensions().get::<Arc<LogicalCall>>() {
            // Only what stands around us knows how many more there will be.
            Some(call) if call.has_ended() => flight.numbered(call.id(), call.next_attempt()),
            Some(call) => flight.attempt_of(call),
            None => {}
        }
        request.extensions_mut().insert(Flying);
        ready_request(request, &target, &mut flight);
        Passage::Attempt(flight)
    }

    /// The request's URI, completed where it does not say where it goes.
    fn target(&self, uri: &Uri) -> Uri {
        let (Some(origin), None) = (&self.origin, uri.authority()) else { return uri.clone() };
        let mut parts = origin.clone().into_parts();
        parts.path_and_query = uri.path_and_query().cloned();
        Uri::from_parts(parts).unwrap_or_else(|_| uri.clone())
    }
}

/// Notes what is sent, and adds what the configuration asks for.
fn ready_request<B: Body>(request: &mut Request<B>, target: &Uri, flight: &mut Flight) {
    let allowed = flight.recorder().allowed();
    let header = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let host = target.host().or(header.map(without_port)).unwrap_or_default().to_owned();
    let trace = Trace::of_request(request.headers_mut(), &host, &allowed, flight.call_id());
    flight.trace(trace);
    flight.headers("http.request.header.", request.headers(), &allowed.request_headers);
    // A body whose type is the service's cannot be wrapped; its own word is all there is.
    if let Some(n_bytes) = request.body().size_hint().exact() {
        flight.sent(Sent::Whole(n_bytes));
    }
}

fn without_port(host: &str) -> &str {
    host.rsplit_once(':').map_or(host, |(name, _)| name)
}
