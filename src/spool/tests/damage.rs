//! Damaged, cut, foreign and hostile files: never a panic, never a wrong record, always a name.

use super::*;

/// A spool on a disk that does not sync; thousands of them are made here.
fn quick() -> (tempfile::TempDir, Spool) {
    let dir = tempfile::tempdir().unwrap();
    let spool = heir(dir.path()).0;
    (dir, spool)
}

fn heir(dir: &Path) -> (Spool, Adoption) {
    Spool::open_on(Box::new(faulty::Faulty::default()), dir, roomy(), NOW).unwrap()
}

/// One batch of a known time in its own directory, and the path of its file.
fn one() -> (tempfile::TempDir, Spool, PathBuf) {
    let (dir, mut spool) = quick();
    spool.put(b"\x00batch\xff", 3, NOW).unwrap();
    let path = spool.path_of(spool.oldest().unwrap().id);
    (dir, spool, path)
}

/// The file is damaged while its process lives: reading reports all its records.
#[track_caller]
fn check_read(change: impl FnOnce(&mut Vec<u8>)) {
    let (dir, mut spool, path) = one();
    let mut bytes = fs::read(&path).unwrap();
    change(&mut bytes);
    // Writing over a file makes some file systems wait for the disk.
    fs::remove_file(&path).unwrap();
    fs::write(&path, &bytes).unwrap();
    let Err(ReadError::Gone(lost)) = spool.read(spool.oldest().unwrap().id) else {
        panic!("{bytes:?} was read")
    };
    gone(&[lost], &[(Some(3), GoneReason::Damaged)]);
    assert_eq!((spool.n_batches(), spool.n_records(), spool.n_bytes()), (0, 0, 0));
    drop(spool);
    let [aside] = &tree(dir.path())[..] else { panic!("one file is left") };
    assert_eq!(fs::read(dir.path().join(aside)).unwrap(), bytes);
}

/// The file is damaged when another process finds it: what is lost is exactly what was counted.
#[track_caller]
fn check_adopted(change: impl FnOnce(&mut Vec<u8>)) -> Option<u64> {
    let (dir, spool, path) = one();
    drop(spool);
    let mut bytes = fs::read(&path).unwrap();
    change(&mut bytes);
    // Writing over a file makes some file systems wait for the disk.
    fs::remove_file(&path).unwrap();
    fs::write(&path, &bytes).unwrap();
    let (mut spool, mut adoption) = heir(dir.path());
    if let Some(batch) = spool.oldest() {
        let Err(ReadError::Gone(lost)) = spool.read(batch.id) else { panic!("{bytes:?} was read") };
        adoption.gone.push(lost);
    }
    let [Gone { n_records, reason: GoneReason::Damaged }] = adoption.gone[..] else {
        panic!("{bytes:?}: {adoption:?}")
    };
    assert_eq!(adoption.n_records, n_records.unwrap_or(0));
    assert!(n_records.is_none_or(|n| n == 3), "no count that was never written");
    assert_eq!((spool.n_batches(), spool.n_records(), spool.n_bytes()), (0, 0, 0));
    assert!(adoption.problem.is_none());
    drop(spool);
    assert_eq!(tree(dir.path()).len(), 1, "only the quarantined file is left");
    n_records
}

#[test]
fn the_layout_is_the_documented_one() {
    let (_dir, _spool, path) = one();
    let mut expected = Vec::new();
    expected.extend(b"EGSP\x01");
    expected.extend(3u64.to_le_bytes());
    expected.extend(NOW.to_le_bytes());
    expected.extend(7u64.to_le_bytes());
    expected.extend(0x52e8_6342_u32.to_le_bytes());
    expected.extend(0x6bba_413e_u32.to_le_bytes());
    expected.extend(b"\x00batch\xff");
    assert_eq!(fs::read(&path).unwrap(), expected);
    assert_eq!(path.file_name().unwrap(), "01790000000000000000-0000000000.batch");
}

#[test]
fn a_file_of_version_1_is_read_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let orphan = dir.path().join("01934000-0000-7000-8000-000000000001-4711");
    fs::create_dir(&orphan).unwrap();
    fs::write(orphan.join(LOCK), "").unwrap();
    let golden = b"EGSP\x01\x03\0\0\0\0\0\0\0\x00\x00\xf3\x23\x84\x5b\xd7\x18\
                   \x07\0\0\0\0\0\0\0\x42\x63\xe8\x52\x3e\x41\xba\x6b\x00batch\xff";
    fs::write(orphan.join("01790000000000000000-0000000000.batch"), golden).unwrap();
    let (mut spool, adoption) = open(dir.path());
    assert_eq!((adoption.n_batches, adoption.n_records), (1, 3));
    assert_eq!(spool.read(spool.oldest().unwrap().id).unwrap(), b"\x00batch\xff");
}

#[test]
fn every_flipped_bit_is_noticed() {
    for bit in 0..8 * (file::HEADER_BYTES + 7) {
        let byte = bit / 8;
        let flip = |bytes: &mut Vec<u8>| bytes[byte] ^= 1 << (bit % 8);
        check_read(flip);
        // Adopters read with the same code; one bit of each byte is enough.
        if bit % 8 == byte % 8 {
            assert_eq!(check_adopted(flip).is_some(), byte >= file::HEADER_BYTES);
        }
    }
}

#[test]
fn every_torn_tail_is_noticed() {
    for n_bytes in 0..file::HEADER_BYTES + 7 {
        check_read(|bytes| bytes.truncate(n_bytes));
        let n_records = check_adopted(|bytes| bytes.truncate(n_bytes));
        assert_eq!(n_records.is_some(), n_bytes >= file::HEADER_BYTES);
    }
}

#[test]
fn bytes_that_were_added_are_noticed() {
    check_read(|bytes| bytes.push(0));
    assert_eq!(check_adopted(|bytes| bytes.push(0)), Some(3));
    check_read(|bytes| bytes.resize(1 << 20, 7));
}

#[test]
fn a_whole_batch_in_the_place_of_another_is_noticed() {
    check_read(|bytes| {
        *bytes = Header::of(b"\x00batch\xff", 4, NOW).encode();
        bytes.extend(b"\x00batch\xff");
    });
    check_read(|bytes| {
        *bytes = Header::of(b"\x00batch\xff", 3, NOW + 1).encode();
        bytes.extend(b"\x00batch\xff");
    });
}

/// A header that is not of this version, but sealed as it should be.
#[test]
fn another_version_is_put_aside_uncounted() {
    let reseal = |bytes: &mut Vec<u8>| {
        bytes[4] = 2;
        let checksum = crc32fast::hash(&bytes[..33]);
        bytes[33..37].copy_from_slice(&checksum.to_le_bytes());
    };
    check_read(reseal);
    assert_eq!(check_adopted(reseal), None);
}

#[test]
fn a_header_that_claims_everything_costs_nothing() {
    let (dir, mut spool, path) = one();
    spool.put(b"second", 5, NOW).unwrap();
    drop(spool);
    let header = Header::of(b"x", u64::MAX, u64::MAX);
    fs::write(&path, [header.encode().as_slice(), b"x"].concat()).unwrap();
    let (mut spool, adoption) = open(dir.path());
    assert_eq!((adoption.n_records, spool.n_records()), (u64::MAX, u64::MAX));
    assert!(spool.expire(u64::MAX).len() == 1);
    let SpooledBatch { id, n_records } = spool.oldest().unwrap();
    assert_eq!((spool.read(id).unwrap(), n_records), (b"x".to_vec(), u64::MAX));
}

#[test]
fn foreign_files_are_put_aside_and_foreign_directories_left() {
    let (dir, spool, path) = one();
    drop(spool);
    let orphan = path.parent().unwrap();
    for foreign in ["note.txt", "1-2.batch", "-.batch", "0179000000000000000x-0000000000.batch"] {
        fs::write(orphan.join(foreign), foreign).unwrap();
    }
    fs::write(orphan.join("half.tmp"), "removed").unwrap();
    fs::create_dir(orphan.join("01790000000000000000-0000000001.batch")).unwrap();
    for foreign in ["01934000-0000-7000-8000-000000000001", "x-1", "backup"] {
        fs::create_dir(dir.path().join(foreign)).unwrap();
        fs::write(dir.path().join(foreign).join("lock"), "").unwrap();
        fs::write(dir.path().join(foreign).join("a.tmp"), "").unwrap();
    }
    fs::write(dir.path().join("README"), "not ours").unwrap();
    for _ in 0..2 {
        let (mut spool, adoption) = open(dir.path());
        assert_eq!((adoption.n_batches, adoption.n_records), (1, 3));
        assert_eq!(spool.read(spool.oldest().unwrap().id).unwrap(), b"\x00batch\xff");
        let n_unknown = adoption.gone.iter().filter(|gone| gone.n_records.is_none()).count();
        assert!(n_unknown == adoption.gone.len() && (n_unknown == 4 || n_unknown == 0));
    }
    let names = tree(dir.path());
    assert_eq!(names.iter().filter(|name| name.starts_with("quarantine/")).count(), 4);
    assert_eq!(names.iter().filter(|name| name.ends_with(".tmp")).count(), 3, "not ours to remove");
    assert!(names.contains(&"README".to_owned()));
}

#[test]
#[cfg(unix)]
fn links_are_not_followed() {
    use std::os::unix::fs::symlink;
    let (dir, spool, path) = one();
    drop(spool);
    let outside = tempfile::tempdir().unwrap();
    let victim = outside.path().join("01934000-0000-7000-8000-000000000001-1");
    fs::create_dir(&victim).unwrap();
    fs::write(victim.join(LOCK), "").unwrap();
    fs::write(victim.join("a.tmp"), "").unwrap();
    symlink(&victim, dir.path().join("01934000-0000-7000-8000-000000000001-1")).unwrap();
    symlink(victim.join("a.tmp"), path.with_file_name("b.tmp")).unwrap();
    let (mut spool, adoption) = open(dir.path());
    assert_eq!((adoption.n_batches, adoption.gone.len()), (1, 0));
    assert_eq!(drain(&mut spool).len(), 1);
    assert!(victim.join("a.tmp").exists() && victim.join(LOCK).exists());
}
