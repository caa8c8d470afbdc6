//! The queue's bounds and its end.
//! They never wait longer than for what is there already.

use super::*;
use bytes::Bytes;
use uuid::Uuid;

fn batch(n_bytes: usize) -> Received {
    Received {
        batch_id: Uuid::now_v7(),
        n_calls: 1,
        received_unix_ns: 0,
        bytes: Bytes::from(vec![0; n_bytes]),
    }
}

/// Offers batches of these sizes and says which were taken.
#[track_caller]
fn check(bounds: (usize, usize), sizes: &[usize], taken: &[bool]) {
    let (inlet, outlet) = bounded(Bounds { n_batches: bounds.0, n_bytes: bounds.1 });
    let offers: Vec<_> = sizes.iter().map(|size| inlet.offer(batch(*size))).collect();
    let were_taken: Vec<bool> = offers.iter().map(Result::is_ok).collect();
    assert_eq!(were_taken, taken);
    let Taken::Entries(entries) = outlet.take(Duration::ZERO) else {
        panic!("nothing to take");
    };
    assert_eq!(entries.len(), taken.iter().filter(|taken| **taken).count());
    assert!(matches!(outlet.take(Duration::ZERO), Taken::Nothing));
    assert!(inlet.offer(batch(1)).is_ok(), "room again");
}

#[test]
fn batches_are_bounded() {
    check((2, 100), &[1, 1, 1], &[true, true, false]);
}

#[test]
fn bytes_are_bounded() {
    check((9, 10), &[6, 4, 1], &[true, true, false]);
    check((9, 10), &[6, 5, 4], &[true, false, true]);
}

#[test]
fn one_batch_always_fits() {
    check((0, 0), &[50, 1], &[true, false]);
}

#[test]
fn what_waits_is_taken_after_the_close() {
    let (inlet, outlet) = bounded(Bounds { n_batches: 9, n_bytes: 9 });
    let _answer = inlet.offer(batch(1)).unwrap();
    inlet.close();
    assert_eq!(inlet.offer(batch(1)).unwrap_err(), OfferError::Closed);
    assert!(matches!(outlet.take(Duration::MAX), Taken::Entries(_)));
    assert!(matches!(outlet.take(Duration::MAX), Taken::Closed));
}

#[test]
fn a_lost_outlet_answers_nothing_and_closes() {
    let (inlet, outlet) = bounded(Bounds { n_batches: 9, n_bytes: 9 });
    let answer = inlet.offer(batch(1)).unwrap();
    drop(outlet);
    assert!(inlet.is_closed());
    assert!(answer.blocking_recv().is_err());
}
