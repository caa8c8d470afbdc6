//! Sees every call of a `reqwest` client, as a middleware.
//! Never changes a request that can be sent again, nor anything of the answer but whose hands its
//! body passes through.

mod builder;
mod stack;

pub use builder::ReqwestBuilder;
pub use stack::Stack;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use http::header::CONTENT_TYPE;
use http::{Extensions, StatusCode};
use reqwest::{Body, Request, Response, ResponseBuilderExt, Url};
use reqwest_middleware::{Next, Result};

use super::calls::LogicalCall;
use super::classify::{class_of, class_of_body};
use super::content::{Content, REQUEST_BODY, RESPONSE_BODY};
use super::flight::{Flight, Head, Sent};
use super::phases::{Bill, Billed, Unused};
use super::recorder::{Recorder, Source};
use super::tags::Tags;
use super::trace::Trace;
use super::watched::{Counted, Watched};
use super::whole::Whole;
use crate::record::Kind;

/// Records each pass through the stack exactly once: an answer at its body's end, an error, or a
/// dropped future. Standing twice in a stack, around a retry, it tells attempts from calls.
#[derive(Debug, Clone)]
pub struct Middleware {
    source: Source,
    place: Place,
    /// The unused connections of a client that is measured.
    unused: Option<Arc<Unused>>,
}

/// Where in the stack it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Alone: a pass is a call.
    Alone,
    /// Outermost of two.
    Outer,
    /// Anywhere: what stands around it may send a request several times.
    Unknown,
}

impl Middleware {
    pub(crate) fn new(source: Source) -> Self {
        Self { source, place: Place::Unknown, unused: None }
    }

    /// For a stack that has nothing else.
    pub(crate) fn alone(source: Source) -> Self {
        Self { source, place: Place::Alone, unused: None }
    }

    /// As this one, for a client whose connections are known.
    fn measured(mut self, unused: Option<Arc<Unused>>) -> Self {
        self.unused = unused;
        self
    }

    fn flight(&self, recorder: Recorder, request: &Request, extensions: &Extensions) -> Flight {
        let url = request.url().as_str().to_owned();
        let mut flight = Flight::begin(recorder, Kind::Client, request.method().clone(), url);
        flight.tags(extensions.get::<Tags>());
        flight
    }

    /// Readies the request, and what its answer is measured by.
    fn depart(&self, request: &mut Request, flight: &mut Flight) -> Departure {
        let departure = Departure {
            url: request.url().clone(),
            bill: self.unused.as_ref().map(|_| Arc::default()),
        };
        ready(request, flight);
        departure
    }

    /// Records what came of the request, or sees to it that its answer's end is.
    fn arrive(
        &self,
        departure: &Departure,
        result: Result<Response>,
        mut flight: Flight,
    ) -> Result<Response> {
        let paid = departure.bill.as_deref().zip(self.unused.as_deref());
        match result {
            Ok(response) => {
                if let Some((bill, unused)) = paid {
                    ascribe(bill, unused, &response, &mut flight);
                }
                Ok(watch(response, flight, &departure.url))
            }
            Err(error) => {
                if let Some((bill, _)) = paid {
                    flight.connection(bill.of_failure());
                }
                flight.fail(class_of(&error));
                Err(error)
            }
        }
    }

    /// Sends what may turn out to be attempts, which record themselves; or to be one itself.
    async fn whole(
        &self,
        mut whole: Whole,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let is_outer = self.place == Place::Outer;
        // The attempts of an outermost one ready the request themselves, each anew.
        let departure = match whole.flight_mut() {
            Some(flight) if !is_outer => self.depart(&mut request, flight),
            _ => Departure { url: request.url().clone(), bill: None },
        };
        let passage = next.run(request, extensions);
        let result = Billed::new(departure.bill.clone(), passage).await;
        match whole.decide(is_outer, result.is_ok()) {
            Some(flight) => self.arrive(&departure, result, flight),
            None => result,
        }
    }
}

/// What is known of a request when it is sent.
struct Departure {
    url: Url,
    bill: Option<Arc<Bill>>,
}

#[async_trait::async_trait]
impl reqwest_middleware::Middleware for Middleware {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let Some(recorder) = self.source.recorder() else {
            return next.run(request, extensions).await;
        };
        let mut flight = self.flight(recorder.clone(), &request, extensions);
        if self.place != Place::Alone {
            let Some(call) = extensions.get::<Arc<LogicalCall>>().cloned() else {
                let call = LogicalCall::begin(recorder);
                extensions.insert(Arc::clone(&call));
                let whole = Whole::new(call, flight);
                return self.whole(whole, request, extensions, next).await;
            };
            if call.has_ended() {
                // Only what stands around us knows how many more there will be.
                flight.numbered(call.id(), call.next_attempt());
            } else {
                flight.attempt_of(&call);
            }
        }
        let departure = self.depart(&mut request, &mut flight);
        let passage = next.run(request, extensions);
        let result = Billed::new(departure.bill.clone(), passage).await;
        self.arrive(&departure, result, flight)
    }
}

/// Notes what is sent, and adds what the configuration asks for.
fn ready(request: &mut Request, flight: &mut Flight) {
    let allowed = flight.recorder().allowed();
    let host = request.url().host_str().unwrap_or_default().to_owned();
    let trace = Trace::of_request(request.headers_mut(), &host, &allowed, flight.call_id());
    if let Some(trace) = trace {
        flight.trace(trace.trace_id, trace.span_id);
    }
    flight.headers("http.request.header.", request.headers(), &allowed.request_headers);
    let content_type = request.headers().get(CONTENT_TYPE);
    let content = Content::of(REQUEST_BODY, allowed.bodies.as_ref(), content_type);
    let Some(body) = request.body() else {
        return flight.sent(Sent::Whole(0));
    };
    if let Some(bytes) = body.as_bytes() {
        flight.sent(Sent::Whole(bytes.len() as u64));
        if let Some(mut content) = content {
            content.take(bytes);
            content.tell(flight);
        }
        return;
    }
    // Such a body cannot be sent twice with or without us.
    let n_bytes = Arc::new(AtomicU64::new(0));
    flight.sent(Sent::Streaming(Arc::clone(&n_bytes)));
    if let Some(body) = request.body_mut().take() {
        *request.body_mut() = Some(Body::wrap(Counted::new(body, n_bytes)));
    }
}

/// Ascribes the answer's connection.
fn ascribe(bill: &Bill, unused: &Unused, response: &Response, flight: &mut Flight) {
    let (connection, is_anothers) = bill.of_answer(response.extensions(), unused);
    flight.connection(connection);
    if is_anothers {
        flight.fact("connection.origin", "another_call");
    }
    if bill.n_redirects() > 0 {
        flight.fact("redirect.count", bill.n_redirects().to_string());
    }
}

/// Takes the answer's head, and watches its body to the end.
fn watch(response: Response, mut flight: Flight, sent_to: &Url) -> Response {
    flight.head(Head {
        status: response.status().as_u16(),
        version: Some(response.version()),
        peer: response.remote_addr().map(|address| address.ip()),
        body_bytes: response.content_length(),
    });
    if is_elsewhere(response.url(), sent_to) {
        flight.fact("redirect.server.address", response.url().host_str().unwrap_or_default());
    }
    let allowed = flight.recorder().allowed();
    flight.headers("http.response.header.", response.headers(), &allowed.response_headers);
    if response.status() == StatusCode::SWITCHING_PROTOCOLS || response.content_length() == Some(0)
    {
        flight.complete();
        return response;
    }
    let content_type = response.headers().get(CONTENT_TYPE);
    let content = Content::of(RESPONSE_BODY, allowed.bodies.as_ref(), content_type);
    let url = response.url().clone();
    let (mut parts, body) = http::Response::<Body>::from(response).into_parts();
    // The conversion leaves the URL behind, and takes it back from the extensions.
    if let Ok(carrier) = http::Response::builder().url(url).body(()) {
        parts.extensions.extend(carrier.into_parts().0.extensions);
    }
    if http_body::Body::is_end_stream(&body) {
        // There is nothing to read, so nobody will.
        flight.complete();
    }
    let body = Body::wrap(Watched::new(body, flight, content, class_of_body));
    Response::from(http::Response::from_parts(parts, body))
}

/// Whether reqwest followed a redirect; fragments are not sent.
fn is_elsewhere(arrived: &Url, sent_to: &Url) -> bool {
    let before_fragment = |url: &Url| url.as_str().split('#').next().map(str::to_owned);
    arrived != sent_to && before_fragment(arrived) != before_fragment(sent_to)
}
