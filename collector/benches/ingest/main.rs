//! How many calls a second one core of the collector takes: through HTTP, deduplicated, folded,
//! durable and searchable; beside the same run's floor, which receives and appends and no more.
//! Never asserts a speed: it prints what it saw, and fails only when the collector's counts are wrong.
//!
//! `cargo bench -p egret-collector --bench ingest` sends 3,000 batches of 1,000 calls from four
//! connections to each, five times, and prints the median; `-- BATCHES` as many as that. Every run has
//! a server of its own. `-- whole` measures from `log()` on instead: see `whole`. CPU is that of the whole process, read from `/proc`, so that it needs Linux.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a bench measures and prints"
)]

mod batches;
mod floor;
mod sender;
mod server;
mod service;
mod whole;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use batches::{CALLS, Folds};
use server::Server;

const CONNECTIONS: usize = 4;

/// Of so many runs the median is printed.
const RUNS: usize = 5;

/// What a run cost.
struct Cost {
    wall: Duration,
    server: Duration,
    sender: Duration,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, dir] = arguments.as_slice()
        && flag == "--floor"
    {
        return floor::serve(dir.as_ref());
    }
    match arguments.split_first() {
        Some((flag, told)) if flag == service::ROLE => return service::serve(told),
        _ if arguments.iter().any(|argument| argument == "whole") => return whole::print(),
        _ => {}
    }
    let n_batches = arguments.iter().find_map(|text| text.parse().ok()).unwrap_or(3_000);
    println!(
        "{n_batches} batches of {CALLS} calls, {CONNECTIONS} connections, loopback; median of \
         {RUNS} runs (least to most)"
    );
    let rounds = [
        (
            Folds::Sender,
            "collector, roll-ups made by the sender (as egret's client sends when it samples)",
        ),
        (
            Folds::Collector,
            "collector, adding every call up itself (as egret's client sends when it keeps all)",
        ),
    ];
    for (folds, name) in rounds {
        let batches = batches::make(n_batches, folds)?;
        let n_bytes: usize = batches.iter().map(Vec::len).sum();
        let bytes_a_call = n_bytes as f64 / (n_batches * CALLS) as f64;
        println!("\n{bytes_a_call:.1} bytes a call on the wire");
        let (mut floors, mut collectors) = (Vec::new(), Vec::new());
        // In turn, so that what else the machine does meets both.
        for _ in 0..RUNS {
            floors.push(run(&Server::floor()?, &batches, false)?);
            collectors.push(run(&Server::collector()?, &batches, true)?);
        }
        print("floor: receive and append", n_batches, floors);
        print(name, n_batches, collectors);
    }
    Ok(())
}

/// Sends all, and waits until the collector counts all and finds calls.
fn run(server: &Server, batches: &[Vec<u8>], is_collector: bool) -> Result<Cost> {
    let (began, sender_began) = (Instant::now(), server::cpu("self")?);
    let server_began = server.cpu()?;
    sender::send_all(server.address(), batches, CONNECTIONS)?;
    if is_collector {
        let expected = (batches.len() * CALLS) as u64;
        let counted = server.wait_for_count(expected)?;
        ensure!(counted == expected, "{counted} calls are counted, {expected} were acknowledged");
    }
    let cost = Cost {
        wall: began.elapsed(),
        server: server.cpu()?.saturating_sub(server_began),
        sender: server::cpu("self")?.saturating_sub(sender_began),
    };
    if is_collector {
        let found = sender::get(server.address(), "/api/v1/calls?host=api3.example.com&limit=5")?;
        let page: serde_json::Value = serde_json::from_str(&found).context("a page of calls")?;
        ensure!(page["calls"].as_array().is_some_and(|calls| calls.len() == 5), "not searchable");
    }
    Ok(cost)
}

fn print(name: &str, n_batches: usize, mut costs: Vec<Cost>) {
    let n_calls = (n_batches * CALLS) as f64;
    let a_second = |time: Duration| n_calls / time.as_secs_f64();
    println!("{name}");
    for (what, time) in [
        ("per core", (|cost| cost.server) as fn(&Cost) -> Duration),
        ("on this machine", |cost| cost.wall),
    ] {
        costs.sort_by_key(time);
        let [least, median, most] =
            [costs.len() - 1, costs.len() / 2, 0].map(|n| a_second(time(&costs[n])));
        println!("  {median:>12.0} calls/s {what} ({least:.0} to {most:.0})");
    }
    let median = |time: fn(&Cost) -> Duration| {
        let mut times: Vec<Duration> = costs.iter().map(time).collect();
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64()
    };
    println!(
        "  wall {:.2} s, server CPU {:.2} s, sender CPU {:.2} s",
        median(|cost| cost.wall),
        median(|cost| cost.server),
        median(|cost| cost.sender)
    );
}
