//! A span's attributes as a record, by the semantic conventions of today and of before 1.23.
//! It never takes a text that redaction did not see.

use std::borrow::Cow;
use std::net::IpAddr;

use egret::batch::Resource;
use egret::record::{Kind, Outcome, Record};
use egret::redact::{self, SafeUrl};

use super::span::{Attributes, HttpSpan, Side, USER_AGENT};

/// What is kept of a resource, and the names that it can have there.
const RESOURCE: [(&str, &[&str]); 8] = [
    ("service.name", &["service.name"]),
    ("service.namespace", &["service.namespace"]),
    ("service.version", &["service.version"]),
    ("service.instance.id", &["service.instance.id"]),
    ("deployment.environment.name", &["deployment.environment.name", "deployment.environment"]),
    ("telemetry.sdk.language", &["telemetry.sdk.language"]),
    ("telemetry.sdk.name", &["telemetry.sdk.name"]),
    ("telemetry.sdk.version", &["telemetry.sdk.version"]),
];

/// Who sends.
pub(super) fn resource(attributes: &Attributes) -> Resource {
    let kept = RESOURCE.iter().map(|(key, names)| (*key, attributes.text(names)));
    kept.filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| (key.to_owned(), redact::text(value).into_owned()))
        .collect()
}

/// What is wrong with a span that no record can say.
pub(super) fn problem(span: &HttpSpan) -> Option<String> {
    (span.start_ns == 0).then(|| "start_time_unix_nano is missing".to_owned())
}

/// Hands the span's record to `then`.
pub(super) fn with_record<T>(span: &HttpSpan, then: impl FnOnce(&Record<'_>) -> T) -> T {
    let attributes = &span.attributes;
    let is_server = span.side == Side::Server;
    let url = url(attributes, is_server);
    let mut scratch = String::new();
    let url = SafeUrl::parse(&url, &mut scratch);
    let kind = if is_server { Kind::Server } else { Kind::Client };
    let method = attributes.text(&["http.request.method", "http.method"]);
    let mut record = Record::new(kind, method, url, span.start_ns);
    // An end before the start, or none, tells no duration.
    record.total_ns = span.end_ns.checked_sub(span.start_ns);
    let status = attributes.number(&["http.response.status_code", "http.status_code"]);
    record.status = status.filter(|status| (100..1_000).contains(status));
    record.resend_count = attributes.number(&["http.request.resend_count", "http.resend_count"]);
    record.request_body_bytes =
        attributes.number(&["http.request.body.size", "http.request_content_length"]);
    record.response_body_bytes =
        attributes.number(&["http.response.body.size", "http.response_content_length"]);
    record.peer_address = peer_address(attributes);
    record.trace_id = id(&span.trace_id);
    record.span_id = id(&span.span_id);
    record.set_template(attributes.text(&["url.template", "http.route"]));
    let version = protocol_version(attributes);
    if !version.is_empty() {
        record.set_protocol_version(version);
    }
    set_error(&mut record, span);
    if !is_server {
        record.set_target(attributes.text(&["service.peer.name", "peer.service"]));
    }
    let user_agent = attributes.text(&[USER_AGENT, "http.user_agent"]);
    record.set_attributes(
        [(USER_AGENT, user_agent)].into_iter().filter(|(_, text)| !text.is_empty()),
    );
    then(&record)
}

/// A class where there is one that the status does not say: `error.type` repeats the status of
/// an answer that is an error, and an exception's class is one, its text never.
fn set_error<'s>(record: &mut Record<'s>, span: &'s HttpSpan) {
    let error_type = span.attributes.text(&["error.type"]);
    let is_status = record.status.is_some_and(|status| error_type == status.to_string());
    let error_type = match error_type {
        "" if span.has_failed && record.status.is_none() => span.exception_type.as_str(),
        _ if is_status => "",
        other => other,
    };
    if !error_type.is_empty() {
        record.set_error_type(error_type);
    }
    if record.status.is_none() && (span.has_failed || !error_type.is_empty()) {
        record.outcome = Outcome::Failed;
    }
}

/// The whole URL, or one put together from its parts.
fn url(attributes: &Attributes, is_server: bool) -> Cow<'_, str> {
    let full = attributes.text(&["url.full", "http.url"]);
    if !full.is_empty() {
        return Cow::Borrowed(full);
    }
    let authority = authority(attributes, is_server);
    let mut url = String::new();
    if !authority.is_empty() {
        let scheme = attributes.text(&["url.scheme", "http.scheme"]);
        if !scheme.is_empty() {
            url.push_str(scheme);
            url.push_str("://");
        }
        url.push_str(&authority);
    }
    let path = attributes.text(&["url.path", "http.target"]);
    if !path.is_empty() && !path.starts_with('/') {
        url.push('/');
    }
    url.push_str(path);
    let query = attributes.text(&["url.query"]);
    if !query.is_empty() && !path.contains('?') {
        url.push('?');
        url.push_str(query.trim_start_matches('?'));
    }
    Cow::Owned(url)
}

fn authority(attributes: &Attributes, is_server: bool) -> String {
    let (hosts, ports): ([&str; 4], [&str; 2]) = if is_server {
        (
            ["server.address", "net.host.name", "http.host", "http.server_name"],
            ["server.port", "net.host.port"],
        )
    } else {
        (
            ["server.address", "net.peer.name", "http.host", "net.sock.peer.name"],
            ["server.port", "net.peer.port"],
        )
    };
    let host = attributes.text(&hosts);
    let n_colons = host.bytes().filter(|byte| *byte == b':').count();
    let port: Option<u16> = attributes.number(&ports);
    match (port, n_colons) {
        (Some(port), 2..) if !host.starts_with('[') => format!("[{host}]:{port}"),
        (None, 2..) if !host.starts_with('[') => format!("[{host}]"),
        (Some(port), 0) if !host.is_empty() => format!("{host}:{port}"),
        // A `Host` header has its port with it.
        _ => host.to_owned(),
    }
}

fn protocol_version(attributes: &Attributes) -> &str {
    let names = ["network.protocol.version", "net.protocol.version", "http.flavor"];
    let version = attributes.text(&names);
    match version.strip_prefix("HTTP/").unwrap_or(version) {
        "2.0" => "2",
        "3.0" => "3",
        other => other,
    }
}

fn peer_address(attributes: &Attributes) -> Option<IpAddr> {
    let names = ["network.peer.address", "net.sock.peer.addr", "net.peer.ip"];
    attributes.text(&names).parse().ok()
}

/// An id of the right length that is not all zeros.
fn id<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    <[u8; N]>::try_from(bytes).ok().filter(|id| *id != [0; N])
}
