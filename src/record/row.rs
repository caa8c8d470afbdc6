//! A record as a row of bytes: how it crosses from the caller's thread to the worker.
//! Never leaves the process, so its layout may change with any release.
//!
//! ```text
//! u32 length of what follows
//! u8 kind, u8 outcome, u8 peer length (0, 4, 16), u8 id bits
//! u16 number bits, u16 text bits: which of them are there, in the order of `numbers` and `texts`
//! u64 start, 8 bytes for each number, the peer, the ids
//! u16 for each text: its length
//! each text's bytes
//! ```

use std::borrow::Cow;
use std::net::IpAddr;

use super::{Kind, Outcome, Record};
use crate::redact::SafeUrl;

/// A row that cannot be read. It would be a defect of ours: rows never leave the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("row cut short or out of order")]
pub struct RowError;

const N_NUMBERS: usize = 14;
const N_TEXTS: usize = 11;

/// What stands before the texts at most.
const MAX_HEAD_BYTES: usize = 20 + 8 * N_NUMBERS + 16 + 48 + 2 * N_TEXTS;

/// Appends the record's row to `out` (about 100 bytes; no other allocation).
pub fn write_row(record: &Record<'_>, out: &mut Vec<u8>) {
    let texts = texts(record);
    let mut head = Head { bytes: [0; MAX_HEAD_BYTES], length: 20 };
    let mut present = 0u16;
    for (n, number) in numbers(record).into_iter().enumerate() {
        if let Some(number) = number {
            present |= 1 << n;
            head.put(number.to_le_bytes());
        }
    }
    let n_peer_bytes = head.put_peer(record.peer_address);
    let ids = head.put_ids(record);
    let (mut n_text_bytes, mut present_texts) = (0, 0u16);
    for (n, text) in texts.iter().enumerate() {
        if !text.is_empty() {
            present_texts |= 1 << n;
            // Redaction bounds every text far below 64 KiB.
            let length = u16::try_from(text.len()).unwrap_or(0);
            n_text_bytes += usize::from(length);
            head.put(length.to_le_bytes());
        }
    }
    let length = u32::try_from(head.length + n_text_bytes - 4).unwrap_or(u32::MAX);
    head.bytes[..4].copy_from_slice(&length.to_le_bytes());
    head.bytes[4..8].copy_from_slice(&[record.kind as u8, record.outcome as u8, n_peer_bytes, ids]);
    head.bytes[8..10].copy_from_slice(&present.to_le_bytes());
    head.bytes[10..12].copy_from_slice(&present_texts.to_le_bytes());
    head.bytes[12..20].copy_from_slice(&record.start_unix_ns.to_le_bytes());
    out.reserve(head.length + n_text_bytes);
    out.extend_from_slice(&head.bytes[..head.length]);
    for text in texts {
        if !text.is_empty() && text.len() <= usize::from(u16::MAX) {
            out.extend_from_slice(text.as_bytes());
        }
    }
}

/// A row's beginning, while it is written.
struct Head {
    bytes: [u8; MAX_HEAD_BYTES],
    length: usize,
}

impl Head {
    fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        if let Some(place) = self.bytes.get_mut(self.length..self.length + N) {
            place.copy_from_slice(&bytes);
            self.length += N;
        }
    }

    fn put_peer(&mut self, peer: Option<IpAddr>) -> u8 {
        match peer {
            None => 0,
            Some(IpAddr::V4(address)) => {
                self.put(address.octets());
                4
            }
            Some(IpAddr::V6(address)) => {
                self.put(address.octets());
                16
            }
        }
    }

    /// Says by bits which ids there are.
    fn put_ids(&mut self, record: &Record<'_>) -> u8 {
        let mut bits = 0;
        let long = [record.call_id, record.trace_id];
        for (n, id) in long.into_iter().enumerate() {
            if let Some(id) = id {
                bits |= 1 << n;
                self.put(id);
            }
        }
        let short = [record.span_id, record.parent_span_id];
        for (n, id) in short.into_iter().enumerate() {
            if let Some(id) = id {
                bits |= 4 << n;
                self.put(id);
            }
        }
        bits
    }
}

/// Takes the next row off `bytes`; `None` at its end.
///
/// # Errors
/// When the bytes are not rows that [`write_row`] wrote.
#[inline(always)]
pub fn read_row<'a>(bytes: &mut &'a [u8]) -> Result<Option<Record<'a>>, RowError> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let length = usize::try_from(u32::from_le_bytes(take(bytes)?)).map_err(|_| RowError)?;
    let (mut row, rest) = bytes.split_at_checked(length).ok_or(RowError)?;
    *bytes = rest;
    read_fields(&mut row).map(Some)
}

/// What a row holds before it has names.
struct Fields<'a> {
    kind: Kind,
    outcome: Outcome,
    start_unix_ns: u64,
    numbers: [Option<u64>; N_NUMBERS],
    peer_address: Option<IpAddr>,
    call_id: Option<[u8; 16]>,
    trace_id: Option<[u8; 16]>,
    span_id: Option<[u8; 8]>,
    parent_span_id: Option<[u8; 8]>,
    texts: [&'a str; N_TEXTS],
}

#[inline(always)]
fn read_fields<'a>(row: &mut &'a [u8]) -> Result<Record<'a>, RowError> {
    let [kind, outcome, n_peer_bytes, ids] = take(row)?;
    let kind = *Kind::ALL.get(usize::from(kind)).ok_or(RowError)?;
    let outcome = *Outcome::ALL.get(usize::from(outcome)).ok_or(RowError)?;
    let present = u16::from_le_bytes(take(row)?);
    let present_texts = u16::from_le_bytes(take(row)?);
    let start_unix_ns = u64::from_le_bytes(take(row)?);
    let mut numbers = [None; N_NUMBERS];
    for n in set_bits(present) {
        *numbers.get_mut(n).ok_or(RowError)? = Some(u64::from_le_bytes(take(row)?));
    }
    let peer_address = match n_peer_bytes {
        0 => None,
        4 => Some(IpAddr::from(take::<4>(row)?)),
        16 => Some(IpAddr::from(take::<16>(row)?)),
        _ => return Err(RowError),
    };
    let call_id = if ids & 1 != 0 { Some(take(row)?) } else { None };
    let trace_id = if ids & 2 != 0 { Some(take(row)?) } else { None };
    let span_id = if ids & 4 != 0 { Some(take(row)?) } else { None };
    let parent_span_id = if ids & 8 != 0 { Some(take(row)?) } else { None };
    let mut lengths = [0; N_TEXTS];
    for n in set_bits(present_texts) {
        *lengths.get_mut(n).ok_or(RowError)? = usize::from(u16::from_le_bytes(take(row)?));
    }
    // All texts at once: each is one of its own only by where it is cut.
    let mut rest = std::str::from_utf8(row).map_err(|_| RowError)?;
    let mut texts = [""; N_TEXTS];
    for n in set_bits(present_texts) {
        (texts[n], rest) = rest.split_at_checked(lengths[n]).ok_or(RowError)?;
    }
    let fields = Fields {
        kind,
        outcome,
        start_unix_ns,
        numbers,
        peer_address,
        call_id,
        trace_id,
        span_id,
        parent_span_id,
        texts,
    };
    Ok(fields.name())
}

impl<'a> Fields<'a> {
    /// The record, in the order of [`numbers`] and [`texts`].
    #[inline(always)]
    fn name(self) -> Record<'a> {
        let [
            method,
            scheme,
            host,
            path,
            query,
            template,
            version,
            error,
            target,
            consumer,
            attributes,
        ] = self.texts;
        let [
            total,
            dns,
            connect,
            ttfb,
            body,
            status,
            resend,
            attempt,
            reused,
            sent,
            received,
            port,
            call_total,
            call_outcome,
        ] = self.numbers;
        Record {
            kind: self.kind,
            outcome: self.outcome,
            start_unix_ns: self.start_unix_ns,
            total_ns: total,
            dns_ns: dns,
            connect_ns: connect,
            ttfb_ns: ttfb,
            body_ns: body,
            status: small(status),
            resend_count: small(resend),
            attempt: small(attempt),
            connection_reused: reused.map(|number| number != 0),
            request_body_bytes: sent,
            response_body_bytes: received,
            peer_address: self.peer_address,
            call_id: self.call_id,
            call_total_ns: call_total,
            call_outcome: small::<usize>(call_outcome).and_then(|n| Outcome::ALL.get(n).copied()),
            trace_id: self.trace_id,
            span_id: self.span_id,
            parent_span_id: self.parent_span_id,
            method,
            url: SafeUrl { scheme, host, port: small(port), path, query },
            template: Cow::Borrowed(template),
            protocol_version: version,
            error_type: error,
            target: Cow::Borrowed(target),
            consumer: Cow::Borrowed(consumer),
            attributes: Cow::Borrowed(attributes),
        }
    }
}

/// The places of the bits that are set, from the lowest.
fn set_bits(mut bits: u16) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = bits.trailing_zeros() as usize;
        (bits != 0).then(|| {
            bits &= bits - 1;
            place
        })
    })
}

fn small<T: TryFrom<u64>>(number: Option<u64>) -> Option<T> {
    number.and_then(|number| T::try_from(number).ok())
}

fn numbers(record: &Record<'_>) -> [Option<u64>; N_NUMBERS] {
    [
        record.total_ns,
        record.dns_ns,
        record.connect_ns,
        record.ttfb_ns,
        record.body_ns,
        record.status.map(u64::from),
        record.resend_count.map(u64::from),
        record.attempt.map(u64::from),
        record.connection_reused.map(u64::from),
        record.request_body_bytes,
        record.response_body_bytes,
        record.url.port.map(u64::from),
        record.call_total_ns,
        record.call_outcome.map(|outcome| outcome as u64),
    ]
}

fn texts<'r>(record: &'r Record<'_>) -> [&'r str; N_TEXTS] {
    [
        record.method,
        record.url.scheme,
        record.url.host,
        record.url.path,
        record.url.query,
        &record.template,
        record.protocol_version,
        record.error_type,
        &record.target,
        &record.consumer,
        &record.attributes,
    ]
}

#[inline]
fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], RowError> {
    let (head, rest) = bytes.split_first_chunk::<N>().ok_or(RowError)?;
    *bytes = rest;
    Ok(*head)
}
