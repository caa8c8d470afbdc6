//! Lines become a batch at the door, so that nothing behind it knows lines.
//! It never takes some of the lines: all of them, or an error that names the first bad one.

use egret::batch::{BatchMeta, Resource};
use egret::codec::{CallsBuilder, Encoder, ndjson};
use uuid::Uuid;

use super::{IngestLimits, Refusal};

/// The bytes of a batch that holds the lines' records. `now_ns` is the start of calls that do not
/// say theirs.
pub(super) fn to_batch(
    text: &str,
    batch_id: Uuid,
    limits: &IngestLimits,
    now_ns: u64,
) -> Result<Vec<u8>, Refusal> {
    let n_lines = text.lines().filter(|line| !line.trim().is_empty()).count();
    if n_lines > limits.n_records {
        return Err(Refusal::TooLarge(format!(
            "{n_lines} records exceed the limit of {}; send fewer in one request",
            limits.n_records
        )));
    }
    let mut calls = CallsBuilder::default();
    ndjson::read(text, now_ns, |record| calls.push(record))
        .map_err(|error| Refusal::Malformed(error.to_string()))?;
    let mut meta = BatchMeta::new(Resource::new(), 0);
    meta.batch_id = batch_id;
    Encoder::new()
        .and_then(|mut encoder| encoder.encode(&meta, &calls, None))
        .map_err(|error| Refusal::TooLarge(error.to_string()))
}
