//! `POST /v1/batches`: takes a batch and answers once it is safe in the queue.
//! It never answers 202 for what a crash could still lose.
//!
//! Lines (`application/x-ndjson`) cannot name their sender, so that the query string does:
//!
//! | parameter | what |
//! |---|---|
//! | `service` | `service.name` of all lines |
//! | `environment` | `deployment.environment.name` of all lines |
//!
//! Without one it is the token's, when that is for one sender alone. A batch names its sender itself,
//! and takes no parameter.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Api;
use super::body::{self, Held};
use super::document::{Binary, Encodings, OfBatches};
use super::parameters::Parameters;
use super::problem::Problem;
use crate::clock::unix_now_ns;
use crate::ingest::{Denied, Form, Grant, Refusal, Told, admit, admit_at_once, resource, sender};
use crate::model::Received;
use crate::queue::Appended;

/// The answer to a batch that is safe.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Receipt {
    /// What makes it the same batch when it is sent again.
    batch_id: Uuid,
    /// Calls in the batch.
    records: usize,
    /// Whether it is known that it had been safe before. A batch that is sent again long after
    /// may not be known here; it is stored once all the same.
    duplicate: bool,
}

/// Takes a batch
///
/// Answers once the batch is safe. A batch that is sent again is stored once.
#[utoipa::path(
    post,
    path = "/v1/batches",
    operation_id = "send_batch",
    tag = "ingest",
    params(
        (
            "service" = Option<String>, Query,
            description = "`service.name` of all lines; a batch names it itself.",
        ),
        (
            "environment" = Option<String>, Query,
            description = "`deployment.environment.name` of all lines; a batch names it itself.",
        ),
        (
            "idempotency-key" = Option<String>, Header,
            pattern = "^[!-~]{1,255}$",
            description = "1 to 255 visible ASCII characters, the same for the same lines: with it, \
                           lines of the same `service` and `environment` are stored once. A batch \
                           has an id of its own.",
        ),
        Encodings,
    ),
    request_body(
        content((Binary = "application/vnd.egret.batch"), (String = "application/x-ndjson")),
        description = "A batch, or one record a line.",
    ),
    responses((status = 202, description = "It is safe.", body = Receipt), OfBatches),
)]
pub(super) async fn post(
    State(api): State<Arc<Api>>,
    request: Request,
) -> Result<(StatusCode, Json<Receipt>), Problem> {
    let (head, body) = request.into_parts();
    let grant = granted(&head)?;
    let (form, told) = match read_head(&head, &grant) {
        Ok(read) => read,
        Err(problem) => {
            body::discard(body);
            return Err(problem);
        }
    };
    let held = body::read(body, &api.bounds()).await?;
    grant.charge_bytes(held.bytes.len())?;
    let limits = api.limits;
    let at_once =
        AssertUnwindSafe(|| admit_at_once(form, &told, &held.bytes, &limits, unix_now_ns()));
    // What panics is left to a thread that is there for it.
    let received = match catch_unwind(at_once).ok().flatten() {
        Some(admitted) => admitted?,
        None => {
            check(&api, held, move |bytes| admit(form, told, bytes, &limits, unix_now_ns())).await?
        }
    };
    may_keep(&grant, &received)?;
    Ok((StatusCode::ACCEPTED, Json(keep(&api, received).await?)))
}

/// What the request was let in with.
pub(super) fn granted(head: &Parts) -> Result<Grant, Problem> {
    head.extensions.get().cloned().ok_or_else(|| Problem::from(Denied::Unknown))
}

/// Whether the token may send this batch.
pub(super) fn may_keep(grant: &Grant, received: &Received) -> Result<(), Problem> {
    if grant.is_bound() {
        grant.owns(&sender(received)?)?;
    }
    Ok(grant.charge_calls(received.n_calls)?)
}

/// Stores a batch; what its sender is told.
pub(super) async fn keep(api: &Api, received: Received) -> Result<Receipt, Problem> {
    let (batch_id, records) = (received.batch_id, received.n_calls);
    let appended = append(api, received).await?;
    Ok(Receipt { batch_id, records, duplicate: appended == Appended::Known })
}

/// Decoding takes milliseconds of CPU for a large batch: not on a thread that serves connections.
pub(super) async fn check<T: Send + 'static>(
    api: &Api,
    held: Held,
    look: impl FnOnce(Bytes) -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Problem> {
    let permit = api.checking.acquire().await;
    let checked = tokio::task::spawn_blocking(move || {
        let Held { bytes, permits } = held;
        let found = look(bytes);
        // From here on the queue's bounds count the bytes.
        drop(permits);
        found
    });
    let found = checked.await.map_err(|error| Problem::internal(&error))?;
    drop(permit);
    Ok(found?)
}

pub(super) async fn append(api: &Api, received: Received) -> Result<Appended, Problem> {
    let n_calls = received.n_calls;
    match api.queue.append(received)?.await {
        Ok(Ok(appended)) => {
            api.metrics.took(n_calls, appended);
            Ok(appended)
        }
        Ok(Err(not_durable)) => Err(Problem::unavailable(not_durable.to_string())),
        Err(_) => Err(Problem::unavailable("the collector has stopped taking batches")),
    }
}

/// All that is said before the body.
fn read_head(head: &Parts, grant: &Grant) -> Result<(Form, Told), Problem> {
    let form = form(&head.headers)?;
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&head.uri)
        .map_err(|error| Problem::bad_parameter(error.to_string()))?;
    let mut parameters = Parameters::new(pairs);
    let mut service = parameters.text("service")?;
    let mut environment = parameters.text("environment")?;
    parameters.finish()?;
    if matches!(form, Form::Lines(_)) {
        grant.stamp(&mut service, &mut environment);
    }
    let resource = resource(service.as_deref(), environment.as_deref());
    if !resource.is_empty() && !matches!(form, Form::Lines(_)) {
        let detail = "`service` and `environment` are for application/x-ndjson; a batch names its \
                      sender itself";
        return Err(Problem::bad_parameter(detail.to_owned()));
    }
    let key = text(&head.headers, "idempotency-key")?.map(str::to_owned);
    Ok((form, Told { key, resource }))
}

fn form(headers: &HeaderMap) -> Result<Form, Problem> {
    let content_type = text(headers, "content-type")?;
    let encoding = text(headers, "content-encoding")?;
    Ok(Form::of(content_type, encoding)?)
}

pub(super) fn text<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h str>, Problem> {
    let value = headers.get(name).map(|value| value.to_str());
    value.transpose().map_err(|_| Problem::malformed(format!("the header {name} is not ASCII")))
}
