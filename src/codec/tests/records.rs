//! Records of every form come back as they were, batch after batch.

use std::net::{IpAddr, Ipv6Addr};

use super::{BatchMeta, Kind, Outcome, Record, SafeUrl};
use crate::batch::Resource;
use crate::codec::{Batch, CallColumn, CallsBuilder, Encoder, Limits};

/// The same in every run (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize]
    }

    /// Numbers of every length, the largest that a column can hold included.
    fn number(&mut self) -> Option<u64> {
        match self.below(6) {
            0 => None,
            1 => Some(self.of(&[0, 1, 1_000, 1 << 32, i64::MAX as u64, u64::MAX - 1])),
            2 => Some(self.below(90) * 1_000_000),
            _ => Some(self.next() >> self.below(64)).map(|number| number.min(u64::MAX - 1)),
        }
    }

    fn some<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.below(3) > 0).then(|| value(self))
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.next() as u8)
    }

    /// What a path or a query may have in the place of an id, be it none.
    fn id(&mut self) -> String {
        let n = self.next();
        match self.below(14) {
            0 => (n >> self.below(64)).to_string(),
            1 => format!("00{n}"),
            2 => format!("{n:016x}"),
            3 => format!("{n:016X}"),
            4 => uuid::Uuid::from_bytes(self.bytes()).to_string(),
            5 => uuid::Uuid::from_bytes(self.bytes()).to_string().to_uppercase(),
            6 => format!("cus_{}", &format!("{n:X}q9Zk")[..self.below(12) as usize + 4]),
            7 => "_-".repeat(self.below(90) as usize),
            8 => "straße-ü".to_owned(),
            9 => String::new(),
            10 => "name".to_owned(),
            11 => format!("a%20{}%zz.json", n % 1_000),
            12 => format!("x{}", "9".repeat(self.below(300) as usize)),
            _ => (n % 100).to_string(),
        }
    }
}

/// A record that depends on nothing but the numbers.
fn with_random<T>(random: &mut Random, then: impl FnOnce(&Record<'_>) -> T) -> T {
    let (host, noun) = (random.below(4), random.of(&["users", "v1/orders", "a{b", "f/{"]));
    let (id, other) = (random.id(), random.id());
    let path = match random.below(5) {
        0 => format!("/{noun}"),
        1 => format!("/{noun}/{id}/items/{other}"),
        2 => String::new(),
        _ => format!("/{noun}/{id}"),
    };
    let query = match random.below(4) {
        0 => format!("?page={id}&cursor={other}"),
        1 => format!("?{id}"),
        _ => String::new(),
    };
    let raw = format!("https://h{host}.example{path}{query}");
    let mut scratch = String::new();
    let url = SafeUrl::parse(&raw, &mut scratch);
    let start = 1_790_000_000_000_000_000 + random.below(1 << 40);
    let method = random.of(&["GET", "POST", ""]);
    let mut record = Record::new(random.of(Kind::ALL), method, url, start);
    let template = format!("/{noun}/{{id}}");
    record.set_template(random.of(&[template.as_str(), "/v1/orders/{int}/items/{name}", ""]));
    record.set_protocol_version(random.of(&["1.1", "2", ""]));
    record.set_error_type(random.of(&["timeout", "", "", ""]));
    record.set_target(random.of(&["vendor", ""]));
    record.set_consumer(random.of(&["acme", "bob", ""]));
    record.outcome = random.of(Outcome::ALL);
    (record.ttfb_ns, record.body_ns) = (random.number(), random.number());
    (record.dns_ns, record.total_ns) = (random.number(), random.number());
    record.connect_ns = Some(7_500).filter(|_| random.below(40) == 0);
    if let (Some(ttfb), Some(body), 0..=2) = (record.ttfb_ns, record.body_ns, random.below(4)) {
        record.total_ns = ttfb.checked_add(body).filter(|total| *total >> 63 == 0);
    }
    (record.request_body_bytes, record.response_body_bytes) = (random.number(), random.number());
    record.status = random.some(|random| 100 + random.below(500) as u16);
    record.attempt = random.some(|random| random.below(4) as u32);
    record.resend_count = random.some(|_| u32::MAX).filter(|_| random.below(50) == 0);
    record.connection_reused = random.some(|random| random.below(2) == 0);
    record.peer_address =
        random.some(|random| IpAddr::V6(Ipv6Addr::from_bits(random.below(3).into())));
    record.call_total_ns = random.number();
    record.call_outcome = random.some(|random| random.of(Outcome::ALL));
    let mut call_id: [u8; 16] = random.bytes();
    call_id[6] = call_id[6] & 0x0f | 0x70;
    record.call_id = random.some(|_| call_id);
    record.trace_id = random.some(Random::bytes);
    record.span_id = random.some(Random::bytes);
    record.set_attributes(random.some(|_| ("key", id.as_str())));
    then(&record)
}

fn encoded(encoder: &mut Encoder, calls: &mut CallsBuilder, seed: u64, n_calls: usize) -> Vec<u8> {
    let mut random = Random(seed);
    calls.clear();
    for _ in 0..n_calls {
        with_random(&mut random, |record| calls.push(record));
    }
    let mut meta = BatchMeta::new(Resource::default(), seed);
    meta.batch_id = uuid::Uuid::from_u128(seed.into());
    encoder.encode(&meta, calls, None).unwrap()
}

/// The batch of so many random calls whose seed is its sequence.
#[track_caller]
pub(super) fn check_is(bytes: &[u8], n_calls: usize) {
    let batch = Batch::open(bytes, &Limits::default()).unwrap();
    batch.verify().unwrap();
    let calls = batch.calls(CallColumn::ALL).unwrap();
    assert_eq!(calls.len(), n_calls);
    let mut random = Random(batch.meta().sequence);
    for row in 0..n_calls {
        with_random(&mut random, |record| {
            assert_eq!(calls.record(row), *record, "row {row}");
        });
    }
    // One column alone is what it is among all.
    for column in CallColumn::ALL {
        let alone = batch.calls(&[CallColumn::Start, *column]).unwrap();
        assert_eq!(alone.column(*column), calls.column(*column), "{column:?}");
    }
}

#[test]
fn random_calls_come_back_batch_after_batch() {
    let (mut encoder, mut calls) = (Encoder::new().unwrap(), CallsBuilder::default());
    for (seed, n_calls) in [1, 7, 8, 300, 5_000, 300, 2_000, 9_000, 50].into_iter().enumerate() {
        let bytes = encoded(&mut encoder, &mut calls, seed as u64, n_calls);
        check_is(&bytes, n_calls);
    }
}

/// Writes `golden_v2.egrt` anew when it is asked to, which a released version never is.
#[test]
fn what_is_written_has_every_encoding() {
    let (mut encoder, mut calls) = (Encoder::new().unwrap(), CallsBuilder::default());
    let bytes = encoded(&mut encoder, &mut calls, 2_026, 50);
    check_is(&bytes, 50);
    if std::env::var_os("EGRET_WRITE_GOLDEN").is_some() {
        std::fs::write("src/codec/golden_v2.egrt", &bytes).unwrap();
    }
}

#[test]
fn changed_bytes_of_stored_columns_never_panic() {
    let bytes = include_bytes!("../golden_v2.egrt");
    let mut random = Random(5);
    for _ in 0..8_000 {
        let mut bytes = bytes.to_vec();
        for _ in 0..=random.below(3) {
            let at = 13 + random.below(bytes.len() as u64 - 13) as usize;
            bytes[at] = random.of(&[0, 1, 2, 0x7f, 0x80, 0xff, random.0 as u8]);
        }
        if let Ok(batch) = Batch::open(&super::reseal(bytes), &Limits::default()) {
            let is_sound = batch.verify().is_ok();
            let calls = batch.calls(CallColumn::ALL);
            // Whoever acknowledges it knows that it can be read.
            assert!(!is_sound || calls.is_ok(), "{:?}", calls.err());
        }
    }
}

/// Columns in which few rows have a value, down to one: each row must not take a byte then.
#[test]
fn what_few_calls_have_comes_back() {
    let (mut encoder, mut calls) = (Encoder::new().unwrap(), CallsBuilder::default());
    for every in [9, 70, 900, 8_000] {
        let of_row = |row: u64| {
            let start = 1_790_000_000_000_000_000 + row;
            let mut record = Record::new(Kind::Client, "GET", SafeUrl::default(), start);
            let id = |value: u64| {
                u128::from(value).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c).to_be_bytes()
            };
            if row % every == every - 1 {
                let mut call_id = id(row + 1);
                call_id[6] = call_id[6] & 0x0f | 0x70;
                (record.call_id, record.trace_id) = (Some(call_id), Some(id(row + 2)));
                record.span_id = Some((row + 3).to_le_bytes());
                (record.ttfb_ns, record.body_ns) = (Some(row * 7_919), Some(row));
                (record.total_ns, record.dns_ns) = (Some(row * 7_920), Some(row * 1_000));
                (record.attempt, record.call_total_ns) = (Some(2), Some(row << 40));
                record.response_body_bytes = Some(row * row);
                record.set_attributes([("row", "rare")]);
            }
            record
        };
        calls.clear();
        (0..8_000).for_each(|row| calls.push(&of_row(row)));
        let bytes = encoder.encode(&BatchMeta::new(Resource::default(), 1), &calls, None).unwrap();
        let batch = Batch::open(&bytes, &Limits::default()).unwrap();
        batch.verify().unwrap();
        let read = batch.calls(CallColumn::ALL).unwrap();
        for row in 0..8_000 {
            assert_eq!(read.record(row), of_row(row as u64), "one of {every}, row {row}");
        }
    }
}
