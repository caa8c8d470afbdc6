//! A real tonic client and server on loopback, with the layer on both sides.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes};
use egret::tower::ClientService;
use egret::{Egret, MemoryTransport};
use http::uri::PathAndQuery;
use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_stream::StreamExt;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tower::{Layer, ServiceExt};

use crate::upstream::closed_port;

/// Messages are bytes, so that no compiler of schemas is needed.
#[derive(Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Raw;
    type Decoder = Raw;

    fn encoder(&mut self) -> Raw {
        Raw
    }

    fn decoder(&mut self) -> Raw {
        Raw
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}

type Stream = tokio_stream::Iter<std::vec::IntoIter<Result<Bytes, Status>>>;

/// The hand-written server: what the last part of the path says, happens.
async fn serve(request: Request<Incoming>) -> Result<Response<tonic::body::Body>, Infallible> {
    let path = request.uri().path().to_owned();
    let name = path.rsplit('/').next().unwrap().to_owned();
    let mut grpc = tonic::server::Grpc::new(Raw);
    let streaming = |last: Option<Status>| {
        move |_: tonic::Request<Bytes>| {
            let mut messages = vec![Ok(Bytes::from_static(b"one")), Ok(Bytes::from_static(b"two"))];
            messages.extend(last.clone().map(Err));
            let messages: Stream = tokio_stream::iter(messages);
            std::future::ready(Ok::<_, Status>(tonic::Response::new(messages)))
        }
    };
    let unary = |result: Result<(), Status>| {
        move |request: tonic::Request<Bytes>| {
            let answer = result.clone().map(|()| tonic::Response::new(request.into_inner()));
            std::future::ready(answer)
        }
    };
    Ok(match name.as_str() {
        "Echo" => grpc.unary(tower::service_fn(unary(Ok(()))), request).await,
        "Missing" => {
            let result = Err(Status::not_found("no user ann@example.com"));
            grpc.unary(tower::service_fn(unary(result)), request).await
        }
        "List" => grpc.server_streaming(tower::service_fn(streaming(None)), request).await,
        "ListThenFail" => {
            let last = Some(Status::unavailable("s3cret"));
            grpc.server_streaming(tower::service_fn(streaming(last)), request).await
        }
        _ => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            Response::new(tonic::body::Body::empty())
        }
    })
}

/// A handle, and what it recorded.
struct Records(Egret, MemoryTransport);

impl Records {
    fn start() -> Self {
        let transport = MemoryTransport::default();
        let config = egret::Config::builder().build().unwrap();
        Self(Egret::start_with(config, transport.clone()).unwrap(), transport)
    }

    /// `outcome status rpc.grpc.status_code error.type` of each.
    async fn told(self) -> Vec<String> {
        self.0.shutdown_async(Duration::from_secs(5)).await.unwrap();
        let text = |value: &Value| match value {
            Value::Null => "-".to_owned(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let calls = self.1.calls();
        let of = |call: &Value| {
            let code = text(&call["attributes"]["rpc.grpc.status_code"]);
            let [outcome, status, error] = ["outcome", "http.response.status_code", "error.type"]
                .map(|name| text(&call[name]));
            assert!(!call.to_string().contains("s3cret") && !call.to_string().contains("ann@"));
            format!("{outcome} {status} {code} {error}")
        };
        calls.iter().map(of).collect()
    }
}

async fn start(egret: &Egret) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = egret.tower_server().layer(tower::service_fn(serve));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = service.clone();
            let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            let service = service_fn(move |request| service.clone().oneshot(request));
            tokio::spawn(server.serve_connection(TokioIo::new(stream), service));
        }
    });
    address
}

type Client = tonic::client::Grpc<ClientService<Channel>>;

fn client(egret: &Egret, address: SocketAddr) -> Client {
    let origin: Uri = format!("http://{address}").parse().unwrap();
    let channel = Endpoint::from(origin.clone()).connect_lazy();
    tonic::client::Grpc::new(egret.tower_client().origin(origin).layer(channel))
}

async fn unary(client: &mut Client, path: &'static str) -> Result<Bytes, Status> {
    client.ready().await.map_err(|error| Status::from_error(Box::new(error)))?;
    let request = tonic::Request::new(Bytes::from_static(b"hello"));
    let answer = client.unary(request, PathAndQuery::from_static(path), Raw).await?;
    Ok(answer.into_inner())
}

async fn list(client: &mut Client, path: &'static str) -> tonic::Streaming<Bytes> {
    client.ready().await.unwrap();
    let request = tonic::Request::new(Bytes::new());
    let path = PathAndQuery::from_static(path);
    client.server_streaming(request, path, Raw).await.unwrap().into_inner()
}

#[tokio::test]
async fn a_tonic_call_is_told_with_its_code_on_both_sides() {
    let (here, there) = (Records::start(), Records::start());
    let address = start(&there.0).await;
    let mut client = client(&here.0, address);

    assert_eq!(unary(&mut client, "/egret.Test/Echo").await.unwrap(), "hello");
    let error = unary(&mut client, "/egret.Test/Missing").await.unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::NotFound, "no user ann@example.com"));
    let messages: Vec<_> = list(&mut client, "/egret.Test/List").await.collect().await;
    assert_eq!(messages.iter().flatten().collect::<Vec<_>>(), ["one", "two"]);
    let messages: Vec<_> = list(&mut client, "/egret.Test/ListThenFail").await.collect().await;
    assert_eq!(messages.len(), 3);
    assert_eq!(messages[2].as_ref().unwrap_err().code(), Code::Unavailable);
    let mut given_up = list(&mut client, "/egret.Test/List").await;
    assert_eq!(given_up.message().await.unwrap().unwrap(), "one");
    drop(given_up);
    let waiting = unary(&mut client, "/egret.Test/Silent");
    tokio::time::timeout(Duration::from_millis(100), waiting).await.unwrap_err();
    while there.0.stats().offered < 6 {
        tokio::task::yield_now().await;
    }

    let expected = [
        "completed 200 0 -",
        "completed 200 5 NOT_FOUND",
        "completed 200 0 -",
        "completed 200 14 UNAVAILABLE",
        "body_dropped 200 - -",
        "cancelled - - cancelled",
    ];
    assert_eq!(here.told().await, expected);
    let expected = [
        "completed 200 0 -",
        // A name that is not found is not the server's fault.
        "completed 200 5 -",
        "completed 200 0 -",
        "completed 200 14 UNAVAILABLE",
        "completed 200 0 -",
        "cancelled - - cancelled",
    ];
    assert_eq!(there.told().await, expected);
}

#[tokio::test]
async fn a_channel_without_a_server_fails_to_connect() {
    let records = Records::start();
    let mut client = client(&records.0, closed_port().await);
    let error = unary(&mut client, "/egret.Test/Echo").await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    assert_eq!(records.told().await, ["failed - - connect"]);
}

#[tokio::test]
async fn a_channels_deadline_is_a_timeout() {
    let (here, there) = (Records::start(), Records::start());
    let address = start(&there.0).await;
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    let channel = endpoint.timeout(Duration::from_millis(100)).connect_lazy();
    let mut client = tonic::client::Grpc::new(here.0.tower_client().layer(channel));
    assert!(unary(&mut client, "/egret.Test/Silent").await.is_err());
    assert_eq!(here.told().await, ["failed - - timeout"]);
}

#[tokio::test]
async fn a_call_says_where_it_goes_when_the_layer_knows_the_origin() {
    let (here, there) = (Records::start(), Records::start());
    let address = start(&there.0).await;
    unary(&mut client(&here.0, address), "/egret.Test/Echo").await.unwrap();
    here.0.shutdown_async(Duration::from_secs(5)).await.unwrap();
    let call = &here.1.calls()[0];
    assert_eq!(call["server.address"], "127.0.0.1");
    assert_eq!(call["server.port"], address.port());
    assert_eq!(call["url.path"], "/egret.Test/Echo");
    assert_eq!(call["http.request.method"], "POST");
    assert_eq!(call["network.protocol.version"], "2");
}
