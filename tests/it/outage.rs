//! A collector that dies and comes back: the service does not notice, no record is unaccounted.

use std::time::{Duration, Instant};

use egret::{DropReason, Egret};

use crate::collector::{Process, config, total};
use crate::upstream::{Upstream, closed_port};

/// Median and 99th percentile of `n` wrapped calls, one after the other.
async fn latencies(
    client: &reqwest_middleware::ClientWithMiddleware,
    upstream: &Upstream,
    n: usize,
) -> (Duration, Duration) {
    let mut durations = Vec::with_capacity(n);
    for _ in 0..n {
        let start = Instant::now();
        client.get(upstream.url("/status/200")).send().await.unwrap().bytes().await.unwrap();
        durations.push(start.elapsed());
    }
    durations.sort();
    (durations[n / 2], durations[n * 99 / 100])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_collector_costs_no_record_and_no_time() {
    const N_CALLS: usize = 1_000;
    let upstream = Upstream::start().await;
    let data = tempfile::tempdir().unwrap();
    let address = closed_port().await;
    let collector = Process::start(address, data.path()).await;
    let url = format!("http://{address}");
    let egret = Egret::start(config(&url).build().unwrap()).unwrap();
    let client = egret.wrap(reqwest::Client::new());
    let up = latencies(&client, &upstream, N_CALLS).await;
    collector.kill();
    let down = latencies(&client, &upstream, N_CALLS).await;
    assert!(egret.stats().is_conserved());
    let collector = Process::start(address, data.path()).await;
    let again = latencies(&client, &upstream, N_CALLS).await;
    egret.flush_async(Duration::from_secs(20)).await.unwrap();
    println!("p50 and p99 of a call: up {up:?}, down {down:?}, up again {again:?}");
    let stats = egret.stats();
    assert!(stats.is_conserved(), "{stats:?}");
    assert_eq!(stats.delivered, 3 * N_CALLS as u64, "{stats:?}");
    // A batch that was stored but not acknowledged is sent again and stored once.
    assert_eq!(total(&url).await, 3 * N_CALLS as u64);
    collector.kill();
}

#[tokio::test]
async fn beyond_the_bound_the_oldest_are_dropped_by_name_and_the_rest_arrives() {
    const N_CALLS: u64 = 100_000;
    let data = tempfile::tempdir().unwrap();
    let address = closed_port().await;
    let url = format!("http://{address}");
    let egret = Egret::start(config(&url).pending_bytes(4 << 20).build().unwrap()).unwrap();
    for n in 0..N_CALLS {
        // Nothing that could be compressed, so that the bound is soon reached.
        let noise = |k: u64| (n + k).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31) ^ (n << 7);
        let noise: String =
            (0..8).map(|k| format!("{:016x}", noise(k * 0x1234_5678_9abc))).collect();
        let url = format!("https://api.example.com/items/{noise}");
        egret.log(egret::Call::new("GET", &url).duration(Duration::from_nanos(n * 7919)));
    }
    egret.flush_async(Duration::from_secs(3)).await.unwrap_err();
    let before = egret.stats();
    assert!(before.is_conserved() && before.dropped.of(DropReason::PendingBytes) > 0, "{before:?}");
    let collector = Process::start(address, data.path()).await;
    egret.flush_async(Duration::from_secs(10)).await.unwrap();
    let stats = egret.stats();
    assert_eq!(stats.delivered + stats.dropped.total(), N_CALLS);
    assert_eq!(total(&url).await, stats.delivered);
    println!("delivered {}, dropped {:?}", stats.delivered, stats.dropped.by_name());
    collector.kill();
}
