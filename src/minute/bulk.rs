//! Adds many calls at once: each series' durations are sorted, not searched for call by call.
//! Never adds up to anything else than the same calls would one by one.

use super::histogram::{Histogram, index};
use super::{Cell, Minutes, Place, SeriesKey};

/// What calls add, by row: a number plus 1, and 0 or no row for what is not known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Addends<'c> {
    pub(crate) request_bytes: &'c [u64],
    pub(crate) response_bytes: &'c [u64],
    pub(crate) total_ns: &'c [u64],
    pub(crate) ttfb_ns: &'c [u64],
}

impl Minutes {
    /// Makes room for so many series.
    pub(crate) fn reserve(&mut self, n_series: usize) {
        self.index.reserve(n_series);
        self.entries.reserve(n_series);
        self.present.reserve(n_series);
    }

    /// The place of a series, to which nothing is added.
    pub(crate) fn enter(&mut self, key: SeriesKey<&str>) -> Place {
        Place(self.place(key))
    }

    /// Adds a call in each of these places.
    pub(crate) fn add_all(&mut self, places: &[Place], addends: &Addends<'_>) {
        let mut cells = vec![Cell::default(); self.entries.len()];
        for place in places {
            cells[place.0].count += 1;
        }
        for (place, bytes) in places.iter().zip(addends.request_bytes) {
            let sum = &mut cells[place.0].request_bytes;
            *sum = sum.saturating_add(bytes.saturating_sub(1));
        }
        for (place, bytes) in places.iter().zip(addends.response_bytes) {
            let sum = &mut cells[place.0].response_bytes;
            *sum = sum.saturating_add(bytes.saturating_sub(1));
        }
        let mut sorter = Sorter::default();
        sorter.sort(places, addends.total_ns, &mut cells, |cell| &mut cell.duration);
        sorter.sort(places, addends.ttfb_ns, &mut cells, |cell| &mut cell.ttfb);
        for (place, added) in cells.into_iter().enumerate().filter(|(_, added)| added.count > 0) {
            let cell = self.cell(place);
            if cell.count == 0 {
                *cell = added;
            } else {
                cell.merge(&added);
            }
        }
    }
}

/// Memory that both durations use.
#[derive(Default)]
struct Sorter {
    /// Where the buckets of each place end in `buckets`.
    ends: Vec<usize>,
    buckets: Vec<u16>,
}

impl Sorter {
    fn sort(
        &mut self,
        places: &[Place],
        durations: &[u64],
        cells: &mut [Cell],
        histogram: fn(&mut Cell) -> &mut Histogram,
    ) {
        let Self { ends, buckets } = self;
        let known = || places.iter().zip(durations).filter(|(_, duration)| **duration > 1);
        ends.clear();
        ends.resize(cells.len(), 0);
        for (place, _) in known() {
            ends[place.0] += 1;
        }
        let mut n_buckets = 0;
        for end in ends.iter_mut() {
            // Its beginning, until its buckets are put there.
            n_buckets += std::mem::replace(end, n_buckets);
        }
        buckets.clear();
        buckets.resize(n_buckets, 0);
        for (place, duration) in known() {
            let end = &mut ends[place.0];
            buckets[*end] = index(duration - 1);
            *end += 1;
        }
        let mut begin = 0;
        for (cell, end) in cells.iter_mut().zip(ends.iter()) {
            let sorted = &mut buckets[begin..*end];
            sorted.sort_unstable();
            *histogram(cell) = Histogram::of_sorted(sorted);
            begin = *end;
        }
        for (place, duration) in places.iter().zip(durations).filter(|(_, n)| **n > 0) {
            histogram(&mut cells[place.0]).add_to_sum(duration - 1);
        }
    }
}
