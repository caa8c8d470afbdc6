//! Calls that are added up together are what they would be one by one.

use super::*;
use crate::batch::{BatchMeta, Resource};
use crate::codec::{CallsBuilder, Encoder, Limits};
use crate::record::{Kind, Outcome, Record};
use crate::redact::SafeUrl;

/// Below `n`, from a generator of its own.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % n
    }
}

#[track_caller]
fn check(n_calls: u64, n_hosts: u64, numbers: &mut Numbers) {
    let (mut calls, mut expected) = (CallsBuilder::default(), Minutes::default());
    for _ in 0..n_calls {
        let raw = format!("https://h{}.example/v1/items/7", numbers.below(n_hosts));
        let mut scratch = String::new();
        let url = SafeUrl::parse(&raw, &mut scratch);
        let start_ns = numbers.below(5) * 59_999_999_999;
        let method = ["GET", "POST"][numbers.below(2) as usize];
        let mut record = Record::new(Kind::Client, method, url, start_ns);
        if numbers.below(9) == 0 {
            record.outcome = Outcome::Failed;
            record.set_error_type(["", "dns"][numbers.below(2) as usize]);
        }
        let mut number = |n| (numbers.below(4) > 0).then(|| numbers.below(n));
        record.status = number(700).map(|status| status as u16);
        record.total_ns = number(1_000_000);
        record.ttfb_ns = number(3);
        record.request_body_bytes = number(1_000);
        record.response_body_bytes = number(u64::MAX);
        record.set_template("/v1/items/{int}");
        expected.fold(&record);
        if numbers.below(3) > 0 {
            // The heuristic finds the same.
            record.set_template("");
        }
        calls.push(&record);
    }
    let meta = BatchMeta::new(Resource::new(), 0);
    let bytes = Encoder::new().unwrap().encode(&meta, &calls, None).unwrap();
    let found = roll_ups(&Batch::open(&bytes, &Limits::default()).unwrap()).unwrap();
    assert!(found.iter().eq(expected.iter()), "{found:?} is not {expected:?}");
}

#[test]
fn calls_added_up_together_are_what_they_are_one_by_one() {
    let mut numbers = Numbers(1);
    for n_calls in [0, 1, 2, 50, 3_000] {
        for n_hosts in [1, 5, 300] {
            check(n_calls, n_hosts, &mut numbers);
        }
    }
}
