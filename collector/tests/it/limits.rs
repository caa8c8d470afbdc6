//! Promise: every limit answers with a status and words of its own, and harms nobody else.
//! They never accept a broken connection for a refusal: the answer must arrive. What is too slow is
//! in `refusals`, and the limits of a token are in `tokens`.

use std::io::Write;
use std::time::Duration;

use egret_collector::{Builder, Collector};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::fixture::{Call, Client, batch};

const NATIVE: &str = "application/vnd.egret.batch";
const LINES: &str = "application/x-ndjson";

fn small() -> Builder {
    let builder = Collector::builder().max_batch_bytes(64 << 10).max_decoded_bytes(200_000);
    builder.max_records(50).max_record_bytes(2_000)
}

/// What is refused: with which status, as which problem, in which words.
async fn check(request: RequestBuilder, status: u16, problem: &str, says: &str) {
    let response = request.send().await.unwrap();
    let found = response.status().as_u16();
    let text = response.text().await.unwrap();
    assert_eq!(found, status, "{text}");
    let answer: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(answer["type"], format!("urn:egret:problem:{problem}"), "{answer}");
    let detail = answer["detail"].as_str().unwrap();
    assert!(detail.contains(says), "{detail:?} does not say {says:?}");
}

/// A good batch is still taken, and nothing else was.
async fn check_unharmed(client: &Client) {
    client.send(&batch(&[Call::new("/a", 200)])).await;
    assert_eq!((client.count().await, client.all_calls().await.len()), (1, 1));
}

fn post(client: &Client, content_type: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
    client.post().header("content-type", content_type).body(body)
}

#[tokio::test]
async fn bodies() {
    let collector = small().start().await.unwrap();
    let client = Client::new(collector.url());
    let sized = |n: usize| Call::new(&format!("/{}", "a".repeat(n)), 200);
    check(post(&client, NATIVE, vec![0; 70_000]), 413, "too-large", "65536 bytes").await;
    let wide: Vec<Call> = (0..45).map(|n| sized(1_500 + n)).collect();
    let decompressed = small().max_decoded_bytes(50_000).start().await.unwrap();
    let request = post(&Client::new(decompressed.url()), NATIVE, batch(&wide).bytes);
    check(request, 413, "too-large", "decompressed bytes").await;
    decompressed.shutdown().await;
    let many: Vec<Call> = (0..51).map(|_| sized(1)).collect();
    check(post(&client, NATIVE, batch(&many).bytes), 413, "too-large", "rows of a table").await;
    let long = [sized(5), sized(3_000)];
    let says = "call 2 has texts of 30";
    check(post(&client, NATIVE, batch(&long).bytes), 413, "record-too-large", says).await;
    let lines = format!("{{\"target\":\"a\"}}\n{{\"target\":\"{}\"}}", "b".repeat(2_000));
    let says = "line 2: 2013 bytes exceed the limit of 2000";
    check(post(&client, LINES, lines), 413, "record-too-large", says).await;
    check_unharmed(&client).await;
    collector.shutdown().await;
}

#[tokio::test]
async fn windows_and_bombs() {
    let collector = small().start().await.unwrap();
    let client = Client::new(collector.url());
    // Without its size in the head, so that the window is what it takes to read it.
    let mut wide = zstd::Encoder::new(Vec::new(), 1).unwrap();
    wide.window_log(27).unwrap();
    wide.write_all(b"{\"target\":\"a\"}").unwrap();
    let wide = post(&client, LINES, wide.finish().unwrap()).header("content-encoding", "zstd");
    check(wide, 413, "window-too-large", "a window of more than 8388608 bytes").await;
    let bomb = zstd::encode_all(vec![b' '; 64 << 20].as_slice(), 1).unwrap();
    let bomb = post(&client, LINES, bomb).header("content-encoding", "zstd");
    check(bomb, 413, "too-large", "decompresses to more than").await;
    check_unharmed(&client).await;
    collector.shutdown().await;
}

#[tokio::test]
async fn depths_of_json() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    let deep = |n: usize| format!("{}1{}", "[".repeat(n), "]".repeat(n));
    let line = |n| format!("{{\"target\":\"a\",\"attributes\":{{\"a\":{}}}}}", deep(n));
    check(post(&client, LINES, line(200)), 422, "too-deep", "more than 64 levels").await;
    check(post(&client, LINES, line(10_000)), 422, "too-deep", "more than 64 levels").await;
    // What only looks deep is none.
    let text = format!("{{\"target\":7,\"a\":\"\\\"{}\"}}", "[".repeat(200));
    check(post(&client, LINES, text), 400, "malformed", "line 1").await;
    let values = "{\"arrayValue\":{\"values\":[".repeat(100);
    let ends = "]}}".repeat(100);
    let span = format!(
        "{{\"resourceSpans\":[{{\"scopeSpans\":[{{\"spans\":[{{\"attributes\":[{{\"key\":\"url.full\",\
         \"value\":{values}{ends}}}]}}]}}]}}]}}"
    );
    let traces = client.request(Method::POST, "/v1/traces");
    let answer = traces.header("content-type", "application/json").body(span).send().await.unwrap();
    // OTLP has its own form of a refusal: the status is the same.
    assert_eq!(answer.status(), 422);
    let told: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert!(told["message"].as_str().unwrap().contains("more than 64 levels"), "{told}");
    check_unharmed(&client).await;
    collector.shutdown().await;
}

#[tokio::test]
async fn heads() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    let get = |path: &str| client.request(Method::GET, path);
    let path = format!("/api/v1/summary?service={}", "a".repeat(9_000));
    check(get(&path), 414, "long-url", "8192 bytes").await;
    let header = "a".repeat(40 << 10);
    check(get("/healthz").header("x-long", header), 431, "large-head", "32768 bytes").await;
    let many = (0..80).fold(get("/healthz"), |get, n| get.header(format!("x-{n}"), "a"));
    check(many, 431, "large-head", "64 headers").await;
    // Beyond what is read at all there are no words, and still a status.
    let mut stream = TcpStream::connect(collector.local_addr()).await.unwrap();
    let long = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(70_000));
    stream.write_all(long.as_bytes()).await.unwrap();
    assert!(whole_answer(&mut stream).await.starts_with("HTTP/1.1 414 URI Too Long"));
    let many = (0..200).fold(get("/healthz"), |get, n| get.header(format!("x-{n}"), "a"));
    assert_eq!(many.send().await.unwrap().status(), 431);
    check_unharmed(&client).await;
    collector.shutdown().await;
}

#[tokio::test]
async fn query_strings_that_do_not_decode() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    let get = |path: &str, query: &str| client.request(Method::GET, &format!("{path}?{query}"));
    for path in ["summary", "series", "targets", "consumers", "calls", "export/calls"] {
        let path = format!("/api/v1/{path}");
        for value in ["%zz", "%ff", "%c3", "%c3%", "%", "a%2", "%+1", "%C3%28", "%%41"] {
            let request = get(&path, &format!("from=1h&host={value}"));
            check(request, 400, "bad-parameter", "`host` cannot be read").await;
        }
        check(get(&path, "%ff=a"), 400, "bad-parameter", "`%ff` cannot be read").await;
        for value in ["%C3%bc", "a=b%3D", "%25zz", "a+b", ""] {
            let response = get(&path, &format!("host={value}&&")).send().await.unwrap();
            assert_eq!(response.status(), 200, "{path} {value}");
        }
    }
    let request = client.request(Method::POST, "/v1/batches?service=%ff").body("{}");
    check(request, 400, "bad-parameter", "`service` cannot be read").await;
    check_unharmed(&client).await;
    collector.shutdown().await;
}

async fn whole_answer(stream: &mut TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn times_without_end() {
    let endless = Collector::builder().header_timeout(Duration::MAX).body_timeout(Duration::MAX);
    let collector = endless.hits_interval(Duration::MAX).start().await.unwrap();
    check_unharmed(&Client::new(collector.url())).await;
    collector.shutdown().await;
}

#[tokio::test]
async fn connections() {
    let collector = Collector::builder().max_connections(2).start().await.unwrap();
    let connect = || TcpStream::connect(collector.local_addr());
    let ask = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n".as_bytes();
    let mut open = Vec::new();
    for _ in 0..2 {
        let mut stream = connect().await.unwrap();
        stream.write_all(ask).await.unwrap();
        let mut first = [0; 15];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200 OK");
        open.push(stream);
    }
    // One too many is told so, also when it has sent much already.
    for head in [ask, [ask, vec![b'x'; 30_000].as_slice()].concat().as_slice()] {
        let mut stream = connect().await.unwrap();
        stream.write_all(head).await.unwrap();
        let answer = whole_answer(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 503 Service Unavailable"), "{answer}");
        assert!(answer.contains("retry-after: 1") && answer.contains("too-many-connections"));
    }
    drop(open);
    // The others are gone, and there is room again.
    let client = Client::new(collector.url());
    while client.request(Method::GET, "/healthz").send().await.unwrap().status() != 200 {
        tokio::task::yield_now().await;
    }
    collector.shutdown().await;
}
