//! Which trace a call belongs to, after W3C Trace Context (level 1), and its `traceparent`.
//! Never sends one to a host that is not allowed to see it.

#[cfg(test)]
mod tests;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::allow::Allowed;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// A call's place in a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trace {
    pub(super) trace_id: [u8; 16],
    /// Of the call itself.
    pub(super) span_id: [u8; 8],
    flags: u8,
}

/// The call is recorded, which is what the flag says.
const SAMPLED: u8 = 1;

impl Trace {
    /// The trace of a request, and its header where the host may see it. What the request carries
    /// already stays as it is; else the trace of the code that calls is continued; else one is
    /// begun, for hosts that may see it: with the id that the attempts of a call share.
    pub(super) fn of_request(
        headers: &mut HeaderMap,
        host: &str,
        allowed: &Allowed,
        call_id: Option<[u8; 16]>,
    ) -> Option<Self> {
        if let Some(carried) = headers.get(TRACEPARENT) {
            return Self::parse(carried.as_bytes());
        }
        let is_allowed = allowed.traces(host);
        let trace = match parent() {
            Some((trace_id, flags)) => Self { trace_id, span_id: new_span_id(), flags },
            None if is_allowed => {
                let trace_id = call_id.unwrap_or_else(|| uuid::Uuid::now_v7().into_bytes());
                Self { trace_id, span_id: new_span_id(), flags: SAMPLED }
            }
            None => return None,
        };
        if is_allowed && let Ok(value) = HeaderValue::from_str(&trace.header()) {
            headers.insert(TRACEPARENT, value);
        }
        Some(trace)
    }

    /// The trace that a request brings along, in which answering it is a step of its own.
    #[cfg(feature = "tower")]
    pub(super) fn of_arrival(headers: &HeaderMap) -> Option<Self> {
        let carried = Self::parse(headers.get(TRACEPARENT)?.as_bytes())?;
        Some(Self { span_id: new_span_id(), ..carried })
    }

    /// `00-<32 hex>-<16 hex>-<2 hex>`; later versions may be longer.
    fn parse(header: &[u8]) -> Option<Self> {
        let is_cut = header.len() == 55 || (header.get(55) == Some(&b'-') && &header[..2] != b"00");
        let version = hex::<1>(header.get(..2)?)?[0];
        let dashes = [2, 35, 52].iter().all(|at| header.get(*at) == Some(&b'-'));
        if !is_cut || version == 0xff || !dashes {
            return None;
        }
        let trace_id = hex(&header[3..35])?;
        let span_id = hex(&header[36..52])?;
        let flags = hex::<1>(&header[53..55])?[0];
        let is_set = trace_id != [0; 16] && span_id != [0; 8];
        is_set.then_some(Self { trace_id, span_id, flags })
    }

    fn header(&self) -> String {
        let trace_id = u128::from_be_bytes(self.trace_id);
        let span_id = u64::from_be_bytes(self.span_id);
        format!("00-{trace_id:032x}-{span_id:016x}-{:02x}", self.flags)
    }
}

/// The last eight bytes of a UUIDv7 are random but for two bits.
fn new_span_id() -> [u8; 8] {
    let id = uuid::Uuid::now_v7().into_bytes();
    let mut span_id = [0; 8];
    span_id.copy_from_slice(&id[8..]);
    span_id
}

/// The trace of the code that calls, and its flags: OpenTelemetry's current context, which
/// `tracing-opentelemetry` sets for the current span.
#[cfg(feature = "opentelemetry")]
fn parent() -> Option<([u8; 16], u8)> {
    use opentelemetry::trace::TraceContextExt;
    let context = opentelemetry::Context::current();
    let span = context.span().span_context().clone();
    span.is_valid().then(|| (span.trace_id().to_bytes(), span.trace_flags().to_u8()))
}

#[cfg(not(feature = "opentelemetry"))]
fn parent() -> Option<([u8; 16], u8)> {
    None
}

/// Lower-case hexadecimal digits, as the header has them.
fn hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut out = [0; N];
    let pairs = digits.as_chunks::<2>().0;
    if pairs.len() != N {
        return None;
    }
    for (byte, pair) in out.iter_mut().zip(pairs) {
        *byte = digit(pair[0])? * 16 + digit(pair[1])?;
    }
    Some(out)
}
