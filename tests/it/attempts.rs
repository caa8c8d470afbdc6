//! Around a retry, attempts are told from the call that they belong to.

use std::sync::Arc;
use std::time::Duration;

use egret::{Egret, MemoryTransport};
use http::Extensions;
use reqwest::{Request, Response};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware, Next};
use reqwest_retry::RetryTransientMiddleware;
use reqwest_retry::policies::ExponentialBackoff;
use serde_json::Value;

use crate::upstream::{Upstream, closed_port};

fn retry() -> RetryTransientMiddleware<ExponentialBackoff> {
    let (least, most) = (Duration::from_millis(5), Duration::from_millis(10));
    let policy = ExponentialBackoff::builder().retry_bounds(least, most).build_with_max_retries(2);
    RetryTransientMiddleware::new_with_policy(policy)
}

/// The records of what `call` does with a client, in the order of their attempts.
async fn records(
    client: impl FnOnce(&Egret) -> ClientWithMiddleware,
    call: impl AsyncFnOnce(ClientWithMiddleware),
) -> Vec<Value> {
    let transport = MemoryTransport::default();
    let config = egret::Config::builder().build().unwrap();
    let egret = Egret::start_with(config, transport.clone()).unwrap();
    call(client(&egret)).await;
    egret.shutdown_async(Duration::from_secs(5)).await.unwrap();
    let mut calls = transport.calls();
    calls.sort_by_key(|call| call["attempt"].as_u64());
    calls
}

/// `attempt status error.type call_outcome` of each.
fn told(calls: &[Value]) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let names = ["attempt", "http.response.status_code", "error.type", "call_outcome"];
    calls.iter().map(|call| names.map(|name| text(&call[name])).join(" ")).collect()
}

fn stacked(egret: &Egret) -> ClientWithMiddleware {
    egret.stack(reqwest::Client::new()).with(retry()).build()
}

#[tokio::test]
async fn a_retried_call_tells_its_attempts_and_itself() {
    let upstream = Upstream::start().await;
    let url = upstream.url("/status/503");
    let calls = records(stacked, async move |client: ClientWithMiddleware| {
        assert_eq!(client.get(url).send().await.unwrap().bytes().await.unwrap(), "as you wish");
    })
    .await;
    assert_eq!(told(&calls), ["1 503 null null", "2 503 null null", "3 503 null completed"]);
    let id = calls[0]["call_id"].as_str().unwrap();
    assert!(calls.iter().all(|call| call["call_id"] == id));
    assert_eq!(calls[2]["http.request.resend_count"], 2);
    assert_eq!(calls[0]["http.request.resend_count"], Value::Null);
    let whole_ns = calls[2]["call_total_ns"].as_u64().unwrap();
    let attempts_ns: u64 = calls.iter().map(|call| call["total_ns"].as_u64().unwrap()).sum();
    assert!(whole_ns > attempts_ns, "the waits between them are part of the call");
}

#[tokio::test]
async fn errors_that_a_retry_has_wrapped_keep_their_class() {
    let url = format!("http://{}/", closed_port().await);
    let calls = records(stacked, async move |client: ClientWithMiddleware| {
        let error = client.get(url).send().await.unwrap_err();
        assert!(matches!(error, reqwest_middleware::Error::Middleware(_)), "{error:?}");
    })
    .await;
    let failed = |n| format!("{n} null connect null");
    assert_eq!(told(&calls), [failed(1), failed(2), "3 null connect failed".to_owned()]);

    // Standing outside of the retry alone, egret sees the wrapped error.
    let url = format!("http://{}/", closed_port().await);
    let outside = |egret: &Egret| {
        ClientBuilder::new(reqwest::Client::new()).with(egret.middleware()).with(retry()).build()
    };
    let calls = records(outside, async move |client: ClientWithMiddleware| {
        client.get(url).send().await.unwrap_err();
    })
    .await;
    assert_eq!(told(&calls), ["1 null connect null"]);
}

#[tokio::test]
async fn a_call_given_up_between_attempts_is_cancelled_and_its_attempt_is_not() {
    let upstream = Upstream::start().await;
    let url = upstream.url("/status/503");
    let slow = |egret: &Egret| {
        let (least, most) = (Duration::from_secs(30), Duration::from_secs(60));
        let policy = ExponentialBackoff::builder().retry_bounds(least, most);
        let retry = RetryTransientMiddleware::new_with_policy(policy.build_with_max_retries(2));
        egret.stack(reqwest::Client::new()).with(retry).build()
    };
    let calls = records(slow, async move |client: ClientWithMiddleware| {
        let call = client.get(url).send();
        tokio::time::timeout(Duration::from_millis(200), call).await.unwrap_err();
    })
    .await;
    assert_eq!(told(&calls), ["1 503 null cancelled"]);
}

#[tokio::test]
async fn within_a_retry_alone_attempts_share_their_call() {
    let upstream = Upstream::start().await;
    let url = upstream.url("/status/503");
    let inside = |egret: &Egret| {
        ClientBuilder::new(reqwest::Client::new()).with(retry()).with(egret.middleware()).build()
    };
    let calls = records(inside, async move |client: ClientWithMiddleware| {
        drop(client.get(url).send().await.unwrap());
    })
    .await;
    assert_eq!(told(&calls), ["1 503 null null", "2 503 null null", "3 503 null null"]);
    assert!(calls.iter().all(|call| call["call_id"] == calls[0]["call_id"]));
    assert!(calls[0]["call_id"].is_string());
}

/// Answers from memory, as a cache would.
struct Cache;

#[async_trait::async_trait]
impl Middleware for Cache {
    async fn handle(
        &self,
        _: Request,
        _: &mut Extensions,
        _: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        Ok(Response::from(http::Response::new("from memory")))
    }
}

#[tokio::test]
async fn a_call_that_a_middleware_answers_has_no_attempt() {
    let cached =
        |egret: &Egret| egret.stack(reqwest::Client::new()).with_arc(Arc::new(Cache)).build();
    let calls = records(cached, async move |client: ClientWithMiddleware| {
        let response = client.get("http://api.example.com/items").send().await.unwrap();
        assert_eq!(response.text().await.unwrap(), "from memory");
    })
    .await;
    assert_eq!(told(&calls), ["0 200 null null"]);
}

#[tokio::test]
async fn redirects_are_told_by_number_and_last_host() {
    let upstream = Upstream::start().await;
    let url = upstream.url("/temporary");
    let calls = records(
        |egret| egret.reqwest_client().build().unwrap(),
        async move |client: ClientWithMiddleware| {
            client.get(url).send().await.unwrap().bytes().await.unwrap();
        },
    )
    .await;
    assert_eq!(calls[0]["attributes"]["redirect.count"], "1");
    assert_eq!(calls[0]["attributes"]["redirect.server.address"], "127.0.0.1");
    assert_eq!(calls[0]["url.path"], "/temporary");
}

#[tokio::test]
async fn layers_of_ours_within_each_other_record_a_call_once() {
    let upstream = Upstream::start().await;
    let nested: [fn(&Egret) -> ClientWithMiddleware; 4] = [
        |egret| egret.stack(reqwest::Client::new()).with(egret.middleware()).build(),
        |egret| {
            let wrapped = egret.wrap(reqwest::Client::new());
            ClientBuilder::from_client(wrapped).with(egret.middleware()).build()
        },
        |egret| {
            let stack = ClientBuilder::new(reqwest::Client::new()).with(egret.middleware());
            stack.with(egret.middleware()).with(egret.middleware()).build()
        },
        |egret| {
            let stacked = egret.stack(reqwest::Client::new()).build();
            ClientBuilder::from_client(stacked).with(egret.middleware()).build()
        },
    ];
    for (n, client) in nested.into_iter().enumerate() {
        let url = upstream.url("/items");
        let calls = records(client, async move |client: ClientWithMiddleware| {
            client.get(url).send().await.unwrap().bytes().await.unwrap();
        })
        .await;
        assert_eq!(calls.len(), 1, "{n}: {calls:?}");
    }
}

#[tokio::test]
async fn extensions_that_are_used_again_make_another_call() {
    let upstream = Upstream::start().await;
    let url = upstream.url("/items");
    let calls = records(stacked, async move |client: ClientWithMiddleware| {
        let mut extensions = Extensions::new();
        for _ in 0..2 {
            let request = client.get(&url).build().unwrap();
            let answer = client.execute_with_extensions(request, &mut extensions).await.unwrap();
            answer.bytes().await.unwrap();
        }
    })
    .await;
    assert_eq!(told(&calls), ["1 200 null completed", "1 200 null completed"]);
    assert_ne!(calls[0]["call_id"], calls[1]["call_id"]);
}

#[tokio::test]
async fn redirects_that_were_refused_are_not_counted() {
    let upstream = Upstream::start().await;
    let count = async |policy: fn() -> reqwest::redirect::Policy, path: &str| {
        let url = upstream.url(path);
        let build = |egret: &Egret| egret.reqwest_client().redirect(policy()).build().unwrap();
        let calls = records(build, async move |client: ClientWithMiddleware| {
            // How it ends is told by its record.
            let _ = client.get(url).send().await;
        })
        .await;
        calls[0]["attributes"]["redirect.count"].clone()
    };
    assert_eq!(count(reqwest::redirect::Policy::none, "/temporary").await, Value::Null);
    assert_eq!(count(|| reqwest::redirect::Policy::limited(3), "/loop").await, "3");
}
