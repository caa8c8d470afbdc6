//! The pure parts: the table and its bounds, the taking, the queue, the rounds, the settings.
//! Never starts a thread that outlives its test, and never sleeps.

use std::sync::Arc;

use super::board::{Board, Outcome, Schedule};
use super::counts::{Bounds, Counts};
use super::pending::{Pending, PendingBounds};
use super::tally::Tally;
use super::*;
use crate::clock::Tick;

const WIDE: Bounds = Bounds { keys: 100_000, key_bytes: 32 << 20 };

fn hit(route: &str) -> Hit {
    Hit::new(route, [], 200)
}

fn snapshot(hits: &[(&str, u64)], from_unix_ns: u64, to_unix_ns: u64) -> Snapshot {
    let mut counts = Counts::default();
    hits.iter().for_each(|(route, n)| _ = counts.add(hit(route), *n, WIDE));
    Snapshot::new(tally::Taken { counts, from_unix_ns, to_unix_ns })
}

/// `route=n` of each hit, sorted.
fn show(counts: impl Iterator<Item = (impl std::borrow::Borrow<Hit>, u64)>) -> String {
    let text = |hit: &Hit, n| format!("{}:{}={n}", hit.route(), hit.status());
    let mut lines: Vec<_> = counts.map(|(hit, n)| text(hit.borrow(), n)).collect();
    lines.sort();
    lines.join(" ")
}

#[test]
fn parameters_are_the_same_in_any_order_and_values_keep_their_names() {
    let one = Hit::new("/r", [("a", "1"), ("b", "2")], 200);
    assert_eq!(one, Hit::new("/r", [("b", "2"), ("a", "1")], 200));
    assert_ne!(one, Hit::new("/r", [("a", "2"), ("b", "1")], 200));
    assert_ne!(one, Hit::new("/r", [("a", "1"), ("b", "2")], 404));
    assert_ne!(Hit::new("/r", [("a", "1b")], 200), Hit::new("/r", [("a1", "b")], 200));
    assert_eq!((one.param("b"), one.param("c")), (Some("2"), None));
    assert!(one.is_success() && !Hit::new("/r", [], 304).is_success());
}

#[track_caller]
fn check_bounds(bounds: Bounds, hits: &[(&str, u16)], expected: &str) {
    let mut counts = Counts::default();
    for (route, status) in hits {
        counts.add(Hit::new(route, [], *status), 1, bounds);
    }
    assert_eq!(show(counts.iter()), expected);
    assert_eq!(counts.n_hits(), hits.len() as u64);
}

#[test]
fn beyond_the_bounds_hits_are_counted_under_the_overflow_key() {
    let two = Bounds { keys: 2, ..WIDE };
    let ok = |route| (route, 200);
    check_bounds(two, &["a", "b", "c", "a", "d"].map(ok), "a:200=2 b:200=1 {overflow}:200=2");
    // Keys of overflow take no room from others.
    check_bounds(
        two,
        &[("x", 404), ("y", 404), ("a", 200), ("b", 200), ("z", 500)],
        "a:200=1 x:404=1 {overflow}:200=1 {overflow}:404=1 {overflow}:500=1",
    );
    let long = "x".repeat(1_000);
    let kilobyte = Bounds { key_bytes: 1_024, ..WIDE };
    check_bounds(kilobyte, &[ok("a"), ok(&long), ok("b")], "a:200=1 b:200=1 {overflow}:200=1");
}

#[test]
fn failures_fill_no_more_than_half_of_the_table() {
    let mut counts = Counts::default();
    let bounds = Bounds { keys: 100, ..WIDE };
    for n in 0..1_000 {
        counts.add(Hit::new("/f", [("name", n.to_string().as_str())], 404), 1, bounds);
    }
    assert_eq!(counts.n_keys(), 50 + 1);
    for n in 0..50 {
        counts.add(Hit::new("/f", [("name", n.to_string().as_str())], 200), 1, bounds);
    }
    let overflow: Vec<_> = counts.iter().filter(|(hit, _)| hit.is_overflow()).collect();
    assert_eq!(overflow, [(&Hit::overflow(404), 950)]);
}

#[test]
fn each_hit_is_taken_once_and_windows_never_overlap() {
    let mut tally = Tally::new(WIDE, 1_000);
    tally.record(hit("a"));
    let first = tally.take(Counts::with_capacity(8), 2_000);
    tally.record(hit("b"));
    // The machine's clock was set back in between.
    let second = tally.take(Counts::default(), 500);
    let third = tally.take(Counts::default(), 3_000);
    assert_eq!((first.from_unix_ns, first.to_unix_ns), (1_000, 2_000));
    assert_eq!((second.from_unix_ns, second.to_unix_ns), (2_000, 2_001));
    assert_eq!((third.from_unix_ns, third.to_unix_ns), (2_001, 3_000));
    let shown = [first, second, third].map(|taken| show(taken.counts.iter()));
    assert_eq!(shown, ["a:200=1", "b:200=1", ""]);
    tally.close();
    tally.record(hit("c"));
    assert_eq!((tally.totals.n_recorded, tally.totals.n_late, tally.n_waiting()), (2, 1, 0));
}

#[test]
fn what_was_tried_comes_again_unchanged_and_what_was_not_is_merged() {
    let bounds = PendingBounds { snapshots: 2, table: WIDE };
    let mut pending = Pending::default();
    let ids: Vec<_> = (0..5)
        .map(|n| {
            let snapshot = snapshot(&[("a", 1), (["b", "c"][n % 2], 10)], n as u64, n as u64 + 1);
            let id = snapshot.id();
            pending.push(Arc::new(snapshot), bounds);
            assert_eq!(pending.front().map(|front| front.n_hits()), Some(11));
            id
        })
        .collect();
    assert_eq!((pending.n_snapshots(), pending.n_hits()), (3, 55));
    assert_eq!(pending.front().map(|front| front.id()), Some(ids[0]));
    assert_eq!(pending.handled(), 11);
    let merged = pending.front().unwrap();
    assert_eq!((merged.from_unix_ns(), merged.to_unix_ns()), (1, 4));
    assert_eq!(show(merged.iter()), "a:200=3 b:200=10 c:200=20");
    assert!(!ids.contains(&merged.id()), "another content has another id");
    assert_eq!(pending.handled(), 33);
    assert_eq!(pending.front().map(|front| front.id()), Some(ids[4]));
    assert_eq!((pending.handled(), pending.handled(), pending.n_snapshots()), (11, 0, 0));
}

#[test]
fn a_queue_is_bounded_in_bytes_and_loses_no_hit() {
    let table = Bounds { keys: 100_000, key_bytes: 5_000 };
    let mut pending = Pending::default();
    for n in 0..100 {
        let route = format!("{n:0>1000}");
        let snapshot = snapshot(&[(&route, 1)], n, n + 1);
        pending.push(Arc::new(snapshot), PendingBounds { snapshots: 60, table });
        assert!(pending.n_snapshots() <= 4, "{}", pending.n_snapshots());
    }
    assert_eq!(pending.n_hits(), 100);
}

/// Plays a script on two handlers, A and B: `+n` begins a round with a snapshot of n hits, `+0`
/// one without; `a?` asks for A's next run and `a.`, `a!`, `a*` end it well, with an error, with a
/// panic. Each `a?` shows the hits of the snapshot, or `-`.
#[track_caller]
fn check(script: &str, expected: &str) -> Board {
    let bounds = PendingBounds { snapshots: 2, table: WIDE };
    let mut board = Board::new(["a".to_owned(), "b".to_owned()], bounds);
    let mut shown = Vec::new();
    for act in script.split_whitespace() {
        let lane = usize::from(act.starts_with('b'));
        match act.split_at(1) {
            ("+", "0") => _ = board.begin_round(None),
            ("+", n) => {
                let hits = [("r", n.parse().unwrap())];
                board.begin_round(Some(snapshot(&hits, 0, 1)));
            }
            (_, "?") => {
                let run = board.begin_run(lane);
                shown.push(run.map_or("-".to_owned(), |snapshot| snapshot.n_hits().to_string()));
            }
            (_, ".") => board.end_run(lane, Outcome::Handled),
            (_, "!") => board.end_run(lane, Outcome::Failed("no".to_owned())),
            (_, "*") => board.end_run(lane, Outcome::Panicked("oh".to_owned())),
            (_, _) => panic!("{act} is no act"),
        }
    }
    assert_eq!(shown.join(" "), expected, "{script}");
    board
}

#[test]
fn one_handler_failing_or_hanging_changes_nothing_for_another() {
    let board = check("+5 a? b? b. b? +7 b? b. b?", "5 5 - 7 -");
    assert!(!board.is_round_done(1), "A still runs");
    let unhandled = board.unhandled(2);
    assert_eq!(unhandled.len(), 1);
    assert_eq!(unhandled[0], Unhandled { handler: "a".into(), n_hits: 12, why: Why::Running });
    let board = check("+5 a? a! a? b? b. +7 a? a. a? a. a? b? b. b?", "5 - 5 5 7 - 7 -");
    assert!(board.is_round_done(2) && board.unhandled(2).is_empty());
    let stats = board.stats();
    assert_eq!((stats[0].n_hits_handled, stats[1].n_hits_handled), (12, 12));
    assert_eq!((stats[0].n_runs, stats[0].n_failures), (3, 1));
}

#[test]
fn a_failed_handler_is_asked_once_a_round_even_when_nothing_new_came() {
    let board = check("+5 a? a! a? +0 a? a* a? +0 a? a. a?", "5 - 5 - 5 -");
    let stats = &board.stats()[0];
    assert_eq!((stats.n_runs, stats.n_failures, stats.n_panics), (3, 2, 1));
    assert_eq!(stats.last_error.as_deref(), Some("oh"));
    let board = check("+5 a? a! a? b? b. b?", "5 - 5 -");
    assert_eq!(board.unhandled(1)[0].why, Why::Failed);
}

#[test]
fn a_run_that_began_before_a_round_does_not_count_for_it() {
    let board = check("+5 a? +7 a! a? a! a?", "5 5 -");
    assert!(board.unhandled(2).iter().all(|unhandled| unhandled.n_hits == 12));
}

#[test]
fn rounds_keep_their_beat_and_leave_out_what_was_slept_through() {
    let start = Tick::now();
    let at = |ms| start.after(Duration::from_millis(ms));
    let ms = Duration::from_millis;
    let mut schedule = Schedule::new(ms(100), start);
    assert_eq!((schedule.wait(at(0)), schedule.wait(at(100))), (ms(100), ms(0)));
    schedule.begun(at(130));
    assert_eq!(schedule.wait(at(130)), ms(70));
    schedule.begun(at(750));
    assert_eq!(schedule.wait(at(750)), ms(100));
}

fn catalog(names: &[&str]) -> HitsBuilder {
    let builder = Hits::builder();
    names.iter().fold(builder, |builder, name| builder.handler(*name, |_: &Snapshot| Ok(())))
}

#[track_caller]
fn check_problems(builder: HitsBuilder, expected: &[&str]) {
    let error = builder.start().err().map(|error| error.to_string()).unwrap_or_default();
    assert_eq!(error, format!("hit handlers: {}", expected.join("; ")));
}

#[test]
fn all_problems_come_at_once_with_what_would_be_valid() {
    check_problems(
        catalog(&["a", "b c", "a"]).max_keys(0).interval(Duration::ZERO),
        &[
            "\"b c\" is not a handler's name; accepted are 1 to 64 characters out of \
             A-Z a-z 0-9 _ - .",
            "two handlers are named \"a\"; names must differ",
            "interval: 0ns is not from 1 ms to a day",
            "max_keys: 0 is not a number from 1",
        ],
    );
    check_problems(catalog(&[]), &["there is no handler; add one with `handler(name, handler)`"]);
}

#[test]
fn the_interval_is_read_from_the_environment_or_its_alias() {
    let said = |name: &'static str, value: &'static str| {
        catalog(&["a"]).variables(move |asked| (asked == name).then(|| value.to_owned()))
    };
    for value in ["0", "-1", "1.5", "60s", "86401"] {
        let problem = format!(
            "EGRET_HITS_INTERVAL_SECONDS: {value:?} is not a whole number of seconds \
             from 1 to 86400"
        );
        check_problems(said("EGRET_HITS_INTERVAL_SECONDS", value), &[&problem]);
    }
    let alias = "DOWNLOAD_COUNT_DUMP_JOB_INTERVAL_SECONDS";
    let problem = format!("{alias}: \"x\" is not a whole number of seconds from 1 to 86400");
    check_problems(said(alias, "x"), &[&problem]);
    assert!(said(alias, " 30 ").start().is_ok() && said(alias, "").start().is_ok());
    // The name goes before its alias, and code before both.
    let both = |asked: &str| Some(if asked == alias { "x" } else { "5" }.to_owned());
    assert!(catalog(&["a"]).variables(both).start().is_ok());
    let code = said(alias, "x").interval(Duration::from_secs(7));
    assert!(code.start().is_ok());
}
