//! Every flush and every shutdown keeps its deadline: in each situation that a service can be in,
//! against each way that a collector can misbehave.

use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Once;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use egret::{Call, Egret};
use egret_collector::Collector;
use tokio::runtime::{Builder, Runtime};

use crate::collector::config;
use crate::upstream::closed_port;

/// What every flush and every shutdown is given.
const DEADLINE: Duration = Duration::from_secs(1);

/// What it may take at most.
const LIMIT: Duration = Duration::from_millis(1_050);

/// Cells that run at the same time: few enough for two cores not to be the bottleneck.
const AT_ONCE: usize = 8;

/// What is done in a cell: a flush, then a shutdown; how long each took.
type Times = (Duration, Duration);

fn timed<T>(act: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    act();
    start.elapsed()
}

fn blocking(egret: &Egret) -> Times {
    (timed(|| egret.flush(DEADLINE)), timed(|| egret.shutdown(DEADLINE)))
}

async fn asynchronous(egret: &Egret) -> Times {
    let start = Instant::now();
    let _ = egret.flush_async(DEADLINE).await;
    let flush = start.elapsed();
    let start = Instant::now();
    let _ = egret.shutdown_async(DEADLINE).await;
    (flush, start.elapsed())
}

/// Runs the errand when it is dropped.
struct InDrop(Egret, std::sync::mpsc::SyncSender<Times>);

impl Drop for InDrop {
    fn drop(&mut self) {
        self.1.send(blocking(&self.0)).unwrap();
    }
}

thread_local! {
    static IN_HOOK: RefCell<Option<InDrop>> = const { RefCell::new(None) };
}

/// Runs the errand inside the panic hook of a panicking thread.
fn in_panic_hook(egret: &Egret) -> Times {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let default = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| match IN_HOOK.take() {
            Some(errand) => drop(errand),
            None => default(info),
        }));
    });
    let (sender, receiver) = sync_channel(1);
    IN_HOOK.set(Some(InDrop(egret.clone(), sender)));
    let panic: fn() = || panic!("on purpose");
    assert!(std::panic::catch_unwind(panic).is_err());
    receiver.recv().unwrap()
}

/// Runs the errand in a task that is dropped because its runtime shuts down.
fn in_runtime_shutdown(egret: &Egret) -> Times {
    let (sender, receiver) = sync_channel(1);
    let runtime = one_worker();
    let errand = InDrop(egret.clone(), sender);
    runtime.spawn(async move {
        let _errand = errand;
        std::future::pending::<()>().await;
    });
    drop(runtime);
    receiver.recv().unwrap()
}

fn one_worker() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// A way of being in a service.
type Situation = (&'static str, fn(&Egret) -> Times);

const SITUATIONS: [Situation; 8] = [
    ("current-thread runtime", |egret| current_thread().block_on(asynchronous(egret))),
    ("current-thread, blocking", |egret| current_thread().block_on(async { blocking(egret) })),
    ("one worker", |egret| {
        let egret = egret.clone();
        one_worker()
            .block_on(async { tokio::spawn(async move { asynchronous(&egret).await }).await })
            .unwrap()
    }),
    ("one worker, blocking", |egret| {
        let egret = egret.clone();
        one_worker()
            .block_on(async { tokio::spawn(async move { blocking(&egret) }).await })
            .unwrap()
    }),
    ("no runtime", blocking),
    ("inside Drop", |egret| {
        let (sender, receiver) = sync_channel(1);
        drop(InDrop(egret.clone(), sender));
        receiver.recv().unwrap()
    }),
    ("inside a panic hook", in_panic_hook),
    ("during runtime shutdown", in_runtime_shutdown),
];

/// A server on loopback that does `behave` with each connection, for as long as the process lives.
fn server(behave: fn(TcpStream)) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || behave(stream));
        }
    });
    address
}

fn read_request(stream: &mut TcpStream) {
    let _ = stream.read(&mut [0; 64 * 1024]);
}

/// Writes until the other side is gone.
fn write_for_ever(mut stream: TcpStream, head: &[u8], rest: &[u8], pause: Duration) {
    read_request(&mut stream);
    let mut written = stream.write_all(head);
    while written.is_ok() {
        std::thread::sleep(pause);
        written = stream.write_all(rest);
    }
}

/// The collector in its ways, each with its address.
fn collectors(reachable: &Collector, refusing: SocketAddr) -> Vec<(&'static str, String)> {
    const OK: &[u8] = b"HTTP/1.1 202 Accepted\r\ntransfer-encoding: chunked\r\n\r\n";
    let slow = server(|stream| write_for_ever(stream, b"H", b"T", Duration::from_secs(1)));
    let black_hole = server(|mut stream| drop(stream.read_to_end(&mut Vec::new())));
    let resetting = server(drop);
    let garbage = server(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(b"\x16\x03\x01 not HTTP at all\r\n\r\n");
    });
    let html = server(|mut stream| {
        read_request(&mut stream);
        let page = b"HTTP/1.1 200 OK\r\ncontent-length: 15\r\ncontent-type: text/html\r\n\r\n<html>no</html>";
        let _ = stream.write_all(page);
    });
    let endless = server(|stream| {
        write_for_ever(stream, OK, b"3\r\nabc\r\n", Duration::from_millis(10));
    });
    let redirecting = server(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 307 Again\r\nlocation: /\r\ncontent-length: 0\r\n\r\n");
    });
    let mut all = vec![("reachable", reachable.url()), ("refusing", format!("http://{refusing}"))];
    for (name, address) in [
        ("1 byte a second", slow),
        ("black hole", black_hole),
        ("resetting", resetting),
        ("garbage", garbage),
        ("HTML", html),
        ("endless body", endless),
        ("endless redirect", redirecting),
    ] {
        all.push((name, format!("http://{address}")));
    }
    all
}

/// One cell: what it took, and what became of 100 records.
fn cell(url: &str, act: fn(&Egret) -> Times) -> (Times, egret::Stats) {
    let egret = Egret::start(config(url).build().unwrap()).unwrap();
    for _ in 0..100 {
        egret.log(Call::new("GET", "https://api.example.com/x"));
    }
    let times = act(&egret);
    (times, egret.stats())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flush_and_shutdown_keep_their_deadlines_everywhere() {
    let reachable = Collector::bind("127.0.0.1:0").await.unwrap();
    let collectors = collectors(&reachable, closed_port().await);
    let cells: Vec<_> = SITUATIONS
        .iter()
        .flat_map(|situation| {
            collectors.iter().map(move |collector| (*situation, collector.clone()))
        })
        .collect();
    let slots = std::sync::Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
    let mut running = tokio::task::JoinSet::new();
    for ((situation, act), (collector, url)) in cells {
        let slots = slots.clone();
        running.spawn(async move {
            let _slot = slots.acquire_owned().await.unwrap();
            // A thread of its own: it must not be one of a runtime.
            let (sender, receiver) = tokio::sync::oneshot::channel();
            std::thread::spawn(move || drop(sender.send(cell(&url, act))));
            let (times, stats) = receiver.await.unwrap();
            (situation, collector, times, stats)
        });
    }
    let (mut n_cells, mut late) = (0, Vec::new());
    while let Some(cell) = running.join_next().await {
        let (situation, collector, times, stats) = cell.unwrap();
        n_cells += 1;
        show(situation, collector, times, &stats);
        assert!(
            stats.is_conserved() && stats.offered == 100,
            "{situation}, {collector}: {stats:?}"
        );
        if is_in_time(times) {
            check_settled(situation, collector, &stats);
        } else {
            late.push((situation, collector));
        }
    }
    println!("{n_cells} cells, of which late at first: {late:?}");
    for (situation, collector) in late {
        again(situation, collector, &collectors).await;
    }
}

fn show(situation: &str, collector: &str, (flush, shutdown): Times, stats: &egret::Stats) {
    let state = stats.collector_state;
    println!(
        "{situation:<26} {collector:<17} flush {flush:>9.1?} shutdown {shutdown:>9.1?} {state:?}"
    );
}

fn is_in_time((flush, shutdown): Times) -> bool {
    flush <= LIMIT && shutdown <= LIMIT
}

/// Nothing is left behind, and what could arrive did.
#[track_caller]
fn check_settled(situation: &str, collector: &str, stats: &egret::Stats) {
    assert_eq!(stats.queued + stats.in_flight, 0, "{situation}, {collector}: {stats:?}");
    let arrives = ["reachable", "endless body"].contains(&collector);
    assert_eq!(stats.delivered == 100, arrives, "{situation}, {collector}: {stats:?}");
}

/// A cell that was late while others ran beside it has to be in time when it runs by itself: on a
/// machine that is busy with something else, a thread may be woken late.
async fn again(situation: &str, collector: &str, collectors: &[(&'static str, String)]) {
    let act = SITUATIONS.iter().find(|(name, _)| *name == situation).unwrap().1;
    let url = collectors.iter().find(|(name, _)| *name == collector).unwrap().1.clone();
    let mut all = Vec::new();
    for _ in 0..3 {
        let (url, (sender, receiver)) = (url.clone(), tokio::sync::oneshot::channel());
        std::thread::spawn(move || drop(sender.send(cell(&url, act))));
        let (times, stats) = receiver.await.unwrap();
        show(situation, collector, times, &stats);
        all.push(times);
        if is_in_time(times) {
            return check_settled(situation, collector, &stats);
        }
    }
    panic!("{situation}, {collector}: late each time: {all:?}");
}
