//! Traces of OpenTelemetry's SDKs: HTTP spans become records, one batch for each resource.
//! It never keeps a span that is no HTTP call, nor an exception's text.

mod answer;
mod conventions;
mod json;
mod protobuf;
mod span;
#[cfg(test)]
mod tests;

pub(crate) use answer::{accepted, refused};

use std::collections::BTreeMap;

use bytes::Bytes;
use egret::batch::{BatchMeta, Resource};
use egret::codec::{CallsBuilder, Encoder};
use egret::record::write_row;

use super::id::batch_id;
use super::{Compression, IngestLimits, Refusal, admit_batch, decompress};
use crate::model::Received;
use span::{HttpSpan, Senders};

/// Most resources of one request: each becomes a batch of its own.
const MAX_RESOURCES: usize = 1_000;

/// The reason under which rejected spans count as calls that are not seen.
const INVALID: &str = "otlp_span_invalid";

/// How a request, and therefore its answer, is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Protobuf,
    Json,
}

impl Encoding {
    /// What a `Content-Type` says.
    pub(crate) fn of(content_type: Option<&str>) -> Result<Self, Refusal> {
        let value = content_type.unwrap_or_default();
        let media_type = value.split(';').next().unwrap_or(value).trim().to_ascii_lowercase();
        match media_type.as_str() {
            "application/x-protobuf" | "application/protobuf" => Ok(Self::Protobuf),
            "application/json" => Ok(Self::Json),
            _ => Err(Refusal::Unsupported(format!(
                "content type {value:?} is not OTLP; send application/x-protobuf or \
                 application/json"
            ))),
        }
    }

    /// The `Content-Type` of an answer.
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        }
    }
}

/// What a request came to.
#[derive(Debug, Default)]
pub(crate) struct Traces {
    /// One for each resource with HTTP spans, always in the same order.
    pub(crate) batches: Vec<Received>,
    /// Spans that are no HTTP calls.
    pub(crate) n_ignored: u64,
    pub(crate) rejected: Rejected,
}

/// HTTP spans that cannot be records.
#[derive(Debug, Default)]
pub(crate) struct Rejected {
    pub(crate) n_spans: u64,
    /// What is wrong with the first.
    pub(crate) problem: String,
}

impl Rejected {
    fn add(&mut self, problem: String) {
        if self.n_spans == 0 {
            self.problem = problem;
        }
        self.n_spans += 1;
    }
}

/// Reads a request. `now_ns` is the time of receipt, in unix nanoseconds.
pub(crate) fn admit_traces(
    encoding: Encoding,
    compression: Compression,
    body: &Bytes,
    limits: &IngestLimits,
    now_ns: u64,
) -> Result<Traces, Refusal> {
    let bytes = decompress::bytes(compression, body, limits)?;
    let senders = match encoding {
        Encoding::Protobuf => protobuf::read(&bytes, limits.n_records)?,
        Encoding::Json => json::read(&bytes)?,
    };
    if senders.n_http > limits.n_records {
        return Err(too_many(limits.n_records));
    }
    let mut traces = Traces { n_ignored: senders.n_ignored, ..Traces::default() };
    let by_resource = by_resource(senders)?;
    for (resource, spans) in by_resource {
        let batch = to_batch(resource, &spans, now_ns, &mut traces.rejected)?;
        let received = admit_batch(batch.into(), &limits.made_here(), now_ns)?;
        traces.batches.push(received);
    }
    Ok(traces)
}

fn too_many(limit: usize) -> Refusal {
    Refusal::TooLarge(format!(
        "more than the limit of {limit} HTTP spans in one request; send fewer in one"
    ))
}

fn by_resource(senders: Senders) -> Result<BTreeMap<Resource, Vec<HttpSpan>>, Refusal> {
    let mut by_resource = BTreeMap::<Resource, Vec<HttpSpan>>::new();
    for sender in senders.all {
        let resource = conventions::resource(&sender.resource);
        by_resource.entry(resource).or_default().extend(sender.spans);
    }
    if by_resource.len() > MAX_RESOURCES {
        return Err(Refusal::TooLarge(format!(
            "{} resources exceed the limit of {MAX_RESOURCES} in one request; send fewer in one",
            by_resource.len()
        )));
    }
    Ok(by_resource)
}

fn to_batch(
    resource: Resource,
    spans: &[HttpSpan],
    now_ns: u64,
    rejected: &mut Rejected,
) -> Result<Vec<u8>, Refusal> {
    let mut calls = CallsBuilder::default();
    let mut identity = Vec::new();
    let mut ours = Rejected::default();
    for span in spans {
        conventions::with_record(span, |record| {
            write_row(record, &mut identity);
            let problem = conventions::problem(span).or_else(|| super::problem(record, now_ns));
            match problem {
                Some(problem) => ours.add(problem),
                None => calls.push(record),
            }
        });
    }
    let texts = resource.iter().flat_map(|(key, value)| [key.as_bytes(), value.as_bytes()]);
    let parts: Vec<&[u8]> = [b"otlp", identity.as_slice()].into_iter().chain(texts).collect();
    let mut meta = BatchMeta::new(resource.clone(), 0);
    meta.batch_id = batch_id(&parts);
    if ours.n_spans > 0 {
        meta.dropped.insert(INVALID.to_owned(), ours.n_spans);
        let n_before = rejected.n_spans;
        rejected.n_spans += ours.n_spans;
        if n_before == 0 {
            rejected.problem = ours.problem;
        }
    }
    Encoder::new()
        .and_then(|mut encoder| encoder.encode(&meta, &calls, None))
        .map_err(|error| Refusal::TooLarge(error.to_string()))
}
