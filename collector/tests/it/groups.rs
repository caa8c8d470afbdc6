//! Promise: vendors and consumers add up to exactly the calls that were sent, listed or not.
//! They never compare with the collector itself: the expectation is computed by brute force.

use std::collections::BTreeMap;

use egret_collector::Collector;
use serde_json::{Value, json};

use crate::fixture::{Client, Numbers, answer, recently_ns};

/// A call of many: its vendor, host, consumer, kind, status and start are by chance.
fn line(numbers: &mut Numbers) -> Value {
    let mut pick = |words: &[&'static str]| words[numbers.below(words.len() as u64) as usize];
    let (target, host) = (pick(&["stripe", "aws", ""]), pick(&["a.com", "b.com"]));
    let (consumer, kind) =
        (pick(&["ann", "bob", "eve", ""]), pick(&["client", "client", "server"]));
    let status = [200, 201, 404, 503][numbers.below(4) as usize];
    json!({
        "http.request.method": "GET", "server.address": host, "url.path": "/x", "kind": kind,
        "target": target, "consumer": consumer, "http.response.status_code": status,
        "start_unix_ns": recently_ns() - numbers.below(5) * 60_000_000_000,
        "total_ns": 1_000_000, "http.request.body.size": 3, "http.response.body.size": 5,
    })
}

/// What calls add up to by a key: requests, errors, first and last minute.
fn by_key(lines: &[Value], key: impl Fn(&Value) -> Option<String>) -> BTreeMap<String, [u64; 4]> {
    let mut sums = BTreeMap::<String, [u64; 4]>::new();
    for line in lines {
        if let Some(key) = key(line) {
            let start = line["start_unix_ns"].as_u64().unwrap();
            let sum = sums.entry(key).or_insert([0, 0, start, start]);
            let status = line["http.response.status_code"].as_u64().unwrap();
            // A client's request that is refused is an error, a server's only when it fails.
            let least = if line["kind"] == "server" { 500 } else { 400 };
            *sum = [
                sum[0] + 1,
                sum[1] + u64::from(status >= least),
                sum[2].min(start),
                sum[3].max(start),
            ];
        }
    }
    sums
}

#[track_caller]
fn check(rows: &Value, key: &str, expected: &BTreeMap<String, [u64; 4]>) {
    let unix_ns = |text: &Value| {
        let time: jiff::Timestamp = text.as_str().unwrap().parse().unwrap();
        u64::try_from(time.as_nanosecond()).unwrap()
    };
    let rows = rows.as_array().unwrap();
    let requests = |row: &Value| row["requests"].as_u64().unwrap();
    assert!(rows.is_sorted_by_key(|row| std::cmp::Reverse(requests(row))), "{rows:#?}");
    let found: BTreeMap<String, [u64; 4]> = rows
        .iter()
        .map(|row| {
            let errors = row["errors"].as_u64().unwrap();
            let rate = errors as f64 / requests(row) as f64;
            assert!((row["error_rate"].as_f64().unwrap() - rate).abs() < 1e-9, "{row}");
            assert_eq!(row["request_bytes"], 3 * requests(row));
            assert_eq!(row["response_bytes"], 5 * requests(row));
            for percentile in ["p50_ms", "p90_ms", "p95_ms", "p99_ms"] {
                assert!((row[percentile].as_f64().unwrap() - 1.0).abs() < 0.011, "{row}");
            }
            let seen = [unix_ns(&row["first_seen"]), unix_ns(&row["last_seen"])];
            (row[key].as_str().unwrap().to_owned(), [requests(row), errors, seen[0], seen[1]])
        })
        .collect();
    assert_eq!(&found, expected);
}

#[tokio::test]
async fn vendors_and_consumers_agree_with_brute_force() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    let mut numbers = Numbers(11);
    let lines: Vec<Value> = (0..500).map(|_| line(&mut numbers)).collect();
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let post = client.post().header("content-type", "application/x-ndjson").body(text);
    let (status, told) = answer(post).await;
    assert_eq!(status, 202, "{told}");

    let text = |line: &Value, key: &str| line[key].as_str().unwrap().to_owned();
    let vendor = |line: &Value| match text(line, "target") {
        target if target.is_empty() => text(line, "server.address"),
        target => target,
    };
    let outbound = by_key(&lines, |line| (line["kind"] != "server").then(|| vendor(line)));
    let answer = client.get("/api/v1/targets").await;
    check(&answer["targets"], "target", &outbound);
    assert_eq!(answer["others"], Value::Null);
    let named = answer["targets"].as_array().unwrap().iter().filter(|row| row["is_named"] == true);
    assert_eq!(named.count(), 2);
    let inbound = by_key(&lines, |line| (line["kind"] == "server").then(|| vendor(line)));
    check(&client.get("/api/v1/targets?kind=server").await["targets"], "target", &inbound);

    let consumers = by_key(&lines, |line| Some(text(line, "consumer")));
    check(&client.get("/api/v1/consumers?from=1h").await["consumers"], "consumer", &consumers);
    let empty = client.get("/api/v1/consumers?service=nobody").await;
    assert_eq!(empty["consumers"], json!([]));

    // What is not listed is summed up.
    let cut = client.get("/api/v1/consumers?limit=1").await;
    let listed = cut["consumers"].as_array().unwrap();
    assert_eq!((listed.len(), cut["others"]["n"].as_u64()), (1, Some(3)));
    let sum = |key: &str| listed[0][key].as_u64().unwrap() + cut["others"][key].as_u64().unwrap();
    assert_eq!(sum("requests"), 500);
    assert_eq!(sum("errors"), consumers.values().map(|sum| sum[1]).sum::<u64>());
    collector.shutdown().await;
}
