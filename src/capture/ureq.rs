//! Sees every call of a ureq 3 agent, as a middleware.
//! Never changes the response, unless its body is to be watched.

mod body;
mod classify;

use ::ureq::middleware::MiddlewareNext;
use ::ureq::{Body, Error, ResponseExt, SendBody};
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Method, Request, Response, StatusCode};

use self::body::watched;
use self::classify::class_of;
use super::content::{Content, RESPONSE_BODY};
use super::flight::{Flight, Head, Sent};
use super::reading::Reading;
use super::recorder::{Recorder, Source};
use super::tags::Tags;
use super::trace::Trace;
use crate::record::Kind;

/// Records each call exactly once; made by [`egret::ureq::middleware`](crate::ureq::middleware).
#[derive(Debug, Clone)]
#[must_use = "a middleware sees the calls of the agent that is configured with it"]
pub struct Middleware {
    source: Source,
    watches_bodies: bool,
}

impl Middleware {
    pub(crate) fn new(source: Source) -> Self {
        Self { source, watches_bodies: false }
    }

    /// Sees bodies too: their size, their time, and whether they are read to their end, break off or
    /// are dropped half-read. Defaults to leaving them alone, for ureq's public interface makes a
    /// watched body differ from ureq's own in these:
    /// - `Body::content_length()` is `None`; the header is there.
    /// - The limit of `read_to_string`, `read_json`, `read_to_vec` and `with_config().limit(n)` is on
    ///   what comes out of gzip and brotli, not on what goes in: a body that is small only while it
    ///   is compressed may go beyond the 10 MiB that is the default.
    /// - Sent on as the body of another request it goes in chunks, where ureq's own would have gone
    ///   with its length.
    /// - Where ureq has turned a text into UTF-8, `Body::charset()` says so.
    pub fn watch_bodies(mut self) -> Self {
        self.watches_bodies = true;
        self
    }

    fn flight(recorder: Recorder, request: &mut Request<SendBody<'_>>) -> Flight {
        let (method, url) = (request.method().clone(), request.uri().to_string());
        let mut flight = Flight::begin(recorder, Kind::Client, method, &url);
        flight.tags(request.extensions().get::<Tags>());
        let host = request.uri().host().unwrap_or_default().to_owned();
        let allowed = flight.recorder().allowed();
        let headers: &mut HeaderMap = request.headers_mut();
        flight.trace(Trace::of_request(headers, &host, &allowed, flight.call_id()));
        flight.headers("http.request.header.", headers, &allowed.request_headers);
        if let Some(n_bytes) = length(headers) {
            flight.sent(Sent::Whole(n_bytes));
        }
        flight
    }

    /// Takes the answer's head, and sees to its body.
    fn arrive(
        &self,
        response: Response<Body>,
        mut flight: Flight,
        is_head: bool,
    ) -> Response<Body> {
        let body_bytes = response.body().content_length();
        flight.head(Head {
            status: response.status().as_u16(),
            version: Some(response.version()),
            peer: None,
            body_bytes,
        });
        if let Some([first, .., last]) = response.get_redirect_history() {
            let n_redirects = response.get_redirect_history().map_or(0, |all| all.len() - 1);
            flight.fact("redirect.count", n_redirects.to_string());
            if first != last {
                flight.fact("redirect.server.address", last.host().unwrap_or_default());
            }
        }
        let allowed = flight.recorder().allowed();
        flight.headers("http.response.header.", response.headers(), &allowed.response_headers);
        if is_head || is_empty(&response) {
            flight.complete();
            return response;
        }
        if !self.watches_bodies {
            flight.leave_body();
            return response;
        }
        let content = Content::of(RESPONSE_BODY, allowed.bodies.as_ref(), response.headers());
        response.map(|body| watched(body, Reading::new(flight, content, body_bytes)))
    }
}

impl ::ureq::middleware::Middleware for Middleware {
    fn handle(
        &self,
        mut request: Request<SendBody<'_>>,
        next: MiddlewareNext<'_>,
    ) -> Result<Response<Body>, Error> {
        let Some(recorder) = self.source.recorder() else {
            return next.handle(request);
        };
        let mut flight = Self::flight(recorder, &mut request);
        let is_head = request.method() == Method::HEAD;
        match next.handle(request) {
            Ok(response) => Ok(self.arrive(response, flight, is_head)),
            Err(error) => {
                match &error {
                    // An answer, of which ureq has dropped the rest.
                    Error::StatusCode(status) => {
                        let status = *status;
                        flight.head(Head { status, version: None, peer: None, body_bytes: None });
                        flight.leave_body();
                    }
                    error => flight.fail(class_of(error)),
                }
                Err(error)
            }
        }
    }
}

/// Whether there is no body to read.
fn is_empty(response: &Response<Body>) -> bool {
    let is_bodiless = matches!(
        response.status(),
        StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED | StatusCode::SWITCHING_PROTOCOLS
    );
    is_bodiless
        || response.body().content_length() == Some(0)
        || length(response.headers()) == Some(0)
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
