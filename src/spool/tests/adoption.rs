//! What dead processes left is taken over once, by one; what lives is left alone.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::*;

/// Leaves batches named by `names` behind, closed one nanosecond after the other from `closed` on.
fn leave(dir: &Path, names: &[&str], closed: u64) {
    // An adoption has room for nothing here, so that the next orphan stands beside the last.
    let (mut spool, _) = Spool::open(dir, SpoolBounds { bytes: 0, ..roomy() }, NOW).unwrap();
    spool.bounds = roomy();
    for (n, name) in names.iter().enumerate() {
        spool.put(name.as_bytes(), 1, closed + n as u64).unwrap();
    }
    fs::write(spool.own.join(TEMPORARY), "half a bat").unwrap();
}

#[test]
fn orphans_are_adopted_in_the_order_of_their_closing() {
    let dir = tempfile::tempdir().unwrap();
    leave(dir.path(), &["b", "d"], NOW);
    leave(dir.path(), &["a", "c", "e"], NOW - 1);
    let (mut spool, adoption) = open(dir.path());
    assert_eq!((adoption.n_batches, adoption.n_records), (5, 5));
    assert!(adoption.gone.is_empty() && adoption.problem.is_none());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "the orphans' directories are gone");
    assert_eq!(drain(&mut spool), ["a 1", "b 1", "c 1", "d 1", "e 1"]);
    assert_eq!(tree(dir.path()), ["*/lock"]);
}

#[test]
fn two_spools_in_one_directory_leave_each_other_alone() {
    let (dir, mut first) = fresh(roomy());
    first.put(b"first", 1, NOW).unwrap();
    let (mut second, adoption) = open(dir.path());
    assert_eq!(adoption.n_batches, 0);
    second.put(b"second", 2, NOW).unwrap();
    assert_eq!(first.adopt(NOW).n_batches, 0);
    assert_eq!(drain(&mut second), ["second 2"]);
    drop(second);
    assert_eq!(drain(&mut first), ["first 1"]);
}

#[test]
fn an_adoption_never_evicts_and_takes_the_rest_later() {
    let dir = tempfile::tempdir().unwrap();
    leave(dir.path(), &["a", "b", "c", "d", "e"], NOW);
    let (mut spool, adoption) = Spool::open(dir.path(), room_for(2), NOW).unwrap();
    assert_eq!((adoption.n_batches, adoption.gone.len()), (2, 0));
    let (mut second, adoption) = Spool::open(dir.path(), room_for(2), NOW).unwrap();
    assert_eq!(adoption.n_batches, 2);
    assert_eq!(drain(&mut spool), ["a 1", "b 1"]);
    assert_eq!(spool.adopt(NOW).n_batches, 1);
    assert_eq!(drain(&mut spool), ["e 1"]);
    assert_eq!(drain(&mut second), ["c 1", "d 1"]);
    drop((spool, second));
    assert!(tree(dir.path()).is_empty());
}

#[test]
fn what_is_too_old_goes_by_name_even_without_room() {
    let dir = tempfile::tempdir().unwrap();
    leave(dir.path(), &["a", "b"], NOW - HOUR_NS - 1);
    let (spool, adoption) = Spool::open(dir.path(), room_for(0), NOW).unwrap();
    gone(&adoption.gone, &[(Some(1), GoneReason::Expired)]);
    assert_eq!((adoption.n_batches, adoption.n_records, spool.n_records()), (1, 1, 0));
    drop(spool);
    let (mut spool, _) = open(dir.path());
    assert_eq!(drain(&mut spool), ["b 1"]);
}

#[test]
fn directories_of_processes_that_died_while_they_began_or_ended_go() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("01934000-0000-7000-8000-000000000001-1")).unwrap();
    let locked = dir.path().join("01934000-0000-7000-8000-000000000002-2");
    fs::create_dir(&locked).unwrap();
    fs::write(locked.join(LOCK), "").unwrap();
    let (spool, adoption) = open(dir.path());
    assert_eq!((adoption.n_batches, adoption.gone.len()), (0, 0));
    assert!(adoption.problem.is_none());
    drop(spool);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

/// Opening, adopting, putting and closing in many threads at once: what was put comes out once.
#[test]
fn racing_adopters_take_each_batch_once() {
    const THREADS: u64 = 4;
    const ROUNDS: u64 = 25;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    let work = |thread: u64| {
        let mut taken = Vec::new();
        for round in 0..ROUNDS {
            let (mut spool, adoption) = open(path);
            assert!(adoption.gone.is_empty());
            spool.put(format!("{thread}/{round}").as_bytes(), 1, NOW).unwrap();
            if round % 2 == 0 {
                taken.extend(drain(&mut spool));
            }
        }
        taken
    };
    let mut taken = Vec::new();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|n| scope.spawn(move || work(n))).collect();
        threads.into_iter().for_each(|thread| taken.extend(thread.join().unwrap()));
    });
    let (mut spool, _) = open(path);
    taken.extend(drain(&mut spool));
    drop(spool);
    assert!(tree(path).is_empty(), "{:?}", tree(path));
    taken.sort();
    let all = (0..THREADS).flat_map(|n| (0..ROUNDS).map(move |round| format!("{n}/{round} 1")));
    let mut all: Vec<_> = all.collect();
    all.sort();
    assert_eq!(taken, all);
}

const CHILD: &str = "EGRET_TEST_SPOOL_OF_A_CHILD";

/// Not a test by itself: the process that the next test kills.
#[test]
fn child_that_is_killed() {
    let Some(dir) = std::env::var_os(CHILD) else {
        return;
    };
    let (mut spool, _) = open(Path::new(&dir));
    spool.put(b"a", 1, NOW).unwrap();
    spool.put(b"b", 2, NOW).unwrap();
    eprintln!("stored");
    // Until it is killed, or its parent ends.
    std::io::stdin().lines().for_each(drop);
}

#[test]
fn a_killed_process_is_adopted_and_a_living_one_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "spool::tests::adoption::child_that_is_killed", "--nocapture"])
        .env(CHILD, dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().ends_with("stored")));
    let (mut spool, adoption) = open(dir.path());
    assert_eq!(adoption.n_batches, 0, "it lives");
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(spool.adopt(NOW).n_records, 3);
    assert_eq!(drain(&mut spool), ["a 1", "b 2"]);
}
