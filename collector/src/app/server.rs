//! Accepts connections and serves them until it is told to stop.
//! It never waits for a sender's head longer than it was told to.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot, watch};

/// After an accept that failed because too much is open; others may close in the meantime.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Most connections beyond the bound that are told so; the rest just end.
const MAX_REFUSALS: usize = 64;

/// Most bytes of a refused connection that are read, so that the refusal is not overtaken by the
/// connection's end.
const MAX_UNREAD: usize = 64 << 10;

/// What a sender is told for whom there is no connection left.
const TOO_MANY: &str = concat!(
    r#"{"type":"urn:egret:problem:too-many-connections","title":"Too many connections","#,
    r#""status":503,"detail":"as many connections are open as max_connections allows; come again"}"#,
);

/// What a sender is told whose head does not come to its end.
const TOO_SLOW: &str = concat!(
    r#"{"type":"urn:egret:problem:slow-head","title":"The head came too slowly","status":408,"#,
    r#""detail":"the whole head of a request must arrive within header_timeout_seconds"}"#,
);

/// How connections are served.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) router: Router,
    pub(super) header_timeout: Duration,
    pub(super) max_connections: usize,
}

impl Server {
    /// Serves until `stopped` resolves; then takes no more, and returns once the last request is
    /// answered.
    pub(super) async fn run(self, listener: TcpListener, mut stopped: oneshot::Receiver<()>) {
        let server = Arc::new(self);
        // Each connection holds a receiver: it learns the end by it, and is counted by it.
        let (stop, stopping) = watch::channel(());
        // A semaphore has fewer permits than there are numbers.
        let room = Arc::new(Semaphore::new(server.max_connections.min(Semaphore::MAX_PERMITS)));
        let refusals = Arc::new(Semaphore::new(MAX_REFUSALS));
        let mut was_full = false;
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => match Arc::clone(&room).try_acquire_owned() {
                        Ok(permit) => {
                            was_full = false;
                            let serving = Arc::clone(&server).serve(stream, stopping.clone());
                            tokio::spawn(async move {
                                serving.await;
                                drop(permit);
                            });
                        }
                        Err(_) => {
                            let max_connections = server.max_connections;
                            if !was_full {
                                tracing::warn!(max_connections, "no more connections are taken");
                            }
                            was_full = true;
                            turn_away(stream, &refusals);
                        }
                    },
                    Err(error) => pause_after(&error).await,
                },
                // The sender's loss says the same as its message.
                _ = &mut stopped => break,
            }
        }
        drop((listener, stopping));
        stop.send_replace(());
        stop.closed().await;
    }

    async fn serve(self: Arc<Self>, stream: TcpStream, mut stopping: watch::Receiver<()>) {
        // Answers are small and come at once; waiting to fill a packet would only slow them.
        let _ = stream.set_nodelay(true);
        let service = TowerToHyperService::new(self.router.clone());
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(self.header_timeout);
        let mut connection = http.serve_connection(TokioIo::new(stream), service);
        let ended = tokio::select! {
            ended = &mut connection => ended,
            _ = stopping.changed() => {
                std::pin::Pin::new(&mut connection).graceful_shutdown();
                (&mut connection).await
            }
        };
        if ended.is_err_and(|error| error.is_timeout()) {
            let parts = connection.into_parts();
            // Nothing of a head: an idle connection, which ends without a word.
            if !parts.read_buf.is_empty() {
                refuse(parts.io.into_inner(), "408 Request Timeout", "", TOO_SLOW).await;
            }
        }
    }
}

/// Says that there is no room, unless too many are being told so.
fn turn_away(stream: TcpStream, refusals: &Arc<Semaphore>) {
    if let Ok(permit) = Arc::clone(refusals).try_acquire_owned() {
        tokio::spawn(async move {
            refuse(stream, "503 Service Unavailable", "retry-after: 1\r\n", TOO_MANY).await;
            drop(permit);
        });
    }
}

async fn refuse(mut stream: TcpStream, status: &str, headers: &str, problem: &str) {
    let n_bytes = problem.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/problem+json\r\n{headers}\
         content-length: {n_bytes}\r\nconnection: close\r\n\r\n{problem}"
    );
    // Who does not send may not read either.
    let told = async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(MAX_UNREAD as u64), &mut tokio::io::sink()).await
    };
    let _ = tokio::time::timeout(Duration::from_secs(1), told).await;
}

async fn pause_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    // That connection's own trouble, over before it began.
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::error!(%error, "cannot accept a connection");
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}
