//! What recording one call costs the thread that made it: egret's `log()` beside its peers.
//! It never asserts: it prints what it saw, and the ratios.

use std::time::Duration;

use anyhow::Result;
use egret::{Call, Config, Egret, Timer};
use egret_peers::alloc::Counting;
use egret_peers::calls::{Sample, samples};
use egret_peers::measure::{Cost, Pace, median, time};
use egret_peers::{peers, sink};
use tracing_subscriber::layer::SubscriberExt;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const N_RUNS: usize = 5;

fn main() -> Result<()> {
    sink::serve_if_asked()?;
    let sink = sink::Sink::start()?;
    let samples = samples(4_096);
    let config = Config::builder().collector_url(sink.url("")).service_name("peers");
    let egret = Egret::start(config.build()?)?;
    let provider = peers::otlp(&sink)?;
    let tracer = peers::tracer(&provider);
    let traced_provider = peers::otlp(&sink)?;
    let layer = tracing_opentelemetry::layer().with_tracer(peers::tracer(&traced_provider));
    let subscriber = tracing::Dispatch::new(tracing_subscriber::registry().with(layer));
    let dsn = format!("http://public@{}/1", sink.address);
    let _sentry = sentry::init((dsn, sentry::ClientOptions::new().traces_sample_rate(1.0)));
    fastrace::set_reporter(peers::Nowhere, fastrace::collector::Config::default());

    let of = |n: usize| &samples[n % samples.len()];
    let mut rows: Vec<Row> = Vec::new();
    let burst = (Pace::Burst, 100_000);
    let fast = (Pace::Every(Duration::from_micros(10)), 50_000);
    let slow = (Pace::Every(Duration::from_micros(100)), 5_000);
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_quick = arguments.iter().any(|argument| argument == "--quick");
    let only = arguments.into_iter().find(|argument| !argument.starts_with("--"));
    let n_runs = if is_quick { 1 } else { N_RUNS };
    for (pace, n_calls) in [fast, slow, burst] {
        for _ in 0..n_runs {
            let mut run = |name: &'static str, call: &mut dyn FnMut(&Sample)| {
                if only.as_deref().is_some_and(|only| only != name) {
                    return;
                }
                let cost = time(n_calls, pace, |n| call(of(n)));
                match rows.iter_mut().find(|row| row.0 == name && row.1 == pace) {
                    Some(row) => row.2.push(cost),
                    None => rows.push((name, pace, vec![cost])),
                }
                // What is in flight goes out before the next is measured.
                std::thread::sleep(Duration::from_millis(600));
            };
            run("egret", &mut |sample| {
                let timer = Timer::start();
                let call = Call::new(sample.method, &sample.url).template(sample.template);
                egret.log(call.status(sample.status).timed(timer));
            });
            run("opentelemetry", &mut |sample| peers::span(&tracer, sample));
            run("tracing-opentelemetry", &mut |sample| {
                tracing::dispatcher::with_default(&subscriber, || peers::traced(sample));
            });
            run("sentry", &mut peers::transaction);
            run("fastrace", &mut peers::fast);
        }
    }
    print(&rows);
    print_ratios(&rows, fast.0, slow.0);
    let stats = egret.stats();
    println!("egret dropped {} of {}", stats.dropped.total(), stats.offered);
    Ok(())
}

/// Who was measured, how calls followed each other, and what each run saw.
type Row = (&'static str, Pace, Vec<Cost>);

fn print(rows: &[Row]) {
    println!(
        "{:<24}{:<10}{:>9}{:>9}{:>9}{:>9}{:>8}",
        "", "pace", "mean", "p50", "p99", "p99.9", "allocs"
    );
    for (name, pace, runs) in rows {
        let cost = median(runs);
        let pace = match pace {
            Pace::Burst => "burst".to_owned(),
            Pace::Every(interval) => format!("{} us", interval.as_micros()),
        };
        println!(
            "{name:<24}{pace:<10}{:>6.0} ns{:>6.0} ns{:>6.0} ns{:>6.0} ns{:>8.2}",
            cost.mean_ns, cost.p50_ns, cost.p99_ns, cost.p999_ns, cost.n_allocations
        );
    }
}

fn print_ratios(rows: &[Row], often: Pace, seldom: Pace) {
    let of = |name: &str, pace: Pace| {
        let row = rows.iter().find(|row| row.0 == name && row.1 == pace);
        row.map(|row| median(&row.2))
    };
    for peer in ["opentelemetry", "tracing-opentelemetry"] {
        if let (Some(own), Some(other)) = (of("egret", often), of(peer, often)) {
            println!("paced, mean of egret / {peer}: {:.3}", own.mean_ns / other.mean_ns);
            println!("paced, p99 of egret / p50 of {peer}: {:.3}", own.p99_ns / other.p50_ns);
        }
    }
    if let (Some(seldom), Some(often)) = (of("egret", seldom), of("egret", often)) {
        println!("egret, mean at 100 us / at 10 us: {:.3}", seldom.mean_ns / often.mean_ns);
    }
}
