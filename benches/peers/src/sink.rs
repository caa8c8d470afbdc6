//! An HTTP server in a process of its own, which takes everything and says 200.
//! It never looks at what it takes, so that only the senders are compared.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper::{Request, Response, body::Incoming};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// The argument that turns a bench into its own sink.
const ROLE: &str = "--sink";

/// The running server; it ends with this value.
pub struct Sink {
    child: Child,
    pub address: String,
}

impl Sink {
    /// Starts this very program as a sink.
    pub fn start() -> Result<Self> {
        let program = std::env::current_exe()?;
        let mut child = Command::new(program).arg(ROLE).stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().context("no output of the sink")?;
        let mut address = String::new();
        BufReader::new(stdout).read_line(&mut address)?;
        Ok(Self { child, address: address.trim().to_owned() })
    }

    /// The URL of a path there.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves until it is killed, when this process is to be a sink; returns at once otherwise.
pub fn serve_if_asked() -> Result<()> {
    if std::env::args().nth(1).as_deref() != Some(ROLE) {
        return Ok(());
    }
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let server = hyper::server::conn::http1::Builder::new();
            tokio::spawn(server.serve_connection(TokioIo::new(stream), service_fn(answer)));
        }
    })
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let is_call = request.uri().path().starts_with("/call");
    request.into_body().collect().await?;
    Ok(Response::new(Full::new(Bytes::from_static(if is_call { b"{\"id\":17}" } else { b"" }))))
}
