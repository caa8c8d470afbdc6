//! After a fork the child records its own calls and never the parent's.

use std::process::Command;
use std::time::Duration;

use egret::{Call, Config, Egret};
use egret_collector::Collector;

use crate::collector::calls;

/// Makes this test binary a service that forks.
const SERVICE: &str = "EGRET_TEST_FORKING";

/// What each of the two logs; the parent once before the fork and once after it.
const N_PARENT: u64 = 500;
const N_CHILD: u64 = 70;

fn log(egret: &Egret, who: &str, n: u64) {
    for n in 0..n {
        egret.log(Call::new("GET", &format!("https://{who}.example.com/{n}")));
    }
}

#[test]
fn forking_service() {
    if std::env::var_os(SERVICE).is_none() {
        return;
    }
    let egret = Egret::start(Config::from_env().unwrap()).unwrap();
    log(&egret, "before", N_PARENT);
    match fork::fork().unwrap() {
        fork::Fork::Child => {
            log(&egret, "child", N_CHILD);
            // A panic would leave the child without a thread to end it.
            let is_flushed = egret.flush(Duration::from_secs(5)).is_ok();
            let stats = egret.stats();
            let is_right = stats.delivered == N_CHILD && stats.is_conserved();
            std::process::exit(if is_flushed && is_right { 0 } else { 1 });
        }
        fork::Fork::Parent(child) => {
            log(&egret, "after", N_PARENT);
            assert_eq!(fork::waitpid(child).unwrap(), 0, "the child's assertions hold");
            egret.flush(Duration::from_secs(5)).unwrap();
            assert_eq!(egret.stats().delivered, 2 * N_PARENT);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forked_child_sends_its_own_records_and_no_other() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let mut service = Command::new(std::env::current_exe().unwrap());
    service
        .args(["--exact", "fork::forking_service", "--nocapture"])
        .env(SERVICE, "1")
        .env("EGRET_COLLECTOR_URL", collector.url())
        .env("EGRET_FLUSH_INTERVAL_MS", "60000");
    let output = tokio::task::spawn_blocking(move || service.output().unwrap()).await.unwrap();
    assert!(output.status.success(), "{output:?}");
    let mut counts = std::collections::BTreeMap::new();
    for call in calls(&collector.url(), "").await {
        let host = call["server.address"].as_str().unwrap().to_owned();
        *counts.entry(host).or_insert(0) += 1;
    }
    let expected = [
        ("after.example.com", N_PARENT),
        ("before.example.com", N_PARENT),
        ("child.example.com", N_CHILD),
    ];
    assert_eq!(counts, expected.map(|(host, n)| (host.to_owned(), n)).into());
}
