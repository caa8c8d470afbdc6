//! Roll-ups of some series over some days, and what they add up to when added by hand.
//! They never look into the store: they are what its answers are held against.

use std::collections::BTreeMap;

use crate::model::Source;
use crate::store::{Group, Needs, Question, SeriesFilter, Total};
use egret::minute::{Cell, Minutes, SeriesKey};
use egret::record::Kind;

/// Series that a case has.
pub(super) const N_SERIES: u64 = 18;

/// Numbers that are the same in every run.
#[derive(Debug, Clone)]
pub(super) struct Numbers(pub(super) u64);

impl Numbers {
    pub(super) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % n
    }
}

/// Roll-ups as they were written, one after the other.
#[derive(Debug, Clone, Default)]
pub(super) struct Written {
    cells: Vec<(u64, u64, Cell)>,
}

/// The host of a series; the last ones share a host.
pub(super) fn host(series: u64) -> String {
    format!("h{}.com", series.min(N_SERIES - 2))
}

/// Series 1 fails.
fn status(series: u64) -> u16 {
    if series == 1 { 503 } else { 200 }
}

impl Written {
    /// So many roll-ups in a range of minutes, as one group to be written, and remembered here.
    pub(super) fn more(
        &mut self,
        numbers: &mut Numbers,
        n_cells: u64,
        minutes: std::ops::Range<u64>,
    ) -> Group {
        let mut group = Group::default();
        let mut sent = Minutes::default();
        for _ in 0..n_cells {
            let minute = minutes.start + numbers.below(minutes.end - minutes.start);
            let series = numbers.below(N_SERIES);
            let cell = cell(numbers);
            let (host, template) = (host(series), format!("/{series}"));
            let key = SeriesKey {
                minute,
                kind: Kind::Client,
                status: status(series),
                target: "",
                method: "GET",
                host: host.as_str(),
                template: template.as_str(),
                error_type: "",
                consumer: "",
            };
            sent.merge(key, &cell);
            self.cells.push((minute, series, cell));
        }
        group.minutes.push((Source::default(), sent.into()));
        group
    }

    /// What a question about everything, or about one host, has to find: by step.
    pub(super) fn expected(
        &self,
        (from, to): (u64, u64),
        step: Option<u64>,
        only: Option<u64>,
    ) -> BTreeMap<u64, Total> {
        let mut totals = BTreeMap::<u64, Total>::new();
        for (minute, series, cell) in &self.cells {
            let is_of_host = only.is_none_or(|only| host(only) == host(*series));
            if is_of_host && (from..to).contains(minute) {
                let step = step.map_or(0, |step| minute / step - from / step);
                let total = totals.entry(step).or_default();
                total.cell.merge(cell);
                if status(*series) >= 400 {
                    total.errors += cell.count;
                }
            }
        }
        totals
    }

    /// Forgets what is older than a minute.
    pub(super) fn forget_before(&mut self, first_minute: u64) {
        self.cells.retain(|(minute, _, _)| *minute >= first_minute);
    }
}

fn cell(numbers: &mut Numbers) -> Cell {
    let mut cell = Cell {
        count: 1 + numbers.below(50),
        request_bytes: numbers.below(1_000),
        response_bytes: numbers.below(100_000),
        ..Cell::default()
    };
    for _ in 0..numbers.below(6) {
        let ns = numbers.below(1 << 32);
        cell.duration.record(ns);
        cell.ttfb.record(ns / 2);
    }
    cell
}

/// A question in full.
pub(super) fn question(
    (from_minute, to_minute): (u64, u64),
    step_minutes: Option<u64>,
    only: Option<u64>,
) -> Question {
    let series = SeriesFilter { host: only.map(host), ..SeriesFilter::default() };
    Question { from_minute, to_minute, step_minutes, series, needs: Needs::All }
}
