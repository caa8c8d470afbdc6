//! Promise: pages of calls are in one total order, and filters find all that match.
//! They never compare with the collector itself: the expectation is computed by brute force.

use egret_collector::Collector;
use serde_json::Value;

use crate::fixture::{Batch, Call, Client, Numbers, batch, recently_ns};

/// What a call is told by: its path is unique.
fn path(call: &Value) -> String {
    call["url.path"].as_str().unwrap().to_owned()
}

/// Batches of calls whose times overlap and often tie.
fn batches(numbers: &mut Numbers) -> Vec<(Batch, Vec<Call>)> {
    let statuses = [Some(200), Some(201), Some(404), Some(429), Some(503), None];
    let mut n_calls = 0;
    let mut one = |_| {
        let base_ns = recently_ns() - numbers.below(40) * 1_000_000_000;
        let n = 1 + numbers.below(60);
        let calls: Vec<Call> = (0..n)
            .map(|_| {
                n_calls += 1;
                let host = ["a.com", "b.com", "c.com"][numbers.below(3) as usize];
                let mut call = Call::new("", 200);
                call.url = format!("https://{host}/calls/{n_calls}");
                call.status = statuses[numbers.below(6) as usize];
                call.method = ["GET", "POST", "PUT"][numbers.below(3) as usize];
                call.start_ns = base_ns + numbers.below(5) * 1_000_000_000;
                call
            })
            .collect();
        (batch(&calls), calls)
    };
    (0..40).map(&mut one).collect()
}

/// Paths of the matching calls in the promised order: start descending, batch id, row.
fn brute_force(batches: &[(Batch, Vec<Call>)], matches: impl Fn(&Call) -> bool) -> Vec<String> {
    let mut all = Vec::new();
    for (batch, calls) in batches {
        let rows = calls.iter().enumerate().filter(|(_, call)| matches(call));
        all.extend(rows.map(|(row, call)| {
            let path = call.url.split_once(".com").unwrap().1.to_owned();
            (std::cmp::Reverse(call.start_ns), batch.id, row, path)
        }));
    }
    all.sort_unstable();
    all.into_iter().map(|(.., path)| path).collect()
}

/// All pages of a question, with limits that change from page to page.
async fn pages(client: &Client, question: &str, mut limit: impl FnMut() -> u64) -> Vec<String> {
    let mut paths = Vec::new();
    let mut cursor = String::new();
    loop {
        let n = limit();
        let page = client.get(&format!("/api/v1/calls?{question}&limit={n}&cursor={cursor}")).await;
        let calls = page["calls"].as_array().unwrap();
        assert!(calls.len() as u64 <= n);
        paths.extend(calls.iter().map(path));
        match page["next_cursor"].as_str() {
            Some(next) => {
                assert_eq!(calls.len() as u64, n, "only the last page may be short");
                cursor = next.to_owned();
            }
            None => return paths,
        }
    }
}

#[tokio::test]
async fn pages_and_filters_agree_with_brute_force() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    let mut numbers = Numbers(7);
    let batches = batches(&mut numbers);
    for (batch, _) in &batches {
        client.send(batch).await;
    }
    let from_ns = recently_ns() - 20_000_000_000;
    let to_ns = from_ns + 7_000_000_000;
    let range = format!("from={}&to={}", from_ns / 1_000_000_000, to_ns / 1_000_000_000);
    type Matches = Box<dyn Fn(&Call) -> bool>;
    let table: Vec<(String, Matches)> = vec![
        (String::new(), Box::new(|_| true)),
        ("host=b.com".into(), Box::new(|call| call.url.contains("//b.com/"))),
        ("host=d.com".into(), Box::new(|_| false)),
        ("method=PUT".into(), Box::new(|call| call.method == "PUT")),
        ("status=404".into(), Box::new(|call| call.status == Some(404))),
        ("status=4xx".into(), Box::new(|call| call.status.is_some_and(|s| s / 100 == 4))),
        ("status=none".into(), Box::new(|call| call.status.is_none())),
        ("outcome=failed".into(), Box::new(|call| call.status.is_none())),
        ("outcome=cancelled".into(), Box::new(|_| false)),
        (range, Box::new(move |call| (from_ns..to_ns).contains(&call.start_ns))),
        (
            "host=A.com&method=GET&status=2xx&outcome=completed".into(),
            Box::new(|call| {
                let is_success = call.status.is_some_and(|status| status < 300);
                call.url.contains("//a.com/") && call.method == "GET" && is_success
            }),
        ),
    ];
    for (question, matches) in table {
        let expected = brute_force(&batches, matches);
        assert_eq!(pages(&client, &question, || 1_000).await, expected, "{question}, large pages");
        let random = pages(&client, &question, || 1 + numbers.below(97)).await;
        assert_eq!(random, expected, "{question}, random pages");
    }
    collector.shutdown().await;
}

#[tokio::test]
async fn calls_that_arrive_while_pages_are_read_move_no_page() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    let mut numbers = Numbers(11);
    let batches = batches(&mut numbers);
    let (before, after) = batches.split_at(20);
    for (batch, _) in before {
        client.send(batch).await;
    }
    let known = brute_force(before, |_| true);
    let mut late = after.iter();
    let mut seen: Vec<String> = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = client.get(&format!("/api/v1/calls?limit=13&cursor={cursor}")).await;
        seen.extend(page["calls"].as_array().unwrap().iter().map(path));
        if let Some((batch, _)) = late.next() {
            client.send(batch).await;
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    let mut once = seen.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), seen.len(), "no call comes twice");
    let of_known: Vec<&String> = seen.iter().filter(|path| known.contains(path)).collect();
    assert_eq!(of_known, known.iter().collect::<Vec<_>>(), "no call is left out");
    collector.shutdown().await;
}

#[tokio::test]
async fn a_call_has_its_record_its_service_and_a_template() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    let sent = batch(&[Call::new("/v1/users/42?page=2", 404)]);
    client.send(&sent).await;
    let page = client.get("/api/v1/calls").await;
    let expected = serde_json::json!({
        "start_unix_ns": page["calls"][0]["start_unix_ns"],
        "kind": "client",
        "outcome": "completed",
        "http.request.method": "GET",
        "url.scheme": "https",
        "server.address": "api.example.com",
        "server.port": 443,
        "url.path": "/v1/users/42",
        "url.query": "page=2",
        "url.template": "/v1/users/{int}",
        "http.response.status_code": 404,
        "http.response.body.size": 10,
        "total_ns": 1_000_000,
        "target": "example",
        "service": "shop",
        "batch_id": sent.id,
        "id": page["calls"][0]["id"],
    });
    assert_eq!(page, serde_json::json!({ "calls": [expected], "next_cursor": null }));
    collector.shutdown().await;
}

/// Attempts of one call, of another, and a call without attempts.
async fn send_attempts(client: &Client) -> Vec<Value> {
    let line = |n: u32, call_id: &str, path: &str| {
        format!(
            "{{\"start_unix_ns\":{},\"kind\":\"client\",\"attempt\":{n},\"call_id\":\"{call_id}\",\
              \"trace_id\":\"000000000000000000000000000000aa\",\"url.full\":\"https://a.com/{path}\",\
              \"error.type\":\"timeout\",\"total_ns\":{},\"consumer\":\"acme\",\"target\":\"vendor\"}}",
            recently_ns() + u64::from(n) * 1_000_000_000,
            u64::from(n) * 200_000_000,
        )
    };
    let (first, other) = ("000000000000000000000000000000b1", "000000000000000000000000000000b2");
    let lines = [
        line(1, first, "needle/1"),
        line(2, first, "needle/1"),
        line(3, first, "needle/1"),
        line(1, other, "hay"),
        r#"{"url.full":"https://b.com/alone","http.response.status_code":200}"#.to_owned(),
    ];
    let post = client.post().header("content-type", "application/x-ndjson").body(lines.join("\n"));
    assert_eq!(crate::fixture::answer(post).await.0, 202);
    client.get("/api/v1/calls").await["calls"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_call_is_found_by_its_id_with_its_attempts() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    let calls = send_attempts(&client).await;
    let with = |key: &str, value: Value| {
        let found: Vec<&Value> = calls.iter().filter(|call| call[key] == value).collect();
        found.into_iter().cloned().collect::<Vec<Value>>()
    };
    let mut attempts = with("url.path", "/needle/1".into());
    attempts.reverse();
    assert_eq!(attempts.len(), 3);
    let id = attempts[1]["id"].as_str().unwrap();
    let mut answer = client.get(&format!("/api/v1/calls/{id}")).await;
    assert!(answer["call"].as_object_mut().unwrap().remove("resource").is_some());
    let expected = serde_json::json!({
        "call": attempts[1], "attempts": attempts, "has_more_attempts": false,
    });
    assert_eq!(answer, expected);
    let alone = with("url.path", "/alone".into());
    let id = alone[0]["id"].as_str().unwrap();
    let answer = client.get(&format!("/api/v1/calls/{id}")).await;
    assert_eq!(answer["call"]["id"], id);
    assert_eq!(answer["attempts"], serde_json::json!([]));
    for (id, status, slug) in [
        ("1", 400, "bad-parameter"),
        ("x.y.z", 400, "bad-parameter"),
        ("1.00000000000000000000000000000001.0", 404, "unknown-call"),
        (&format!("{id}f"), 404, "unknown-call"),
    ] {
        let request = client.request(reqwest::Method::GET, &format!("/api/v1/calls/{id}"));
        let (found, problem) = crate::fixture::answer(request).await;
        assert_eq!(
            (found, &problem["type"]),
            (status, &format!("urn:egret:problem:{slug}").into())
        );
    }
    collector.shutdown().await;
}

#[tokio::test]
async fn every_filter_is_a_parameter_and_what_does_not_fit_is_refused() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    send_attempts(&client).await;
    for (question, expected) in [
        ("template=/needle/{int}", 3),
        ("error_type=timeout", 4),
        ("min_duration=400ms", 2),
        ("min_duration=1m", 0),
        ("consumer=acme&target=vendor&kind=client", 4),
        ("kind=manual", 1),
        ("service=shop", 0),
        ("environment=prod", 0),
        ("path=needle", 3),
        ("path=NEEDLE", 0),
        ("trace_id=000000000000000000000000000000AA", 4),
        ("call_id=000000000000000000000000000000b2", 1),
        ("call_id=000000000000000000000000000000b2&path=needle", 0),
    ] {
        let page = client.get(&format!("/api/v1/calls?{question}")).await;
        assert_eq!(page["calls"].as_array().unwrap().len(), expected, "{question}");
    }
    for (question, named) in [
        ("min_duration=fast", "min_duration"),
        ("trace_id=aa", "trace_id"),
        ("call_id=00000000000000000000000000000000", "call_id"),
        ("kind=none", "kind"),
        ("paths=x", "paths"),
    ] {
        let request = client.request(reqwest::Method::GET, &format!("/api/v1/calls?{question}"));
        let (status, problem) = crate::fixture::answer(request).await;
        let detail = problem["detail"].as_str().unwrap();
        assert!(status == 400 && detail.contains(&format!("`{named}`")), "{question}: {detail}");
    }
    collector.shutdown().await;
}

/// Calls of hours ago are regrouped as soon as they are stored; the answers stay what they were.
#[tokio::test]
async fn a_collector_regroups_what_it_finds_at_its_start() {
    let dir = tempfile::tempdir().unwrap();
    let start = || Collector::builder().data_dir(dir.path()).start();
    let collector = start().await.unwrap();
    let client = Client::new(collector.url());
    let mut numbers = Numbers(13);
    let mut batches = batches(&mut numbers);
    for (batch, calls) in &mut batches {
        calls.iter_mut().for_each(|call| call.start_ns -= 8 * 3_600 * 1_000_000_000);
        *batch = crate::fixture::batch(calls);
        client.send(batch).await;
    }
    let before = client.get("/api/v1/calls?limit=1000").await;
    collector.shutdown().await;
    let collector = start().await.unwrap();
    let client = Client::new(collector.url());
    let n_received = || {
        let files = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
        let days = files.filter(|path| path.to_string_lossy().ends_with(".db"));
        let of = |path: std::path::PathBuf| {
            let file = rusqlite::Connection::open(path).unwrap();
            file.query_row("SELECT count(*) FROM blocks", [], |row| row.get::<_, i64>(0))
                .unwrap_or(0)
        };
        days.map(of).sum::<i64>()
    };
    let mut n_asked = 0;
    while n_received() > 0 {
        // Each look is a page: no sleep, and no answer that differs in between.
        assert_eq!(client.get("/api/v1/calls?limit=1000").await, before);
        n_asked += 1;
        assert!(n_asked < 5_000, "{} batches are not regrouped", n_received());
    }
    assert_eq!(client.get("/api/v1/calls?limit=1000").await, before);
    assert_eq!(brute_force(&batches, |_| true), pages(&client, "", || 37).await);
    collector.shutdown().await;
}
