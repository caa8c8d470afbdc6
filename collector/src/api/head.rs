//! The bounds of a request's head: its URL and its headers.
//! It never looks at what they say. Heads beyond what hyper itself reads (100 headers, 64 KiB of URL,
//! 400 KiB in all) are refused before, with the same status and no words.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::body;
use super::problem::Problem;

/// Path and query.
const MAX_URL_BYTES: usize = 8 << 10;

/// More than browsers and proxies send.
const MAX_HEADERS: usize = 64;
const MAX_HEADER_BYTES: usize = 32 << 10;

/// Refuses what is beyond, before anything else of a request is looked at.
pub(super) async fn bounded(request: Request, next: Next) -> Response {
    let url = request.uri().path_and_query().map_or(0, |url| url.as_str().len());
    let headers = request.headers();
    let n_bytes: usize =
        headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    let problem = if url > MAX_URL_BYTES {
        Problem::long_url(MAX_URL_BYTES)
    } else if headers.len() > MAX_HEADERS || n_bytes > MAX_HEADER_BYTES {
        Problem::large_head(MAX_HEADERS, MAX_HEADER_BYTES)
    } else {
        return next.run(request).await;
    };
    body::discard(request.into_body());
    problem.into_response()
}
