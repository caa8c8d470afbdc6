//! A handler that fails, panics or hangs beside one that works.
//! They never use the network: what a webhook does is tested against the real server.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;

use super::spec::{Effect, Filter, HandlerSpec};
use super::*;
use crate::model::{Hit, HitCounts, Position};
use crate::pipeline::HitsWanted;
use crate::queue::Durability;
use crate::store::{DataDir, Group, HitDatabase, LogBounds, Reader, Store, Writer};

/// What a handler does with hits, as a test says.
#[derive(Clone)]
pub(crate) struct Act(Arc<Acting>);

type Acting = dyn Fn(&LoggedHits) -> Result<(), Failure> + Send + Sync;

impl PartialEq for Act {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Act {}

impl HitHandler for Act {
    fn handle(&mut self, hits: &LoggedHits) -> Result<(), Failure> {
        (self.0)(hits)
    }
}

fn spec(name: &str, effect: Effect) -> HandlerSpec {
    let interval = Some(Duration::from_millis(1));
    HandlerSpec { name: name.to_owned(), interval, effect, filter: Filter::default() }
}

fn act(
    name: &str,
    act: impl Fn(&LoggedHits) -> Result<(), Failure> + Send + Sync + 'static,
) -> HandlerSpec {
    spec(name, Effect::Test(Act(Arc::new(act))))
}

fn counts(route: &str, n: u64) -> HitCounts {
    let mut counts = HitCounts::default();
    counts.add(Hit { route: route.to_owned(), ..hit() }, n);
    counts
}

fn hit() -> Hit {
    Hit {
        service: "shop".to_owned(),
        environment: String::new(),
        kind: "server".to_owned(),
        method: "GET".to_owned(),
        host: "a.com".to_owned(),
        route: "/".to_owned(),
        params: [("id".to_owned(), "7".to_owned())].into(),
        status: 200,
    }
}

/// A store, and handlers over its log.
struct Bench {
    dir: TempDir,
    writer: Writer,
    n_written: u64,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::open(&dir.path().join("data")).unwrap();
        Self { writer: Writer::open(data, Durability::Normal).unwrap(), dir, n_written: 0 }
    }

    fn data(&self) -> std::path::PathBuf {
        self.dir.path().join("data")
    }

    fn start(&self, handlers: Vec<HandlerSpec>) -> Handlers {
        let settings = HitSettings { handlers, ..HitSettings::default() };
        Handlers::start(settings, &self.data()).unwrap()
    }

    fn write(&mut self, hits: HitCounts, bounds: LogBounds) {
        self.n_written += 1;
        let position = Position(self.n_written);
        let group = Group { hits, log_bounds: bounds, position, ..Group::default() };
        self.writer.write(&group).unwrap();
    }

    /// Writes as the pipeline does.
    fn log(&mut self, hits: HitCounts, wanted: &HitsWanted) {
        let handled = wanted.handled.load(std::sync::atomic::Ordering::Relaxed);
        self.write(hits, LogBounds { handled, n_bytes: wanted.n_bytes });
    }

    fn n_logged(&self) -> usize {
        let reader = Reader::new(self.data());
        let all = reader.hits_after(0, u64::MAX).unwrap();
        all.map_or(0, |all| (all.last - all.first + 1) as usize)
    }
}

fn count_to(path: &Path) -> Effect {
    Effect::CountToSqlite { path: path.to_owned() }
}

fn end(handlers: Handlers, deadline: Duration) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(handlers.end(deadline));
}

/// What a database of `count_to_sqlite` adds up to.
fn counted(path: &Path) -> u64 {
    HitDatabase::sum(path)
}

fn gate() -> (SyncSender<()>, Arc<Mutex<Receiver<()>>>) {
    let (open, opened) = sync_channel(0);
    (open, Arc::new(Mutex::new(opened)))
}

#[test]
fn one_that_fails_panics_or_hangs_holds_nobody_up() {
    let mut bench = Bench::new();
    let path = bench.dir.path().join("counts.db");
    let (open, opened) = gate();
    let (entered, entering) = sync_channel(99);
    let handlers = bench.start(vec![
        act("fails", |_| Err("no".into())),
        act("panics", |_| panic!("ouch")),
        act("hangs", move |_| {
            entered.send(()).unwrap();
            Ok(opened.lock().unwrap().recv()?)
        }),
        spec("counts", count_to(&path)),
    ]);
    let wanted = handlers.wanted.clone().unwrap();
    for n in 1..=20 {
        bench.log(counts("/a", n), &wanted);
    }
    entering.recv().unwrap();
    // All of them are asked for a last time, and the one that hangs is left behind.
    end(handlers, Duration::from_millis(300));
    assert_eq!(counted(&path), 210);
    // Nothing is trimmed that three of them have not handled.
    bench.log(counts("/a", 1), &wanted);
    assert_eq!(bench.n_logged(), 21);
    drop(open);
}

/// First entry, last entry and hits of what a handler was told.
type Seen = Arc<Mutex<Vec<(u64, u64, u64)>>>;

/// Remembers what it was told, and fails by a script.
fn scripted(seen: &Seen, fails: &Arc<Mutex<u32>>) -> HandlerSpec {
    let (seen, fails) = (Arc::clone(seen), Arc::clone(fails));
    act("scripted", move |hits| {
        let mut left = fails.lock().unwrap();
        let is_failing = *left > 0;
        *left = left.saturating_sub(1);
        seen.lock().unwrap().push((hits.first, hits.last, hits.counts.n_hits()));
        if is_failing { Err("not yet".into()) } else { Ok(()) }
    })
}

#[test]
fn what_failed_is_given_again_as_it_was_and_then_the_rest() {
    let mut bench = Bench::new();
    let (seen, fails) = (Seen::default(), Arc::new(Mutex::new(u32::MAX)));
    let handlers = bench.start(vec![scripted(&seen, &fails)]);
    let wanted = handlers.wanted.clone().unwrap();
    bench.log(counts("/a", 1), &wanted);
    while seen.lock().unwrap().is_empty() {
        std::thread::yield_now();
    }
    bench.log(counts("/a", 2), &wanted);
    bench.log(counts("/b", 4), &wanted);
    end(handlers, Duration::from_secs(5));
    assert!(seen.lock().unwrap().iter().all(|told| *told == (1, 1, 1)), "{seen:?}");
    // A later process goes on where this one failed, with the same entries first.
    seen.lock().unwrap().clear();
    *fails.lock().unwrap() = 0;
    let handlers = bench.start(vec![scripted(&seen, &fails)]);
    let wanted = handlers.wanted.clone().unwrap();
    end(handlers, Duration::from_secs(5));
    assert_eq!(*seen.lock().unwrap(), [(1, 1, 1), (2, 3, 6)]);
    // All that is handled goes with the next commit.
    bench.log(counts("/c", 8), &wanted);
    assert_eq!(bench.n_logged(), 1);
}

#[test]
fn a_handler_begins_where_it_is_enabled_and_ends_where_it_is_not() {
    let mut bench = Bench::new();
    let path = bench.dir.path().join("counts.db");
    let counts_all = || vec![spec("counts", count_to(&path))];
    bench.write(counts("/before", 1), LogBounds::default());
    let handlers = bench.start(counts_all());
    bench.log(counts("/a", 2), &handlers.wanted.clone().unwrap());
    end(handlers, Duration::from_secs(5));
    assert_eq!(counted(&path), 2);
    // Nobody handles hits: the log is not for anybody, and nobody is remembered.
    let handlers = bench.start(Vec::new());
    assert!(handlers.wanted.is_none());
    bench.write(HitCounts::default(), LogBounds { handled: u64::MAX, n_bytes: 0 });
    assert_eq!(bench.n_logged(), 0);
    let handlers = bench.start(counts_all());
    bench.log(counts("/c", 4), &handlers.wanted.clone().unwrap());
    end(handlers, Duration::from_secs(5));
    assert_eq!(counted(&path), 6);
}

#[test]
fn a_log_that_is_full_loses_its_oldest_and_goes_on() {
    let mut bench = Bench::new();
    for n in 0..5 {
        bench.write(counts("/a", 1 << n), LogBounds { handled: 0, n_bytes: 500 });
    }
    let kept = Reader::new(bench.data()).hits_after(0, u64::MAX).unwrap().unwrap();
    assert!(kept.first > 1 && kept.last == 5, "{kept:?}");
    assert!(kept.counts.n_hits() >= 16, "the newest are there: {kept:?}");
}

#[test]
fn keys_beyond_the_bound_are_counted_together() {
    let mut all = HitCounts::default();
    for n in 0..10_010 {
        let params = [("id".to_owned(), n.to_string())].into();
        all.add(Hit { params, ..hit() }, 1);
    }
    assert_eq!(all.n_hits(), 10_010);
    let overflow: u64 =
        all.iter().filter(|(hit, _)| hit.route == "{overflow}").map(|it| it.1).sum();
    assert_eq!((overflow, all.iter().count()), (10, 10_001));
}

#[track_caller]
fn check_mistake(text: &str, expected: &str) {
    let mistakes = specs(text).unwrap_err().join("\n");
    assert!(mistakes.contains(expected), "{mistakes} does not say {expected}");
    assert!(!mistakes.contains("hush"), "{mistakes}");
}

#[test]
fn a_bad_handler_is_told_what_would_be_good() {
    check_mistake("{a = {handler = 'mail'}}", "there are count_to_sqlite, webhook, log");
    check_mistake("{a = {handler = 'log', path = 'x'}}", "log takes neither");
    check_mistake("{a = {handler = 'count_to_sqlite'}}", "needs `path`");
    check_mistake("{a = {handler = 'webhook', url = 'hush'}}", "http:// or https://");
    check_mistake("{a = {handler = 'webhook', url = 'https://'}}", "http:// or https://");
    check_mistake("{a = {handler = 'log', interval_seconds = 0}}", "from 1 to 86400");
    check_mistake("{a = {handler = 'log', kinds = ['srv']}}", "there are client, server");
    check_mistake("{a = {handler = 'log', knd = 1}}", "unknown field `knd`");
    check_mistake("{'a b' = {handler = 'log'}}", "its name must be");
    check_mistake("{a = {}}", "missing field `handler`");
    check_mistake("[hush", "no inline table");
    check_mistake("7", "no inline table");
    let specs = specs("{a = {handler = 'log'}, b = {handler = 'log', enabled = false}}").unwrap();
    assert_eq!(specs.iter().map(|spec| spec.name.as_str()).collect::<Vec<_>>(), ["a"]);
}
