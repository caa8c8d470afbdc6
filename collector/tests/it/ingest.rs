//! Promise: what is taken is stored once, in whatever form it came.
//! They never look into the store: the API says what is stored.

use std::io::Write;

use egret_collector::Collector;
use serde_json::json;

use crate::fixture::{Call, Client, answer, batch, batch_with, minutes_of};

const LINES: &str = concat!(
    r#"{"http.request.method":"POST","url.full":"https://pay.example.com/v1/charges?token=abc","#,
    r#""http.response.status_code":201,"total_ns":2000000}"#,
    "\n",
    r#"{"http.request.method":"GET","server.address":"pay.example.com","url.path":"/v1/x","#,
    r#""error.type":"timeout"}"#,
    "\n",
);

#[tokio::test]
async fn a_native_batch_is_stored_under_either_type_or_none() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    for content_type in ["application/vnd.egret.batch", "application/octet-stream", ""] {
        let batch = batch(&[Call::new("/a", 200), Call::new("/b", 500)]);
        let mut post = client.post().body(batch.bytes);
        if !content_type.is_empty() {
            post = post.header("content-type", content_type);
        }
        let expected = json!({ "batch_id": batch.id, "records": 2, "duplicate": false });
        assert_eq!(answer(post).await, (202, expected));
    }
    assert_eq!(client.count().await, 6);
    assert_eq!(client.all_calls().await.len(), 6);
    collector.shutdown().await;
}

#[tokio::test]
async fn a_batch_that_is_sent_again_is_stored_once() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    let batch = batch(&[Call::new("/a", 200)]);
    let (first, second) = tokio::join!(client.send(&batch), client.send(&batch));
    assert_ne!(first["duplicate"], second["duplicate"], "one of the two is the first");
    assert_eq!(client.send(&batch).await["duplicate"], true);
    assert_eq!((client.count().await, client.all_calls().await.len()), (1, 1));
    collector.shutdown().await;
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn lines_are_stored_plain_and_compressed() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    let bodies = [
        ("identity", LINES.as_bytes().to_vec()),
        ("zstd", zstd::encode_all(LINES.as_bytes(), 1).unwrap()),
        ("gzip", gzip(LINES)),
    ];
    for (encoding, body) in bodies {
        let post = client.post().header("content-type", "application/x-ndjson");
        let (status, receipt) = answer(post.header("content-encoding", encoding).body(body)).await;
        assert_eq!((status, &receipt["records"]), (202, &json!(2)), "{encoding}: {receipt}");
    }
    let page = client.get("/api/v1/calls?method=post").await;
    let calls = page["calls"].as_array().unwrap();
    assert_eq!(calls.len(), 3);
    for call in calls {
        assert_eq!(call["url.path"], "/v1/charges");
        assert_eq!(call["url.query"], "token=REDACTED");
        assert_eq!(call["http.response.status_code"], 201);
        assert_eq!(call["service"], "");
    }
    collector.shutdown().await;
}

#[tokio::test]
async fn lines_with_a_key_are_stored_once_for_each_service() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    let post = |service: &str, key: &str| {
        let path = format!("/v1/batches?service={service}");
        let post = client.request(reqwest::Method::POST, &path);
        post.header("content-type", "application/x-ndjson").header("idempotency-key", key)
    };
    for key in ["0193f3a0-0000-7000-8000-000000000001", "order-17"] {
        let mut ids = Vec::new();
        for (service, is_duplicate) in
            [("shop", false), ("shop", true), ("billing", false), ("billing", true)]
        {
            let (status, receipt) = answer(post(service, key).body(LINES)).await;
            assert_eq!((status, &receipt["duplicate"]), (202, &json!(is_duplicate)), "{service}");
            ids.push(receipt["batch_id"].clone());
        }
        assert!(ids[0] == ids[1] && ids[1] != ids[2] && ids[2] == ids[3], "{ids:?}");
    }
    for key in ["", "two words", &"x".repeat(256)] {
        let (status, problem) = answer(post("shop", key).body(LINES)).await;
        assert!(status == 400, "{key:?}: {status} {problem}");
    }
    assert_eq!(client.count().await, 8);
    collector.shutdown().await;
}

#[tokio::test]
async fn lines_are_sent_by_the_service_of_the_query_string() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    let post = |query: &str, content_type: &str| {
        let path = format!("/v1/batches?{query}");
        let post = client.request(reqwest::Method::POST, &path);
        post.header("content-type", content_type).body(LINES)
    };
    let lines = "application/x-ndjson";
    let (status, receipt) = answer(post("service=my%20shop&environment=prod", lines)).await;
    assert_eq!(status, 202, "{receipt}");
    assert_eq!(client.get("/api/v1/summary?service=my%20shop").await["count"], 2);
    assert_eq!(client.get("/api/v1/calls").await["calls"][0]["service"], "my shop");
    let refused = [
        ("sevice=a", lines, "`sevice` is not a parameter here; there are service, environment"),
        ("service=a&service=b", lines, "`service` is given twice"),
        ("service=a", "application/octet-stream", "are for application/x-ndjson"),
    ];
    for (query, content_type, says) in refused {
        let (status, problem) = answer(post(query, content_type)).await;
        let detail = problem["detail"].as_str().unwrap();
        assert!(status == 400 && detail.contains(says), "{status} {detail:?}: not {says:?}");
    }
    collector.shutdown().await;
}

#[tokio::test]
async fn roll_ups_count_what_was_sampled_away_and_drops_are_told() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    let all: Vec<Call> = (0..100).map(|_| Call::new("/a", 200)).collect();
    let dropped = [("queue_full", 312), ("too_old", 1)];
    client.send(&batch_with(&all[..3], Some(&minutes_of(&all)), &dropped)).await;
    // Roll-ups alone, and nothing at all but drops.
    client.send(&batch_with(&[], Some(&minutes_of(&all)), &[])).await;
    client.send(&batch_with(&[], None, &[("too_old", 2)])).await;
    let summary = client.get("/api/v1/summary").await;
    assert_eq!(summary["count"], 200);
    assert_eq!(summary["not_seen"], json!({ "queue_full": 312, "too_old": 3 }));
    let elsewhere = client.get("/api/v1/summary?service=other").await;
    assert_eq!((&elsewhere["count"], &elsewhere["not_seen"]), (&json!(0), &json!({})));
    assert_eq!(client.all_calls().await.len(), 3);
    collector.shutdown().await;
}
