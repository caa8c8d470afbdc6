//! The sending side: connections that stay open, one request after the other on each.
//! Never pipelines: a sender waits for its answer, as clients do.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, ensure};

/// Sends every batch until it is acknowledged.
pub(crate) fn send_all(address: &str, batches: &[Vec<u8>], n_connections: usize) -> Result<()> {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let send = || -> Result<()> {
            let mut connection = Connection::open(address)?;
            while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                // A full queue asks to come again.
                while connection.post(batch)? == 503 {
                    std::thread::yield_now();
                }
            }
            Ok(())
        };
        let threads: Vec<_> = (0..n_connections).map(|_| scope.spawn(send)).collect();
        threads.into_iter().try_for_each(|thread| {
            thread.join().map_err(|_| anyhow::anyhow!("a sender panicked"))?
        })
    })
}

/// The answer to a question.
pub(crate) fn get(address: &str, path: &str) -> Result<String> {
    let mut connection = Connection::open(address)?;
    let head = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n\r\n");
    connection.0.get_mut().write_all(head.as_bytes())?;
    let (status, body) = connection.answer()?;
    ensure!(status == 200, "{path}: {status} {body}");
    Ok(body)
}

struct Connection(BufReader<TcpStream>);

impl Connection {
    fn open(address: &str) -> Result<Self> {
        // egret: allow(raw-socket) reason="the bench writes requests by hand, so that its own cost is small"
        let stream = TcpStream::connect(address).context("cannot connect")?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    fn post(&mut self, batch: &[u8]) -> Result<u16> {
        let head = format!(
            "POST /v1/batches HTTP/1.1\r\nhost: x\r\ncontent-type: application/vnd.egret.batch\r\n\
             content-length: {}\r\n\r\n",
            batch.len()
        );
        self.0.get_mut().write_all(head.as_bytes())?;
        self.0.get_mut().write_all(batch)?;
        let (status, body) = self.answer()?;
        ensure!(status == 202 || status == 503, "{status} {body}");
        Ok(status)
    }

    fn answer(&mut self) -> Result<(u16, String)> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        let status = line.split_whitespace().nth(1).and_then(|status| status.parse().ok());
        let status = status.with_context(|| format!("no answer: {line:?}"))?;
        let mut n_bytes = 0;
        loop {
            line.clear();
            self.0.read_line(&mut line)?;
            if line.trim().is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                n_bytes = value.trim().parse()?;
            }
        }
        let mut body = vec![0; n_bytes];
        self.0.read_exact(&mut body)?;
        Ok((status, String::from_utf8(body)?))
    }
}
