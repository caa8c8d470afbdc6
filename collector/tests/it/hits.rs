//! Promise: handlers of hits count everything that was acknowledged, once, whatever happens to the
//! collector, to a webhook or to another handler.
//! They never read the collector's own files: they read what handlers were asked to write.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use egret::batch::{BatchMeta, Resource};
use egret::codec::{CallsBuilder, Encoder};
use egret::minute::Minutes;
use egret::record::{Kind, Record};
use egret::redact::SafeUrl;
use egret_collector::{Collector, StartError};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::binary::{Server, program};
use crate::fixture::{Batch, Call, Client, Numbers, recently_ns};
use crate::kills::{CALLS, Known, keep_sending};

/// Downloads of `digests` from `service`, of which sampling leaves `n_sent` calls.
fn downloads(service: &str, digests: &[&str], n_sent: usize) -> Batch {
    let (mut calls, mut minutes) = (CallsBuilder::default(), Minutes::default());
    for (n, digest) in digests.iter().enumerate() {
        let mut scratch = String::new();
        let url = format!("https://shop.example.com/files/{digest}");
        let url = SafeUrl::parse(&url, &mut scratch);
        let mut record = Record::new(Kind::Server, "GET", url, recently_ns());
        record.status = Some(200);
        record.set_template("/files/{digest}");
        record.set_attributes([("url.path.parameter.digest", *digest)]);
        minutes.fold(&record);
        if n < n_sent {
            calls.push(&record);
        }
    }
    let resource = Resource::from([("service.name".to_owned(), service.to_owned())]);
    let meta = BatchMeta::new(resource, 0);
    let bytes = Encoder::new().unwrap().encode(&meta, &calls, Some(&minutes)).unwrap();
    Batch { id: meta.batch_id, bytes }
}

/// What `count_to_sqlite` wrote: (service, route, params, count).
fn counted(path: &Path) -> Vec<(String, String, String, i64)> {
    let connection = rusqlite::Connection::open(path).unwrap();
    let mut select = connection
        .prepare("SELECT service, route, params, count FROM hits ORDER BY 1, 2, 3")
        .unwrap();
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    select.query_map([], row).unwrap().map(Result::unwrap).collect()
}

fn rows(rows: &[(&str, &str, &str, i64)]) -> Vec<(String, String, String, i64)> {
    let owned = |(a, b, c, n): &(&str, &str, &str, i64)| {
        ((*a).to_owned(), (*b).to_owned(), (*c).to_owned(), *n)
    };
    rows.iter().map(owned).collect()
}

#[tokio::test]
async fn downloads_are_counted_by_their_parameters_over_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let (all, some) = (dir.path().join("all.db"), dir.path().join("some.db"));
    let handlers = format!(
        "{{ all = {{ handler = 'count_to_sqlite', path = {all:?} }},
           some = {{ handler = 'count_to_sqlite', path = {some:?}, services = ['shop'],
                     kinds = ['server'], routes = ['/files/{{digest}}'] }} }}"
    )
    .replace('\n', " ");
    let builder = || Collector::builder().data_dir(dir.path().join("data")).hits(&handlers);
    let collector = builder().start().await.unwrap();
    let client = Client::new(collector.url());
    let first = downloads("shop", &["abc", "abc", "def"], 3);
    client.send(&first).await;
    client.send(&downloads("other", &["abc"], 1)).await;
    client.send(&crate::fixture::batch(&[Call::new("/v1/users/7", 200)])).await;
    collector.shutdown().await;
    let collector = builder().start().await.unwrap();
    let client = Client::new(collector.url());
    // Sent again it counts no second time; and what sampling left out counts without a parameter.
    client.send(&first).await;
    client.send(&downloads("shop", &["abc", "abc", "def"], 1)).await;
    collector.shutdown().await;
    let route = "/files/{digest}";
    let of_shop = [
        ("shop", route, "{\"digest\":\"abc\"}", 3),
        ("shop", route, "{\"digest\":\"def\"}", 1),
        ("shop", route, "{}", 2),
    ];
    assert_eq!(counted(&some), rows(&of_shop));
    let [abc, def, unknown] = of_shop;
    let other = ("other", route, "{\"digest\":\"abc\"}", 1);
    assert_eq!(
        counted(&all),
        rows(&[other, abc, def, unknown, ("shop", "/v1/users/{int}", "{}", 1)])
    );
}

/// A webhook's other end: it remembers what it was told under which key.
#[derive(Debug, Default)]
struct Hook {
    /// What it answers; 0 for 204.
    status: AtomicU16,
    told: Mutex<Vec<(String, Value)>>,
    authorization: Mutex<Option<String>>,
}

impl Hook {
    async fn start() -> (Arc<Self>, String) {
        let hook = Arc::<Self>::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let post = axum::routing::post(Self::receive).with_state(Arc::clone(&hook));
        let router = axum::Router::new().route("/hook", post);
        tokio::spawn(async move { axum::serve(listener, router).await });
        (hook, url)
    }

    async fn receive(State(hook): State<Arc<Self>>, headers: HeaderMap, body: Bytes) -> StatusCode {
        let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        let key = text("idempotency-key").unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["idempotency_key"], key.as_str());
        *hook.authorization.lock().unwrap() = text("authorization");
        hook.told.lock().unwrap().push((key, body));
        match hook.status.load(Ordering::SeqCst) {
            0 => StatusCode::NO_CONTENT,
            status => StatusCode::from_u16(status).unwrap(),
        }
    }

    /// What each key says; the same each time that it was told.
    fn by_key(&self) -> BTreeMap<String, Value> {
        let mut all = BTreeMap::new();
        for (key, body) in self.told.lock().unwrap().iter() {
            let before = all.insert(key.clone(), body.clone());
            assert!(before.is_none_or(|before| before == *body), "{key} told two things");
        }
        all
    }
}

fn n_hits(body: &Value) -> u64 {
    body["hits"].as_array().unwrap().iter().map(|hit| hit["count"].as_u64().unwrap()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_was_down_is_told_everything_under_keys_that_it_knows_again() {
    let dir = tempfile::tempdir().unwrap();
    let (hook, url) = Hook::start().await;
    hook.status.store(500, Ordering::SeqCst);
    let counts = dir.path().join("counts.db");
    let handlers = format!(
        "{{ hook = {{ handler = 'webhook', url = '{url}', token = 'hush' }}, \
           counts = {{ handler = 'count_to_sqlite', path = {counts:?} }} }}"
    );
    let builder = || {
        let builder = Collector::builder().data_dir(dir.path().join("data"));
        builder.hits(&handlers).hits_interval(Duration::from_millis(20))
    };
    let collector = builder().start().await.unwrap();
    let client = Client::new(collector.url());
    client.send(&downloads("shop", &["abc"], 1)).await;
    while hook.told.lock().unwrap().len() < 3 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    client.send(&downloads("shop", &["def", "def"], 2)).await;
    collector.shutdown().await;
    assert_eq!(hook.by_key().len(), 1, "what failed is told again as it was");
    // The other one was not held up.
    assert_eq!(counted(&counts).iter().map(|row| row.3).sum::<i64>(), 3);
    hook.status.store(0, Ordering::SeqCst);
    let collector = builder().start().await.unwrap();
    collector.shutdown().await;
    let told = hook.by_key();
    assert_eq!((told.len(), told.values().map(n_hits).sum::<u64>()), (2, 3), "{told:?}");
    assert_eq!(hook.authorization.lock().unwrap().as_deref(), Some("Bearer hush"));
    let first = told.values().find(|body| n_hits(body) == 1).unwrap();
    let expected = json!({ "service": "shop", "environment": "", "kind": "server", "method": "GET",
        "host": "shop.example.com", "route": "/files/{digest}", "params": { "digest": "abc" },
        "status": 200, "count": 1 });
    assert_eq!((&first["hits"][0], &first["handler"]), (&expected, &json!("hook")));
}

/// In the ordinary run; `EGRET_KILLS` sets another number.
const N_KILLS: u64 = 12;

#[tokio::test(flavor = "multi_thread")]
async fn kills_neither_lose_nor_double_a_hit() {
    let n_kills = std::env::var("EGRET_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(N_KILLS);
    let dir = tempfile::tempdir().unwrap();
    let (hook, hook_url) = Hook::start().await;
    let counts = dir.path().join("counts.db");
    let handlers = format!(
        "{{ counts = {{ handler = 'count_to_sqlite', path = {counts:?} }}, \
           hook = {{ handler = 'webhook', url = '{hook_url}' }} }}"
    );
    let start = || {
        Server::start_with(&dir.path().join("data"), |command| {
            command
                .env("EGRET_COLLECTOR_HITS", &handlers)
                .env("EGRET_COLLECTOR_HITS_INTERVAL_SECONDS", "1")
        })
    };
    let (url, urls) = watch::channel("http://127.0.0.1:9".to_owned());
    let known = Arc::new(Known::default());
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..2 {
        clients.spawn(keep_sending(urls.clone(), Arc::clone(&known), 0));
    }
    let mut numbers = Numbers(n_kills);
    for round in 0..n_kills {
        // Each begins with a round; every third lives to see another.
        let most_us = if round % 3 == 2 { 1_300_000 } else { 150_000 };
        let server = start();
        url.send_replace(server.url.clone());
        tokio::time::sleep(Duration::from_micros(numbers.below(most_us))).await;
        drop(server);
    }
    let server = start();
    known.is_enough.store(true, Ordering::SeqCst);
    url.send_replace(server.url.clone());
    clients.join_all().await;
    let n_counted = Client::new(&server.url).count().await;
    server.signal("INT");
    let (status, log) = server.wait();
    assert!(status.success(), "{log}");
    let n_acknowledged = (known.acknowledged.lock().unwrap().len() * CALLS.len()) as u64;
    let n_hits_counted = counted(&counts).iter().map(|row| row.3).sum::<i64>().unsigned_abs();
    let told = hook.by_key();
    let n_told: u64 = told.values().map(n_hits).sum();
    let n_posts = hook.told.lock().unwrap().len();
    println!(
        "{n_kills} kills: {n_acknowledged} calls acknowledged, {n_counted} in the history, \
         {n_hits_counted} hits in SQLite, {n_told} told to the webhook in {n_posts} posts under {} \
         keys",
        told.len()
    );
    assert_eq!((n_counted, n_hits_counted), (n_acknowledged, n_acknowledged));
    assert_eq!(n_told, n_acknowledged);
}

#[tokio::test]
async fn handlers_that_cannot_be_are_refused_at_the_start() {
    let wrong = Collector::builder().hits("{ a = { handler = 'webhook' } }").start().await;
    let error = wrong.unwrap_err();
    assert!(matches!(error, StartError::Hits(_)));
    assert!(error.to_string().contains("handler \"a\": webhook needs `url`"), "{error}");
}

#[test]
fn the_file_has_handlers_as_tables_and_the_environment_turns_them_off() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("egret.toml");
    let write = |handler: &str| {
        std::fs::write(&file, format!("[hits.lines]\nhandler = '{handler}'\n")).unwrap();
    };
    write("lines");
    let mut command = program();
    let output = command.args(["serve", "--config"]).arg(&file).output().unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(log.contains("`hits` in") && log.contains("handler \"lines\": there is no"), "{log}");
    write("log");
    for (disabled, expected) in [("", true), ("lines", false)] {
        let data = dir.path().join(format!("data{disabled}"));
        let server = Server::start_with(&data, |command| {
            command.arg("--config").arg(&file).env("EGRET_COLLECTOR_HITS_DISABLED", disabled)
        });
        let client = Client::new(&server.url);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(client.send(&downloads("shop", &["abc"], 1)));
        server.signal("INT");
        let (_, log) = server.wait();
        assert_eq!(log.contains("digest") && log.contains("n=1"), expected, "{log}");
    }
}
