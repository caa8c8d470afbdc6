//! Requests in protobuf. The outer messages are walked, and spans decoded one at a time.
//! It never decodes a request as a whole: two bytes can be a span, and a span takes hundreds.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as AnyValue;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use prost::{DecodeError, Message};

use super::span::{Attributes, HttpSpan, Sender, Senders, Side, Value};
use super::{Refusal, too_many};

/// Largest span or resource; the SDKs' own limits keep them far smaller.
const MAX_MESSAGE_BYTES: usize = 1 << 20;

/// Of `ExportTraceServiceRequest`. Several messages end to end are one, as protobuf has it.
const RESOURCE_SPANS: u32 = 1;
/// Of `ResourceSpans`.
const RESOURCE: u32 = 1;
const SCOPE_SPANS: u32 = 2;
/// Of `ScopeSpans`.
const SPANS: u32 = 2;

pub(super) fn read(bytes: &[u8], max_spans: usize) -> Result<Senders, Refusal> {
    let mut senders = Senders::default();
    messages(bytes, RESOURCE_SPANS, |_, resource_spans| {
        let mut sender = Sender::default();
        messages(resource_spans, SCOPE_SPANS, |tag, part| {
            if tag == RESOURCE {
                let resource: Resource = decode("resource", part)?;
                put_all(&mut sender.resource, resource.attributes);
                return Ok(());
            }
            messages(part, SPANS, |tag, span| {
                if tag == SPANS {
                    sender.add(http_span(decode("span", span)?));
                }
                let n_spans = senders.n_http + sender.spans.len();
                if n_spans > max_spans { Err(too_many(max_spans)) } else { Ok(()) }
            })
        })?;
        senders.add(sender);
        Ok(())
    })?;
    Ok(senders)
}

/// Calls `each` with the fields up to number `last` that are messages; skips all others.
fn messages(
    mut bytes: &[u8],
    last: u32,
    mut each: impl FnMut(u32, &[u8]) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    while !bytes.is_empty() {
        let (tag, wire_type) = decode_key(&mut bytes).map_err(damaged)?;
        if tag > last || wire_type != WireType::LengthDelimited {
            let context = DecodeContext::default();
            skip_field(wire_type, tag, &mut bytes, context).map_err(damaged)?;
            continue;
        }
        let length = decode_varint(&mut bytes).map_err(damaged)?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let (message, rest) = bytes.split_at_checked(length).ok_or_else(|| {
            Refusal::Malformed(format!(
                "damaged protobuf: a message of {length} bytes begins where {} are left",
                bytes.len()
            ))
        })?;
        bytes = rest;
        each(tag, message)?;
    }
    Ok(())
}

fn decode<M: Message + Default>(what: &str, bytes: &[u8]) -> Result<M, Refusal> {
    if bytes.len() > MAX_MESSAGE_BYTES {
        return Err(Refusal::TooLarge(format!(
            "a {what} of {} bytes exceeds the limit of {MAX_MESSAGE_BYTES}",
            bytes.len()
        )));
    }
    M::decode(bytes).map_err(damaged)
}

fn damaged(error: DecodeError) -> Refusal {
    Refusal::Malformed(format!("damaged protobuf: {error}"))
}

fn http_span(span: Span) -> HttpSpan {
    let mut attributes = Attributes::default();
    put_all(&mut attributes, span.attributes);
    let exception_type = span.events.into_iter().find_map(|event| {
        let mut attributes = Attributes::default();
        put_all(&mut attributes, event.attributes);
        Some(attributes.text(&["exception.type"]).to_owned()).filter(|text| !text.is_empty())
    });
    HttpSpan {
        side: Side::of(span.kind.into()),
        trace_id: span.trace_id,
        span_id: span.span_id,
        start_ns: span.start_time_unix_nano,
        end_ns: span.end_time_unix_nano,
        has_failed: span.status.is_some_and(|status| status.code() == StatusCode::Error),
        exception_type: exception_type.unwrap_or_default(),
        attributes,
    }
}

fn put_all(attributes: &mut Attributes, pairs: Vec<KeyValue>) {
    for KeyValue { key, value, .. } in pairs {
        let value = match value.and_then(|value| value.value) {
            Some(AnyValue::StringValue(text)) => Value::Text(text),
            Some(AnyValue::IntValue(number)) => Value::Number(number),
            Some(AnyValue::DoubleValue(number)) => Value::Number(number as i64),
            _ => continue,
        };
        attributes.put(&key, value);
    }
}
