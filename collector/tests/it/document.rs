//! Promise: the OpenAPI document says what the collector does: routes, methods, parameters, tokens.
//! They never read the collector's source: both are asked over HTTP.

use std::collections::{BTreeMap, BTreeSet};

use egret_collector::Collector;
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{Client, answer};

const METHODS: [Method; 6] =
    [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];

/// Each documented path with its methods.
fn operations(document: &Value) -> BTreeMap<String, &serde_json::Map<String, Value>> {
    let paths = document["paths"].as_object().unwrap();
    paths.iter().map(|(path, item)| (fill(path), item.as_object().unwrap())).collect()
}

/// A path with something in place of its parameters.
fn fill(path: &str) -> String {
    let part = |part: &str| if part.starts_with('{') { "x".to_owned() } else { part.to_owned() };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn documented_methods_are_answered_and_no_others() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    let document = client.get("/api/v1/openapi.json").await;
    assert_eq!(document["openapi"], "3.1.0");
    for (path, item) in operations(&document) {
        for method in METHODS {
            let is_documented = item.contains_key(&method.as_str().to_ascii_lowercase());
            let (status, told) = answer(client.request(method.clone(), &path)).await;
            assert_eq!(status != 405, is_documented, "{method} {path}: {told}");
        }
    }
    collector.shutdown().await;
}

#[tokio::test]
async fn a_route_asks_for_a_token_where_the_document_says_so() {
    let collector = Collector::builder().token("hunter2").start().await.unwrap();
    let client = Client::new(collector.url());
    let with_token = client.clone().with_token("hunter2");
    let document = with_token.get("/api/v1/openapi.json").await;
    for (path, item) in operations(&document) {
        for (method, operation) in item {
            let method: Method = method.to_ascii_uppercase().parse().unwrap();
            let (status, _) = answer(client.request(method.clone(), &path)).await;
            let is_guarded = operation["security"] == json!([{ "bearer": [] }]);
            assert_eq!(status == 401, is_guarded, "{method} {path}");
            assert_eq!(operation["responses"]["401"].is_object(), is_guarded, "{method} {path}");
            let (status, _) = answer(with_token.request(method.clone(), &path)).await;
            let told = &operation["responses"][status.to_string()];
            assert!(status != 401 && told.is_object(), "{method} {path} answers {status}");
        }
    }
    collector.shutdown().await;
}

#[tokio::test]
async fn a_route_knows_the_parameters_that_are_documented() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    let document = client.get("/api/v1/openapi.json").await;
    let mut n_routes = 0;
    for (path, item) in operations(&document) {
        for (method, operation) in item {
            let method: Method = method.to_ascii_uppercase().parse().unwrap();
            let request = client.request(method.clone(), &format!("{path}?no-such-parameter=1"));
            let (_, told) = answer(request.header("content-type", "application/x-ndjson")).await;
            let detail = told["detail"].as_str().unwrap_or_default();
            let Some((_, known)) = detail.split_once("is not a parameter here; there are ") else {
                continue;
            };
            n_routes += 1;
            let all = operation["parameters"].as_array().unwrap().iter();
            let of_query = all.filter(|parameter| parameter["in"] == "query");
            let documented: BTreeSet<&str> =
                of_query.map(|parameter| parameter["name"].as_str().unwrap()).collect();
            assert_eq!(known.split(", ").collect::<BTreeSet<_>>(), documented, "{method} {path}");
        }
    }
    assert!(n_routes >= 4, "only {n_routes} routes refuse unknown parameters");
    collector.shutdown().await;
}

/// A line with everything that a call can have.
pub(crate) fn full_line() -> Value {
    json!({
        "start_unix_ns": crate::fixture::recently_ns(), "kind": "client", "outcome": "completed",
        "http.request.method": "GET", "url.scheme": "https", "server.address": "api.example.com",
        "server.port": 8443, "url.path": "/v1/items/7", "url.query": "page=2",
        "url.template": "/v1/items/{id}", "http.response.status_code": 503, "error.type": "503",
        "http.request.resend_count": 1, "attempt": 2, "network.protocol.version": "2",
        "network.peer.address": "192.0.2.7", "http.request.body.size": 3,
        "http.response.body.size": 4, "total_ns": 9, "dns_ns": 1, "connect_ns": 2, "ttfb_ns": 3,
        "body_ns": 4, "connection.reused": false, "target": "example", "consumer": "ann",
        "call_id": "0af7651916cd43dd8448eb211c80319c", "call_total_ns": 20,
        "call_outcome": "completed", "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "span_id": "b7ad6b7169203331", "parent_span_id": "00f067aa0ba902b7",
        "attributes": { "order": 7 }
    })
}

#[tokio::test]
async fn a_call_has_the_fields_that_are_documented() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    let path = "/v1/batches?service=shop&environment=prod";
    let post = client.request(reqwest::Method::POST, path);
    let post = post.header("content-type", "application/x-ndjson");
    let (status, told) = answer(post.body(full_line().to_string())).await;
    assert_eq!(status, 202, "{told}");
    let page = client.get("/api/v1/calls").await;
    let id = page["calls"][0]["id"].as_str().unwrap();
    let one = client.get(&format!("/api/v1/calls/{id}")).await;
    let document = client.get("/api/v1/openapi.json").await;
    let names = |object: &Value| -> BTreeSet<String> {
        object.as_object().unwrap().keys().cloned().collect()
    };
    let documented = names(&document["components"]["schemas"]["Call"]["properties"]);
    assert_eq!(names(&one["call"]), documented);
    let mut in_page = names(&page["calls"][0]);
    in_page.insert("resource".to_owned());
    assert_eq!(in_page, documented);
    collector.shutdown().await;
}
