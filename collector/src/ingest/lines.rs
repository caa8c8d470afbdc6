//! Lines become a batch at the door, so that nothing behind it knows lines.
//! It never takes some of the lines: all of them, or an error that names the first bad one.

use egret::batch::{BatchMeta, Resource};
use egret::codec::{CallsBuilder, Encoder, ndjson};
use egret::record::Record;
use uuid::Uuid;

use super::id::batch_id;
use super::{IngestLimits, Refusal, Told, depth, start_problem};

/// The longest `Idempotency-Key`.
const MAX_KEY_BYTES: usize = 255;

/// Who sends lines, as far as it is told, without secrets.
pub(crate) fn resource(service: Option<&str>, environment: Option<&str>) -> Resource {
    let pairs = [("service.name", service), ("deployment.environment.name", environment)];
    let told = pairs.into_iter().filter_map(|(key, value)| Some((key, value?)));
    told.map(|(key, value)| (key.to_owned(), egret::redact::text(value).into_owned())).collect()
}

/// The bytes of a batch that holds the lines' records. `now_ns` is the start of calls that do not
/// say theirs.
pub(super) fn to_batch(
    text: &str,
    told: Told,
    limits: &IngestLimits,
    now_ns: u64,
) -> Result<Vec<u8>, Refusal> {
    let n_lines = filled(text).count();
    if n_lines == 0 {
        let problem = "no records; send one JSON object a line";
        return Err(Refusal::Malformed(problem.to_owned()));
    }
    if n_lines > limits.n_records {
        return Err(Refusal::TooLarge(format!(
            "{n_lines} records exceed the limit of {}; send fewer in one request",
            limits.n_records
        )));
    }
    let limit = limits.n_record_bytes;
    for (n, line) in text.lines().enumerate() {
        let (n, found) = (n + 1, line.len());
        if found > limit {
            return Err(Refusal::RecordTooLarge(format!(
                "line {n}: {found} bytes exceed the limit of {limit} for one record"
            )));
        }
        depth::check(line.as_bytes())?;
    }
    let calls = calls(text, now_ns).map_err(|error| Refusal::Malformed(error.to_string()))?;
    let key = told.key.as_deref();
    let key =
        key.map(|key| Ok(idempotent_id(idempotency_key(key)?, &told.resource))).transpose()?;
    let mut meta = BatchMeta::new(told.resource, 0);
    meta.batch_id = key.unwrap_or_else(Uuid::now_v7);
    Encoder::new()
        .and_then(|mut encoder| encoder.encode(&meta, &calls, None))
        .map_err(|error| Refusal::TooLarge(error.to_string()))
}

fn calls(text: &str, now_ns: u64) -> Result<CallsBuilder, ndjson::LineError> {
    let mut calls = CallsBuilder::default();
    let mut lines = filled(text);
    let mut refused = None;
    let read = ndjson::read(text, now_ns, |record| {
        let line = lines.next().unwrap_or_default();
        if refused.is_some() {
            return;
        }
        match problem(record, now_ns) {
            Some(problem) => refused = Some(ndjson::LineError { line, problem }),
            None => calls.push(record),
        }
    });
    // What is refused here was read, and so comes before what could not be.
    refused.map_or(read, Err)?;
    Ok(calls)
}

/// The numbers, from 1, of the lines that say something.
fn filled(text: &str) -> impl Iterator<Item = usize> {
    let lines = text.lines().enumerate();
    lines.filter(|(_, line)| !line.trim().is_empty()).map(|(n, _)| n + 1)
}

/// What is wrong with a record that can be read. A URL that cannot be read leaves none of its
/// parts.
pub(super) fn problem(record: &Record<'_>, now_ns: u64) -> Option<String> {
    let url = record.url();
    let says = [url.host(), url.path(), record.target(), record.template()];
    if says.iter().all(|text| text.is_empty()) {
        let problem = "says not whom it called; one of url.full (a URL that can be read), \
                       server.address and target is needed";
        return Some(problem.to_owned());
    }
    if let Some(status) = record.status.filter(|status| !(100..1_000).contains(status)) {
        return Some(format!("http.response.status_code: {status} is not from 100 to 999"));
    }
    start_problem(record.start_unix_ns, now_ns)
}

/// What an `Idempotency-Key` says; the header's value may be in quotes.
pub(super) fn idempotency_key(header: &str) -> Result<&str, Refusal> {
    let key = header.trim();
    let unquoted = key.strip_prefix('"').and_then(|key| key.strip_suffix('"'));
    let key = unquoted.unwrap_or(key);
    let is_visible = key.bytes().all(|byte| byte.is_ascii_graphic());
    if !(1..=MAX_KEY_BYTES).contains(&key.len()) || !is_visible {
        return Err(Refusal::Malformed(format!(
            "Idempotency-Key: {} bytes; send 1 to {MAX_KEY_BYTES} visible ASCII characters, \
             without spaces, or no key",
            key.len()
        )));
    }
    Ok(key)
}

/// Lines that are sent again by the same sender are the same batch when their key says so: a key is
/// its sender's own, and may be another one's too.
fn idempotent_id(key: &str, sender: &Resource) -> Uuid {
    let texts = sender.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
    let parts: Vec<&[u8]> = [b"lines", key.as_bytes()].into_iter().chain(texts).collect();
    batch_id(&parts)
}
