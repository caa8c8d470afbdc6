//! OpenTelemetry's exponential histogram at scale 5, over nanoseconds.
//! Never changes its scale, so any two of them merge without loss.

use crate::varint;

/// Buckets per power of two are 2^5: a bucket's bounds are 2.2 % apart, its middle is at most
/// 1.1 % from anything in it.
const SCALE_BUCKETS: f64 = 32.0;

/// The bucket of 2^64, beyond which no nanoseconds fall.
const MAX_INDEX: u16 = 64 * 32;

/// Counts of durations. Bucket `i` holds `(base^i, base^(i+1)]` with `base = 2^(1/32)`, as
/// OpenTelemetry's data model defines it; a duration of 0 is counted apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Histogram {
    zeros: u64,
    /// Buckets that are not empty and their counts, by index. Sparse, so that what a hostile batch
    /// makes its reader allocate stays in proportion to the batch.
    counts: Vec<(u16, u64)>,
    /// Sum of what was recorded, in nanoseconds; stays at its maximum once it is reached.
    sum_ns: u64,
}

impl Histogram {
    /// Adds a duration.
    pub fn record(&mut self, ns: u64) {
        self.sum_ns = self.sum_ns.saturating_add(ns);
        if ns == 0 {
            self.zeros += 1;
        } else {
            self.add(index(ns), 1);
        }
    }

    /// Adds a duration so many times: for who has counts and no single durations.
    pub fn record_many(&mut self, ns: u64, count: u64) {
        self.sum_ns = self.sum_ns.saturating_add(ns.saturating_mul(count));
        if ns == 0 {
            self.zeros = self.zeros.saturating_add(count);
        } else if count > 0 {
            self.add(index(ns), count);
        }
    }

    /// Adds another histogram's counts.
    pub fn merge(&mut self, other: &Self) {
        self.zeros = self.zeros.saturating_add(other.zeros);
        self.sum_ns = self.sum_ns.saturating_add(other.sum_ns);
        // Both are in order: from where the last one went, the next is not far.
        let mut from = 0;
        for &(index, count) in &other.counts {
            from += self.counts[from..].iter().take_while(|(known, _)| *known < index).count();
            match self.counts.get_mut(from) {
                Some((known, sum)) if *known == index => *sum = sum.saturating_add(count),
                _ => self.counts.insert(from, (index, count)),
            }
        }
    }

    /// Number of durations.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().fold(self.zeros, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// Sum of all durations, in nanoseconds.
    #[must_use]
    pub fn sum_ns(&self) -> u64 {
        self.sum_ns
    }

    /// The duration below which a share `q` (0 to 1) of all lies, within 1.1 %; `None` when there
    /// is none.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<u64> {
        let total = self.count();
        if total == 0 {
            return None;
        }
        // The nearest-rank definition: the smallest value with at least q of all at or below it.
        let rank = ((q.clamp(0.0, 1.0) * total as f64).ceil() as u64).max(1);
        let mut seen = self.zeros;
        if seen >= rank {
            return Some(0);
        }
        for (index, count) in &self.counts {
            seen = seen.saturating_add(*count);
            if seen >= rank {
                return Some(middle(*index));
            }
        }
        None
    }

    /// Buckets that are not empty, as (index, count), by index.
    pub fn buckets(&self) -> impl Iterator<Item = (u16, u64)> {
        self.counts.iter().copied()
    }

    /// Durations and their counts, from the shortest: for each bucket that is not empty its middle,
    /// in nanoseconds.
    pub fn middles(&self) -> impl Iterator<Item = (u64, u64)> {
        let zeros = Some((0, self.zeros)).filter(|(_, count)| *count > 0);
        zeros.into_iter().chain(self.buckets().map(|(index, count)| (middle(index), count)))
    }

    /// Appends the sparse form: zeros, sum, then (distance to the last index, count) in varints.
    pub fn write(&self, out: &mut Vec<u8>) {
        varint::write(self.zeros, out);
        varint::write(self.sum_ns, out);
        let mut last = 0;
        for (index, count) in self.buckets() {
            varint::write(u64::from(index - last), out);
            varint::write(count, out);
            last = index;
        }
    }

    /// Reads the sparse form; `None` when it is damaged. No bytes are an empty histogram.
    #[must_use]
    pub fn read(mut bytes: &[u8]) -> Option<Self> {
        let mut histogram = Self::default();
        if bytes.is_empty() {
            return Some(histogram);
        }
        histogram.zeros = varint::read(&mut bytes)?;
        histogram.sum_ns = varint::read(&mut bytes)?;
        let mut index = 0u16;
        while !bytes.is_empty() {
            let distance = u16::try_from(varint::read(&mut bytes)?).ok()?;
            index = index.checked_add(distance).filter(|index| *index <= MAX_INDEX)?;
            let count = varint::read(&mut bytes)?;
            // They come in order; only a bucket that is told twice is not the last.
            match histogram.counts.last_mut() {
                Some((last, sum)) if *last == index => *sum = sum.saturating_add(count),
                _ => histogram.counts.push((index, count)),
            }
        }
        Some(histogram)
    }

    fn add(&mut self, index: u16, count: u64) {
        match self.counts.binary_search_by_key(&index, |(index, _)| *index) {
            Ok(n) => self.counts[n].1 = self.counts[n].1.saturating_add(count),
            Err(n) => self.counts.insert(n, (index, count)),
        }
    }
}

/// The bucket of a duration: `ceil(log2(ns) * 32) - 1`, with 1 ns in bucket 0 rather than -1.
fn index(ns: u64) -> u16 {
    let above = ((ns as f64).log2() * SCALE_BUCKETS).ceil() as u16;
    above.saturating_sub(1)
}

/// The duration in the middle of a bucket, by ratio.
fn middle(index: u16) -> u64 {
    ((f64::from(index) + 0.5) / SCALE_BUCKETS).exp2().round() as u64
}
