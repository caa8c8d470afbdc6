//! Durations that are being added up: the buckets of [`Histogram`], side by side.
//! They never lose a bucket: what comes out is the histogram that all the parts make.

use egret::minute::Histogram;

use super::{Damaged, numbers};

/// The highest bucket that a histogram has.
const MAX_BUCKET: u64 = 64 * 32;

/// In a sum, the distance and the count that do not fit into a bucket's one byte any more.
const NEAR: u64 = 3;
const FEW: u64 = 31;

/// Counts by bucket. Side by side from the lowest to the highest: adding to one is one step, where
/// a sparse histogram searches and moves.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Durations {
    zeros: u64,
    sum_ns: u64,
    /// The bucket of `counts[0]`.
    first: usize,
    counts: Vec<u64>,
}

impl PartialEq for Durations {
    fn eq(&self, other: &Self) -> bool {
        (self.zeros, self.sum_ns) == (other.zeros, other.sum_ns)
            && self.buckets().eq(other.buckets())
    }
}

impl Durations {
    /// Adds another.
    pub(in super::super) fn merge(&mut self, other: &Self) {
        self.zeros = self.zeros.saturating_add(other.zeros);
        self.sum_ns = self.sum_ns.saturating_add(other.sum_ns);
        for (bucket, count) in other.buckets() {
            self.add(bucket, count);
        }
    }

    /// Adds a histogram in its own sparse form; no bytes are an empty one.
    pub(in super::super) fn merge_sparse(&mut self, mut bytes: &[u8]) -> Result<(), Damaged> {
        if bytes.is_empty() {
            return Ok(());
        }
        let zeros = numbers::read(&mut bytes)?;
        let sum_ns = numbers::read(&mut bytes)?;
        let mut bucket = 0;
        while !bytes.is_empty() {
            bucket = next_bucket(bucket, numbers::read(&mut bytes)?)?;
            self.add(bucket, numbers::read(&mut bytes)?);
        }
        self.zeros = self.zeros.saturating_add(zeros);
        self.sum_ns = self.sum_ns.saturating_add(sum_ns);
        Ok(())
    }

    /// The histogram that all of it makes.
    pub(in super::super) fn to_histogram(&self) -> Histogram {
        let mut bytes = Vec::with_capacity(16 + 3 * self.counts.len());
        numbers::write(self.zeros, &mut bytes);
        numbers::write(self.sum_ns, &mut bytes);
        let mut last = 0;
        for (bucket, count) in self.buckets() {
            numbers::write((bucket - last) as u64, &mut bytes);
            numbers::write(count, &mut bytes);
            last = bucket;
        }
        // Only a number beyond the buckets could not be read, and none is ever added.
        Histogram::read(&bytes).unwrap_or_default()
    }

    /// The lowest bucket that is not empty.
    pub(super) fn least(&self) -> Option<usize> {
        self.buckets().next().map(|(bucket, _)| bucket)
    }

    /// Appends the form for sums, whose buckets stand close: mostly one byte for each.
    pub(super) fn write_dense(&self, out: &mut Vec<u8>) {
        if !self.write_head(out) {
            return;
        }
        // The bucket before the first; distances are 1 or more.
        let mut last = 0;
        for (bucket, count) in self.buckets().map(|(bucket, count)| (bucket + 1, count)) {
            let (distance, more) = ((bucket - last - 1) as u64, count - 1);
            let (near, few) = (distance.min(NEAR), more.min(FEW));
            numbers::write(near + (NEAR + 1) * few, out);
            if near == NEAR {
                numbers::write(distance - NEAR, out);
            }
            if few == FEW {
                numbers::write(more - FEW, out);
            }
            last = bucket;
        }
    }

    /// Takes the form for sums off the front and adds it.
    pub(super) fn read_dense(&mut self, bytes: &mut &[u8]) -> Result<(), Damaged> {
        let mut next = 0;
        for _ in 0..self.read_head(bytes)? {
            let both = numbers::read(bytes)?;
            let (mut distance, mut more) = (both % (NEAR + 1), both / (NEAR + 1));
            if distance == NEAR {
                distance = NEAR.checked_add(numbers::read(bytes)?).ok_or(Damaged)?;
            }
            if more == FEW {
                more = FEW.checked_add(numbers::read(bytes)?).ok_or(Damaged)?;
            }
            let bucket = next_bucket(next, distance)?;
            self.add(bucket, more.saturating_add(1));
            next = bucket + 1;
        }
        Ok(())
    }

    /// Appends the packed form; distances count from `base`, which is no higher than any bucket.
    pub(super) fn write(&self, base: usize, out: &mut Vec<u8>) {
        self.write_head(out);
        let mut last = base;
        for (bucket, count) in self.buckets() {
            numbers::write(2 * (bucket - last) as u64 + u64::from(count != 1), out);
            if count != 1 {
                numbers::write(count, out);
            }
            last = bucket;
        }
    }

    /// Takes a packed form off the front and adds it.
    pub(super) fn read(&mut self, base: usize, bytes: &mut &[u8]) -> Result<(), Damaged> {
        let mut bucket = base;
        for _ in 0..self.read_head(bytes)? {
            let step = numbers::read(bytes)?;
            bucket = next_bucket(bucket, step / 2)?;
            let count = if step % 2 == 1 { numbers::read(bytes)? } else { 1 };
            self.add(bucket, count);
        }
        Ok(())
    }

    /// Appends what stands before the buckets; whether anything is behind it.
    fn write_head(&self, out: &mut Vec<u8>) -> bool {
        let n_buckets = self.buckets().count() as u64;
        let has_zeros = u64::from(self.zeros > 0);
        numbers::write(2 * n_buckets + has_zeros, out);
        if has_zeros > 0 {
            numbers::write(self.zeros, out);
        }
        if n_buckets + has_zeros > 0 {
            numbers::write(self.sum_ns, out);
        }
        n_buckets > 0
    }

    /// Takes what stands before the buckets and adds it; the number of buckets.
    fn read_head(&mut self, bytes: &mut &[u8]) -> Result<u64, Damaged> {
        let head = numbers::read(bytes)?;
        if head % 2 == 1 {
            self.zeros = self.zeros.saturating_add(numbers::read(bytes)?);
        }
        if head > 0 {
            self.sum_ns = self.sum_ns.saturating_add(numbers::read(bytes)?);
        }
        Ok(head / 2)
    }

    fn buckets(&self) -> impl Iterator<Item = (usize, u64)> {
        let counts = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        counts.map(|(n, count)| (self.first + n, *count))
    }

    fn add(&mut self, bucket: usize, count: u64) {
        // Nearly always it is there already; a bucket below the first wraps beyond the last.
        if let Some(sum) = self.counts.get_mut(bucket.wrapping_sub(self.first)) {
            *sum = sum.saturating_add(count);
        } else {
            self.add_beyond(bucket, count);
        }
    }

    #[cold]
    fn add_beyond(&mut self, bucket: usize, count: u64) {
        if self.counts.is_empty() {
            self.first = bucket;
        }
        if bucket < self.first {
            let n_before = self.first - bucket;
            self.counts.splice(0..0, std::iter::repeat_n(0, n_before));
            self.first = bucket;
        }
        let place = bucket - self.first;
        if place >= self.counts.len() {
            self.counts.resize(place + 1, 0);
        }
        self.counts[place] = self.counts[place].saturating_add(count);
    }
}

fn next_bucket(bucket: usize, distance: u64) -> Result<usize, Damaged> {
    let next = (bucket as u64).checked_add(distance).filter(|next| *next <= MAX_BUCKET);
    next.and_then(|next| usize::try_from(next).ok()).ok_or(Damaged)
}
