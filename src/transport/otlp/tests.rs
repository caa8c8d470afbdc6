//! Translation into OTLP, piece by piece.

use std::time::Duration;

use super::*;
use crate::batch::Resource;
use crate::minute::{Histogram, MINUTE_NS, Minutes};
use crate::record::{Kind, Outcome, Record};
use crate::redact::SafeUrl;

fn variables(pairs: &'static [(&str, &str)]) -> Result<OtlpTransport, OtlpError> {
    let lookup = |name: &str| {
        pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    };
    OtlpBuilder::from_variables(lookup).build()
}

#[test]
fn bad_addresses_and_headers_are_all_told_without_their_values() {
    let error = variables(&[
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://ann:pa55@h/v1/traces"),
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "ftp://h"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "api key=s3cret,x-y=t\u{7f}en,nothing"),
    ])
    .unwrap_err();
    assert_eq!(error.problems().len(), 5, "{error}");
    let text = error.to_string();
    assert!(!["pa55", "s3cret", "t\u{7f}en"].iter().any(|secret| text.contains(secret)), "{text}");
    assert!(text.contains("endpoint of traces: accepted is http://HOST:PORT"), "{text}");
}

#[test]
fn no_debug_output_shows_a_header() {
    let otlp = variables(&[("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20s3cret")]);
    let otlp = otlp.unwrap();
    assert!(!format!("{otlp:?}").contains("s3cret"));
    assert_eq!(otlp.0.poster.header("authorization"), "Bearer s3cret");
}

/// Draws numbers from a seed (SplitMix64).
fn draws(n: u64) -> impl Iterator<Item = u64> {
    (1..=n).map(|n| {
        let z = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z ^ (z >> 27)
    })
}

#[test]
fn only_durations_close_to_a_bound_may_be_counted_beside_it() {
    const BOUNDS_MS: [u64; 14] =
        [5, 10, 25, 50, 75, 100, 250, 500, 750, 1_000, 2_500, 5_000, 7_500, 10_000];
    let (mut histogram, mut exact, mut near) = (Histogram::default(), [0i64; 15], [0i64; 15]);
    for draw in draws(200_000) {
        // Even by order of magnitude from 1 ms to 20 s.
        let ns = (1e6 * 20_000f64.powf((draw >> 11) as f64 / (1u64 << 53) as f64)) as u64;
        histogram.record(ns);
        exact[BOUNDS_MS.partition_point(|ms| ns > ms * 1_000_000)] += 1;
        for (n, ms) in BOUNDS_MS.iter().enumerate() {
            let ratio = ns as f64 / (ms * 1_000_000) as f64;
            near[n] += i64::from((1.0 / 1.022..1.022).contains(&ratio));
        }
    }
    let counts = metrics::bucket_counts(&histogram);
    assert_eq!(counts.iter().sum::<u64>(), 200_000);
    let (mut off, mut ours, mut theirs) = (0, 0, 0);
    for n in 0..BOUNDS_MS.len() {
        ours += counts[n] as i64;
        theirs += exact[n];
        assert!((ours - theirs).abs() <= near[n], "bound {n}: {ours} {theirs}");
        off += (ours - theirs).abs();
    }
    println!("{off} of 200,000 durations were counted beside a bound");
}

#[test]
fn points_of_a_process_do_not_overlap() {
    let progress = Progress::default();
    let minute = 29_500_000;
    let at = |ms: u64| {
        let time = Duration::from_nanos(minute * MINUTE_NS) + Duration::from_millis(ms);
        let time = uuid::Timestamp::from_unix(uuid::NoContext, time.as_secs(), time.subsec_nanos());
        let mut meta = BatchMeta::new(Resource::new(), 0);
        meta.batch_id = uuid::Uuid::new_v7(time);
        meta
    };
    let mut minutes = Minutes::default();
    let url = SafeUrl::default();
    minutes.fold(&Record::new(Kind::Client, "GET", url, minute * MINUTE_NS + 7));
    let start = minute * MINUTE_NS;
    let send = |ms| {
        let meta = at(ms);
        let window = progress.window(&meta, &minutes);
        progress.done(&meta, window);
        (window.start_unix_ns - start, window.end_unix_ns - start)
    };
    assert_eq!(send(1_000), (0, 1_000_000_000));
    assert_eq!(send(2_000), (1_000_000_000, 2_000_000_000));
    assert_eq!(send(2_000), (2_000_000_000, 2_000_000_001), "within the same millisecond");
    assert_eq!(send(500), (0, 500_000_000), "a batch from the spool is late");
    assert_eq!(send(3_000), (2_000_000_001, 3_000_000_000));
}

#[test]
fn servers_are_errors_from_500_on_and_attempts_share_a_trace() {
    let mut scratch = String::new();
    let url = SafeUrl::parse("http://[::1]:8080/users/7?x=1", &mut scratch);
    let mut builder = crate::codec::CallsBuilder::default();
    for (kind, status, outcome) in [
        (Kind::Server, Some(404), Outcome::Completed),
        (Kind::Server, Some(500), Outcome::Completed),
        (Kind::Client, Some(404), Outcome::Completed),
        (Kind::Client, None, Outcome::Failed),
    ] {
        let mut record = Record::new(kind, "GET", url, 5);
        (record.status, record.outcome) = (status, outcome);
        (record.call_id, record.resend_count) = (Some([7; 16]), Some(1));
        record.set_template("/users/{int}");
        builder.push(&record);
    }
    let meta = BatchMeta::new(Resource::new(), 0);
    let batch = crate::codec::Encoder::new().unwrap().encode(&meta, &builder, None).unwrap();
    let batch = Batch::open(&batch, &Limits::default()).unwrap();
    let calls = batch.calls(CallColumn::ALL).unwrap();
    let request = spans::request(&meta, &calls).unwrap();
    assert_eq!(request, spans::request(&meta, &calls).unwrap(), "the same ids whenever it comes");
    let spans = &request.resource_spans[0].scope_spans[0].spans;
    let codes: Vec<_> = spans.iter().map(|span| span.status.as_ref().unwrap().code).collect();
    assert_eq!(codes, [0, 2, 2, 2]);
    assert!(spans.iter().all(|span| span.trace_id == [7; 16] && span.name == "GET /users/{int}"));
    let of = |n: usize, key: &str| {
        let found = spans[n].attributes.iter().find(|attribute| attribute.key == key);
        found.map(|attribute| format!("{:?}", attribute.value.as_ref().unwrap().value))
    };
    assert!(of(0, "http.route").is_some() && of(0, "url.path").is_some());
    assert!(of(0, "url.full").is_none() && of(0, "error.type").is_none());
    assert!(of(2, "url.full").unwrap().contains("http://[::1]:8080/users/7?x=1"));
    assert!(of(3, "error.type").unwrap().contains("_OTHER"));
    assert!(of(3, "http.request.resend_count").unwrap().contains("IntValue(1)"));
}
