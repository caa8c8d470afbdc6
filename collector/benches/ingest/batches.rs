//! Batches as services send them: five vendors with four endpoints each, nine answers of ten good, ids
//! that do not compress. A batch of 1,000 calls has about 60 series.
//! Never the same batch twice: each has an id of its own.

use anyhow::Result;
use egret::batch::{BatchMeta, Resource};
use egret::codec::{CallsBuilder, Encoder};
use egret::minute::Minutes;
use egret::record::{Kind, Record};
use egret::redact::SafeUrl;
use egret::template::Templates;

/// Calls of a batch.
pub(crate) const CALLS: usize = 1_000;

/// Who adds the calls up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Folds {
    Sender,
    Collector,
}

/// So many batches, encoded.
pub(crate) fn make(n_batches: usize, folds: Folds) -> Result<Vec<Vec<u8>>> {
    let mut encoder = Encoder::new()?;
    let mut templates = Templates::default();
    let mut numbers = Numbers(n_batches as u64);
    let now_ns = egret::clock::unix_now_ns();
    let mut batches = Vec::with_capacity(n_batches);
    for n in 0..n_batches {
        let service = format!("service-{}", n % 20);
        let resource = Resource::from([("service.name".to_owned(), service)]);
        let mut meta = BatchMeta::new(resource, n as u64);
        meta.calls_are_all = folds == Folds::Collector;
        let (mut calls, mut minutes) = (CallsBuilder::default(), Minutes::default());
        let mut start_ns = now_ns - 60_000_000_000;
        for _ in 0..CALLS {
            start_ns += numbers.below(2_000_000);
            push(&mut numbers, start_ns, &mut templates, &mut calls, &mut minutes);
        }
        let minutes = (folds == Folds::Sender).then_some(&minutes);
        batches.push(encoder.encode(&meta, &calls, minutes)?);
    }
    Ok(batches)
}

fn push(
    numbers: &mut Numbers,
    start_ns: u64,
    templates: &mut Templates,
    calls: &mut CallsBuilder,
    minutes: &mut Minutes,
) {
    let (host, endpoint) = (numbers.below(5), numbers.below(4));
    let url = format!(
        "https://api{host}.example.com/v1/resource{endpoint}/{}?page={}",
        numbers.next() >> 40,
        numbers.below(50)
    );
    let mut scratch = String::new();
    let url = SafeUrl::parse(&url, &mut scratch);
    let method = ["GET", "GET", "POST", "DELETE"][endpoint as usize];
    let mut record = Record::new(Kind::Client, method, url, start_ns);
    record.status = Some(match numbers.below(100) {
        0..=91 => 200,
        92..=95 => 404,
        96..=97 => 429,
        _ => 503,
    });
    let ttfb_ns = 2_000_000 + numbers.below(80_000_000);
    let body_ns = numbers.below(3_000_000);
    record.ttfb_ns = Some(ttfb_ns);
    record.body_ns = Some(body_ns);
    record.total_ns = Some(ttfb_ns + body_ns);
    record.connection_reused = Some(numbers.below(20) > 0);
    record.request_body_bytes = Some(numbers.below(300));
    record.response_body_bytes = Some(numbers.below(20_000));
    record.call_id = Some(numbers.bytes());
    record.trace_id = Some(numbers.bytes());
    record.span_id = Some(numbers.next().to_le_bytes());
    record.set_target("example");
    record.set_template(templates.admit(url.host(), "", url.path()));
    calls.push(&record);
    minutes.fold(&record);
}

/// A generator whose numbers are the same in every run (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn bytes(&mut self) -> [u8; 16] {
        (u128::from(self.next()) << 64 | u128::from(self.next())).to_le_bytes()
    }
}
