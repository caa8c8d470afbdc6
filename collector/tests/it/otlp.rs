//! Promise: spans of OpenTelemetry's SDKs are calls here, once, and refusals speak OTLP.
//! They never look into the store: the API says what is stored.

use std::io::Write;

use egret_collector::{Builder, Collector};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::fixture::{Client, answer, recently_ns};

const JSON: &str = "application/json";
const PROTOBUF: &str = "application/x-protobuf";

fn span(path: &str, status: u16) -> Value {
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    json!({
        "traceId": "0af7651916cd43dd8448eb211c80319c",
        "spanId": format!("{:016x}", path.len() + 1),
        "kind": 3,
        "startTimeUnixNano": recently_ns().to_string(),
        "endTimeUnixNano": (recently_ns() + 7_000_000).to_string(),
        "attributes": [
            text("http.request.method", "PUT"),
            text("url.full", &format!("https://api.example.com{path}?api_key=hunter2")),
            {"key": "http.response.status_code", "value": {"intValue": status.to_string()}},
        ],
    })
}

fn request(spans: &[Value]) -> Vec<u8> {
    let name = json!({"key": "service.name", "value": {"stringValue": "shop"}});
    let resource = json!({"attributes": [name]});
    let sender = json!({"resource": resource, "scopeSpans": [{"spans": spans}]});
    json!({"resourceSpans": [sender]}).to_string().into_bytes()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn post(client: &Client, content_type: &str, encoding: &str) -> reqwest::RequestBuilder {
    let post = client.request(reqwest::Method::POST, "/v1/traces");
    let post = post.header("content-type", content_type);
    if encoding.is_empty() { post } else { post.header("content-encoding", encoding) }
}

#[tokio::test]
async fn spans_are_calls_once_however_they_are_compressed_and_repeated() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    let database = json!({"kind": 3, "attributes": [], "startTimeUnixNano": "1"});
    for (encoding, path) in [("", "/a"), ("gzip", "/bb"), ("zstd", "/ccc"), ("gzip", "/bb")] {
        let body = request(&[span(path, 201), database.clone()]);
        let body = match encoding {
            "gzip" => gzip(&body),
            "zstd" => zstd::encode_all(body.as_slice(), 1).unwrap(),
            _ => body,
        };
        assert_eq!(answer(post(&client, JSON, encoding).body(body)).await, (200, json!({})));
    }
    let page = client.get("/api/v1/calls?host=api.example.com&method=put&status=201").await;
    let calls = page["calls"].as_array().unwrap();
    let mut paths: Vec<&str> =
        calls.iter().map(|call| call["url.path"].as_str().unwrap()).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["/a", "/bb", "/ccc"]);
    for call in calls {
        assert_eq!((&call["kind"], &call["service"]), (&json!("client"), &json!("shop")));
        assert_eq!(call["total_ns"], 7_000_000);
        assert_eq!(call["url.query"], "api_key=REDACTED");
        assert_eq!(call["trace_id"], "0af7651916cd43dd8448eb211c80319c");
    }
    assert_eq!(client.count().await, 3);
    collector.shutdown().await;
}

#[tokio::test]
async fn what_cannot_be_recorded_is_a_partial_success() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    let mut timeless = span("/b", 200);
    timeless["startTimeUnixNano"] = Value::Null;
    let (status, told) =
        answer(post(&client, JSON, "").body(request(&[span("/a", 200), timeless]))).await;
    assert_eq!((status, &told["partialSuccess"]["rejectedSpans"]), (200, &json!("1")));
    let message = told["partialSuccess"]["errorMessage"].as_str().unwrap();
    assert!(message.contains("start_time_unix_nano is missing"), "{message}");
    let summary = client.get("/api/v1/summary").await;
    assert_eq!(summary["count"], 1);
    assert_eq!(summary["not_seen"], json!({ "otlp_span_invalid": 1 }));
    // Nothing at all is taken too, in protobuf: an empty message is an empty body.
    let response = post(&client, PROTOBUF, "").body("").send().await.unwrap();
    assert_eq!(response.status().as_u16(), 200);
    assert_eq!(response.headers()["content-type"], PROTOBUF);
    let body = ExportTraceServiceResponse::decode(response.bytes().await.unwrap()).unwrap();
    assert_eq!(body.partial_success, None);
    collector.shutdown().await;
}

/// `google.rpc.Status`.
#[derive(Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

fn small() -> Builder {
    Collector::builder().max_batch_bytes(64 << 10).max_decoded_bytes(100_000).max_records(50)
}

#[tokio::test]
async fn a_refusal_is_a_status_in_the_form_of_the_request() {
    let collector = small().start().await.unwrap();
    let client = Client::new(collector.url());
    let many: Vec<Value> = (0..51).map(|_| span("/a", 200)).collect();
    let bomb = gzip(&vec![b' '; 8 << 20]);
    let whole = gzip(&request(&[span("/a", 200)]));
    let table = [
        (JSON, "", b"{".to_vec(), 400, 3, "damaged JSON: EOF"),
        (JSON, "", b"".to_vec(), 400, 3, "the body is empty"),
        (JSON, "", br#"{"resourceSpans":7}"#.to_vec(), 400, 3, "expected a list"),
        (JSON, "gzip", whole[..40].to_vec(), 400, 3, "damaged gzip body"),
        (JSON, "br", whole.clone(), 415, 3, "zstd, gzip or none"),
        (JSON, "gzip", bomb.clone(), 413, 8, "decompresses to more than"),
        (JSON, "", vec![b' '; (64 << 10) + 1], 413, 8, "65536 bytes"),
        (JSON, "", request(&many), 413, 8, "limit of 50 HTTP spans"),
        (PROTOBUF, "", b"\x0a\x7fhalf".to_vec(), 400, 3, "damaged protobuf: a message of 127"),
        (PROTOBUF, "", vec![0xff; 20], 400, 3, "damaged protobuf"),
        (PROTOBUF, "gzip", bomb, 413, 8, "decompresses to more than"),
    ];
    for (content_type, encoding, body, status, code, says) in table {
        let response = post(&client, content_type, encoding).body(body).send().await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{says}");
        assert_eq!(response.headers()["content-type"], content_type);
        let body = response.bytes().await.unwrap();
        let (found, message) = if content_type == JSON {
            let told: Value = serde_json::from_slice(&body).unwrap();
            (told["code"].clone(), told["message"].as_str().unwrap().to_owned())
        } else {
            let told = Status::decode(body).unwrap();
            (told.code.into(), told.message)
        };
        assert_eq!(found, code, "{message}");
        assert!(message.contains(says), "{message:?} does not say {says:?}");
    }
    let (status, problem) = answer(post(&client, "text/plain", "").body("{}")).await;
    assert_eq!(status, 415);
    assert!(problem["detail"].as_str().unwrap().contains("application/x-protobuf"), "{problem}");
    assert_eq!(client.count().await, 0);
    let good = post(&client, JSON, "").body(request(&[span("/a", 200)]));
    assert_eq!(answer(good).await.0, 200);
    assert_eq!(client.count().await, 1);
    collector.shutdown().await;
}

#[tokio::test]
async fn a_body_that_ends_halfway_or_never_leaves_nothing() {
    let timeout = std::time::Duration::from_millis(200);
    let collector = Collector::builder().body_timeout(timeout).start().await.unwrap();
    let client = Client::new(collector.url());
    let body = request(&[span("/a", 200)]);
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: a\r\ncontent-type: {JSON}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let half = [head.as_bytes(), &body[..body.len() / 2]].concat();
    let mut stalled = TcpStream::connect(collector.local_addr()).await.unwrap();
    stalled.write_all(&half).await.unwrap();
    let mut told = vec![0; 4096];
    let n = stalled.read(&mut told).await.unwrap();
    let told = String::from_utf8_lossy(&told[..n]);
    assert!(told.starts_with("HTTP/1.1 408") && told.contains(r#""code":4"#), "{told}");
    let mut gone = TcpStream::connect(collector.local_addr()).await.unwrap();
    gone.write_all(&half).await.unwrap();
    drop(gone);
    assert_eq!(client.count().await, 0);
    collector.shutdown().await;
}

#[tokio::test]
async fn a_token_is_asked_for_and_a_full_queue_asks_to_come_again() {
    let builder = Collector::builder().token("one").queue_batches(1).queue_bytes(1);
    let collector = builder.start().await.unwrap();
    let anyone = Client::new(collector.url());
    let body = || request(&[span("/a", 200)]);
    assert_eq!(answer(post(&anyone, JSON, "").body(body())).await.0, 401);
    let client = anyone.with_token("one");
    let mut waiting = tokio::task::JoinSet::new();
    for n in 0..64_usize {
        let post =
            post(&client, JSON, "").body(request(&[span(&format!("/{}", "x".repeat(n)), 200)]));
        waiting.spawn(async move {
            let response = post.send().await.unwrap();
            let retry = response.headers().get("retry-after").is_some();
            (response.status().as_u16(), retry, response.json::<Value>().await.unwrap())
        });
    }
    let answers = waiting.join_all().await;
    let n_stored = answers.iter().filter(|(status, ..)| *status == 200).count();
    for (status, retry, told) in answers.iter().filter(|(status, ..)| *status != 200) {
        assert_eq!((status, retry, &told["code"]), (&503, &true, &json!(14)));
    }
    assert!(n_stored > 0);
    assert_eq!(client.count().await, n_stored as u64);
    collector.shutdown().await;
}
