//! What a whole call through a client costs: egret beside plain reqwest and beside its peers.
//! It never asserts: it prints what it saw, and the ratios.

use std::time::Duration;

use anyhow::{Result, bail};
use egret::Config;
use egret_peers::alloc::Counting;
use egret_peers::arm::{self, Answer, Arm, Order};
use egret_peers::caller::{Caller, Client};
use egret_peers::measure::middle;
use egret_peers::{peers, sink};
use reqwest_middleware::{ClientBuilder, Middleware, Next};
use reqwest_tracing::TracingMiddleware;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const PLAIN: &str = "reqwest";
const EMPTY: &str = "empty middleware stack";
const NO_OP: &str = "one no-op middleware";
const WRAP: &str = "egret::wrap";
const EGRET: &str = "egret::reqwest_client";
const DROP_IN: &str = "egret::http";
const TRACING: &str = "reqwest-tracing, OTLP";

const ARMS: [&str; 7] = [PLAIN, EMPTY, NO_OP, WRAP, EGRET, DROP_IN, TRACING];

const ROUNDS: usize = 9;
/// Long enough that what is recorded is delivered meanwhile, several times.
const WIDE: Order = Order { concurrency: 64, n_calls: 96_000 };
const SINGLE: Order = Order { concurrency: 1, n_calls: 3_000 };

fn main() -> Result<()> {
    sink::serve_if_asked()?;
    if let Some((name, address)) = arm::role() {
        let caller = caller(&name, &address)?;
        return arm::obey(|order| caller.run(order));
    }
    let sink = sink::Sink::start()?;
    let is_quick = std::env::args().any(|argument| argument == "--quick");
    let n_rounds = if is_quick { 5 } else { ROUNDS };
    let started: Result<Vec<Arm>> =
        ARMS.iter().map(|name| Arm::start(name, &sink.address)).collect();
    let mut arms = started?;
    for arm in &mut arms {
        arm.run(WIDE)?;
    }
    // Every round has all of them, so that what else the machine does falls on all alike.
    let mut wide = vec![Vec::new(); arms.len()];
    let mut single = vec![Vec::new(); arms.len()];
    for round in 0..n_rounds {
        for n in (0..arms.len()).map(|n| (n + round) % ARMS.len()) {
            wide[n].push(arms[n].run(WIDE)?);
            single[n].push(arms[n].run(SINGLE)?);
        }
    }
    print("64 calls at a time", &wide);
    print("one call at a time", &single);
    print_ratios(&wide);
    Ok(())
}

fn print(title: &str, answers: &[Vec<Answer>]) {
    println!("{title}");
    println!(
        "{:<24}{:>9}{:>9}{:>12}{:>12}{:>12}{:>9}{:>9}{:>11}{:>11}",
        "", "calls/s", "of plain", "CPU/call", "added", "best", "allocs", "added", "p50", "p99"
    );
    let plain = &answers[0];
    for (name, own) in ARMS.iter().zip(answers) {
        println!(
            "{name:<24}{:>9.0}{:>7.1} %{:>9.2} us{:>9.2} us{:>9.2} us{:>9.2}{:>9.2}{:>8.1} us{:>8.1} us",
            median(own, |answer| answer.calls_per_second),
            paired(own, plain, |own, plain| own.calls_per_second / plain.calls_per_second) * 100.0,
            median(own, |answer| answer.cpu_ns_per_call) / 1e3,
            paired(own, plain, |own, plain| own.cpu_ns_per_call - plain.cpu_ns_per_call) / 1e3,
            best(own) / 1e3,
            median(own, |answer| answer.allocations_per_call),
            paired(own, plain, |own, plain| own.allocations_per_call - plain.allocations_per_call),
            median(own, |answer| answer.p50_ns) / 1e3,
            median(own, |answer| answer.p99_ns) / 1e3,
        );
    }
    println!();
}

fn print_ratios(wide: &[Vec<Answer>]) {
    let of = |name: &str| ARMS.iter().position(|arm| *arm == name).map_or(&wide[0], |n| &wide[n]);
    let added = |name: &str| {
        paired(of(name), of(PLAIN), |own, plain| own.cpu_ns_per_call - plain.cpu_ns_per_call)
    };
    let share = |name: &str| {
        paired(of(name), of(PLAIN), |own, plain| own.calls_per_second / plain.calls_per_second)
    };
    let least = |name: &str| best(of(name)) - best(of(PLAIN));
    for name in [WRAP, EGRET, DROP_IN, TRACING] {
        println!("throughput of {name} / plain reqwest: {:.3}", share(name));
    }
    for name in [WRAP, EGRET, DROP_IN] {
        println!("added CPU of {name} / reqwest-tracing: {:.3}", added(name) / added(TRACING));
        println!("the same of the best rounds: {:.3}", least(name) / least(TRACING));
    }
}

/// The CPU time of the round that was disturbed least.
fn best(answers: &[Answer]) -> f64 {
    answers.iter().map(|answer| answer.cpu_ns_per_call).fold(f64::INFINITY, f64::min)
}

fn median(answers: &[Answer], of: impl Fn(&Answer) -> f64) -> f64 {
    middle(answers.iter().map(of).collect())
}

/// The median of what each round gave for one beside the other.
fn paired(own: &[Answer], plain: &[Answer], of: impl Fn(&Answer, &Answer) -> f64) -> f64 {
    middle(own.iter().zip(plain).map(|(own, plain)| of(own, plain)).collect())
}

/// Passes everything on.
struct NoOp;

#[async_trait::async_trait]
impl Middleware for NoOp {
    async fn handle(
        &self,
        request: reqwest::Request,
        extensions: &mut http::Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        next.run(request, extensions).await
    }
}

/// The client that is tested under this name, set up as its documentation says.
fn caller(name: &str, address: &str) -> Result<Caller> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut settle: Box<dyn Fn() -> Result<()>> = Box::new(|| Ok(()));
    // egret: allow(reqwest) reason="the bare client is what the others are measured beside"
    let bare = || reqwest::Client::new();
    let client = match name {
        PLAIN => Client::Plain(bare()),
        EMPTY => Client::Wrapped(ClientBuilder::new(bare()).build()),
        NO_OP => Client::Wrapped(ClientBuilder::new(bare()).with(NoOp).build()),
        WRAP | EGRET | DROP_IN => {
            let config = Config::builder()
                .collector_url(format!("http://{address}"))
                .flush_interval(peers::INTERVAL)
                .service_name("peers");
            egret::init(config.build()?)?;
            settle = Box::new(|| Ok(egret::flush(Duration::from_secs(10))?));
            match name {
                WRAP => Client::Wrapped(egret::wrap(bare())),
                EGRET => Client::Wrapped(egret::reqwest_client().build()?),
                _ => Client::DropIn(egret::http::Client::new()),
            }
        }
        TRACING => {
            let provider = peers::trace_calls(address)?;
            settle = Box::new(move || Ok(provider.force_flush()?));
            let middleware = TracingMiddleware::default();
            Client::Wrapped(ClientBuilder::new(bare()).with(middleware).build())
        }
        _ => bail!("nothing is named {name}"),
    };
    Ok(Caller::new(address, client, runtime, settle))
}
