//! How many calls a second one core of the collector takes: through HTTP, deduplicated, folded,
//! durable and searchable; beside the same run's floor, which receives and appends and no more.
//! Never asserts a speed: it prints what it saw, and fails only when the collector's counts are wrong.
//!
//! `cargo bench -p egret-collector --bench ingest` sends 3,000 batches of 1,000 calls from four
//! connections to each; `-- BATCHES` as many as that. CPU is that of the whole process, read from
//! `/proc`, so that it needs Linux.

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

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use batches::{CALLS, Folds};
use server::Server;

const CONNECTIONS: usize = 4;

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
    let n_batches = arguments.iter().find_map(|text| text.parse().ok()).unwrap_or(3_000);
    println!("{n_batches} batches of {CALLS} calls, {CONNECTIONS} connections, loopback");
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
        print("floor: receive and append", n_batches, &run(&Server::floor()?, &batches, false)?);
        print(name, n_batches, &run(&Server::collector()?, &batches, true)?);
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

fn print(name: &str, n_batches: usize, cost: &Cost) {
    let n_calls = (n_batches * CALLS) as f64;
    let Cost { wall, server, sender } = cost;
    println!("{name}");
    println!("  {:>12.0} calls/s per core", n_calls / server.as_secs_f64());
    println!("  {:>12.0} calls/s on this machine", n_calls / wall.as_secs_f64());
    println!(
        "  wall {:.2} s, server CPU {:.2} s, sender CPU {:.2} s",
        wall.as_secs_f64(),
        server.as_secs_f64(),
        sender.as_secs_f64()
    );
}
