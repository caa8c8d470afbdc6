//! What egret costs as the load grows, over time, and when there is none.
//! It never asserts: it prints what it saw beside the bounds.
//!
//! `growth [--quick] [--minutes N]`: how long the load of 500,000 calls a second lasts; a minute by
//! default. Costs and wake-ups are medians of five runs.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use egret::{Call, Config, Egret, Timer};
use egret_peers::alloc::Counting;
use egret_peers::calls::{Sample, samples};
use egret_peers::measure::{Pace, median, middle, time, warm_up};
use egret_peers::{sink, thread};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Under load, records a second and how often a second they come in a bunch.
const RATE: u32 = 500_000;
const BUNCHES: u32 = 1_000;

const IDLE: Duration = Duration::from_secs(10);

const N_RUNS: usize = 5;

/// What the default configuration lets wait: the queue, and what is on its way.
const BOUND_MIB: f64 = 64.0 + 16.0;

fn main() -> Result<()> {
    sink::serve_if_asked()?;
    let is_quick = std::env::args().any(|argument| argument == "--quick");
    let minutes = minutes()?.unwrap_or(if is_quick { 0.1 } else { 1.0 });
    let sink = sink::Sink::start()?;
    let samples = samples(4_096);
    let config = Config::builder().collector_url(sink.url("")).service_name("peers").build()?;
    let egret = Egret::start(config)?;
    let n_runs = if is_quick { 1 } else { N_RUNS };
    // First, while nothing has made the process grow.
    load(&egret, &samples, Duration::from_secs_f64(minutes * 60.0))?;
    idle(&egret, n_runs)?;
    cost(&egret, &samples, n_runs)
}

fn minutes() -> Result<Option<f64>> {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--minutes");
    if arguments.next().is_none() {
        return Ok(None);
    }
    let minutes = arguments.next().context("--minutes is followed by their number")?;
    Ok(Some(minutes.parse()?))
}

fn log(egret: &Egret, sample: &Sample) {
    let timer = Timer::start();
    let call = Call::new(sample.method, &sample.url).template(sample.template);
    egret.log(call.status(sample.status).timed(timer));
}

/// The caller's cost, and that of egret's own thread, at three paces.
fn cost(egret: &Egret, samples: &[Sample], n_runs: usize) -> Result<()> {
    println!(
        "{:<16}{:>10}{:>10}{:>10}{:>24}{:>12}",
        "records/s", "mean", "p50", "p99", "egret's thread", "of a core"
    );
    let ids = thread::others()?;
    for (per_second, n_calls) in [(10, 30), (1_000, 3_000), (100_000, 300_000)] {
        let pace = Pace::Every(Duration::from_secs(1) / per_second);
        let mut call = |n: usize| log(egret, &samples[n % samples.len()]);
        let (mut costs, mut backgrounds) = (Vec::new(), Vec::new());
        for _ in 0..n_runs {
            warm_up(&mut call);
            egret.flush(Duration::from_secs(10))?;
            let before = thread::seen(&ids)?;
            costs.push(time(n_calls, pace, &mut call));
            egret.flush(Duration::from_secs(10))?;
            let cpu = thread::seen(&ids)?.cpu - before.cpu;
            backgrounds.push(cpu.as_nanos() as f64 / n_calls as f64);
        }
        let (cost, background_ns) = (median(&costs), middle(backgrounds));
        println!(
            "{per_second:<16}{:>7.0} ns{:>7.0} ns{:>7.0} ns{background_ns:>12.0} ns a record{:>10.4} %",
            cost.mean_ns,
            cost.p50_ns,
            cost.p99_ns,
            background_ns * f64::from(per_second) / 1e7
        );
    }
    Ok(())
}

/// Memory under load, second by second.
fn load(egret: &Egret, samples: &[Sample], duration: Duration) -> Result<()> {
    let (before, stats_before) = (thread::resident_mib()?, egret.stats());
    let mut resident = Vec::new();
    let begin = Instant::now();
    let mut n = 0;
    for bunch in 0.. {
        let due = begin + Duration::from_secs(1) * bunch / BUNCHES;
        if due > begin + duration {
            break;
        }
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        for _ in 0..RATE / BUNCHES {
            log(egret, &samples[n % samples.len()]);
            n += 1;
        }
        if bunch % BUNCHES == BUNCHES - 1 {
            resident.push(thread::resident_mib()?);
        }
    }
    let seconds = begin.elapsed().as_secs_f64();
    let stats = egret.stats();
    egret.flush(Duration::from_secs(30))?;
    let dropped = stats.dropped.total() - stats_before.dropped.total();
    let peak = thread::peak_mib()?;
    println!(
        "{:.0} calls/s for {seconds:.0} s, {dropped} dropped ({:.2} %)",
        n as f64 / seconds,
        dropped as f64 / n as f64 * 100.0
    );
    let quarter = |n: usize| resident.get((resident.len() * n / 4).saturating_sub(1)).copied();
    println!(
        "resident: {before:.1} MiB before; {} MiB after each quarter; peak {peak:.1} MiB",
        (1..=4).filter_map(quarter).map(|mib| format!("{mib:.1}")).collect::<Vec<_>>().join(", ")
    );
    println!("growth / configured bound: {:.3} ({BOUND_MIB} MiB)\n", (peak - before) / BOUND_MIB);
    Ok(())
}

/// What egret does when nobody calls.
fn idle(egret: &Egret, n_runs: usize) -> Result<()> {
    egret.flush(Duration::from_secs(30))?;
    // The poll slows down within moments.
    std::thread::sleep(Duration::from_secs(2));
    let ids = thread::others()?;
    let (mut wake_ups, mut shares) = (Vec::new(), Vec::new());
    for _ in 0..n_runs {
        let (before, begin) = (thread::seen(&ids)?, Instant::now());
        std::thread::sleep(IDLE);
        let after = thread::seen(&ids)?;
        let seconds = begin.elapsed().as_secs_f64();
        wake_ups.push((after.n_wake_ups - before.n_wake_ups) as f64 / seconds);
        shares.push((after.cpu - before.cpu).as_secs_f64() / seconds * 100.0);
    }
    println!(
        "idle: {} thread, {:.2} wake-ups a second, {:.4} % of a core\n",
        ids.len(),
        middle(wake_ups),
        middle(shares)
    );
    Ok(())
}
