//! The door for batches: who may send, what is read, and what is refused.
//! It never sees the store, so a slow disk can fill the queue but never hold a request.

mod access;
mod auth;
mod decompress;
mod depth;
#[cfg(any(test, feature = "fuzzing"))]
#[allow(unreachable_pub, reason = "reached with the feature alone; tests are inside")]
pub mod fuzz;
mod hub;
mod id;
mod lines;
mod otlp;
#[cfg(test)]
mod tests;

pub(crate) use access::{Access, Denied, Exceeded, Grant, NotYours, Wish};
pub(crate) use auth::Tokens;
pub(crate) use hub::{HubClients, HubSender, Message, admit_hub, is_environment};
pub(crate) use lines::resource;
pub(crate) use otlp::{Encoding, Rejected, Traces, accepted, admit_traces, refused};

use std::sync::Arc;

use bytes::Bytes;
use egret::batch::Resource;
use egret::codec::{Batch, CallColumn, Calls, DecodeError, Limits};

use crate::model::{Digest, Received, SECOND_NS, Source};
use lines::problem;

/// A digest goes along with its batch when it takes no more memory than that, and so much.
const SMALL_DIGEST_BYTES: usize = 16 << 10;

/// A batch of so many bytes, which has so many when it is decompressed and no more rows, is checked in
/// a fifth of a millisecond, seldom in more than one: to wake another thread for it costs more than it
/// spares those who are served by this one.
const SMALL_BATCH_BYTES: usize = 128 << 10;
const SMALL_DECODED_BYTES: usize = 256 << 10;
const SMALL_BATCH_ROWS: usize = 2_000;

/// A call may begin so much after its receipt: clocks differ, but a call of next year would stay
/// the newest until then.
const MAX_AHEAD_NS: u64 = 86_400 * SECOND_NS;

/// How much is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IngestLimits {
    /// A batch as received.
    pub(crate) n_batch_bytes: usize,
    /// A batch when it is decompressed.
    pub(crate) n_decoded_bytes: usize,
    /// Records of one batch.
    pub(crate) n_records: usize,
    /// One record: what it says, put together.
    pub(crate) n_record_bytes: usize,
}

/// What a body says that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Our own format.
    Native,
    /// Our own format when its magic says so, else nothing that is known.
    Untold,
    /// One JSON record a line.
    Lines(Compression),
}

/// How lines are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    Identity,
    Zstd,
    Gzip,
}

/// What a request with lines says beside them. A batch says it itself.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// The `Idempotency-Key`.
    pub(crate) key: Option<String>,
    /// Who sends; see [`resource`].
    pub(crate) resource: Resource,
}

/// Why a body is refused. Nothing of it is kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// Of a form, or a version of it, that is not read here.
    #[error("{0}")]
    Unsupported(String),
    /// Beyond the limits.
    #[error("{0}")]
    TooLarge(String),
    /// One record is, so that fewer of them do not help.
    #[error("{0}")]
    RecordTooLarge(String),
    /// Compressed such that reading it takes more memory than is given.
    #[error("{0}")]
    Window(String),
    /// JSON within JSON within JSON.
    #[error("{0}")]
    TooDeep(String),
    /// Not what it says it is.
    #[error("{0}")]
    Malformed(String),
}

impl Form {
    /// What the headers say.
    pub(crate) fn of(content_type: Option<&str>, encoding: Option<&str>) -> Result<Self, Refusal> {
        let compression = Compression::of(encoding.unwrap_or("identity"))?;
        let media_type = content_type.map(|value| value.split(';').next().unwrap_or(value).trim());
        let form = match media_type.map(str::to_ascii_lowercase).as_deref() {
            None | Some("") => Self::Untold,
            Some("application/vnd.egret.batch" | "application/octet-stream") => Self::Native,
            Some("application/x-ndjson") => Self::Lines(compression),
            Some(other) => {
                return Err(Refusal::Unsupported(format!(
                    "content type {other:?} is not read here; send application/vnd.egret.batch \
                     or application/x-ndjson"
                )));
            }
        };
        let is_lines = matches!(form, Self::Lines(_));
        if compression != Compression::Identity && !is_lines {
            let problem = "a batch is compressed within; send it without Content-Encoding";
            return Err(Refusal::Unsupported(problem.to_owned()));
        }
        Ok(form)
    }
}

impl Compression {
    /// What a `Content-Encoding` says.
    pub(crate) fn of(encoding: &str) -> Result<Self, Refusal> {
        match encoding.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Ok(Self::Identity),
            "zstd" => Ok(Self::Zstd),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            other => Err(Refusal::Unsupported(format!(
                "content encoding {other:?} is not read here; send zstd, gzip or none"
            ))),
        }
    }
}

impl IngestLimits {
    fn decoding(&self) -> Limits {
        let mut limits = Limits::default();
        limits.encoded_bytes = self.n_batch_bytes;
        limits.decoded_bytes = self.n_decoded_bytes;
        limits.rows = self.n_records;
        limits.record_bytes = self.n_record_bytes;
        limits
    }

    /// For batches that were made here, of what was within the limits: their columns are as large as
    /// they are.
    fn made_here(&self) -> Limits {
        let mut limits = crate::model::stored_limits();
        limits.record_bytes = self.n_record_bytes;
        limits
    }
}

/// Checks a body to its last value, so that whoever is told "accepted" can rely on it. `now_ns`
/// is the time of receipt, in unix nanoseconds.
pub(crate) fn admit(
    form: Form,
    told: Told,
    body: Bytes,
    limits: &IngestLimits,
    now_ns: u64,
) -> Result<Received, Refusal> {
    // A batch needs none, and yet a bad one is a mistake that its sender wants to hear of.
    told.key.as_deref().map(lines::idempotency_key).transpose()?;
    match form {
        Form::Untold if !body.starts_with(b"EGRT") => Err(Refusal::Unsupported(
            "no content type is given and the body is no batch; send \
             application/vnd.egret.batch or application/x-ndjson"
                .to_owned(),
        )),
        Form::Untold | Form::Native => admit_batch(body, &limits.decoding(), now_ns),
        Form::Lines(compression) => {
            let text = decompress::text(compression, &body, limits)?;
            let batch = lines::to_batch(&text, told, limits, now_ns)?;
            admit_batch(batch.into(), &limits.made_here(), now_ns)
        }
    }
}

/// As [`admit`], where that is a matter of a moment: `None` for everything but small batches.
pub(crate) fn admit_at_once(
    form: Form,
    told: &Told,
    body: &Bytes,
    limits: &IngestLimits,
    now_ns: u64,
) -> Option<Result<Received, Refusal>> {
    if form != Form::Native || told.key.is_some() || body.len() > SMALL_BATCH_BYTES {
        return None;
    }
    let batch = Batch::open(body, &limits.decoding()).ok()?;
    let rows = ["calls", "minutes"].map(|name| batch.table(name).map_or(0, |table| table.rows()));
    let is_small = batch.decoded_bytes() <= SMALL_DECODED_BYTES
        && rows.into_iter().all(|rows| rows <= SMALL_BATCH_ROWS);
    is_small.then(|| admit_opened(&batch, body.clone(), now_ns))
}

fn admit_batch(bytes: Bytes, limits: &Limits, now_ns: u64) -> Result<Received, Refusal> {
    let batch = Batch::open(&bytes, limits).map_err(refusal)?;
    admit_opened(&batch, bytes.clone(), now_ns)
}

/// `bytes` are the batch's.
fn admit_opened(batch: &Batch<'_>, bytes: Bytes, now_ns: u64) -> Result<Received, Refusal> {
    // What the pipeline will need is decoded here, once; of the rest it is enough that it can be read.
    let calls = Digest::calls(batch).map_err(refusal)?;
    batch.verify_others(&calls).map_err(refusal)?;
    let digest = Digest::of_calls(batch, &calls).map_err(refusal)?;
    let batch_id = batch.meta().batch_id;
    let n_calls = batch.table("calls").map_or(0, |table| table.rows());
    if let Some(problem) = late_start(&calls, now_ns) {
        return Err(Refusal::Malformed(problem));
    }
    let is_small = digest.n_held_bytes <= bytes.len() + SMALL_DIGEST_BYTES;
    let digest = is_small.then(|| Arc::new(digest));
    Ok(Received { batch_id, n_calls, received_unix_ns: now_ns, bytes, digest })
}

/// Who says that it sent a batch.
pub(crate) fn sender(received: &Received) -> Result<Source, Refusal> {
    let batch = Batch::open(&received.bytes, &crate::model::stored_limits()).map_err(refusal)?;
    Ok(Source::of(&batch.meta().resource))
}

/// What is wrong with the first call that begins too late.
fn late_start(calls: &Calls, now_ns: u64) -> Option<String> {
    (0..calls.len()).find_map(|row| {
        let problem = start_problem(calls.number(CallColumn::Start, row)?, now_ns)?;
        Some(format!("call {}: {problem}", row + 1))
    })
}

fn start_problem(start_ns: u64, now_ns: u64) -> Option<String> {
    (start_ns > now_ns.saturating_add(MAX_AHEAD_NS)).then(|| {
        format!(
            "start_unix_ns: {start_ns} is more than one day after the time of receipt, {now_ns}; \
             set the sender's clock right"
        )
    })
}

fn refusal(error: DecodeError) -> Refusal {
    let message = error.to_string();
    match error {
        DecodeError::Version { .. } => Refusal::Unsupported(message),
        DecodeError::RecordTooLarge { .. } => Refusal::RecordTooLarge(message),
        DecodeError::TooLarge { .. } => Refusal::TooLarge(message),
        _ => Refusal::Malformed(message),
    }
}

/// The bytes of hexadecimal digits.
fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let (pairs, rest) = digits.as_deref()?.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high * 16 + low).collect())
}

/// What is wrong with JSON, without the text that stands in the wrong place: it may be a secret.
fn json_problem(error: &serde_json::Error) -> String {
    let problem = error.to_string();
    match (problem.find("string \""), problem.rfind("\", expected")) {
        (Some(text), Some(end)) if text < end => {
            format!("{}string{}", &problem[..text], &problem[end + 1..])
        }
        _ => problem,
    }
}
