//! A fleet's calls over a day: forty services call twenty-four vendors, some much more than others.
//! Never the same call twice: paths, ids and times differ, as they do in life.

use anyhow::Result;
use egret::batch::{BatchMeta, Resource};
use egret::codec::{CallsBuilder, Encoder};
use egret::minute::Minutes;
use egret::record::{Kind, Outcome, Record};
use egret::redact::SafeUrl;

/// Calls of a batch.
pub(crate) const CALLS: usize = 1_000;
pub(crate) const HOSTS: usize = 24;
pub(crate) const TEMPLATES: usize = 200;
const SERVICES: usize = 40;

const HOUR_NS: u64 = 3_600_000_000_000;
const DAY_NS: u64 = 24 * HOUR_NS;
const WORDS: [&str; 10] = [
    "orders", "charges", "users", "invoices", "items", "messages", "files", "events", "carts",
    "jobs",
];

/// What a call can be asked for by.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) host: String,
    pub(crate) template: String,
    pub(crate) trace_id: String,
    /// The id in its path.
    pub(crate) path_id: String,
}

/// Makes calls.
pub(crate) struct Fleet {
    numbers: Numbers,
    encoder: Encoder,
    /// The end of the last closed hour.
    to_ns: u64,
    n_made: u64,
    /// One call of each 10,000 or so.
    pub(crate) samples: Vec<Sample>,
}

impl Fleet {
    pub(crate) fn new() -> Self {
        let now_ns = egret::clock::unix_now_ns();
        let to_ns = (now_ns - HOUR_NS / 6) / HOUR_NS * HOUR_NS;
        let encoder = Encoder::new().unwrap_or_else(|_| std::process::abort());
        Self { numbers: Numbers(7), encoder, to_ns, n_made: 0, samples: Vec::new() }
    }

    /// The next batches of `n_all` that fill the day.
    pub(crate) fn batches(&mut self, n_batches: usize, n_all: usize) -> Result<Vec<Vec<u8>>> {
        (0..n_batches).map(|_| self.batch(n_all)).collect()
    }

    fn batch(&mut self, n_all: usize) -> Result<Vec<u8>> {
        let service = self.n_made as usize % SERVICES;
        let resource = Resource::from([
            ("service.name".to_owned(), format!("service-{service}")),
            ("service.instance.id".to_owned(), format!("{service}-{}", self.n_made / 40 % 3)),
            ("deployment.environment.name".to_owned(), "prod".to_owned()),
        ]);
        let meta = BatchMeta::new(resource, self.n_made);
        // Services send about when they call: what overlaps are the last batches of each.
        let step_ns = DAY_NS / n_all as u64;
        let end_ns = self.to_ns - DAY_NS + (self.n_made + 1) * step_ns;
        let first_ns = end_ns.saturating_sub(step_ns * SERVICES as u64);
        let (mut calls, mut minutes) = (CallsBuilder::default(), Minutes::default());
        let gap_ns = (end_ns - first_ns) / CALLS as u64;
        for n in 0..CALLS as u64 {
            let start_ns = first_ns + n * gap_ns + self.numbers.below(gap_ns.max(1));
            self.push(service, start_ns.min(self.to_ns - 1), &mut calls, &mut minutes);
        }
        self.n_made += 1;
        Ok(self.encoder.encode(&meta, &calls, Some(&minutes))?)
    }

    fn push(
        &mut self,
        service: usize,
        start_ns: u64,
        calls: &mut CallsBuilder,
        minutes: &mut Minutes,
    ) {
        let numbers = &mut self.numbers;
        // Half of the calls go to an eighth of the templates; each service knows some of them.
        let n_most = if numbers.below(2) == 0 { TEMPLATES / 8 } else { TEMPLATES };
        let endpoint = (numbers.below(n_most as u64 / 5) as usize * 5 + service % 5) % TEMPLATES;
        let host = format!("api{}.example.com", endpoint % HOSTS);
        let (word, version) = (WORDS[endpoint % WORDS.len()], 1 + endpoint / WORDS.len());
        let (path_id, placeholder) = path_id(numbers, endpoint);
        let template = format!("/v{version}/{word}/{placeholder}/parts");
        let url =
            format!("https://{host}/v{version}/{word}/{path_id}/parts?page={}", numbers.below(9));
        let mut scratch = String::new();
        let url = SafeUrl::parse(&url, &mut scratch);
        let method = ["GET", "GET", "POST", "PUT"][endpoint % 4];
        let mut record = Record::new(Kind::Client, method, url, start_ns);
        fill(&mut record, numbers);
        record.set_target("vendor");
        record.set_template(&template);
        record.set_consumer(["acme", "globex", "initech"][service % 3]);
        calls.push(&record);
        minutes.fold(&record);
        if numbers.below(10_000) == 0 {
            let id = record.trace_id.unwrap_or_default();
            let trace_id = format!("{:032x}", u128::from_be_bytes(id));
            self.samples.push(Sample { host, template, trace_id, path_id });
        }
    }
}

fn fill(record: &mut Record<'_>, numbers: &mut Numbers) {
    record.status = match numbers.below(1_000) {
        0..=919 => Some(200),
        920..=959 => Some(404),
        960..=979 => Some(429),
        980..=995 => Some(503),
        _ => None,
    };
    if record.status.is_none() {
        record.outcome = Outcome::Failed;
        record.set_error_type("timeout");
    }
    // Most take tens of milliseconds, one of a hundred more than a second.
    let slow = if numbers.below(100) == 0 { 20 } else { 1 };
    let ttfb_ns = (8_000_000 + numbers.below(60_000_000) * (1 + numbers.below(3))) * slow;
    record.ttfb_ns = Some(ttfb_ns);
    record.body_ns = Some(numbers.below(3_000_000));
    record.total_ns = Some(ttfb_ns + record.body_ns.unwrap_or(0));
    record.connection_reused = Some(numbers.below(20) > 0);
    record.request_body_bytes = Some(numbers.below(300));
    record.response_body_bytes = Some(numbers.below(20_000));
    record.call_id = Some(numbers.bytes());
    record.trace_id = Some(numbers.bytes());
    record.span_id = Some(numbers.next().to_le_bytes());
    record.attempt = Some(1);
}

/// Ids as vendors give them: numbers, UUIDs, and letters behind a prefix.
fn path_id(numbers: &mut Numbers, endpoint: usize) -> (String, &'static str) {
    match endpoint % 3 {
        0 => (format!("{}", 1_000_000_000 + numbers.below(9_000_000_000)), "{int}"),
        1 => {
            let id = numbers.bytes();
            (uuid::Uuid::from_bytes(id).to_string(), "{uuid}")
        }
        _ => {
            const LETTERS: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZabcdefghjkmnpqrstvwxyz";
            let letter = |_| char::from(LETTERS[numbers.below(LETTERS.len() as u64) as usize]);
            (format!("ch_{}", (0..14).map(letter).collect::<String>()), "{id}")
        }
    }
}

/// A generator whose numbers are the same in every run (splitmix64).
pub(crate) struct Numbers(u64);

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
        (u128::from(self.next()) << 64 | u128::from(self.next())).to_be_bytes()
    }
}
