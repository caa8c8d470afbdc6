//! What is kept: errors and slow calls always, the rest by rate, host and ceiling.

use super::*;
use crate::host::HostPattern;
use crate::record::Kind;
use crate::redact::SafeUrl;

fn record(host: &'static str, n: u64) -> Record<'static> {
    let url = SafeUrl { host, ..SafeUrl::default() };
    let mut record = Record::new(Kind::Client, "GET", url, n * 1_000);
    record.total_ns = Some(1_000);
    record.status = Some(200);
    record
}

fn n_kept(sampling: Sampling, host: &'static str) -> usize {
    let mut sampler = Sampler::new(sampling);
    (0..100_000).filter(|n| sampler.keeps(&record(host, *n))).count()
}

#[test]
fn the_rate_is_the_share_that_is_kept() {
    let sampling = |rate| Sampling { rate, ..Sampling::default() };
    assert_eq!(n_kept(sampling(1.0), "h"), 100_000);
    assert_eq!(n_kept(sampling(0.0), "h"), 0);
    let kept = n_kept(sampling(0.01), "h");
    assert!((900..1_100).contains(&kept), "{kept}");
}

#[test]
fn hosts_have_their_own_rates() {
    let pattern = |text| HostPattern::parse(text).unwrap();
    let hosts = vec![(pattern("a.example.com"), 0.0), (pattern("*.example.com"), 1.0)];
    let sampling = Sampling { rate: 0.0, hosts, ..Sampling::default() };
    assert_eq!(n_kept(sampling.clone(), "a.example.com"), 0);
    assert_eq!(n_kept(sampling.clone(), "b.example.com"), 100_000);
    assert_eq!(n_kept(sampling.clone(), "example.com"), 0);
    assert_eq!(n_kept(sampling, "notexample.com"), 0);
}

#[test]
fn errors_and_slow_calls_are_always_kept() {
    let mut sampler = Sampler::new(Sampling { rate: 0.0, ..Sampling::default() });
    let mut call = record("h", 1);
    assert!(!sampler.keeps(&call));
    call.status = Some(404);
    assert!(sampler.keeps(&call));
    call.status = Some(200);
    call.total_ns = Some(1_000_000_000);
    assert!(sampler.keeps(&call));
}

#[test]
fn all_attempts_of_a_call_share_the_decision() {
    let mut sampler = Sampler::new(Sampling { rate: 0.5, ..Sampling::default() });
    for n in 0..1_000u64 {
        let keeps = [0, 1, 2].map(|attempt| {
            let mut record = record("h", n * 10 + attempt);
            record.call_id = Some(u128::from(n).to_le_bytes());
            sampler.keeps(&record)
        });
        assert!(keeps[0] == keeps[1] && keeps[1] == keeps[2]);
    }
}

#[test]
fn a_host_keeps_no_more_than_its_ceiling_in_a_second() {
    let sampling = Sampling { max_per_host_second: Some(100), ..Sampling::default() };
    let mut sampler = Sampler::new(sampling);
    let mut kept = |host, second: u64| {
        let start = second * 1_000_000;
        (start..start + 1_000).filter(|n| sampler.keeps(&record(host, *n))).count()
    };
    assert_eq!([kept("a", 5), kept("b", 5), kept("a", 5), kept("a", 6)], [100, 100, 0, 100]);
}
