//! What else calls could be sent as: JSON lines and OTLP, each as its own tools write it.
//! It never folds, samples or posts: the peers are asked for less than egret does.

use std::io::Write;

use anyhow::Result;
use egret::record::Record;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message;
use serde::Serialize;

/// How an encoding is compressed.
#[derive(Debug, Clone, Copy)]
pub enum Compression {
    Zstd,
    Gzip,
}

/// A context that is used again and again, where there is one.
pub enum Compressor {
    Zstd(zstd::bulk::Compressor<'static>),
    Gzip,
}

impl Compressor {
    pub fn new(compression: Compression) -> Result<Self> {
        Ok(match compression {
            Compression::Zstd => Self::Zstd(zstd::bulk::Compressor::new(1)?),
            Compression::Gzip => Self::Gzip,
        })
    }

    fn pack(&mut self, bytes: &[u8]) -> Result<Vec<u8>> {
        Ok(match self {
            Self::Zstd(context) => context.compress(bytes)?,
            Self::Gzip => {
                let level = flate2::Compression::default();
                let mut out = flate2::write::GzEncoder::new(Vec::new(), level);
                out.write_all(bytes)?;
                out.finish()?
            }
        })
    }
}

/// One JSON object a line, under the conventions' names.
pub fn lines(records: &[Record<'_>], compressor: &mut Compressor) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    for record in records {
        serde_json::to_writer(&mut out, &Line::of(record))?;
        out.push(b'\n');
    }
    compressor.pack(&out)
}

#[derive(Serialize)]
struct Line<'a> {
    start_unix_ns: u64,
    kind: &'a str,
    outcome: &'a str,
    #[serde(rename = "http.request.method")]
    method: &'a str,
    #[serde(rename = "url.scheme")]
    scheme: &'a str,
    #[serde(rename = "server.address")]
    host: &'a str,
    #[serde(rename = "url.path")]
    path: &'a str,
    #[serde(rename = "url.query", skip_serializing_if = "str::is_empty")]
    query: &'a str,
    #[serde(rename = "url.template")]
    template: &'a str,
    #[serde(rename = "http.response.status_code", skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(rename = "error.type", skip_serializing_if = "str::is_empty")]
    error_type: &'a str,
    #[serde(rename = "network.protocol.version")]
    version: &'a str,
    #[serde(rename = "network.peer.address")]
    peer: Option<std::net::IpAddr>,
    #[serde(rename = "http.request.body.size", skip_serializing_if = "Option::is_none")]
    sent: Option<u64>,
    #[serde(rename = "http.response.body.size", skip_serializing_if = "Option::is_none")]
    received: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt: Option<u32>,
    #[serde(rename = "connection.reused")]
    reused: Option<bool>,
    total_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dns_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connect_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttfb_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_ns: Option<u64>,
    target: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    call_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    span_id: Option<String>,
}

impl<'a> Line<'a> {
    fn of(record: &'a Record<'_>) -> Self {
        let url = record.url();
        Self {
            start_unix_ns: record.start_unix_ns,
            kind: record.kind.as_str(),
            outcome: record.outcome.as_str(),
            method: record.method(),
            scheme: url.scheme(),
            host: url.host(),
            path: url.path(),
            query: url.query(),
            template: record.template(),
            status: record.status,
            error_type: record.error_type(),
            version: record.protocol_version(),
            peer: record.peer_address,
            sent: record.request_body_bytes,
            received: record.response_body_bytes,
            attempt: record.attempt,
            reused: record.connection_reused,
            total_ns: record.total_ns,
            dns_ns: record.dns_ns,
            connect_ns: record.connect_ns,
            ttfb_ns: record.ttfb_ns,
            body_ns: record.body_ns,
            target: record.target(),
            call_id: record.call_id.map(|id| hex(&id)),
            trace_id: record.trace_id.map(|id| hex(&id)),
            span_id: record.span_id.map(|id| hex(&id)),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

/// Spans of OTLP in protobuf, as the SDK's exporter writes them.
pub fn otlp(records: &[Record<'_>], compressor: &mut Compressor) -> Result<Vec<u8>> {
    let scope_spans =
        vec![ScopeSpans { spans: records.iter().map(span).collect(), ..ScopeSpans::default() }];
    let attributes = vec![text("service.name", "peers")];
    let resource = Some(Resource { attributes, ..Resource::default() });
    let resource_spans = vec![ResourceSpans { resource, scope_spans, ..ResourceSpans::default() }];
    compressor.pack(&ExportTraceServiceRequest { resource_spans }.encode_to_vec())
}

fn span(record: &Record<'_>) -> Span {
    let url = record.url();
    let mut attributes = vec![
        text("http.request.method", record.method()),
        text("url.scheme", url.scheme()),
        text("server.address", url.host()),
        text("url.path", url.path()),
        text("url.template", record.template()),
        text("network.protocol.version", record.protocol_version()),
        text("peer.service", record.target()),
    ];
    let texts = [("url.query", url.query()), ("error.type", record.error_type())];
    attributes.extend(
        texts
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(key, value)| text(key, value)),
    );
    attributes.extend(record.peer_address.map(|ip| text("network.peer.address", &ip.to_string())));
    let numbers = [
        ("http.response.status_code", record.status.map(u64::from)),
        ("http.request.body.size", record.request_body_bytes),
        ("http.response.body.size", record.response_body_bytes),
        ("egret.dns_ns", record.dns_ns),
        ("egret.connect_ns", record.connect_ns),
        ("egret.ttfb_ns", record.ttfb_ns),
        ("egret.body_ns", record.body_ns),
        ("http.request.resend_count", record.attempt.map(|attempt| u64::from(attempt - 1))),
    ];
    attributes.extend(numbers.into_iter().filter_map(|(key, value)| Some(number(key, value?))));
    let trace_id = record.trace_id.or(record.call_id).unwrap_or([1; 16]);
    Span {
        trace_id: trace_id.to_vec(),
        span_id: record.span_id.unwrap_or([1; 8]).to_vec(),
        name: record.method().to_owned(),
        kind: 3,
        start_time_unix_nano: record.start_unix_ns,
        end_time_unix_nano: record.start_unix_ns + record.total_ns.unwrap_or(0),
        attributes,
        status: record.is_error().then(|| Status { code: 2, ..Status::default() }),
        ..Span::default()
    }
}

fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.to_owned()))
}

fn number(key: &str, value: u64) -> KeyValue {
    attribute(key, Value::IntValue(value.cast_signed()))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}
