//! What recording one call costs the thread that made it: egret's `log()` beside its peers.
//! It never asserts: it prints what it saw, and the ratios.

use std::time::Duration;

use anyhow::Result;
use egret::{Call, Config, Egret, Timer};
use egret_peers::alloc::Counting;
use egret_peers::calls::{Sample, samples};
use egret_peers::measure::{Cost, Pace, median, time_on};
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
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_quick = arguments.iter().any(|argument| argument == "--quick");
    let only = arguments.into_iter().find(|argument| !argument.starts_with("--"));
    let n_runs = if is_quick { 1 } else { N_RUNS };
    let callers: [(&'static str, &(dyn Fn(&Sample) + Sync)); 5] = [
        ("egret", &|sample| {
            let timer = Timer::start();
            let call = Call::new(sample.method, &sample.url).template(sample.template);
            egret.log(call.status(sample.status).timed(timer));
        }),
        ("opentelemetry", &|sample| peers::span(&tracer, sample)),
        ("tracing-opentelemetry", &|sample| {
            tracing::dispatcher::with_default(&subscriber, || peers::traced(sample));
        }),
        ("sentry", &peers::transaction),
        ("fastrace", &peers::fast),
    ];
    let mut rows: Vec<Row> = Vec::new();
    for load in LOADS {
        for _ in 0..n_runs {
            for (name, call) in callers {
                if only.as_deref().is_some_and(|only| only != name) {
                    continue;
                }
                let cost = time_on(load.n_threads, load.n_calls, load.pace, &|n| call(of(n)))?;
                match rows.iter_mut().find(|row| row.0 == name && row.1 == load) {
                    Some(row) => row.2.push(cost),
                    None => rows.push((name, load, vec![cost])),
                }
                // What is in flight goes out before the next is measured.
                std::thread::sleep(Duration::from_millis(600));
            }
        }
    }
    print(&rows);
    print_ratios(&rows);
    let stats = egret.stats();
    println!("egret dropped {} of {}", stats.dropped.total(), stats.offered);
    Ok(())
}

/// How many threads made how many calls each.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Load {
    n_threads: usize,
    n_calls: usize,
    pace: Pace,
}

const OFTEN: Load = Load::new(1, 50_000, Pace::Every(Duration::from_micros(10)));
const SELDOM: Load = Load::new(1, 5_000, Pace::Every(Duration::from_micros(100)));
const LOADS: [Load; 7] = [
    OFTEN,
    SELDOM,
    Load::new(2, 20_000, Pace::Every(Duration::from_micros(20))),
    Load::new(4, 10_000, Pace::Every(Duration::from_micros(40))),
    Load::new(1, 100_000, Pace::Burst),
    Load::new(2, 50_000, Pace::Burst),
    Load::new(4, 25_000, Pace::Burst),
];

impl Load {
    const fn new(n_threads: usize, n_calls: usize, pace: Pace) -> Self {
        Self { n_threads, n_calls, pace }
    }
}

/// Who was measured, under which load, and what each run saw.
type Row = (&'static str, Load, Vec<Cost>);

fn print(rows: &[Row]) {
    println!(
        "{:<24}{:<9}{:<8}{:>9}{:>9}{:>9}{:>9}{:>8}",
        "", "threads", "pace", "mean", "p50", "p99", "p99.9", "allocs"
    );
    for (name, load, runs) in rows {
        let cost = median(runs);
        let pace = match load.pace {
            Pace::Burst => "burst".to_owned(),
            Pace::Every(interval) => format!("{} us", interval.as_micros()),
        };
        println!(
            "{name:<24}{:<9}{pace:<8}{:>6.0} ns{:>6.0} ns{:>6.0} ns{:>6.0} ns{:>8.2}",
            load.n_threads,
            cost.mean_ns,
            cost.p50_ns,
            cost.p99_ns,
            cost.p999_ns,
            cost.n_allocations
        );
    }
}

fn print_ratios(rows: &[Row]) {
    let of = |name: &str, load: Load| {
        let row = rows.iter().find(|row| row.0 == name && row.1 == load);
        row.map(|row| median(&row.2))
    };
    for peer in ["opentelemetry", "tracing-opentelemetry"] {
        if let (Some(own), Some(other)) = (of("egret", OFTEN), of(peer, OFTEN)) {
            println!("paced, mean of egret / {peer}: {:.3}", own.mean_ns / other.mean_ns);
            println!("paced, p99 of egret / p50 of {peer}: {:.3}", own.p99_ns / other.p50_ns);
        }
    }
    if let (Some(seldom), Some(often)) = (of("egret", SELDOM), of("egret", OFTEN)) {
        println!("egret, mean at 100 us / at 10 us: {:.3}", seldom.mean_ns / often.mean_ns);
    }
}
