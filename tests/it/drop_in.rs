//! `use egret::http as reqwest;`: a program sees what reqwest would show it, and is recorded.

mod completeness;
mod identity;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use egret::http as reqwest;
use serde_json::Value;
use tower_service::Service;

use crate::upstream::{Upstream, closed_port};

/// Runs a program on a thread and a runtime of its own; what it returns, and what was recorded.
async fn recorded<F, T>(program: impl FnOnce() -> F + Send + 'static) -> (T, Vec<Value>)
where
    F: Future<Output = T>,
    T: Send + 'static,
{
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        egret::captured(|| {
            let value = runtime.block_on(program());
            drop(runtime);
            value
        })
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

/// How the calls ended, sorted.
fn ends(calls: &[Value]) -> Vec<String> {
    let end = |call: &Value| {
        let class = call["error.type"].as_str().unwrap_or("-");
        let outcome = call["outcome"].as_str().unwrap();
        format!("{} {outcome} {class}", call["url.path"].as_str().unwrap())
    };
    let mut ends: Vec<_> = calls.iter().map(end).collect();
    ends.sort();
    ends
}

#[tokio::test]
async fn every_exit_records_once() {
    let upstream = Upstream::start().await;
    let closed = closed_port().await;
    let server = upstream.url("");
    let program = move || async move {
        let client = reqwest::Client::new();
        let get = |path: &str| client.get(format!("{server}{path}"));
        // Never polled: nothing began, so nothing is recorded.
        drop(get("/unpolled").send());
        // The types are reqwest's own.
        let answer: Result<::reqwest::Response, ::reqwest::Error> = get("/status/201").send().await;
        answer.unwrap().bytes().await.unwrap();
        drop(get("/dropped").send().await.unwrap());
        get("/empty").send().await.unwrap();
        let timeout = get("/silent/timeout").timeout(Duration::from_millis(50)).send().await;
        assert!(timeout.unwrap_err().is_timeout());
        let cancelled = get("/silent/cancelled").send();
        assert!(tokio::time::timeout(Duration::from_millis(50), cancelled).await.is_err());
        assert!(get("/reset").send().await.unwrap_err().is_request());
        assert!(get("/loop").send().await.unwrap_err().is_redirect());
        let refused = client.get(format!("http://{closed}/refused")).send().await;
        assert!(refused.unwrap_err().is_connect());
        let unknown = client.get("http://no-such-host.invalid/unknown").send().await;
        assert!(unknown.unwrap_err().is_dns());
        let not_tls = client.get(format!("{}/tls", server.replace("http", "https"))).send().await;
        assert!(not_tls.unwrap_err().is_connect());
        assert!(client.get("ftp://127.0.0.1/ftp").send().await.unwrap_err().is_builder());
        // Not a URL, so no call.
        assert!(client.get("no URL").send().await.unwrap_err().is_builder());
        reqwest::get(format!("{server}/short")).await.unwrap().text().await.unwrap();
    };
    let ((), calls) = recorded(program).await;
    let expected = [
        "/dropped body_dropped -",
        "/empty completed -",
        "/ftp failed request",
        "/loop failed redirect",
        "/refused failed connect",
        "/reset failed reset",
        "/short completed -",
        "/silent/cancelled cancelled cancelled",
        "/silent/timeout failed timeout",
        "/status/201 completed -",
        "/tls failed tls",
        "/unknown failed dns",
    ];
    assert_eq!(ends(&calls), expected);
}

#[tokio::test]
async fn connects_are_measured_and_reuse_is_told() {
    let upstream = Upstream::start().await;
    let url = format!("http://localhost:{}/", upstream.address.port());
    let program = move || async move {
        let client = reqwest::Client::default();
        for _ in 0..2 {
            client.get(&url).send().await.unwrap().bytes().await.unwrap();
        }
    };
    let ((), calls) = recorded(program).await;
    let known = |call: &Value| {
        ["dns_ns", "connect_ns", "ttfb_ns", "body_ns"].map(|phase| call[phase].is_u64())
    };
    assert_eq!(calls[0]["connection.reused"], false, "{}", calls[0]);
    assert_eq!(known(&calls[0]), [true, true, true, true]);
    assert_eq!(calls[1]["connection.reused"], true, "{}", calls[1]);
    assert_eq!(known(&calls[1]), [false, false, true, true]);
}

#[tokio::test]
async fn tags_and_scopes_are_recorded() {
    let upstream = Upstream::start().await;
    let url = upstream.url("/users/ada");
    let program = move || async move {
        let client = reqwest::Client::new();
        let tags = egret::Tags::new().template("/users/{name}");
        let request = client.get(&url).tags(tags);
        let again = request.try_clone().unwrap();
        // The scope is that of whoever awaits.
        let sending = request.send();
        egret::scope().consumer("acme").run(sending).await.unwrap();
        again.send().await.unwrap();
    };
    let ((), calls) = recorded(program).await;
    let tags: Vec<_> =
        calls.iter().map(|call| (&call["url.template"], &call["consumer"])).collect();
    let template = Value::from("/users/{name}");
    assert_eq!(tags, [(&template, &Value::from("acme")), (&template, &Value::Null)]);
}

#[tokio::test]
async fn a_client_can_do_what_reqwests_can() {
    let upstream = Upstream::start().await;
    let url = upstream.url("/echo");
    let program = move || async move {
        let mut client = reqwest::ClientBuilder::default()
            .dns_resolver(Unused)
            .dns_resolver(Arc::new(Unused))
            .dns_resolver(Arc::new(Unused) as Arc<dyn reqwest::dns::Resolve>)
            .redirect(reqwest::redirect::Policy::none())
            .configure(|builder| builder.referer(false))
            .build()
            .unwrap();
        // A future outlives its client, and can be moved about.
        let request = client.put(&url).body("by a task").build().unwrap();
        let sending = tokio::spawn(client.clone().execute(request));
        let mut bodies = vec![sending.await.unwrap().unwrap().text().await.unwrap()];
        let (of_split, request) = client.put(&url).body("split").build_split();
        let joined = reqwest::RequestBuilder::from_parts(of_split, request.unwrap());
        bodies.push(joined.send().await.unwrap().text().await.unwrap());
        let request = client.put(&url).body("service").build().unwrap();
        std::future::poll_fn(|context| client.poll_ready(context)).await.unwrap();
        bodies.push(client.call(request).await.unwrap().text().await.unwrap());
        bodies
    };
    let (bodies, calls) = recorded(program).await;
    assert_eq!(bodies, ["by a task", "split", "service"]);
    let sizes: Vec<_> = calls.iter().map(|call| call["http.request.body.size"].as_u64()).collect();
    assert_eq!(sizes, [Some(9), Some(5), Some(7)]);
}

/// Addresses need no resolver.
struct Unused;

impl reqwest::dns::Resolve for Unused {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        panic!("asked for {}", name.as_str())
    }
}

#[test]
fn what_can_be_done_with_reqwests_types_can_be_done_with_these() {
    fn check<T: Clone + Default + std::fmt::Debug + Send + Sync + Unpin + 'static>() {}
    fn sent<T: Send + Unpin>(_: &T) {}
    check::<::reqwest::Client>();
    check::<reqwest::Client>();
    let client = reqwest::Client::from(::reqwest::Client::new());
    assert_eq!(format!("{client:?}"), format!("{:?}", ::reqwest::Client::new()));
    let url = "http://127.0.0.1:9/";
    let request = ::reqwest::Client::new().get(url);
    assert_eq!(format!("{:?}", client.get(url)), format!("{request:?}"));
    sent(&request.send());
    sent(&client.get(url).send());
    sent(&client.execute(client.get(url).build().unwrap()));
}

#[test]
fn the_examples_two_programs_differ_in_the_import_alone() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/drop_in");
    let code = |file: &str| -> Vec<String> {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        text.lines().filter(|line| !line.starts_with("//!")).map(str::to_owned).collect()
    };
    let (plain, recorded) = (code("plain.rs"), code("recorded.rs"));
    assert_eq!(plain.len(), recorded.len());
    let changes: Vec<_> = plain.iter().zip(&recorded).filter(|(one, two)| one != two).collect();
    let import = ("use ::reqwest;".to_owned(), "use egret::http as reqwest;".to_owned());
    assert_eq!(changes, [(&import.0, &import.1)]);
    assert!(!code("program.rs").iter().any(|line| line.contains("egret")));
}
