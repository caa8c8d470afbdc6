//! Every hit reaches every handler once, whatever the other handlers do.
//! Never waits for time to pass: rounds are asked for, and hanging handlers are let go.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::http::{Method, StatusCode};
use axum::routing::get;
use egret::hits::{HitHandler, Hits, HitsBuilder, OVERFLOW, Snapshot, SnapshotId, Why};
use tokio::net::TcpListener;

/// Longer than any test takes.
const LONG: Duration = Duration::from_secs(20);
const FILE: &str = "/v1/assets/{asset}/files/{digest}";

type Handled = Result<(), Box<dyn Error + Send + Sync>>;

/// Adds up what it is given, by route, parameters and status. What it does besides is asked for.
#[derive(Clone, Default)]
struct Sums(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    sums: BTreeMap<String, u64>,
    ids: Vec<SnapshotId>,
    windows: Vec<(u64, u64)>,
}

impl HitHandler for Sums {
    fn handle(&mut self, snapshot: &Snapshot) -> Handled {
        let mut seen = self.0.lock().unwrap();
        seen.ids.push(snapshot.id());
        seen.windows.push((snapshot.from_unix_ns(), snapshot.to_unix_ns()));
        for (hit, n) in snapshot.iter() {
            let params: Vec<_> =
                hit.params().map(|(name, value)| format!("{name}={value}")).collect();
            let key = format!("{} [{}] {}", hit.route(), params.join(","), hit.status());
            *seen.sums.entry(key).or_default() += n;
        }
        Ok(())
    }
}

impl Sums {
    fn total(&self) -> u64 {
        self.0.lock().unwrap().sums.values().sum()
    }

    #[track_caller]
    fn check(&self, expected: &[(&str, u64)]) {
        let expected: BTreeMap<_, _> =
            expected.iter().map(|(key, n)| ((*key).to_owned(), *n)).collect();
        assert_eq!(self.0.lock().unwrap().sums, expected);
    }
}

/// No round comes by itself, unless a test wants it to.
fn by_hand() -> HitsBuilder {
    Hits::builder().interval(Duration::from_secs(3_600))
}

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

async fn file(Path((_, digest)): Path<(String, String)>) -> Result<&'static str, StatusCode> {
    if digest == "gone" { Err(StatusCode::NOT_FOUND) } else { Ok("bytes") }
}

async fn ask(url: &str, path: &str) -> u16 {
    reqwest::get(format!("{url}{path}")).await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn hits_that_come_while_handlers_run_are_all_counted_once() {
    let (sums, other) = (Sums::default(), Sums::default());
    let hits = Hits::builder()
        .interval(Duration::from_millis(1))
        .handler("sums", sums.clone())
        .handler("other", other.clone())
        .start()
        .unwrap();
    let router = Router::new().route(FILE, get(file)).layer(hits.layer());
    let url = serve(router).await;
    let client = reqwest::Client::new();
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..8 {
        let (client, url, hits) = (client.clone(), url.clone(), hits.clone());
        tasks.spawn(async move {
            for n in 0..250 {
                let url = format!("{url}/v1/assets/hg38/files/{}", n % 5);
                assert!(client.get(url).send().await.unwrap().status().is_success());
                hits.record("by hand", [("task", task.to_string().as_str())], 200);
            }
        });
    }
    tasks.join_all().await;
    hits.shutdown(LONG).unwrap();
    for sums in [&sums, &other] {
        let mut expected = BTreeMap::new();
        for n in 0..5 {
            expected.insert(format!("{FILE} [asset=hg38,digest={n}] 200"), 400);
        }
        for task in 0..8 {
            expected.insert(format!("by hand [task={task}] 200"), 250);
        }
        let seen = sums.0.lock().unwrap();
        assert_eq!(seen.sums, expected);
        assert!(seen.ids.len() > 1, "there were rounds while the requests came");
        assert!(seen.windows.windows(2).all(|pair| pair[0].1 <= pair[1].0), "windows overlap");
    }
    assert_eq!(sums.0.lock().unwrap().ids, other.0.lock().unwrap().ids);
}

#[tokio::test]
async fn routes_count_under_their_full_template_and_what_matches_none_does_not() {
    let sums = Sums::default();
    let hits = by_hand().handler("sums", sums.clone()).start().unwrap();
    let files = Router::new().route("/files/{digest}", get(file)).layer(hits.layer());
    let mounted = Router::new().route("/m/{b}/{a}", get(|| async { "m" })).layer(hits.layer());
    let router = Router::new()
        .route("/status", get(|| async { "up" }).post(|| async { StatusCode::CREATED }))
        .nest("/v1/assets/{asset}", files)
        .nest_service("/mount/{c}", mounted)
        .layer(hits.layer());
    let url = serve(router).await;
    for (path, status) in [
        ("/v1/assets/hg38/files/a1%2Fb", 200),
        ("/v1/assets/hg38/files/a1%2Fb", 200),
        ("/v1/assets/hg38/files/gone", 404),
        ("/v1/assets/hg38/nothing", 404),
        ("/mount/3/m/2/1", 200),
        ("/mount/3/nothing", 404),
        ("/status?verbose=1", 200),
        ("/nowhere", 404),
    ] {
        assert_eq!(ask(&url, path).await, status, "{path}");
    }
    hits.shutdown(LONG).unwrap();
    sums.check(&[
        ("/v1/assets/{asset}/files/{digest} [asset=hg38,digest=a1/b] 200", 2),
        ("/v1/assets/{asset}/files/{digest} [asset=hg38,digest=gone] 404", 1),
        ("/mount/{c}/m/{b}/{a} [a=1,b=2,c=3] 200", 1),
        ("/status [] 200", 1),
    ]);
    assert!(hits.stats().n_unmatched >= 3);
}

#[tokio::test]
async fn the_layer_can_be_told_which_methods_count() {
    let sums = Sums::default();
    let hits = by_hand().handler("sums", sums.clone()).start().unwrap();
    let router =
        Router::new().route("/f", get(|| async { "f" })).layer(hits.layer().methods([Method::GET]));
    let url = serve(router).await;
    let client = reqwest::Client::new();
    client.head(format!("{url}/f")).send().await.unwrap();
    client.post(format!("{url}/f")).send().await.unwrap();
    client.get(format!("{url}/f")).send().await.unwrap();
    hits.shutdown(LONG).unwrap();
    sums.check(&[("/f [] 200", 1)]);
}

#[tokio::test]
async fn a_layer_around_the_router_says_that_it_sees_no_routes() {
    let hits = by_hand().handler("sums", Sums::default()).start().unwrap();
    let inner = Router::new().route("/f", get(|| async { "f" }));
    let around = tower_layer::Layer::layer(&hits.layer(), inner);
    let url = serve(Router::new().fallback_service(around)).await;
    assert_eq!(ask(&url, "/f").await, 200);
    let stats = hits.stats();
    assert_eq!((stats.n_recorded, stats.n_unmatched), (0, 1));
}

/// Looks again and again until it is so, and fails when it never is.
#[track_caller]
fn until(is_so: impl Fn() -> bool) {
    let start = std::time::Instant::now();
    while !is_so() {
        assert!(start.elapsed() < LONG, "it never came about");
        std::thread::yield_now();
    }
}

/// Handles a snapshot when it is let, and says that it has begun.
fn hanging(begun: Sender<()>, let_go: Receiver<()>) -> impl HitHandler {
    move |_: &Snapshot| -> Handled {
        begun.send(()).unwrap();
        let _ = let_go.recv();
        Ok(())
    }
}

#[test]
fn failing_panicking_and_hanging_handlers_neither_lose_nor_double_anothers_hits() {
    let sums = Sums::default();
    let (begun, has_begun) = mpsc::channel();
    let (go, let_go) = mpsc::channel();
    let failed_ids = Arc::new(Mutex::new(Vec::new()));
    let ids = Arc::clone(&failed_ids);
    let hits = by_hand()
        .handler("fails", move |snapshot: &Snapshot| -> Handled {
            ids.lock().unwrap().push(snapshot.id());
            Err("no database".into())
        })
        .handler("panics", |_: &Snapshot| -> Handled { panic!("on purpose") })
        .handler("hangs", hanging(begun, let_go))
        .handler("sums", sums.clone())
        .start()
        .unwrap();
    for round in 1..=3 {
        (0..10).for_each(|_| hits.record("/f", [], 200));
        let unfinished = hits.flush(Duration::ZERO).unwrap_err().handlers;
        let hangs = unfinished.iter().find(|one| one.handler == "hangs").unwrap();
        assert_eq!((hangs.why, hangs.n_hits), (Why::Running, 10 * round));
        // The others are through with the round, whatever the one that hangs does.
        until(|| [0, 1, 3].iter().all(|lane| hits.stats().handlers[*lane].n_runs == round));
        assert_eq!(sums.total(), 10 * round);
    }
    has_begun.recv().unwrap();
    let ids = failed_ids.lock().unwrap().clone();
    assert!(ids.len() == 3 && ids.iter().all(|id| *id == ids[0]), "the same snapshot comes again");
    let stats = hits.stats();
    for handler in &stats.handlers {
        let sum = stats.n_waiting + handler.n_hits_pending + handler.n_hits_handled;
        assert_eq!(sum, stats.n_recorded, "{handler:?}");
    }
    let [fails, panics, hangs, fine] = &stats.handlers[..] else { panic!("{stats:?}") };
    assert_eq!(fails.last_error.as_deref(), Some("no database"));
    assert_eq!(panics.last_error.as_deref(), Some("panicked: on purpose"));
    assert_eq!((panics.n_runs, panics.n_failures, panics.n_panics), (3, 3, 3));
    assert!(hangs.is_running && hangs.n_runs == 0);
    assert_eq!((fine.n_runs, fine.n_failures, fine.n_hits_handled), (3, 0, 30));
    // Once let go, the one that hung has its hits too.
    drop(go);
    let error = hits.shutdown(LONG).unwrap_err();
    let text = error.to_string();
    assert_eq!(text, "hits are not handled by fails (failed, 30 hits), panics (failed, 30 hits)");
    assert_eq!(hits.stats().handlers[2].n_hits_handled, 30);
}

#[test]
fn a_handler_that_fails_after_it_stored_is_given_the_same_snapshot_and_counts_once() {
    let mut stored: BTreeMap<SnapshotId, u64> = BTreeMap::new();
    let totals = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&totals);
    let mut n_runs = 0;
    let hits = by_hand()
        .max_pending(1)
        .handler("stores", move |snapshot: &Snapshot| -> Handled {
            stored.insert(snapshot.id(), snapshot.n_hits());
            seen.lock().unwrap().push(stored.values().sum::<u64>());
            n_runs += 1;
            if n_runs <= 3 { Err("the commit's answer was lost".into()) } else { Ok(()) }
        })
        .start()
        .unwrap();
    for n in [3, 4, 5, 6] {
        (0..n).for_each(|_| hits.record("/f", [], 200));
        let _ = hits.flush(LONG);
    }
    // Three runs on the first snapshot, a fourth that succeeds, and then the rest as one or more.
    assert_eq!(totals.lock().unwrap()[..4], [3, 3, 3, 3]);
    hits.shutdown(LONG).unwrap();
    assert_eq!(totals.lock().unwrap().last(), Some(&18));
}

#[test]
fn the_last_run_takes_what_came_since_and_later_hits_are_late() {
    let sums = Sums::default();
    let hits = by_hand().handler("sums", sums.clone()).start().unwrap();
    hits.record("/f", [("b", "2"), ("a", "1")], 200);
    hits.record("/f", [("a", "1"), ("b", "2")], 200);
    drop(hits.guard().deadline(LONG));
    sums.check(&[("/f [a=1,b=2] 200", 2)]);
    hits.record("/f", [], 200);
    hits.shutdown(LONG).unwrap();
    hits.flush(LONG).unwrap();
    let stats = hits.stats();
    assert_eq!((stats.n_recorded, stats.n_late, sums.total()), (2, 1, 2));
}

#[test]
fn a_shutdown_keeps_its_deadline_and_names_who_hangs() {
    let sums = Sums::default();
    let (begun, _has_begun) = mpsc::channel();
    let (go, let_go) = mpsc::channel();
    let hanging = hanging(begun, let_go);
    let hits = by_hand().handler("hangs", hanging).handler("sums", sums.clone()).start().unwrap();
    hits.record("/f", [], 200);
    let deadline = Duration::from_millis(100);
    let start = std::time::Instant::now();
    let unfinished = hits.shutdown(deadline).unwrap_err().handlers;
    println!("a shutdown of {deadline:?} took {:?}", start.elapsed());
    assert!((deadline..LONG).contains(&start.elapsed()));
    let hangs = unfinished.iter().find(|one| one.handler == "hangs").unwrap();
    assert_eq!((hangs.why, hangs.n_hits), (Why::Running, 1));
    until(|| sums.total() == 1);
    // Waiting again is possible, and ends once the handler does.
    go.send(()).unwrap();
    hits.shutdown(LONG).unwrap();
    assert!(hits.stats().handlers.iter().all(|handler| handler.n_hits_handled == 1));
}

#[test]
fn when_the_last_handle_goes_handlers_have_a_last_run_and_are_dropped() {
    let (sender, receiver) = mpsc::channel();
    let hits = by_hand()
        .handler("sends", move |snapshot: &Snapshot| Ok(sender.send(snapshot.n_hits())?))
        .start()
        .unwrap();
    let layer = hits.layer();
    hits.record("/f", [], 200);
    drop(hits);
    drop(layer);
    assert_eq!(receiver.recv_timeout(LONG), Ok(1));
    // The sender goes with the handler, the handler with its thread.
    assert_eq!(receiver.recv_timeout(LONG), Err(mpsc::RecvTimeoutError::Disconnected));
}

#[test]
fn beyond_the_cap_hits_are_counted_under_the_overflow_key() {
    let sums = Sums::default();
    let hits = by_hand().handler("sums", sums.clone()).max_keys(10).start().unwrap();
    for n in 0..100 {
        hits.record("/f", [("n", n.to_string().as_str())], 200);
        hits.record("/f", [("n", "0")], 200);
    }
    let stats = hits.stats();
    assert_eq!((stats.n_recorded, stats.n_overflowed), (200, 90));
    hits.shutdown(LONG).unwrap();
    let seen = sums.0.lock().unwrap();
    assert_eq!(seen.sums.len(), 11);
    assert_eq!(seen.sums[&format!("{OVERFLOW} [] 200")], 90);
    assert_eq!(seen.sums["/f [n=0] 200"], 101);
    assert_eq!(seen.sums.values().sum::<u64>(), 200);
}

/// Makes this test binary a service that forks.
const FORKING: &str = "EGRET_TEST_FORKING_HITS";

#[test]
fn forking_service() {
    if std::env::var_os(FORKING).is_none() {
        return;
    }
    let sums = Sums::default();
    let hits = by_hand().handler("sums", sums.clone()).start().unwrap();
    hits.record("/f", [], 200);
    match fork::fork().unwrap() {
        fork::Fork::Child => {
            hits.record("/f", [], 200);
            // No assertion: a panic would end this thread, the child's only one, with a 0.
            let is_quiet = hits.shutdown(LONG).is_ok() && sums.total() == 0;
            std::process::exit(i32::from(!is_quiet || hits.stats().n_late != 1));
        }
        fork::Fork::Parent(child) => {
            assert_eq!(fork::waitpid(child).unwrap(), 0, "the child kept quiet");
            hits.shutdown(LONG).unwrap();
            sums.check(&[("/f [] 200", 1)]);
        }
    }
}

#[test]
fn a_forked_process_neither_waits_for_its_parents_handlers_nor_repeats_their_hits() {
    let service = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "hits::forking_service"])
        .env(FORKING, "1")
        .output()
        .unwrap();
    assert!(service.status.success(), "{}", String::from_utf8_lossy(&service.stdout));
}
