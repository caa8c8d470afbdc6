//! OTLP: what a backend gets, decoded by OpenTelemetry's own Python messages.
//! Never trusts our own encoder to check itself.

mod backend;
mod decode;

use std::time::Duration;

use axum::http::StatusCode;
use egret::{Call, Config, DropReason, Egret, MemoryTransport, OtlpTransport, SeveralTransports};
use serde_json::{Value, json};

use backend::Backend;
use decode::{decode, has_python};

const DEADLINE: Duration = Duration::from_secs(5);

fn config() -> egret::ConfigBuilder {
    Config::builder().service_name("shop").environment("test").resource("service.version", "7.1")
}

/// Some calls of every kind of end.
fn tell(egret: &Egret) {
    let call = |method, url| Call::new(method, url).duration(Duration::from_millis(20));
    egret.log(
        call("GET", "https://user:pass@api.example.com/users/17?api_key=s3cr3t&page=2").status(200),
    );
    egret.log(call("POST", "http://127.0.0.1:8080/orders").status(503));
    egret.log(call("get", "https://api.example.com/users/18").error("timeout"));
    let attributes = [("server.address", "elsewhere"), ("http.response.header.retry-after", "7")];
    egret.log(call("PURGE", "https://api.example.com/cache").status(404).attributes(&attributes));
}

#[tokio::test]
async fn a_backend_decodes_spans_with_all_that_the_conventions_require() {
    if !has_python() {
        return;
    }
    let backend = Backend::start().await;
    let otlp = OtlpTransport::builder(&backend.url()).header("api-key", "k3y").build().unwrap();
    let egret = Egret::start_with(config().build().unwrap(), otlp.clone()).unwrap();
    tell(&egret);
    egret.flush_async(DEADLINE).await.unwrap();
    let stats = egret.stats();
    assert!(stats.delivered == 4 && stats.is_conserved(), "{stats:?}");
    assert_eq!(otlp.counts().requests_delivered, 2);
    let request = backend.requests("/v1/traces").remove(0);
    assert_eq!(request.header("content-type"), "application/x-protobuf");
    assert_eq!(request.header("api-key"), "k3y");
    let text = String::from_utf8_lossy(&request.body).into_owned();
    assert!(!text.contains("s3cr3t") && !text.contains("pass"), "{text}");

    let groups = decode("traces", &request.body);
    assert_eq!(groups[0]["scope"], "egret");
    assert_eq!(groups[0]["schema_url"], "https://opentelemetry.io/schemas/1.44.0");
    let resource = &groups[0]["resource"];
    assert_eq!(resource["service.name"], "shop");
    assert_eq!(resource["deployment.environment.name"], "test");
    assert_eq!(resource["service.version"], "7.1");
    assert!(resource["service.instance.id"].is_string());
    check_spans(groups[0]["spans"].as_array().unwrap());
}

#[track_caller]
fn check_spans(spans: &[Value]) {
    assert_eq!(spans.len(), 4);
    for span in spans {
        assert_eq!(span["kind"], "SPAN_KIND_CLIENT");
        for required in ["http.request.method", "server.address", "server.port", "url.full"] {
            assert!(!span["attributes"][required].is_null(), "{required}: {span}");
        }
        let (start, end) = (span["start"].as_u64().unwrap(), span["end"].as_u64().unwrap());
        assert_eq!(end - start, 20_000_000);
        assert!(span["trace_id"].as_str().unwrap().len() == 32);
        assert!(span["span_id"].as_str().unwrap().len() == 16);
    }
    let shown: Vec<Value> = spans.iter().map(shown).collect();
    let expected = [
        json!([
            "GET /users/{int}",
            "STATUS_CODE_UNSET",
            "GET",
            "api.example.com",
            443,
            200,
            null,
            "https://api.example.com/users/17?api_key=REDACTED&page=2"
        ]),
        json!([
            "POST /orders",
            "STATUS_CODE_ERROR",
            "POST",
            "127.0.0.1",
            8080,
            503,
            "503",
            "http://127.0.0.1:8080/orders"
        ]),
        json!([
            "GET /users/{int}",
            "STATUS_CODE_ERROR",
            "GET",
            "api.example.com",
            443,
            null,
            "timeout",
            "https://api.example.com/users/18"
        ]),
        json!([
            "HTTP /cache",
            "STATUS_CODE_ERROR",
            "_OTHER",
            "api.example.com",
            443,
            404,
            "404",
            "https://api.example.com/cache"
        ]),
    ];
    assert_eq!(shown, expected);
    assert_eq!(spans[3]["attributes"]["http.response.header.retry-after"], json!(["7"]));
    let ids: std::collections::HashSet<_> =
        spans.iter().map(|span| span["span_id"].as_str()).collect();
    assert_eq!(ids.len(), 4);
}

fn shown(span: &Value) -> Value {
    let of = |name: &str| span["attributes"][name].clone();
    json!([
        span["name"],
        span["status"],
        of("http.request.method"),
        of("server.address"),
        of("server.port"),
        of("http.response.status_code"),
        of("error.type"),
        of("url.full")
    ])
}

#[tokio::test]
async fn a_backend_decodes_durations_of_every_call_although_spans_are_sampled() {
    if !has_python() {
        return;
    }
    let backend = Backend::start().await;
    let otlp = OtlpTransport::new(&backend.url()).unwrap();
    let config = config().sample_rate(0.05).build().unwrap();
    let egret = Egret::start_with(config, otlp).unwrap();
    for ms in [3u64, 30, 300, 3_000] {
        for _ in 0..250 {
            let call = Call::new("GET", "https://api.example.com/users/17").status(200);
            egret.log(call.duration(Duration::from_millis(ms)));
        }
    }
    egret.flush_async(DEADLINE).await.unwrap();
    let (mut count, mut sum, mut buckets, mut end) = (0, 0.0, [0u64; 15], 0);
    for request in backend.requests("/v1/metrics") {
        let groups = decode("metrics", &request.body);
        let metric = &groups[0]["metrics"][0];
        assert_eq!(metric["name"], "http.client.request.duration");
        assert_eq!(metric["unit"], "s");
        assert_eq!(metric["temporality"], "AGGREGATION_TEMPORALITY_DELTA");
        let points = metric["points"].as_array().unwrap();
        assert_eq!(points.len(), 1, "one point a series and batch");
        let point = &points[0];
        let bounds = json!([
            0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0
        ]);
        assert_eq!(point["bounds"], bounds);
        let attributes = &point["attributes"];
        assert_eq!(attributes["http.request.method"], "GET");
        assert_eq!(attributes["server.address"], "api.example.com");
        assert_eq!(attributes["server.port"], 443);
        assert_eq!(attributes["http.response.status_code"], 200);
        assert_eq!(attributes["url.template"], "/users/{int}");
        let start = point["start"].as_u64().unwrap();
        assert!(start >= end && start < point["time"].as_u64().unwrap(), "points do not overlap");
        end = point["time"].as_u64().unwrap();
        count += point["count"].as_u64().unwrap();
        sum += point["sum"].as_f64().unwrap();
        for (n, bucket) in point["buckets"].as_array().unwrap().iter().enumerate() {
            buckets[n] += bucket.as_u64().unwrap();
        }
    }
    assert_eq!((count, buckets), (1_000, [250, 0, 0, 250, 0, 0, 0, 250, 0, 0, 0, 250, 0, 0, 0]));
    assert!((sum - 833.25).abs() < 1e-6, "{sum}");
    let spans: usize = backend
        .requests("/v1/traces")
        .iter()
        .map(|request| decode("traces", &request.body)[0]["spans"].as_array().unwrap().len())
        .sum();
    // The 250 slow ones are always kept; of the others a twentieth.
    assert!((251..500).contains(&spans), "{spans}");
}

#[tokio::test]
async fn what_is_settled_is_not_sent_again_and_the_rest_is_tried_until_it_is() {
    let backend = Backend::start().await;
    backend
        .answer("/v1/metrics", &[StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS]);
    let otlp = OtlpTransport::new(&backend.url()).unwrap();
    let egret = Egret::start_with(config().build().unwrap(), otlp).unwrap();
    tell(&egret);
    egret.flush_async(DEADLINE).await.unwrap();
    assert_eq!(egret.stats().delivered, 4);
    assert_eq!(backend.requests("/v1/traces").len(), 1);
    let metrics = backend.requests("/v1/metrics");
    assert_eq!(metrics.len(), 3);
    assert!(metrics.iter().all(|request| request.body == metrics[0].body));
}

#[tokio::test]
async fn a_refusal_drops_by_name_and_a_partial_one_is_counted() {
    let backend = Backend::start().await;
    backend.answer("/v1/traces", &[StatusCode::UNAUTHORIZED, StatusCode::PAYLOAD_TOO_LARGE]);
    let otlp = OtlpTransport::new(&backend.url()).unwrap();
    let egret = Egret::start_with(config().build().unwrap(), otlp.clone()).unwrap();
    tell(&egret);
    egret.flush_async(DEADLINE).await.unwrap();
    assert_eq!(egret.stats().dropped.of(DropReason::Unauthorized), 4);
    // Too large: comes again as two halves.
    backend.refuse_spans(3);
    tell(&egret);
    egret.flush_async(DEADLINE).await.unwrap();
    let stats = egret.stats();
    assert!(stats.delivered == 4 && stats.is_conserved(), "{stats:?}");
    assert_eq!(backend.requests("/v1/traces").len(), 4);
    assert_eq!(otlp.counts().rejected_spans, 6);
}

#[tokio::test]
async fn spans_and_the_collector_s_batches_leave_side_by_side() {
    let backend = Backend::start().await;
    let memory = MemoryTransport::default();
    let otlp = OtlpTransport::builder(&backend.url()).only_spans().build().unwrap();
    let both = SeveralTransports::new(vec![Box::new(memory.clone()), Box::new(otlp)]);
    let egret = Egret::start_with(config().build().unwrap(), both).unwrap();
    tell(&egret);
    egret.flush_async(DEADLINE).await.unwrap();
    assert_eq!((memory.calls().len(), egret.stats().delivered), (4, 4));
    let n_requests = (backend.requests("/v1/traces").len(), backend.requests("/v1/metrics").len());
    assert_eq!(n_requests, (1, 0));
}
