//! Promise: regrouping changes no answer: not in the middle, not after a crash, not for late calls.
//! They never trust a small sample: each prints how many cases it saw.

use std::path::Path;

use serde_json::Value;

use super::calls::{
    BASE_NS, HOUR_NS, MINUTE_NS, Numbers, block, is_asked_for, open, page, pages, queries,
    question, regroup, write,
};
use crate::model::TimeRange;
use crate::query::{CallFilter, Cursor};
use crate::store::{Block, SliceBounds, Stage, Store};

/// Small, so that little data is much to regroup.
fn bounds(numbers: &mut Numbers) -> SliceBounds {
    SliceBounds {
        block_calls: 2 + numbers.below(60) as usize,
        n_calls: 20 + numbers.below(400),
        n_bytes: 1_000 + numbers.below(60_000),
        n_decoded_bytes: 1_000 + numbers.below(200_000) as usize,
    }
}

/// Batches of three hours over midnight, received when they were made.
fn batches(numbers: &mut Numbers, n_batches: u64) -> Vec<Block> {
    let mut one = |_| {
        let from_ns = BASE_NS + numbers.below(170) * MINUTE_NS;
        block(numbers, from_ns, from_ns + 12 * MINUTE_NS, from_ns + 12 * MINUTE_NS)
    };
    (0..n_batches).map(&mut one).collect()
}

/// Calls of the first hour that come in the third or later.
fn late(numbers: &mut Numbers, n_batches: u64) -> Vec<Block> {
    let received_ns = BASE_NS + 4 * HOUR_NS;
    let to_ns = BASE_NS + 50 * MINUTE_NS;
    (0..n_batches).map(|_| block(numbers, BASE_NS, to_ns, received_ns)).collect()
}

const ALL: CallFilter = CallFilter {
    range: TimeRange::ALL,
    host: None,
    method: None,
    template: None,
    status: None,
    outcome: None,
    error_type: None,
    min_duration_ns: None,
    consumer: None,
    service: None,
    environment: None,
    kind: None,
    target: None,
    path: None,
    trace_id: None,
    call_id: None,
};

/// Asks the questions, in pages of random size, and compares with what all calls say themselves.
/// The number of answers.
#[track_caller]
fn check(dir: &Path, all: &[Value], n_questions: u64, numbers: &mut Numbers) -> u64 {
    let whole = pages(dir, &ALL, 20 + numbers.below(300) as usize);
    assert_eq!(whole.len(), all.len());
    for (found, expected) in whole.iter().zip(all) {
        assert_eq!(found, expected);
    }
    for _ in 0..n_questions {
        let filter = question(numbers);
        let found = pages(dir, &filter, 5 + numbers.below(200) as usize);
        let expected: Vec<&Value> = all.iter().filter(|call| is_asked_for(call, &filter)).collect();
        let first = found.iter().zip(&expected).position(|(found, expected)| found != *expected);
        let (n_found, n_expected) = (found.len(), expected.len());
        let is_same = first.is_none() && n_found == n_expected;
        assert!(is_same, "{n_found} for {n_expected}, first at {first:?}: {filter:?}");
    }
    n_questions + 1
}

#[track_caller]
fn check_each_alone(dir: &Path, all: &[Value]) {
    for call in all {
        let id = call["id"].as_str().unwrap();
        let answer = queries(dir).call(Cursor::parse(id).unwrap()).unwrap().unwrap();
        let mut found = answer.call;
        assert!(found["resource"]["service.instance.id"].is_string());
        found.as_object_mut().unwrap().remove("resource");
        assert_eq!(found, *call);
        let mut expected: Vec<&Value> =
            all.iter().filter(|other| other["call_id"] == call["call_id"]).collect();
        let start_ns = |call: &Value| call["start_unix_ns"].as_u64().unwrap();
        expected.retain(|other| start_ns(other).abs_diff(start_ns(call)) < HOUR_NS);
        expected.retain(|_| !call["call_id"].is_null());
        expected.reverse();
        // Those of exactly an hour before are in, those of exactly an hour after are not.
        let inner = |attempts: Vec<Value>| {
            let mut attempts = attempts;
            attempts.retain(|other| start_ns(other).abs_diff(start_ns(call)) < HOUR_NS);
            attempts
        };
        assert_eq!(inner(answer.attempts).iter().collect::<Vec<_>>(), expected);
    }
}

#[test]
fn every_question_has_the_same_answer_before_and_after() {
    let (mut n_answers, mut n_steps, mut n_calls) = (0, 0, 0);
    for seed in 0..6 {
        let mut numbers = Numbers(seed);
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let mut writer = open(dir);
        let blocks = batches(&mut numbers, 40);
        write(&mut writer, blocks);
        let all = pages(dir, &ALL, 10_000);
        n_calls += all.len();
        n_answers += check(dir, &all, 12, &mut numbers);
        // One hour after the other closes, and with each more is regrouped.
        for hour in 1..=4 {
            let bounds = bounds(&mut numbers);
            let now_ns = BASE_NS + hour * HOUR_NS + 10 * MINUTE_NS;
            n_steps += regroup(dir, bounds, now_ns, &mut |_| {});
            n_answers += check(dir, &all, 8, &mut numbers);
        }
        assert_eq!(n_received(dir), 0, "everything is regrouped");
        if seed < 1 {
            check_each_alone(dir, &all);
        }
        // Again, it finds nothing to do.
        assert_eq!(regroup(dir, bounds(&mut numbers), BASE_NS + 9 * HOUR_NS, &mut |_| {}), 0);
    }
    println!("6 sets of {n_calls} calls together, {n_steps} slices, {n_answers} answers compared");
}

#[test]
fn late_calls_are_found_and_regrouped_with_their_hour() {
    let (mut n_answers, mut n_steps, mut most_slices) = (0, 0, 0);
    for seed in 100..105 {
        let mut numbers = Numbers(seed);
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let mut writer = open(dir);
        write(&mut writer, batches(&mut numbers, 20));
        let bounds = SliceBounds {
            block_calls: 16,
            n_calls: 4_000,
            ..crate::query::tests::regrouped::bounds(&mut numbers)
        };
        let bounds = SliceBounds { n_bytes: 1 << 20, n_decoded_bytes: 8 << 20, ..bounds };
        let mut now_ns = BASE_NS + 5 * HOUR_NS;
        n_steps += regroup(dir, bounds, now_ns, &mut |_| {});
        for _ in 0..6 {
            let n_late = 1 + numbers.below(3);
            write(&mut writer, late(&mut numbers, n_late));
            // The calls of before are the same, the late ones are among them.
            let all = pages(dir, &ALL, 10_000);
            n_answers += check(dir, &all, 6, &mut numbers);
            now_ns += HOUR_NS;
            n_steps += regroup(dir, bounds, now_ns, &mut |_| {});
            assert_eq!(n_received(dir), 0);
            n_answers += check(dir, &all, 6, &mut numbers);
        }
        most_slices = most_slices.max(n_slices_of_first_hour(dir));
    }
    println!(
        "{n_steps} slices, {n_answers} answers compared, at most {most_slices} slices of an hour"
    );
    assert!(most_slices <= 6, "{most_slices} slices: late calls do not pile up");
}

#[test]
fn a_page_goes_on_where_it_was_when_calls_are_regrouped_in_between() {
    let mut n_pages = 0;
    for seed in 200..206 {
        let mut numbers = Numbers(seed);
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let mut writer = open(dir);
        write(&mut writer, batches(&mut numbers, 30));
        let all = pages(dir, &ALL, 10_000);
        let (mut seen, mut after, mut hour) = (Vec::new(), None, 1);
        loop {
            let answer = page(dir, &ALL, 40, after);
            seen.extend(answer.calls);
            n_pages += 1;
            // The last page's batches are regrouped, then those of the next, then all.
            let now_ns = BASE_NS + hour * HOUR_NS + 10 * MINUTE_NS;
            regroup(dir, bounds(&mut numbers), now_ns, &mut |_| {});
            hour += 1;
            match answer.next_cursor {
                Some(next) => after = Cursor::parse(&next),
                None => break,
            }
        }
        assert_eq!(seen, all);
    }
    println!("{n_pages} pages");
}

/// The files as they are at this moment: what a kill leaves.
fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name() != "lock" {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

#[test]
fn a_crash_at_any_point_loses_nothing_and_repeats_nothing() {
    let (mut n_crashes, mut n_answers) = (0, 0);
    for seed in 300..303 {
        let mut numbers = Numbers(seed);
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let mut writer = open(dir);
        let blocks = batches(&mut numbers, 16);
        write(&mut writer, blocks);
        // Small slices are taken up with the late ones, so that their removal is interrupted too.
        regroup(dir, bounds(&mut numbers), BASE_NS + 5 * HOUR_NS, &mut |_| {});
        write(&mut writer, late(&mut numbers, 6));
        write(&mut writer, batches(&mut numbers, 6));
        let all = pages(dir, &ALL, 10_000);
        let bounds = SliceBounds {
            n_calls: 120,
            block_calls: 20,
            n_bytes: 1 << 20,
            n_decoded_bytes: 1 << 22,
        };
        let (mut crashes, mut n_stages) = (Vec::new(), 0);
        regroup(dir, bounds, BASE_NS + 9 * HOUR_NS, &mut |stage| {
            n_stages += 1;
            if n_stages % 4 == seed % 4 || stage == Stage::Committed {
                let crashed = tempfile::tempdir().unwrap();
                copy(dir, crashed.path());
                crashes.push(crashed);
            }
        });
        for crashed in &crashes {
            let crashed = crashed.path();
            n_crashes += 1;
            n_answers += check(crashed, &all, 2, &mut numbers);
            let writer = open(crashed);
            regroup(crashed, bounds, BASE_NS + 9 * HOUR_NS, &mut |_| {});
            n_answers += check(crashed, &all, 2, &mut numbers);
            assert_eq!(n_received(crashed), 0);
            drop(writer);
        }
    }
    println!("{n_crashes} crashes, {n_answers} answers compared");
}

#[test]
fn a_batch_that_is_given_again_after_it_was_regrouped_is_stored_once() {
    let mut numbers = Numbers(400);
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let mut writer = open(dir);
    // The first commit alone, as a crash before the second leaves it; then an hour of trouble.
    let blocks = || batches(&mut Numbers(401), 12);
    crate::store::write_calls_alone(dir, &blocks());
    let all = pages(dir, &ALL, 10_000);
    regroup(dir, bounds(&mut numbers), BASE_NS + 5 * HOUR_NS, &mut |_| {});
    assert!(!writer.has(blocks()[0].batch_id).unwrap());
    write(&mut writer, blocks());
    check(dir, &all, 10, &mut numbers);
    assert_eq!(n_received(dir), 0);
}

#[test]
fn a_step_that_is_told_to_stop_leaves_everything_as_it_was() {
    use crate::queue::Durability;
    use crate::store::{Regroup, Regrouper, Step};
    let mut numbers = Numbers(500);
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let mut writer = open(dir);
    write(&mut writer, batches(&mut numbers, 10));
    let all = pages(dir, &ALL, 10_000);
    let mut regrouper = Regrouper::new(dir, Durability::Normal, bounds(&mut numbers)).unwrap();
    let n_left = std::cell::Cell::new(4);
    let go_on = || {
        n_left.set(n_left.get() - 1);
        n_left.get() > 0
    };
    let now_ns = BASE_NS + 5 * HOUR_NS;
    let bounds =
        SliceBounds { block_calls: 1, n_calls: 1_000, n_bytes: 1 << 20, n_decoded_bytes: 1 << 22 };
    let mut larger = Regrouper::new(dir, Durability::Normal, bounds).unwrap();
    assert_eq!(larger.step(now_ns, &go_on).unwrap(), Step::Stopped);
    assert_eq!(regrouper.step(now_ns, &|| false).unwrap(), Step::Stopped);
    check(dir, &all, 5, &mut numbers);
    assert_eq!(n_received(dir), 10);
}

/// Batches that are stored as they were received.
fn n_received(dir: &Path) -> i64 {
    sum(dir, "SELECT count(*) FROM blocks")
}

fn n_slices_of_first_hour(dir: &Path) -> i64 {
    sum(dir, &format!("SELECT count(*) FROM slices WHERE hour = {}", BASE_NS / HOUR_NS))
}

/// Over the files of all days.
fn sum(dir: &Path, select: &str) -> i64 {
    let files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let days = files.filter(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.starts_with("calls-") && name.ends_with(".db")
    });
    days.map(|path| {
        let file = rusqlite::Connection::open(path).unwrap();
        file.query_row(select, [], |row| row.get::<_, i64>(0)).unwrap()
    })
    .sum()
}
