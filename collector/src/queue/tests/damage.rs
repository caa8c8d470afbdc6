//! Segments that are cut, bent and lost: what is whole comes out, what is not is named.
//! They never accept a wrong batch: `drain` compares every byte.

use super::*;

const SIZES: [usize; 5] = [40, 0, 70, 55, 30];

/// The frames of `SIZES` in one segment, and where it is.
struct Written {
    dir: TempDir,
    path: std::path::PathBuf,
    bytes: Vec<u8>,
    /// Where each frame begins, and the end.
    begins: Vec<usize>,
}

fn written() -> Written {
    let dir = tempfile::tempdir().unwrap();
    let queue = open(&dir, START);
    let mut begins = vec![0];
    for (n, size) in SIZES.into_iter().enumerate() {
        assert_eq!(put(&queue, batch(n as u128, size)), Ok(Appended::New));
        begins.push(begins[n] + frame::HEAD + size);
    }
    queue.close();
    queue.finish();
    let segments = dir.path().join(DIR);
    let path = segments.join(&files(&segments)[0]);
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(bytes.len(), begins[SIZES.len()]);
    Written { dir, path, bytes, begins }
}

impl Written {
    fn drain_with(&self, bytes: &[u8]) -> Drained {
        std::fs::write(&self.path, bytes).unwrap();
        drain(&open(&self.dir, START), START)
    }

    /// The frames that do not touch these bytes.
    fn without(&self, touched: std::ops::Range<usize>) -> Vec<u128> {
        let is_whole =
            |n: &usize| self.begins[n + 1] <= touched.start || touched.end <= self.begins[*n];
        (0..SIZES.len()).filter(is_whole).map(|n| n as u128).collect()
    }
}

#[test]
fn a_segment_that_is_cut_anywhere_gives_what_is_whole() {
    let written = written();
    for cut in 0..=written.bytes.len() {
        let drained = written.drain_with(&written.bytes[..cut]);
        assert_eq!(drained.ids, written.without(cut..usize::MAX), "cut at {cut}");
        assert_eq!(drained.damaged, [], "a write that was cut off is no damage: {cut}");
    }
}

#[test]
fn a_segment_that_ends_in_zeros_gives_what_is_whole() {
    let written = written();
    for cut in 0..written.bytes.len() {
        let mut bytes = written.bytes[..cut].to_vec();
        bytes.resize(written.bytes.len(), 0);
        let ids = written.drain_with(&bytes).ids;
        // A frame's last bytes may have been zeros all along.
        let n_same = bytes.iter().zip(&written.bytes).take_while(|(a, b)| a == b).count();
        assert_eq!(ids, written.without(n_same..usize::MAX), "zeros from {cut}");
    }
}

#[test]
fn a_bit_that_flips_anywhere_costs_one_batch_which_is_named() {
    let written = written();
    let mut n_named_by_id = 0;
    for at in 0..written.bytes.len() {
        let mut bytes = written.bytes.clone();
        bytes[at] ^= 1 << (at % 8);
        let drained = written.drain_with(&bytes);
        let frame = (0..SIZES.len()).rfind(|n| written.begins[*n] <= at).unwrap();
        assert_eq!(drained.ids, written.without(at..at + 1), "flipped at {at}");
        let [damaged] = drained.damaged.as_slice() else {
            panic!("{at}: {:?}", drained.damaged);
        };
        assert_eq!(damaged.position, START.plus(written.begins[frame]), "flipped at {at}");
        if let Some(id) = damaged.batch_id {
            assert_eq!(id.as_u128(), frame as u128);
            n_named_by_id += 1;
        }
    }
    assert_eq!(n_named_by_id, SIZES.iter().sum::<usize>(), "every flip behind a head");
}

#[test]
fn a_hole_anywhere_costs_what_it_touches() {
    let written = written();
    for at in 0..written.bytes.len() - 20 {
        let bytes = [&written.bytes[..at], &written.bytes[at + 20..]].concat();
        let drained = written.drain_with(&bytes);
        // Where the bytes behind the hole are those in it, the hole is as well further on.
        let same = bytes.iter().zip(&written.bytes).take_while(|(a, b)| a == b).count();
        assert_eq!(drained.ids, written.without(same..same + 20), "20 bytes are gone at {at}");
    }
}

#[test]
fn bytes_within_a_batch_are_never_taken_for_a_head() {
    let dir = tempfile::tempdir().unwrap();
    let mut inner = Vec::new();
    let evil = batch(666, 20);
    frame::Head::of(&evil).unwrap().write(0, &mut inner);
    inner.extend_from_slice(&evil.bytes);
    let queue = open(&dir, START);
    let outer = Received { bytes: inner.into(), ..batch(1, 0) };
    assert_eq!(put(&queue, outer), Ok(Appended::New));
    queue.close();
    queue.finish();
    drop(queue);
    let segments = dir.path().join(DIR);
    let path = segments.join(&files(&segments)[0]);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[20] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let drained = drain(&open(&dir, START), START);
    assert_eq!((drained.ids.len(), drained.damaged.len()), (0, 1));
}

#[test]
fn a_batch_that_is_damaged_is_taken_again_before_and_after_it_is_found_out() {
    let written = written();
    let mut bytes = written.bytes.clone();
    bytes[frame::HEAD] ^= 1;
    std::fs::write(&written.path, bytes).unwrap();
    // As after the machine's fall in the middle of a write: nobody was told that it is safe.
    let queue = open(&written.dir, START);
    assert_eq!(queue.stats().n_batches, SIZES.len() - 1);
    assert_eq!(put(&queue, batch(0, SIZES[0])), Ok(Appended::New));
    assert_eq!(put(&queue, batch(0, SIZES[0])), Ok(Appended::Known));
    let Ok(Read::Some(taken)) = queue.read(START, LONG) else { panic!("nothing to read") };
    assert_eq!(taken.damaged.len(), 1);
    // From here on nothing is trusted to be known; the store takes a batch once all the same.
    assert_eq!(put(&queue, batch(0, SIZES[0])), Ok(Appended::New));
    assert_eq!(drain(&queue, taken.next).ids, [0, 0]);
}

#[test]
fn a_segment_that_is_gone_is_named_and_holds_nobody_up() {
    let written = written();
    let queue = open(&written.dir, START);
    std::fs::remove_file(&written.path).unwrap();
    assert_eq!(put(&queue, batch(9, 10)), Ok(Appended::New));
    let drained = drain(&queue, START);
    assert_eq!(drained.ids, [9]);
    assert_eq!(drained.damaged[0].problem, "the rest of its segment is gone");
}

#[test]
fn what_is_damaged_goes_to_the_quarantine_under_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let quarantine = Quarantine::of(dir.path());
    let damaged = |batch_id| Damaged {
        position: Position(77),
        batch_id,
        problem: "",
        bytes: Bytes::from_static(b"rest"),
    };
    let id = Uuid::from_u128(5);
    quarantine.keep_damaged(&damaged(Some(id))).unwrap();
    quarantine.keep_damaged(&damaged(None)).unwrap();
    quarantine.keep(id, "unreadable", b"whole").unwrap();
    quarantine.keep(id, "unreadable", b"again").unwrap();
    let names: Vec<String> = quarantine.list().unwrap().into_iter().map(|(n, _)| n).collect();
    assert_eq!(
        names,
        [
            format!("{id}.damaged.bin"),
            format!("{id}.unreadable.egrt"),
            "position-77.damaged.bin".to_owned(),
        ]
    );
    let kept = quarantine.dir().join(&names[1]);
    assert_eq!(std::fs::read(kept).unwrap(), b"again");
}

#[test]
fn a_full_quarantine_loses_its_oldest() {
    let dir = tempfile::tempdir().unwrap();
    let list = |quarantine: &Quarantine| {
        let files = quarantine.list().unwrap().into_iter();
        files.map(|(name, _)| name.split('.').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let keep = |bounds: QuarantineBounds, ids: std::ops::Range<u128>, n_bytes: usize| {
        let quarantine = Quarantine::of(dir.path()).within(bounds);
        for id in ids {
            quarantine.keep(Uuid::from_u128(id), "unreadable", &vec![0; n_bytes]).unwrap();
        }
        list(&quarantine)
    };
    let names =
        |ids: &[u128]| ids.iter().map(|id| Uuid::from_u128(*id).to_string()).collect::<Vec<_>>();
    let by_number = QuarantineBounds { n_files: 3, n_bytes: u64::MAX };
    assert_eq!(keep(by_number, 1..6, 10), names(&[3, 4, 5]));
    let by_size = QuarantineBounds { n_files: 99, n_bytes: 45 };
    assert_eq!(keep(by_size, 6..8, 15), names(&[5, 6, 7]));
    // The newest stays, however large it is.
    assert_eq!(keep(by_size, 8..9, 100), names(&[8]));
}
