//! Promise: a bad batch is refused with what is wrong, leaves nothing behind, and harms nobody.
//! They never accept a broken connection for a refusal: the answer must arrive.

use std::time::Duration;

use egret_collector::{Builder, Collector};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::fixture::{Batch, Call, Client, answer, batch};

const NATIVE: &str = "application/vnd.egret.batch";
const LINES: &str = "application/x-ndjson";

fn sample() -> Batch {
    let calls: Vec<Call> = (0..20).map(|n| Call::new(&format!("/v1/{n}/x"), 200)).collect();
    batch(&calls)
}

/// Nothing is stored, and a good batch still is.
async fn check_unharmed(client: &Client) {
    assert_eq!((client.count().await, client.all_calls().await.len()), (0, 0));
    client.send(&sample()).await;
    assert_eq!((client.count().await, client.all_calls().await.len()), (20, 20));
}

/// A request that must be refused, with a word of the detail.
struct Bad {
    headers: Vec<(&'static str, &'static str)>,
    body: Vec<u8>,
    status: u16,
    says: &'static str,
}

fn bad(
    content_type: &'static str,
    body: impl Into<Vec<u8>>,
    status: u16,
    says: &'static str,
) -> Bad {
    Bad { headers: vec![("content-type", content_type)], body: body.into(), status, says }
}

async fn check_all(collector: Collector, table: Vec<Bad>) {
    let client = Client::new(collector.url());
    for bad in table {
        let mut post = client.post().body(bad.body);
        for (name, value) in &bad.headers {
            post = post.header(*name, *value);
        }
        let response = post.send().await.unwrap();
        assert_eq!(response.status().as_u16(), bad.status, "{:?} {}", bad.headers, bad.says);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        let problem: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
        assert_eq!(problem["status"], bad.status);
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(bad.says), "{detail:?} does not say {:?}", bad.says);
        assert!(problem["type"].as_str().unwrap().starts_with("urn:egret:problem:"));
        assert!(problem["title"].is_string());
    }
    check_unharmed(&client).await;
    collector.shutdown().await;
}

#[tokio::test]
async fn what_is_no_batch_is_refused() {
    let good = sample().bytes;
    let mut other_version = good.clone();
    other_version[4] = 9;
    let mut flipped = good.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let mut far = Call::new("/a", 200);
    far.start_ns = i64::MAX.cast_unsigned();
    let longer = [good.as_slice(), b"x"].concat();
    let mut encoded = bad(NATIVE, good.clone(), 415, "without Content-Encoding");
    encoded.headers.push(("content-encoding", "gzip"));
    let mut brotli = bad(LINES, "{}", 415, "zstd, gzip or none");
    brotli.headers.push(("content-encoding", "br"));
    let mut damaged = bad(LINES, "{}", 400, "damaged gzip body");
    damaged.headers.push(("content-encoding", "gzip"));
    let mut untold = bad(NATIVE, "hello", 415, "no content type");
    untold.headers.clear();
    let line = |code: u16| format!("{{\"target\":\"a\",\"http.response.status_code\":{code}}}\n");
    let status = |code| line(100) + &line(code) + &line(999);
    let table = vec![
        bad(NATIVE, "", 400, "must begin with `EGRT`"),
        bad(NATIVE, "hello", 400, "must begin with `EGRT`"),
        bad(NATIVE, other_version, 415, "format version 9"),
        bad(NATIVE, flipped, 400, "checksum"),
        bad(NATIVE, longer, 400, "checksum"),
        bad("text/plain", good, 415, "text/plain"),
        bad(LINES, "{\"target\":\"a\"}\n{\"kind\":\"what\"}", 400, "line 2: kind"),
        bad(LINES, status(0), 400, "line 2: http.response.status_code: 0 is not from 100 to 999"),
        bad(LINES, status(65_535), 400, "line 2: http.response.status_code: 65535 is not from"),
        bad(LINES, "", 400, "no records"),
        bad(LINES, "{}", 400, "line 1: says not whom it called; one of url.full"),
        bad(NATIVE, batch(&[far]).bytes, 400, "call 1: start_unix_ns"),
        bad(LINES, "[1]", 400, "line 1: not a JSON object"),
        bad(LINES, b"\xff".to_vec(), 400, "not UTF-8"),
        encoded,
        brotli,
        damaged,
        untold,
    ];
    check_all(Collector::bind("127.0.0.1:0").await.unwrap(), table).await;
}

#[tokio::test]
async fn a_batch_that_is_cut_anywhere_is_refused() {
    let good = sample().bytes;
    let cuts = (0..good.len()).step_by(good.len() / 97);
    let table = cuts.map(|cut| bad(NATIVE, &good[..cut], 400, "")).collect();
    check_all(Collector::bind("127.0.0.1:0").await.unwrap(), table).await;
}

fn small() -> Builder {
    let builder = Collector::builder().max_batch_bytes(64 << 10);
    builder.max_decoded_bytes(100_000).max_records(50)
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
    let many: Vec<Call> = (0..51).map(|_| Call::new("/a", 200)).collect();
    let long = Call::new(&format!("/{}", "a".repeat(3_000)), 200);
    let wide: Vec<Call> = (0..40).map(|_| long.clone()).collect();
    let mut bomb =
        bad(LINES, zstd::encode_all(vec![b' '; 64 << 20].as_slice(), 1).unwrap(), 413, "");
    bomb.headers.push(("content-encoding", "zstd"));
    let table = vec![
        bad(NATIVE, vec![0; (64 << 10) + 1], 413, "65536 bytes"),
        bad(NATIVE, vec![0; 5 << 20], 413, "65536 bytes"),
        bad(NATIVE, batch(&many).bytes, 413, "rows of a table of 51"),
        bad(NATIVE, batch(&wide).bytes, 413, "decompressed bytes"),
        bad(LINES, "{}\n".repeat(51), 413, "51 records"),
        bomb,
    ];
    check_all(small().start().await.unwrap(), table).await;
}

#[tokio::test]
async fn a_body_that_does_not_say_its_length_is_bounded_too() {
    let collector = small().start().await.unwrap();
    let mut stream = TcpStream::connect(collector.local_addr()).await.unwrap();
    let head = "POST /v1/batches HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\
                content-type: application/vnd.egret.batch\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = [b"4000\r\n".as_slice(), &[b'E'; 0x4000], b"\r\n"].concat();
    for _ in 0..5 {
        stream.write_all(&chunk).await.unwrap();
    }
    // The body has no end, and needs none to be refused.
    assert!(first_line(&mut stream).await.contains("413"));
    drop(stream);
    check_unharmed(&Client::new(collector.url())).await;
    collector.shutdown().await;
}

async fn first_line(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    while !answer.contains(&b'\n') {
        let mut buffer = [0; 1024];
        let n = stream.read(&mut buffer).await.unwrap();
        assert!(n > 0, "closed without an answer");
        answer.extend_from_slice(&buffer[..n]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_sender_that_is_too_slow_is_refused() {
    let builder = Collector::builder().body_timeout(Duration::from_millis(200));
    let collector = builder.start().await.unwrap();
    let mut stream = TcpStream::connect(collector.local_addr()).await.unwrap();
    let head = "POST /v1/batches HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\
                content-type: application/vnd.egret.batch\r\n\r\nEGRT";
    stream.write_all(head.as_bytes()).await.unwrap();
    assert!(first_line(&mut stream).await.contains("408"));
    check_unharmed(&Client::new(collector.url())).await;
    collector.shutdown().await;
}

#[tokio::test]
async fn a_head_that_comes_too_slowly_is_refused_and_an_idle_connection_just_ends() {
    let builder = Collector::builder().header_timeout(Duration::from_millis(200));
    let collector = builder.start().await.unwrap();
    let cases = [("POST /v1/batches HTTP/1.1\r\nhost: x\r\nx-slow:", "408"), ("", "")];
    for (head, status) in cases {
        let mut stream = TcpStream::connect(collector.local_addr()).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.lines().next().unwrap_or_default().contains(status), "{answer:?}");
        assert_eq!(answer.contains("urn:egret:problem:slow-head"), !head.is_empty());
    }
    check_unharmed(&Client::new(collector.url())).await;
    collector.shutdown().await;
}

#[tokio::test]
async fn without_a_token_nobody_gets_in() {
    let collector = Collector::builder().token("one").token("two").start().await.unwrap();
    let anyone = Client::new(collector.url());
    let guest = anyone.clone().with_token("three");
    for client in [&anyone, &guest] {
        for path in ["/", "/api/v1/summary", "/api/v1/calls"] {
            let response = client.request(reqwest::Method::GET, path).send().await.unwrap();
            assert_eq!(response.status(), 401, "{path}");
            let offers = response.headers().get_all("www-authenticate");
            assert!(offers.iter().eq(["Bearer", "Basic realm=\"egret\""]), "{path}");
        }
        // Larger than any buffer on the way: the refusal arrives all the same.
        for body in [sample().bytes, vec![0; 3 << 20]] {
            let response = client.post().body(body).send().await.unwrap();
            assert_eq!(response.status(), 401);
            assert!(response.headers().get_all("www-authenticate").iter().eq(["Bearer"]));
        }
        client.get("/healthz").await;
    }
    check_unharmed(&anyone.with_token("two")).await;
    collector.shutdown().await;
}

#[tokio::test]
async fn a_browser_asks_with_the_token_as_password_and_cannot_send() {
    let collector = Collector::builder().token("one").start().await.unwrap();
    let client = Client::new(collector.url());
    for (password, status) in [("one", 200), ("two", 401)] {
        for path in ["/", "/api/v1/summary", "/api/v1/calls"] {
            let get = client.request(reqwest::Method::GET, path);
            assert_eq!(answer(get.basic_auth("me", Some(password))).await.0, status, "{path}");
        }
    }
    // What another site makes a browser send comes with the password too.
    let post = client.post().basic_auth("me", Some("one")).body(sample().bytes);
    assert_eq!(answer(post).await.0, 401);
    check_unharmed(&client.with_token("one")).await;
    collector.shutdown().await;
}

#[tokio::test]
async fn what_is_not_there_is_told_as_a_problem() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    let (status, problem) = answer(client.request(reqwest::Method::GET, "/nothing")).await;
    assert_eq!((status, &problem["status"]), (404, &Value::from(404)));
    let (status, problem) = answer(client.request(reqwest::Method::GET, "/v1/batches")).await;
    assert_eq!((status, &problem["status"]), (405, &Value::from(405)));
    collector.shutdown().await;
}

#[tokio::test]
async fn a_bad_question_is_told_what_would_be_good() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    let table = [
        (
            "summary?form=1h",
            "`form` is not a parameter here; there are from, to, service, environment",
        ),
        ("summary?from=yesterday", "`from` is \"yesterday\", but must be an RFC 3339 time"),
        ("summary?from=1h&from=2h", "`from` is given twice"),
        ("summary?from=1h&to=2h", "`from` must be before `to`"),
        ("summary?kind=klient", "`kind` is \"klient\", but must be one of client, server"),
        ("calls?limit=0", "`limit` is \"0\", but must be a number from 1 to 1000"),
        ("calls?limit=1001", "`limit` is \"1001\""),
        ("calls?status=6xx", "`status` is \"6xx\", but must be a code such as 404"),
        ("calls?outcome=fine", "`outcome` is \"fine\", but must be one of completed"),
        ("calls?cursor=7", "`cursor` is \"7\", but must be the `next_cursor`"),
    ];
    for (question, says) in table {
        let get = client.request(reqwest::Method::GET, &format!("/api/v1/{question}"));
        let (status, problem) = answer(get).await;
        assert_eq!(status, 400, "{question}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(says), "{detail:?} does not say {says:?}");
    }
    collector.shutdown().await;
}

#[tokio::test]
async fn a_full_queue_asks_to_come_again() {
    let builder = Collector::builder().queue_batches(1).queue_bytes(1);
    let collector = builder.start().await.unwrap();
    let client = Client::new(collector.url());
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let client = client.clone();
        waiting.spawn(async move {
            let batch = sample();
            let post = client.post().body(batch.bytes).send().await.unwrap();
            let retry = post.headers().get("retry-after").is_some();
            (post.status().as_u16(), retry)
        });
    }
    let answers = waiting.join_all().await;
    let n_stored = answers.iter().filter(|answer| **answer == (202, false)).count();
    let n_refused = answers.iter().filter(|answer| **answer == (503, true)).count();
    assert_eq!(n_stored + n_refused, 64, "{answers:?}");
    assert!(n_stored > 0);
    assert_eq!(client.count().await, 20 * n_stored as u64);
    collector.shutdown().await;
}
