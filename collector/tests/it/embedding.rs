//! Promise: an embedded collector starts, ends and disappears without a trace of trouble.
//! They never leave a directory behind.

use std::time::Duration;

use egret_collector::{Collector, StartError};

use crate::fixture::{Call, Client, batch};

#[tokio::test(flavor = "current_thread")]
async fn it_runs_on_a_single_thread_and_ends_twice() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    assert_eq!(collector.url(), format!("http://{}", collector.local_addr()));
    let client = Client::new(collector.url());
    client.send(&batch(&[Call::new("/a", 200)])).await;
    assert_eq!(client.get("/healthz").await, serde_json::json!({ "status": "ok" }));
    tokio::join!(collector.shutdown(), collector.shutdown());
    collector.shutdown().await;
    assert!(client.try_send(&batch(&[])).await.is_err(), "nobody listens");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_temporary_directory_goes_with_it() {
    let temporary = || {
        let names = std::fs::read_dir(std::env::temp_dir()).unwrap();
        let names = names.filter_map(|entry| entry.unwrap().file_name().into_string().ok());
        names.filter(|name| name.starts_with("egret-collector-")).collect::<Vec<_>>()
    };
    let before = temporary();
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    Client::new(collector.url()).send(&batch(&[Call::new("/a", 200)])).await;
    let ours: Vec<_> = temporary().into_iter().filter(|name| !before.contains(name)).collect();
    assert!(!ours.is_empty());
    collector.shutdown().await;
    // Other tests have theirs at the same time: one of the new ones must be gone.
    let after = temporary();
    assert!(ours.iter().any(|name| !after.contains(name)), "{ours:?} is still there");
}

#[test]
fn dropping_it_without_an_end_neither_hangs_nor_panics() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let collector = runtime.block_on(async {
        let collector = Collector::builder().data_dir(dir.path()).start().await.unwrap();
        Client::new(collector.url()).send(&batch(&[Call::new("/a", 200)])).await;
        collector
    });
    drop(runtime);
    drop(collector);
    // The thread lets the directory go by itself; then another may have it.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let again = tokio::time::timeout(Duration::from_secs(20), restart(dir.path()));
        let collector = again.await.unwrap();
        assert_eq!(Client::new(collector.url()).count().await, 1);
        drop(collector);
    });
}

async fn restart(dir: &std::path::Path) -> Collector {
    loop {
        match Collector::builder().data_dir(dir).start().await {
            Ok(collector) => return collector,
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

#[tokio::test]
async fn what_cannot_start_says_why() {
    let open = Collector::bind("0.0.0.0:0").await.unwrap_err();
    assert!(matches!(open, StartError::Unprotected { .. }));
    assert!(open.to_string().contains("EGRET_COLLECTOR_TOKENS"), "{open}");
    let protected = Collector::builder().listen("0.0.0.0:0").token("one").start().await.unwrap();
    let taken = Collector::bind(protected.local_addr().to_string().replace("0.0.0.0", "127.0.0.1"));
    assert!(matches!(taken.await.unwrap_err(), StartError::Listen { .. }));
    protected.shutdown().await;
    assert!(matches!(Collector::bind("nowhere").await.unwrap_err(), StartError::Listen { .. }));
    let bad_token = Collector::builder().token("not one").start().await.unwrap_err();
    assert!(matches!(bad_token, StartError::Token));
}
