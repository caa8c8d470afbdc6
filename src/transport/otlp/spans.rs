//! Attempts as spans under the names of the HTTP conventions.
//! Never makes other ids for a batch that comes again: they are its own, or drawn from its id.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use uuid::Uuid;

use super::SCHEMA_URL;
use super::attributes::{Attributes, error_type, method, resource, scope};
use crate::batch::BatchMeta;
use crate::codec::Calls;
use crate::record::{Kind, Record};

/// The flag of W3C Trace Context: whoever reads on should keep the trace.
const SAMPLED: u32 = 1;

/// All calls of a batch; `None` when there are none.
pub(super) fn request(meta: &BatchMeta, calls: &Calls) -> Option<ExportTraceServiceRequest> {
    if calls.is_empty() {
        return None;
    }
    let spans = (0..calls.len()).map(|row| span(meta.batch_id, row, &calls.record(row))).collect();
    let schema_url = SCHEMA_URL.to_owned();
    let scope_spans = ScopeSpans { scope: Some(scope()), spans, schema_url: schema_url.clone() };
    let resource_spans = ResourceSpans {
        resource: Some(resource(&meta.resource)),
        scope_spans: vec![scope_spans],
        schema_url,
    };
    Some(ExportTraceServiceRequest { resource_spans: vec![resource_spans] })
}

fn span(batch: Uuid, row: usize, record: &Record<'_>) -> Span {
    let is_server = record.kind == Kind::Server;
    let drawn = drawn(batch, row);
    // Attempts of one call are seen together where there is no trace to see them in.
    let trace_id = record.trace_id.or(record.call_id).unwrap_or(drawn);
    let span_id = record.span_id.unwrap_or_else(|| {
        let (first, last) = drawn.split_at(8);
        let mut id = [0; 8];
        id.iter_mut().zip(first).zip(last).for_each(|((id, a), b)| *id = a ^ b);
        id
    });
    let mut attributes = Attributes::default();
    attributes.text("http.request.method", method(record.method()));
    if is_server {
        server(record, &mut attributes)
    } else {
        client(record, &mut attributes)
    }
    both(record, &mut attributes);
    let code = if record.is_error() { StatusCode::Error } else { StatusCode::Unset };
    Span {
        trace_id: trace_id.to_vec(),
        span_id: span_id.to_vec(),
        flags: SAMPLED,
        name: name(record),
        kind: if is_server { SpanKind::Server } else { SpanKind::Client } as i32,
        start_time_unix_nano: record.start_unix_ns,
        end_time_unix_nano: record.start_unix_ns.saturating_add(record.total_ns.unwrap_or(0)),
        attributes: attributes.0,
        status: Some(Status { code: code as i32, ..Status::default() }),
        ..Span::default()
    }
}

/// `GET /users/{id}`; the method alone where there is no template.
fn name(record: &Record<'_>) -> String {
    let method = match record.method() {
        "" | "_OTHER" => "HTTP",
        method => method,
    };
    match (record.template(), record.target()) {
        ("", "") => method.to_owned(),
        // A manual record that knows no URL knows whom it called.
        ("", target) if record.url().host().is_empty() => format!("{method} {target}"),
        ("", _) => method.to_owned(),
        (template, _) => format!("{method} {template}"),
    }
}

fn client(record: &Record<'_>, attributes: &mut Attributes) {
    let url = record.url();
    attributes.text("url.template", record.template());
    attributes.text("url.full", &full_url(record));
    attributes.text("url.scheme", url.scheme());
    let resends = record.resend_count.filter(|resends| *resends > 0);
    attributes.number("http.request.resend_count", resends);
}

fn server(record: &Record<'_>, attributes: &mut Attributes) {
    let url = record.url();
    attributes.text("http.route", record.template());
    attributes.text("url.scheme", url.scheme());
    attributes.text("url.path", url.path());
    attributes.text("url.query", url.query());
}

fn both(record: &Record<'_>, attributes: &mut Attributes) {
    let url = record.url();
    attributes.text("server.address", url.host());
    attributes.number("server.port", url.port());
    attributes.number("http.response.status_code", record.status);
    let error = error_type(record.error_type(), record.status, record.is_error());
    attributes.text("error.type", &error);
    attributes.text(
        "network.protocol.name",
        if record.protocol_version().is_empty() { "" } else { "http" },
    );
    attributes.text("network.protocol.version", record.protocol_version());
    let peer = record.peer_address.map(|address| address.to_string());
    attributes.text("network.peer.address", &peer.unwrap_or_default());
    attributes.number("http.request.body.size", record.request_body_bytes);
    attributes.number("http.response.body.size", record.response_body_bytes);
    attributes.text("egret.kind", record.kind.as_str());
    attributes.text("egret.outcome", record.outcome.as_str());
    attributes.text("egret.target", record.target());
    attributes.text("egret.consumer", record.consumer());
    attributes.number("egret.attempt", record.attempt);
    attributes.number("egret.dns_ns", record.dns_ns);
    attributes.number("egret.connect_ns", record.connect_ns);
    attributes.number("egret.ttfb_ns", record.ttfb_ns);
    attributes.number("egret.body_ns", record.body_ns);
    attributes.flag("egret.connection.reused", record.connection_reused);
    let own: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(record.attributes()).unwrap_or_default();
    // A key may occur once, and the conventions' names are theirs.
    for (key, value) in own.iter().filter(|(key, _)| !attributes.has(key)).collect::<Vec<_>>() {
        let value = value.as_str().unwrap_or_default();
        if key.starts_with("http.request.header.") || key.starts_with("http.response.header.") {
            attributes.list(key, value);
        } else {
            attributes.text(key, value);
        }
    }
}

/// The URL as it was redacted; empty where there is no host. User-info never enters a record.
fn full_url(record: &Record<'_>) -> String {
    let url = record.url();
    if url.host().is_empty() {
        return String::new();
    }
    let scheme = if url.scheme().is_empty() { "" } else { "://" };
    let is_v6 = url.host().contains(':');
    let host = if is_v6 { format!("[{}]", url.host()) } else { url.host().to_owned() };
    let usual = match url.scheme() {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
    };
    let port = url.port().filter(|port| Some(*port) != usual);
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let path = if url.path().is_empty() { "/" } else { url.path() };
    let mark = if url.query().is_empty() { "" } else { "?" };
    format!("{}{scheme}{host}{port}{path}{mark}{}", url.scheme(), url.query())
}

/// An id of 16 bytes that is the same whenever the batch comes: its own, with the row mixed in.
fn drawn(batch: Uuid, row: usize) -> [u8; 16] {
    let mut id = *batch.as_bytes();
    // SplitMix64's increment keeps neighbouring rows apart in every byte.
    let mixed = (row as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    id[8..].iter_mut().zip(mixed.to_be_bytes()).for_each(|(byte, mix)| *byte ^= mix);
    id
}
