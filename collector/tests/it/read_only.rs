//! Promise: without room on the disk the collector takes nothing and still answers; it recovers.
//! They never fill a real disk.

use egret_collector::Collector;
use serde_json::Value;

use crate::fixture::{Call, Client, answer, batch};

#[tokio::test]
async fn below_the_mark_batches_are_refused_and_questions_answered() {
    let dir = tempfile::tempdir().unwrap();
    let builder = || Collector::builder().data_dir(dir.path());
    let collector = builder().start().await.unwrap();
    Client::new(collector.url()).send(&batch(&[Call::new("/a", 200)])).await;
    collector.shutdown().await;
    // No disk has so much room.
    let collector = builder().min_free_bytes(u64::MAX).start().await.unwrap();
    let client = Client::new(collector.url());
    let refused = client.post().body(batch(&[Call::new("/b", 200)]).bytes).send().await.unwrap();
    assert_eq!(
        (refused.status().as_u16(), &refused.headers()["retry-after"]),
        (503, &"5".parse().unwrap())
    );
    let problem: Value = serde_json::from_str(&refused.text().await.unwrap()).unwrap();
    assert_eq!(problem["type"], "urn:egret:problem:low-disk");
    assert!(problem["detail"].as_str().unwrap().contains("min_free_bytes"), "{problem}");
    assert_eq!((client.count().await, client.all_calls().await.len()), (1, 1));
    assert_eq!(client.get("/healthz").await["status"], "read_only");
    assert_eq!(answer(client.request(reqwest::Method::GET, "/")).await.0, 200);
    collector.shutdown().await;
}

/// The system refuses every write of the real program, to the queue and to the store alike.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_disk_that_refuses_writes_loses_nothing_and_is_used_again_when_it_does_not() {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    use std::process::{Command, Stdio};

    let dir = tempfile::tempdir().unwrap();
    // Without the trap, the system would kill it for trying.
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_egret-collector")]);
    command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(dir.path());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let server = crate::binary::Server::started(command);
    let client = Client::new(server.url.as_str());
    let calls = [Call::new("/a", 200), Call::new("/b", 500)];
    client.send(&batch(&calls)).await;
    assert_eq!(client.count().await, 2);
    let limit = |bytes: Option<u64>| {
        let id = Pid::from_raw(i32::try_from(server.id()).unwrap());
        prlimit(id, Resource::Fsize, Rlimit { current: bytes, maximum: None }).unwrap();
    };
    limit(Some(0));
    let waiting: Vec<_> = (0..3).map(|_| batch(&calls)).collect();
    for batch in &waiting {
        assert_eq!(client.try_send(batch).await.unwrap(), 503);
    }
    assert_eq!((client.count().await, client.all_calls().await.len()), (2, 2));
    limit(None);
    for batch in &waiting {
        client.send(batch).await;
    }
    assert_eq!((client.count().await, client.all_calls().await.len()), (8, 8));
    server.signal("INT");
    let (status, log) = server.wait();
    assert!(status.success() && log.contains("the queue can write again"), "{log}");
}
