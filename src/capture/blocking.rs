//! `reqwest::blocking` with egret in it, under reqwest's own names.
//! Never changes a request that can be sent again, nor anything of an answer.
//!
//! What the blocking client does not tell stays absent in its records: it works on a thread of its
//! own, where a connecting cannot be ascribed to a call for certain, so there is no `dns_ns` and no
//! `connect_ns`, and redirects are told by their last host, not by their number.

mod body;
mod builder;
mod classify;
mod request;
mod response;

pub use body::Body;
pub use builder::ClientBuilder;
pub use request::RequestBuilder;
pub use response::Response;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use http::{HeaderMap, Method};
use reqwest::IntoUrl;
use reqwest::blocking::Request;

use super::classify::class_of_reqwest;
use super::content::{Content, REQUEST_BODY};
use super::flight::{Flight, Sent};
use super::phases::Unused;
use super::recorder::Source;
use super::tags::Tags;
use super::trace::Trace;
use crate::record::Kind;

/// [`reqwest::blocking::Client`], every call of which is recorded. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    inner: reqwest::blocking::Client,
    source: Source,
    /// The unused connections of a client that was built here.
    unused: Option<Arc<Unused>>,
}

impl Client {
    pub(crate) fn wrap(inner: reqwest::blocking::Client, source: Source) -> Self {
        Self { inner, source, unused: None }
    }

    /// [`reqwest::blocking::Client::get`].
    pub fn get<U: IntoUrl>(&self, url: U) -> RequestBuilder {
        self.request(Method::GET, url)
    }

    /// [`reqwest::blocking::Client::post`].
    pub fn post<U: IntoUrl>(&self, url: U) -> RequestBuilder {
        self.request(Method::POST, url)
    }

    /// [`reqwest::blocking::Client::put`].
    pub fn put<U: IntoUrl>(&self, url: U) -> RequestBuilder {
        self.request(Method::PUT, url)
    }

    /// [`reqwest::blocking::Client::patch`].
    pub fn patch<U: IntoUrl>(&self, url: U) -> RequestBuilder {
        self.request(Method::PATCH, url)
    }

    /// [`reqwest::blocking::Client::delete`].
    pub fn delete<U: IntoUrl>(&self, url: U) -> RequestBuilder {
        self.request(Method::DELETE, url)
    }

    /// [`reqwest::blocking::Client::head`].
    pub fn head<U: IntoUrl>(&self, url: U) -> RequestBuilder {
        self.request(Method::HEAD, url)
    }

    /// [`reqwest::blocking::Client::request`].
    pub fn request<U: IntoUrl>(&self, method: Method, url: U) -> RequestBuilder {
        RequestBuilder::new(self.clone(), self.inner.request(method, url))
    }

    /// [`reqwest::blocking::Client::execute`].
    ///
    /// # Errors
    /// As reqwest's.
    pub fn execute(&self, request: Request) -> reqwest::Result<Response> {
        self.send(request, None, None)
    }

    /// Sends and records. `n_read` is how much has been read of a body that is a reader.
    fn send(
        &self,
        mut request: Request,
        tags: Option<&Tags>,
        n_read: Option<Arc<AtomicU64>>,
    ) -> reqwest::Result<Response> {
        let Some(recorder) = self.source.recorder() else {
            return self.inner.execute(request).map(Response::unwatched);
        };
        let sent_to = request.url().clone();
        let method = request.method().clone();
        let mut flight = Flight::begin(recorder, Kind::Client, method, sent_to.as_str());
        flight.tags(tags);
        ready(&mut request, &mut flight, n_read);
        match self.inner.execute(request) {
            Ok(response) => {
                Ok(Response::watched(response, flight, sent_to.as_str(), self.unused.as_ref()))
            }
            Err(error) => {
                flight.fail(class_of_reqwest(&error));
                Err(error)
            }
        }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.fmt(f)
    }
}

/// Notes what is sent, and adds what the configuration asks for.
fn ready(request: &mut Request, flight: &mut Flight, n_read: Option<Arc<AtomicU64>>) {
    let allowed = flight.recorder().allowed();
    let host = request.url().host_str().unwrap_or_default().to_owned();
    let headers: &mut HeaderMap = request.headers_mut();
    flight.trace(Trace::of_request(headers, &host, &allowed, flight.call_id()));
    flight.headers("http.request.header.", headers, &allowed.request_headers);
    let content = Content::of(REQUEST_BODY, allowed.bodies.as_ref(), request.headers());
    let Some(body) = request.body() else {
        return flight.sent(Sent::Whole(0));
    };
    match (body.as_bytes(), n_read) {
        (Some(bytes), _) => {
            flight.sent(Sent::Whole(bytes.len() as u64));
            if let Some(mut content) = content {
                content.take(bytes);
                content.tell(flight);
            }
        }
        (None, Some(n_read)) => flight.sent(Sent::Streaming(n_read)),
        // A reader that reqwest has taken in hand cannot be counted.
        (None, None) => {}
    }
}
