//! What a batch adds up to, and what its outline says.
//! They never touch a disk.

use super::*;
use crate::model::StatusClass;
use egret::batch::{BatchMeta, Resource};
use egret::codec::{CallsBuilder, Encoder, Limits};
use egret::record::{Kind, Outcome, Record};
use egret::redact::SafeUrl;

/// A batch of calls to these URLs, one second apart, the second of them failed.
fn batch(urls: &[String], minutes: Option<&Minutes>) -> Vec<u8> {
    let mut calls = CallsBuilder::default();
    for (n, url) in urls.iter().enumerate() {
        let mut scratch = String::new();
        let url = SafeUrl::parse(url, &mut scratch);
        let start_ns = 60_000_000_000 + 1_000_000_000 * n as u64;
        let mut record = Record::new(Kind::Client, "GET", url, start_ns);
        record.total_ns = Some(1_000_000);
        record.status = Some(200);
        if n == 1 {
            record.outcome = Outcome::Failed;
            record.status = None;
            record.set_error_type("connect");
        }
        calls.push(&record);
    }
    let meta = BatchMeta::new(Resource::new(), 0);
    Encoder::new().unwrap().encode(&meta, &calls, minutes).unwrap()
}

fn fold_bytes(bytes: &[u8]) -> Vec<(String, u16, u64)> {
    let batch = Batch::open(bytes, &Limits::default()).unwrap();
    let minutes = Digest::of(&batch).unwrap().capped(&mut Templates::default());
    let rows = minutes.iter().map(|(key, cell)| (key.template.to_owned(), key.status, cell.count));
    rows.collect()
}

fn outline(urls: &[String]) -> Outline {
    let bytes = batch(urls, None);
    let batch = Batch::open(&bytes, &Limits::default()).unwrap();
    Outline::of(&batch).unwrap().unwrap()
}

#[test]
fn calls_without_roll_ups_are_folded_under_a_template() {
    let urls = ["https://a.com/u/1", "https://a.com/u/2", "https://a.com/u/3"].map(str::to_owned);
    let expected = [("/u/{int}".to_owned(), 200, 2), ("/u/{int}".to_owned(), 0, 1)];
    assert_eq!(fold_bytes(&batch(&urls, None)), expected);
}

#[test]
fn a_batch_that_has_roll_ups_is_not_folded_again() {
    let urls = ["https://a.com/u/1".to_owned()];
    assert_eq!(fold_bytes(&batch(&urls, Some(&Minutes::default()))), []);
}

#[test]
fn an_outline_says_what_is_in_a_batch() {
    let found = outline(&["https://a.com/", "https://b.com/", "/only/a/path"].map(str::to_owned));
    assert_eq!((found.start_min_ns, found.start_max_ns), (60_000_000_000, 62_000_000_000));
    assert_eq!(found.n_calls, 3);
    assert!(found.hosts.unwrap().iter().eq(["a.com", "b.com"]));
    assert_eq!(found.statuses, StatusClass::Success.bit() | StatusClass::None.bit());
    assert_eq!(found.outcomes, outcome_bit(Outcome::Completed) | outcome_bit(Outcome::Failed));
    assert!(found.has_errors);
}

#[test]
fn more_hosts_than_are_told_apart_are_any() {
    let urls: Vec<String> = (0..65).map(|n| format!("https://h{n}.com/")).collect();
    assert_eq!(outline(&urls[..64]).hosts.map(|hosts| hosts.len()), Some(64));
    assert_eq!(outline(&urls).hosts, None);
}

#[test]
fn a_batch_without_calls_has_no_outline() {
    let bytes = batch(&[], None);
    let batch = Batch::open(&bytes, &Limits::default()).unwrap();
    assert_eq!(Outline::of(&batch).unwrap(), None);
}

#[test]
fn the_fleet_counts_what_is_beyond_its_bound_together() {
    use crate::model::Source;
    let urls: Vec<String> = (0..10).map(|n| format!("https://host-{n}.example/x")).collect();
    let bytes = batch(&urls, None);
    let digest = Digest::of(&Batch::open(&bytes, &Limits::default()).unwrap()).unwrap();
    let stored = [(Source::default(), digest.minutes)];
    let fleet = Fleet::new(4);
    fleet.add(&stored);
    fleet.add(&stored);
    let all = fleet.durations();
    assert_eq!(all.len(), 5);
    let sum: u64 = all.iter().map(|durations| durations.histogram.count()).sum();
    assert_eq!(sum, 20);
    let beyond = all.iter().find(|durations| durations.host == "{overflow}").unwrap();
    assert_eq!((beyond.histogram.count(), beyond.status_class), (12, "{overflow}"));
}

#[test]
fn templates_are_capped_unless_their_sender_has_done_it() {
    let mut calls = CallsBuilder::default();
    for n in 0..=egret::template::MAX_PER_HOST {
        let mut scratch = String::new();
        let url = SafeUrl::parse("https://a.com/", &mut scratch);
        let template = format!("/t{n}");
        let mut record = Record::new(Kind::Client, "GET", url, 0);
        record.set_template(&template);
        calls.push(&record);
    }
    let mut meta = BatchMeta::new(Resource::new(), 0);
    let mut n_overflowing = |calls_are_all| {
        meta.calls_are_all = calls_are_all;
        let bytes = Encoder::new().unwrap().encode(&meta, &calls, None).unwrap();
        let batch = Batch::open(&bytes, &Limits::default()).unwrap();
        let minutes = Digest::of(&batch).unwrap().capped(&mut Templates::default());
        let cells = minutes.iter().filter(|(key, _)| key.template == OVERFLOW);
        cells.map(|(_, cell)| cell.count).sum::<u64>()
    };
    assert_eq!((n_overflowing(false), n_overflowing(true)), (1, 0));
}

#[test]
fn the_largest_status_is_not_taken_for_none() {
    let mut calls = CallsBuilder::default();
    for status in [None, Some(u16::MAX), Some(200), None] {
        let mut scratch = String::new();
        let url = SafeUrl::parse("https://a.com/", &mut scratch);
        let mut record = Record::new(Kind::Client, "GET", url, 0);
        record.status = status;
        calls.push(&record);
    }
    let meta = BatchMeta::new(Resource::new(), 0);
    let bytes = Encoder::new().unwrap().encode(&meta, &calls, None).unwrap();
    let found = Outline::of(&Batch::open(&bytes, &Limits::default()).unwrap()).unwrap().unwrap();
    let expected = [StatusClass::None, StatusClass::Other, StatusClass::Success];
    assert_eq!(found.statuses, expected.iter().fold(0, |all, class| all | class.bit()));
}
