//! Promise: what was acknowledged is stored, once, however the collector ends.
//! They never count on luck: unacknowledged batches are sent again, as clients do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use egret_collector::Collector;

use crate::binary::Server;
use crate::fixture::{Batch, Call, Client, batch};

#[tokio::test]
async fn a_restart_keeps_everything_and_knows_what_it_has() {
    let dir = tempfile::tempdir().unwrap();
    let sent = batch(&[Call::new("/a", 200), Call::new("/b", 500)]);
    let mut answers = Vec::new();
    for is_duplicate in [false, true] {
        let collector = Collector::builder().data_dir(dir.path()).start().await.unwrap();
        let client = Client::new(collector.url());
        assert_eq!(client.send(&sent).await["duplicate"], is_duplicate);
        let summary = client.get("/api/v1/summary?from=0").await;
        answers.push((summary["rows"].clone(), client.get("/api/v1/calls").await));
        collector.shutdown().await;
    }
    assert_eq!(answers[0].0.as_array().unwrap().len(), 2);
    assert_eq!(answers[0], answers[1]);
}

/// What senders know: every batch they made, and which were acknowledged.
#[derive(Debug, Default)]
struct Sent {
    all: Vec<Batch>,
    acknowledged: BTreeSet<String>,
}

/// Sends batches from several tasks until the collector is gone. `enough` is called once, after
/// some were acknowledged.
async fn send_until_gone(
    url: &str,
    sent: &Arc<Mutex<Sent>>,
    n_before: usize,
    enough: impl FnOnce(),
) {
    let mut senders = tokio::task::JoinSet::new();
    let (acknowledged, mut acknowledgements) = tokio::sync::mpsc::unbounded_channel();
    for _ in 0..4 {
        let (client, sent, acknowledged) =
            (Client::new(url), Arc::clone(sent), acknowledged.clone());
        senders.spawn(async move {
            loop {
                let batch = batch(&[Call::new("/a", 200), Call::new("/b", 200)]);
                sent.lock().unwrap().all.push(batch.clone());
                match client.try_send(&batch).await {
                    Ok(202) => {
                        sent.lock().unwrap().acknowledged.insert(batch.id.to_string());
                        // The receiver goes once it has seen enough.
                        let _ = acknowledged.send(());
                    }
                    Ok(503) => {}
                    Ok(status) => panic!("{status}"),
                    Err(_) => return,
                }
            }
        });
    }
    for _ in 0..n_before {
        acknowledgements.recv().await.unwrap();
    }
    enough();
    senders.join_all().await;
}

/// Calls by batch: each must be there with both of its calls, and none else.
async fn check_stored(client: &Client, expected: &BTreeSet<String>, allowed: &BTreeSet<String>) {
    let mut by_batch = BTreeMap::<String, Vec<String>>::new();
    for (batch_id, path) in client.all_calls().await {
        by_batch.entry(batch_id).or_default().push(path);
    }
    for (batch_id, paths) in &by_batch {
        assert!(allowed.contains(batch_id), "{batch_id} was never sent");
        assert_eq!(*paths, ["/a", "/b"], "{batch_id} is not there once");
    }
    let missing: Vec<_> = expected.iter().filter(|id| !by_batch.contains_key(*id)).collect();
    assert!(missing.is_empty(), "acknowledged and lost: {missing:?}");
}

fn ids(sent: &Arc<Mutex<Sent>>) -> (BTreeSet<String>, BTreeSet<String>) {
    let sent = sent.lock().unwrap();
    let all = sent.all.iter().map(|batch| batch.id.to_string()).collect();
    (sent.acknowledged.clone(), all)
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_under_load_loses_nothing_that_was_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let sent = Arc::new(Mutex::new(Sent::default()));
    let server = Server::start(dir.path());
    let url = server.url.clone();
    send_until_gone(&url, &sent, 50, || server.signal("TERM")).await;
    let (status, log) = server.wait();
    assert!(status.success(), "{status}: {log}");
    let server = Server::start(dir.path());
    let client = Client::new(server.url.as_str());
    let (acknowledged, all) = ids(&sent);
    check_stored(&client, &acknowledged, &all).await;
    // An orderly end stores the roll-ups of exactly the calls.
    assert_eq!(client.count().await, client.all_calls().await.len() as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn sigkill_loses_nothing_that_was_acknowledged_and_doubles_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let sent = Arc::new(Mutex::new(Sent::default()));
    for round in 0..20 {
        let server = Server::start(dir.path());
        let url = server.url.clone();
        send_until_gone(&url, &sent, 3 + round % 5, || server.signal("KILL")).await;
        let (status, _) = server.wait();
        assert!(!status.success());
    }
    let server = Server::start(dir.path());
    let client = Client::new(server.url.as_str());
    let (acknowledged, all) = ids(&sent);
    check_stored(&client, &acknowledged, &all).await;
    // As clients do: whatever has no acknowledgement is sent again, and some of the rest too.
    let batches = sent.lock().unwrap().all.clone();
    for (n, batch) in batches.iter().enumerate() {
        let is_acknowledged = acknowledged.contains(&batch.id.to_string());
        if !is_acknowledged || n % 10 == 0 {
            let answer = client.send(batch).await;
            assert!(!is_acknowledged || answer["duplicate"] == true, "{answer}");
        }
    }
    check_stored(&client, &all, &all).await;
    assert_eq!(client.count().await, 2 * all.len() as u64);
}

#[tokio::test]
async fn a_stored_batch_that_is_damaged_is_named_and_hides_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let start = || Collector::builder().data_dir(dir.path()).start();
    let collector = start().await.unwrap();
    let client = Client::new(collector.url());
    let [whole, damaged] = ["/a", "/b"].map(|path| batch(&[Call::new(path, 200)]));
    client.send(&whole).await;
    client.send(&damaged).await;
    assert_eq!(client.all_calls().await.len(), 2);
    collector.shutdown().await;
    let files = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
    let day = files.filter(|path| path.to_string_lossy().contains("calls-")).min().unwrap();
    let mut bytes = std::fs::read(&day).unwrap();
    let at = bytes.windows(damaged.bytes.len()).position(|window| window == damaged.bytes);
    bytes[at.unwrap() + damaged.bytes.len() - 1] ^= 1;
    std::fs::write(&day, bytes).unwrap();
    let collector = start().await.unwrap();
    let client = Client::new(collector.url());
    assert_eq!(client.all_calls().await, [(whole.id.to_string(), "/a".to_owned())]);
    let page = client.get("/api/v1/calls").await;
    assert_eq!(page["damaged_batches"], serde_json::json!([damaged.id]));
    assert_eq!(client.count().await, 2, "the roll-ups are elsewhere");
    collector.shutdown().await;
}
