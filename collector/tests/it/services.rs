//! Promise: what clients tell of themselves is kept once, and told: who lives, what was not seen.
//! They never correct a clock: they see it told.

use egret::batch::{BatchMeta, Heartbeat, Resource, Startup, Wrapped};
use egret::codec::{CallsBuilder, Encoder};
use egret_collector::Collector;
use serde_json::{Value, json};

use crate::fixture::{Batch, Client, answer};

const SECOND_NS: u64 = 1_000_000_000;

/// What a process of `shop` tells without any call.
fn meta(instance: &str, version: &str) -> BatchMeta {
    let told = [
        ("service.name", "shop"),
        ("deployment.environment.name", "prod"),
        ("service.instance.id", instance),
        ("service.version", version),
        ("telemetry.sdk.name", "egret"),
        ("telemetry.sdk.language", "rust"),
    ];
    let resource = told.map(|(key, value)| (key.to_owned(), value.to_owned()));
    BatchMeta::new(Resource::from(resource), 0)
}

fn batch(meta: &BatchMeta) -> Batch {
    let bytes = Encoder::new().unwrap().encode(meta, &CallsBuilder::default(), None).unwrap();
    Batch { id: meta.batch_id, bytes }
}

fn startup(clients: &[&str], started_unix_ns: u64) -> Startup {
    let wrapped = clients.iter().map(|client| Wrapped {
        client: (*client).to_owned(),
        location: "src/main.rs:7".to_owned(),
    });
    let mut startup = Startup::default();
    startup.wrapped = wrapped.collect();
    startup.started_unix_ns = started_unix_ns;
    startup
}

fn heartbeat(unix_ns: u64) -> Heartbeat {
    let mut heartbeat = Heartbeat::default();
    heartbeat.unix_ns = unix_ns;
    heartbeat.rss_bytes = Some(4_096);
    heartbeat
}

#[tokio::test]
async fn start_up_messages_signs_of_life_and_drops_are_told_by_service() {
    let dir = tempfile::tempdir().unwrap();
    let builder = || Collector::builder().data_dir(dir.path());
    let collector = builder().start().await.unwrap();
    let client = Client::new(collector.url());
    let now_ns = egret::clock::unix_now_ns();
    // Its clock is an hour behind.
    let mut first = meta("one", "1.0");
    first.startup = Some(startup(&["reqwest", "ureq"], now_ns - 10 * SECOND_NS));
    first.heartbeat = Some(heartbeat(now_ns - 3_600 * SECOND_NS));
    let mut second = meta("two", "1.1");
    second.dropped = [("queue_full".to_owned(), 312), ("no_delivery".to_owned(), 5)].into();
    let mut third = meta("two", "1.1");
    third.dropped = [("queue_full".to_owned(), 1)].into();
    let other = BatchMeta::new(Resource::new(), 0);
    for meta in [&first, &second, &third, &other] {
        client.send(&batch(meta)).await;
    }
    // Sent again, they say nothing new.
    for meta in [&first, &second] {
        assert_eq!(client.send(&batch(meta)).await["duplicate"], true);
    }
    let expected = json!(["shop", ["prod"], ["1.0", "1.1"], ["reqwest", "ureq"], 2, 2]);
    let check = |answer: &Value| {
        let keys =
            ["service", "environments", "versions", "wrapped", "instances", "instances_alive"];
        assert_eq!(Value::from(keys.map(|key| answer[key].clone()).to_vec()), expected, "{answer}");
        assert_eq!(answer["not_seen"], json!({ "queue_full": 313, "no_delivery": 5 }));
        assert!(answer["first_seen"].as_str() <= answer["last_seen"].as_str());
    };
    let all = client.get("/api/v1/services").await;
    let names: Vec<_> =
        all["services"].as_array().unwrap().iter().map(|it| &it["service"]).collect();
    assert_eq!(names, ["", "shop"]);
    check(&all["services"][1]);
    // It is the same after a restart.
    collector.shutdown().await;
    let collector = builder().start().await.unwrap();
    let client = Client::new(collector.url());
    let shop = client.get("/api/v1/services/shop").await;
    check(&shop);
    let one = shop["seen"].as_array().unwrap().iter().find(|it| it["instance"] == "one").unwrap();
    assert_eq!((&one["is_alive"], &one["rss_bytes"]), (&json!(true), &json!(4_096)));
    assert_eq!((&one["sdk"], &one["n_routes"]), (&json!("egret rust"), &json!(0)));
    assert_eq!(one["wrapped"][0]["location"], "src/main.rs:7");
    let skew_ms = one["clock_skew_ms"].as_f64().unwrap();
    assert!((3_600_000.0..3_660_000.0).contains(&skew_ms), "{skew_ms}");
    let limited = client.get("/api/v1/services/shop?limit=1").await;
    assert_eq!((limited["seen"].as_array().unwrap().len(), &limited["instances"]), (1, &json!(2)));
    let (status, problem) =
        answer(client.request(reqwest::Method::GET, "/api/v1/services/nobody")).await;
    assert_eq!((status, &problem["type"]), (404, &json!("urn:egret:problem:unknown-service")));
    collector.shutdown().await;
}

/// The median of several hides the one that waited in a spool.
#[tokio::test]
async fn a_skew_is_the_median_of_what_was_measured() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    for behind in [86_400, 5, 5, 5, 3_600] {
        let mut told = meta("one", "1.0");
        told.heartbeat = Some(heartbeat(egret::clock::unix_now_ns() - behind * SECOND_NS));
        client.send(&batch(&told)).await;
    }
    // Without a heartbeat the batch's id says when it was closed: now.
    client.send(&batch(&meta("two", "1.0"))).await;
    let shop = client.get("/api/v1/services/shop").await;
    let skew = |instance: &str| {
        let seen = shop["seen"].as_array().unwrap();
        let row = seen.iter().find(|it| it["instance"] == instance).unwrap();
        row["clock_skew_ms"].as_f64().unwrap()
    };
    assert!((5_000.0..60_000.0).contains(&skew("one")), "{shop}");
    assert!((-2.0..30_000.0).contains(&skew("two")), "{shop}");
    collector.shutdown().await;
}

#[tokio::test]
async fn no_answer_lists_more_services_than_are_asked_for() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    for n in 0..103 {
        let name = ("service.name".to_owned(), format!("s{n:03}"));
        client.send(&batch(&BatchMeta::new(Resource::from([name]), 0))).await;
    }
    for (query, n_listed) in [("", 100), ("?limit=7", 7), ("?limit=1000", 103)] {
        let answer = client.get(&format!("/api/v1/services{query}")).await;
        let services = answer["services"].as_array().unwrap();
        assert_eq!((services.len(), &answer["others"]), (n_listed, &json!(103 - n_listed)));
        assert_eq!(services[n_listed - 1]["service"], format!("s{:03}", n_listed - 1));
    }
    for limit in ["0", "1001", "x"] {
        let path = format!("/api/v1/services?limit={limit}");
        assert_eq!(answer(client.request(reqwest::Method::GET, &path)).await.0, 400, "{limit}");
    }
    collector.shutdown().await;
}

/// Who never tells an id is one all the same; who does is no second one for a batch without it.
#[tokio::test]
async fn a_batch_without_an_instance_makes_no_second_one() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    let mut nameless = meta("", "");
    nameless.resource.remove("service.instance.id");
    let mut elsewhere = nameless.clone();
    elsewhere.batch_id = uuid::Uuid::now_v7();
    elsewhere.resource.insert("deployment.environment.name".to_owned(), "dev".to_owned());
    let expected = [(&nameless, 1, ""), (&meta("one", "1.0"), 1, "one"), (&elsewhere, 2, "")];
    for (meta, n_instances, latest) in expected {
        client.send(&batch(meta)).await;
        let shop = client.get("/api/v1/services/shop").await;
        let n = json!(n_instances);
        assert_eq!((&shop["instances"], &shop["instances_alive"]), (&n, &n), "{shop}");
        let seen = shop["seen"].as_array().unwrap();
        assert_eq!((seen.len(), &seen[0]["instance"]), (n_instances, &json!(latest)), "{shop}");
    }
    collector.shutdown().await;
}
