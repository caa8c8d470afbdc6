//! A record as a row of bytes: how it crosses from the caller's thread to the worker.
//! Never stored nor sent, so its layout may change with any release. (The collector makes of rows the
//! digest that a repeated OTLP request is known by; repeated over such a release, it is not.)
//!
//! ```text
//! u32 length of what follows
//! u8 kind, u8 outcome, u8 peer length (0, 4, 16), u8 id bits
//! u16 number bits: which of them are there, in the order of `write_numbers`
//! u8 method, u8 scheme: their places in `METHODS` and `SCHEMES`
//! u64 start
//! u16 for each text: its length, in the order of `texts`
//! 8 bytes for each number that is there, the peer, the ids
//! each text's bytes
//! ```

use std::borrow::Cow;
use std::net::IpAddr;

use super::{Kind, Outcome, Record};
use crate::redact::SafeUrl;
use crate::redact::closed::{METHODS, SCHEMES, method_place, scheme_place};

/// A row that cannot be read. It would be a defect of ours: rows never leave the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("row cut short or out of order")]
pub struct RowError;

const N_NUMBERS: usize = 14;
const N_TEXTS: usize = 9;

/// What each row begins with.
const HEAD_BYTES: usize = 20 + 2 * N_TEXTS;

/// What stands before the texts at most.
const MAX_FIXED_BYTES: usize = HEAD_BYTES + 8 * N_NUMBERS + 16 + 48;

/// Appends the record's row to `out` (about 100 bytes; no other allocation).
pub fn write_row(record: &Record<'_>, out: &mut Vec<u8>) {
    let start = out.len();
    let texts = texts(record);
    let mut head = [0; HEAD_BYTES];
    let mut n_text_bytes = 0;
    for (text, place) in texts.iter().zip(head[20..].as_chunks_mut().0) {
        // Redaction bounds every text far below 64 KiB.
        let length = u16::try_from(text.len()).unwrap_or(0);
        *place = length.to_le_bytes();
        n_text_bytes += usize::from(length);
    }
    out.reserve(MAX_FIXED_BYTES + n_text_bytes);
    out.extend_from_slice(&head);
    let present = write_numbers(record, out);
    let n_peer_bytes = write_peer(record.peer_address, out);
    let ids = write_ids(record, out);
    for text in texts {
        if !text.is_empty() && text.len() <= usize::from(u16::MAX) {
            out.extend_from_slice(text.as_bytes());
        }
    }
    let length = u32::try_from(out.len() - start - 4).unwrap_or(u32::MAX);
    if let Some(head) = out[start..].first_chunk_mut::<20>() {
        head[..4].copy_from_slice(&length.to_le_bytes());
        head[4..8].copy_from_slice(&[record.kind as u8, record.outcome as u8, n_peer_bytes, ids]);
        head[8..10].copy_from_slice(&present.to_le_bytes());
        // Redaction knows no others.
        head[10] = method_place(record.method).unwrap_or(0);
        head[11] = scheme_place(record.url.scheme).unwrap_or(0);
        head[12..].copy_from_slice(&record.start_unix_ns.to_le_bytes());
    }
}

/// Says by bits which numbers there are.
#[inline]
fn write_numbers(record: &Record<'_>, out: &mut Vec<u8>) -> u16 {
    let mut numbers = Numbers { out, present: 0 };
    numbers.put(0, record.total_ns);
    numbers.put(1, record.dns_ns);
    numbers.put(2, record.connect_ns);
    numbers.put(3, record.ttfb_ns);
    numbers.put(4, record.body_ns);
    numbers.put(5, record.status.map(u64::from));
    numbers.put(6, record.resend_count.map(u64::from));
    numbers.put(7, record.attempt.map(u64::from));
    numbers.put(8, record.connection_reused.map(u64::from));
    numbers.put(9, record.request_body_bytes);
    numbers.put(10, record.response_body_bytes);
    numbers.put(11, record.url.port.map(u64::from));
    numbers.put(12, record.call_total_ns);
    numbers.put(13, record.call_outcome.map(|outcome| outcome as u64));
    numbers.present
}

struct Numbers<'o> {
    out: &'o mut Vec<u8>,
    present: u16,
}

impl Numbers<'_> {
    /// One by one, rather than in a loop: most are absent, and each costs a test then.
    #[inline(always)]
    fn put(&mut self, place: u8, number: Option<u64>) {
        if let Some(number) = number {
            self.present |= 1 << place;
            self.out.extend_from_slice(&number.to_le_bytes());
        }
    }
}

#[inline]
fn write_peer(peer: Option<IpAddr>, out: &mut Vec<u8>) -> u8 {
    match peer {
        None => 0,
        Some(IpAddr::V4(address)) => {
            out.extend_from_slice(&address.octets());
            4
        }
        Some(IpAddr::V6(address)) => {
            out.extend_from_slice(&address.octets());
            16
        }
    }
}

/// Says by bits which ids there are.
#[inline]
fn write_ids(record: &Record<'_>, out: &mut Vec<u8>) -> u8 {
    let mut bits = 0;
    let long = [&record.call_id, &record.trace_id];
    for (n, id) in long.into_iter().enumerate() {
        if let Some(id) = id {
            bits |= 1 << n;
            out.extend_from_slice(id);
        }
    }
    let short = [&record.span_id, &record.parent_span_id];
    for (n, id) in short.into_iter().enumerate() {
        if let Some(id) = id {
            bits |= 4 << n;
            out.extend_from_slice(id);
        }
    }
    bits
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

/// In its only place, and number by number: each is where it stays at once.
#[inline(always)]
fn read_fields<'a>(row: &mut &'a [u8]) -> Result<Record<'a>, RowError> {
    let [kind, outcome, n_peer_bytes, ids] = take(row)?;
    let present = u16::from_le_bytes(take(row)?);
    if present >> N_NUMBERS != 0 {
        return Err(RowError);
    }
    let [method, scheme] = take(row)?;
    let method = METHODS.get(usize::from(method)).ok_or(RowError)?;
    let scheme = SCHEMES.get(usize::from(scheme)).ok_or(RowError)?;
    let start_unix_ns = u64::from_le_bytes(take(row)?);
    let lengths: [u8; 2 * N_TEXTS] = take(row)?;
    let mut number = |place: u8| -> Result<Option<u64>, RowError> {
        if present & (1 << place) == 0 {
            Ok(None)
        } else {
            Ok(Some(u64::from_le_bytes(take(row)?)))
        }
    };
    let (total_ns, dns_ns, connect_ns) = (number(0)?, number(1)?, number(2)?);
    let (ttfb_ns, body_ns) = (number(3)?, number(4)?);
    let (status, resend_count, attempt) = (number(5)?, number(6)?, number(7)?);
    let (reused, sent, received) = (number(8)?, number(9)?, number(10)?);
    let (port, call_total_ns, call_outcome) = (number(11)?, number(12)?, number(13)?);
    let peer_address = read_peer(n_peer_bytes, row)?;
    let (call_id, trace_id) = (read_id(ids & 1, row)?, read_id(ids & 2, row)?);
    let (span_id, parent_span_id) = (read_id(ids & 4, row)?, read_id(ids & 8, row)?);
    // All texts at once: each is one of its own only by where it is cut.
    let mut rest = std::str::from_utf8(row).map_err(|_| RowError)?;
    let mut lengths = lengths.as_chunks().0.iter();
    let mut text = || -> Result<&'a str, RowError> {
        let length = u16::from_le_bytes(*lengths.next().ok_or(RowError)?);
        let (text, behind) = rest.split_at_checked(length.into()).ok_or(RowError)?;
        rest = behind;
        Ok(text)
    };
    let (host, path, query) = (text()?, text()?, text()?);
    // In the order of `texts`, as the three before.
    Ok(Record {
        template: Cow::Borrowed(text()?),
        protocol_version: text()?,
        error_type: text()?,
        target: Cow::Borrowed(text()?),
        consumer: Cow::Borrowed(text()?),
        attributes: Cow::Borrowed(text()?),
        kind: *Kind::ALL.get(usize::from(kind)).ok_or(RowError)?,
        outcome: *Outcome::ALL.get(usize::from(outcome)).ok_or(RowError)?,
        start_unix_ns,
        total_ns,
        dns_ns,
        connect_ns,
        ttfb_ns,
        body_ns,
        status: small(status),
        resend_count: small(resend_count),
        attempt: small(attempt),
        connection_reused: reused.map(|number| number != 0),
        request_body_bytes: sent,
        response_body_bytes: received,
        peer_address,
        call_id,
        call_total_ns,
        call_outcome: small::<usize>(call_outcome).and_then(|n| Outcome::ALL.get(n).copied()),
        trace_id,
        span_id,
        parent_span_id,
        method,
        url: SafeUrl { scheme, host, port: small(port), path, query },
    })
}

#[inline(always)]
fn read_peer(n_bytes: u8, row: &mut &[u8]) -> Result<Option<IpAddr>, RowError> {
    match n_bytes {
        0 => Ok(None),
        4 => Ok(Some(IpAddr::from(take::<4>(row)?))),
        16 => Ok(Some(IpAddr::from(take::<16>(row)?))),
        _ => Err(RowError),
    }
}

/// An id, where its bit is set.
#[inline(always)]
fn read_id<const N: usize>(bit: u8, row: &mut &[u8]) -> Result<Option<[u8; N]>, RowError> {
    if bit == 0 { Ok(None) } else { Ok(Some(take(row)?)) }
}

fn small<T: TryFrom<u64>>(number: Option<u64>) -> Option<T> {
    number.and_then(|number| T::try_from(number).ok())
}

#[inline]
fn texts<'r>(record: &'r Record<'_>) -> [&'r str; N_TEXTS] {
    [
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
