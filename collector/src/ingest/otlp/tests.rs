//! Spans of every dialect become the same records, and no bytes are too wild.
//! They never need a server: reading is pure.

mod wild;

use egret::codec::{Batch, CallColumn, Limits};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource as ProtoResource;
use opentelemetry_proto::tonic::trace::v1::span::Event;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message;
use serde_json::{Value, json};

use super::*;

const LIMITS: IngestLimits = IngestLimits {
    n_batch_bytes: 1 << 20,
    n_decoded_bytes: 1 << 20,
    n_records: 50,
    n_record_bytes: 1 << 20,
};

const START_NS: u64 = 1_700_000_000_000_000_000;
const CLIENT: i32 = 3;
const SERVER: i32 = 2;

fn attributes(pairs: &Value) -> Vec<KeyValue> {
    let pairs = pairs.as_object().unwrap().iter();
    pairs
        .map(|(key, value)| KeyValue {
            key: key.clone(),
            value: Some(AnyValue {
                value: Some(match value {
                    Value::Number(number) => Any::IntValue(number.as_i64().unwrap()),
                    Value::String(text) => Any::StringValue(text.clone()),
                    other => panic!("{other}"),
                }),
            }),
            ..KeyValue::default()
        })
        .collect()
}

fn span(kind: i32, pairs: &Value) -> Span {
    Span {
        trace_id: vec![7; 16],
        span_id: vec![9; 8],
        kind,
        start_time_unix_nano: START_NS,
        end_time_unix_nano: START_NS + 5_000_000,
        attributes: attributes(pairs),
        ..Span::default()
    }
}

fn failed(mut span: Span, exception_type: &str) -> Span {
    span.status = Some(Status { code: 2, message: "password=hunter2".to_owned() });
    let told = json!({ "exception.type": exception_type, "exception.message": "hunter2" });
    span.events = vec![Event { attributes: attributes(&told), ..Event::default() }];
    span
}

fn request(resource: &Value, spans: Vec<Span>) -> ExportTraceServiceRequest {
    let resource = ProtoResource { attributes: attributes(resource), ..ProtoResource::default() };
    let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(resource),
            scope_spans,
            ..ResourceSpans::default()
        }],
    }
}

/// The same request as OTLP has it in JSON.
fn as_json(request: &ExportTraceServiceRequest) -> Vec<u8> {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let any = |value: &KeyValue| match value.value.as_ref().unwrap().value.as_ref().unwrap() {
        Any::IntValue(number) => json!({ "intValue": number.to_string() }),
        Any::StringValue(text) => json!({ "stringValue": text }),
        other => panic!("{other:?}"),
    };
    let list = |pairs: &[KeyValue]| {
        let pairs = pairs.iter().map(|pair| json!({ "key": pair.key, "value": any(pair) }));
        Value::from(pairs.collect::<Vec<_>>())
    };
    let span = |span: &Span| {
        let events: Vec<Value> = span
            .events
            .iter()
            .map(|event| json!({ "name": "exception", "attributes": list(&event.attributes) }))
            .collect();
        json!({
            "traceId": hex(&span.trace_id),
            "spanId": hex(&span.span_id),
            "kind": span.kind,
            "startTimeUnixNano": span.start_time_unix_nano.to_string(),
            "endTimeUnixNano": span.end_time_unix_nano.to_string(),
            "attributes": list(&span.attributes),
            "events": events,
            "status": span.status.as_ref().map(|status| json!({ "code": status.code })),
            "somethingNew": [{}, 1],
        })
    };
    let resource_spans: Vec<Value> = request
        .resource_spans
        .iter()
        .map(|sender| {
            let spans = sender.scope_spans.iter().flat_map(|scope| &scope.spans).map(span);
            json!({
                "scopeSpans": [{ "scope": {}, "spans": spans.collect::<Vec<_>>() }],
                "resource": { "attributes": list(&sender.resource.as_ref().unwrap().attributes) },
            })
        })
        .collect();
    json!({ "resourceSpans": resource_spans }).to_string().into_bytes()
}

fn admit(encoding: Encoding, body: Vec<u8>) -> Result<Traces, Refusal> {
    admit_traces(encoding, Compression::Identity, &body.into(), &LIMITS, START_NS)
}

/// The calls of a request, however it is written, as NDJSON has them.
#[track_caller]
fn calls(request: &ExportTraceServiceRequest) -> Vec<Value> {
    let mut forms =
        [(Encoding::Protobuf, request.encode_to_vec()), (Encoding::Json, as_json(request))].map(
            |(encoding, body)| {
                let traces = admit(encoding, body).unwrap();
                assert_eq!(traces.rejected.n_spans, 0, "{}", traces.rejected.problem);
                let mut values = Vec::new();
                for received in &traces.batches {
                    let batch = Batch::open(&received.bytes, &Limits::default()).unwrap();
                    let calls = batch.calls(CallColumn::ALL).unwrap();
                    let value = |row| egret::codec::ndjson::to_value(&calls.record(row)).unwrap();
                    values.extend((0..calls.len()).map(value));
                }
                (values, traces.batches.iter().map(|batch| batch.batch_id).collect::<Vec<_>>())
            },
        );
    assert_eq!(forms[0], forms[1], "protobuf and JSON say the same");
    std::mem::take(&mut forms[0].0)
}

#[track_caller]
fn check(span: Span, expected: Value) {
    let found = calls(&request(&json!({}), vec![span]));
    let [found] = found.as_slice() else { panic!("{found:?}") };
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(found.get(key).unwrap_or(&Value::Null), value, "{key} in {found:#}");
    }
    assert!(!found.to_string().contains("hunter2"), "{found:#}");
}

#[test]
fn a_client_span_of_today_is_a_record() {
    let pairs = json!({
        "http.request.method": "POST",
        "url.full": "https://user:hunter2@API.example.com:8443/v1/a/7?token=hunter2&x=1#hunter2",
        "url.template": "/v1/a/{id}",
        "http.response.status_code": 503,
        "error.type": "503",
        "http.request.resend_count": 2,
        "network.protocol.version": "2",
        "network.peer.address": "192.0.2.7",
        "http.request.body.size": 10,
        "http.response.body.size": 20,
        "user_agent.original": "curl/8",
        "peer.service": "pay",
    });
    let expected = json!({
        "start_unix_ns": START_NS,
        "kind": "client",
        "outcome": "completed",
        "http.request.method": "POST",
        "url.scheme": "https",
        "server.address": "api.example.com",
        "server.port": 8443,
        "url.path": "/v1/a/7",
        "url.query": "token=REDACTED&x=1",
        "url.template": "/v1/a/{id}",
        "http.response.status_code": 503,
        "error.type": null,
        "http.request.resend_count": 2,
        "network.protocol.version": "2",
        "network.peer.address": "192.0.2.7",
        "http.request.body.size": 10,
        "http.response.body.size": 20,
        "total_ns": 5_000_000,
        "target": "pay",
        "trace_id": "07".repeat(16),
        "span_id": "09".repeat(8),
        "attributes": { "user_agent.original": "curl/8" },
    });
    check(span(CLIENT, &pairs), expected);
}

#[test]
fn the_names_of_before_are_read_too() {
    let client = json!({
        "http.method": "get",
        "http.url": "http://api.example.com/x?sig=hunter2",
        "http.status_code": 200,
        "http.flavor": "1.1",
        "net.peer.ip": "192.0.2.7",
        "http.response_content_length": 20,
        "http.user_agent": "curl/8",
    });
    let expected = json!({
        "http.request.method": "GET",
        "server.address": "api.example.com",
        "server.port": 80,
        "url.path": "/x",
        "http.response.status_code": 200,
        "network.protocol.version": "1.1",
        "network.peer.address": "192.0.2.7",
        "http.response.body.size": 20,
        "attributes": { "user_agent.original": "curl/8" },
    });
    check(span(CLIENT, &client), expected);
    let parts = json!({
        "http.method": "GET",
        "http.scheme": "https",
        "net.peer.name": "api.example.com",
        "net.peer.port": 8443,
        "http.target": "/a?b=c",
        "http.status_code": "404",
        "http.flavor": "2.0",
    });
    let expected = json!({
        "url.scheme": "https",
        "server.address": "api.example.com",
        "server.port": 8443,
        "url.path": "/a",
        "url.query": "b=c",
        "http.response.status_code": 404,
        "network.protocol.version": "2",
    });
    check(span(CLIENT, &parts), expected);
    let server = json!({
        "http.method": "PUT",
        "http.scheme": "http",
        "http.host": "shop.example.com:8080",
        "http.target": "/orders/7",
        "http.route": "/orders/{id}",
        "http.status_code": 204,
    });
    let expected = json!({
        "kind": "server",
        "server.address": "shop.example.com",
        "server.port": 8080,
        "url.path": "/orders/7",
        "url.template": "/orders/{id}",
    });
    check(span(SERVER, &server), expected);
}

#[test]
fn parts_of_a_url_make_one() {
    let of = |host: &str, more: &str| {
        let mut pairs = json!({ "http.request.method": "GET", "server.address": host });
        if !more.is_empty() {
            pairs["url.path"] = more.into();
            pairs["url.scheme"] = "https".into();
            pairs["url.query"] = "key=hunter2".into();
        }
        span(SERVER, &pairs)
    };
    check(of("::1", ""), json!({ "server.address": "::1", "url.path": null }));
    check(
        of("a.com", "x"),
        json!({ "server.port": 443, "url.path": "/x", "url.query": "key=REDACTED" }),
    );
    check(of("", "/x"), json!({ "server.address": null, "url.path": "/x" }));
    let unknown = json!({ "http.request.method": "hunter", "url.path": "/x" });
    check(span(SERVER, &unknown), json!({ "http.request.method": "_OTHER" }));
}

#[test]
fn a_failure_is_a_class_and_never_a_text() {
    let pairs = json!({ "http.method": "GET", "http.url": "http://a.com/" });
    let failure = |class: &str| json!({ "outcome": "failed", "error.type": class });
    let class = "requests.exceptions.ConnectionError";
    check(failed(span(CLIENT, &pairs), class), failure(class));
    check(failed(span(CLIENT, &pairs), "cannot reach hunter2 at all"), failure("_OTHER"));
    let mut named = pairs.clone();
    named["error.type"] = "timeout".into();
    check(span(CLIENT, &named), failure("timeout"));
    // Nothing is invented for a span that says neither.
    check(span(CLIENT, &pairs), json!({ "outcome": "completed", "error.type": null }));
    // An answer came: the exception that a service makes of it is its own affair.
    let mut answered = pairs.clone();
    answered["http.status_code"] = 500.into();
    let expected = json!({ "outcome": "completed", "error.type": null });
    check(failed(span(CLIENT, &answered), class), expected);
}

#[test]
fn other_spans_are_counted_and_broken_ones_are_told() {
    let http = json!({ "http.request.method": "GET", "url.full": "https://a.com/x" });
    let database = json!({ "db.system": "postgresql", "server.address": "db" });
    let mut timeless = span(CLIENT, &http);
    timeless.start_time_unix_nano = 0;
    let mut late = span(CLIENT, &http);
    late.start_time_unix_nano = START_NS + 86_400_000_000_001;
    let spans = vec![
        span(CLIENT, &database),
        span(1, &http),
        span(CLIENT, &json!({ "http.request.method": "GET" })),
        timeless,
        late,
        span(CLIENT, &http),
    ];
    let request = request(&json!({ "service.name": "shop" }), spans);
    for (encoding, body) in
        [(Encoding::Protobuf, request.encode_to_vec()), (Encoding::Json, as_json(&request))]
    {
        let traces = admit(encoding, body).unwrap();
        assert_eq!((traces.n_ignored, traces.rejected.n_spans), (2, 3));
        assert!(traces.rejected.problem.contains("says not whom"), "{:?}", traces.rejected);
        let [received] = traces.batches.as_slice() else { panic!("{traces:?}") };
        assert_eq!(received.n_calls, 1);
        let batch = Batch::open(&received.bytes, &Limits::default()).unwrap();
        assert_eq!(batch.meta().dropped[INVALID], 3);
    }
}

#[test]
fn every_resource_has_a_batch_and_messages_end_to_end_are_one_request() {
    let http = json!({ "http.request.method": "GET", "url.full": "https://a.com/x" });
    let one = |service: &str| {
        let resource = json!({
            "service.name": service,
            "deployment.environment": "prod",
            "service.version": "1.2",
            "service.instance.id": "i-1",
            "process.command_line": "--password hunter2",
        });
        request(&resource, vec![span(CLIENT, &http), span(CLIENT, &http)])
    };
    let (shop, pay) = (one("shop"), one("pay"));
    let bodies = [
        (Encoding::Protobuf, [shop.encode_to_vec(), pay.encode_to_vec(), shop.encode_to_vec()]),
        (Encoding::Json, [as_json(&shop), as_json(&pay), as_json(&shop)]),
    ];
    let told = bodies.map(|(encoding, body)| {
        let traces = admit(encoding, body.concat()).unwrap();
        let batches = traces.batches.iter().map(|received| {
            let batch = Batch::open(&received.bytes, &Limits::default()).unwrap();
            (received.batch_id, received.n_calls, batch.meta().resource.clone())
        });
        batches.collect::<Vec<_>>()
    });
    assert_eq!(told[0], told[1]);
    let resources: Vec<Value> = told[0].iter().map(|(.., resource)| json!(resource)).collect();
    let resource = |service| {
        json!({
            "service.name": service,
            "deployment.environment.name": "prod",
            "service.version": "1.2",
            "service.instance.id": "i-1",
        })
    };
    assert_eq!(resources, [resource("pay"), resource("shop")]);
    assert_eq!((told[0][0].1, told[0][1].1), (2, 4));
}

/// serde would read a list as an object, by the places of its items.
#[test]
fn a_list_is_no_object() {
    for body in [
        "[]",
        "[[]]",
        r#"{"resourceSpans":[[]]}"#,
        r#"{"resourceSpans":[{"resource":[]}]}"#,
        r#"{"resourceSpans":[{"scopeSpans":[[]]}]}"#,
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"status":[]}]}]}]}"#,
        r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"a","value":["b"]}]}}]}"#,
    ] {
        let refusal = admit(Encoding::Json, body.into()).unwrap_err();
        assert!(matches!(refusal, Refusal::Malformed(_)), "{body}: {refusal:?}");
        assert!(refusal.to_string().contains("an object"), "{refusal}");
    }
    assert!(admit(Encoding::Json, b"{}".to_vec()).is_ok());
}
