//! Roll-ups add up, whatever the order; quantiles are within their promised error.

use super::*;
use crate::redact::SafeUrl;

fn record(start_s: u64, total_ns: u64) -> Record<'static> {
    let mut record = Record::new(Kind::Client, "GET", SafeUrl::default(), start_s * 1_000_000_000);
    record.total_ns = Some(total_ns);
    record.status = Some(200);
    record
}

#[test]
fn a_minute_has_one_cell_per_series() {
    let mut minutes = Minutes::default();
    minutes.fold(&record(60, 5));
    minutes.fold(&record(119, 5));
    minutes.fold(&record(120, 5));
    let cells: Vec<_> = minutes.iter().map(|(key, cell)| (key.minute, cell.count)).collect();
    assert_eq!(cells, [(1, 2), (2, 1)]);
}

#[test]
fn merged_parts_equal_the_whole() {
    let (mut whole, mut left, mut right) = <(Minutes, Minutes, Minutes)>::default();
    for n in 0..10_000u64 {
        let record = record(60 + n % 7, n * n * 1_000);
        whole.fold(&record);
        if n % 3 == 0 { &mut left } else { &mut right }.fold(&record);
    }
    for (key, cell) in left.iter() {
        right.merge(key, cell);
    }
    assert_eq!(right.iter().next(), whole.iter().next());
}

#[test]
fn quantiles_are_within_their_promised_error() {
    let mut histogram = Histogram::default();
    for n in 1..=100_000u64 {
        histogram.record(n * 1_000);
    }
    for (q, exact) in [(0.5, 50_000_000.0), (0.95, 95_000_000.0), (0.99, 99_000_000.0)] {
        let error = (histogram.quantile(q).unwrap() as f64 - exact).abs() / exact;
        assert!(error <= 0.0112, "{q}: {error}");
    }
    assert_eq!(Histogram::default().quantile(0.5), None);
}

#[test]
fn histograms_come_back_as_they_were_and_damage_is_seen() {
    let mut histogram = Histogram::default();
    for ns in [0, 1, 2, 1_000, 1_000, u64::MAX] {
        histogram.record(ns);
    }
    let mut bytes = Vec::new();
    histogram.write(&mut bytes);
    assert_eq!(Histogram::read(&bytes), Some(histogram));
    assert_eq!(Histogram::read(&bytes[..bytes.len() - 1]), None);
    assert_eq!(Histogram::read(&[0, 0, 0xff, 0xff, 0x7f, 1]), None, "an index beyond 2^64");
}

#[test]
fn a_duration_so_many_times_is_as_many_durations() {
    let (mut one_by_one, mut at_once) = (Histogram::default(), Histogram::default());
    for (ns, count) in [(0, 2), (1, 0), (5_000_000, 7), (u64::MAX, 1)] {
        (0..count).for_each(|_| one_by_one.record(ns));
        at_once.record_many(ns, count);
    }
    assert_eq!(at_once, one_by_one);
    at_once.record_many(1, u64::MAX);
    assert_eq!((at_once.count(), at_once.sum_ns()), (u64::MAX, u64::MAX));
}
