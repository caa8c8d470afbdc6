//! Spares are given once and bounded. Never looks at what a spare is.

use super::{MAX_SPARES, Spares};

thread_local! {
    static NUMBERS: Spares<usize> = const { Spares::new() };
}

#[test]
fn a_spare_is_taken_once_and_there_are_so_many_at_most() {
    assert_eq!(Spares::take(&NUMBERS), None);
    (0..MAX_SPARES + 10).for_each(|n| Spares::give(&NUMBERS, n));
    let taken: Vec<usize> = std::iter::from_fn(|| Spares::take(&NUMBERS)).collect();
    assert_eq!(taken, (0..MAX_SPARES).rev().collect::<Vec<_>>());
}

#[test]
fn a_spare_stays_on_its_thread() {
    Spares::give(&NUMBERS, 7);
    let elsewhere = std::thread::scope(|scope| scope.spawn(|| Spares::take(&NUMBERS)).join());
    let elsewhere = elsewhere.unwrap();
    assert_eq!((elsewhere, Spares::take(&NUMBERS)), (None, Some(7)));
}
