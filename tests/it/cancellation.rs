//! A call that is given up leaves exactly one record, wherever it was.

use std::time::Duration;

use egret::Egret;
use egret_collector::Collector;

use crate::collector::{config, outcomes};
use crate::upstream::{Upstream, closed_port};

#[tokio::test]
async fn every_exit_of_the_middleware_records_once() {
    let upstream = Upstream::start().await;
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let egret = Egret::start(config(&collector.url()).build().unwrap()).unwrap();
    let client = egret.wrap(reqwest::Client::new());
    // Never polled: nothing began, so nothing is recorded.
    drop(client.get(upstream.url("/status/200")).send());
    let waiting = client.get(upstream.url("/silent")).send();
    assert!(tokio::time::timeout(Duration::from_millis(50), waiting).await.is_err());
    let task = tokio::spawn(client.get(upstream.url("/silent")).send());
    while upstream.seen("/silent") < 2 {
        tokio::task::yield_now().await;
    }
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    let closed = closed_port().await;
    client.get(format!("http://{closed}/")).send().await.unwrap_err();
    client.get("http://no-such-host.invalid/").send().await.unwrap_err();
    client.get(format!("https://{}/", upstream.address)).send().await.unwrap_err();
    client.get(upstream.url("/loop")).send().await.unwrap_err();
    egret.flush_async(Duration::from_secs(5)).await.unwrap();
    let expected = [
        ("cancelled null cancelled", 2),
        ("failed null connect", 1),
        ("failed null dns", 1),
        ("failed null redirect", 1),
        ("failed null tls", 1),
    ];
    let expected = expected.map(|(name, n)| (name.to_owned(), n)).into();
    assert_eq!(outcomes(&collector.url()).await, expected);
}

#[tokio::test]
async fn a_runtime_that_ends_in_the_middle_of_calls_leaves_their_records() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let egret = Egret::start(config(&collector.url()).build().unwrap()).unwrap();
    let handle = egret.clone();
    let inner = std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let client = handle.wrap(reqwest::Client::new());
        runtime.block_on(async {
            let upstream = Upstream::start().await;
            for _ in 0..10 {
                tokio::spawn(client.get(upstream.url("/silent")).send());
            }
            while upstream.seen("/silent") < 10 {
                tokio::task::yield_now().await;
            }
        });
        drop(runtime);
    });
    tokio::task::spawn_blocking(|| inner.join().unwrap()).await.unwrap();
    egret.flush_async(Duration::from_secs(5)).await.unwrap();
    let expected = [("cancelled null cancelled".to_owned(), 10)].into();
    assert_eq!(outcomes(&collector.url()).await, expected);
}
