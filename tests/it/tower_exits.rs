//! Whichever way a call through the tower layer ends, it leaves exactly one record.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use egret::{Egret, MemoryTransport};
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Empty, Full};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tower::{Layer, Service, ServiceBuilder, ServiceExt};

use crate::exits::{start, told};
use crate::upstream::closed_port;

type Body = Empty<Bytes>;

fn bare() -> Client<HttpConnector, Body> {
    Client::builder(TokioExecutor::new()).build_http()
}

fn get(url: &str) -> Request<Body> {
    Request::get(url).body(Body::new()).unwrap()
}

/// The records of what `call` does with a handle.
async fn records(call: impl AsyncFnOnce(Egret)) -> Vec<Value> {
    let transport = MemoryTransport::default();
    let config = egret::Config::builder().build().unwrap();
    let egret = Egret::start_with(config, transport.clone()).unwrap();
    call(egret.clone()).await;
    egret.shutdown_async(Duration::from_secs(5)).await.unwrap();
    transport.calls()
}

/// What happens to a call, and what its record must say: `outcome status error.type bytes`.
const CASES: &[(&str, &str)] = &[
    ("completed", "completed 200 - 5"),
    ("completed, chunked", "completed 200 - 5"),
    ("completed, empty", "completed 204 - 0"),
    ("completed, 404", "completed 404 - 2"),
    ("completed, HEAD", "completed 200 - 0"),
    ("length read, end not asked for", "completed 200 - 5"),
    ("error before connect", "failed - connect -"),
    ("name not found", "failed - dns -"),
    ("error during headers", "failed - reset -"),
    ("error during body", "failed 200 body 5"),
    ("timeout while waiting", "failed - timeout -"),
    ("refused by another layer", "failed - middleware -"),
    ("dropped before its first poll", "cancelled - cancelled -"),
    ("dropped before sent", "cancelled - cancelled -"),
    ("dropped while waiting", "cancelled - cancelled -"),
    ("dropped during body", "body_dropped 200 - 5"),
    ("body never read", "body_dropped 200 - 0"),
    ("panic within", "failed - panic -"),
    ("panic within, caught outside", "failed - panic -"),
];

async fn run(case: &str, egret: &Egret, address: SocketAddr) {
    let url = |path: &str| format!("http://{address}{path}");
    let within = Duration::from_millis(100);
    let client = ServiceBuilder::new().layer(egret.tower_client()).service(bare());
    let call = |path: &str| client.clone().oneshot(get(&url(path)));
    match case {
        "completed" => drop(call("/whole").await.unwrap().collect().await.unwrap()),
        "completed, chunked" => drop(call("/chunked").await.unwrap().collect().await.unwrap()),
        "completed, empty" => drop(call("/empty").await.unwrap()),
        "completed, 404" => drop(call("/missing").await.unwrap().collect().await.unwrap()),
        "completed, HEAD" => {
            let mut request = get(&url("/whole"));
            *request.method_mut() = Method::HEAD;
            drop(client.clone().oneshot(request).await.unwrap());
        }
        "length read, end not asked for" => {
            let mut response = call("/whole").await.unwrap();
            response.frame().await.unwrap().unwrap();
        }
        "error before connect" => {
            let request = get(&format!("http://{}/", closed_port().await));
            client.clone().oneshot(request).await.unwrap_err();
        }
        "name not found" => {
            client.clone().oneshot(get("http://no-such-host.invalid/")).await.unwrap_err();
        }
        "error during headers" => drop(call("/headers").await.unwrap_err()),
        "error during body" => drop(call("/breaks").await.unwrap().collect().await.unwrap_err()),
        "timeout while waiting" => {
            let layers = ServiceBuilder::new().layer(egret.tower_client()).timeout(within);
            let error = layers.service(bare()).oneshot(get(&url("/silent"))).await.unwrap_err();
            assert!(error.is::<tower::timeout::error::Elapsed>(), "{error:?}");
        }
        "refused by another layer" => {
            let refuse = |_: Request<Body>| async { Err::<Response<Body>, _>(Refused) };
            let service = egret.tower_client().layer(tower::service_fn(refuse));
            assert_eq!(service.oneshot(get(&url("/"))).await.unwrap_err(), Refused);
        }
        unpolled_or_given_up => give_up(unpolled_or_given_up, egret, address).await,
    }
}

/// Calls that nobody waits for the end of.
async fn give_up(case: &str, egret: &Egret, address: SocketAddr) {
    let url = |path: &str| format!("http://{address}{path}");
    let within = Duration::from_millis(100);
    let client = ServiceBuilder::new().layer(egret.tower_client()).service(bare());
    let call = |path: &str| client.clone().oneshot(get(&url(path)));
    match case {
        "dropped before its first poll" => {
            let mut client = client.clone();
            drop(client.ready().await.unwrap().call(get(&url("/whole"))));
        }
        "dropped before sent" => {
            // An address that nobody answers from, as test networks have them.
            let waiting = pin!(client.clone().oneshot(get("http://203.0.113.1/")));
            assert!(waiting.poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        "dropped while waiting" => {
            tokio::time::timeout(within, call("/silent")).await.unwrap_err();
        }
        "dropped during body" => {
            let mut response = call("/stalls").await.unwrap();
            response.frame().await.unwrap().unwrap();
        }
        "body never read" => drop(call("/whole").await.unwrap()),
        "panic within" => {
            let service = egret.tower_client().layer(tower::service_fn(panics));
            tokio::spawn(service.oneshot(get(&url("/")))).await.unwrap_err();
        }
        "panic within, caught outside" => {
            let service = egret.tower_client().layer(tower::service_fn(panics));
            let mut call = Box::pin(service.oneshot(get(&url("/"))));
            let mut context = Context::from_waker(Waker::noop());
            // A layer further out catches the panic, and drops the call later.
            let poll = AssertUnwindSafe(|| call.as_mut().poll(&mut context).is_ready());
            catch_unwind(poll).unwrap_err();
            drop(call);
        }
        unknown => panic!("{unknown}"),
    }
}

/// The error of a layer that does not send.
#[derive(Debug, PartialEq)]
struct Refused;

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the circuit is open")
    }
}

impl std::error::Error for Refused {}

async fn panics(_: Request<Body>) -> Result<Response<Full<Bytes>>, Infallible> {
    panic!("on purpose")
}

#[tokio::test]
async fn every_exit_of_a_tower_client_leaves_one_record() {
    let address = start().await;
    for (case, expected) in CASES {
        let calls = records(async |egret| run(case, &egret, address).await).await;
        let told: Vec<_> = calls.iter().map(told).collect();
        assert_eq!(told, [*expected], "{case}");
        assert_eq!(calls[0]["kind"], "client");
    }
}

/// Never ready, for there is nothing behind it.
#[derive(Clone)]
struct Unready;

impl Service<Request<Body>> for Unready {
    type Response = Response<Body>;
    type Error = Refused;
    type Future = std::future::Pending<Result<Response<Body>, Refused>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Refused>> {
        Poll::Ready(Err(Refused))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        panic!("called without being ready")
    }
}

#[tokio::test]
async fn a_service_that_is_not_ready_has_not_been_called() {
    let calls = records(async |egret| {
        let service = egret.tower_client().layer(Unready);
        assert_eq!(service.oneshot(get("http://127.0.0.1:9/")).await.unwrap_err(), Refused);
    });
    assert_eq!(calls.await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_record_says_what_the_request_and_the_connection_tell() {
    let address = start().await;
    let calls = records(async |egret| {
        let client = egret.tower_client().layer(bare());
        let mut request = get(&format!("http://{address}/whole?token=s3cret&a=1"));
        let tags = egret::Tags::new().template("/{what}").target("vendor").consumer("acme");
        request.extensions_mut().insert(tags);
        client.oneshot(request).await.unwrap().collect().await.unwrap();
    })
    .await;
    let call = &calls[0];
    let expected = [
        ("http.request.method", "GET"),
        ("url.scheme", "http"),
        ("server.address", "127.0.0.1"),
        ("url.path", "/whole"),
        ("url.query", "token=REDACTED&a=1"),
        ("url.template", "/{what}"),
        ("target", "vendor"),
        ("consumer", "acme"),
        ("network.peer.address", "127.0.0.1"),
        ("network.protocol.version", "1.1"),
    ];
    for (name, value) in expected {
        assert_eq!(call[name], value, "{name} of {call}");
    }
    assert_eq!(call["server.port"], address.port());
    assert_eq!(call["http.request.body.size"], 0);
    assert_eq!(call["http.response.body.size"], 5);
}

#[tokio::test]
async fn what_the_configuration_asks_for_is_added() {
    let transport = MemoryTransport::default();
    let config = egret::Config::builder()
        .trace_hosts("127.0.0.1")
        .request_headers("x-tenant")
        .response_headers("x-kind")
        .body_types("application/json");
    let egret = Egret::start_with(config.build().unwrap(), transport.clone()).unwrap();
    // Answers with the `traceparent` that it was asked with.
    let echo = |request: Request<Body>| async move {
        let trace = request.headers().get("traceparent").map(|trace| trace.to_str().unwrap());
        let body = serde_json::json!({"trace": trace, "password": "hunter2"}).to_string();
        let response = Response::builder().header("content-type", "application/json");
        Ok::<_, Infallible>(
            response.header("x-kind", "echo").body(Full::<Bytes>::from(body)).unwrap(),
        )
    };
    let client = egret.tower_client().layer(tower::service_fn(echo));
    let mut request = get("/x");
    request.headers_mut().insert("x-tenant", "t1".parse().unwrap());
    request.headers_mut().insert("host", "127.0.0.1:80".parse().unwrap());
    let answer = client.oneshot(request).await.unwrap().collect().await.unwrap().to_bytes();
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    egret.shutdown_async(Duration::from_secs(5)).await.unwrap();
    let call = &transport.calls()[0];
    let sent = answer["trace"].as_str().unwrap();
    let (trace_id, span_id) = (&call["trace_id"], &call["span_id"]);
    let expected = format!("00-{}-{}-01", trace_id.as_str().unwrap(), span_id.as_str().unwrap());
    assert_eq!(sent, expected);
    let attributes = &call["attributes"];
    assert_eq!(attributes["http.request.header.x-tenant"], "t1");
    assert_eq!(attributes["http.response.header.x-kind"], "echo");
    let body = attributes["http.response.body"].as_str().unwrap();
    assert!(body.contains(r#""password":"REDACTED""#), "{body}");
}

/// Sends each request up to three times.
#[derive(Clone)]
struct ThreeTimes(u8);

impl<R, E> tower::retry::Policy<Request<Body>, Response<R>, E> for ThreeTimes {
    type Future = std::future::Ready<()>;

    fn retry(
        &mut self,
        _: &mut Request<Body>,
        result: &mut Result<Response<R>, E>,
    ) -> Option<Self::Future> {
        self.0 += 1;
        let is_bad = result.as_ref().map_or(true, |response| response.status().is_client_error());
        (is_bad && self.0 < 3).then(|| std::future::ready(()))
    }

    fn clone_request(&mut self, request: &Request<Body>) -> Option<Request<Body>> {
        Some(request.clone())
    }
}

/// `attempt status error.type call_outcome` of each, in their order.
fn attempts(mut calls: Vec<Value>) -> Vec<String> {
    calls.sort_by_key(|call| call["attempt"].as_u64());
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let names = ["attempt", "http.response.status_code", "error.type", "call_outcome"];
    let ids: std::collections::BTreeSet<_> =
        calls.iter().map(|call| text(&call["call_id"])).collect();
    assert_eq!(ids.len(), 1, "{calls:?}");
    calls.iter().map(|call| names.map(|name| text(&call[name])).join(" ")).collect()
}

#[tokio::test]
async fn around_a_retry_attempts_are_told_from_their_call() {
    let address = start().await;
    let closed = closed_port().await;
    let calls = async |url: String, deadline: Duration| {
        let calls = records(async |egret| {
            let client = ServiceBuilder::new()
                .layer(egret.tower_client().around_retries())
                .retry(ThreeTimes(0))
                .layer(egret.tower_client())
                .service(bare());
            let call = async {
                if let Ok(answer) = client.oneshot(get(&url)).await {
                    answer.collect().await.unwrap();
                }
            };
            let _ = tokio::time::timeout(deadline, call).await;
        });
        attempts(calls.await)
    };
    let long = Duration::from_secs(60);
    let missing = calls(format!("http://{address}/missing"), long).await;
    assert_eq!(missing, ["1 404 null null", "2 404 null null", "3 404 null completed"]);
    let refused = calls(format!("http://{closed}/"), long).await;
    let expected = ["1 null connect null", "2 null connect null", "3 null connect failed"];
    assert_eq!(refused, expected);
    assert_eq!(calls(format!("http://{address}/whole"), long).await, ["1 200 null completed"]);
    let given_up = calls(format!("http://{address}/silent"), Duration::from_millis(50)).await;
    assert_eq!(given_up, ["1 null cancelled cancelled"]);
}

#[tokio::test]
async fn a_disabled_handle_passes_calls_through() {
    let address = start().await;
    let client = Egret::disabled().tower_client().layer(bare());
    let answer = client.oneshot(get(&format!("http://{address}/chunked"))).await.unwrap();
    assert_eq!(answer.collect().await.unwrap().to_bytes(), "hello");
}
