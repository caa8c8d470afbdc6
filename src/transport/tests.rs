//! The ways out that need no network.

use std::time::Duration;

use super::*;
use crate::codec::{CallsBuilder, Encoder};
use crate::record::{Kind, Record};
use crate::redact::SafeUrl;

fn batch(n: u64) -> Arc<[u8]> {
    let mut calls = CallsBuilder::default();
    (0..n).for_each(|n| calls.push(&Record::new(Kind::Manual, "GET", SafeUrl::default(), n)));
    let meta = crate::batch::BatchMeta::new(crate::batch::Resource::new(), 0);
    Encoder::new().unwrap().encode(&meta, &calls, None).unwrap().into()
}

fn send(transport: &impl Transport, batch: &Arc<[u8]>) -> Verdict {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let sending = transport.send(Arc::clone(batch));
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(5), sending).await.unwrap() })
}

#[test]
fn files_hold_a_line_per_call_and_rotate() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("calls.ndjson");
    let transport = FileTransport::new(&path).max_bytes(1_000).max_files(3);
    for _ in 0..10 {
        assert_eq!(send(&transport, &batch(10)), Verdict::Delivered);
    }
    let mut names: Vec<_> =
        std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["calls.ndjson", "calls.ndjson.1", "calls.ndjson.2"]);
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count(), 10);
    crate::codec::ndjson::read(&text, 0, |record| assert_eq!(record.method(), "GET")).unwrap();
    let nowhere = FileTransport::new(dir.path().join("no/such/dir"));
    assert_eq!(send(&nowhere, &batch(1)), Verdict::Unreachable);
}

/// Refuses everything.
struct Refusing;

impl Transport for Refusing {
    fn send(&self, _: Arc<[u8]>) -> Sending {
        settled(Verdict::Reject(crate::stats::DropReason::Rejected))
    }
}

#[test]
fn a_refusal_is_remembered_while_another_way_out_is_tried_again() {
    let failing = Arc::new(Failing(Mutex::new((0, 1))));
    let several = SeveralTransports::new(vec![Box::new(failing), Box::new(Refusing)]);
    let one = batch(1);
    assert_eq!(send(&several, &one), Verdict::Unreachable);
    // As it comes back from disk: the same bytes in another place.
    let again: Arc<[u8]> = one.to_vec().into();
    assert_eq!(send(&several, &again), Verdict::Reject(crate::stats::DropReason::Rejected));
}

/// Fails as often as it is told, then takes everything.
struct Failing(Mutex<(u32, u32)>);

impl Transport for Arc<Failing> {
    fn send(&self, _: Arc<[u8]>) -> Sending {
        let mut counts = self.0.lock().unwrap();
        counts.0 += 1;
        let fails = counts.1 > 0;
        counts.1 -= u32::from(fails);
        settled(if fails { Verdict::Unreachable } else { Verdict::Delivered })
    }
}

use std::sync::Mutex;

#[test]
fn several_ways_out_each_get_a_batch_once() {
    let [steady, failing] = [0, 2].map(|n| Arc::new(Failing(Mutex::new((0, n)))));
    let several = SeveralTransports::new(vec![Box::new(steady.clone()), Box::new(failing.clone())]);
    let one = batch(1);
    assert_eq!(
        [(); 3].map(|()| send(&several, &one)),
        [Verdict::Unreachable, Verdict::Unreachable, Verdict::Delivered]
    );
    assert_eq!(send(&several, &batch(1)), Verdict::Delivered);
    assert_eq!((steady.0.lock().unwrap().0, failing.0.lock().unwrap().0), (2, 4));
}
