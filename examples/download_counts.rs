//! Counts the downloads of a file server into SQLite, exactly, over restarts.
//! Never counts what was not delivered: a 404, a HEAD and an unknown path are no downloads.
//!
//! `cargo run --release --features hits --example download_counts` serves until Ctrl-C and writes
//! `download_counts.sqlite`; with `-- --once` it makes requests itself, restarts in between, and
//! fails unless the counts equal the requests made.

#![allow(clippy::print_stdout, reason = "an example that shows what it did")]

use std::collections::BTreeMap;
use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use axum::extract;
use axum::http::{Method, StatusCode};
use axum::routing::get;
use egret::hits::{HitHandler, Hits, HitsBuilder, Snapshot};
use rusqlite::Connection;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

const FILE_ROUTE: &str = "/v1/assets/{asset}/files/{digest}";

/// The files that exist, by asset and digest.
const FILES: [(&str, &str); 3] = [("hg38", "a1f0"), ("hg38", "b2e7"), ("mm10", "c3d5")];

/// How long a snapshot's id is kept: far longer than the time until it is tried again.
const IDS_KEPT_NS: i64 = 30 * 24 * 3_600 * 1_000_000_000;

/// Adds downloads to a table, each snapshot once.
struct CountDownloads {
    database: Connection,
}

impl CountDownloads {
    fn open(path: &Path) -> Result<Self> {
        let database = Connection::open(path)?;
        // Several processes may count into one database; each waits for the others.
        database.busy_timeout(Duration::from_secs(5))?;
        database.execute_batch(
            "CREATE TABLE IF NOT EXISTS downloads
                 (digest TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT;
             CREATE TABLE IF NOT EXISTS handled
                 (snapshot TEXT PRIMARY KEY, to_unix_ns INTEGER NOT NULL) STRICT;",
        )?;
        Ok(Self { database })
    }
}

impl HitHandler for CountDownloads {
    fn handle(&mut self, snapshot: &Snapshot) -> Result<(), Box<dyn Error + Send + Sync>> {
        let transaction = self.database.transaction()?;
        let to_unix_ns = i64::try_from(snapshot.to_unix_ns())?;
        // The id goes in with the counts or not at all: when the commit's answer is lost, the
        // snapshot comes again, and is found here.
        let is_new = transaction.execute(
            "INSERT OR IGNORE INTO handled (snapshot, to_unix_ns) VALUES (?1, ?2)",
            (snapshot.id().to_string(), to_unix_ns),
        )? == 1;
        if !is_new {
            return Ok(());
        }
        for (hit, n) in snapshot.iter() {
            if let Some(digest) = hit.param("digest")
                && hit.route() == FILE_ROUTE
                && hit.is_success()
            {
                transaction.execute(
                    "INSERT INTO downloads (digest, n) VALUES (?1, ?2)
                     ON CONFLICT (digest) DO UPDATE SET n = n + excluded.n",
                    (digest, i64::try_from(n)?),
                )?;
            }
        }
        let oldest = to_unix_ns.saturating_sub(IDS_KEPT_NS);
        transaction.execute("DELETE FROM handled WHERE to_unix_ns < ?1", [oldest])?;
        Ok(transaction.commit()?)
    }
}

/// Beside the other, to show that it takes nothing from it.
fn always_fail(_: &Snapshot) -> Result<(), Box<dyn Error + Send + Sync>> {
    Err("this handler always fails".into())
}

/// One life of the service.
struct Service {
    hits: Hits,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Service {
    async fn start(database: &Path, port: u16, hits: HitsBuilder) -> Result<Self> {
        let hits = hits
            .handler("always_fail", always_fail)
            .handler("count_downloads", CountDownloads::open(database)?)
            .start()?;
        let router = axum::Router::new()
            .route(FILE_ROUTE, get(download))
            .layer(hits.layer().methods([Method::GET]));
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = axum::serve(listener, router).with_graceful_shutdown(async {
            // A stop that can no longer be given is one that was given.
            let _ = stopped.await;
        });
        let server = tokio::spawn(async move { serving.await });
        Ok(Self { hits, address, stop, server })
    }

    /// First the server, so that no hit comes late; then a last run for each handler.
    async fn stop(self) -> Result<()> {
        let _ = self.stop.send(());
        self.server.await??;
        let hits = self.hits.clone();
        let shutdown = move || hits.shutdown(Duration::from_secs(5));
        if let Err(unfinished) = tokio::task::spawn_blocking(shutdown).await? {
            println!("  at shutdown: {unfinished}");
        }
        for handler in self.hits.stats().handlers {
            println!(
                "  {}: {} hits handled, {} not; {} runs, {} failed",
                handler.name,
                handler.n_hits_handled,
                handler.n_hits_pending,
                handler.n_runs,
                handler.n_failures,
            );
            let is_through = handler.n_hits_pending == 0;
            ensure!(is_through || handler.name == "always_fail", "{} has hits left", handler.name);
        }
        Ok(())
    }
}

async fn download(
    extract::Path((asset, digest)): extract::Path<(String, String)>,
) -> Result<String, StatusCode> {
    let exists = FILES.contains(&(asset.as_str(), digest.as_str()));
    if exists { Ok(format!("{asset} {digest}\n")) } else { Err(StatusCode::NOT_FOUND) }
}

#[tokio::main]
async fn main() -> Result<()> {
    if std::env::args().any(|argument| argument == "--once") {
        return try_out().await;
    }
    // Every 60 s, unless EGRET_HITS_INTERVAL_SECONDS says otherwise.
    let hits = Hits::builder().env();
    let service = Service::start(Path::new("download_counts.sqlite"), 3000, hits).await?;
    let (asset, digest) = FILES[0];
    println!("http://{}/v1/assets/{asset}/files/{digest}  (Ctrl-C ends)", service.address);
    tokio::signal::ctrl_c().await?;
    service.stop().await
}

/// Two lives of the service on one database; the second takes up the counts of the first.
async fn try_out() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let database = directory.path().join("download_counts.sqlite");
    let mut made = BTreeMap::new();
    for (life, n_rounds) in [(1, 40), (2, 25)] {
        println!("life {life} of the service:");
        // So often that handlers run while requests come.
        let hits = Hits::builder().interval(Duration::from_millis(20));
        let service = Service::start(&database, 0, hits).await?;
        download_all(service.address, n_rounds, &mut made).await?;
        service.stop().await?;
    }
    let counted = counted(&database)?;
    println!("\n{:<8} {:>8} {:>8}", "digest", "made", "counted");
    let digests: std::collections::BTreeSet<_> = made.keys().chain(counted.keys()).collect();
    for digest in digests {
        let n = |counts: &BTreeMap<String, i64>| counts.get(digest).copied().unwrap_or(0);
        println!("{digest:<8} {:>8} {:>8}", n(&made), n(&counted));
    }
    ensure!(made == counted, "the counts differ from the requests made");
    println!("\nEvery download was counted once, over a restart, beside a handler that fails.");
    Ok(())
}

/// Downloads the first file most often, the last least, all at once; in between come requests that
/// are no downloads.
async fn download_all(
    address: SocketAddr,
    n_rounds: u64,
    made: &mut BTreeMap<String, i64>,
) -> Result<()> {
    let client = reqwest::Client::new();
    let mut requests = tokio::task::JoinSet::new();
    let mut ask = |method: Method, path: String, expected: StatusCode| {
        let request = client.request(method, format!("http://{address}{path}"));
        requests.spawn(async move {
            let status = request.send().await?.status();
            ensure!(status == expected, "{path} was answered with {status}");
            Ok(())
        });
    };
    for round in 0..n_rounds {
        for (rank, (asset, digest)) in (1..).zip(FILES) {
            let path = format!("/v1/assets/{asset}/files/{digest}");
            if round % rank == 0 {
                ask(Method::GET, path.clone(), StatusCode::OK);
                *made.entry(digest.to_owned()).or_default() += 1;
            }
            ask(Method::HEAD, path, StatusCode::OK);
        }
        ask(Method::GET, "/v1/assets/hg38/files/gone".to_owned(), StatusCode::NOT_FOUND);
        ask(Method::GET, "/nowhere".to_owned(), StatusCode::NOT_FOUND);
    }
    while let Some(request) = requests.join_next().await {
        request.map_err(|error| anyhow!(error)).and_then(|answer| answer)?;
    }
    Ok(())
}

/// What the database says after the service has ended.
fn counted(database: &Path) -> Result<BTreeMap<String, i64>> {
    let database = Connection::open(database)?;
    let mut rows = database.prepare("SELECT digest, n FROM downloads")?;
    let counts = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    counts.collect::<Result<_, _>>().context("cannot read the counts")
}
