//! Random batches of calls in a real store, and questions about them.
//! They never say what is right: that is for the tests that use them.

use std::path::Path;

use egret::batch::{BatchMeta, Resource};
use egret::codec::{Batch, CallsBuilder, Encoder};
use egret::record::{Kind, Outcome, Record};
use egret::redact::SafeUrl;
use serde_json::Value;
use uuid::Uuid;

use crate::model::Outline;
use crate::model::{Position, SECOND_NS, StatusClass, TimeRange};
use crate::query::{CallFilter, CallsPage, CallsQuery, Queries, StatusFilter};
use crate::queue::Durability;
use crate::store::{
    Block, DataDir, Group, Reader, Regroup, Regrouper, SliceBounds, Stage, Step, Store, Writer,
};

pub(super) const HOUR_NS: u64 = 3_600 * SECOND_NS;
pub(super) const MINUTE_NS: u64 = 60 * SECOND_NS;

/// 2026-09-21, 22:00:00 UTC: two hours before a day ends.
pub(super) const BASE_NS: u64 = 1_790_028_000 * SECOND_NS;

/// A generator whose numbers are the same in every run (splitmix64).
pub(super) struct Numbers(pub(super) u64);

impl Numbers {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    pub(super) fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize].clone()
    }

    /// One of few ids.
    fn id(&mut self) -> [u8; 16] {
        u128::from(1 + self.below(40)).to_be_bytes()
    }
}

const HOSTS: [&str; 4] = ["a.com", "b.com", "long.example.com", ""];
const SERVICES: [&str; 4] = ["shop", "billing", "", "new\nline"];
const ENVIRONMENTS: [&str; 3] = ["prod", "test", ""];
const METHODS: [&str; 3] = ["GET", "POST", ""];
const TEMPLATES: [&str; 4] = ["/v1/users/{int}", "/v1/näh", "", "/other"];
const PATHS: [&str; 5] = ["/v1/users/", "/näh/kiste-", "/rare/needle-", "/x", "/v1/orders/ff00"];
const ERRORS: [&str; 3] = ["timeout", "connect", ""];
const TEXTS: [&str; 3] = ["acme", "globex", ""];
const STATUSES: [Option<u16>; 6] = [Some(200), Some(201), Some(404), Some(503), Some(999), None];

/// What a batch is stored as, of calls between two moments.
pub(super) fn block(numbers: &mut Numbers, from_ns: u64, to_ns: u64, received_ns: u64) -> Block {
    let mut calls = CallsBuilder::default();
    for _ in 0..1 + numbers.below(30) {
        push(numbers, from_ns, to_ns, &mut calls);
    }
    let resource = Resource::from([
        ("service.name".to_owned(), numbers.one_of(&SERVICES).to_owned()),
        ("deployment.environment.name".to_owned(), numbers.one_of(&ENVIRONMENTS).to_owned()),
        ("service.instance.id".to_owned(), numbers.below(3).to_string()),
    ]);
    let mut meta = BatchMeta::new(resource, 0);
    meta.batch_id = Uuid::from_u64_pair(numbers.below(3), numbers.next());
    let bytes = Encoder::new().unwrap().encode(&meta, &calls, None).unwrap();
    stored(meta.batch_id, bytes, received_ns)
}

/// Bytes as the pipeline hands them to the store.
pub(super) fn stored(batch_id: Uuid, bytes: Vec<u8>, received_unix_ns: u64) -> Block {
    let outline = Outline::of(&Batch::open(&bytes, &crate::model::stored_limits()).unwrap());
    Block {
        batch_id,
        received_unix_ns,
        service: String::new(),
        outline: outline.unwrap(),
        bytes: bytes.into(),
    }
}

fn push(numbers: &mut Numbers, from_ns: u64, to_ns: u64, calls: &mut CallsBuilder) {
    let host = numbers.one_of(&HOSTS);
    let scheme = if host.is_empty() { "" } else { "https://" };
    let url = format!("{scheme}{host}{}{}", numbers.one_of(&PATHS), numbers.below(5_000));
    let mut scratch = String::new();
    let url = SafeUrl::parse(&url, &mut scratch);
    // Few distinct moments, so that many calls share theirs.
    let start_ns = from_ns + (to_ns - from_ns) / 16 * numbers.below(16);
    let kind = numbers.one_of(Kind::ALL);
    let mut record = Record::new(kind, numbers.one_of(&METHODS), url, start_ns);
    record.outcome = numbers.one_of(Outcome::ALL);
    record.status = numbers.one_of(&STATUSES);
    record.total_ns = Some(numbers.below(900) * 1_000_000).filter(|ns| *ns > 50_000_000);
    record.call_id = Some(numbers.id()).filter(|id| id[15] > 5);
    record.trace_id = Some(numbers.id()).filter(|id| id[15] > 5);
    record.attempt = Some(1);
    record.set_template(numbers.one_of(&TEMPLATES));
    record.set_error_type(numbers.one_of(&ERRORS));
    record.set_consumer(numbers.one_of(&TEXTS));
    record.set_target(numbers.one_of(&TEXTS));
    record.set_attributes([("n", "1")]);
    calls.push(&record);
}

pub(super) fn open(dir: &Path) -> Writer {
    Writer::open(DataDir::open(dir).unwrap(), Durability::Normal).unwrap()
}

/// Stores as the pipeline does.
pub(super) fn write(writer: &mut Writer, blocks: Vec<Block>) {
    let position = Position(writer.position().unwrap().0 + 1);
    writer.write(&Group { blocks, position, ..Group::default() }).unwrap();
}

/// Regroups all that is closed at a moment; the number of steps.
pub(super) fn regroup(
    dir: &Path,
    bounds: SliceBounds,
    now_ns: u64,
    at: &mut dyn FnMut(Stage),
) -> usize {
    let mut regrouper = Regrouper::new(dir, Durability::Normal, bounds).unwrap();
    let mut n_steps = 0;
    while regrouper.step_past(now_ns, &|| true, at).unwrap() != Step::Nothing {
        n_steps += 1;
        assert!(n_steps < 10_000, "it does not come to an end");
    }
    assert_eq!(regrouper.step(now_ns, &|| true).unwrap(), Step::Nothing);
    n_steps
}

pub(super) fn queries(dir: &Path) -> Queries {
    Queries::new(std::sync::Arc::new(Reader::new(dir.to_owned())))
}

/// All calls that a filter lets through, in pages.
pub(super) fn pages(dir: &Path, filter: &CallFilter, limit: usize) -> Vec<Value> {
    let (mut calls, mut after) = (Vec::new(), None);
    loop {
        let page = page(dir, filter, limit, after);
        assert!(page.calls.len() <= limit && page.damaged_batches.is_empty());
        calls.extend(page.calls);
        match page.next_cursor {
            Some(next) => after = Some(crate::query::Cursor::parse(&next).unwrap()),
            None => return calls,
        }
    }
}

pub(super) fn page(
    dir: &Path,
    filter: &CallFilter,
    limit: usize,
    after: Option<crate::query::Cursor>,
) -> CallsPage {
    queries(dir).calls(&CallsQuery { filter: filter.clone(), limit, after }).unwrap()
}

/// A question with one to three conditions.
pub(super) fn question(numbers: &mut Numbers) -> CallFilter {
    let mut filter = CallFilter::within(TimeRange::ALL);
    let word = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    for _ in 0..1 + numbers.below(3) {
        match numbers.below(16) {
            0 => filter.host = word(numbers.one_of(&HOSTS)),
            1 => filter.method = word(numbers.one_of(&METHODS)),
            2 => filter.template = word(numbers.one_of(&TEMPLATES)),
            3 => filter.template = Some("/x/{int}".to_owned()),
            4 => {
                let class = StatusFilter::Class(numbers.one_of(&StatusClass::ALL));
                filter.status = Some(numbers.one_of(&[StatusFilter::Exactly(404), class]));
            }
            5 => filter.outcome = Some(numbers.one_of(Outcome::ALL)),
            6 => filter.error_type = word(numbers.one_of(&ERRORS)),
            7 => filter.min_duration_ns = Some(numbers.below(1_000) * 1_000_000),
            8 => filter.consumer = word(numbers.one_of(&TEXTS)),
            9 => filter.service = word(numbers.one_of(&SERVICES)),
            10 => filter.environment = word(numbers.one_of(&ENVIRONMENTS)),
            11 => filter.kind = Some(numbers.one_of(Kind::ALL)),
            12 => filter.target = word(numbers.one_of(&TEXTS)),
            13 => {
                let texts = ["needle", "näh", "/x", "/v1/users/1", "ff0012", "ste-4", "zzz", "é"];
                filter.path = Some(numbers.one_of(&texts).to_owned());
            }
            14 => filter.trace_id = Some(numbers.id()),
            _ => filter.call_id = Some(numbers.id()),
        }
    }
    if numbers.below(4) == 0 {
        filter.range.from_ns = BASE_NS + numbers.below(180) * MINUTE_NS;
        filter.range.to_ns = filter.range.from_ns + 1 + numbers.below(90) * MINUTE_NS;
    }
    filter
}

/// Whether a call, as the answer has it, is one that is asked for: by what the words of the
/// question say, and by nothing of how calls are stored.
pub(super) fn is_asked_for(call: &Value, filter: &CallFilter) -> bool {
    let text = |key: &str| call[key].as_str().unwrap_or("").to_owned();
    let is = |wanted: &Option<String>, key: &str| wanted.as_ref().is_none_or(|w| *w == text(key));
    let has_id = |wanted: Option<[u8; 16]>, key: &str| {
        wanted.is_none_or(|id| text(key) == format!("{:032x}", u128::from_be_bytes(id)))
    };
    let status = call["http.response.status_code"].as_u64();
    let start_ns = call["start_unix_ns"].as_u64().unwrap();
    let total_ns = call["total_ns"].as_u64();
    let has_status = match filter.status {
        None => true,
        Some(StatusFilter::Exactly(code)) => status == Some(u64::from(code)),
        Some(StatusFilter::Class(StatusClass::None)) => status.is_none(),
        Some(StatusFilter::Class(StatusClass::Other)) => status.is_some_and(|s| s > 599),
        Some(StatusFilter::Class(class)) => {
            status.is_some_and(|s| class.as_str() == format!("{}xx", s / 100))
        }
    };
    filter.range.contains(start_ns)
        && is(&filter.host, "server.address")
        && is(&filter.method, "http.request.method")
        && is(&filter.template, "url.template")
        && has_status
        && is(&filter.outcome.map(|o| o.as_str().to_owned()), "outcome")
        && is(&filter.error_type, "error.type")
        && filter.min_duration_ns.is_none_or(|least| total_ns.is_some_and(|ns| ns >= least))
        && is(&filter.consumer, "consumer")
        && is(&filter.service, "service")
        && is(&filter.environment, "environment")
        && is(&filter.kind.map(|k| k.as_str().to_owned()), "kind")
        && is(&filter.target, "target")
        && filter.path.as_ref().is_none_or(|wanted| text("url.path").contains(wanted))
        && has_id(filter.trace_id, "trace_id")
        && has_id(filter.call_id, "call_id")
}
