//! From `log()` to durable and searchable: a service and a collector, a process each, on this machine.
//! Never calls a rate sustained at which a call was dropped, or which only a queue has taken.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::sender;
use crate::server::{self, Server};
use crate::service::Service;

/// The rates that are searched, in calls a second.
const MOST: u64 = 3_200_000;
const STEP: u64 = 50_000;

/// How long a rate is tried in the search, and in the runs that count.
const TRIED_FOR: Duration = Duration::from_secs(5);
const RUN_FOR: Duration = Duration::from_secs(10);

/// Of so many runs the median is printed.
const RUNS: usize = 5;

/// A rate is sustained when everything is counted so soon after the last call.
const SETTLED_WITHIN: Duration = Duration::from_millis(1_500);

/// What a run came to.
struct Run {
    offered: u64,
    dropped: u64,
    /// From the first call until all were counted.
    wall: Duration,
    service: Duration,
    collector: Duration,
    is_settled: bool,
}

/// Searches the highest rate at which nothing is dropped, and prints runs at it.
pub(crate) fn print() -> Result<()> {
    let mut rate = search()?;
    let runs = loop {
        if let Some(runs) = sustained(rate)? {
            break runs;
        }
        ensure!(rate > STEP, "no rate is sustained");
        rate -= STEP.max(rate / 20 / STEP * STEP);
    };
    let seconds = RUN_FOR.as_secs();
    println!("median of {RUNS} runs of {seconds} s (least to most), at {rate} calls/s");
    show("calls/s, from the first log() until all are counted", &runs, |run| {
        run.offered as f64 / run.wall.as_secs_f64()
    });
    show("calls dropped", &runs, |run| run.dropped as f64);
    show("ns of CPU a call, service", &runs, |run| ns_a_call(run, run.service));
    show("ns of CPU a call, collector", &runs, |run| ns_a_call(run, run.collector));
    Ok(())
}

/// All runs at a rate; `None` when one of them shows that it is too high.
fn sustained(rate: u64) -> Result<Option<Vec<Run>>> {
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        let run = run(rate, RUN_FOR)?;
        if !run.is_sustained() {
            let seconds = run.wall.as_secs_f64();
            println!("{rate} calls/s: {} dropped, all counted after {seconds:.1} s", run.dropped);
            return Ok(None);
        }
        runs.push(run);
    }
    Ok(Some(runs))
}

impl Run {
    fn is_sustained(&self) -> bool {
        self.dropped == 0 && self.is_settled
    }
}

/// The highest rate of those in steps that is sustained for a moment.
fn search() -> Result<u64> {
    let (mut lowest, mut highest) = (1, MOST / STEP);
    while lowest < highest {
        let middle = (lowest + highest).div_ceil(2);
        if run(middle * STEP, TRIED_FOR)?.is_sustained() {
            lowest = middle;
        } else {
            highest = middle - 1;
        }
    }
    Ok(lowest * STEP)
}

fn run(calls_a_second: u64, time: Duration) -> Result<Run> {
    let collector = Server::collector()?;
    let mut service = Service::start(collector.address(), calls_a_second, time)?;
    let (service_began, collector_began) = (server::cpu(&service.id())?, collector.cpu()?);
    let began = Instant::now();
    let told = service.run()?;
    let expected = told.offered - told.dropped;
    let counted = collector.wait_for_count(expected)?;
    ensure!(counted == expected, "{counted} calls are counted, {expected} were delivered");
    let wall = began.elapsed();
    let run = Run {
        offered: told.offered,
        dropped: told.dropped,
        wall,
        service: server::cpu(&service.id())?.saturating_sub(service_began),
        collector: collector.cpu()?.saturating_sub(collector_began),
        is_settled: wall < time + SETTLED_WITHIN,
    };
    let found = sender::get(collector.address(), "/api/v1/calls?host=api.stripe.com&limit=5")?;
    let page: serde_json::Value = serde_json::from_str(&found).context("a page of calls")?;
    ensure!(page["calls"].as_array().is_some_and(|calls| calls.len() == 5), "not searchable");
    Ok(run)
}

fn ns_a_call(run: &Run, cpu: Duration) -> f64 {
    cpu.as_nanos() as f64 / run.offered as f64
}

fn show(what: &str, runs: &[Run], number: impl Fn(&Run) -> f64) {
    let mut numbers: Vec<f64> = runs.iter().map(number).collect();
    numbers.sort_by(f64::total_cmp);
    let [least, median, most] = [0, numbers.len() / 2, numbers.len() - 1].map(|n| numbers[n]);
    println!("  {median:>12.0} {what} ({least:.0} to {most:.0})");
}
