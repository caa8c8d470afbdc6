//! Promise: no bytes at any door are a failure of ours.
//! They never expect a refusal of what may be sound by chance: an empty message is one.

use egret_collector::Collector;

use crate::fixture::{Client, Numbers};
use crate::hub::CLIENT_ID;

#[tokio::test]
async fn random_bytes_are_refused_or_say_nothing() {
    let collector = Collector::builder().hub_client(CLIENT_ID, "shop").start().await.unwrap();
    let client = Client::new(collector.url());
    let hub = format!("/v2/{CLIENT_ID}/prod");
    let log = format!("{hub}/log?uuid={CLIENT_ID}");
    let (startup, sync) = (format!("{hub}/startup"), format!("{hub}/sync"));
    let doors = [
        ("/v1/batches", "application/octet-stream"),
        ("/v1/batches", "application/x-ndjson"),
        ("/v1/traces", "application/x-protobuf"),
        ("/v1/traces", "application/json"),
        (startup.as_str(), "application/json"),
        (sync.as_str(), "application/json"),
        (log.as_str(), "application/octet-stream"),
    ];
    let mut numbers = Numbers(13);
    let mut n_refused = 0;
    for n in 0..700 {
        let (path, content_type) = doors[n % doors.len()];
        let encoding = ["identity", "gzip", "zstd"][numbers.below(3) as usize];
        let length = numbers.below(300);
        let body: Vec<u8> = (0..length).map(|_| numbers.below(256) as u8).collect();
        let post = client.request(reqwest::Method::POST, path);
        let post = post.header("content-type", content_type).header("content-encoding", encoding);
        let status = post.body(body).send().await.unwrap().status();
        assert!(status.is_success() || status.is_client_error(), "{path} {content_type}: {status}");
        n_refused += u32::from(status.is_client_error());
    }
    assert!(n_refused > 600, "{n_refused}");
    assert_eq!((client.count().await, client.all_calls().await.len()), (0, 0));
    collector.shutdown().await;
}
