//! Puts the parts together: a running collector, and its end.
//! It never answers before the store is open, and never ends before what it acknowledged is stored.

mod builder;
mod serve;

pub use builder::Builder;
pub use serve::serve;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Mutex, oneshot};
use tokio::task::JoinHandle;

use crate::api::Api;
use crate::config::Settings;
use crate::pipeline::{self, Ended};
use crate::query::Queries;
use crate::queue::{self, Inlet, Outlet};
use crate::store::{DataDir, DirError, Reader, WriteError, Writer};

/// How long a shutdown waits for requests that are being answered.
const SHUTDOWN: Duration = Duration::from_secs(10);

/// A running collector. Ends with [`Collector::shutdown`]; when it is dropped instead, it ends by
/// itself soon after, and nobody waits for it.
#[derive(Debug)]
pub struct Collector {
    address: SocketAddr,
    /// `None` once it was shut down.
    running: Mutex<Option<Running>>,
}

/// A collector that cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address is not this machine's, or taken, or no address.
    #[error("cannot listen on {listen}")]
    Listen {
        /// The address as given.
        listen: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Everyone who reaches the address could send and read.
    #[error(
        "{listen} can be reached from other machines, and no token is set; set tokens \
         (EGRET_COLLECTOR_TOKENS, --token-file, or `tokens` in the file), or listen on 127.0.0.1"
    )]
    Unprotected {
        /// The address as given.
        listen: String,
    },
    /// A token that no request could carry.
    #[error("a token must be 1 to 1024 visible ASCII characters, without spaces")]
    Token,
    /// What is no hub client.
    #[error("a hub client must be a UUID that no other client has, and a service's name")]
    HubClient,
    /// The data directory cannot be used.
    #[error("cannot open the store")]
    Store(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The system gives us no thread.
    #[error("cannot start a thread")]
    Thread(#[source] io::Error),
}

/// What has to be stopped. Dropping it stops everything without waiting.
#[derive(Debug)]
struct Running {
    /// Dropped or used, it stops the server.
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
    inlet: Inlet,
    pipeline: Option<Ended>,
}

impl Collector {
    /// Listens on `listen` (`127.0.0.1:0` for any free port), over a temporary directory that is
    /// removed at the end.
    ///
    /// # Errors
    /// When the address or the temporary directory cannot be used.
    pub async fn bind(listen: impl Into<String>) -> Result<Self, StartError> {
        Self::builder().listen(listen).start().await
    }

    /// Sets up a collector.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, as clients want it: `http://127.0.0.1:4750`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Takes no more connections, finishes requests that are being answered (for at most 10
    /// seconds), and stores all that was accepted. Later calls return at once.
    pub async fn shutdown(&self) {
        // Held to the end, so that a second caller returns only after the end too.
        let mut running = self.running.lock().await;
        if let Some(running) = running.take() {
            running.end().await;
        }
    }

    async fn start(settings: Settings) -> Result<Self, StartError> {
        let listen = settings.listen.clone();
        let failed = |source| StartError::Listen { listen: listen.clone(), source };
        let addresses: Vec<SocketAddr> =
            tokio::net::lookup_host(listen.as_str()).await.map_err(failed)?.collect();
        let is_loopback = addresses.iter().all(|address| address.ip().is_loopback());
        if !is_loopback && settings.tokens.is_empty() {
            return Err(StartError::Unprotected { listen });
        }
        let listener = TcpListener::bind(addresses.as_slice()).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (inlet, outlet) = queue::bounded(settings.queue);
        let (reader, pipeline) = open(&settings, outlet).await?;
        let api = Api::new(
            settings.tokens,
            settings.hub_clients,
            settings.limits,
            settings.body_timeout,
            inlet.clone(),
            Queries::new(reader),
        );
        let running = Running::start(listener, api, inlet, pipeline);
        Ok(Self { address, running: Mutex::new(Some(running)) })
    }
}

impl Running {
    fn start(listener: TcpListener, api: Api, inlet: Inlet, pipeline: Ended) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let server = axum::serve(listener, api.router()).with_graceful_shutdown(async {
            // The sender's loss says the same as its message.
            let _ = stopped.await;
        });
        let server = tokio::spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(%error, "the server ended");
            }
        });
        Self { stop: Some(stop), server, inlet, pipeline: Some(pipeline) }
    }

    async fn end(mut self) {
        self.stop.take();
        if tokio::time::timeout(SHUTDOWN, &mut self.server).await.is_err() {
            tracing::warn!("requests that took longer than 10 s to finish are given up");
        }
        self.inlet.close();
        if let Some(pipeline) = self.pipeline.take() {
            // It always ends with an error: the thread lets go of its end, and sends nothing.
            let _ = pipeline.await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.inlet.close();
        self.server.abort();
    }
}

/// Opens the store and starts the thread that writes to it.
async fn open(settings: &Settings, outlet: Outlet) -> Result<(Reader, Ended), StartError> {
    let data_dir = settings.data_dir.clone();
    let retention = settings.retention;
    let opened = tokio::task::spawn_blocking(move || {
        let dir = match data_dir {
            Some(path) => DataDir::open(&path),
            None => DataDir::temporary(),
        };
        let writer = Writer::open(dir?)?;
        let reader = Reader::new(writer.path().to_owned());
        pipeline::start(outlet, writer, retention)
            .map(|ended| (reader, ended))
            .map_err(StartError::Thread)
    });
    let lost = |error| StartError::Store(Box::new(error));
    opened.await.map_err(lost)?
}

impl From<DirError> for StartError {
    fn from(error: DirError) -> Self {
        Self::Store(Box::new(error))
    }
}

impl From<WriteError> for StartError {
    fn from(error: WriteError) -> Self {
        Self::Store(Box::new(error))
    }
}
