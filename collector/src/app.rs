//! Puts the parts together: a running collector, and its end.
//! It never answers before the store is open, and never loses at its end what it acknowledged.

mod builder;
mod export_command;
mod queue_command;
mod serve;
mod server;
mod token_command;
mod tokens;

pub use builder::Builder;
pub use export_command::{ExportCommandError, export_command};
pub use queue_command::{QueueError, queue_command};
pub use serve::serve;
pub use token_command::{TokenError, token_command};

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Mutex, oneshot};
use tokio::task::JoinHandle;

use crate::api::Api;
use crate::clock::unix_now_ns;
use crate::config::Settings;
use crate::hits::{self, Handlers};
use crate::ingest::Access;
use crate::pipeline::{self, Pipeline};
use crate::query::Queries;
use crate::queue::{Embedded, OpenError, Quarantine, Queue};
use crate::rollup::Fleet;
use crate::store::{DataDir, DirError, Reader, Store, WriteError, Writer};
use server::Server;
use tokens::Watch;

/// How long a shutdown waits for requests that are being answered, and then for what waits to be
/// stored.
const SHUTDOWN: Duration = Duration::from_secs(10);

/// How long it waits for the last round of the handlers of hits.
const LAST_ROUND: Duration = Duration::from_secs(5);

/// Ids of stored batches that the queue is told of, so that it knows them when they are sent again.
const KNOWN_IDS: usize = 100_000;

/// Series of the fleet's durations; each takes 18 lines of `/metrics`.
const FLEET_SERIES: usize = 2_000;

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
        "{listen} can be reached from other machines, and there is no token; make one with \
         `egret-collector token create`, or set tokens (EGRET_COLLECTOR_TOKENS, --token-file, or \
         `tokens` in the file), or listen on 127.0.0.1"
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
    /// Handlers of hits that cannot be.
    #[error("the handlers of hits are not valid: {0}")]
    Hits(String),
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
    queue: Arc<dyn Queue>,
    pipeline: Option<Pipeline>,
    beside: Option<Beside>,
}

/// What stands on the disk.
struct Opened {
    reader: Reader,
    queue: Arc<dyn Queue>,
    pipeline: Pipeline,
    fleet: Option<Arc<Fleet>>,
    beside: Beside,
}

/// Threads that neither receive nor store.
#[derive(Debug)]
struct Beside {
    watch: Watch,
    handlers: Handlers,
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

    /// Takes no more connections, finishes requests that are being answered, and stores all that was
    /// accepted, each for at most 10 seconds; what is not stored by then waits in the queue for the
    /// next start. Later calls return at once.
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
        let access = tokens::access(&settings, is_loopback).await?;
        let is_protected = access.lets_somebody_in(unix_now_ns());
        if !is_loopback && !is_protected {
            return Err(StartError::Unprotected { listen });
        }
        let listener = TcpListener::bind(addresses.as_slice()).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (limits, header_timeout) = (settings.limits, settings.header_timeout);
        let max_connections = settings.max_connections;
        let (hub_clients, body_timeout) = (settings.hub_clients.clone(), settings.body_timeout);
        let Opened { reader, queue, pipeline, fleet, beside } =
            open(settings, Arc::clone(&access)).await?;
        let (progress, damage) = (pipeline.progress.clone(), pipeline.damage.clone());
        let queries = Queries::new(Arc::new(reader));
        let queue_end = Arc::clone(&queue);
        let api = Api::new(access, hub_clients, limits, body_timeout, queue_end, progress, queries);
        let router = api.with_fleet(fleet).with_damage(damage).router();
        let server = Server { router, header_timeout, max_connections };
        let running = Running::start(listener, server, queue, pipeline, beside);
        Ok(Self { address, running: Mutex::new(Some(running)) })
    }
}

impl Running {
    fn start(
        listener: TcpListener,
        server: Server,
        queue: Arc<dyn Queue>,
        pipeline: Pipeline,
        beside: Beside,
    ) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(server.run(listener, stopped));
        Self { stop: Some(stop), server, queue, pipeline: Some(pipeline), beside: Some(beside) }
    }

    async fn end(mut self) {
        self.stop.take();
        if tokio::time::timeout(SHUTDOWN, &mut self.server).await.is_err() {
            tracing::warn!("requests that took longer than 10 s to finish are given up");
        }
        self.queue.close();
        if let Some(Pipeline { mut ended, stop, .. }) = self.pipeline.take() {
            // It always ends with an error: the thread lets go of its end, and sends nothing.
            if tokio::time::timeout(SHUTDOWN, &mut ended).await.is_err() {
                let n_batches = self.queue.stats().n_batches;
                tracing::warn!(n_batches, "batches are left in the queue for the next start");
                drop(stop);
                let _ = ended.await;
            }
        }
        if let Some(Beside { watch, handlers }) = self.beside.take() {
            // After the pipeline, so that their last round has everything.
            tokio::join!(watch.end(), handlers.end(LAST_ROUND));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.queue.close();
        self.server.abort();
    }
}

/// Opens the store and the queue, and starts the threads that write to them.
async fn open(settings: Settings, access: Arc<Access>) -> Result<Opened, StartError> {
    let opened = tokio::task::spawn_blocking(move || {
        let dir = match settings.data_dir {
            Some(path) => DataDir::open(&path),
            None => DataDir::temporary(),
        };
        let writer =
            Writer::open(dir?, settings.queue.durability)?.with_series_limits(settings.series);
        let path = writer.path().to_owned();
        let handlers = Handlers::start(settings.hits, &path)?;
        let (position, known) = (writer.position()?, writer.latest(KNOWN_IDS)?);
        let queue = Embedded::open(&path, settings.queue, position, known)?;
        let queue: Arc<dyn Queue> = Arc::new(queue);
        let quarantine = Quarantine::of(&path).within(settings.queue.quarantine);
        let fleet = settings.fleet_metrics.then(|| Arc::new(Fleet::new(FLEET_SERIES)));
        let pipeline = pipeline::start(
            Arc::clone(&queue),
            Box::new(writer),
            quarantine,
            settings.retention,
            position,
            handlers.wanted.clone(),
            fleet.clone(),
        );
        let pipeline = pipeline.map_err(StartError::Thread)?;
        let watch = Watch::start(&path, access)?;
        Ok(Opened {
            reader: Reader::new(path),
            queue,
            pipeline,
            fleet,
            beside: Beside { watch, handlers },
        })
    });
    let lost = |error| StartError::Store(Box::new(error));
    opened.await.map_err(lost)?
}

impl From<OpenError> for StartError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Thread(source) => Self::Thread(source),
            OpenError::Io { .. } => Self::Store(Box::new(error)),
        }
    }
}

impl From<hits::StartError> for StartError {
    fn from(error: hits::StartError) -> Self {
        match error {
            hits::StartError::Thread(source) => Self::Thread(source),
            hits::StartError::Store(_) => Self::Store(Box::new(error)),
        }
    }
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
