//! `GET /api/v1/export/...`: reads the question, and streams the answer as a file.
//! It never answers 200 before the first piece is there, and never holds more than a few pieces.

mod pieces;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};

use super::Api;
use super::calls::{CallFilters, filter};
use super::document::{OfExports, Range, Selection, one_of_query};
use super::parameters::{Parameters, one_of};
use super::problem::Problem;
use super::summary::selection;
use crate::clock::unix_now_ns;
use crate::export::{self, Damaged, ExportError, Format};
use crate::query::Queries;
use pieces::Pieces;

/// `format`, which says more than `Accept` does.
struct Formats;

impl IntoParams for Formats {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let words = Format::ALL.map(Format::as_str);
        let about = "What it is written as; without it `Accept` decides, and then `ndjson`.";
        vec![one_of_query("format", about, &words)]
    }
}

/// `damaged`.
struct SkipDamaged;

impl IntoParams for SkipDamaged {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let about = "`skip` leaves out batches whose bytes are damaged on the disk; without it such \
                     a batch breaks the export off, and the collector's log names it.";
        vec![one_of_query("damaged", about, &["skip"])]
    }
}

/// All calls that match, as a file
///
/// The newest first, streamed. An export that fails on its way breaks off: its body has no end.
#[utoipa::path(
    get,
    path = "/api/v1/export/calls",
    operation_id = "export_calls",
    tag = "questions",
    params(Range, CallFilters, Formats, SkipDamaged),
    responses(
        (
            status = 200, description = "The calls.",
            content(
                (String = "text/csv"), (String = "application/x-ndjson"),
                (super::document::Binary = "application/vnd.apache.parquet"),
            ),
        ),
        OfExports,
    ),
)]
pub(super) async fn calls(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let mut parameters = Parameters::new(pairs);
    let filter = filter(&mut parameters, unix_now_ns())?;
    let format = format(&mut parameters, &headers)?;
    let damaged = |word: &str| (word == "skip").then_some(Damaged::Skipped);
    let damaged = parameters.parsed("damaged", "skip", damaged)?.unwrap_or(Damaged::Fails);
    parameters.finish()?;
    let export = move |queries: &Queries, out: &mut Pieces| {
        export::calls(queries, filter, damaged, format, &mut *out)?;
        Ok(())
    };
    stream(&api, format, "calls", export).await
}

/// A summary's rows, as a file
///
/// As `/api/v1/summary` has them, which also says how many calls were not seen.
#[utoipa::path(
    get,
    path = "/api/v1/export/summary",
    operation_id = "export_summary",
    tag = "questions",
    params(Range, Selection, Formats),
    responses(
        (
            status = 200, description = "The rows.",
            content(
                (String = "text/csv"), (String = "application/x-ndjson"),
                (super::document::Binary = "application/vnd.apache.parquet"),
            ),
        ),
        OfExports,
    ),
)]
pub(super) async fn summary(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let mut parameters = Parameters::new(pairs);
    let query = selection(&mut parameters, unix_now_ns())?;
    let format = format(&mut parameters, &headers)?;
    parameters.finish()?;
    let export = move |queries: &Queries, out: &mut Pieces| {
        export::summary(queries, &query, format, &mut *out)?;
        Ok(())
    };
    stream(&api, format, "summary", export).await
}

/// The format that is asked for.
fn format(parameters: &mut Parameters, headers: &HeaderMap) -> Result<Format, Problem> {
    let words = one_of(Format::ALL.map(Format::as_str));
    if let Some(format) = parameters.parsed("format", &words, Format::from_word)? {
        return Ok(format);
    }
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accepted(accept.unwrap_or("*/*")).ok_or_else(|| {
        let types = Format::ALL.map(Format::media_type).join(", ");
        Problem::not_acceptable(format!("there are {types}; or say `format`"))
    })
}

/// The first of the accepted types that there is, whatever their weights.
fn accepted(accept: &str) -> Option<Format> {
    accept.split(',').find_map(|item| {
        let media_type = item.split(';').next().unwrap_or(item).trim();
        match media_type {
            "*/*" | "application/*" => Some(Format::Ndjson),
            "text/*" => Some(Format::Csv),
            _ => Format::ALL.into_iter().find(|format| format.media_type() == media_type),
        }
    })
}

/// Runs an export where blocking is allowed, and answers with what it writes.
async fn stream(
    api: &Api,
    format: Format,
    name: &str,
    export: impl FnOnce(&Queries, &mut Pieces) -> Result<(), ExportError> + Send + 'static,
) -> Result<Response, Problem> {
    let Ok(permit) = Arc::clone(&api.exporting).try_acquire_owned() else {
        return Err(Problem::unavailable("as many exports run as may run at once"));
    };
    api.catch_up().await;
    let queries = api.queries.clone();
    let (mut out, began, body) = pieces::pieces();
    let running = tokio::task::spawn_blocking(move || {
        // Held to the end, whichever it is.
        let _permit = permit;
        let done = export(&queries, &mut out);
        match done {
            Ok(()) => Ok(out.end()?),
            Err(error) => {
                if !out.is_left_alone() {
                    let failure: &(dyn std::error::Error + 'static) = &error;
                    tracing::error!(failure, "an export broke off");
                }
                Err(error)
            }
        }
    });
    if began.await.is_err() {
        // It ended before its first piece: with an error, for an empty export has a piece too.
        match running.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(Problem::internal(&error)),
            Err(error) => return Err(Problem::internal(&error)),
        }
    }
    let mut response = Response::new(Body::new(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    let file = format!("attachment; filename=\"egret-{name}.{}\"", format.as_str());
    if let Ok(file) = HeaderValue::from_str(&file) {
        headers.insert(header::CONTENT_DISPOSITION, file);
    }
    Ok(response)
}
