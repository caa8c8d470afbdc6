//! The columns of exports, by the names that their values have in JSON.
//! They never change a value: a column says of what type it is.

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// 0 or more.
    Count,
    /// Unix nanoseconds.
    Time,
    Float,
    Flag,
    /// An object, as JSON text.
    Json,
}

const fn column(name: &'static str, kind: Kind) -> Column {
    Column { name, kind }
}

/// Of calls: what `egret::codec::ndjson` writes, and where it came from.
pub(super) const CALLS: &[Column] = &[
    column("start_unix_ns", Kind::Time),
    column("kind", Kind::Text),
    column("outcome", Kind::Text),
    column("service", Kind::Text),
    column("environment", Kind::Text),
    column("http.request.method", Kind::Text),
    column("url.scheme", Kind::Text),
    column("server.address", Kind::Text),
    column("server.port", Kind::Count),
    column("url.path", Kind::Text),
    column("url.query", Kind::Text),
    column("url.template", Kind::Text),
    column("http.response.status_code", Kind::Count),
    column("error.type", Kind::Text),
    column("http.request.resend_count", Kind::Count),
    column("attempt", Kind::Count),
    column("network.protocol.version", Kind::Text),
    column("network.peer.address", Kind::Text),
    column("http.request.body.size", Kind::Count),
    column("http.response.body.size", Kind::Count),
    column("total_ns", Kind::Count),
    column("dns_ns", Kind::Count),
    column("connect_ns", Kind::Count),
    column("ttfb_ns", Kind::Count),
    column("body_ns", Kind::Count),
    column("connection.reused", Kind::Flag),
    column("target", Kind::Text),
    column("consumer", Kind::Text),
    column("call_id", Kind::Text),
    column("call_total_ns", Kind::Count),
    column("call_outcome", Kind::Text),
    column("trace_id", Kind::Text),
    column("span_id", Kind::Text),
    column("parent_span_id", Kind::Text),
    column("attributes", Kind::Json),
    column("batch_id", Kind::Text),
    column("id", Kind::Text),
];

/// Of the summary's rows.
pub(super) const SUMMARY: &[Column] = &[
    column("host", Kind::Text),
    column("method", Kind::Text),
    column("template", Kind::Text),
    column("status_class", Kind::Text),
    column("target", Kind::Text),
    column("count", Kind::Count),
    column("errors", Kind::Count),
    column("p50_ms", Kind::Float),
    column("p95_ms", Kind::Float),
    column("p99_ms", Kind::Float),
    column("request_bytes", Kind::Count),
    column("response_bytes", Kind::Count),
];
