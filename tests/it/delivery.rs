//! What happened at the upstream is what the collector knows, to the last call.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use egret::{Call, Egret};
use egret_collector::Collector;
use tokio::sync::Semaphore;

use crate::collector::{calls, config, outcomes, total};
use crate::upstream::Upstream;

/// Ten kinds of calls in turn: what each does, and the record that it must leave.
const KINDS: [(&str, &str); 10] = [
    ("/status/200", "completed 200 -"),
    ("/status/201", "completed 201 -"),
    ("/status/204", "completed 204 -"),
    ("/status/404", "completed 404 -"),
    ("/status/429", "completed 429 -"),
    ("/status/500", "completed 500 -"),
    ("/status/503", "completed 503 -"),
    ("/reset", "failed null reset"),
    ("/silent/timeout", "failed null timeout"),
    ("/silent/dropped", "cancelled null cancelled"),
];

async fn call(client: &reqwest_middleware::ClientWithMiddleware, upstream: &Upstream, n: usize) {
    let (path, _) = KINDS[n % KINDS.len()];
    let request = client.get(upstream.url(path));
    match path {
        "/silent/timeout" => drop(request.timeout(Duration::from_millis(50)).send().await),
        "/silent/dropped" => {
            drop(tokio::time::timeout(Duration::from_millis(50), request.send()).await);
        }
        _ => {
            if let Ok(response) = request.send().await {
                response.bytes().await.unwrap();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_calls_leave_exactly_their_records() {
    const N_CALLS: usize = 10_000;
    let upstream = Arc::new(Upstream::start().await);
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let egret = Egret::start(config(&collector.url()).build().unwrap()).unwrap();
    let client = egret.wrap(reqwest::Client::new());
    let slots = Arc::new(Semaphore::new(64));
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..N_CALLS {
        let slot = Arc::clone(&slots).acquire_owned().await.unwrap();
        let (client, upstream) = (client.clone(), Arc::clone(&upstream));
        tasks.spawn(async move {
            call(&client, &upstream, n).await;
            drop(slot);
        });
    }
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
    egret.flush_async(Duration::from_secs(20)).await.unwrap();
    let each = (N_CALLS / KINDS.len()) as u64;
    let expected: BTreeMap<_, _> = KINDS.map(|(_, record)| (record.to_owned(), each)).into();
    assert_eq!(outcomes(&collector.url()).await, expected);
    assert_eq!(total(&collector.url()).await, N_CALLS as u64);
    assert_eq!(upstream.seen("/status/503"), each);
    let stats = egret.stats();
    assert!(stats.is_conserved() && stats.dropped.total() == 0, "{stats:?}");
    println!("{N_CALLS} calls: {expected:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_thousand_logs_from_eight_threads_are_all_accounted_for() {
    const N_THREADS: u64 = 8;
    const PER_THREAD: u64 = 25_000;
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    // A small queue, so that some are dropped and the equation has something to hold.
    let config = config(&collector.url()).queue_records(10_000).build().unwrap();
    let egret = Egret::start(config).unwrap();
    let threads: Vec<_> = (0..N_THREADS)
        .map(|thread| {
            let egret = egret.clone();
            std::thread::spawn(move || {
                for n in 0..PER_THREAD {
                    let url = format!("https://api.example.com/v1/items/{thread}?page={n}");
                    egret.log(Call::new("GET", &url).status(200).duration(Duration::from_nanos(n)));
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    egret.flush_async(Duration::from_secs(20)).await.unwrap();
    let stats = egret.stats();
    println!(
        "offered {} delivered {} dropped {:?}",
        stats.offered,
        stats.delivered,
        stats.dropped.by_name()
    );
    assert_eq!(stats.offered, N_THREADS * PER_THREAD);
    assert_eq!(stats.offered, stats.delivered + stats.dropped.total());
    assert_eq!(total(&collector.url()).await, stats.delivered);
}

#[tokio::test]
async fn a_record_says_what_the_conventions_name() {
    let upstream = Upstream::start().await;
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let egret = Egret::start(config(&collector.url()).build().unwrap()).unwrap();
    let client = egret.wrap(reqwest::Client::new());
    let response = client.post(upstream.url("/echo/12345?page=2")).body("hello").send().await;
    assert_eq!(response.unwrap().text().await.unwrap(), "hello");
    egret.flush_async(Duration::from_secs(5)).await.unwrap();
    let calls = calls(&collector.url(), "").await;
    let call = &calls[0];
    for (name, expected) in [
        ("http.request.method", "POST".into()),
        ("url.scheme", "http".into()),
        ("server.address", "127.0.0.1".into()),
        ("server.port", upstream.address.port().into()),
        ("url.path", "/echo/12345".into()),
        ("url.query", "page=2".into()),
        ("url.template", "/echo/{int}".into()),
        ("http.response.status_code", 200.into()),
        ("network.protocol.version", "1.1".into()),
        ("network.peer.address", "127.0.0.1".into()),
        ("http.request.body.size", 5.into()),
        ("http.response.body.size", 5.into()),
        ("kind", "client".into()),
        ("outcome", "completed".into()),
        ("service", serde_json::Value::from("it")),
    ] {
        assert_eq!(call[name], expected, "{name} in {call}");
    }
    let ns = |name: &str| call[name].as_u64().unwrap();
    assert!(ns("ttfb_ns") > 0 && ns("total_ns") == ns("ttfb_ns") + ns("body_ns"), "{call}");
}

#[tokio::test]
async fn observed_closures_and_futures_leave_one_record_each() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let egret = Egret::start(config(&collector.url()).build().unwrap()).unwrap();
    assert_eq!(egret.observe("maps", || Ok::<_, std::io::Error>(7)).unwrap(), 7);
    let refused = egret.observe("maps", || Err::<(), _>(std::io::Error::other("secret=abc")));
    assert_eq!(refused.unwrap_err().to_string(), "secret=abc");
    egret.observe_async("mail", async { "sent" }).await;
    let never = egret.observe_async("mail", std::future::pending::<()>());
    assert!(tokio::time::timeout(Duration::from_millis(10), never).await.is_err());
    let panicking =
        std::panic::AssertUnwindSafe(|| egret.observe("mail", || -> u8 { panic!("x") }));
    assert!(std::panic::catch_unwind(panicking).is_err());
    egret.flush_async(Duration::from_secs(5)).await.unwrap();
    let seen = outcomes(&collector.url()).await;
    let expected = [
        ("cancelled null cancelled", 1),
        ("completed null -", 2),
        ("failed null panic", 1),
        ("failed null std::io::error::Error", 1),
    ];
    assert_eq!(seen, expected.map(|(name, n)| (name.to_owned(), n)).into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sampling_leaves_the_history_exact() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let config = config(&collector.url()).sample_rate(0.01).build().unwrap();
    let egret = Egret::start(config).unwrap();
    for n in 0..50_000u64 {
        let url = format!("https://api.example.com/items/{n}");
        let status = if n % 100 == 0 { 500 } else { 200 };
        let slow = n % 1_000 == 1;
        let duration = Duration::from_millis(if slow { 2_000 } else { 5 });
        egret.log(Call::new("GET", &url).status(status).duration(duration));
    }
    egret.flush_async(Duration::from_secs(20)).await.unwrap();
    let stats = egret.stats();
    assert!(stats.is_conserved() && stats.dropped.total() == 0, "{stats:?}");
    assert_eq!(total(&collector.url()).await, 50_000, "the history counts every call");
    let kept = calls(&collector.url(), "").await;
    assert_eq!(kept.len() as u64, 50_000 - stats.sampled_out);
    let n_errors = kept.iter().filter(|call| call["http.response.status_code"] == 500).count();
    let n_slow = kept.iter().filter(|call| call["total_ns"] == 2_000_000_000u64).count();
    assert_eq!((n_errors, n_slow), (500, 50), "errors and slow calls are always kept");
    let n_drawn = kept.len() - n_errors - n_slow;
    assert!((350..650).contains(&n_drawn), "1 % of the rest is kept, here {n_drawn}");
}
