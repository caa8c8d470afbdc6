//! One connection of the scripted server, with or without TLS, and what it heard.
//! Never interprets more of a request than where it ends.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// The first byte of a TLS connection, to a server that has no TLS.
const TLS_HANDSHAKE: u8 = 0x16;

/// Everything that one connection heard, byte by byte.
pub(super) type Heard = Arc<Mutex<Vec<u8>>>;

/// The stream below.
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => stream.get_ref().0,
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

/// A connection that remembers what it reads.
pub(super) struct Wire {
    stream: Stream,
    heard: Heard,
    /// What is read and belongs to no request yet.
    rest: Vec<u8>,
}

impl Wire {
    pub(super) fn new(stream: Stream, heard: Heard) -> Self {
        Self { stream, heard, rest: Vec::new() }
    }

    /// Reads one whole request and returns its path.
    pub(super) async fn request(&mut self) -> io::Result<String> {
        if self.rest.is_empty() {
            self.fill().await?;
        }
        if self.rest[0] == TLS_HANDSHAKE {
            // Nothing of it repeats: it is full of random numbers.
            self.heard.lock().unwrap().clear();
            return Ok("TLS".to_owned());
        }
        let head = String::from_utf8_lossy(&self.until(b"\r\n\r\n").await?).into_owned();
        let field = |wanted: &str| {
            head.lines().skip(1).find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case(wanted).then(|| value.trim().to_owned())
            })
        };
        if let Some(length) = field("content-length") {
            self.take(length.parse().map_err(io::Error::other)?).await?;
        } else if field("transfer-encoding").is_some() {
            while self.chunk().await? > 0 {}
        }
        let target = head.split(' ').nth(1).unwrap_or_default();
        Ok(target.split(['?', '#']).next().unwrap_or_default().to_owned())
    }

    /// Reads one chunk and returns its length.
    async fn chunk(&mut self) -> io::Result<usize> {
        let line = self.until(b"\r\n").await?;
        let digits = String::from_utf8_lossy(&line[..line.len() - 2]).into_owned();
        let length = usize::from_str_radix(&digits, 16).map_err(io::Error::other)?;
        self.take(length).await?;
        self.until(b"\r\n").await?;
        Ok(length)
    }

    async fn until(&mut self, end: &[u8]) -> io::Result<Vec<u8>> {
        loop {
            let found = self.rest.windows(end.len()).position(|window| window == end);
            match found {
                Some(at) => return Ok(self.rest.drain(..at + end.len()).collect()),
                None => self.fill().await?,
            }
        }
    }

    async fn take(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.rest.len() < length {
            self.fill().await?;
        }
        Ok(self.rest.drain(..length).collect())
    }

    async fn fill(&mut self) -> io::Result<()> {
        let mut buffer = [0; 16 * 1024];
        let n_read = self.stream.read(&mut buffer).await?;
        if n_read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.heard.lock().unwrap().extend_from_slice(&buffer[..n_read]);
        self.rest.extend_from_slice(&buffer[..n_read]);
        Ok(())
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// Reads on until the client hangs up.
    pub(super) async fn hold(&mut self) -> io::Result<()> {
        loop {
            self.rest.clear();
            self.fill().await?;
        }
    }

    /// Sends back what arrives until the client hangs up.
    pub(super) async fn echo(&mut self) -> io::Result<()> {
        loop {
            let bytes = std::mem::take(&mut self.rest);
            self.send(&bytes).await?;
            self.fill().await?;
        }
    }

    /// Says goodbye and waits for the client's, so that nothing sent is lost to a reset.
    pub(super) async fn close(&mut self) -> io::Result<()> {
        self.stream.shutdown().await?;
        self.hold().await
    }

    /// The next drop is a reset.
    pub(super) fn arm_reset(&self) -> io::Result<()> {
        self.stream.socket().set_zero_linger()
    }

    /// Ends TCP in good order, below a TLS that says nothing.
    pub(super) async fn drop_below(&mut self) -> io::Result<()> {
        match &mut self.stream {
            Stream::Plain(socket) => socket.shutdown().await?,
            Stream::Tls(stream) => stream.get_mut().0.shutdown().await?,
        }
        self.hold().await
    }
}
