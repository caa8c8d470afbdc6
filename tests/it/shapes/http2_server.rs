//! The server that speaks HTTP/2: hyper's, with bodies made frame by frame.
//! Never speaks anything else; what it cannot do wrong, the scripted server does.

use std::convert::Infallible;
use std::io;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::sync::mpsc;

use super::table::big_body;
use super::wire::{Heard, Stream};

/// A frame of the answer's body; an error resets the stream.
type Piece = Result<Frame<Bytes>, io::Error>;

pub(super) async fn serve(stream: Stream, heard: &Heard) -> io::Result<()> {
    let heard = Heard::clone(heard);
    let service = service_fn(move |request| {
        let heard = Heard::clone(&heard);
        async move { Ok::<_, Infallible>(answer(&note(request, &heard).await)) }
    });
    hyper::server::conn::http2::Builder::new(TokioExecutor::new())
        .auto_date_header(false)
        .serve_connection(TokioIo::new(stream), service)
        .await
        .map_err(io::Error::other)
}

/// Reads the whole request and writes it down; frames have no bytes of their own to compare.
async fn note(request: Request<Incoming>, heard: &Heard) -> Request<Bytes> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(|body| (body.trailers().cloned(), body.to_bytes()));
    let (trailers, body) = body.unwrap_or_default();
    let text = format!(
        "{} {} {:?} {:?} {body:?} {trailers:?}",
        parts.method, parts.uri, parts.version, parts.headers
    );
    heard.lock().unwrap().extend_from_slice(text.as_bytes());
    Request::from_parts(parts, body)
}

fn answer(
    request: &Request<Bytes>,
) -> Response<StreamBody<impl futures_core::Stream<Item = Piece> + use<>>> {
    let mut response = Response::builder();
    let data = |text: &str| Ok(Frame::data(Bytes::copy_from_slice(text.as_bytes())));
    let pieces: Vec<Piece> = match request.uri().path() {
        "/echo" => vec![Ok(Frame::data(request.body().clone()))],
        "/trailers" => {
            let mut trailers = HeaderMap::new();
            trailers.insert("x-checksum", HeaderValue::from_static("abc"));
            trailers.append("x-checksum", HeaderValue::from_static("def"));
            vec![data("hello"), data("world"), Ok(Frame::trailers(trailers))]
        }
        "/trailers-only" => {
            let mut trailers = HeaderMap::new();
            trailers.insert("grpc-status", HeaderValue::from_static("0"));
            vec![Ok(Frame::trailers(trailers))]
        }
        "/empty" => {
            response = response.status(204);
            Vec::new()
        }
        "/unavailable" => {
            response = response.status(503).header("retry-after", "7");
            vec![data("later")]
        }
        "/moved" => {
            response = response.status(307).header("location", "/echo");
            Vec::new()
        }
        "/events" => {
            response = response.header("content-type", "text/event-stream");
            vec![data("data: one\n\n"), data("data: two\n\n"), data("data: three\n\n")]
        }
        "/length" => {
            response = response.header("content-length", "5");
            if request.method() == "HEAD" { Vec::new() } else { vec![data("hello")] }
        }
        "/broken" => vec![data("hel"), Err(io::Error::other("on purpose"))],
        "/big" => vec![Ok(Frame::data(Bytes::from_static(big_body())))],
        "/headers" | "/too-many-headers" => {
            let n_headers = if request.uri().path() == "/headers" { 90 } else { 900 };
            for n in 0..n_headers {
                response = response.header(format!("x-{n}"), "v".repeat(50));
            }
            response = response.header("x-bytes", HeaderValue::from_bytes(b"caf\xe9").unwrap());
            vec![data("many")]
        }
        _ => {
            response = response.status(404);
            vec![data("nothing here")]
        }
    };
    response.body(StreamBody::new(one_by_one(pieces))).unwrap()
}

/// Each piece only once the one before was taken, so that none is joined to another.
fn one_by_one(pieces: Vec<Piece>) -> impl futures_core::Stream<Item = Piece> + use<> {
    let (sender, mut receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        for piece in pieces {
            if sender.send(piece).await.is_err() {
                return;
            }
        }
    });
    futures_util::stream::poll_fn(move |context| receiver.poll_recv(context))
}
