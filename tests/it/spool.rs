//! With a spool, neither an outage nor a kill costs what was reported safe.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use egret::{Call, Config, DropReason, Egret, SpoolState};
use egret_collector::Collector;

use crate::collector::{Process, calls, config, total};
use crate::upstream::{Upstream, closed_port};

/// Makes this test binary a service that is about to be killed: the number of its run.
const RUN: &str = "EGRET_TEST_KILLED_RUN";

/// Kills.
const N_RUNS: u64 = 200;

fn log(egret: &Egret, ids: impl Iterator<Item = u64>) {
    for id in ids {
        egret.log(Call::new("GET", &format!("https://api.example.com/x?id={id}")));
    }
}

/// Logs numbered records and says, after each few, up to which all are delivered or on disk.
#[test]
fn killed_service() {
    let Ok(run) = std::env::var(RUN) else { return };
    let first = run.parse::<u64>().unwrap() * 1_000_000;
    let egret = Egret::start(Config::from_env().unwrap()).unwrap();
    for n in (0..100_000).step_by(5) {
        log(&egret, first + n..first + n + 5);
        egret.flush(Duration::from_secs(5)).unwrap();
        let stats = egret.stats();
        assert!(stats.is_conserved() && stats.dropped.total() == 0, "{stats:?}");
        assert_eq!(stats.queued, 0, "{stats:?}");
        println!("safe {}", first + n + 5);
    }
}

/// Starts the service, kills it after a while, and returns the ids that it had reported safe.
fn run_and_kill(run: u64, url: &str, spool: &Path, life: Duration) -> std::ops::Range<u64> {
    let mut service = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "spool::killed_service", "--nocapture"])
        .env(RUN, run.to_string())
        .env("EGRET_COLLECTOR_URL", url)
        .env("EGRET_SPOOL_DIR", spool)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let output = BufReader::new(service.stdout.take().unwrap());
    let killer = std::thread::spawn(move || {
        std::thread::sleep(life);
        service.kill().unwrap();
        service.wait().unwrap();
    });
    let first = run * 1_000_000;
    let mut safe = first;
    for line in output.lines().map_while(Result::ok) {
        // The last line may be cut short by the kill, and the harness writes its own before it.
        if let Some(id) = line.split("safe ").nth(1).and_then(|id| id.parse().ok()) {
            safe = if id > safe && id <= safe + 5 { id } else { safe };
        }
    }
    killer.join().unwrap();
    first..safe
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_kills_lose_nothing_that_was_safe() {
    let spool = tempfile::tempdir().unwrap();
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let closed = format!("http://{}", closed_port().await);
    let mut safe = Vec::new();
    let start = Instant::now();
    for run in 0..N_RUNS {
        // Mostly no collector, so that the spool fills, and lives of 5 to 80 ms after the start.
        let url = if run % 3 == 2 { collector.url() } else { closed.clone() };
        let life = Duration::from_millis(15 + run * 7919 % 75);
        let spool = spool.path().to_owned();
        let kill = move || run_and_kill(run, &url, &spool, life);
        safe.push(tokio::task::spawn_blocking(kill).await.unwrap());
    }
    let took = start.elapsed();
    let config = config(&collector.url()).spool_dir(spool.path()).build().unwrap();
    let heir = Egret::start(config).unwrap();
    // What is on its way from the spool is still on disk, and a shutdown would leave it there.
    wait_for(|| {
        let stats = heir.stats();
        stats.spool_state == SpoolState::Working && stats.spooled + stats.in_flight == 0
    })
    .await;
    heir.shutdown_async(Duration::from_secs(5)).await.unwrap();
    let mut seen = BTreeMap::new();
    for call in calls(&collector.url(), "").await {
        let query = call["url.query"].as_str().unwrap();
        let id: u64 = query.strip_prefix("id=").unwrap().parse().unwrap();
        *seen.entry(id).or_insert(0u64) += 1;
    }
    let safe: BTreeSet<u64> = safe.into_iter().flatten().collect();
    let missing: Vec<_> = safe.iter().filter(|id| !seen.contains_key(id)).collect();
    let twice: Vec<_> = seen.iter().filter(|(_, n)| **n > 1).collect();
    let stats = heir.stats();
    println!(
        "{N_RUNS} kills in {took:.1?}: {} records reported safe, {} at the collector, {} missing, \
         {} twice; the heir adopted {}",
        safe.len(),
        seen.len(),
        missing.len(),
        twice.len(),
        stats.adopted
    );
    // Thousands on a calm machine; a busy one kills most lives before they record anything.
    assert!(safe.len() > 100, "the test must have something to lose");
    assert!(missing.is_empty() && twice.is_empty(), "missing {missing:?}, twice {twice:?}");
    assert!(stats.is_conserved() && stats.dropped.total() == 0, "{stats:?}");
    assert_eq!((stats.spooled, stats.delivered), (0, stats.adopted), "{stats:?}");
}

async fn wait_for(condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(60), "the condition never came true");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_with_a_spool_costs_nothing_and_a_restart_neither() {
    let (data, spool) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let address = closed_port().await;
    let url = format!("http://{address}");
    let start = || Egret::start(config(&url).spool_dir(spool.path()).build().unwrap()).unwrap();
    let first = start();
    log(&first, 0..20_000);
    first.shutdown_async(Duration::from_secs(5)).await.unwrap();
    let stats = first.stats();
    assert_eq!((stats.spooled, stats.dropped.total()), (20_000, 0), "{stats:?}");
    let second = start();
    log(&second, 20_000..30_000);
    let collector = Process::start(address, data.path()).await;
    wait_for(|| second.stats().delivered == 30_000).await;
    let stats = second.stats();
    assert!(stats.is_conserved() && stats.adopted == 20_000, "{stats:?}");
    assert_eq!(total(&url).await, 30_000);
    second.shutdown_async(Duration::from_secs(5)).await.unwrap();
    collector.kill();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spool_that_cannot_be_used_is_a_state_and_not_a_failure() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("not-a-directory");
    std::fs::write(&file, "x").unwrap();
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let working = config(&collector.url()).spool_dir(&file).build().unwrap();
    let egret = Egret::start(working).unwrap();
    log(&egret, 0..100);
    egret.flush_async(Duration::from_secs(5)).await.unwrap();
    assert_eq!((egret.stats().delivered, egret.stats().spool_state), (100, SpoolState::Failing));
    let closed = format!("http://{}", closed_port().await);
    let egret = Egret::start(config(&closed).spool_dir(&file).build().unwrap()).unwrap();
    log(&egret, 0..100);
    egret.shutdown_async(Duration::from_millis(300)).await.unwrap_err();
    let stats = egret.stats();
    assert!(stats.is_conserved());
    assert_eq!(stats.dropped.of(DropReason::Shutdown), 100, "{stats:?}");
}

/// A FIFO opens only when its other end does; somebody's slip must not stop everybody's delivery.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fifo_in_place_of_a_lock_stops_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let foreign = dir.path().join("01a1fc18-b25a-712a-a334-c70bfecf3c0e-1");
    std::fs::create_dir(&foreign).unwrap();
    let made = Command::new("mkfifo").arg(foreign.join("lock")).status().unwrap();
    assert!(made.success());
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let config = config(&collector.url()).spool_dir(dir.path()).build().unwrap();
    let egret = Egret::start(config).unwrap();
    log(&egret, 0..40);
    egret.flush_async(Duration::from_secs(5)).await.unwrap();
    assert_eq!((egret.stats().delivered, egret.stats().spool_state), (40, SpoolState::Working));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_black_hole_does_not_take_by_the_deadline_is_on_disk() {
    let silent = Upstream::start().await;
    for round in 0..5 {
        let dir = tempfile::tempdir().unwrap();
        let config = config(&silent.url("/silent")).spool_dir(dir.path()).build().unwrap();
        let egret = Egret::start(config).unwrap();
        log(&egret, 0..100);
        let start = Instant::now();
        egret.shutdown_async(Duration::from_millis(300 + 17 * round)).await.unwrap();
        let stats = egret.stats();
        println!("a shutdown into a black hole took {:?}", start.elapsed());
        assert_eq!((stats.spooled, stats.dropped.total()), (100, 0), "{stats:?}");
    }
}
