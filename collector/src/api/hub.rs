//! `POST /v2/{client_id}/{env}/startup`, `sync` and `log`: Apitally's SDKs report here.
//! It never answers 404 to a client that is known: its SDK would be silent for good.
//!
//! The client id is the token, so that no other is asked for. What the SDKs do with an answer:
//!
//! | answer | what the SDK does | when |
//! |---|---|---|
//! | 202 | goes on | the message is safe, or was before |
//! | 404 | is silent until its process ends | no client has this id |
//! | 422 | drops the message | it cannot be read, now or later |
//! | any other | sends it again, with the same id, for an hour | too large, too slow, no room, hub off |

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use uuid::Uuid;

use super::Api;
use super::batches::{self, Receipt};
use super::body;
use super::document::{Binary, Encodings, OfHub};
use super::parameters::Parameters;
use super::problem::Problem;
use super::traces::compression;
use crate::clock::unix_now_ns;
use crate::ingest::{HubSender, Message, admit_hub, is_environment};

/// Takes a message of the hub protocol
///
/// What Apitally's SDKs send. The client id is the token; it is set by `hub_clients`.
#[utoipa::path(
    post,
    path = "/v2/{client_id}/{env}/{message}",
    operation_id = "send_hub_message",
    tag = "ingest",
    params(
        ("client_id" = String, Path, description = "The id that the service was given, a UUID."),
        ("env" = String, Path, description = "Where it runs: 1 to 32 letters, digits, `_` and `-`."),
        ("message" = String, Path, description = "`startup`, `sync` or `log`."),
        ("uuid" = Option<String>, Query, description = "The id of the file, for `log`."),
        Encodings,
    ),
    request_body(
        content((Object = "application/json"), (Binary = "application/octet-stream")),
        description = "JSON; for `log`, lines of JSON, compressed by gzip.",
    ),
    responses((status = 202, description = "It is safe.", body = Receipt), OfHub),
)]
pub(super) async fn post(
    State(api): State<Arc<Api>>,
    Path((client_id, environment, message)): Path<(String, String, String)>,
    request: Request,
) -> Result<(StatusCode, Json<Receipt>), Problem> {
    let (head, body) = request.into_parts();
    let said = sender(&api, &client_id, environment)
        .and_then(|sender| Ok((sender, told(&head, &message)?, compression(&head.headers)?)));
    let (sender, message, compression) = match said {
        Ok(said) => said,
        Err(problem) => {
            body::discard(body);
            return Err(problem);
        }
    };
    let held = body::read(body, &api.bounds()).await?;
    let limits = api.limits;
    let received = batches::check(&api, held, move |bytes| {
        admit_hub(message, &sender, compression, &bytes, &limits, unix_now_ns())
    });
    let received = received.await.map_err(Problem::or_unprocessable)?;
    Ok((StatusCode::ACCEPTED, Json(batches::keep(&api, received).await?)))
}

fn sender(api: &Api, client_id: &str, environment: String) -> Result<HubSender, Problem> {
    let Some(client) = api.hub_clients.find(client_id).cloned() else {
        if let Some(n_refused) = api.refused.count(unix_now_ns()) {
            tracing::warn!(n_refused, "refused hub clients that are not known; told once a minute");
        }
        return Err(if api.hub_clients.is_empty() {
            let detail = "the hub protocol is off here; set hub_clients \
                          (EGRET_COLLECTOR_HUB_CLIENTS) to turn it on";
            Problem::unavailable(detail)
        } else {
            Problem::unknown_client()
        });
    };
    if !is_environment(&environment) {
        let detail =
            format!("the environment {environment:?} must be 1 to 32 letters, digits, `_` and `-`");
        return Err(Problem::unprocessable(detail));
    }
    Ok(HubSender { client, environment })
}

fn told(head: &Parts, message: &str) -> Result<Message, Problem> {
    match message {
        "startup" | "sync" => {
            is_json(head)?;
            Ok(if message == "sync" { Message::Sync } else { Message::Startup })
        }
        "log" => Ok(Message::Log(file(head)?)),
        // Were it 404, an SDK that has one more message would be silent about all of them.
        _ => Err(Problem::unprocessable(format!(
            "there is no message {message:?}; there are startup, sync and log"
        ))),
    }
}

fn is_json(head: &Parts) -> Result<(), Problem> {
    let value = batches::text(&head.headers, "content-type")?.unwrap_or("application/json");
    let media_type = value.split(';').next().unwrap_or(value).trim();
    if media_type.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let detail = format!("content type {value:?} is not read here; send application/json");
    Err(Problem::unsupported(detail))
}

fn file(head: &Parts) -> Result<Uuid, Problem> {
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&head.uri)
        .map_err(|error| Problem::unprocessable(error.to_string()))?;
    let uuid = Parameters::new(pairs).parsed("uuid", "a UUID", |text| Uuid::try_parse(text).ok());
    uuid.map_err(Problem::or_unprocessable)?
        .ok_or_else(|| Problem::unprocessable("`uuid` is missing: the file's id, a UUID"))
}
