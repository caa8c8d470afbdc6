//! A record as a row of bytes: how it crosses from the caller's thread to the worker.
//! Never leaves the process, so its layout may change with any release.
//!
//! ```text
//! u32 length of what follows
//! u8 kind, u8 outcome, u32 presence bits (one per optional number, in the order of `NUMBERS`)
//! u64 start, then 8 bytes for each number that is present
//! u8 peer length (0, 4, 16) and the address; u8 id bits and the ids
//! 11 texts, each u16 length and its bytes
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

/// Appends the record's row to `out` (about 100 bytes; no other allocation).
pub fn write_row(record: &Record<'_>, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    out.push(record.kind as u8);
    out.push(record.outcome as u8);
    let numbers = numbers(record);
    let presence = numbers
        .iter()
        .enumerate()
        .fold(0u32, |bits, (n, number)| bits | (u32::from(number.is_some()) << n));
    out.extend_from_slice(&presence.to_le_bytes());
    out.extend_from_slice(&record.start_unix_ns.to_le_bytes());
    for number in numbers.into_iter().flatten() {
        out.extend_from_slice(&number.to_le_bytes());
    }
    match record.peer_address {
        None => out.push(0),
        Some(IpAddr::V4(address)) => {
            out.push(4);
            out.extend_from_slice(&address.octets());
        }
        Some(IpAddr::V6(address)) => {
            out.push(16);
            out.extend_from_slice(&address.octets());
        }
    }
    write_ids(record, out);
    for text in texts(record) {
        // Redaction bounds every text far below 64 KiB.
        let length = u16::try_from(text.len()).unwrap_or(0);
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&text.as_bytes()[..usize::from(length)]);
    }
    let length = u32::try_from(out.len() - start - 4).unwrap_or(u32::MAX);
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

/// Takes the next row off `bytes`; `None` at its end.
///
/// # Errors
/// When the bytes are not rows that [`write_row`] wrote.
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

fn read_fields<'a>(row: &mut &'a [u8]) -> Result<Record<'a>, RowError> {
    let [kind, outcome] = take(row)?;
    let kind = *Kind::ALL.get(usize::from(kind)).ok_or(RowError)?;
    let outcome = *Outcome::ALL.get(usize::from(outcome)).ok_or(RowError)?;
    let presence = u32::from_le_bytes(take(row)?);
    let start_unix_ns = u64::from_le_bytes(take(row)?);
    let mut numbers = [None; N_NUMBERS];
    for (n, number) in numbers.iter_mut().enumerate() {
        if presence & (1 << n) != 0 {
            *number = Some(u64::from_le_bytes(take(row)?));
        }
    }
    let peer_address = match take::<1>(row)?[0] {
        0 => None,
        4 => Some(IpAddr::from(take::<4>(row)?)),
        16 => Some(IpAddr::from(take::<16>(row)?)),
        _ => return Err(RowError),
    };
    let ids = take::<1>(row)?[0];
    let call_id = if ids & 1 != 0 { Some(take(row)?) } else { None };
    let trace_id = if ids & 2 != 0 { Some(take(row)?) } else { None };
    let span_id = if ids & 4 != 0 { Some(take(row)?) } else { None };
    let parent_span_id = if ids & 8 != 0 { Some(take(row)?) } else { None };
    let mut texts = [""; N_TEXTS];
    for text in &mut texts {
        let length = usize::from(u16::from_le_bytes(take(row)?));
        let (bytes, rest) = row.split_at_checked(length).ok_or(RowError)?;
        *text = std::str::from_utf8(bytes).map_err(|_| RowError)?;
        *row = rest;
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

fn write_ids(record: &Record<'_>, out: &mut Vec<u8>) {
    let bits = u8::from(record.call_id.is_some())
        | u8::from(record.trace_id.is_some()) << 1
        | u8::from(record.span_id.is_some()) << 2
        | u8::from(record.parent_span_id.is_some()) << 3;
    out.push(bits);
    out.extend(record.call_id.iter().flatten());
    out.extend(record.trace_id.iter().flatten());
    out.extend(record.span_id.iter().flatten());
    out.extend(record.parent_span_id.iter().flatten());
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], RowError> {
    let (head, rest) = bytes.split_first_chunk::<N>().ok_or(RowError)?;
    *bytes = rest;
    Ok(*head)
}
