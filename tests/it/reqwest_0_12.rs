//! Clients of reqwest 0.12 leave the records that those of 0.13 do.

use std::time::Duration;

use egret::{Config, Egret, MemoryTransport};
use reqwest_012 as reqwest;
use reqwest_retry_07::RetryTransientMiddleware;
use reqwest_retry_07::policies::ExponentialBackoff;
use serde_json::Value;

use crate::upstream::{Upstream, closed_port};

fn start() -> (Egret, MemoryTransport) {
    let memory = MemoryTransport::default();
    let config = Config::builder().build().unwrap();
    (Egret::start_with(config, memory.clone()).unwrap(), memory)
}

/// What was recorded, in the order in which it ended.
async fn calls(egret: &Egret, memory: &MemoryTransport) -> Vec<Value> {
    egret.flush_async(Duration::from_secs(5)).await.unwrap();
    memory.calls()
}

fn end(call: &Value) -> String {
    let class = call["error.type"].as_str().unwrap_or("-");
    let (path, outcome) = (call["url.path"].as_str().unwrap(), call["outcome"].as_str().unwrap());
    format!("{path} {outcome} {} {class}", call["http.response.status_code"])
}

#[tokio::test]
async fn every_exit_records_once() {
    let upstream = Upstream::start().await;
    let (egret, memory) = start();
    let client = egret.wrap_0_12(reqwest::Client::new());
    let get = |path: &str| client.get(upstream.url(path));
    drop(get("/unpolled").send());
    let answer: reqwest::Response = get("/status/201").send().await.unwrap();
    assert_eq!(answer.url().path(), "/status/201");
    assert_eq!(answer.text().await.unwrap(), "as you wish");
    drop(get("/dropped").send().await.unwrap());
    let cancelled = get("/silent/cancelled").send();
    assert!(tokio::time::timeout(Duration::from_millis(50), cancelled).await.is_err());
    let timeout = get("/silent/timeout").timeout(Duration::from_millis(50)).send().await;
    assert!(timeout.unwrap_err().is_timeout());
    get("/reset").send().await.unwrap_err();
    get("/loop").send().await.unwrap_err();
    let closed = closed_port().await;
    client.get(format!("http://{closed}/refused")).send().await.unwrap_err();
    client.get("http://no-such-host.invalid/unknown").send().await.unwrap_err();
    let ends: Vec<_> = calls(&egret, &memory).await.iter().map(end).collect();
    let expected = [
        "/status/201 completed 201 -",
        "/dropped body_dropped 200 -",
        "/silent/cancelled cancelled null cancelled",
        "/silent/timeout failed null timeout",
        "/reset failed null reset",
        "/loop failed null redirect",
        "/refused failed null connect",
        "/unknown failed null dns",
    ];
    assert_eq!(ends, expected);
}

#[tokio::test]
async fn attempts_of_a_retry_are_told_from_their_call() {
    let upstream = Upstream::start().await;
    let (egret, memory) = start();
    let none = Duration::from_millis(1);
    let policy = ExponentialBackoff::builder().retry_bounds(none, none).build_with_max_retries(2);
    let retry = RetryTransientMiddleware::new_with_policy(policy);
    let client = egret.stack_0_12(reqwest::Client::new()).with(retry).build();
    let answer = client.get(upstream.url("/status/503")).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "as you wish");
    let calls = calls(&egret, &memory).await;
    let attempts: Vec<_> = calls
        .iter()
        .map(|call| (call["attempt"].as_u64(), call["call_outcome"].as_str()))
        .collect();
    assert_eq!(attempts, [(Some(1), None), (Some(2), None), (Some(3), Some("completed"))]);
    assert!(calls.iter().all(|call| call["call_id"] == calls[0]["call_id"]));
    assert!(calls[0]["call_id"].is_string());
}

#[tokio::test]
async fn a_builders_client_is_measured() {
    let upstream = Upstream::start().await;
    let (egret, memory) = start();
    let client = egret.reqwest_client_0_12().timeout(Duration::from_secs(5)).build().unwrap();
    let url = format!("http://localhost:{}/temporary", upstream.address.port());
    for _ in 0..2 {
        client.get(&url).send().await.unwrap().bytes().await.unwrap();
    }
    let calls = calls(&egret, &memory).await;
    let known = |call: &Value| ["dns_ns", "connect_ns"].map(|phase| call[phase].is_u64());
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0]["connection.reused"], false, "{}", calls[0]);
    assert_eq!(known(&calls[0]), [true, true]);
    assert_eq!(calls[1]["connection.reused"], true, "{}", calls[1]);
    assert_eq!(known(&calls[1]), [false, false]);
    assert_eq!(calls[1]["attributes"]["redirect.count"], "1", "{}", calls[1]);
}
