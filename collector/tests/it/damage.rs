//! Promise: a damaged file of the store is moved aside and named, and holds up nothing else.
//! They never repair anything: they bend the real files, and ask.

use std::path::{Path, PathBuf};
use std::time::Duration;

use egret_collector::Collector;
use serde_json::Value;

use crate::fixture::{Batch, Call, Client, Numbers, batch};

const N_BATCHES: usize = 40;

fn path_of(n: usize) -> String {
    format!("/v1/{n}/{}", "x".repeat(600))
}

fn sample(n: usize) -> Batch {
    batch(&[Call::new(&path_of(n), 200), Call::new("/b", 500)])
}

/// A data directory in which batches are stored, and the file of their calls.
async fn stored() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let collector = start(dir.path()).await.unwrap();
    let client = Client::new(collector.url());
    for n in 0..N_BATCHES {
        client.send(&sample(n)).await;
    }
    collector.shutdown().await;
    let files = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
    let is_day = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.starts_with("calls-") && name.ends_with(".db")
    };
    let days: Vec<PathBuf> = files.filter(is_day).collect();
    let [day] = days.as_slice() else { panic!("it was midnight: {days:?}") };
    (dir, day.clone())
}

async fn start(dir: &Path) -> Result<Collector, egret_collector::StartError> {
    Collector::builder().data_dir(dir).normal_durability().start().await
}

/// The status of a question, the files that it says are missing, and its answer.
async fn ask(client: &Client, path: &str) -> (u16, Option<String>, Value) {
    let response = client.request(reqwest::Method::GET, path).send().await.unwrap();
    let missing = response.headers().get("egret-damaged-files");
    let missing = missing.map(|names| names.to_str().unwrap().to_owned());
    let status = response.status().as_u16();
    (status, missing, serde_json::from_str(&response.text().await.unwrap()).unwrap())
}

/// Asks for calls until they are answered.
async fn ask_until_answered(client: &Client) -> (Option<String>, Value) {
    for _ in 0..400 {
        match ask(client, "/api/v1/calls?limit=1000").await {
            (200, missing, answer) => return (missing, answer),
            (500, ..) => tokio::time::sleep(Duration::from_millis(25)).await,
            other => panic!("{other:?}"),
        }
    }
    panic!("still not answered after 10 seconds");
}

/// The file is damaged such that SQLite cannot but see it.
async fn check_moved_aside(bend: impl FnOnce(&mut Vec<u8>)) {
    let (dir, day) = stored().await;
    let mut bytes = std::fs::read(&day).unwrap();
    bend(&mut bytes);
    std::fs::write(&day, bytes).unwrap();
    let collector = start(dir.path()).await.unwrap();
    let client = Client::new(collector.url());
    let (missing, answer) = ask_until_answered(&client).await;
    let name = day.file_name().unwrap().to_str().unwrap();
    assert_eq!(missing.as_deref(), Some(name), "{answer}");
    assert_eq!(answer["calls"], serde_json::json!([]));
    assert!(dir.path().join("damaged").join(name).exists());
    assert_eq!(client.get("/healthz").await["damaged_files"], serde_json::json!([name]));
    // The history is elsewhere, and what comes is stored.
    assert_eq!(client.count().await, 2 * N_BATCHES as u64);
    client.send(&sample(99)).await;
    assert_eq!(client.all_calls().await.len(), 2);
    collector.shutdown().await;
    // A later process names it too.
    let collector = start(dir.path()).await.unwrap();
    let client = Client::new(collector.url());
    assert_eq!(ask(&client, "/api/v1/calls").await.1.as_deref(), Some(name));
    collector.shutdown().await;
}

#[tokio::test]
async fn a_day_that_is_no_database_any_more_is_moved_aside() {
    check_moved_aside(|bytes| bytes[..64].fill(0x55)).await;
}

#[tokio::test]
async fn a_day_that_is_torn_is_moved_aside() {
    check_moved_aside(|bytes| bytes.truncate(bytes.len() / 2)).await;
}

#[tokio::test]
async fn a_day_that_is_empty_is_moved_aside() {
    check_moved_aside(Vec::clear).await;
}

#[tokio::test]
async fn a_day_whose_pages_are_something_else_is_moved_aside() {
    check_moved_aside(|bytes| {
        let n = bytes.len();
        bytes[16_384..n].chunks_mut(16_384).for_each(|page| page[..200].fill(0xee));
    })
    .await;
}

/// What is written while the file is damaged under the collector.
#[tokio::test]
async fn a_day_that_is_damaged_under_the_collector_holds_up_nothing_that_comes() {
    let (dir, day) = stored().await;
    let collector = start(dir.path()).await.unwrap();
    let client = Client::new(collector.url());
    client.send(&sample(50)).await;
    assert_eq!(client.all_calls().await.len(), 2 * N_BATCHES + 2);
    // What is in the log beside the file must not hide the damage.
    rusqlite::Connection::open(&day)
        .unwrap()
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    let n_bytes = std::fs::metadata(&day).unwrap().len();
    std::fs::OpenOptions::new().write(true).open(&day).unwrap().set_len(n_bytes / 2).unwrap();
    for n in 60..70 {
        client.send(&sample(n)).await;
    }
    for _ in 0..400 {
        ask(&client, "/api/v1/calls?limit=1000").await;
        if client.count().await == 2 * (N_BATCHES as u64 + 11) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert_eq!(client.count().await, 2 * (N_BATCHES as u64 + 11), "all that was acknowledged");
    let (missing, answer) = ask_until_answered(&client).await;
    assert!(missing.is_some() && answer["calls"].as_array().unwrap().len() >= 20, "{missing:?}");
    collector.shutdown().await;
}

/// In the ordinary run; `EGRET_FLIPS` sets another number.
const N_FLIPS: u64 = 60;

/// A bit flips anywhere in a day's file: no call is made up, and nothing hangs.
#[tokio::test]
async fn a_flipped_bit_makes_up_no_call() {
    let n_flips = std::env::var("EGRET_FLIPS").ok().and_then(|n| n.parse().ok()).unwrap_or(N_FLIPS);
    let (dir, day) = stored().await;
    let whole = std::fs::read(&day).unwrap();
    let truth: Vec<String> = (0..N_BATCHES).map(path_of).chain(["/b".to_owned()]).collect();
    let mut numbers = Numbers(7);
    let (mut n_whole, mut n_named, mut n_aside, mut n_silent) = (0, 0, 0, 0);
    for _ in 0..n_flips {
        let mut bytes = whole.clone();
        let at = usize::try_from(numbers.below(bytes.len() as u64)).unwrap();
        bytes[at] ^= 1 << numbers.below(8);
        let _ = std::fs::remove_dir_all(dir.path().join("damaged"));
        std::fs::write(&day, bytes).unwrap();
        let collector = start(dir.path()).await.unwrap();
        let client = Client::new(collector.url());
        let (mut missing, answer) = ask_until_answered(&client).await;
        let calls = answer["calls"].as_array().unwrap();
        // What a question does not see, who looks at the whole file does.
        let is_silent = calls.len() < 2 * N_BATCHES && !answer["damaged_batches"].is_array();
        for _ in 0..40 {
            if is_silent && missing.is_none() {
                tokio::time::sleep(Duration::from_millis(25)).await;
                missing = ask(&client, "/healthz").await.2["damaged_files"][0]
                    .as_str()
                    .map(str::to_owned);
            }
        }
        for call in calls {
            let path = call["url.path"].as_str().unwrap();
            assert!(truth.iter().any(|known| known == path), "at {at}: {path}");
        }
        match (missing, answer["damaged_batches"].is_array(), calls.len()) {
            (Some(_), ..) => n_aside += 1,
            (None, true, _) => n_named += 1,
            (None, false, n) if n == 2 * N_BATCHES => n_whole += 1,
            _ => n_silent += 1,
        }
        collector.shutdown().await;
    }
    println!(
        "{n_flips} flips in {} bytes: {n_whole} cost nothing, {n_named} cost a batch that is named, \
         {n_aside} a file that is named, {n_silent} a call that is not named",
        whole.len()
    );
}

/// What an error says, and what says why.
fn reasons(error: &dyn std::error::Error) -> String {
    let all = std::iter::successors(Some(error), |error| error.source());
    all.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[tokio::test]
async fn a_history_that_is_damaged_is_named_and_not_begun_anew() {
    let (dir, _) = stored().await;
    let meta = dir.path().join("meta.db");
    let whole = std::fs::read(&meta).unwrap();
    let mut bent = whole.clone();
    bent[..64].fill(0x55);
    for bytes in [bent, Vec::new()] {
        std::fs::write(&meta, &bytes).unwrap();
        let reasons = reasons(&start(dir.path()).await.unwrap_err());
        for says in ["meta.db", "restore", "move it away", "what is in the queue is kept"] {
            assert!(reasons.contains(says), "{reasons}");
        }
        assert_eq!(std::fs::read(&meta).unwrap(), bytes, "it is as it was found");
    }
    std::fs::remove_file(&meta).unwrap();
    let collector = start(dir.path()).await.unwrap();
    let client = Client::new(collector.url());
    client.send(&sample(99)).await;
    // What the queue had not let go of yet is in it again; no call is there twice.
    assert!(client.count().await >= 2, "a new history");
    assert_eq!(client.all_calls().await.len(), 2 * N_BATCHES + 2);
    collector.shutdown().await;
}

/// The health of a collector, once it says this.
async fn health_once(client: &Client, says: &str) -> Value {
    let mut health = Value::Null;
    for _ in 0..400 {
        health = client.get("/healthz").await;
        if health["detail"].as_str().is_some_and(|detail| detail.contains(says)) {
            return health;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{health}");
}

#[tokio::test]
async fn a_history_that_is_damaged_under_the_collector_is_no_good_health() {
    let (dir, _) = stored().await;
    let collector = start(dir.path()).await.unwrap();
    let client = Client::new(collector.url());
    assert_eq!(client.get("/healthz").await["status"], "ok");
    client.send(&sample(50)).await;
    assert_eq!(client.count().await, 2 * N_BATCHES as u64 + 2);
    let meta = dir.path().join("meta.db");
    rusqlite::Connection::open(&meta)
        .unwrap()
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    let n_bytes = std::fs::metadata(&meta).unwrap().len();
    std::fs::OpenOptions::new().write(true).open(&meta).unwrap().set_len(n_bytes / 2).unwrap();
    for n in 60..64 {
        client.send(&sample(n)).await;
    }
    // Whoever asks meets the damage, and so it is looked for.
    ask(&client, "/api/v1/summary?from=0").await;
    let health = health_once(&client, "move it away").await;
    assert_eq!(health["status"], "degraded", "{health}");
    assert!(!health.to_string().contains(&*dir.path().to_string_lossy()), "{health}");
    collector.shutdown().await;
}

#[tokio::test]
async fn tokens_that_are_damaged_or_gone_open_no_door() {
    let (dir, _) = stored().await;
    let tokens = dir.path().join("tokens.db");
    let bytes = std::fs::read(&tokens).unwrap();
    let bent = |bend: fn(&mut Vec<u8>)| {
        let mut bytes = bytes.clone();
        bend(&mut bytes);
        bytes
    };
    let without_tables = {
        let other = dir.path().join("other.db");
        let connection = rusqlite::Connection::open(&other).unwrap();
        connection.execute_batch("CREATE TABLE a (b); DROP TABLE a;").unwrap();
        drop(connection);
        std::fs::read(other).unwrap()
    };
    let versions = [
        bent(|bytes| bytes[..64].fill(0x55)),
        bent(|bytes| bytes.truncate(bytes.len() / 2)),
        bent(|bytes| bytes[16_384..].fill(0xee)),
        bent(Vec::clear),
        without_tables,
    ];
    for (n, bytes) in versions.into_iter().enumerate() {
        std::fs::write(&tokens, &bytes).unwrap();
        let reasons = match start(dir.path()).await {
            Err(error) => reasons(&error),
            Ok(_) => panic!("{n}: it started"),
        };
        for says in ["tokens.db", "damaged", "restore", "move it away", "token create"] {
            assert!(reasons.contains(says), "{n}: {reasons}");
        }
        assert_eq!(std::fs::read(&tokens).unwrap(), bytes, "{n}: it is as it was found");
    }
    std::fs::remove_file(&tokens).unwrap();
    start(dir.path()).await.unwrap().shutdown().await;
}

#[tokio::test]
async fn handlers_whose_places_are_damaged_begin_anew() {
    let dir = tempfile::tempdir().unwrap();
    let builder = || Collector::builder().data_dir(dir.path()).normal_durability();
    let hits = "{ lines = { handler = 'log' } }";
    builder().hits(hits).start().await.unwrap().shutdown().await;
    let path = dir.path().join("handlers.db");
    for (n, n_bytes) in [100, 0].into_iter().enumerate() {
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.fill(0x55);
        bytes.truncate(n_bytes);
        std::fs::write(&path, &bytes).unwrap();
        let collector = builder().hits(hits).start().await.unwrap();
        let client = Client::new(collector.url());
        let health = client.get("/healthz").await;
        assert_eq!(health["damaged_files"].as_array().unwrap().len(), n + 1, "{health}");
        assert!(health["damaged_files"].to_string().contains("\"handlers.db\""), "{health}");
        assert_eq!(ask(&client, "/api/v1/calls").await.1, None, "no call is missing");
        collector.shutdown().await;
    }
    // Without a handler nobody looks at it.
    std::fs::write(&path, [0x55; 100]).unwrap();
    builder().start().await.unwrap().shutdown().await;
    assert!(!path.exists());
}
