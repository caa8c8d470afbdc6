//! Memory of a loaded service whose collector never answers, beside its configured bound.
//! Never asserts: it prints what it saw.
//!
//! `cargo bench --bench memory` runs for 60 seconds; `-- SECONDS` for as long as that.

#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "a bench measures and prints")]

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use egret::{Call, Config, Egret};

const QUEUE_BYTES: u64 = 16 << 20;
const PENDING_BYTES: u64 = 16 << 20;
const MIB: f64 = 1024.0 * 1024.0;

/// Resident memory, in bytes.
fn rss_bytes() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()).context("no VmRSS")?;
    Ok(kib.parse::<u64>()? * 1024)
}

/// Accepts connections, reads what comes and says nothing.
fn black_hole() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || std::io::copy(&mut stream, &mut std::io::sink()));
        }
    });
    Ok(url)
}

/// Logs as fast as one thread can, with ids that do not compress.
fn load(egret: &Egret, thread: u64, stop: &AtomicBool) {
    let mut n = thread << 56;
    while !stop.load(Ordering::Relaxed) {
        n += 1;
        let id = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let url = format!("https://api.example.com/v1/items/{id:016x}?page={n}");
        egret.log(Call::new("GET", &url).status(200).duration(Duration::from_nanos(id >> 34)));
    }
}

fn main() -> Result<()> {
    let seconds = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(60);
    let config = Config::builder()
        .collector_url(black_hole()?)
        .queue_bytes(QUEUE_BYTES)
        .pending_bytes(PENDING_BYTES);
    let egret = Egret::start(config.build()?)?;
    egret.log(Call::new("GET", "https://api.example.com/first"));
    // The first batch builds the HTTP client, which loads the system's certificates.
    let _ = egret.flush(Duration::from_millis(500));
    let before = rss_bytes()?;
    let stop = Arc::new(AtomicBool::new(false));
    let threads: Vec<_> = (0..2)
        .map(|thread| {
            let (egret, stop) = (egret.clone(), Arc::clone(&stop));
            std::thread::spawn(move || load(&egret, thread, &stop))
        })
        .collect();
    let start = Instant::now();
    let mut peak = before;
    while start.elapsed() < Duration::from_secs(seconds) {
        std::thread::sleep(Duration::from_millis(50));
        peak = peak.max(rss_bytes()?);
    }
    stop.store(true, Ordering::Relaxed);
    for thread in threads {
        let _ = thread.join();
    }
    let stats = egret.stats();
    let bound = (QUEUE_BYTES + PENDING_BYTES) as f64 / MIB;
    let growth = (peak - before) as f64 / MIB;
    println!(
        "{seconds} s, {:.0} calls/s, collector black-holed",
        stats.offered as f64 / seconds as f64
    );
    println!(
        "bound {bound:.1} MiB, peak growth {growth:.1} MiB, difference {:+.1} MiB",
        growth - bound
    );
    println!(
        "offered {} = queued {} + in flight {} + dropped {:?}: {}",
        stats.offered,
        stats.queued,
        stats.in_flight,
        stats.dropped.by_name(),
        stats.is_conserved()
    );
    Ok(())
}
