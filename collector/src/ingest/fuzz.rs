//! What fuzzers call: each decoder behind a door, and then what the pipeline does with what it took.
//! It never has an opinion on what is refused; only that nothing panics, and that what is taken can
//! be stored.

#[cfg(test)]
mod tests;

use bytes::Bytes;
use egret::codec::{Batch, DecodeError};
use egret::template::Templates;
use uuid::Uuid;

use super::{
    Compression, Encoding, Form, HubClients, HubSender, IngestLimits, Message, Told, admit,
    admit_hub, admit_traces,
};
use crate::model::{Digest, Received, stored_limits};

/// Small, so that what exceeds them is tried too.
const LIMITS: IngestLimits = IngestLimits {
    n_batch_bytes: 1 << 20,
    n_decoded_bytes: 4 << 20,
    n_records: 1_000,
    n_record_bytes: 1 << 20,
};

/// A day in 2026.
const NOW_NS: u64 = 1_790_000_000_000_000_000;

const CLIENT_ID: &str = "76b5cb91-a0a4-4ea0-a894-57d2b9fcb2c9";

/// Whether the bytes are taken, as a batch. Its checksum would stop nearly everything at once, so
/// that it is set right too.
///
/// # Errors
/// When what was taken cannot be stored.
pub fn batch(bytes: &[u8]) -> Result<bool, DecodeError> {
    let mut repaired = bytes.to_vec();
    if let Some((head, summed)) = repaired.split_at_mut_checked(9) {
        head[5..].copy_from_slice(&crc32fast::hash(summed).to_le_bytes());
    }
    let as_it_is = take(Form::Native, bytes)?;
    Ok(take(Form::Native, &repaired)? || as_it_is)
}

/// Whether the bytes are taken, as lines.
///
/// # Errors
/// When what was taken cannot be stored.
pub fn ndjson(bytes: &[u8]) -> Result<bool, DecodeError> {
    take(Form::Lines(compression(bytes)), bytes)
}

/// Whether the bytes are taken, as OTLP in protobuf.
///
/// # Errors
/// When what was taken cannot be stored.
pub fn otlp_protobuf(bytes: &[u8]) -> Result<bool, DecodeError> {
    take_traces(Encoding::Protobuf, bytes)
}

/// Whether the bytes are taken, as OTLP in JSON.
///
/// # Errors
/// When what was taken cannot be stored.
pub fn otlp_json(bytes: &[u8]) -> Result<bool, DecodeError> {
    take_traces(Encoding::Json, bytes)
}

/// Whether the bytes are taken, as a message of the hub protocol. The first byte says which:
/// `0` startup, `1` sync, anything else a log.
///
/// # Errors
/// When what was taken cannot be stored.
pub fn hub(bytes: &[u8]) -> Result<bool, DecodeError> {
    let mut clients = HubClients::default();
    let added = clients.add(&format!("{CLIENT_ID}=shop"));
    let Some((client, (which, body))) =
        added.ok().and_then(|()| clients.find(CLIENT_ID).cloned()).zip(bytes.split_first())
    else {
        return Ok(false);
    };
    let message = match which {
        b'0' => Message::Startup,
        b'1' => Message::Sync,
        _ => Message::Log(Uuid::nil()),
    };
    let sender = HubSender { client, environment: "prod".to_owned() };
    let body = Bytes::copy_from_slice(body);
    let taken = admit_hub(message, &sender, Compression::Identity, &body, &LIMITS, NOW_NS);
    taken.map_or(Ok(false), |received| store(&received).map(|()| true))
}

fn take(form: Form, bytes: &[u8]) -> Result<bool, DecodeError> {
    let taken = admit(form, Told::default(), Bytes::copy_from_slice(bytes), &LIMITS, NOW_NS);
    taken.map_or(Ok(false), |received| store(&received).map(|()| true))
}

fn take_traces(encoding: Encoding, bytes: &[u8]) -> Result<bool, DecodeError> {
    let body = Bytes::copy_from_slice(bytes);
    let Ok(traces) = admit_traces(encoding, compression(bytes), &body, &LIMITS, NOW_NS) else {
        return Ok(false);
    };
    traces.batches.iter().try_for_each(store)?;
    Ok(!traces.batches.is_empty())
}

/// As a header would say it.
fn compression(bytes: &[u8]) -> Compression {
    match bytes {
        [0x1f, 0x8b, ..] => Compression::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Compression::Zstd,
        _ => Compression::Identity,
    }
}

/// What the pipeline does with a batch, up to the store.
fn store(received: &Received) -> Result<(), DecodeError> {
    let batch = Batch::open(&received.bytes, &stored_limits())?;
    // As after a restart; the door's own is dropped at times.
    Digest::of(&batch)?.capped(&mut Templates::default());
    if let Some(digest) = &received.digest {
        digest.capped(&mut Templates::default());
    }
    Ok(())
}
