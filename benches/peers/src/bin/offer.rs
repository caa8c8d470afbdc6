//! What recording one call costs the thread that made it: egret's `log()` beside its peers.
//! It never asserts: it prints what it saw, and the ratios.

use std::time::Duration;

use anyhow::Result;
use egret::{Call, Config, Egret, Timer};
use egret_peers::alloc::Counting;
use egret_peers::calls::{Sample, samples, varied_samples};
use egret_peers::measure::{Cost, Pace, median, time_on};
use egret_peers::{peers, sink};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const N_RUNS: usize = 5;

fn main() -> Result<()> {
    sink::serve_if_asked()?;
    let sink = sink::Sink::start()?;
    let (few, varied) = (samples(4_096), varied_samples(4_096));
    let config = Config::builder()
        .collector_url(sink.url(""))
        .flush_interval(peers::INTERVAL)
        .service_name("peers");
    let egret = Egret::start(config.build()?)?;
    let provider = peers::otlp(&sink)?;
    let tracer = peers::tracer(&provider);
    let traced_provider = peers::otlp(&sink)?;
    let layer = tracing_opentelemetry::layer().with_tracer(peers::tracer(&traced_provider));
    // The exporters' own spans must not be exported in turn.
    let is_ours =
        tracing_subscriber::filter::filter_fn(|meta| meta.target().starts_with("egret_peers"));
    tracing::subscriber::set_global_default(
        tracing_subscriber::registry().with(layer.with_filter(is_ours)),
    )?;
    let dsn = format!("http://public@{}/1", sink.address);
    let _sentry = sentry::init((dsn, sentry::ClientOptions::new().traces_sample_rate(1.0)));
    fastrace::set_reporter(peers::Nowhere, fastrace::collector::Config::default());

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
        ("tracing-opentelemetry", &peers::traced),
        ("sentry", &peers::transaction),
        ("fastrace", &peers::fast),
    ];
    let mut rows: Vec<Row> = Vec::new();
    for case in CASES {
        for run in 0..n_runs {
            // Everybody is the first in turn.
            for (name, call) in (0..callers.len()).map(|n| callers[(n + run) % callers.len()]) {
                if only.as_deref().is_some_and(|only| only != name) {
                    continue;
                }
                let of = |n: usize| match case.calls {
                    Calls::Few => &few[n % few.len()],
                    Calls::Varied => &varied[n % varied.len()],
                };
                let cost =
                    time_on(case.n_threads, case.n_calls, case.pace, &|n| of(n).made(), &|n| {
                        call(of(n))
                    })?;
                match rows.iter_mut().find(|row| row.0 == name && row.1 == case) {
                    Some(row) => row.2.push(cost),
                    None => rows.push((name, case, vec![cost])),
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
struct Case {
    n_threads: usize,
    n_calls: usize,
    pace: Pace,
    calls: Calls,
}

/// Which calls they are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Calls {
    /// To eight endpoints.
    Few,
    /// To 240 endpoints, with secrets in some.
    Varied,
}

const OFTEN: Case = Case::new(1, 50_000, Pace::Every(Duration::from_micros(10)));
const SELDOM: Case = Case::new(1, 5_000, Pace::Every(Duration::from_micros(100)));
const VARIED: Case = Case { calls: Calls::Varied, ..OFTEN };
const CASES: [Case; 8] = [
    OFTEN,
    SELDOM,
    VARIED,
    Case::new(2, 20_000, Pace::Every(Duration::from_micros(20))),
    Case::new(4, 10_000, Pace::Every(Duration::from_micros(40))),
    Case::new(1, 100_000, Pace::Burst),
    Case::new(2, 50_000, Pace::Burst),
    Case::new(4, 25_000, Pace::Burst),
];

impl Case {
    const fn new(n_threads: usize, n_calls: usize, pace: Pace) -> Self {
        Self { n_threads, n_calls, pace, calls: Calls::Few }
    }
}

/// Who was measured, in which case, and what each run saw.
type Row = (&'static str, Case, Vec<Cost>);

fn print(rows: &[Row]) {
    println!(
        "{:<24}{:<9}{:<8}{:<8}{:>9}{:>9}{:>9}{:>9}{:>9}",
        "", "threads", "pace", "calls", "mean", "p50", "p99", "p99.9", "allocs"
    );
    for (name, case, runs) in rows {
        let cost = median(runs);
        let pace = match case.pace {
            Pace::Burst => "burst".to_owned(),
            Pace::Every(interval) => format!("{} us", interval.as_micros()),
        };
        let calls = if case.calls == Calls::Few { "few" } else { "varied" };
        println!(
            "{name:<24}{:<9}{pace:<8}{calls:<8}{:>6.0} ns{:>6.0} ns{:>6.0} ns{:>6.0} ns{:>9.4}",
            case.n_threads,
            cost.mean_ns,
            cost.p50_ns,
            cost.p99_ns,
            cost.p999_ns,
            cost.n_allocations
        );
    }
}

fn print_ratios(rows: &[Row]) {
    let of = |name: &str, case: Case| {
        let row = rows.iter().find(|row| row.0 == name && row.1 == case);
        row.map(|row| median(&row.2))
    };
    for (calls, case) in [("few", OFTEN), ("varied", VARIED)] {
        for peer in ["opentelemetry", "tracing-opentelemetry"] {
            if let (Some(own), Some(other)) = (of("egret", case), of(peer, case)) {
                let (mean, p99) = (own.mean_ns / other.mean_ns, own.p99_ns / other.p50_ns);
                println!("{calls}, paced, mean of egret / {peer}: {mean:.3}");
                println!("{calls}, paced, p99 of egret / p50 of {peer}: {p99:.3}");
            }
        }
    }
    if let (Some(seldom), Some(often)) = (of("egret", SELDOM), of("egret", OFTEN)) {
        println!("egret, mean at 100 us / at 10 us: {:.3}", seldom.mean_ns / often.mean_ns);
    }
}
