//! Promise: what waits on the disk can be seen, checked, taken out and given up.
//! They never need a collector that behaves: its store is held by somebody else.

use std::path::Path;
use std::process::Stdio;

use crate::binary::{Server, program};
use crate::fixture::{Batch, Call, Client, batch};

/// Whether `egret-collector queue ...` succeeds, and what it says.
fn queue(dir: &Path, arguments: &[&str]) -> (bool, String) {
    let mut command = program();
    command.arg("queue").arg(arguments[0]).arg("--data-dir").arg(dir).args(&arguments[1..]);
    let output = command.stdout(Stdio::piped()).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

#[track_caller]
fn check(dir: &Path, arguments: &[&str], succeeds: bool, says: &[&str]) {
    let (success, said) = queue(dir, arguments);
    assert_eq!(success, succeeds, "{arguments:?}: {said}");
    for says in says {
        assert!(said.contains(says), "{arguments:?}: {said} does not say {says}");
    }
}

/// Batches that a collector acknowledged while its store was held.
async fn waiting(dir: &Path) -> [Batch; 3] {
    let server = Server::start(dir);
    let held = rusqlite::Connection::open(dir.join("meta.db")).unwrap();
    held.execute_batch("BEGIN IMMEDIATE").unwrap();
    let client = Client::new(server.url.as_str());
    let batches = ["/a", "/b", "/c"].map(|path| batch(&[Call::new(path, 200)]));
    for batch in &batches {
        client.send(batch).await;
    }
    let ids = batches.each_ref().map(|batch| batch.id.to_string());
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    check(dir, &["drop", "--all"], false, &["in use by another egret-collector"]);
    check(dir, &["ls"], true, &ids);
    // Soon: it waits five seconds for its store, and then writes the calls of all three to the
    // day's file before it waits again.
    drop(server);
    check(dir, &["ls"], true, &["3 batches wait", "1 calls"]);
    check(dir, &["verify"], true, &["3 batches are whole, 0 are damaged"]);
    batches
}

#[tokio::test]
async fn waiting_batches_are_listed_checked_exported_and_dropped() {
    let dir = tempfile::tempdir().unwrap();
    let [stored, dropped, damaged] = waiting(dir.path()).await;
    let id = |batch: &Batch| batch.id.to_string();
    let out = dir.path().join("out");
    let to = out.to_str().unwrap();
    check(dir.path(), &["export", "--to", to], true, &["3 batches written"]);
    let exported = std::fs::read(out.join(format!("{}.egrt", dropped.id))).unwrap();
    assert_eq!(exported, dropped.bytes);
    let segments = std::fs::read_dir(dir.path().join("queue")).unwrap();
    let segment = segments.map(|entry| entry.unwrap().path()).next().unwrap();
    let mut bytes = std::fs::read(&segment).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    check(dir.path(), &["verify"], false, &[&id(&damaged), "DAMAGED", "2 batches are whole, 1"]);
    check(dir.path(), &["drop", &id(&dropped)], true, &[&id(&dropped), "1 batches dropped"]);
    check(dir.path(), &["drop", &id(&dropped)], false, &["not in the queue", &id(&dropped)]);
    check(dir.path(), &["ls"], true, &["1 batches wait"]);
    let server = Server::start(dir.path());
    let client = Client::new(server.url.as_str());
    assert_eq!(client.all_calls().await, [(id(&stored), "/a".to_owned())]);
    assert_eq!(client.count().await, 1);
    let named = format!("{}.damaged.bin", damaged.id);
    check(dir.path(), &["ls"], true, &["0 batches wait", "in quarantine", &named]);
    // The one that was damaged is taken when it is sent again.
    client.send(&damaged).await;
    assert_eq!(client.count().await, 2);
}

#[test]
fn a_directory_that_is_not_there_is_named_and_not_made() {
    let dir = tempfile::tempdir().unwrap();
    let nowhere = dir.path().join("nowhere");
    for command in ["ls", "verify"] {
        check(&nowhere, &[command], false, &["there is no data directory", "nowhere"]);
    }
    assert!(!nowhere.exists());
    check(dir.path(), &["ls"], true, &["0 batches wait, 0 bytes"]);
    check(dir.path(), &["drop"], false, &["--all"]);
}
