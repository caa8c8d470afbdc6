//! What a call has, for the document of the API.
//! It never holds a call: `egret::codec::ndjson` writes them, and a test compares the names.

use std::collections::BTreeMap;

use egret::record::{Kind, Outcome};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, Type};

/// A call, under the names of OpenTelemetry's conventions. What is not known is absent.
#[derive(ToSchema)]
#[schema(as = Call)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "a schema: calls are written by `egret::codec::ndjson`")]
pub(super) struct CallFields {
    /// Where to find it again.
    id: String,
    /// When it began.
    start_unix_ns: u64,
    #[schema(schema_with = kinds)]
    kind: String,
    #[schema(schema_with = outcomes)]
    outcome: String,
    #[serde(rename = "http.request.method")]
    method: Option<String>,
    #[serde(rename = "url.scheme")]
    scheme: Option<String>,
    #[serde(rename = "server.address")]
    host: Option<String>,
    #[serde(rename = "server.port")]
    port: Option<u16>,
    #[serde(rename = "url.path")]
    path: Option<String>,
    #[serde(rename = "url.query")]
    query: Option<String>,
    #[serde(rename = "url.template")]
    template: Option<String>,
    #[serde(rename = "http.response.status_code")]
    status: Option<u16>,
    #[serde(rename = "error.type")]
    error_type: Option<String>,
    #[serde(rename = "http.request.resend_count")]
    resend_count: Option<u32>,
    /// From 1.
    attempt: Option<u32>,
    #[serde(rename = "network.protocol.version")]
    protocol_version: Option<String>,
    #[serde(rename = "network.peer.address")]
    peer_address: Option<String>,
    #[serde(rename = "http.request.body.size")]
    request_body_bytes: Option<u64>,
    #[serde(rename = "http.response.body.size")]
    response_body_bytes: Option<u64>,
    total_ns: Option<u64>,
    dns_ns: Option<u64>,
    connect_ns: Option<u64>,
    ttfb_ns: Option<u64>,
    body_ns: Option<u64>,
    #[serde(rename = "connection.reused")]
    connection_reused: Option<bool>,
    /// The vendor.
    target: Option<String>,
    consumer: Option<String>,
    /// Attempts of one call share it.
    call_id: Option<String>,
    /// With all attempts and the time between them.
    call_total_ns: Option<u64>,
    #[schema(schema_with = outcomes)]
    call_outcome: Option<String>,
    trace_id: Option<String>,
    span_id: Option<String>,
    parent_span_id: Option<String>,
    attributes: Option<BTreeMap<String, Value>>,
    /// Whose call it was; empty when not told.
    service: String,
    environment: Option<String>,
    /// All that is known of who sent it; in an answer about one call.
    resource: Option<BTreeMap<String, String>>,
    /// The batch that brought it.
    batch_id: uuid::Uuid,
}

fn kinds() -> ObjectBuilder {
    one_of(Kind::ALL.iter().map(|kind| kind.as_str()))
}

fn outcomes() -> ObjectBuilder {
    one_of(Outcome::ALL.iter().map(|outcome| outcome.as_str()))
}

fn one_of<'w>(words: impl IntoIterator<Item = &'w str>) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words))
}
