//! What is put is read back as it was, oldest first; every loss has a name.

mod adoption;
mod damage;
mod faults;
mod faulty;

use std::fs;

use super::*;

const NOW: u64 = 1_790_000_000_000_000_000;
const HOUR_NS: u64 = 3_600_000_000_000;

fn roomy() -> SpoolBounds {
    SpoolBounds { bytes: 1 << 20, age: Duration::from_secs(3600) }
}

#[track_caller]
fn open(dir: &Path) -> (Spool, Adoption) {
    Spool::open(dir, roomy(), NOW).unwrap()
}

/// A spool in an own directory that goes with it.
fn fresh(bounds: SpoolBounds) -> (tempfile::TempDir, Spool) {
    let dir = tempfile::tempdir().unwrap();
    let (spool, adoption) = Spool::open(dir.path(), bounds, NOW).unwrap();
    assert_eq!((adoption.n_batches, adoption.gone.len()), (0, 0));
    (dir, spool)
}

/// Reads and removes everything, as text.
#[track_caller]
fn drain(spool: &mut Spool) -> Vec<String> {
    let mut texts = Vec::new();
    while let Some(SpooledBatch { id, n_records }) = spool.oldest() {
        let batch = String::from_utf8_lossy(&spool.read(id).unwrap()).into_owned();
        texts.push(format!("{batch} {n_records}"));
        spool.remove(id);
    }
    assert_eq!((spool.n_batches(), spool.n_records(), spool.n_bytes()), (0, 0, 0));
    texts
}

/// The names of all files below `dir`, with directories that belong to a process as `*`.
fn tree(dir: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            let name = if name == quarantine::QUARANTINE { name } else { "*".to_owned() };
            let below = tree(&entry.path());
            names.extend(below.into_iter().map(|below| format!("{name}/{below}")));
        } else {
            names.push(name);
        }
    }
    names.sort();
    names
}

#[track_caller]
fn gone(gone: &[Gone], expected: &[(Option<u64>, GoneReason)]) {
    let gone: Vec<_> = gone.iter().map(|gone| (gone.n_records, gone.reason)).collect();
    assert_eq!(gone, expected);
}

/// A bound with room for `n` batches of one byte.
fn room_for(n: u64) -> SpoolBounds {
    SpoolBounds { bytes: n * (file::HEADER_BYTES as u64 + 1), ..roomy() }
}

#[test]
fn batches_come_back_as_they_were_oldest_first() {
    let (dir, mut spool) = fresh(roomy());
    for (batch, n_records, closed) in [("b", 2, NOW), ("c", 3, NOW), ("a", 1, NOW - 1), ("", 0, 9)]
    {
        gone(&spool.put(batch.as_bytes(), n_records, closed).unwrap(), &[]);
    }
    assert_eq!((spool.n_batches(), spool.n_records()), (4, 6));
    assert_eq!(spool.n_bytes(), 4 * file::HEADER_BYTES as u64 + 3);
    assert_eq!(drain(&mut spool), [" 0", "a 1", "b 2", "c 3"]);
    assert_eq!(tree(dir.path()), ["*/lock"]);
    drop(spool);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "an empty directory goes");
}

#[test]
fn a_batch_may_be_read_many_times_until_it_is_removed() {
    let (_dir, mut spool) = fresh(roomy());
    spool.put(b"a", 1, NOW).unwrap();
    let id = spool.oldest().unwrap().id;
    assert_eq!(spool.read(id).unwrap(), b"a");
    assert_eq!(spool.read(id).unwrap(), b"a");
    spool.remove(id);
    spool.remove(id);
    let Err(ReadError::Gone(lost)) = spool.read(id) else { panic!("it was removed") };
    gone(&[lost], &[(Some(0), GoneReason::Missing)]);
}

#[test]
fn beyond_the_bound_in_bytes_the_oldest_go_by_name() {
    let (dir, mut spool) = fresh(room_for(3));
    for n in 0..3 {
        gone(&spool.put(b"x", 10 + n, NOW + n).unwrap(), &[]);
    }
    gone(&spool.put(b"y", 20, NOW + 9).unwrap(), &[(Some(10), GoneReason::Evicted)]);
    let two = [(Some(11), GoneReason::Evicted), (Some(12), GoneReason::Evicted)];
    gone(&spool.put(b"12345678901234567890", 30, NOW + 10).unwrap(), &two);
    assert_eq!(tree(dir.path()).len(), 3, "the lock and two batches");
    assert_eq!(drain(&mut spool), ["y 20", "12345678901234567890 30"]);
}

#[test]
fn a_batch_larger_than_the_bound_is_refused_and_costs_nothing() {
    let (_dir, mut spool) = fresh(room_for(1));
    spool.put(b"x", 1, NOW).unwrap();
    let error = spool.put(b"xy", 1, NOW).unwrap_err();
    let message = "a batch of 39 bytes is larger than the whole spool may be (38 bytes): \
                   raise EGRET_SPOOL_MAX_BYTES";
    assert_eq!(error.to_string(), message);
    assert_eq!(drain(&mut spool), ["x 1"]);
}

#[test]
fn what_waited_too_long_goes_by_name() {
    let (dir, mut spool) = fresh(roomy());
    spool.put(b"a", 1, NOW).unwrap();
    spool.put(b"b", 2, NOW + 1).unwrap();
    // A clock that was set back expires nothing.
    gone(&spool.expire(0), &[]);
    gone(&spool.expire(NOW + HOUR_NS), &[]);
    gone(&spool.expire(NOW + HOUR_NS + 1), &[(Some(1), GoneReason::Expired)]);
    assert_eq!(drain(&mut spool), ["b 2"]);
    assert_eq!(tree(dir.path()), ["*/lock"]);
}

#[test]
fn a_rejected_batch_is_put_aside_as_it_was() {
    let (dir, mut spool) = fresh(roomy());
    spool.put(b"poison", 1, NOW).unwrap();
    let id = spool.oldest().unwrap().id;
    let file = fs::read(spool.path_of(id)).unwrap();
    spool.quarantine(id);
    spool.quarantine(id);
    assert_eq!((spool.n_batches(), spool.n_records(), spool.n_bytes()), (0, 0, 0));
    drop(spool);
    let [aside] = &tree(dir.path())[..] else { panic!("one file is left") };
    assert_eq!(fs::read(dir.path().join(aside)).unwrap(), file);
}

#[test]
fn the_quarantine_is_bounded_in_bytes_and_in_files() {
    let (dir, mut spool) = fresh(roomy());
    let aside = dir.path().join(quarantine::QUARANTINE);
    fs::create_dir(&aside).unwrap();
    let sparse = |name: &str, n_bytes: u64, age: u64| {
        let file = File::create(aside.join(name)).unwrap();
        file.set_len(n_bytes).unwrap();
        let modified = std::time::UNIX_EPOCH + Duration::from_secs(1_000_000 - age);
        file.set_modified(modified).unwrap();
    };
    let mut isolate_one = || {
        spool.put(b"poison", 1, NOW).unwrap();
        spool.quarantine(spool.oldest().unwrap().id);
        fs::read_dir(&aside).unwrap().count()
    };
    sparse("young", 40 << 20, 1);
    sparse("old", 40 << 20, 2);
    assert_eq!(isolate_one(), 2);
    assert!(!aside.join("old").exists() && aside.join("young").exists());
    (0..1_200).for_each(|n| sparse(&format!("small-{n}"), 1, 3 + n));
    assert_eq!(isolate_one(), 1_000);
    assert!(aside.join("small-0").exists() && !aside.join("small-1199").exists());
}

#[test]
#[cfg(unix)]
fn only_our_user_can_look_inside() {
    use std::os::unix::fs::PermissionsExt;
    let outside = tempfile::tempdir().unwrap();
    let dir = outside.path().join("a/b");
    let (mut spool, _) = open(&dir);
    spool.put(b"a", 1, NOW).unwrap();
    spool.put(b"b", 1, NOW).unwrap();
    spool.quarantine(spool.oldest().unwrap().id);
    let mut n_files = 0;
    let mut todo = vec![outside.path().join("a")];
    while let Some(path) = todo.pop() {
        let metadata = fs::metadata(&path).unwrap();
        let expected = if metadata.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(metadata.permissions().mode() & 0o777, expected, "{}", path.display());
        if metadata.is_dir() {
            todo.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            n_files += 1;
        }
    }
    assert_eq!(n_files, 3, "the lock, a batch and a quarantined one");
}

#[test]
fn a_directory_that_vanished_is_made_again() {
    let (dir, mut spool) = fresh(roomy());
    spool.put(b"lost", 1, NOW).unwrap();
    fs::remove_dir_all(dir.path()).unwrap();
    spool.put(b"kept", 2, NOW + 1).unwrap();
    assert_eq!(tree(dir.path()).len(), 2);

    let Err(ReadError::Gone(lost)) = spool.read(spool.oldest().unwrap().id) else {
        panic!("its file is gone")
    };
    gone(&[lost], &[(Some(1), GoneReason::Missing)]);
    assert_eq!(drain(&mut spool), ["kept 2"]);

    let (second, _) = open(dir.path());
    fs::remove_dir_all(dir.path()).unwrap();
    assert!(spool.adopt(NOW).problem.is_none(), "nothing to adopt is no problem");
    drop((spool, second));
}

#[test]
fn a_lock_that_vanished_is_made_again() {
    let (dir, mut spool) = fresh(roomy());
    spool.put(b"a", 1, NOW).unwrap();
    fs::remove_file(spool.own.join(LOCK)).unwrap();
    let (mut second, adoption) = open(dir.path());
    assert_eq!(adoption.n_batches, 0, "its owner may live");
    spool.put(b"b", 2, NOW).unwrap();
    assert_eq!(second.adopt(NOW).n_batches, 0, "its owner lives");
    drop(spool);
    // A child that another test starts holds our lock for the moment between its fork and its exec.
    let adopted = std::iter::repeat_with(|| second.adopt(NOW).n_batches).find(|n| *n > 0);
    assert_eq!(adopted, Some(2));
    assert_eq!(drain(&mut second), ["a 1", "b 2"]);
}

#[test]
fn a_file_in_the_way_is_named_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("spool");
    fs::write(&path, "not a directory").unwrap();
    let error = Spool::open(&path, roomy(), NOW).unwrap_err().to_string();
    assert!(error.starts_with("cannot create ") && error.contains("/spool/"), "{error}");
    assert!(error.contains("EGRET_SPOOL_DIR"), "{error}");
}

/// The spool is opened by whoever starts egret's thread, and moves there.
#[test]
fn a_spool_can_move_to_the_thread_of_ours() {
    fn check<T: Send + 'static>() {}
    check::<Spool>();
}
