//! Measures the server's phases by hand: sockets, TLS and a stop-watch.
//! Never uses an HTTP client, so that no client's mistake can hide the server's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::dns::Dns;
use super::server::Server;
use super::{Measured, Phases};

/// A client that knows one request, and keeps its connections.
pub(super) struct Probe {
    dns: Dns,
    connector: TlsConnector,
    idle: Mutex<HashMap<String, TlsStream<TcpStream>>>,
}

impl Probe {
    pub(super) fn new(server: &Server) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(server.certificate().to_vec().into()).unwrap();
        let config = ClientConfig::builder_with_provider(aws_lc_rs::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = TlsConnector::from(Arc::new(config));
        Self { dns: server.dns, connector, idle: Mutex::default() }
    }

    async fn connect(&self, authority: &str, phases: &mut Phases) -> TlsStream<TcpStream> {
        let (host, port) = authority.split_once(':').unwrap();
        let start = Instant::now();
        let address = self.dns.look_up(host).await.unwrap();
        phases.dns = Some(start.elapsed());
        let start = Instant::now();
        let stream = TcpStream::connect((address, port.parse().unwrap())).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let name = ServerName::try_from(host.to_owned()).unwrap();
        let stream = self.connector.connect(name, stream).await.unwrap();
        phases.connect = Some(start.elapsed());
        stream
    }
}

impl Measured for Probe {
    async fn call(&self, url: &str) -> Phases {
        let mut phases = Phases::default();
        let rest = url.strip_prefix("https://").unwrap();
        let (authority, path) = rest.split_once('/').unwrap();
        let idle = self.idle.lock().unwrap().remove(authority);
        let mut stream = match idle {
            Some(stream) => {
                phases.reused = true;
                stream
            }
            None => self.connect(authority, &mut phases).await,
        };
        let start = Instant::now();
        let request = format!("GET /{path} HTTP/1.1\r\nhost: {authority}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        let mut answer = Vec::new();
        let mut first = None;
        while !answer.ends_with(b"\r\n0\r\n\r\n") {
            assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0, "the answer is whole");
            first.get_or_insert_with(Instant::now);
        }
        let first = first.unwrap();
        phases.first_byte = first - start;
        phases.body = first.elapsed();
        self.idle.lock().unwrap().insert(authority.to_owned(), stream);
        phases
    }
}
