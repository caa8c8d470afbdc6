//! More series than a service may have are counted all the same, as `{overflow}`.
//! They never lose a call or an error.

use super::open;
use crate::model::{SECOND_NS, Source};
use crate::store::{
    Block, Group, History, Needs, Question, Reader, Series, SeriesFilter, SeriesLimits, Store,
    SummaryFilter, Writer,
};
use egret::minute::{Cell, Minutes, SeriesKey};
use egret::record::Kind;
use tempfile::TempDir;

const NOW_MINUTE: u64 = 29_830_000;

/// A call each of so many series of a service, received so many minutes after the first.
fn group(service: &str, series: std::ops::Range<u64>, minutes_later: u64, host: &str) -> Group {
    let mut minutes = Minutes::default();
    for n in series {
        let (template, consumer, host) =
            (format!("/{n}"), format!("c{n}"), host.replace('#', &n.to_string()));
        let key = SeriesKey {
            minute: NOW_MINUTE,
            kind: Kind::Client,
            status: if n % 2 == 0 { 200 } else { 65_535 - n as u16 },
            target: template.as_str(),
            method: "GET",
            host: host.as_str(),
            template: template.as_str(),
            error_type: "",
            consumer: consumer.as_str(),
        };
        minutes.merge(key, &Cell { count: 1, ..Cell::default() });
    }
    let source = Source { service: service.to_owned(), environment: String::new() };
    let received_unix_ns = (NOW_MINUTE + minutes_later) * 60 * SECOND_NS;
    let batch_id = uuid::Uuid::now_v7();
    let block = Block {
        batch_id,
        received_unix_ns,
        service: service.to_owned(),
        outline: None,
        bytes: bytes::Bytes::new(),
    };
    Group { blocks: vec![block], minutes: vec![(source, minutes.into())], ..Group::default() }
}

fn limited(dir: &TempDir, new_per_minute: u64, live: u64) -> Writer {
    open(dir).with_series_limits(SeriesLimits { new_per_minute, live })
}

/// Calls and errors of a service: all of them, and those under `{overflow}`.
fn counts(dir: &TempDir, service: &str) -> [(u64, u64); 2] {
    let series = SeriesFilter { service: Some(service.to_owned()), ..SeriesFilter::default() };
    let filter = SummaryFilter { from_minute: 0, to_minute: u64::MAX, series };
    let question = Question::summary(&filter, Needs::Counts);
    let mut group_of = |series: &Series| Some(usize::from(series.template == "{overflow}"));
    let reader = Reader::new(dir.path().to_owned());
    let groups = reader.fold(&question, &mut group_of).unwrap().groups;
    let part = |n: usize| {
        let total = groups.get(n).and_then(|steps| steps.first());
        total.map_or((0, 0), |total| (total.cell.count, total.errors))
    };
    [(part(0).0 + part(1).0, part(0).1 + part(1).1), part(1)]
}

fn n_overflows(dir: &TempDir) -> u64 {
    let all = SummaryFilter::touching(0, u64::MAX);
    Reader::new(dir.path().to_owned()).overflows(&all).unwrap()
}

fn n_series(dir: &TempDir) -> u64 {
    let connection = rusqlite::Connection::open(dir.path().join("meta.db")).unwrap();
    let count = "SELECT count(*) FROM series";
    connection.query_row(count, [], |row| row.get::<_, i64>(0)).unwrap().unsigned_abs()
}

#[test]
fn new_series_beyond_those_of_a_minute_overflow_and_are_let_in_later() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = limited(&dir, 10, 1_000);
    writer.write(&group("shop", 0..30, 0, "a.com")).unwrap();
    // Another service has limits of its own.
    writer.write(&group("other", 0..10, 0, "a.com")).unwrap();
    assert_eq!(counts(&dir, "shop"), [(30, 15), (20, 10)]);
    assert_eq!(counts(&dir, "other"), [(10, 5), (0, 0)]);
    assert_eq!(n_overflows(&dir), 20);
    // The same in the same minute: known series stay, others overflow, counted once.
    writer.write(&group("shop", 0..30, 0, "a.com")).unwrap();
    assert_eq!(counts(&dir, "shop"), [(60, 30), (40, 20)]);
    assert_eq!(n_overflows(&dir), 20);
    // A minute later ten more are let in; after a restart too.
    writer.write(&group("shop", 0..20, 1, "a.com")).unwrap();
    assert_eq!(counts(&dir, "shop"), [(80, 40), (40, 20)]);
    drop(writer);
    limited(&dir, 10, 1_000).write(&group("shop", 20..30, 2, "a.com")).unwrap();
    assert_eq!(counts(&dir, "shop"), [(90, 45), (40, 20)]);
}

#[test]
fn live_series_beyond_the_limit_overflow_until_others_are_not_seen_any_more() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = limited(&dir, 1_000, 10);
    writer.write(&group("shop", 0..15, 0, "a.com")).unwrap();
    assert_eq!(counts(&dir, "shop"), [(15, 7), (5, 2)]);
    drop(writer);
    let mut writer = limited(&dir, 1_000, 10);
    writer.write(&group("shop", 15..20, 5, "a.com")).unwrap();
    assert_eq!(counts(&dir, "shop"), [(20, 10), (10, 5)]);
    // Two days later nothing of it is live.
    writer.prune(&super::RETENTION, (NOW_MINUTE + 3 * 1_440) * 60 * SECOND_NS).unwrap();
    writer.write(&group("shop", 20..25, 3 * 1_440, "a.com")).unwrap();
    assert_eq!(counts(&dir, "shop"), [(25, 12), (10, 5)]);
}

/// Whoever sends whatever: hosts, statuses, targets that are never the same.
#[test]
fn there_are_only_so_many_overflow_series() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = limited(&dir, 1, 1);
    for n in 0..10 {
        writer.write(&group("shop", n * 500..(n + 1) * 500, n, "h#.com")).unwrap();
    }
    let [all, overflow] = counts(&dir, "shop");
    assert_eq!(all, (5_000, 2_500));
    assert!(overflow.0 >= 4_999, "{overflow:?}");
    // One of its own, a thousand that keep their host, and one for each known status and 999.
    assert_eq!(n_series(&dir), 1 + 1_000 + 2);
}
