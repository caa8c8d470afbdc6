//! Promise: who speaks Apitally's hub protocol is counted once, and is never silenced by a fault.
//! They never look into the store: the API says what is stored.

use std::io::Write;

use egret_collector::{Builder, Collector, StartError};
use serde_json::{Value, json};

use crate::fixture::{Client, answer, recently_ns};

pub(crate) const CLIENT_ID: &str = "76b5cb91-a0a4-4ea0-a894-57d2b9fcb2c9";
const UUID: &str = "0193f3a0-0000-7000-8000-000000000001";

fn builder() -> Builder {
    Collector::builder().hub_client(CLIENT_ID, "shop")
}

fn post(client: &Client, path: &str) -> reqwest::RequestBuilder {
    client.request(reqwest::Method::POST, &format!("/v2/{CLIENT_ID}/prod/{path}"))
}

fn seconds() -> f64 {
    (recently_ns() / 1_000_000_000) as f64
}

fn sync(n: u64) -> Value {
    json!({
        "instance_uuid": UUID,
        "message_uuid": UUID.replace("0001", &format!("{n:04}")),
        "timestamp": seconds(),
        "requests": [{
            "consumer": "ann", "method": "GET", "path": "/items/{id}", "status_code": 200,
            "request_count": n, "request_size_sum": 0, "response_size_sum": 10,
            "response_times": {"20": n}, "request_sizes": {}, "response_sizes": {},
        }],
        "validation_errors": [], "server_errors": [], "consumers": [], "resources": null,
    })
}

fn log() -> Vec<u8> {
    let line = json!({
        "uuid": UUID,
        "request": {"timestamp": seconds(), "method": "GET", "path": "/items/{id}",
                    "url": "http://shop.example.com/items/7?token=hunter2", "headers": []},
        "response": {"status_code": 200, "response_time": 0.025, "headers": [], "size": 10},
    });
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(format!("{line}\n").as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn requests_are_counted_once_and_their_samples_are_calls() {
    let collector = builder().token("others").start().await.unwrap();
    let hub = Client::new(collector.url());
    let client = hub.clone().with_token("others");
    let startup = json!({"instance_uuid": UUID, "message_uuid": UUID, "paths": [],
                         "versions": {}, "client": "python:fastapi"});
    for is_again in [false, true] {
        let posts = [
            post(&hub, "startup").json(&startup),
            post(&hub, "sync").json(&sync(7)),
            post(&hub, &format!("log?uuid={UUID}")).body(log()),
        ];
        for post in posts {
            let (status, receipt) = answer(post).await;
            assert_eq!((status, &receipt["duplicate"]), (202, &json!(is_again)), "{receipt}");
        }
    }
    let services = client.get("/api/v1/services").await;
    assert_eq!(services["services"][0]["instances"], 1, "its log is no second one: {services}");
    // Not in order of time.
    assert_eq!(answer(post(&hub, "sync").json(&sync(3))).await.0, 202);
    let summary = client.get("/api/v1/summary?kind=server&service=shop").await;
    assert_eq!(summary["count"], 10);
    let page = client.get("/api/v1/calls").await;
    let [call] = page["calls"].as_array().unwrap().as_slice() else { panic!("{page}") };
    let expected = [
        ("kind", json!("server")),
        ("service", json!("shop")),
        ("server.address", json!("shop.example.com")),
        ("http.request.method", json!("GET")),
        ("url.template", json!("/items/{id}")),
        ("url.query", json!("token=REDACTED")),
        ("http.response.status_code", json!(200)),
        ("total_ns", json!(25_000_000)),
    ];
    for (key, value) in expected {
        assert_eq!(call[key], value, "{key}");
    }
    collector.shutdown().await;
}

#[tokio::test]
async fn only_a_client_that_is_not_known_is_told_404() {
    let stranger = "/v2/0193f3a0-0000-7000-8000-000000000009/prod/sync";
    let collector = builder().start().await.unwrap();
    let client = Client::new(collector.url());
    for path in [stranger, "/v2/x/prod/sync"] {
        let (status, problem) = answer(client.request(reqwest::Method::POST, path)).await;
        assert_eq!((status, &problem["title"]), (404, &json!("Unknown client")));
    }
    collector.shutdown().await;
    // Where nobody is known the protocol is off, which may be a passing mistake.
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    let response = client.request(reqwest::Method::POST, stranger).send().await.unwrap();
    assert_eq!(response.status().as_u16(), 503);
    assert!(response.headers().contains_key("retry-after"));
    let problem: Value = response.json().await.unwrap();
    assert!(problem["detail"].as_str().unwrap().contains("hub_clients"), "{problem}");
    collector.shutdown().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_told_to_be_dropped() {
    let builder = builder().max_batch_bytes(64 << 10).max_decoded_bytes(100_000).max_records(50);
    let collector = builder.start().await.unwrap();
    let client = Client::new(collector.url());
    let log_path = format!("log?uuid={UUID}");
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    bomb.write_all(&vec![b' '; 8 << 20]).unwrap();
    let wrong_type = post(&client, "sync").header("content-type", "text/html").body("{}");
    let far = client.request(reqwest::Method::POST, &format!("/v2/{CLIENT_ID}/a%20b/sync"));
    let table = [
        (post(&client, "sync").body("{"), 422, "the message cannot be read: EOF"),
        (post(&client, "startup").body("{}"), 422, "missing field"),
        (post(&client, "later").body("{}"), 422, "there are startup, sync and log"),
        (post(&client, "log").body(log()), 422, "`uuid` is missing"),
        (post(&client, "log?uuid=7").body(log()), 422, "must be a UUID"),
        (post(&client, &log_path).body("not gzip"), 422, "line 1"),
        (post(&client, &log_path).body(log()[..30].to_vec()), 422, "damaged gzip body"),
        (post(&client, &log_path).body(bomb.finish().unwrap()), 413, "decompresses to more"),
        (post(&client, "sync").body(vec![b' '; (64 << 10) + 1]), 413, "65536 bytes"),
        (wrong_type, 415, "application/json"),
        (far, 422, "letters, digits"),
    ];
    for (post, status, says) in table {
        let (found, problem) = answer(post).await;
        let detail = problem["detail"].as_str().unwrap();
        assert_eq!(found, status, "{detail}");
        assert!(detail.contains(says), "{detail:?} does not say {says:?}");
    }
    assert_eq!((client.count().await, client.all_calls().await.len()), (0, 0));
    collector.shutdown().await;
}

#[tokio::test]
async fn a_client_that_is_none_starts_nothing() {
    let started = Collector::builder().hub_client("not a uuid", "shop").start().await;
    assert!(matches!(started.unwrap_err(), StartError::HubClient));
}
