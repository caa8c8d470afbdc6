//! The tower layer changes nothing: what a user sees of an answer or an error is the bare service's.

use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use egret::Egret;
use http::{HeaderName, HeaderValue, Method, Request, Response, Version};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::client::legacy::{Client, Error, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower::{Layer, ServiceExt};

use crate::collector::config;
use crate::upstream::closed_port;

type Bare = Client<HttpConnector, Full<Bytes>>;

/// Paths, and what is sent piece by piece for them, before the connection is closed.
const SHAPES: &[(&str, &[&str])] = &[
    ("/ok", &["HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"]),
    ("/created", &["HTTP/1.1 201 Created\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n"]),
    ("/empty", &["HTTP/1.1 204 No Content\r\n\r\n"]),
    ("/moved", &["HTTP/1.1 302 Found\r\nlocation: /ok\r\ncontent-length: 0\r\n\r\n"]),
    ("/missing", &["HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno"]),
    ("/broken", &["HTTP/1.1 500 Oh No Really\r\ncontent-length: 4\r\n\r\nsick"]),
    (
        "/repeated",
        &["HTTP/1.1 200 OK\r\nx-a: 1\r\nX-A: 2\r\nset-cookie: a=b\r\ncontent-length: 0\r\n\r\n"],
    ),
    ("/old", &["HTTP/1.0 200 OK\r\n\r\n", "until the end"]),
    (
        "/chunked",
        &["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel", "lo\r\n0\r\n\r\n"],
    ),
    (
        "/trailers",
        &[
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n1\r\na\r\n0\r\nx-sum: 17\r\n\r\n",
        ],
    ),
    (
        "/events",
        &[
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
            "9\r\ndata: 1\n\n\r\n",
            "9\r\ndata: 2\n\n\r\n",
            "0\r\n\r\n",
        ],
    ),
    (
        "/hints",
        &[
            "HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx",
        ],
    ),
    ("/head-breaks", &["HTTP/1.1 200 OK\r\ncontent-le"]),
    ("/body-breaks", &["HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello"]),
    ("/garbage", &["NOT HTTP AT ALL\r\n\r\n"]),
    ("/reset", &[]),
    (
        "/upgrade",
        &[
            "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n",
            "welcome",
        ],
    ),
];

async fn start() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream));
        }
    });
    address
}

async fn answer(mut stream: TcpStream) -> Option<()> {
    let mut request = vec![0; 4096];
    let n = stream.read(&mut request).await.ok()?;
    let request = String::from_utf8_lossy(&request[..n]).into_owned();
    let (_, pieces) = SHAPES.iter().find(|(path, _)| request.split(' ').nth(1) == Some(path))?;
    for piece in *pieces {
        stream.write_all(piece.as_bytes()).await.ok()?;
        tokio::task::yield_now().await;
    }
    Some(())
}

/// Everything that a user can see of an answer, or of an error.
async fn seen<B>(result: Result<Response<B>, Error>) -> Vec<String>
where
    B: Body<Data = Bytes, Error = hyper::Error> + Unpin,
{
    let response = match result {
        Ok(response) => response,
        Err(error) => {
            // HTTP/2 numbers each call's stream.
            let told = format!("{error:?} {} {error}", error.is_connect());
            let parts =
                told.split("StreamId(").map(|part| part.trim_start_matches(char::is_numeric));
            return vec![parts.collect()];
        }
    };
    let (parts, mut body) = response.into_parts();
    let mut seen = vec![
        format!("{} {:?} {:?}", parts.status, parts.version, parts.headers),
        format!("{} extensions", parts.extensions.len()),
        format!("{:?} {}", body.size_hint(), body.is_end_stream()),
    ];
    let mut data = Vec::new();
    while let Some(frame) = body.frame().await {
        match frame.map(Frame::into_data) {
            Ok(Ok(bytes)) => data.extend_from_slice(&bytes),
            Ok(Err(frame)) => seen.push(format!("{:?}", frame.into_trailers().unwrap())),
            Err(error) => seen.push(format!("{error:?}")),
        }
    }
    seen.push(format!("{:?} {:?}", String::from_utf8(data), body.size_hint()));
    seen
}

async fn check(name: &str, bare: &Bare, egret: &Egret, request: impl Fn() -> Request<Full<Bytes>>) {
    let expected = seen(bare.clone().oneshot(request()).await).await;
    let wrapped = egret.tower_client().layer(bare.clone());
    let found = seen(wrapped.oneshot(request()).await).await;
    assert_eq!(found, expected, "{name}");
}

fn get(url: String) -> impl Fn() -> Request<Full<Bytes>> {
    move || Request::get(&url).body(Full::default()).unwrap()
}

#[tokio::test]
async fn answers_and_errors_are_those_of_the_bare_service() {
    let address = start().await;
    let egret = Egret::start(config("http://127.0.0.1:9").build().unwrap()).unwrap();
    let bare: Bare = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http();
    for (path, _) in SHAPES {
        check(path, &bare, &egret, get(format!("http://{address}{path}"))).await;
    }
    let url = format!("http://{address}/ok");
    check("head", &bare, &egret, || Request::head(&url).body(Full::default()).unwrap()).await;
    check("body", &bare, &egret, || Request::put(&url).body(Full::from("hello")).unwrap()).await;
    let refused = format!("http://{}/", closed_port().await);
    check("refused", &bare, &egret, get(refused)).await;
    check("unknown host", &bare, &egret, get("http://no-such-host.invalid/".into())).await;
    check("no host", &bare, &egret, get("/ok".into())).await;
    assert_eq!(egret.stats().offered, 22, "each wrapped call left one record");
    let _ = egret.shutdown_async(Duration::from_millis(100)).await;
}

#[tokio::test]
async fn http_2_answers_are_those_of_the_bare_service() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            // A second may pass between the two answers that are compared.
            server.auto_date_header(false);
            tokio::spawn(server.serve_connection(TokioIo::new(stream), service_fn(answer_2)));
        }
    });
    let egret = Egret::start(config("http://127.0.0.1:9").build().unwrap()).unwrap();
    let bare: Bare = Client::builder(TokioExecutor::new()).http2_only(true).build_http();
    let paths = ["/whole", "/empty", "/trailers", "/only-trailers", "/breaks"];
    for path in paths {
        check(path, &bare, &egret, get(format!("http://{address}{path}"))).await;
    }
    let url = format!("http://{address}/echo");
    check("echo", &bare, &egret, || Request::post(&url).body(Full::from("hello")).unwrap()).await;
    assert_eq!(egret.stats().offered, 6, "each wrapped call left one record");
    let _ = egret.shutdown_async(Duration::from_millis(100)).await;
}

#[derive(Debug)]
struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("broken on purpose")
    }
}

impl std::error::Error for Broken {}

/// A body of these frames.
struct Frames(std::vec::IntoIter<Result<Frame<Bytes>, Broken>>);

impl Body for Frames {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        Poll::Ready(self.0.next())
    }
}

async fn answer_2(request: Request<Incoming>) -> Result<Response<Frames>, Broken> {
    let data = |text: &'static str| Ok(Frame::data(Bytes::from_static(text.as_bytes())));
    let trailers = || {
        let trailers = [(HeaderName::from_static("x-sum"), HeaderValue::from_static("17"))];
        Ok(Frame::trailers(trailers.into_iter().collect()))
    };
    let frames = match request.uri().path() {
        "/whole" => vec![data("hel"), data("lo")],
        "/trailers" => vec![data("hello"), trailers()],
        "/only-trailers" => vec![trailers()],
        "/breaks" => vec![data("hel"), Err(Broken)],
        "/echo" => vec![Ok(Frame::data(request.collect().await.unwrap().to_bytes()))],
        _ => vec![],
    };
    Ok(Response::new(Frames(frames.into_iter())))
}

#[tokio::test]
async fn an_upgraded_connection_is_the_callers() {
    let address = start().await;
    let egret = Egret::start(config("http://127.0.0.1:9").build().unwrap()).unwrap();
    let bare: Bare = Client::builder(TokioExecutor::new()).build_http();
    let client = egret.tower_client().layer(bare);
    let request = Request::get(format!("http://{address}/upgrade"))
        .header("connection", "upgrade")
        .header("upgrade", "echo")
        .body(Full::default())
        .unwrap();
    let response = client.oneshot(request).await.unwrap();
    assert_eq!(egret.stats().offered, 1, "recorded when the connection was handed over");
    let mut upgraded = TokioIo::new(hyper::upgrade::on(response).await.unwrap());
    let mut told = String::new();
    upgraded.read_to_string(&mut told).await.unwrap();
    assert_eq!(told, "welcome");
    let _ = egret.shutdown_async(Duration::from_millis(100)).await;
}

#[tokio::test]
async fn a_request_arrives_as_the_bare_service_sends_it() {
    let egret = Egret::start(config("http://127.0.0.1:9").build().unwrap()).unwrap();
    // What is told of the request behind the layer.
    let tell = |request: Request<Full<Bytes>>| async move {
        let (parts, body) = request.into_parts();
        let told = format!("{parts:?} {:?} {body:?}", parts.extensions.get::<u8>());
        Ok::<_, std::convert::Infallible>(Response::new(Full::<Bytes>::from(told)))
    };
    let request = || {
        Request::builder()
            .method(Method::PATCH)
            .version(Version::HTTP_2)
            .uri("http://ann:pa55@a.example/x?token=abc")
            .header("authorization", "Bearer s3cret")
            .extension(17u8)
            .body(Full::from("hi"))
            .unwrap()
    };
    let bare = tower::service_fn(tell).oneshot(request()).await.unwrap();
    let wrapped = egret.tower_client().layer(tower::service_fn(tell)).oneshot(request()).await;
    let expected = bare.collect().await.unwrap().to_bytes();
    assert_eq!(wrapped.unwrap().collect().await.unwrap().to_bytes(), expected);
    let _ = egret.shutdown_async(Duration::from_millis(100)).await;
}
