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

/// What the data model says, in floating point: equal but for what lies on a bucket's very edge.
#[test]
fn buckets_are_those_of_the_data_model() {
    let mut ns = 2u64;
    let mut seed = 1u64;
    while ns < u64::MAX / 2 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        ns += 1 + ns / 37 + seed % 3;
        let mut histogram = Histogram::default();
        histogram.record(ns);
        let expected = ((ns as f64).log2() * 32.0).ceil() as u16 - 1;
        let [(index, 1)] = histogram.buckets().collect::<Vec<_>>()[..] else { panic!("{ns}") };
        let is_on_the_edge = ((ns as f64).log2() * 32.0).fract().abs() < 1e-9;
        assert!(index == expected || is_on_the_edge, "{ns}: {index}, not {expected}");
    }
    for (power, index) in [(1u64, 0), (2, 31), (4, 63), (1 << 32, 1_023), (u64::MAX, 2_047)] {
        let mut histogram = Histogram::default();
        histogram.record(power);
        assert_eq!(histogram.buckets().collect::<Vec<_>>(), [(index, 1)], "{power}");
    }
}

#[test]
fn what_was_cleared_begins_anew() {
    let mut minutes = Minutes::default();
    for round in 0..3 {
        for n in 0..2_000u64 {
            let mut record = record(60 + round, 1_000 + n);
            record.status = Some(u16::try_from(n % 700).unwrap());
            let series = minutes.fold(&record);
            assert_eq!(minutes.search(series_key(&record)), Ok(series.0));
        }
        assert_eq!(minutes.len(), 700);
        assert_eq!(minutes.iter().map(|(_, cell)| cell.count).sum::<u64>(), 2_000);
        let firsts: Vec<_> = minutes.iter().map(|(key, _)| key.status).take(3).collect();
        assert_eq!(firsts, [0, 1, 2], "in the order of their coming");
        minutes.clear();
        assert!(minutes.is_empty() && minutes.iter().next().is_none());
    }
}
