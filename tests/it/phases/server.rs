//! An HTTPS server that is slow in each phase, as the URL says.
//! Never delays `accept`: the kernel connects for it, so TLS waits instead, which a client sees.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response};
use http_body_util::StreamBody;
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use reqwest::{Certificate, ClientBuilder};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::rustls::server::Acceptor;

use super::dns::{Dns, StubResolver};
use crate::tls::Identity;

/// The names below which every host is this server.
const DOMAIN: &str = "egret.test";

/// How long each phase of a call takes at least.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Delays {
    pub(crate) dns: Duration,
    /// Between the connection's acceptance and TLS's answer.
    pub(crate) connect: Duration,
    /// Between the request and the answer's head.
    pub(crate) first_byte: Duration,
    /// Between the body's first piece and its last.
    pub(crate) body: Duration,
}

/// A running server and its name server; they end with their runtime.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) dns: Dns,
    identity: Identity,
    n_accepted: Arc<AtomicU64>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let identity = Identity::new(&[&format!("*.{DOMAIN}")]);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let offered = identity.clone();
        let n_accepted = Arc::new(AtomicU64::new(0));
        let accepted = Arc::clone(&n_accepted);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let identity = offered.clone();
                accepted.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(async move {
                    // A client that hangs up ends the connection with an error.
                    let _ = serve(stream, &identity).await;
                });
            }
        });
        Self { address, dns: Dns::start().await, identity, n_accepted }
    }

    /// A URL that asks for these delays: the host's for those before the request, the query's for
    /// those after it. Calls with the same `dns` and `connect` share connections.
    pub(crate) fn url(&self, delays: Delays) -> String {
        let [dns, connect, first_byte, body] =
            [delays.dns, delays.connect, delays.first_byte, delays.body]
                .map(|delay| delay.as_millis());
        // Different answers get different hosts too, so that each has connections of its own.
        let host = format!("{dns}-{connect}-{first_byte}-{body}.{DOMAIN}");
        format!("https://{host}:{}/slow/{first_byte}/{body}", self.address.port())
    }

    /// Lets a client trust the server and find it.
    pub(crate) fn configure(&self, builder: ClientBuilder) -> ClientBuilder {
        self.trust(builder).dns_resolver(self.resolver())
    }

    /// Lets a client trust the server.
    pub(crate) fn trust(&self, builder: ClientBuilder) -> ClientBuilder {
        let certificate = Certificate::from_der(&self.identity.certificate).unwrap();
        builder.no_proxy().tls_certs_only([certificate])
    }

    /// Finds the server.
    pub(crate) fn resolver(&self) -> Arc<StubResolver> {
        Arc::new(StubResolver(self.dns))
    }

    /// Connections that were accepted so far.
    pub(crate) fn n_accepted(&self) -> u64 {
        self.n_accepted.load(Ordering::Relaxed)
    }

    /// What a client has to trust, in DER.
    pub(crate) fn certificate(&self) -> &[u8] {
        &self.identity.certificate
    }
}

impl Delays {
    /// What the first label of a host's name asks for: its numbers are milliseconds.
    pub(crate) fn of_label(label: &str) -> Self {
        let mut numbers = label.split('-').map(|number| number.parse().unwrap_or(0));
        let mut next = || Duration::from_millis(numbers.next().unwrap_or(0));
        Self { dns: next(), connect: next(), first_byte: next(), body: next() }
    }
}

async fn serve(stream: TcpStream, identity: &Identity) -> Result<(), Box<dyn std::error::Error>> {
    stream.set_nodelay(true)?;
    let hello = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
    let name = hello.client_hello().server_name().unwrap_or_default().to_owned();
    tokio::time::sleep(Delays::of_label(name.split('.').next().unwrap_or_default()).connect).await;
    let stream = hello.into_stream(identity.config(&["h2", "http/1.1"])).await?;
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2".as_slice());
    let (io, service) = (TokioIo::new(stream), service_fn(answer));
    if is_http2 {
        let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        builder.serve_connection(io, service).await?;
    } else {
        hyper::server::conn::http1::Builder::new().serve_connection(io, service).await?;
    }
    Ok(())
}

/// The head after the one delay, the first piece with it, and the last after the other.
async fn answer(
    request: Request<Incoming>,
) -> Result<
    Response<StreamBody<impl futures_core::Stream<Item = Result<Frame<Bytes>, Infallible>>>>,
    Infallible,
> {
    let mut parts = request.uri().path().split('/').skip(2).map(|part| part.parse().unwrap_or(0));
    let mut next = || Duration::from_millis(parts.next().unwrap_or(0));
    let (first_byte, body) = (next(), next());
    tokio::time::sleep(first_byte).await;
    let pieces = stream::unfold(0, move |n| async move {
        let piece = match n {
            0 => "first ",
            1 => {
                tokio::time::sleep(body).await;
                "last"
            }
            _ => return None,
        };
        Some((Ok(Frame::data(Bytes::from_static(piece.as_bytes()))), n + 1))
    });
    Ok(Response::new(StreamBody::new(Box::pin(pieces))))
}
