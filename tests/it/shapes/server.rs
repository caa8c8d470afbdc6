//! A server that does exactly what its script says, byte by byte, and tells what it heard.
//! Never answers a path that is not in its script.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::answer::{Answer, Step};
use super::ask::{Origin, Shape};
use super::http2_server;
use super::wire::{Heard, Stream, Wire};
use crate::tls::Identity;

/// How long a server waits for the client to hang up before it calls that a failure.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running server; it ends with its runtime.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    accepted: watch::Receiver<Option<SocketAddr>>,
}

/// What the accepting task and the owner share.
#[derive(Default)]
struct Shared {
    connections: Mutex<Vec<(Heard, JoinHandle<()>)>>,
}

/// How a connection is served.
#[derive(Clone)]
struct Service {
    origin: Origin,
    identity: Identity,
    answers: Arc<BTreeMap<String, Answer>>,
}

impl Server {
    pub(crate) async fn start(shape: &Shape, identity: &Identity) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let (tell, accepted) = watch::channel(None);
        let fill_in = |answer: &Answer| answer.at(address);
        let answers = shape.answers.iter().map(|(path, answer)| (path.clone(), fill_in(answer)));
        let service = Service {
            origin: shape.origin,
            identity: identity.clone(),
            answers: Arc::new(answers.collect()),
        };
        let registry = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, peer)) = listener.accept().await {
                let heard = Heard::default();
                let serving = service.clone().serve(stream, Arc::clone(&heard));
                let task = tokio::spawn(async move {
                    // A client that hangs up ends the connection with an error; so do most scripts.
                    let _ = serving.await;
                });
                registry.connections.lock().unwrap().push((heard, task));
                tell.send_replace(Some(peer));
            }
        });
        Self { address, shared, accepted }
    }

    /// Waits until every client has hung up and returns what was heard, one text a connection.
    pub(crate) async fn settle(&mut self, name: &str) -> Vec<String> {
        // Connections are accepted in the order in which they were made: once ours is, all are.
        let last = TcpStream::connect(self.address).await.unwrap();
        let ours = Some(last.local_addr().unwrap());
        self.accepted.wait_for(|peer| *peer == ours).await.unwrap();
        drop(last);
        let mut connections = std::mem::take(&mut *self.shared.connections.lock().unwrap());
        connections.pop();
        let mut texts = Vec::new();
        for (heard, task) in connections {
            let ended = tokio::time::timeout(PATIENCE, task).await;
            ended.unwrap_or_else(|_| panic!("{name}: the client does not hang up")).unwrap();
            texts.push(text_of(&heard.lock().unwrap()));
        }
        texts
    }
}

impl Service {
    async fn serve(self, stream: TcpStream, heard: Heard) -> io::Result<()> {
        stream.set_nodelay(true)?;
        match self.origin {
            Origin::Plain => self.follow(Wire::new(Stream::Plain(stream), heard)).await,
            Origin::Tls => {
                let stream = self.identity.acceptor(&["http/1.1"]).accept(stream).await?;
                self.follow(Wire::new(Stream::Tls(Box::new(stream)), heard)).await
            }
            Origin::Http2 => http2_server::serve(Stream::Plain(stream), &heard).await,
            Origin::Http2Tls => {
                let stream = self.identity.acceptor(&["h2", "http/1.1"]).accept(stream).await?;
                http2_server::serve(Stream::Tls(Box::new(stream)), &heard).await
            }
        }
    }

    /// One request after the other, until the script or the client ends the connection.
    async fn follow(self, mut wire: Wire) -> io::Result<()> {
        loop {
            let path = wire.request().await?;
            let Some(answer) = self.answers.get(&path) else {
                wire.send(b"HTTP/1.1 410 Not In The Script\r\ncontent-length: 0\r\n\r\n").await?;
                continue;
            };
            for step in &answer.0 {
                match step {
                    Step::Send(bytes) => wire.send(bytes).await?,
                    Step::Pause(duration) => tokio::time::sleep(*duration).await,
                    Step::Hold => wire.hold().await?,
                    Step::Reset => return wire.arm_reset(),
                    Step::Close => return wire.close().await,
                    Step::Drop => return wire.drop_below().await,
                    Step::Echo => wire.echo().await?,
                }
            }
        }
    }
}

/// What was heard as text, with the one thing that a client makes up anew each time left out.
fn text_of(heard: &[u8]) -> String {
    let text = heard.escape_ascii().to_string();
    let boundary = text.split("boundary=").nth(1).and_then(|rest| rest.split("\\r\\n").next());
    match boundary {
        Some(boundary) if !boundary.is_empty() => text.replace(boundary, "BOUNDARY"),
        _ => text,
    }
}
