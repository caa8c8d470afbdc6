//! No secret leaves the process: not on the wire, not to the collector's disk, not to the log.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use egret::codec::{Batch, CallColumn, Limits, ndjson};
use egret::{Call, Egret};
use egret_collector::Collector;

use crate::collector::config;
use crate::logs;
use crate::upstream::Upstream;

/// Batches as they were posted.
type Posted = Arc<Mutex<Vec<Bytes>>>;

/// Stands between client and collector and keeps what passes.
async fn tap(collector: String, posted: Posted) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let forward = move |headers: HeaderMap, body: Bytes| async move {
        posted.lock().unwrap().push(body.clone());
        let mut request = reqwest::Client::new().post(format!("{collector}/v1/batches"));
        if let Some(kind) = headers.get("content-type") {
            request = request.header("content-type", kind);
        }
        let answer = request.body(body).send().await.unwrap();
        StatusCode::from_u16(answer.status().as_u16()).unwrap()
    };
    let app = axum::Router::new().route("/v1/batches", axum::routing::post(forward));
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

/// The n-th secret: unlike anything else, and with digits and capitals, as secrets have.
fn secret(n: usize) -> String {
    format!("S3cr3t{n:03}Zq9x7Yv5W3u1")
}

/// URLs with a secret each: user-info, query keys, signed URLs, nested URLs, paths.
fn urls(base: &str) -> Vec<String> {
    const KEYS: [&str; 30] = [
        "AWSAccessKeyId",
        "Signature",
        "sig",
        "X-Goog-Signature",
        "X-Amz-Signature",
        "X-Amz-Credential",
        "X-Amz-Security-Token",
        "token",
        "access_token",
        "refresh_token",
        "id_token",
        "api_key",
        "apikey",
        "api-key",
        "key",
        "client_secret",
        "secret",
        "password",
        "passwd",
        "pwd",
        "auth",
        "authorization",
        "authToken",
        "signature",
        "oauth_signature",
        "X-Api-Key",
        "session_token",
        "privateKey",
        "%70assword",
        "hmac",
    ];
    let mut n = 0;
    let mut next = || {
        n += 1;
        secret(n - 1)
    };
    let mut urls: Vec<_> =
        KEYS.iter().map(|key| format!("{base}/status/200?a=1&{key}={}&b=2", next())).collect();
    let host = base.strip_prefix("http://").unwrap();
    urls.push(format!("http://{}:{}@{host}/status/200", next(), next()));
    urls.push(format!("http://ann:{}@{host}/status/404", next()));
    urls.push(format!("{base}/status/200#access_token={}", next()));
    urls.push(format!("{base}/status/200?next=https%3A%2F%2Fann%3A{}%40h%2F", next()));
    urls.push(format!("{base}/status/200?u=https%3A%2F%2Fs3%2Fo%3FX-Amz-Signature%3D{}", next()));
    urls.push(format!("{base}/status/200?body=%7B%22password%22%3A%22{}%22%7D", next()));
    urls.push(format!("{base}/status/200?sk_live_{}", next()));
    urls.push(format!("{base}/bot12345:{}/getMe", next()));
    urls.push(format!("{base}/services/T0001/B0001/{}", next()));
    urls.push(format!("{base}/x;jsessionid={}/status", next()));
    urls.push(format!("{base}/reset?token={}", next()));
    urls.push(format!("{base}/loop?password={}", next()));
    urls.push(format!("http://ann:{}@no-such-host.invalid/?sig={}", next(), next()));
    assert_eq!(n, 45);
    urls
}

/// Everything that a batch holds, decompressed.
fn text_of(batch: &[u8]) -> String {
    let batch = Batch::open(batch, &Limits::default()).unwrap();
    let calls = batch.calls(CallColumn::ALL).unwrap();
    let lines = (0..calls.len()).map(|row| ndjson::to_value(&calls.record(row)).unwrap());
    let lines: Vec<_> = lines.map(|line| line.to_string()).collect();
    let minutes = egret::codec::roll_ups(&batch).unwrap();
    format!("{:?}\n{}\n{minutes:?}", batch.meta(), lines.join("\n"))
}

/// Every byte of every file, and what the batches among them hold.
fn text_on_disk(dir: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &text_on_disk(&path);
            continue;
        }
        text += &String::from_utf8_lossy(&std::fs::read(&path).unwrap());
        if path.extension().is_some_and(|extension| extension == "db") {
            text += &blobs_in(&path);
        }
    }
    text
}

fn blobs_in(path: &Path) -> String {
    let database = rusqlite::Connection::open(path).unwrap();
    let has_blocks = "SELECT count(*) FROM sqlite_master WHERE name = 'blocks'";
    if database.query_row(has_blocks, [], |row| row.get::<_, i64>(0)).unwrap() == 0 {
        return String::new();
    }
    let mut blobs = database.prepare("SELECT batch FROM blocks").unwrap();
    let blobs = blobs.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
    blobs.map(|blob| text_of(&blob.unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_secrets_are_found_nowhere() {
    logs::listen();
    let upstream = Upstream::start().await;
    let data = tempfile::tempdir().unwrap();
    let collector = Collector::builder().data_dir(data.path()).start().await.unwrap();
    let posted = Posted::default();
    let tapped = tap(collector.url(), Arc::clone(&posted)).await;
    let config = config(&tapped).token(secret(49)).build().unwrap();
    let egret = Egret::start(config).unwrap();
    let client = egret.wrap(reqwest::Client::new());
    let urls = urls(&upstream.url(""));
    for url in &urls {
        let request = client.get(url).bearer_auth(secret(45)).header("x-api-key", secret(46));
        if let Ok(response) = request.body(secret(47)).send().await {
            let _ = response.bytes().await;
        }
        let authorization = format!("Bearer {}", secret(48));
        let attributes = [("note", authorization.as_str()), ("api_key", &secret(48))];
        egret.log(
            Call::new("GET", url).error(url).attributes(&attributes).consumer(url).target(url),
        );
    }
    // Errors hold whole URLs; a user may well hand one on.
    let error = client.get(urls.last().unwrap()).send().await.unwrap_err();
    egret
        .log(Call::new("GET", "https://h/").error(&error.to_string()).template(&error.to_string()));
    egret.flush_async(Duration::from_secs(5)).await.unwrap();
    // An unreachable collector makes egret log.
    let lost =
        Egret::start(crate::collector::config("http://127.0.0.1:9").build().unwrap()).unwrap();
    urls.iter().for_each(|url| lost.log(Call::new("GET", url)));
    lost.flush_async(Duration::from_millis(300)).await.unwrap_err();
    collector.shutdown().await;

    let stats = egret.stats();
    assert_eq!(stats.delivered, 2 * urls.len() as u64 + 2);
    let wire: String = posted.lock().unwrap().iter().map(|batch| text_of(batch)).collect();
    let places = [
        ("wire", wire),
        ("disk", text_on_disk(data.path())),
        ("log", logs::text()),
        ("debug", format!("{egret:?} {stats:?} {client:?}")),
    ];
    assert!(places[0].1.contains("REDACTED") && places[1].1.contains("REDACTED"));
    assert!(places[2].1.contains("does not answer"), "{}", places[2].1);
    for (place, text) in &places {
        for n in 0..50 {
            assert!(!text.contains(&secret(n)), "secret {n} is in {place}");
        }
    }
}
