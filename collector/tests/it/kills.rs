//! Promise: SIGKILL at any moment, as often as you like: stored is what was acknowledged, once.
//! They never help the collector: clients retry as clients do, and nothing else is repaired.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;

use crate::binary::{Server, program};
use crate::fixture::{Call, Client, Numbers, batch};

/// In the ordinary run; `EGRET_KILLS` sets another number.
const N_KILLS: u64 = 60;

const N_CLIENTS: u64 = 4;
pub(crate) const CALLS: [&str; 3] = ["/a", "/b", "/c"];

/// What the clients know.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) acknowledged: Mutex<Vec<String>>,
    n_tries: AtomicU64,
    pub(crate) is_enough: AtomicBool,
}

/// Sends one batch after the other, each until it is acknowledged. Calls that are hours old are
/// regrouped at every start, so that kills hit that too.
pub(crate) async fn keep_sending(
    mut url: watch::Receiver<String>,
    known: Arc<Known>,
    n_hours_old: u64,
) {
    let calls = CALLS.map(|path| {
        let call = Call::new(path, 200);
        Call { start_ns: call.start_ns - n_hours_old * 3_600_000_000_000, ..call }
    });
    let mut client = Client::new(url.borrow_and_update().as_str());
    while !known.is_enough.load(Ordering::SeqCst) {
        let batch = batch(&calls);
        loop {
            known.n_tries.fetch_add(1, Ordering::SeqCst);
            match client.try_send(&batch).await {
                Ok(202) => break,
                Ok(503) | Err(_) => {}
                Ok(status) => panic!("{status}"),
            }
            // The next collector has another address; or it was the last breath of this one.
            let _ = tokio::time::timeout(Duration::from_millis(50), url.changed()).await;
            client = Client::new(url.borrow_and_update().as_str());
        }
        known.acknowledged.lock().unwrap().push(batch.id.to_string());
    }
}

/// Starts collectors and kills each at a random moment: while it starts, works or recovers.
async fn kill_again_and_again(n_kills: u64, dir: &std::path::Path, url: &watch::Sender<String>) {
    let mut numbers = Numbers(n_kills);
    for round in 0..n_kills {
        let moment = Duration::from_micros(numbers.below(120_000));
        if round % 5 == 4 {
            let mut command = program();
            command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(dir);
            let mut child = command.spawn().unwrap();
            tokio::time::sleep(moment / 3).await;
            child.kill().unwrap();
            child.wait().unwrap();
            continue;
        }
        let server = Server::start(dir);
        url.send_replace(server.url.clone());
        tokio::time::sleep(moment).await;
        drop(server);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_under_load_lose_nothing_and_double_nothing() {
    let n_kills = std::env::var("EGRET_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(N_KILLS);
    let dir = tempfile::tempdir().unwrap();
    let (url, urls) = watch::channel("http://127.0.0.1:9".to_owned());
    let known = Arc::new(Known::default());
    let mut clients = tokio::task::JoinSet::new();
    for n in 0..N_CLIENTS {
        clients.spawn(keep_sending(urls.clone(), Arc::clone(&known), n % 2 * 8));
    }
    kill_again_and_again(n_kills, dir.path(), &url).await;
    let server = Server::start(dir.path());
    known.is_enough.store(true, Ordering::SeqCst);
    url.send_replace(server.url.clone());
    clients.join_all().await;
    let acknowledged = known.acknowledged.lock().unwrap().clone();
    let client = Client::new(server.url.as_str());
    let n_counted = client.count().await;
    let mut stored = BTreeMap::<String, Vec<String>>::new();
    for (batch_id, path) in client.all_calls().await {
        stored.entry(batch_id).or_default().push(path);
    }
    println!(
        "{n_kills} kills: {} batches acknowledged after {} tries, {} stored; {n_counted} calls \
         counted, {} expected",
        acknowledged.len(),
        known.n_tries.load(Ordering::SeqCst),
        stored.len(),
        acknowledged.len() * CALLS.len(),
    );
    let missing: Vec<_> = acknowledged.iter().filter(|id| !stored.contains_key(*id)).collect();
    assert!(missing.is_empty(), "acknowledged and lost: {missing:?}");
    assert_eq!(stored.len(), acknowledged.len(), "stored and never acknowledged");
    let doubled: Vec<_> = stored.iter().filter(|(_, paths)| **paths != CALLS).collect();
    assert!(doubled.is_empty(), "not there once: {doubled:?}");
    assert_eq!(n_counted, (acknowledged.len() * CALLS.len()) as u64, "the roll-ups");
    assert!(!dir.path().join("quarantine").exists(), "a kill damages nothing");
}
