//! `POST /v1/traces`: OTLP over HTTP, answered as OTLP has it once its batches are safe.
//! It never answers 200 for what a crash could still lose.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Api;
use super::batches;
use super::body;
use super::document::{Binary, Encodings, OfTraces};
use super::problem::Problem;
use crate::clock::unix_now_ns;
use crate::ingest::{
    Compression, Encoding, Rejected, Traces, accepted, admit_traces, refused, sender,
};

/// Takes traces, as OTLP/HTTP has them
///
/// Client and server spans of HTTP become calls; others are ignored.
#[utoipa::path(
    post,
    path = "/v1/traces",
    operation_id = "send_traces",
    tag = "ingest",
    params(Encodings),
    request_body(
        content((Binary = "application/x-protobuf"), (Object = "application/json")),
        description = "An `ExportTraceServiceRequest`.",
    ),
    responses(
        (
            status = 200,
            description = "What could be taken is safe: an `ExportTraceServiceResponse`, with \
                           `partialSuccess` where something could not.",
            content((Binary = "application/x-protobuf"), (Object = "application/json")),
        ),
        OfTraces,
    ),
)]
pub(super) async fn post(State(api): State<Arc<Api>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let content_type = batches::text(&head.headers, "content-type");
    let encoding = content_type.and_then(|value| Ok(Encoding::of(value)?));
    let encoding = match encoding {
        Ok(encoding) => encoding,
        Err(problem) => {
            body::discard(body);
            return problem.into_response();
        }
    };
    match take(&api, encoding, &head, body).await {
        Ok(rejected) => answer(StatusCode::OK, encoding, accepted(encoding, &rejected)),
        Err(problem) => refuse(encoding, problem),
    }
}

async fn take(
    api: &Api,
    encoding: Encoding,
    head: &Parts,
    body: axum::body::Body,
) -> Result<Rejected, Problem> {
    let grant = batches::granted(head)?;
    let compression = match compression(&head.headers) {
        Ok(compression) => compression,
        Err(problem) => {
            body::discard(body);
            return Err(problem);
        }
    };
    let held = body::read(body, &api.bounds()).await?;
    grant.charge_bytes(held.bytes.len())?;
    let limits = api.limits;
    let traces = batches::check(api, held, move |bytes| {
        admit_traces(encoding, compression, &bytes, &limits, unix_now_ns())
    });
    let Traces { batches, n_ignored, rejected } = traces.await?;
    // All of them, before one is kept.
    if grant.is_bound() {
        batches
            .iter()
            .try_for_each(|received| Ok::<_, Problem>(grant.owns(&sender(received)?)?))?;
    }
    grant.charge_calls(batches.iter().map(|received| received.n_calls).sum())?;
    for received in batches {
        // Sent again after a refusal, those that are stored already are known by their ids.
        batches::append(api, received).await?;
    }
    if let Some(n_ignored) = api.ignored.add(n_ignored, unix_now_ns()) {
        tracing::info!(n_ignored, "spans that are no HTTP calls were ignored; told once a minute");
    }
    Ok(rejected)
}

pub(super) fn compression(headers: &HeaderMap) -> Result<Compression, Problem> {
    let encoding = batches::text(headers, "content-encoding")?;
    Ok(Compression::of(encoding.unwrap_or_default())?)
}

/// A refusal as `google.rpc.Status`, with the headers of the problem that it is elsewhere.
fn refuse(encoding: Encoding, problem: Problem) -> Response {
    let message = problem.detail().to_owned();
    let (head, _) = problem.into_response().into_parts();
    let body = refused(encoding, head.status.as_u16(), &message);
    let mut response = answer(head.status, encoding, body);
    *response.extensions_mut() = head.extensions;
    if let Some(retry_after) = head.headers.get(header::RETRY_AFTER) {
        response.headers_mut().insert(header::RETRY_AFTER, retry_after.clone());
    }
    response
}

fn answer(status: StatusCode, encoding: Encoding, body: Vec<u8>) -> Response {
    let mut response = (status, body).into_response();
    let content_type = HeaderValue::from_static(encoding.content_type());
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}
