//! Where the calls of one client pass: readies each request, records what comes of it.
//! Never changes a request that can be sent again, nor anything of the answer but whose hands its
//! body passes through.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use http::{Extensions, StatusCode};

use super::super::classify::{Classed, class_of_body};
use super::super::reqwest::{Body, Request, Response, ResponseBuilderExt, Url};
use crate::capture::content::{Content, REQUEST_BODY, RESPONSE_BODY};
use crate::capture::flight::{Flight, Head, Sent};
use crate::capture::hops::is_elsewhere;
use crate::capture::phases::{Account, Unused};
use crate::capture::recorder::{Recorder, Source};
use crate::capture::tags::Tags;
use crate::capture::trace::Trace;
use crate::capture::watched::{Counted, Watched};
use crate::error::ErrorClass;
use crate::record::Kind;

/// What every capture of a reqwest client goes through, whether a middleware or a client of ours.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    source: Source,
    /// The unused connections of a client that is measured.
    unused: Option<Arc<Unused>>,
}

impl Gate {
    pub(crate) fn new(source: Source) -> Self {
        Self { source, unused: None }
    }

    /// As this one, for a client whose connections are known.
    pub(super) fn measured(self, unused: Arc<Unused>) -> Self {
        Self { unused: Some(unused), ..self }
    }

    pub(in crate::capture) fn recorder(&self) -> Option<Recorder> {
        self.source.recorder()
    }

    /// Begins to record a request that is about to be sent.
    pub(in crate::capture) fn begin(
        &self,
        recorder: Recorder,
        request: &Request,
        tags: Option<&Tags>,
    ) -> Flight {
        let (method, url) = (request.method().clone(), request.url().as_str());
        let mut flight = Flight::begin(recorder, Kind::Client, method, url);
        flight.tags(tags);
        flight
    }

    /// Readies the request, and opens the account of what it will pay for.
    pub(in crate::capture) fn depart(&self, request: &mut Request, flight: &mut Flight) -> Account {
        ready(request, flight);
        if self.unused.is_some() { Account::Open } else { Account::Unmeasured }
    }

    /// Records what came of the request, or sees to it that its answer's end is.
    pub(in crate::capture) fn arrive<E: Classed>(
        &self,
        account: &Account,
        result: Result<Response, E>,
        mut flight: Flight,
    ) -> Result<Response, E> {
        match result {
            Ok(response) => {
                if let Some(unused) = &self.unused {
                    ascribe(account, unused, &response, &mut flight);
                }
                Ok(watch(response, flight))
            }
            Err(error) => {
                let class = error.class();
                if self.unused.is_some() {
                    let url = Url::parse(flight.url()).ok();
                    let host = url.as_ref().and_then(Url::host_str);
                    flight.connection(account.of_failure(host));
                    note_redirects(account, class == ErrorClass::Redirect, &mut flight);
                }
                flight.fail(class);
                Err(error)
            }
        }
    }
}

/// Notes what is sent, and adds what the configuration asks for.
fn ready(request: &mut Request, flight: &mut Flight) {
    let allowed = flight.recorder().allowed();
    // Only for hosts that may see a trace it matters which one it is.
    let host = request.url().host_str().filter(|_| !allowed.trace_hosts.is_empty());
    let host = host.unwrap_or_default().to_owned();
    let trace = Trace::of_request(request.headers_mut(), &host, &allowed, flight.call_id());
    flight.trace(trace);
    flight.headers("http.request.header.", request.headers(), &allowed.request_headers);
    let content = Content::of(REQUEST_BODY, allowed.bodies.as_ref(), request.headers());
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
fn ascribe(account: &Account, unused: &Unused, response: &Response, flight: &mut Flight) {
    let host = response.url().host_str();
    let (connection, is_anothers) = account.of_answer(unused, response.extensions(), host);
    flight.connection(connection);
    if is_anothers {
        flight.fact("connection.origin", "another_call");
    }
    let is_redirect = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    note_redirects(account, is_redirect, flight);
}

/// Of the redirects that the policy was asked about it refused the last one, where the call ended
/// with it.
fn note_redirects(account: &Account, is_last_refused: bool, flight: &mut Flight) {
    let n_followed = account.n_redirects().saturating_sub(u32::from(is_last_refused));
    if n_followed > 0 {
        flight.fact("redirect.count", n_followed.to_string());
    }
}

/// Takes the answer's head, and watches its body to the end.
fn watch(response: Response, mut flight: Flight) -> Response {
    let body_bytes = response.content_length();
    flight.head(Head {
        status: response.status().as_u16(),
        version: Some(response.version()),
        peer: response.remote_addr().map(|address| address.ip()),
        body_bytes,
    });
    if is_elsewhere(response.url(), flight.url()) {
        flight.fact("redirect.server.address", response.url().host_str().unwrap_or_default());
    }
    let allowed = flight.recorder().allowed();
    flight.headers("http.response.header.", response.headers(), &allowed.response_headers);
    if response.status() == StatusCode::SWITCHING_PROTOCOLS || body_bytes == Some(0) {
        flight.complete();
        return response;
    }
    let content = Content::of(RESPONSE_BODY, allowed.bodies.as_ref(), response.headers());
    let url = response.url().clone();
    let (mut parts, body) = http::Response::<Body>::from(response).into_parts();
    parts.extensions = with_url(parts.extensions, url);
    if http_body::Body::is_end_stream(&body) {
        // There is nothing to read, so nobody will.
        flight.complete();
    }
    let body = Body::wrap(Watched::new(body, flight, content, class_of_body));
    Response::from(http::Response::from_parts(parts, body))
}

/// The conversion leaves the URL behind, and takes it back from the extensions.
fn with_url(extensions: Extensions, url: Url) -> Extensions {
    let mut carrier = http::Response::builder();
    if let Some(own) = carrier.extensions_mut() {
        *own = extensions;
    }
    // Only a status, a version or a header could be wrong, and none is set.
    carrier.url(url).body(()).map(|carrier| carrier.into_parts().0.extensions).unwrap_or_default()
}
