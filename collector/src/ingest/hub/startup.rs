//! `startup`: what a service is made of, told once per start.
//! It never keeps the OpenAPI document that may come along.

use std::collections::BTreeMap;

use egret::batch::{RouteRule, Startup, Wrapped};
use egret::codec::CallsBuilder;
use egret::minute::Minutes;
use egret::redact;
use serde::Deserialize;
use uuid::Uuid;

use super::{Reading, Refusal, object};

/// As many as a native startup message has.
const MAX_ROUTES: usize = 500;
const MAX_ROUTE_BYTES: usize = 64 << 10;

#[derive(Deserialize)]
struct StartupMessage {
    instance_uuid: Uuid,
    message_uuid: Uuid,
    #[serde(default)]
    paths: Vec<Path>,
    #[serde(default)]
    versions: BTreeMap<String, Option<String>>,
    /// As `python:starlette`.
    client: String,
}

#[derive(Deserialize)]
struct Path {
    method: String,
    path: String,
}

pub(super) fn to_batch(text: &str, reading: &Reading<'_>) -> Result<Vec<u8>, Refusal> {
    let message: StartupMessage = object(text)?;
    reading.at_most("paths", message.paths.len())?;
    let mut meta = reading.meta("startup", message.message_uuid, Some(message.instance_uuid));
    let language = message.client.split(':').next().unwrap_or_default();
    let version = |name: &str| message.versions.get(name).cloned().flatten().unwrap_or_default();
    let told = [
        ("telemetry.sdk.language", language.to_owned()),
        ("telemetry.sdk.version", version("apitally")),
        ("service.version", version("app")),
    ];
    for (key, value) in told.into_iter().filter(|(_, value)| !value.is_empty()) {
        meta.resource.insert(key.to_owned(), redact::text(&value).into_owned());
    }
    let mut startup = Startup::default();
    // The protocol has no time of it; it is sent at once.
    startup.started_unix_ns = reading.now_ns;
    let client = redact::text(&message.client).into_owned();
    startup.wrapped = vec![Wrapped { client, location: String::new() }];
    startup.n_routes = message.paths.len() as u64;
    startup.routes = routes(&message.paths);
    meta.startup = Some(startup);
    reading.encode(&meta, &CallsBuilder::default(), &Minutes::default())
}

/// The first of them that fit; `n_routes` says how many there are.
fn routes(paths: &[Path]) -> Vec<RouteRule> {
    let mut n_bytes = 0;
    let rules = paths.iter().take(MAX_ROUTES).map(|path| RouteRule {
        host: String::new(),
        method: Some(redact::method(&path.method).to_owned()),
        template: redact::text(&path.path).into_owned(),
    });
    rules
        .take_while(|rule| {
            n_bytes += rule.template.len();
            n_bytes <= MAX_ROUTE_BYTES
        })
        .collect()
}
