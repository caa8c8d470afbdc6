//! A name server on loopback that is slow on purpose, and a resolver that asks it over UDP.
//! Never knows a name: each is 127.0.0.1, after as many milliseconds as its first label says.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::net::UdpSocket;

/// A running name server; it ends with its runtime.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dns {
    pub(crate) address: SocketAddr,
}

/// Asks the name server, as a `reqwest` client's resolver.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StubResolver(pub(crate) Dns);

/// A response without an error, to a query that was understood.
const FLAGS: [u8; 2] = [0x81, 0x80];
/// A header and a question of class IN, for addresses of version 4.
const HEADER_BYTES: usize = 12;
const A_IN: [u8; 4] = [0, 1, 0, 1];

impl Dns {
    pub(crate) async fn start() -> Self {
        let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
        let address = socket.local_addr().unwrap();
        tokio::spawn(async move {
            let mut query = vec![0; 512];
            while let Ok((n_bytes, client)) = socket.recv_from(&mut query).await {
                let (socket, query) = (Arc::clone(&socket), query[..n_bytes].to_vec());
                tokio::spawn(async move {
                    tokio::time::sleep(delay_of(&query)).await;
                    // A client that has gone away gets no answer.
                    let _ = socket.send_to(&answer(&query), client).await;
                });
            }
        });
        Self { address }
    }

    /// Asks for the address of a name.
    pub(crate) async fn look_up(self, name: &str) -> std::io::Result<Ipv4Addr> {
        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        socket.connect(self.address).await?;
        socket.send(&query(name)).await?;
        let mut response = [0; 512];
        let n_bytes = socket.recv(&mut response).await?;
        let address: [u8; 4] = response[n_bytes - 4..n_bytes].try_into().unwrap();
        Ok(address.into())
    }
}

impl Resolve for StubResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let dns = self.0;
        Box::pin(async move {
            let address = dns.look_up(name.as_str()).await?;
            let addresses: Addrs = Box::new(std::iter::once(SocketAddr::from((address, 0))));
            Ok(addresses)
        })
    }
}

fn query(name: &str) -> Vec<u8> {
    let mut query = vec![0x1d, 0x1d, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        query.push(u8::try_from(label.len()).unwrap());
        query.extend_from_slice(label.as_bytes());
    }
    query.push(0);
    query.extend_from_slice(&A_IN);
    query
}

/// The question again, and one record: a pointer to its name, A, IN, no time to live, 127.0.0.1.
fn answer(query: &[u8]) -> Vec<u8> {
    let mut answer = [&query[..2], &FLAGS, &[0, 1, 0, 1, 0, 0, 0, 0]].concat();
    answer.extend_from_slice(&query[HEADER_BYTES..]);
    answer.extend_from_slice(&[0xc0, 0x0c]);
    answer.extend_from_slice(&A_IN);
    answer.extend_from_slice(&[0, 0, 0, 0, 0, 4, 127, 0, 0, 1]);
    answer
}

fn delay_of(query: &[u8]) -> Duration {
    let length = usize::from(query[HEADER_BYTES]);
    let label = &query[HEADER_BYTES + 1..][..length];
    super::server::Delays::of_label(std::str::from_utf8(label).unwrap()).dns
}
