//! What `log()` costs the caller when egret is disabled, beside the same call when it is enabled.
//! Never asserts: it prints what it saw.
//!
//! `cargo bench --bench disabled`

#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "a bench measures and prints")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use egret::{Call, Config, Egret, Sending, Transport, Verdict};

const N_CALLS: u32 = 200_000;
const N_ROUNDS: usize = 7;

/// Takes everything and keeps nothing, so that only the caller's side is measured.
struct Nowhere;

impl Transport for Nowhere {
    fn send(&self, _: Arc<[u8]>) -> Sending {
        Box::pin(std::future::ready(Verdict::Delivered))
    }
}

/// Nanoseconds per call: the median of several rounds.
fn measure(egret: &Egret) -> f64 {
    let mut rounds: Vec<f64> = (0..N_ROUNDS)
        .map(|_| {
            let start = Instant::now();
            for n in 0..N_CALLS {
                let call = Call::new("POST", black_box("https://api.example.com/v1/charges"));
                egret.log(call.status(201).duration(Duration::from_nanos(n.into())));
            }
            start.elapsed().as_nanos() as f64 / f64::from(N_CALLS)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[N_ROUNDS / 2]
}

fn main() -> Result<()> {
    let enabled = Egret::start_with(Config::builder().build()?, Nowhere)?;
    let disabled = Egret::start(Config::builder().disabled(true).build()?)?;
    let (on, off) = (measure(&enabled), measure(&disabled));
    println!("log(): enabled {on:.1} ns, disabled {off:.1} ns, ratio {:.4}", off / on);
    Ok(())
}
