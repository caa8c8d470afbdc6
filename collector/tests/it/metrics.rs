//! Promise: `/metrics` is what Prometheus reads, and its numbers are what happened.
//! They never parse it themselves: Prometheus' own parser does.

use std::time::Duration;

use egret_collector::{Builder, Collector};
use serde_json::Value;
use tokio::process::Command;

use crate::fixture::{Call, Client, batch};
use crate::python::{has, python, run};

/// A collector after a few batches, refusals and questions, and what it then shows.
async fn shown(builder: Builder) -> Option<(Collector, Value)> {
    if !has("prometheus_client.openmetrics.parser", "prometheus_client").await {
        return None;
    }
    let collector = builder.start().await.unwrap();
    let client = Client::new(collector.url());
    let mut slow = Call::new("/slow", 503);
    slow.total_ns = Duration::from_secs(3).as_nanos() as u64;
    let first = batch(&[Call::new("/a", 200), Call::new("/b", 200), slow]);
    client.send(&first).await;
    client.send(&first).await;
    client.send(&batch(&[Call::new("/c", 200)])).await;
    assert_eq!(client.post().send().await.unwrap().status(), 415);
    assert_eq!(client.count().await, 4);
    let mut command = Command::new(python());
    command.env("no_proxy", "127.0.0.1");
    let said = run(&mut command, "metrics.py", &[&format!("{}/metrics", collector.url())]).await;
    Some((collector, serde_json::from_str(&said).unwrap()))
}

#[tokio::test]
async fn the_numbers_are_what_happened() {
    let Some((collector, samples)) = shown(Collector::builder()).await else {
        return;
    };
    let expected = [
        ("batches_received_total{}", 2.0),
        ("batches_known_total{}", 1.0),
        ("calls_received_total{}", 4.0),
        ("batches_stored_total{}", 2.0),
        ("calls_stored_total{}", 4.0),
        ("batches_quarantined_total{}", 0.0),
        ("http_requests_total{method=POST,route=/v1/batches,status=202}", 3.0),
        ("http_requests_total{method=POST,route=/v1/batches,status=415}", 1.0),
        ("http_requests_total{method=GET,route=/api/v1/summary,status=200}", 1.0),
        ("http_request_duration_seconds_count{route=/v1/batches}", 4.0),
        ("refused_total{reason=unsupported,route=/v1/batches}", 1.0),
        ("queue_batches{}", 0.0),
        ("queue_bytes{}", 0.0),
        ("pipeline_lag_bytes{}", 0.0),
        ("pipeline_lag_seconds{}", 0.0),
        ("pipeline_failing{}", 0.0),
        ("read_only{}", 0.0),
        (concat!("build_info{version=", env!("CARGO_PKG_VERSION"), "}"), 1.0),
    ];
    for (name, value) in expected {
        assert_eq!(samples[format!("egret_collector_{name}")], value, "{name}: {samples:#}");
    }
    for part in ["meta", "calls"] {
        let bytes = &samples[format!("egret_collector_store_bytes{{part={part}}}")];
        assert!(bytes.as_f64().unwrap() > 0.0, "{part}: {samples:#}");
    }
    assert!(!samples.to_string().contains("http_client_request"), "{samples:#}");
    collector.shutdown().await;
}

#[tokio::test]
async fn the_fleet_is_shown_where_it_is_asked_for() {
    let Some((collector, samples)) = shown(Collector::builder().fleet_metrics()).await else {
        return;
    };
    let sample = |suffix: &str, bucket: &str, class: &str| {
        let labels = format!(
            "http_request_method=GET,{bucket}server_address=api.example.com,service=shop,\
             status_class={class}"
        );
        let name = format!("http_client_request_duration_seconds_{suffix}{{{labels}}}");
        samples[&name].as_f64().unwrap_or_else(|| panic!("{name}: {samples:#}"))
    };
    assert_eq!(sample("count", "", "2xx"), 3.0);
    assert_eq!(sample("bucket", "le=0.005,", "2xx"), 3.0);
    assert_eq!(sample("bucket", "le=+Inf,", "2xx"), 3.0);
    assert!((sample("sum", "", "2xx") - 0.003).abs() < 1e-9);
    assert_eq!(sample("bucket", "le=2.5,", "5xx"), 0.0);
    assert_eq!(sample("bucket", "le=5.0,", "5xx"), 1.0);
    collector.shutdown().await;
}
