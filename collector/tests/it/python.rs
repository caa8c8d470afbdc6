//! Promise: what Python's own SDKs send to us is seen, as it was called.
//! Never installs anything: `.ci/run` does, into `target/python`.

use std::path::{Path, PathBuf};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use egret_collector::Collector;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::fixture::Client;
use crate::hub::CLIENT_ID;

/// The Python that has the SDKs: the one of `EGRET_PYTHON`, of `target/python`, or any.
pub(crate) fn python() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/python/bin/python");
    let named = std::env::var_os("EGRET_PYTHON").map(PathBuf::from);
    named.unwrap_or_else(|| if own.exists() { own } else { PathBuf::from("python3") })
}

/// Whether these can be imported. Says so where they cannot, which fails where services are
/// required.
pub(crate) async fn has(modules: &str, packages: &str) -> bool {
    let import = format!("import {modules}");
    let output = Command::new(python()).args(["-c", &import]).output().await;
    let has = output.is_ok_and(|output| output.status.success());
    if !has {
        println!(
            "skipped: no Python with {packages}; \
             python3 -m venv target/python && target/python/bin/pip install {packages}"
        );
        let is_required = std::env::var("EGRET_REQUIRE_SERVICES").is_ok_and(|value| value == "1");
        assert!(!is_required, "EGRET_REQUIRE_SERVICES=1");
    }
    has
}

/// Runs a script that must succeed; what it printed.
pub(crate) async fn run(command: &mut Command, script: &str, arguments: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/python").join(script);
    let output = command.arg(script).args(arguments).kill_on_drop(true).output().await.unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{told}");
    said
}

/// A server that answers what the script calls; its URL.
async fn server() -> String {
    let items = get(async || "7").post(async || (StatusCode::CREATED, "made"));
    let app = Router::new().route("/v1/items/{id}", get(async || "7")).route("/v1/items", items);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, app).await });
    url
}

#[tokio::test]
async fn calls_of_requests_under_opentelemetry_are_seen() {
    let packages = "opentelemetry-sdk opentelemetry-exporter-otlp-proto-http \
                    opentelemetry-instrumentation-requests";
    let modules = "opentelemetry.sdk.trace, opentelemetry.exporter.otlp.proto.http, \
                   opentelemetry.instrumentation.requests";
    if !has(modules, packages).await {
        return;
    }
    for opt_in in ["", "http"] {
        let collector = Collector::bind("127.0.0.1:0").await.unwrap();
        let server = server().await;
        let mut command = Command::new(python());
        // The attributes' names: those of before by default, those of today when asked for.
        command.env("OTEL_SEMCONV_STABILITY_OPT_IN", opt_in).env("no_proxy", "127.0.0.1");
        run(&mut command, "otel_requests.py", &[&collector.url(), &server]).await;
        let client = Client::new(collector.url());
        let page = client.get("/api/v1/calls").await;
        let calls = page["calls"].as_array().unwrap();
        let mut found: Vec<Value> = calls
            .iter()
            .map(|call| {
                assert_eq!(
                    (&call["kind"], &call["service"]),
                    (&json!("client"), &json!("python-shop"))
                );
                assert!(call["total_ns"].as_u64().unwrap() > 0, "{call}");
                assert!(call["trace_id"].is_string(), "{call}");
                let keys = ["http.request.method", "server.address", "url.path", "outcome"];
                let texts = keys.map(|key| call[key].as_str().unwrap());
                json!([texts.join(" "), call["http.response.status_code"]])
            })
            .collect();
        found.sort_by_key(Value::to_string);
        let expected = [
            json!(["DELETE 127.0.0.1 /v1/missing completed", 404]),
            json!(["GET 127.0.0.1 /gone failed", null]),
            json!(["GET 127.0.0.1 /v1/items/7 completed", 200]),
            json!(["POST 127.0.0.1 /v1/items completed", 201]),
        ];
        assert_eq!(found, expected, "{opt_in:?}: {page:#}");
        assert!(!page.to_string().contains("hunter2"), "{page:#}");
        assert_eq!(client.count().await, 4);
        collector.shutdown().await;
    }
}

#[tokio::test]
async fn requests_of_fastapi_under_apitally_are_seen() {
    if !has("apitally.fastapi, httpx, uvicorn", "'apitally[fastapi]<1' httpx uvicorn").await {
        return;
    }
    let collector = Collector::builder().hub_client(CLIENT_ID, "items").start().await.unwrap();
    let mut command = Command::new(python());
    command.env("APITALLY_HUB_BASE_URL", collector.url()).env("no_proxy", "127.0.0.1");
    run(&mut command, "apitally_fastapi.py", &[CLIENT_ID]).await;
    let client = Client::new(collector.url());
    let summary = client.get("/api/v1/summary?kind=server&service=items").await;
    assert_eq!(summary["count"], 7, "{summary:#}");
    assert_eq!(summary["not_seen"], json!({}));
    let page = client.get("/api/v1/calls").await;
    let calls = page["calls"].as_array().unwrap();
    let mut found: Vec<Value> = calls
        .iter()
        .map(|call| {
            assert_eq!(
                (&call["kind"], &call["server.address"]),
                (&json!("server"), &json!("127.0.0.1"))
            );
            assert!(call["total_ns"].as_u64().unwrap() > 0, "{call}");
            let keys = ["url.template", "http.response.status_code", "consumer", "error.type"];
            Value::from(keys.map(|key| call[key].clone()).to_vec())
        })
        .collect();
    found.sort_by_key(Value::to_string);
    let item = json!(["/items/{item_id}", 200, "ann", null]);
    let mut expected = vec![item; 5];
    expected.push(json!(["/broken", 500, null, "builtins.ValueError"]));
    expected.push(json!(["/items/{item_id}", 422, null, null]));
    expected.sort_by_key(Value::to_string);
    assert_eq!(found, expected, "{page:#}");
    assert!(!page.to_string().contains("hunter2"), "{page:#}");
    collector.shutdown().await;
}
