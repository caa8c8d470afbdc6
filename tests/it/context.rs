//! On whose behalf a call is made, and in which trace, is in its record; and nowhere else, unless
//! a host may see it.

use std::time::Duration;

use egret::{Config, ConfigBuilder, Egret, MemoryTransport, Tags};
use reqwest_middleware::ClientWithMiddleware;
use serde_json::{Value, json};

use crate::upstream::Upstream;

/// The records of what `call` does, in the order in which they ended.
async fn records(
    config: ConfigBuilder,
    call: impl AsyncFnOnce(ClientWithMiddleware),
) -> Vec<Value> {
    let transport = MemoryTransport::default();
    let egret = Egret::start_with(config.build().unwrap(), transport.clone()).unwrap();
    call(egret.wrap(reqwest::Client::new())).await;
    egret.shutdown_async(Duration::from_secs(5)).await.unwrap();
    transport.calls()
}

#[tokio::test]
async fn tags_come_from_the_request_and_from_the_scopes_around_it() {
    let upstream = Upstream::start().await;
    let url = upstream.url("/items/17");
    let calls = records(Config::builder(), async move |client: ClientWithMiddleware| {
        let own = Tags::new().template("/items/{item}").consumer("own").attribute("step", "2");
        let tagged = client.get(&url).with_extension(own).send();
        let inner = egret::scope().target("shop").attribute("step", "1").run(tagged);
        egret::scope().consumer("acme").attribute("region", "eu").run(inner).await.unwrap();
        egret::scope().consumer("acme").run(client.get(&url).send()).await.unwrap();
        client.get(&url).send().await.unwrap();
    })
    .await;
    assert_eq!(calls[0]["url.template"], "/items/{item}");
    assert_eq!(calls[0]["target"], "shop");
    assert_eq!(calls[0]["consumer"], "own");
    assert_eq!(calls[0]["attributes"], json!({"region": "eu", "step": "2"}));
    assert_eq!(calls[1]["consumer"], "acme");
    assert_eq!(calls[2]["consumer"], Value::Null);
}

#[test]
fn a_scope_reaches_what_is_logged_and_observed_within() {
    let ((), calls) = egret::captured(|| {
        egret::scope().consumer("acme").template("/send").run_sync(|| {
            egret::log(egret::Call::new("POST", "https://mail.example/send/17").status(202));
            egret::log(egret::Call::new("POST", "https://mail.example/x").consumer("own"));
            egret::observe("maps", || ());
        });
        egret::log(egret::Call::new("POST", "https://mail.example/send"));
    });
    let consumers: Vec<_> = calls.iter().map(|call| &call["consumer"]).collect();
    assert_eq!(
        consumers,
        ["acme", "own", "acme"].map(Value::from).iter().chain([&Value::Null]).collect::<Vec<_>>()
    );
    assert_eq!(calls[0]["url.template"], "/send");
}

/// Answers every request with the `traceparent` that it carried.
async fn mirror() -> std::net::SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = axum::Router::new().fallback(async |headers: http::HeaderMap| {
        headers.get("traceparent").map_or("none".to_owned(), |v| v.to_str().unwrap().to_owned())
    });
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    address
}

#[tokio::test]
async fn only_allowed_hosts_see_the_trace() {
    let address = mirror().await;
    let named = format!("http://localhost:{}/", address.port());
    let calls = records(
        Config::builder().trace_hosts("localhost"),
        async move |client: ClientWithMiddleware| {
            let seen = client.get(named).send().await.unwrap().text().await.unwrap();
            assert!(seen.starts_with("00-") && seen.ends_with("-01"), "{seen}");
            let seen = client.get(format!("http://{address}/")).send().await.unwrap();
            assert_eq!(seen.text().await.unwrap(), "none");
            let own = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
            let request = client.get(format!("http://{address}/")).header("traceparent", own);
            assert_eq!(request.send().await.unwrap().text().await.unwrap(), own);
        },
    )
    .await;
    assert_eq!(calls[0]["trace_id"].as_str().unwrap().len(), 32);
    assert_eq!(calls[1]["trace_id"], Value::Null);
    assert_eq!(calls[2]["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(calls[2]["parent_span_id"], "00f067aa0ba902b7");
    assert_eq!(calls[2]["span_id"], Value::Null, "that span is whoever's set the header");
}

#[cfg(feature = "opentelemetry")]
#[tokio::test]
async fn the_trace_of_the_code_that_calls_is_continued() {
    use opentelemetry::trace::{FutureExt, TraceState};
    use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId};
    let address = mirror().await;
    let named = format!("http://localhost:{}/", address.port());
    let trace_id = TraceId::from_hex("4bf92f3577b34da6a3ce929d0e0e4736").unwrap();
    let span_id = SpanId::from_hex("00f067aa0ba902b7").unwrap();
    let flags = TraceFlags::SAMPLED;
    let parent = SpanContext::new(trace_id, span_id, flags, false, TraceState::default());
    let context = opentelemetry::Context::new().with_remote_span_context(parent);
    let calls = records(
        Config::builder().trace_hosts("localhost"),
        async move |client: ClientWithMiddleware| {
            let seen = client.get(named).send().with_context(context.clone()).await.unwrap();
            let seen = seen.text().await.unwrap();
            assert!(seen.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"), "{seen}");
            assert!(!seen.contains("00f067aa0ba902b7"), "the call has a span of its own: {seen}");
            let unseen = client.get(format!("http://{address}/")).send().with_context(context);
            assert_eq!(unseen.await.unwrap().text().await.unwrap(), "none");
        },
    )
    .await;
    assert_eq!(calls[0]["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(calls[1]["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_ne!(calls[0]["span_id"], calls[1]["span_id"]);
    assert_eq!(calls[0]["parent_span_id"], "00f067aa0ba902b7");
}
