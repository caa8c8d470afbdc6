//! Messages of the hub protocol become batches that count what the SDK counted.
//! They never need a server: reading is pure.

use std::io::Write;

use egret::codec::{Batch, CallColumn, Limits, ndjson, read_minutes};
use serde_json::{Value, json};

use super::*;
use crate::ingest::hub::clients::HubClientError;

const LIMITS: IngestLimits = IngestLimits {
    n_batch_bytes: 1 << 20,
    n_decoded_bytes: 1 << 20,
    n_records: 50,
    n_record_bytes: 1 << 20,
};

const NOW_NS: u64 = 1_700_000_030_000_000_000;
const ID: &str = "76b5cb91-a0a4-4ea0-a894-57d2b9fcb2c9";
const OTHER: &str = "0193f3a0-0000-7000-8000-000000000001";

fn sender(environment: &str) -> HubSender {
    let mut clients = HubClients::default();
    clients.add(&format!("{ID}=shop")).unwrap();
    let client = clients.find(ID).unwrap().clone();
    HubSender { client, environment: environment.to_owned() }
}

fn admit(message: Message, body: impl Into<Bytes>) -> Result<Received, Refusal> {
    let identity = Compression::Identity;
    admit_hub(message, &sender("prod"), identity, &body.into(), &LIMITS, NOW_NS)
}

fn log() -> Message {
    Message::Log(Uuid::try_parse(OTHER).unwrap())
}

fn sync() -> Value {
    json!({
        "instance_uuid": OTHER,
        "message_uuid": OTHER,
        "timestamp": 1_700_000_000.25,
        "requests": [
            {
                "consumer": null, "method": "GET", "path": "/items/{id}", "status_code": 200,
                "request_count": 3, "request_size_sum": 0, "response_size_sum": 300,
                "response_times": {"0": 1, "20": 2}, "request_sizes": {}, "response_sizes": {"0": 3},
            },
            {
                "consumer": "ann", "method": "POST", "path": "/items", "status_code": 500,
                "request_count": 5, "request_size_sum": 50, "response_size_sum": 10,
                "response_times": {"100": 5}, "request_sizes": {}, "response_sizes": {},
            },
        ],
        "validation_errors": [{
            "consumer": null, "method": "POST", "path": "/items", "loc": ["body", "n"],
            "msg": "bad", "type": "int_parsing", "error_count": 2,
        }],
        "server_errors": [
            {"consumer": "ann", "method": "POST", "path": "/items", "type": "ValueError",
             "msg": "hunter2", "traceback": "hunter2", "sentry_event_id": null, "error_count": 2},
            {"consumer": "ann", "method": "POST", "path": "/items", "type": "KeyError",
             "msg": "hunter2", "traceback": "hunter2", "error_count": 9},
            {"consumer": "bob", "method": "POST", "path": "/items", "type": "KeyError",
             "msg": "hunter2", "traceback": "hunter2", "error_count": 1},
        ],
        "consumers": [{"identifier": "ann", "name": "Ann", "group": null}],
        "resources": {"cpu_percent": 1.5, "memory_rss": 1_000_000},
    })
}

#[test]
fn a_sync_counts_every_request_once() {
    let received = admit(Message::Sync, sync().to_string()).unwrap();
    let batch = Batch::open(&received.bytes, &Limits::default()).unwrap();
    assert_eq!(batch.meta().resource["service.name"], "shop");
    assert_eq!(batch.meta().resource["deployment.environment.name"], "prod");
    assert_eq!(batch.meta().resource["service.instance.id"], OTHER);
    let heartbeat = batch.meta().heartbeat.as_ref().unwrap();
    assert_eq!(heartbeat.rss_bytes, Some(1_000_000));
    assert_eq!(heartbeat.unix_ns / 1_000_000, 1_700_000_000_250);
    let minutes = read_minutes(&batch).unwrap();
    let mut found: Vec<_> = minutes
        .iter()
        .map(|(key, cell)| {
            assert_eq!((key.minute, key.kind.as_str(), key.host), (28_333_333, "server", ""));
            let bytes = (cell.request_bytes, cell.response_bytes);
            let key = (key.method, key.template, key.status, key.consumer, key.error_type);
            (key, cell.count, bytes, cell.duration.count(), cell.duration.sum_ns())
        })
        .collect();
    found.sort_unstable();
    let expected = [
        (("GET", "/items/{id}", 200, "", ""), 3, (0, 300), 3, 55_000_000),
        (("POST", "/items", 500, "ann", "KeyError"), 3, (50, 10), 5, 525_000_000),
        (("POST", "/items", 500, "ann", "ValueError"), 2, (0, 0), 0, 0),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_message_is_the_same_batch_again_and_another_elsewhere() {
    let sync = sync().to_string();
    let id = |message, environment, body: &str| {
        let body = Bytes::copy_from_slice(body.as_bytes());
        let identity = Compression::Identity;
        let received =
            admit_hub(message, &sender(environment), identity, &body, &LIMITS, NOW_NS).unwrap();
        received.batch_id
    };
    let first = id(Message::Sync, "prod", &sync);
    assert_eq!(id(Message::Sync, "prod", &sync), first);
    assert_ne!(id(Message::Sync, "dev", &sync), first);
    let startup = json!({"instance_uuid": OTHER, "message_uuid": OTHER, "client": "js:express"});
    assert_ne!(id(Message::Startup, "prod", &startup.to_string()), first);
    let later = sync.replace(r#""timestamp":1700000000.25"#, r#""timestamp":1700000001.25"#);
    assert_ne!(later, sync);
    assert_eq!(id(Message::Sync, "prod", &later), first, "the message's own id decides");
}

#[test]
fn a_startup_is_kept_as_one() {
    let message = json!({
        "instance_uuid": OTHER,
        "message_uuid": OTHER,
        "paths": [{"method": "get", "path": "/items/{id}"}],
        "versions": {"python": "3.12", "apitally": "0.25.1", "app": "1.2", "starlette": null},
        "client": "python:starlette",
        "openapi": "{}",
    });
    let received = admit(Message::Startup, message.to_string()).unwrap();
    let batch = Batch::open(&received.bytes, &Limits::default()).unwrap();
    let startup = serde_json::to_value(batch.meta().startup.as_ref().unwrap()).unwrap();
    let expected = json!({
        "started_unix_ns": NOW_NS,
        "wrapped": [{"client": "python:starlette", "location": ""}],
        "routes": [{"host": "", "method": "GET", "template": "/items/{id}"}],
        "n_routes": 1,
    });
    assert_eq!(startup, expected);
    let resource = &batch.meta().resource;
    assert_eq!(resource["service.version"], "1.2");
    assert_eq!(resource["telemetry.sdk.version"], "0.25.1");
    assert_eq!(resource["telemetry.sdk.language"], "python");
}

const PYTHON: &str = r#"{"uuid":"0193f3a0-0000-7000-8000-000000000001","request":{"timestamp":1700000000.5,"method":"POST","path":"/items/{id}","url":"https://shop.example.com/items/7?token=hunter2","headers":[["authorization","hunter2"]],"size":12,"consumer":"ann","body":"aHVudGVyMg=="},"response":{"status_code":201,"response_time":0.25,"headers":[],"size":34},"exception":{"type":"ValueError","message":"hunter2","traceback":"hunter2"},"trace_id":"0102030405060708090a0b0c0d0e0f10"}"#;
const JAVASCRIPT: &str = r#"{"uuid":"0193f3a0-0000-7000-8000-000000000002","request":{"timestamp":1700000001,"method":"GET","url":"http://localhost:3000/x","headers":[]},"response":{"statusCode":404,"responseTime":0.001,"headers":[]},"traceId":"0102030405060708090a0b0c0d0e0f10"}"#;

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_log_is_calls_that_count_nowhere() {
    let body = gzip(&format!("{PYTHON}\n{JAVASCRIPT}\nnot json\n"));
    let received = admit(log(), body).unwrap();
    let batch = Batch::open(&received.bytes, &Limits::default()).unwrap();
    assert!(batch.table("minutes").is_some() && read_minutes(&batch).unwrap().is_empty());
    assert_eq!(batch.meta().dropped["hub_log_line_invalid"], 1);
    let calls = batch.calls(CallColumn::ALL).unwrap();
    let values = [0, 1].map(|row| ndjson::to_value(&calls.record(row)).unwrap());
    let expected = [
        json!({
            "start_unix_ns": 1_700_000_000_500_000_000_u64,
            "kind": "server",
            "outcome": "completed",
            "http.request.method": "POST",
            "url.scheme": "https",
            "server.address": "shop.example.com",
            "server.port": 443,
            "url.path": "/items/7",
            "url.query": "token=REDACTED",
            "url.template": "/items/{id}",
            "http.response.status_code": 201,
            "error.type": "ValueError",
            "http.request.body.size": 12,
            "http.response.body.size": 34,
            "total_ns": 250_000_000,
            "consumer": "ann",
            "call_id": OTHER.replace('-', ""),
            "trace_id": "0102030405060708090a0b0c0d0e0f10",
        }),
        json!({
            "start_unix_ns": 1_700_000_001_000_000_000_u64,
            "kind": "server",
            "outcome": "completed",
            "http.request.method": "GET",
            "url.scheme": "http",
            "server.address": "localhost",
            "server.port": 3000,
            "url.path": "/x",
            "http.response.status_code": 404,
            "total_ns": 1_000_000,
            "call_id": "0193f3a0000070008000000000000002",
            "trace_id": "0102030405060708090a0b0c0d0e0f10",
        }),
    ];
    assert_eq!(values, expected);
}

#[track_caller]
fn check_refused(message: Message, body: impl Into<Bytes>, says: &str) {
    let error = admit(message, body).unwrap_err();
    let told = match &error {
        Refusal::Malformed(detail) => format!("malformed: {detail}"),
        Refusal::TooLarge(detail) => format!("too large: {detail}"),
        Refusal::Unsupported(detail) => format!("unsupported: {detail}"),
        other => format!("another: {other}"),
    };
    assert!(told.contains(says), "{told:?} does not say {says:?}");
}

#[test]
fn what_cannot_be_read_is_refused_with_its_reason() {
    let with = |pointer: &str, value: Value| {
        let mut message = sync();
        *message.pointer_mut(pointer).unwrap() = value;
        message.to_string()
    };
    let sync = Message::Sync;
    check_refused(sync, "", "malformed: the message cannot be read: EOF");
    check_refused(sync, "[]", "malformed: the message cannot be read");
    check_refused(sync, "{}", "missing field");
    check_refused(sync, with("/message_uuid", "x".into()), "UUID");
    check_refused(sync, with("/timestamp", json!(-1.0)), "timestamp: -1 is no time in seconds");
    check_refused(sync, with("/timestamp", json!(1.8e9)), "timestamp: start_unix_ns");
    check_refused(sync, with("/requests/1/status_code", json!(7)), "requests[1].status_code: 7");
    let bins = json!({ "fast": 1 });
    check_refused(sync, with("/requests/0/response_times", bins), "\"fast\" is not a number");
    let many = Value::from(vec![super::tests::sync()["requests"][0].clone(); 51]);
    check_refused(sync, with("/requests", many), "too large: 51 requests");
    let secret = with("/timestamp", "hunter2\", expected".into());
    check_refused(sync, secret, "cannot be read: invalid type: string, expected f64 at line 1");
    check_refused(Message::Startup, "{}", "missing field");
    check_refused(log(), gzip(""), "malformed: no lines");
    check_refused(log(), gzip("{}\n[]"), "malformed: line 1: missing field");
    check_refused(log(), gzip(PYTHON)[..60].to_vec(), "malformed: damaged gzip");
    check_refused(log(), gzip(&" ".repeat(2 << 20)), "too large: the body decompresses");
    check_refused(log(), gzip(&format!("{JAVASCRIPT}\n").repeat(51)), "too large: 51 lines");
    check_refused(log(), JAVASCRIPT.replace("http://localhost:3000/x", ""), "says not whom");
}

#[test]
fn clients_are_found_by_their_ids_and_never_printed() {
    let mut clients = HubClients::default();
    clients.add(&format!("{OTHER}=pay")).unwrap();
    clients.add(&format!(" {ID} = the shop ")).unwrap();
    assert_eq!(clients.find(ID).unwrap().service, "the shop");
    assert_eq!(clients.find(&ID.to_uppercase()).unwrap().service, "the shop");
    assert_eq!(clients.find(OTHER).unwrap().service, "pay");
    for unknown in ["", "x", "00000000-0000-7000-8000-000000000000"] {
        assert_eq!(clients.find(unknown), None);
    }
    let bad = ["", "shop", &format!("{ID}="), "x=shop", &format!("{ID}=twice")];
    assert!(bad.iter().all(|text| clients.add(text) == Err(HubClientError)));
    let printed = format!("{clients:?}");
    assert!(printed.contains("the shop") && !printed.contains("76b5"), "{printed}");
}

#[test]
fn environments_are_names() {
    for (name, is_one) in [("prod", true), ("a_B-9", true), ("", false), ("a b", false)] {
        assert_eq!(is_environment(name), is_one, "{name:?}");
    }
    assert!(is_environment(&"a".repeat(32)) && !is_environment(&"a".repeat(33)));
}

#[test]
fn no_bytes_are_too_wild() {
    let sound = [
        (Message::Sync, sync().to_string().into_bytes()),
        (Message::Startup, sync().to_string().replace("timestamp", "client").into_bytes()),
        (log(), format!("{PYTHON}\n{JAVASCRIPT}").into_bytes()),
        (log(), gzip(PYTHON)),
    ];
    let mut state = 5_u64;
    let mut below = |n: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(state >> 33).unwrap() % n
    };
    let (mut n_taken, mut n_refused) = (0, 0);
    for n in 0..20_000 {
        let (message, body) = &sound[n % sound.len()];
        let mut body = body.clone();
        if n % 7 == 0 {
            body.truncate(below(200));
            body.iter_mut().for_each(|byte| *byte = below(256).try_into().unwrap());
        }
        for _ in 0..below(5) {
            if let Some(place) = body.len().checked_sub(1).map(|last| below(last + 1)) {
                body[place] = below(256).try_into().unwrap();
            }
        }
        match admit(*message, body) {
            Ok(_) => n_taken += 1,
            Err(Refusal::Malformed(_) | Refusal::TooLarge(_)) => n_refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(n_taken > 100 && n_refused > 5_000, "{n_taken} taken, {n_refused} refused");
}
