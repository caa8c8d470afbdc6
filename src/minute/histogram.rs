//! OpenTelemetry's exponential histogram at scale 5, over nanoseconds.
//! Never changes its scale, so any two of them merge without loss.

use crate::varint;

/// Buckets per power of two are 2^5: a bucket's bounds are 2.2 % apart, its middle is at most
/// 1.1 % from anything in it.
const SCALE_BUCKETS: f64 = 32.0;

/// The bucket of 2^64, beyond which no nanoseconds fall.
const MAX_INDEX: u16 = 64 * 32;

/// Room for buckets that is kept when a histogram is reset.
const MAX_KEPT_BUCKETS: usize = 16;

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

    /// One duration in each of these buckets, which are in order; their sum is to be added.
    pub(super) fn of_sorted(buckets: &[u16]) -> Self {
        let n_distinct = buckets.chunk_by(|a, b| a == b).count();
        let mut counts = Vec::with_capacity(n_distinct);
        counts.extend(buckets.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as u64)));
        Self { zeros: 0, counts, sum_ns: 0 }
    }

    /// Adds to the sum a duration that is in a bucket already; one of 0 is counted.
    pub(super) fn add_to_sum(&mut self, ns: u64) {
        self.sum_ns = self.sum_ns.saturating_add(ns);
        self.zeros += u64::from(ns == 0);
    }

    /// Adds another histogram's counts.
    pub fn merge(&mut self, other: &Self) {
        self.zeros = self.zeros.saturating_add(other.zeros);
        self.sum_ns = self.sum_ns.saturating_add(other.sum_ns);
        if self.counts.is_empty() {
            self.counts.clone_from(&other.counts);
        } else {
            other.counts.iter().for_each(|&(index, count)| self.add(index, count));
        }
    }

    /// Forgets everything, and keeps the memory for a few buckets.
    pub(super) fn reset(&mut self) {
        (self.zeros, self.sum_ns) = (0, 0);
        self.counts.clear();
        self.counts.shrink_to(MAX_KEPT_BUCKETS);
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
        // Were no bucket empty between the first and this one, it would be here; it is never behind.
        let first = self.counts.first().map_or(0, |(first, _)| *first);
        let guess = usize::from(index.saturating_sub(first)).min(self.counts.len());
        match self.counts.get_mut(guess) {
            Some((known, sum)) if *known == index => *sum = sum.saturating_add(count),
            _ => match self.counts[..guess].binary_search_by_key(&index, |(index, _)| *index) {
                Ok(n) => self.counts[n].1 = self.counts[n].1.saturating_add(count),
                Err(n) => self.counts.insert(n, (index, count)),
            },
        }
    }
}

/// The powers of `2^(1/32)` from 1 to below 2, as fractions of 2^63, rounded down: what is above
/// one of them is above its rounded value too, for all but the first are irrational.
const POWERS: [u64; 32] = [
    0x8000000000000000,
    0x82cd8698ac2ba1d7,
    0x85aac367cc487b14,
    0x88980e8092da8527,
    0x8b95c1e3ea8bd6e6,
    0x8ea4398b45cd53c0,
    0x91c3d373ab11c336,
    0x94f4efa8fef70961,
    0x9837f0518db8a96f,
    0x9b8d39b9d54e5538,
    0x9ef5326091a111ad,
    0xa27043030c496818,
    0xa5fed6a9b15138ea,
    0xa9a15ab4ea7c0ef8,
    0xad583eea42a14ac6,
    0xb123f581d2ac258f,
    0xb504f333f9de6484,
    0xb8fbaf4762fb9ee9,
    0xbd08a39f580c36be,
    0xc12c4cca66709456,
    0xc5672a115506dadd,
    0xc9b9bd866e2f27a2,
    0xce248c151f8480e3,
    0xd2a81d91f12ae45a,
    0xd744fccad69d6af4,
    0xdbfbb797daf23755,
    0xe0ccdeec2a94e111,
    0xe5b906e77c8348a8,
    0xeac0c6e7dd24392e,
    0xefe4b99bdcdaf5cb,
    0xf5257d152486cc2c,
    0xfa83b2db722a033a,
];

/// How many of [`POWERS`] are below each 64th from 1 to 2: the next power is then the only one that can
/// lie within that 64th, for they are further apart.
const N_BELOW: [u8; 64] = {
    let (mut n_below, mut part) = ([0; 64], 0);
    while part < 64 {
        let mut n = 0;
        while n < POWERS.len() && POWERS[n] < (64 + part as u64) << 57 {
            n += 1;
        }
        n_below[part] = n as u8;
        part += 1;
    }
    n_below
};

/// The bucket of a duration, which is not 0: `ceil(log2(ns) * 32) - 1`, with 1 ns in bucket 0 rather
/// than -1.
pub(super) fn index(ns: u64) -> u16 {
    let whole = (u64::BITS - 1 - ns.leading_zeros()) as u16;
    let fraction = ns << ns.leading_zeros();
    let n_below = N_BELOW[(fraction >> 57) as usize & 63];
    let is_above = POWERS.get(usize::from(n_below)).is_some_and(|power| *power < fraction);
    (whole * 32 + u16::from(n_below) + u16::from(is_above)).saturating_sub(1)
}

/// The duration in the middle of a bucket, by ratio.
fn middle(index: u16) -> u64 {
    ((f64::from(index) + 0.5) / SCALE_BUCKETS).exp2().round() as u64
}

#[cfg(test)]
mod tests {
    //! The table of places says what a search says.

    use super::*;

    #[test]
    fn a_duration_has_the_bucket_that_a_search_finds() {
        let searched = |ns: u64| {
            let whole = 63 - ns.leading_zeros() as u16;
            let fraction = ns << ns.leading_zeros();
            let n_below = POWERS.iter().filter(|power| **power < fraction).count() as u16;
            (whole * 32 + n_below).saturating_sub(1)
        };
        let edges = POWERS.iter().flat_map(|power| (0..64).map(move |shift| power >> shift));
        let parts = (64..128u64).flat_map(|part| (0..58).map(move |shift| part << shift));
        for edge in edges.chain(parts).chain([u64::MAX]) {
            for ns in [edge.saturating_sub(1), edge, edge.saturating_add(1)] {
                assert!(ns == 0 || index(ns) == searched(ns), "{ns}");
            }
        }
    }
}
