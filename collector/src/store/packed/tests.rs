//! Packed rows come back as they were, and no changed byte goes unseen.
//! They never touch a file.

use super::*;
use egret::minute::Histogram;

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % n
    }

    fn sum(&mut self) -> Sum {
        let mut sum = Sum::default();
        let mut histograms = [Histogram::default(), Histogram::default()];
        for _ in 0..self.below(12) {
            let shift = self.below(40);
            histograms[0].record_many(self.below(1 << shift.max(1)), 1 + self.below(3));
            histograms[1].record(self.below(1 << shift.max(1)));
        }
        let bytes = histograms.map(|histogram| {
            let mut bytes = Vec::new();
            histogram.write(&mut bytes);
            bytes
        });
        sum.add_counts(self.below(1 << 40), u64::MAX / (1 + self.below(9)), self.below(9));
        sum.duration.merge_sparse(&bytes[0]).unwrap();
        sum.ttfb.merge_sparse(&bytes[1]).unwrap();
        sum
    }
}

#[test]
fn durations_add_up_as_histograms_do() {
    let mut numbers = Numbers(1);
    let n_cases = 500;
    for _ in 0..n_cases {
        let (mut histogram, mut durations) = (Histogram::default(), Durations::default());
        for _ in 0..numbers.below(6) {
            let mut part = Histogram::default();
            for _ in 0..numbers.below(9) {
                let (shift, times) = (numbers.below(63), numbers.below(40));
                part.record_many(numbers.below(1 << shift), times);
            }
            // What saturates is one number too.
            part.record_many(numbers.below(2), u64::MAX * numbers.below(2));
            histogram.merge(&part);
            let mut bytes = Vec::new();
            part.write(&mut bytes);
            durations.merge_sparse(&bytes).unwrap();
        }
        assert_eq!(durations.to_histogram(), histogram);
        let mut packed = Vec::new();
        durations.write(0, &mut packed);
        let mut read = Durations::default();
        read.read(0, &mut packed.as_slice()).unwrap();
        assert_eq!(read.to_histogram(), histogram);
        let (mut dense, mut read) = (Vec::new(), Durations::default());
        durations.write_dense(&mut dense);
        read.read_dense(&mut dense.as_slice()).unwrap();
        assert_eq!(read.to_histogram(), histogram);
    }
    println!("{n_cases} cases");
}

#[test]
fn half_hours_of_a_pack_come_back_and_stand_apart() {
    let mut numbers = Numbers(2);
    let n_cases = 200;
    for _ in 0..n_cases {
        let mut halves = <[HalfHour; 4]>::default();
        let mut row = Vec::new();
        for (half, minute) in halves.iter_mut().zip((0..).step_by(30)) {
            for _ in 0..numbers.below(40) {
                let sum = numbers.sum();
                half.minute(numbers.below(30)).merge(&sum);
            }
            let before = if row.is_empty() { Pack::default() } else { Pack::open(&row).unwrap() };
            row = before.row_with(minute, &half.to_bytes());
        }
        let pack = Pack::open(&row).unwrap();
        for (half, minute) in halves.iter().zip((1_200..).step_by(30)) {
            assert_eq!(pack.half_hour(minute + numbers.below(30)).unwrap(), *half);
        }
    }
    println!("{n_cases} cases");
}

#[test]
fn sums_of_a_day_are_those_of_its_half_hours() {
    let mut numbers = Numbers(3);
    let n_cases = 200;
    for _ in 0..n_cases {
        let mut added = Vec::new();
        let mut row = DaySums::default().row_plus(0, &Sum::default()).unwrap();
        for _ in 0..numbers.below(60) {
            let (minute, sum) = (numbers.below(DAY), numbers.sum());
            row = DaySums::open(&row).unwrap().row_plus(minute, &sum).unwrap();
            added.push((minute, sum));
        }
        let sums = DaySums::open(&row).unwrap();
        let minute = numbers.below(DAY);
        for (part, span) in [
            (Part::Day, 0..DAY),
            (Part::Window(minute), span(minute, WINDOW)),
            (Part::HalfHour(minute), span(minute, HALF_HOUR)),
        ] {
            let (mut expected, mut found) = (Sum::default(), Sum::default());
            let within = added.iter().filter(|(minute, _)| span.contains(minute));
            within.for_each(|(_, sum)| expected.merge(sum));
            sums.add_to(&mut found, Needs::All, part).unwrap();
            assert_eq!(found, expected, "{part:?}");
        }
    }
    println!("{n_cases} cases");
}

fn span(minute: u64, length: u64) -> std::ops::Range<u64> {
    minute / length * length..(minute / length + 1) * length
}

#[test]
fn every_changed_bit_and_every_torn_row_is_seen() {
    let mut half = HalfHour::default();
    *half.minute(7) = Numbers(4).sum();
    let pack = Pack::default().row_with(37, &half.to_bytes());
    let day = DaySums::default().row_plus(37, &half.total()).unwrap();
    let mut n_cases = 0;
    for row in [pack, day] {
        let is_seen = |row: &[u8]| Pack::open(row).is_err() && DaySums::open(row).is_err();
        for bit in 0..8 * row.len() {
            let mut changed = row.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(is_seen(&changed), "bit {bit}");
            n_cases += 1;
        }
        for length in 0..row.len() {
            assert!(is_seen(&row[..length]), "{length} bytes");
            n_cases += 1;
        }
    }
    println!("{n_cases} cases");
}

/// The layout is written down in `packed.rs`; a change of it is a new schema version.
#[test]
fn the_bytes_are_those_of_schema_version_3() {
    let mut sum = Sum::default();
    sum.add_counts(3, 200, 5);
    // Sparse: one zero, 2,000 ns in all, bucket 349 twice.
    sum.duration.merge_sparse(&[1, 208, 15, 221, 2, 2]).unwrap();
    let mut half = HalfHour::default();
    *half.minute(31) = sum.clone();
    let pack = Pack::default().row_with(31, &half.to_bytes());
    #[rustfmt::skip]
    let expected = [
        0, 20, 0, 0,               // the lengths of the half-hours
        2, 0, 0, 0,                // minute 1
        221, 2,                    // the least bucket: 349
        1, 3, 6,                   // the lengths of three columns
        3,                         // count
        200, 1, 5,                 // bytes
        3, 1, 208, 15, 1, 2,       // one bucket and zeros; 1; 2,000; the base, not once; twice
        0,                         // no times to the first byte
    ];
    assert_eq!(pack[4..], expected);
    assert_eq!(pack[..4], crc32fast::hash(&expected).to_le_bytes());
    let day = DaySums::default().row_plus(31, &sum).unwrap();
    #[rustfmt::skip]
    // 3 calls; bytes; a length; one bucket and zeros; 1; 2,000; bucket 349, twice.
    let one = [3, 200, 1, 5, 7, 3, 1, 208, 15, 7, 218, 2, 0];
    let mut expected = vec![3, 64, 0, 0, 0, 0, 0, 0, 13, 13, 13];
    (0..3).for_each(|_| expected.extend(one));
    assert_eq!(day[4..], expected);
}

#[test]
fn the_sums_of_a_whole_day_at_once_are_those_one_by_one() {
    let mut numbers = Numbers(5);
    let halves: Vec<(u64, Sum)> = (0..48).map(|half| (half * 30, numbers.sum())).collect();
    let mut row = DaySums::default().row_plus(0, &halves[0].1).unwrap();
    for (minute, sum) in &halves[1..] {
        row = DaySums::open(&row).unwrap().row_plus(*minute, sum).unwrap();
    }
    assert_eq!(DaySums::row_of(&halves), row);
}
