//! From an answer's head to the body that ends its record.
//! Never changes a header, nor what the body says of itself.

use std::net::IpAddr;

use http::header::CONTENT_LENGTH;
use http::{Method, Response, StatusCode, Version};
use http_body::Body;

use super::errors::class_of_body;
use crate::capture::content::{Content, RESPONSE_BODY};
use crate::capture::flight::{Flight, Head};
use crate::capture::grpc;
use crate::capture::watched::{Look, Watched};

/// What is known of a request when its answer comes.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) method: Method,
    /// Of the answer, where the request tells it better.
    pub(super) version: Option<Version>,
    pub(super) peer: Option<IpAddr>,
}

/// Takes the answer's head, and watches its body to the end.
pub(super) fn watch<B>(
    response: Response<B>,
    mut flight: Flight,
    asked: &Asked,
    look: Option<Box<dyn Look>>,
) -> Response<Watched<B>>
where
    B: Body,
    B::Error: 'static,
{
    flight.head(Head {
        status: response.status().as_u16(),
        version: Some(asked.version.unwrap_or(response.version())),
        peer: asked.peer,
        body_bytes: response.body().size_hint().exact().or_else(|| content_length(&response)),
    });
    let allowed = flight.recorder().allowed();
    flight.headers("http.response.header.", response.headers(), &allowed.response_headers);
    grpc::note(&mut flight, response.headers());
    if is_over(&response, &asked.method) {
        flight.complete();
    }
    let content = Content::of(RESPONSE_BODY, allowed.bodies.as_ref(), response.headers());
    response.map(|body| Watched::new(body, flight, content, class_of_body).with_look(look))
}

/// The length that the headers promise: files are sent with it, from bodies that do not know it.
fn content_length<B>(response: &Response<B>) -> Option<u64> {
    response.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Whether no body follows, or none that belongs to HTTP.
fn is_over<B: Body>(response: &Response<B>, method: &Method) -> bool {
    let status = response.status();
    response.body().is_end_stream()
        || *method == Method::HEAD
        || (*method == Method::CONNECT && status.is_success())
        || status.is_informational()
        || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}
