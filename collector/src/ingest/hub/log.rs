//! `log`: single requests, one JSON object a line.
//! It never lets one line that cannot be read take the others with it, and never hides it.

use std::borrow::Cow;

use egret::codec::CallsBuilder;
use egret::minute::Minutes;
use egret::record::{Kind, Record};
use egret::redact::SafeUrl;
use serde::Deserialize;
use uuid::Uuid;

use super::{Reading, Refusal, unix_ns};
use crate::ingest::json_problem;

/// The reason under which unreadable lines count as calls that are not seen.
const INVALID: &str = "hub_log_line_invalid";

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(default)]
    uuid: Option<Uuid>,
    #[serde(borrow)]
    request: Request<'a>,
    #[serde(default)]
    response: Option<Response>,
    #[serde(borrow, default)]
    exception: Option<Exception<'a>>,
    #[serde(borrow, default, alias = "traceId")]
    trace_id: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Request<'a> {
    /// Seconds since 1970.
    timestamp: f64,
    #[serde(borrow)]
    method: Cow<'a, str>,
    /// The template; absent when no route was found.
    #[serde(borrow, default)]
    path: Option<Cow<'a, str>>,
    #[serde(borrow)]
    url: Cow<'a, str>,
    #[serde(default)]
    size: Option<u64>,
    #[serde(borrow, default)]
    consumer: Option<Cow<'a, str>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Response {
    #[serde(alias = "statusCode")]
    status_code: Option<u16>,
    /// Seconds.
    #[serde(alias = "responseTime")]
    response_time: Option<f64>,
    size: Option<u64>,
}

#[derive(Deserialize)]
struct Exception<'a> {
    #[serde(borrow, default)]
    r#type: Option<Cow<'a, str>>,
}

pub(super) fn to_batch(text: &str, file: Uuid, reading: &Reading<'_>) -> Result<Vec<u8>, Refusal> {
    let lines = || (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    reading.at_most("lines", lines().count())?;
    let mut calls = CallsBuilder::default();
    let (mut n_invalid, mut problem) = (0, None);
    for (n, line) in lines() {
        if let Err(found) = push(line, reading.now_ns, &mut calls) {
            n_invalid += 1;
            problem.get_or_insert_with(|| format!("line {n}: {found}"));
        }
    }
    if calls.is_empty() {
        let problem = problem.unwrap_or_else(|| "no lines; send one JSON object a line".to_owned());
        return Err(Refusal::Malformed(problem));
    }
    let mut meta = reading.meta("log", file, None);
    if let Some(problem) = problem {
        tracing::warn!(n_invalid, problem, "lines of a hub log cannot be read");
        meta.dropped.insert(INVALID.to_owned(), n_invalid);
    }
    // The calls are counted by `sync`: roll-ups that are there and empty keep them from counting
    // again.
    reading.encode(&meta, &calls, &Minutes::default())
}

fn push(line: &str, now_ns: u64, calls: &mut CallsBuilder) -> Result<(), String> {
    let line: Line<'_> = serde_json::from_str(line).map_err(|error| json_problem(&error))?;
    let mut scratch = String::new();
    let url = SafeUrl::parse(&line.request.url, &mut scratch);
    let start_ns = unix_ns(line.request.timestamp, "request.timestamp", now_ns)?;
    let mut record = Record::new(Kind::Server, &line.request.method, url, start_ns);
    let response = line.response.unwrap_or_default();
    record.status = response.status_code.filter(|status| (100..1_000).contains(status));
    let seconds = response.response_time.filter(|seconds| (0.0..1e9).contains(seconds));
    record.total_ns = seconds.map(|seconds| (seconds * 1e9) as u64);
    record.request_body_bytes = line.request.size;
    record.response_body_bytes = response.size;
    record.call_id = line.uuid.map(Uuid::into_bytes);
    let trace_id = line.trace_id.as_deref().and_then(super::super::hex);
    record.trace_id = trace_id.and_then(|id| id.try_into().ok());
    record.set_template(line.request.path.as_deref().unwrap_or_default());
    record.set_consumer(line.request.consumer.as_deref().unwrap_or_default());
    let exception = line.exception.as_ref().and_then(|exception| exception.r#type.as_deref());
    if let Some(exception) = exception.filter(|class| !class.is_empty()) {
        record.set_error_type(exception);
    }
    if let Some(problem) = super::super::problem(&record, now_ns) {
        return Err(problem);
    }
    calls.push(&record);
    Ok(())
}
