//! Records as JSON lines, under the conventions' names: the door for people and other languages.
//! Never takes a line half: a line is a whole record or an error that names the line.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::record::{Kind, Outcome, Record};
use crate::redact::SafeUrl;

/// A line that is no record.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct LineError {
    /// From 1.
    pub line: usize,
    /// What is wrong, and what would be right.
    pub problem: String,
}

/// A record as JSON. What is absent is left out.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Line<'a> {
    /// When the call began. Defaults to the time of receipt.
    #[serde(skip_serializing_if = "Option::is_none")]
    start_unix_ns: Option<u64>,
    /// Defaults to `manual`.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    kind: Option<Cow<'a, str>>,
    /// Defaults to `completed`, or to `failed` where there is an `error.type` and no status.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    outcome: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "http.request.method", skip_serializing_if = "str::is_empty")]
    method: Cow<'a, str>,
    /// In place of the parts, for who writes lines; never written by us.
    #[serde(borrow, rename = "url.full", skip_serializing_if = "str::is_empty")]
    full: Cow<'a, str>,
    #[serde(borrow, rename = "url.scheme", skip_serializing_if = "str::is_empty")]
    scheme: Cow<'a, str>,
    #[serde(borrow, rename = "server.address", skip_serializing_if = "str::is_empty")]
    host: Cow<'a, str>,
    #[serde(rename = "server.port", skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    #[serde(borrow, rename = "url.path", skip_serializing_if = "str::is_empty")]
    path: Cow<'a, str>,
    #[serde(borrow, rename = "url.query", skip_serializing_if = "str::is_empty")]
    query: Cow<'a, str>,
    #[serde(borrow, rename = "url.template", skip_serializing_if = "str::is_empty")]
    template: Cow<'a, str>,
    #[serde(rename = "http.response.status_code", skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(borrow, rename = "error.type", skip_serializing_if = "str::is_empty")]
    error_type: Cow<'a, str>,
    #[serde(rename = "http.request.resend_count", skip_serializing_if = "Option::is_none")]
    resend_count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt: Option<u32>,
    #[serde(borrow, rename = "network.protocol.version", skip_serializing_if = "str::is_empty")]
    protocol_version: Cow<'a, str>,
    #[serde(rename = "network.peer.address", skip_serializing_if = "Option::is_none")]
    peer_address: Option<std::net::IpAddr>,
    #[serde(rename = "http.request.body.size", skip_serializing_if = "Option::is_none")]
    request_body_bytes: Option<u64>,
    #[serde(rename = "http.response.body.size", skip_serializing_if = "Option::is_none")]
    response_body_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dns_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connect_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttfb_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_ns: Option<u64>,
    #[serde(rename = "connection.reused", skip_serializing_if = "Option::is_none")]
    connection_reused: Option<bool>,
    #[serde(borrow, skip_serializing_if = "str::is_empty")]
    target: Cow<'a, str>,
    #[serde(borrow, skip_serializing_if = "str::is_empty")]
    consumer: Cow<'a, str>,
    /// 32 hexadecimal digits.
    #[serde(skip_serializing_if = "String::is_empty")]
    call_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    call_total_ns: Option<u64>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    call_outcome: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "String::is_empty")]
    trace_id: String,
    /// 16 hexadecimal digits.
    #[serde(skip_serializing_if = "String::is_empty")]
    span_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    parent_span_id: String,
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    attributes: serde_json::Map<String, serde_json::Value>,
}

/// The record as a JSON value, for lines and for APIs.
///
/// # Errors
/// None in practice: every field has a JSON form.
pub fn to_value(record: &Record<'_>) -> serde_json::Result<serde_json::Value> {
    serde_json::to_value(line_of(record))
}

/// Reads lines and hands each record on; empty lines are skipped. Secrets are redacted as the
/// client itself does it. `now_unix_ns` is the start of calls that do not say theirs.
///
/// # Errors
/// At the first line that is no record. `each` may have seen the records before it.
pub fn read(
    text: &str,
    now_unix_ns: u64,
    mut each: impl FnMut(&Record<'_>),
) -> Result<(), LineError> {
    let mut scratch = String::new();
    for (n, raw) in text.lines().enumerate().filter(|(_, raw)| !raw.trim().is_empty()) {
        let error = |problem| LineError { line: n + 1, problem };
        // serde would read an array as the fields in their order.
        if !raw.trim_start().starts_with('{') {
            return Err(error("not a JSON object".to_owned()));
        }
        let line: Line<'_> = serde_json::from_str(raw).map_err(|e| error(without_place(&e)))?;
        let full = line.url();
        let url = SafeUrl::parse(&full, &mut scratch);
        let record = line.record(url, now_unix_ns).map_err(error)?;
        each(&record);
    }
    Ok(())
}

/// serde counts lines within the one line that it is given.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let what = text.strip_suffix(&place).unwrap_or(&text);
    format!("{what} (column {})", error.column())
}

impl Line<'_> {
    /// `url.full`, or the parts put together, so that redaction has one way in.
    fn url(&self) -> Cow<'_, str> {
        if !self.full.is_empty() {
            return Cow::Borrowed(&self.full);
        }
        let scheme = if self.scheme.is_empty() { "" } else { "://" };
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.to_string()
        };
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        let slash = if self.path.is_empty() || self.path.starts_with('/') { "" } else { "/" };
        let mark = if self.query.is_empty() { "" } else { "?" };
        Cow::Owned(format!(
            "{}{scheme}{host}{port}{slash}{}{mark}{}",
            self.scheme, self.path, self.query
        ))
    }

    fn record<'r>(&'r self, url: SafeUrl<'r>, now_unix_ns: u64) -> Result<Record<'r>, String> {
        let kind = word(&self.kind, Kind::Manual, Kind::ALL, Kind::as_str, "kind")?;
        let failed = !self.error_type.is_empty() && self.status.is_none();
        let outcome = if failed { Outcome::Failed } else { Outcome::Completed };
        let outcome = word(&self.outcome, outcome, Outcome::ALL, Outcome::as_str, "outcome")?;
        let start = self.start_unix_ns.unwrap_or(now_unix_ns);
        if i64::try_from(start).is_err() {
            return Err(format!("start_unix_ns: {start} is beyond the year 2262"));
        }
        let mut record = Record::new(kind, &self.method, url, start);
        record.outcome = outcome;
        record.total_ns = self.total_ns;
        record.dns_ns = self.dns_ns;
        record.connect_ns = self.connect_ns;
        record.ttfb_ns = self.ttfb_ns;
        record.body_ns = self.body_ns;
        record.status = self.status;
        record.resend_count = self.resend_count;
        record.attempt = self.attempt;
        record.connection_reused = self.connection_reused;
        record.request_body_bytes = self.request_body_bytes;
        record.response_body_bytes = self.response_body_bytes;
        record.peer_address = self.peer_address;
        record.call_id = id(&self.call_id, "call_id")?;
        record.call_total_ns = self.call_total_ns;
        if self.call_outcome.is_some() {
            let given = &self.call_outcome;
            let outcome = word(given, outcome, Outcome::ALL, Outcome::as_str, "call_outcome")?;
            record.call_outcome = Some(outcome);
        }
        record.trace_id = id(&self.trace_id, "trace_id")?;
        record.span_id = id(&self.span_id, "span_id")?;
        record.parent_span_id = id(&self.parent_span_id, "parent_span_id")?;
        record.set_template(&self.template);
        set(&self.protocol_version, |text| record.set_protocol_version(text));
        set(&self.error_type, |text| record.set_error_type(text));
        record.set_target(&self.target);
        record.set_consumer(&self.consumer);
        let texts: Vec<(String, String)> = self.attributes.iter().map(attribute_text).collect();
        record.set_attributes(texts.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        Ok(record)
    }
}

fn set<'t>(text: &'t str, setter: impl FnOnce(&'t str)) {
    if !text.is_empty() {
        setter(text);
    }
}

fn attribute_text((key, value): (&String, &serde_json::Value)) -> (String, String) {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    (key.clone(), text)
}

fn word<T: Copy>(
    given: &Option<Cow<'_, str>>,
    default: T,
    all: &[T],
    as_str: fn(T) -> &'static str,
    field: &str,
) -> Result<T, String> {
    let Some(given) = given else {
        return Ok(default);
    };
    all.iter().copied().find(|value| as_str(*value) == given).ok_or_else(|| {
        let known: Vec<_> = all.iter().map(|value| as_str(*value)).collect();
        format!("{field}: {given:?} is not one of {}", known.join(", "))
    })
}

fn line_of<'r>(record: &'r Record<'_>) -> Line<'r> {
    Line {
        start_unix_ns: Some(record.start_unix_ns),
        kind: Some(record.kind.as_str().into()),
        outcome: Some(record.outcome.as_str().into()),
        method: record.method.into(),
        full: "".into(),
        scheme: record.url.scheme.into(),
        host: record.url.host.into(),
        port: record.url.port(),
        path: record.url.path.into(),
        query: record.url.query.into(),
        template: record.template().into(),
        status: record.status,
        error_type: record.error_type.into(),
        resend_count: record.resend_count,
        attempt: record.attempt,
        protocol_version: record.protocol_version.into(),
        peer_address: record.peer_address,
        request_body_bytes: record.request_body_bytes,
        response_body_bytes: record.response_body_bytes,
        total_ns: record.total_ns,
        dns_ns: record.dns_ns,
        connect_ns: record.connect_ns,
        ttfb_ns: record.ttfb_ns,
        body_ns: record.body_ns,
        connection_reused: record.connection_reused,
        target: record.target().into(),
        consumer: record.consumer().into(),
        call_id: record.call_id.map(hex).unwrap_or_default(),
        call_total_ns: record.call_total_ns,
        call_outcome: record.call_outcome.map(|outcome| outcome.as_str().into()),
        trace_id: record.trace_id.map(hex).unwrap_or_default(),
        span_id: record.span_id.map(hex).unwrap_or_default(),
        parent_span_id: record.parent_span_id.map(hex).unwrap_or_default(),
        attributes: serde_json::from_str(record.attributes()).unwrap_or_default(),
    }
}

fn hex<const N: usize>(id: [u8; N]) -> String {
    use std::fmt::Write;
    id.iter().fold(String::with_capacity(2 * N), |mut out, byte| {
        // Writing to a String cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

fn id<const N: usize>(text: &str, field: &str) -> Result<Option<[u8; N]>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits.filter(|digits| digits.len() == 2 * N);
    let digits = digits.ok_or_else(|| format!("{field}: not {} hexadecimal digits", 2 * N))?;
    let mut id = [0; N];
    for (byte, pair) in id.iter_mut().zip(digits.as_chunks::<2>().0) {
        *byte = pair[0] * 16 + pair[1];
    }
    Ok(Some(id))
}
