//! Transports other than the collector's, start-up messages and captured calls.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use egret::codec::{Batch, Limits};
use egret::{Call, Config, Egret, FileTransport, MemoryTransport, SeveralTransports, Verdict};

use crate::upstream::Upstream;

#[tokio::test]
async fn a_file_and_memory_hold_the_same_calls() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("calls.ndjson");
    let memory = MemoryTransport::default();
    let both =
        SeveralTransports::new(vec![Box::new(FileTransport::new(&path)), Box::new(memory.clone())]);
    let egret = Egret::start_with(Config::builder().build().unwrap(), both).unwrap();
    for n in 0..100u16 {
        egret.log(Call::new("GET", "https://api.example.com/x").status(200 + n));
    }
    egret.flush_async(Duration::from_secs(5)).await.unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 100);
    assert_eq!(lines, memory.calls());
}

#[tokio::test]
async fn captured_calls_are_those_of_the_code_and_of_no_other() {
    let upstream = Upstream::start().await;
    let url = upstream.url("/status/201");
    let get = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let client = egret::wrap(reqwest::Client::new());
        runtime.block_on(client.get(url).send()).unwrap().status()
    };
    let captured = || egret::captured(get);
    let (status, calls) = tokio::task::spawn_blocking(captured).await.unwrap();
    assert_eq!((status.as_u16(), calls.len()), (201, 1));
    assert_eq!(calls[0]["http.response.status_code"], 201);
    let ((), none) = egret::captured(|| ());
    assert!(none.is_empty());
}

#[test]
fn a_timed_call_begins_with_its_timer_and_ends_when_it_is_logged() {
    let clock = egret::ManualClock::start();
    let ((), calls) = egret::captured(|| {
        let call = || egret::Call::new("GET", "https://api.example.com/items/17").status(200);
        let before = egret::Timer::start();
        clock.advance(Duration::from_secs(3_600));
        let timer = egret::Timer::start();
        clock.advance(Duration::from_millis(87));
        egret::log(call().duration(Duration::from_secs(9)).timed(timer));
        clock.advance(Duration::from_millis(1));
        egret::log(call().timed(before));
    });
    let start_seconds = |n: usize| calls[n]["start_unix_ns"].as_u64().unwrap() / 1_000_000_000;
    assert_eq!(calls[0]["total_ns"], 87_000_000);
    assert_eq!(calls[1]["total_ns"], 3_600_088_000_000_u64);
    // The machine's own clock is asked in between, and may be corrected meanwhile.
    assert!((3_590..3_610).contains(&(start_seconds(0) - start_seconds(1))), "{calls:?}");
}

/// Keeps whole batches.
#[derive(Clone, Default)]
struct Batches(Arc<Mutex<Vec<Arc<[u8]>>>>);

impl egret::Transport for Batches {
    fn send(&self, batch: Arc<[u8]>) -> egret::Sending {
        self.0.lock().unwrap().push(batch);
        Box::pin(std::future::ready(Verdict::Delivered))
    }
}

#[tokio::test]
async fn an_idle_service_says_once_what_it_is_made_of() {
    let batches = Batches::default();
    // As long as a busy machine may take from the start to the wrapping.
    let config = Config::builder()
        .flush_interval(Duration::from_millis(500))
        .route("api.example.com", "/x/{id}")
        .target("*.example.com", "example")
        .build()
        .unwrap();
    let egret = Egret::start_with(config, batches.clone()).unwrap();
    let _client = egret.wrap(reqwest::Client::new());
    #[cfg(feature = "tower")]
    let _layers = (egret.tower_client::<()>(), egret.tower_server::<()>());
    while batches.0.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    egret.log(Call::new("GET", "https://api.example.com/x"));
    egret.flush_async(Duration::from_secs(5)).await.unwrap();
    let batches = batches.0.lock().unwrap();
    let metas: Vec<_> = batches
        .iter()
        .map(|batch| Batch::open(batch, &Limits::default()).unwrap().meta().clone())
        .collect();
    let startup = metas[0].startup.as_ref().unwrap();
    assert!(startup.wrapped[0].location.starts_with("tests/it/ways_out.rs:"), "{startup:?}");
    assert_eq!(startup.routes[0].template, "/x/{id}");
    assert_eq!((startup.targets[0].host.as_str(), startup.n_routes), ("*.example.com", 1));
    #[cfg(feature = "tower")]
    {
        let clients: Vec<_> = startup.wrapped.iter().map(|it| it.client.as_str()).collect();
        assert_eq!(clients, ["reqwest", "tower client", "tower server"]);
    }
    assert!(metas[0].heartbeat.as_ref().unwrap().rss_bytes > Some(0));
    assert!(metas[1..].iter().all(|meta| meta.startup.is_none()) && metas.len() > 1);
}

/// Panics at its first batch.
#[derive(Clone, Default)]
struct Panicking(Batches);

impl egret::Transport for Panicking {
    fn send(&self, batch: Arc<[u8]>) -> egret::Sending {
        let is_first = self.0.0.lock().unwrap().is_empty();
        let sending = self.0.send(batch);
        assert!(!is_first, "on purpose");
        sending
    }
}

#[tokio::test]
async fn a_worker_that_panics_begins_anew_and_is_counted() {
    let transport = Panicking::default();
    let config = Config::builder().flush_interval(Duration::from_millis(10)).build().unwrap();
    let egret = Egret::start_with(config, transport.clone()).unwrap();
    for _ in 0..100 {
        egret.log(Call::new("GET", "https://api.example.com/x"));
    }
    egret.flush_async(Duration::from_secs(5)).await.unwrap();
    let stats = egret.stats();
    assert_eq!(stats.worker_restarts, 1);
    assert!(stats.is_conserved() && stats.delivered + stats.dropped.total() == 100, "{stats:?}");
}

#[test]
fn inline_delivery_needs_no_thread_and_no_runtime() {
    let memory = MemoryTransport::default();
    let config = Config::builder().inline(true).build().unwrap();
    let egret = Egret::start_with(config, memory.clone()).unwrap();
    egret.log(Call::new("GET", "https://api.example.com/1"));
    assert_eq!((egret.stats().queued, memory.calls().len()), (1, 0));
    egret.flush(Duration::from_secs(5)).unwrap();
    assert_eq!((egret.stats().delivered, memory.calls().len()), (1, 1));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        egret.log(Call::new("GET", "https://api.example.com/2"));
        egret.flush(Duration::from_secs(5)).unwrap();
        egret.log(Call::new("GET", "https://api.example.com/3"));
        egret.flush_async(Duration::from_secs(5)).await.unwrap();
    });
    egret.log(Call::new("GET", "https://api.example.com/4"));
    drop(egret.guard());
    assert_eq!(memory.calls().len(), 4);
    egret.log(Call::new("GET", "https://api.example.com/5"));
    egret.flush(Duration::from_secs(1)).unwrap();
    assert_eq!(egret.stats().dropped.of(egret::DropReason::Closed), 1);
}

#[tokio::test]
async fn an_inline_handle_may_be_dropped_inside_a_runtime() {
    let config = || Config::builder().inline(true).build().unwrap();
    let egret = Egret::start_with(config(), MemoryTransport::default()).unwrap();
    egret.log(Call::new("GET", "https://api.example.com/1"));
    egret.flush_async(Duration::from_secs(5)).await.unwrap();
    drop(egret);
    drop(Egret::start_with(config(), MemoryTransport::default()).unwrap());
}

/// Blocks its thread, as a disk that hangs does.
struct Hanging;

impl egret::Transport for Hanging {
    fn send(&self, _: Arc<[u8]>) -> egret::Sending {
        Box::pin(async {
            std::thread::sleep(Duration::from_secs(4));
            Verdict::Delivered
        })
    }
}

#[tokio::test]
async fn deadlines_hold_while_a_transport_blocks_the_worker() {
    for is_inline in [false, true] {
        let config = Config::builder().inline(is_inline).build().unwrap();
        let egret = Egret::start_with(config, Hanging).unwrap();
        egret.log(Call::new("GET", "https://api.example.com/1"));
        let start = std::time::Instant::now();
        egret.flush_async(Duration::from_millis(300)).await.unwrap_err();
        egret.shutdown_async(Duration::from_millis(300)).await.unwrap_err();
        egret.flush(Duration::from_millis(300)).unwrap_err();
        println!("three deadlines of 300 ms, inline {is_inline}: {:?}", start.elapsed());
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
        assert!(egret.stats().is_conserved());
    }
}
