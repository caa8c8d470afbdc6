//! How long a page of calls takes among ten million, and how much room a call takes.
//! Never asserts a speed: it prints what it saw, and fails only when an answer is wrong.
//!
//! `cargo bench -p egret-collector --bench calls` sends 10,000,000 calls of the last day to a
//! collector in this process, over HTTP; restarts it, which regroups the closed hours; and asks. Each
//! figure is the median of 20 questions over HTTP, each with other values; CPU is that of this whole
//! process, sender included, read from `/proc`. `EGRET_BENCH_CALLS` sets another number of calls, `EGRET_BENCH_DIR` a directory for the data (it must be empty, and stays).

#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "a bench measures and prints")]

mod fleet;
mod questions;
#[path = "../ingest/sender.rs"]
mod sender;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use egret_collector::Collector;
use fleet::{CALLS, Fleet};

/// Batches that are made and sent at once.
const CHUNK: usize = 500;

const CONNECTIONS: usize = 2;

fn main() -> Result<()> {
    let n_calls = std::env::var("EGRET_BENCH_CALLS").ok().and_then(|n| n.parse().ok());
    let n_batches = n_calls.unwrap_or(10_000_000usize).div_ceil(CALLS);
    let temporary = tempfile::tempdir()?;
    let dir =
        std::env::var_os("EGRET_BENCH_DIR").map_or(temporary.path().to_owned(), PathBuf::from);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let start = || runtime.block_on(Collector::builder().data_dir(&dir).start());
    let mut fleet = Fleet::new();
    println!(
        "{} calls of a day, {} hosts, {} templates",
        n_batches * CALLS,
        fleet::HOSTS,
        fleet::TEMPLATES
    );

    let collector = start()?;
    let began = Instant::now();
    load(&collector, n_batches, &mut fleet)?;
    println!("sent and stored in {:.1} s", began.elapsed().as_secs_f64());
    tell_room(&dir, "as received", n_batches)?;
    println!("\nas received, nothing regrouped:");
    questions::ask_all(&collector, &fleet, 3)?;
    runtime.block_on(collector.shutdown());

    let began = Instant::now();
    let collector = start()?;
    let n_left = wait_for_regrouping(&dir)?;
    println!("\nregrouped in {:.1} s, {n_left} batches left", began.elapsed().as_secs_f64());
    tell_room(&dir, "regrouped", n_batches)?;
    println!("\nregrouped:");
    questions::ask_all(&collector, &fleet, 20)?;
    runtime.block_on(collector.shutdown());
    Ok(())
}

/// Sends all, and waits until all are counted.
fn load(collector: &Collector, n_batches: usize, fleet: &mut Fleet) -> Result<()> {
    let mut left = n_batches;
    while left > 0 {
        let batches = fleet.batches(CHUNK.min(left), n_batches)?;
        left -= batches.len();
        sender::send_all(&collector.local_addr().to_string(), &batches, CONNECTIONS)?;
    }
    let expected = (n_batches * CALLS) as u64;
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(120) {
        let answer = sender::get(&collector.local_addr().to_string(), "/api/v1/summary?from=7d")?;
        let summary: serde_json::Value = serde_json::from_str(&answer).context("a summary")?;
        if summary["count"].as_u64() == Some(expected) {
            return Ok(());
        }
    }
    anyhow::bail!("not all of {expected} calls are counted");
}

/// Waits until the batches of closed hours are gone; how many are left, those of the open hour.
fn wait_for_regrouping(dir: &Path) -> Result<i64> {
    let began = Instant::now();
    let (mut last, mut since) = (-1, Instant::now());
    while began.elapsed() < Duration::from_secs(600) {
        let n_left = sum(dir, "SELECT count(*) FROM blocks")?;
        if n_left != last {
            (last, since) = (n_left, Instant::now());
        }
        if n_left == 0 || since.elapsed() > Duration::from_secs(20) {
            return Ok(n_left);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    anyhow::bail!("regrouping takes longer than ten minutes");
}

fn tell_room(dir: &Path, name: &str, n_batches: usize) -> Result<()> {
    let n_calls = (n_batches * CALLS) as f64;
    let pages = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
    let free = "SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size";
    let (whole, free) = (sum(dir, pages)? as f64 / n_calls, sum(dir, free)? as f64 / n_calls);
    let batches = "SELECT total(length(batch)) FROM (
        SELECT batch FROM blocks UNION ALL SELECT batch FROM regrouped)";
    let batches = total(dir, batches)? / n_calls;
    let drawers = total(dir, "SELECT total(length(bytes)) FROM drawers")? / n_calls;
    println!(
        "{name}: {whole:.1} bytes a call on disk ({free:.1} of them free for later calls), of which \
         {batches:.1} columns and {drawers:.1} filters"
    );
    Ok(())
}

fn days(dir: &Path) -> Result<Vec<rusqlite::Connection>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("calls-") && name.ends_with(".db") {
            files.push(rusqlite::Connection::open(&path)?);
        }
    }
    ensure!(!files.is_empty(), "no file of calls in {}", dir.display());
    Ok(files)
}

fn sum(dir: &Path, select: &str) -> Result<i64> {
    Ok(total(dir, select)? as i64)
}

/// Over the files of all days.
fn total(dir: &Path, select: &str) -> Result<f64> {
    let mut total = 0.0;
    for file in days(dir)? {
        total += file.query_row(select, [], |row| match row.get_ref(0)? {
            rusqlite::types::ValueRef::Integer(n) => Ok(n as f64),
            _ => row.get::<_, f64>(0),
        })?;
    }
    Ok(total)
}
