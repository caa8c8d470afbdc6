//! Flush and shutdown keep their deadlines, and after them nothing is taken or lost.

use std::time::{Duration, Instant};

use egret::{Call, DropReason, Egret};
use egret_collector::Collector;

use crate::collector::{config, total};
use crate::upstream::Upstream;

fn log(egret: &Egret, n: u64) {
    (0..n).for_each(|_| egret.log(Call::new("GET", "https://api.example.com/x")));
}

#[tokio::test]
async fn what_was_logged_before_a_shutdown_arrives_and_what_comes_after_is_counted() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let egret = Egret::start(config(&collector.url()).build().unwrap()).unwrap();
    log(&egret, 1_000);
    egret.shutdown_async(Duration::from_secs(5)).await.unwrap();
    log(&egret, 10);
    let stats = egret.stats();
    assert_eq!((stats.delivered, stats.dropped.of(DropReason::Closed)), (1_000, 10));
    assert!(stats.is_conserved());
    assert_eq!(total(&collector.url()).await, 1_000);
    egret.flush_async(Duration::from_secs(5)).await.unwrap();
    egret.shutdown_async(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn deadlines_hold_when_the_collector_never_answers() {
    let silent = Upstream::start().await;
    let egret = Egret::start(config(&silent.url("/silent")).build().unwrap()).unwrap();
    log(&egret, 100);
    let start = Instant::now();
    let error = egret.flush_async(Duration::from_millis(300)).await.unwrap_err();
    assert_eq!(error.n_records, 100);
    let handle = egret.clone();
    let blocking = move || handle.shutdown(Duration::from_millis(300));
    let error = tokio::task::spawn_blocking(blocking).await.unwrap().unwrap_err();
    println!("a flush and a shutdown of 300 ms each took {:?}", start.elapsed());
    assert_eq!(error.n_records, 100);
    let stats = egret.stats();
    assert!(stats.is_conserved());
    assert_eq!(stats.dropped.of(DropReason::Shutdown), 100);
}

#[tokio::test]
async fn the_guard_delivers_what_is_left() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let config = config(&collector.url()).flush_interval(Duration::from_secs(60)).build().unwrap();
    let egret = Egret::start(config).unwrap();
    let guard = egret.guard().deadline(Duration::from_secs(5));
    log(&egret, 7);
    tokio::task::spawn_blocking(move || drop(guard)).await.unwrap();
    assert_eq!((egret.stats().delivered, total(&collector.url()).await), (7, 7));
}

#[tokio::test]
async fn when_the_last_handle_goes_what_is_left_is_sent() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let config = config(&collector.url()).flush_interval(Duration::from_secs(60)).build().unwrap();
    let egret = Egret::start(config).unwrap();
    log(&egret, 7);
    drop(egret);
    for _ in 0..500 {
        if total(&collector.url()).await == 7 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("what was left did not arrive");
}

/// Makes this test binary a service with egret disabled.
const DISABLED: &str = "EGRET_TEST_DISABLED";

/// In a process of its own, for other tests start threads of egret's in this one.
#[test]
fn disabled_takes_nothing_and_starts_no_thread() {
    if std::env::var_os(DISABLED).is_some() {
        return disabled_service();
    }
    let status = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "shutdown::disabled_takes_nothing_and_starts_no_thread"])
        .env(DISABLED, "1")
        .env("EGRET_DISABLED", "1")
        .status()
        .unwrap();
    assert!(status.success());
}

fn disabled_service() {
    let egret = egret::init(egret::Config::from_env().unwrap()).unwrap();
    log(&egret, 10);
    let _client = egret.wrap(reqwest::Client::new());
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names =
        tasks.map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")).unwrap());
    let names: Vec<_> = names.collect();
    assert!(names.iter().all(|name| name.trim() != "egret"), "{names:?}");
    assert_eq!(egret.stats(), egret::Stats::default());
    egret.flush(Duration::from_secs(1)).unwrap();
    assert!(matches!(
        egret::init(egret::Config::from_env().unwrap()),
        Err(egret::InitError::Twice)
    ));
}
