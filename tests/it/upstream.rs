//! Somebody else's API: a hyper server on loopback that behaves as its path says.
//! Never keeps state but the count of requests per path.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// Paths and how often each was asked for.
type Seen = Arc<Mutex<BTreeMap<String, u64>>>;

/// A running upstream; it ends with its runtime.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    seen: Seen,
}

impl Upstream {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Seen::default();
        let counts = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let counts = Arc::clone(&counts);
                tokio::spawn(async move {
                    let service = service_fn(|request| answer(request, &counts));
                    let io = TokioIo::new(stream);
                    // A connection that a client drops, or that `/reset` breaks, ends in an error.
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(io, service)
                        .await;
                });
            }
        });
        Self { address, seen }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn seen(&self, path: &str) -> u64 {
        self.seen.lock().unwrap().get(path).copied().unwrap_or(0)
    }
}

/// Breaks the connection without an answer.
#[derive(Debug)]
struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("broken on purpose")
    }
}

impl std::error::Error for Broken {}

async fn answer(request: Request<Incoming>, seen: &Seen) -> Result<Response<Full<Bytes>>, Broken> {
    let path = request.uri().path().to_owned();
    *seen.lock().unwrap().entry(path.clone()).or_default() += 1;
    let respond = |status: u16| Response::builder().status(status);
    let body = |text: &str| Full::new(Bytes::copy_from_slice(text.as_bytes()));
    let response = match path.split('/').nth(1) {
        Some("reset") => return Err(Broken),
        Some("silent") => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            respond(200).body(body("late"))
        }
        Some("status") => {
            let status = path.rsplit('/').next().and_then(|text| text.parse().ok()).unwrap_or(500);
            respond(status).body(body("as you wish"))
        }
        Some("temporary") => respond(307).header("location", "/echo").body(body("")),
        Some("loop") => respond(302).header("location", "/loop").body(body("")),
        Some("headers") => respond(200)
            .header("x-many", "a")
            .header("x-many", "b")
            .header("set-cookie", "c=1")
            .body(body("with headers")),
        Some("empty") => respond(204).body(body("")),
        Some("echo") => {
            let bytes = request.into_body().collect().await.map_err(|_| Broken)?.to_bytes();
            respond(200).body(Full::new(bytes))
        }
        _ => respond(200).body(body("ok")),
    };
    Ok(response.unwrap_or_else(|error: hyper::http::Error| -> Response<Full<Bytes>> {
        panic!("upstream: {error}")
    }))
}

/// An address on which nobody listens, and nobody else will: each has a loopback address to itself.
pub(crate) async fn closed_port() -> SocketAddr {
    static NEXT: AtomicU8 = AtomicU8::new(2);
    let host = Ipv4Addr::new(127, 0, 1, NEXT.fetch_add(1, Ordering::Relaxed));
    let listener = TcpListener::bind((host, 0)).await.unwrap();
    listener.local_addr().unwrap()
}
