//! A real axum server with the layer: every request is one record, with what the router knows.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Path;
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use egret::{Egret, MemoryTransport, Tags};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower::{Layer, ServiceExt};

/// A server, and what it records.
struct Server {
    address: SocketAddr,
    egret: Egret,
    transport: MemoryTransport,
}

impl Server {
    async fn start(app: impl FnOnce(&Egret) -> Router) -> Self {
        let transport = MemoryTransport::default();
        let config = egret::Config::builder()
            .request_headers("x-tenant")
            .response_headers("x-answer")
            .build()
            .unwrap();
        let egret = Egret::start_with(config, transport.clone()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = app(&egret).into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, egret, transport }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Sends a request as it stands, and reads as much as is wanted of the answer.
    async fn raw(&self, request: &str, until: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut heard = String::new();
        while !heard.contains(until) {
            let mut piece = [0; 1024];
            let n = stream.read(&mut piece).await.unwrap();
            assert!(n > 0, "{heard}");
            heard.push_str(&String::from_utf8_lossy(&piece[..n]));
        }
        stream
    }

    /// The records, once there are so many.
    async fn records(self, n: u64) -> Vec<Value> {
        while self.egret.stats().offered < n {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.egret.shutdown_async(Duration::from_secs(5)).await.unwrap();
        self.transport.calls()
    }
}

#[derive(serde::Deserialize)]
#[expect(dead_code, reason = "only what it takes to fail")]
struct Order {
    item: String,
    price: u32,
}

fn app(egret: &Egret) -> Router {
    let silent = async || std::future::pending::<()>().await;
    let endless = async || Body::new(Endless { has_begun: false });
    let labelled = async || {
        let tags = Tags::new().consumer("acme").attribute("plan", "pro");
        let mut response = ([("x-answer", "yes")], "hello").into_response();
        response.extensions_mut().insert(tags);
        response
    };
    let file = async || {
        let pieces = ["hello ", "world"].map(Ok::<_, std::io::Error>);
        ([("content-length", "11")], Body::from_stream(tokio_stream::iter(pieces)))
    };
    let panics = async || -> Response { panic!("on purpose") };
    let problem = async || {
        let errors = json!([{"detail": "too young: 7", "pointer": "#/age"}]);
        let problem = Json(json!({"type": "about:blank", "errors": errors}));
        (StatusCode::UNPROCESSABLE_ENTITY, problem)
    };
    Router::new()
        .route("/users/{id}/files/{*path}", get(async |Path(_): Path<(u32, String)>| "file"))
        .route("/resets/{token}", get(async || "ok"))
        .route("/labelled", get(labelled))
        .route("/orders", post(async |Json(_): Json<Order>| "ordered"))
        .route("/problem", get(problem))
        .route("/silent", get(silent))
        .route("/endless", get(endless))
        .route("/file", get(file))
        .route("/panics", get(panics))
        .route("/upload", post(async |body: Bytes| body.len().to_string()))
        .layer(egret.tower_server())
}

/// One piece, and then nothing for ever.
struct Endless {
    has_begun: bool,
}

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        if std::mem::replace(&mut self.has_begun, true) {
            return std::task::Poll::Pending;
        }
        std::task::Poll::Ready(Some(Ok(http_body::Frame::data(Bytes::from_static(b"begun")))))
    }
}

/// Sends one request and returns its only record.
async fn record(
    request: impl FnOnce(&reqwest::Client, &Server) -> reqwest::RequestBuilder,
) -> Value {
    let server = Server::start(app).await;
    if let Ok(answer) = request(&reqwest::Client::new(), &server).send().await {
        answer.bytes().await.unwrap();
    }
    let mut records = server.records(1).await;
    assert_eq!(records.len(), 1, "{records:?}");
    records.remove(0)
}

#[track_caller]
fn check(record: &Value, expected: Value) {
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&record[name], value, "{name} of {record}");
    }
}

#[tokio::test]
async fn a_matched_request_has_its_route_and_parameters() {
    let record = record(|client, server| {
        let url = server.url("/users/17/files/a/b.txt?key=s3cret");
        let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        client.get(url).header("x-tenant", "t1").header("traceparent", trace)
    })
    .await;
    check(
        &record,
        json!({
            "kind": "server",
            "outcome": "completed",
            "http.request.method": "GET",
            "http.response.status_code": 200,
            "url.template": "/users/{id}/files/{*path}",
            "url.path": "/users/17/files/a/b.txt",
            "url.query": "key=REDACTED",
            "server.address": "127.0.0.1",
            "network.peer.address": "127.0.0.1",
            "network.protocol.version": "1.1",
            "http.request.body.size": 0,
            "http.response.body.size": 4,
            "trace_id": "0af7651916cd43dd8448eb211c80319c",
        }),
    );
    assert_ne!(record["span_id"], "b7ad6b7169203331", "the answer is a step of its own");
    check(
        &record["attributes"],
        json!({
            "url.path.parameter.id": "17",
            "url.path.parameter.path": "a/b.txt",
            "http.request.header.x-tenant": "t1",
        }),
    );
}

#[tokio::test]
async fn a_secret_in_a_path_parameter_is_redacted() {
    let record = record(|client, server| client.get(server.url("/resets/hunter2xyz"))).await;
    check(&record["attributes"], json!({"url.path.parameter.token": "REDACTED"}));
    assert!(!record["attributes"].to_string().contains("hunter2xyz"), "{record}");
}

#[tokio::test]
async fn a_handler_labels_its_request_with_the_answer() {
    let record = record(|client, server| client.get(server.url("/labelled"))).await;
    check(&record, json!({"consumer": "acme", "url.template": "/labelled"}));
    let expected = json!({"plan": "pro", "http.response.header.x-answer": "yes"});
    check(&record["attributes"], expected);
}

#[tokio::test]
async fn a_request_without_a_route_is_recorded_too() {
    let record = record(|client, server| client.get(server.url("/nowhere/17"))).await;
    check(
        &record,
        json!({
            "outcome": "completed",
            "http.response.status_code": 404,
            "url.template": "/nowhere/{int}",
        }),
    );
}

#[tokio::test]
async fn fields_at_fault_are_named_and_their_values_are_not() {
    let wrong = async |body: &'static str| {
        record(|client, server| {
            let request = client.post(server.url("/orders"));
            request.header("content-type", "application/json").body(body)
        })
        .await
    };
    let record_1 = wrong(r#"{"item":"x","price":"tw3lve"}"#).await;
    check(&record_1, json!({"http.response.status_code": 422, "http.request.body.size": 29}));
    check(&record_1["attributes"], json!({"validation.fields": "price"}));
    assert!(!record_1.to_string().contains("tw3lve"), "{record_1}");
    let record_2 = wrong(r#"{"price":1}"#).await;
    check(&record_2["attributes"], json!({"validation.fields": "item"}));
    let record_3 = wrong(r#"{"item":"x""#).await;
    check(&record_3, json!({"http.response.status_code": 400}));
    check(&record_3["attributes"], json!({"validation.fields": null}));
    let record_4 = record(|client, server| client.get(server.url("/problem"))).await;
    check(&record_4["attributes"], json!({"validation.fields": "age"}));
}

#[tokio::test]
async fn a_file_is_complete_with_its_length() {
    let record = record(|client, server| client.get(server.url("/file"))).await;
    check(&record, json!({"outcome": "completed", "http.response.body.size": 11}));
}

#[tokio::test]
async fn a_streamed_request_body_is_counted() {
    let record = record(|client, server| {
        let pieces = tokio_stream::iter(["hello ", "world"].map(Ok::<_, std::io::Error>));
        client.post(server.url("/upload")).body(reqwest::Body::wrap_stream(pieces))
    })
    .await;
    check(&record, json!({"http.request.body.size": 11, "http.response.body.size": 2}));
}

#[tokio::test]
async fn a_client_that_goes_away_is_told() {
    let server = Server::start(app).await;
    let mut waiting = server.raw("GET /silent HTTP/1.1\r\nhost: a\r\n\r\n", "").await;
    waiting.shutdown().await.unwrap();
    drop(waiting);
    while server.egret.stats().offered < 1 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    drop(server.raw("GET /endless HTTP/1.1\r\nhost: a\r\n\r\n", "begun").await);
    let records = server.records(2).await;
    check(
        &records[0],
        json!({
            "outcome": "cancelled",
            "error.type": "cancelled",
            "url.template": "/silent",
            "network.peer.address": "127.0.0.1",
        }),
    );
    check(
        &records[1],
        json!({
            "outcome": "body_dropped",
            "http.response.status_code": 200,
            "http.response.body.size": 5,
        }),
    );
}

#[tokio::test]
async fn a_handler_that_panics_is_told() {
    let record = record(|client, server| client.get(server.url("/panics"))).await;
    check(&record, json!({"outcome": "failed", "error.type": "panic", "url.template": "/panics"}));
}

#[tokio::test]
async fn a_head_request_is_complete_with_its_headers() {
    let record = record(|client, server| client.head(server.url("/labelled"))).await;
    check(&record, json!({"outcome": "completed", "http.request.method": "HEAD"}));
}

#[tokio::test]
async fn nested_routers_with_the_layer_both_record_once() {
    let server = Server::start(|egret| {
        let inner = Router::new().route("/items/{id}", get(async || "item"));
        let inner = inner.layer(egret.tower_server());
        Router::new().nest("/api", inner).layer(egret.tower_server())
    })
    .await;
    assert_eq!(
        reqwest::get(server.url("/api/items/9")).await.unwrap().text().await.unwrap(),
        "item"
    );
    let records = server.records(1).await;
    assert_eq!(records.len(), 1, "{records:?}");
    check(&records[0], json!({"url.template": "/api/items/{id}", "url.path": "/api/items/9"}));
}

#[tokio::test]
async fn a_layer_within_a_nested_router_knows_the_whole_path() {
    let server = Server::start(|egret| {
        let inner = Router::new().route("/items/{id}", get(async || "item"));
        Router::new().nest("/api", inner.layer(egret.tower_server()))
    })
    .await;
    reqwest::get(server.url("/api/items/9")).await.unwrap().text().await.unwrap();
    let records = server.records(1).await;
    check(&records[0], json!({"url.template": "/api/items/{id}", "url.path": "/api/items/9"}));
}

#[tokio::test]
async fn around_a_whole_router_the_template_is_guessed() {
    let transport = MemoryTransport::default();
    let config = egret::Config::builder().build().unwrap();
    let egret = Egret::start_with(config, transport.clone()).unwrap();
    let router = Router::new().route("/items/{name}", get(async || "item"));
    let app = egret.tower_server().layer(router);
    let request = Request::get("/items/17").body(Body::empty()).unwrap();
    let answer = app.oneshot(request).await.unwrap();
    axum::body::to_bytes(Body::new(answer.into_body()), 99).await.unwrap();
    egret.shutdown_async(Duration::from_secs(5)).await.unwrap();
    check(&transport.calls()[0], json!({"outcome": "completed", "url.template": "/items/{int}"}));
}
