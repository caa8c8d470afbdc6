//! Requests in JSON. Lists are folded while they are read.
//! It never builds a list of what it will throw away: a small body cannot fill the memory.

mod scalar;

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use super::Refusal;
use super::span::{Attributes, HttpSpan, Sender, Senders, Value};
use crate::ingest::{depth, json_problem};
use scalar::Scalar;

/// Several documents end to end are one request.
pub(super) fn read(bytes: &[u8]) -> Result<Senders, Refusal> {
    depth::check(bytes)?;
    let mut all = Senders::default();
    let mut n_documents = 0;
    for request in serde_json::Deserializer::from_slice(bytes).into_iter::<Object<Request>>() {
        let Object(request) = request.map_err(|error| {
            Refusal::Malformed(format!("damaged JSON: {}", json_problem(&error)))
        })?;
        n_documents += 1;
        let Senders { all: senders, n_http, n_ignored } = request.resource_spans.0;
        all.all.extend(senders);
        all.n_http += n_http;
        all.n_ignored += n_ignored;
    }
    if n_documents == 0 {
        let problem = "damaged JSON: the body is empty; send an ExportTraceServiceRequest";
        return Err(Refusal::Malformed(problem.to_owned()));
    }
    Ok(all)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    #[serde(default)]
    resource_spans: Folded<Senders>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ResourceSpans {
    resource: Option<Object<Resource>>,
    scope_spans: Folded<Sender>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Resource {
    attributes: Folded<Attributes>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ScopeSpans {
    spans: Folded<Spans>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Span {
    trace_id: Scalar,
    span_id: Scalar,
    kind: Scalar,
    start_time_unix_nano: Scalar,
    end_time_unix_nano: Scalar,
    attributes: Folded<Attributes>,
    events: Folded<ExceptionType>,
    status: Option<Object<Status>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Status {
    code: Scalar,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Event {
    attributes: Folded<Attributes>,
}

#[derive(Deserialize)]
struct KeyValue<'a> {
    #[serde(borrow, default)]
    key: Cow<'a, str>,
    #[serde(default)]
    value: Option<Object<AnyValue>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct AnyValue {
    string_value: Scalar,
    int_value: Scalar,
    double_value: Scalar,
}

/// Something that a list adds up to.
trait Fold<'de>: Default {
    type Item: Deserialize<'de>;

    fn fold(&mut self, item: Self::Item);
}

impl<'de> Fold<'de> for Senders {
    type Item = ResourceSpans;

    fn fold(&mut self, item: ResourceSpans) {
        let mut sender = item.scope_spans.0;
        sender.resource = item.resource.unwrap_or_default().0.attributes.0;
        self.add(sender);
    }
}

impl<'de> Fold<'de> for Sender {
    type Item = ScopeSpans;

    fn fold(&mut self, item: ScopeSpans) {
        let spans = item.spans.0.0;
        self.n_ignored += spans.n_ignored;
        self.spans.extend(spans.spans);
    }
}

/// The spans of one scope.
#[derive(Default)]
struct Spans(Sender);

impl<'de> Fold<'de> for Spans {
    type Item = Span;

    fn fold(&mut self, span: Span) {
        self.0.add(HttpSpan {
            side: span.kind.side(),
            trace_id: span.trace_id.hex(),
            span_id: span.span_id.hex(),
            start_ns: span.start_time_unix_nano.ns(),
            end_ns: span.end_time_unix_nano.ns(),
            has_failed: span.status.is_some_and(|status| status.0.code.is_error()),
            exception_type: span.events.0.0,
            attributes: span.attributes.0,
        });
    }
}

impl<'de> Fold<'de> for Attributes {
    type Item = KeyValue<'de>;

    fn fold(&mut self, KeyValue { key, value }: KeyValue<'de>) {
        let AnyValue { string_value, int_value, double_value } = value.unwrap_or_default().0;
        if let Scalar::Text(text) = string_value {
            self.put(&key, Value::Text(text));
        } else if let Some(number) = int_value.number().or_else(|| double_value.number()) {
            self.put(&key, Value::Number(i64::try_from(number).unwrap_or(i64::MAX)));
        }
    }
}

/// The first `exception.type` of a span's events; empty when there is none.
#[derive(Default)]
struct ExceptionType(String);

impl<'de> Fold<'de> for ExceptionType {
    type Item = Event;

    fn fold(&mut self, event: Event) {
        if self.0.is_empty() {
            self.0 = event.attributes.0.text(&["exception.type"]).to_owned();
        }
    }
}

/// A list, added up; `null` is an empty one.
#[derive(Default)]
struct Folded<T>(T);

impl<'de, T: Fold<'de>> Deserialize<'de> for Folded<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Folding<T>(PhantomData<T>);

        impl<'de, T: Fold<'de>> Visitor<'de> for Folding<T> {
            type Value = Folded<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Folded(T::default()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut sum = T::default();
                while let Some(Object(item)) = list.next_element()? {
                    sum.fold(item);
                }
                Ok(Folded(sum))
            }
        }

        deserializer.deserialize_any(Folding(PhantomData))
    }
}

/// A JSON object: without this, serde would read a list as one too, by the places of its items.
#[derive(Default)]
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Reading<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(fields)).map(Object)
            }
        }

        deserializer.deserialize_map(Reading(PhantomData))
    }
}
