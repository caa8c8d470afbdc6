//! What egret's thread pays for each record, and how many bytes go over the wire: rows read,
//! folded, sampled, encoded, compressed and posted, beside other encodings of the same calls.
//! It never asserts: it prints what it saw, and the ratios.
//!
//! `worker [ROUNDS] [egret [SIZE]]`: with `egret` its peers are left out, with a size also the
//! running client.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use egret::batch::Resource;
use egret::record::Record;
use egret::{Assembly, Config, Egret, Rows, Sending, Transport, Verdict};
use egret_peers::encodings::{Compression, Compressor, lines, otlp};
use egret_peers::measure::middle;
use egret_peers::traffic::{Made, traffic};
use egret_peers::{entropy, sink, thread};

/// Calls of a round; a multiple of every batch size.
const N_CALLS: usize = 40_000;

const SIZES: [usize; 3] = [100, 1_000, 10_000];

fn main() -> Result<()> {
    sink::serve_if_asked()?;
    let is_quick = std::env::args().any(|argument| argument == "--quick");
    let n_rounds = if is_quick { 3 } else { 7 };
    let calls = traffic(N_CALLS);
    let urls: Vec<String> = calls.iter().map(Made::url).collect();
    let shares = entropy::columns(&calls);
    let entropy = entropy::bytes_per_call(&shares);
    let distinct = |of: fn(&Made) -> String| {
        calls.iter().map(of).collect::<std::collections::HashSet<_>>().len()
    };
    println!(
        "{N_CALLS} calls to {} hosts, {} templates; median of {n_rounds} rounds, thread CPU",
        distinct(|call| call.host.clone()),
        distinct(|call| format!("{}{}", call.host, call.template)),
    );
    println!("order-0 entropy: {entropy:.1} bytes a call, of which");
    for (name, bits) in shares.iter().filter(|(_, bits)| *bits >= 0.1) {
        println!("  {name:<26}{:>6.2}", bits / 8.0);
    }
    let mut scratches = vec![String::new(); calls.len()];
    let records: Vec<Record<'_>> = calls
        .iter()
        .zip(&urls)
        .zip(&mut scratches)
        .map(|((call, url), scratch)| call.record(url, scratch))
        .collect();
    places(&records)?;
    println!("\n{:<28}{:>8}{:>12}{:>12}{:>12}", "", "batch", "ns/record", "B/record", "x entropy");
    let mut egret_cost = Vec::new();
    for size in SIZES {
        let cost = cost(n_rounds, assembler(&records, size)?)?;
        egret_cost.push((size, cost));
        print("egret", size, cost, entropy);
    }
    if !is_quick {
        beside(&records, n_rounds, entropy, &egret_cost)?;
    }
    let post_ns = post(n_rounds, &calls, &urls)?;
    let of_1_000 = egret_cost.iter().find(|cost| cost.0 == 1_000);
    let (ns, bytes) = of_1_000.context("1,000 is among the sizes")?.1;
    println!("egret, 1,000 a batch, with the post: {:.0} ns a record", ns + post_ns);
    println!("egret, 1,000 a batch, bytes / order-0 entropy: {:.3}", bytes / entropy);
    Ok(())
}

/// The peers, and egret's ratio to each.
fn beside(
    records: &[Record<'_>],
    n_rounds: usize,
    entropy: f64,
    egret: &[(usize, (f64, f64))],
) -> Result<()> {
    type Encode = fn(&[Record<'_>], &mut Compressor) -> Result<Vec<u8>>;
    let peers: [(&str, Encode, Compression); 3] = [
        ("JSON lines + zstd-1", lines, Compression::Zstd),
        ("OTLP protobuf + zstd-1", otlp, Compression::Zstd),
        ("OTLP protobuf + gzip", otlp, Compression::Gzip),
    ];
    let mut ratios = Vec::new();
    for (name, encode, compression) in peers {
        let mut compressor = Compressor::new(compression)?;
        for (size, egret) in egret {
            let cost = cost(n_rounds, || {
                let mut n_bytes = 0;
                for batch in records.chunks(*size) {
                    n_bytes += black_box(encode(batch, &mut compressor)?).len();
                }
                Ok(n_bytes)
            })?;
            print(name, *size, cost, entropy);
            ratios.push((name, *size, egret.0 / cost.0, egret.1 / cost.1));
        }
    }
    println!();
    for (name, size, cpu, bytes) in ratios {
        println!("egret / {name}, {size} a batch: {cpu:.2} of the CPU, {bytes:.2} of the bytes");
    }
    Ok(())
}

/// Where the bytes of batches of 1,000 calls are, by table and column.
fn places(records: &[Record<'_>]) -> Result<()> {
    let mut sums: Vec<(String, usize)> = Vec::new();
    let mut add = |name: String, n_bytes| match sums.iter_mut().find(|sum| sum.0 == name) {
        Some(sum) => sum.1 += n_bytes,
        None => sums.push((name, n_bytes)),
    };
    let mut headers = Vec::new();
    let mut rows = Rows::default();
    records.iter().for_each(|record| rows.push(record));
    let mut assembly = Assembly::new(resource(), 1_000)?;
    assembly.push(&rows, |batch| headers.push(header(&batch).map(<[u8]>::to_vec)));
    for header in headers {
        let header = header.context("a batch has a header")?;
        add("header".to_owned(), 13 + header.len());
        let header: serde_json::Value = serde_json::from_slice(&header)?;
        for table in header["tables"].as_array().into_iter().flatten() {
            for column in table["columns"].as_array().into_iter().flatten() {
                let name = format!("{} {}", table["name"], column[0]).replace('"', "");
                add(name, column[3].as_u64().and_then(|n| n.try_into().ok()).unwrap_or(0));
            }
        }
    }
    sums.sort_by_key(|sum| std::cmp::Reverse(sum.1));
    println!("\nbytes a call on the wire, 1,000 a batch, of which");
    for (name, n_bytes) in sums.iter().take(24) {
        println!("  {name:<34}{:>6.2}", *n_bytes as f64 / records.len() as f64);
    }
    Ok(())
}

fn header(batch: &[u8]) -> Option<&[u8]> {
    let (length, rest) = batch.get(9..)?.split_first_chunk()?;
    rest.get(..u32::from_le_bytes(*length) as usize)
}

fn resource() -> Resource {
    Resource::from([("service.name".to_owned(), "peers".to_owned())])
}

/// Makes finished batches of rows, as egret's thread does; says how many bytes they have.
fn assembler(records: &[Record<'_>], size: usize) -> Result<impl FnMut() -> Result<usize>> {
    let mut rows = Rows::default();
    records.iter().for_each(|record| rows.push(record));
    let mut assembly = Assembly::new(resource(), size)?;
    Ok(move || {
        let mut n_bytes = 0;
        assembly.push(&rows, |batch| n_bytes += black_box(batch).len());
        Ok(n_bytes)
    })
}

/// What a round costs this thread, which says how many bytes it made: (nanoseconds, bytes) a record.
fn cost(n_rounds: usize, mut round: impl FnMut() -> Result<usize>) -> Result<(f64, f64)> {
    let mut n_bytes = round()?;
    let mut costs = Vec::new();
    for _ in 0..n_rounds {
        let began = own_cpu_ns();
        n_bytes = round()?;
        costs.push((own_cpu_ns() - began) as f64 / N_CALLS as f64);
    }
    Ok((middle(costs), n_bytes as f64 / N_CALLS as f64))
}

fn print(name: &str, size: usize, (ns, bytes): (f64, f64), entropy: f64) {
    println!("{name:<28}{size:>8}{ns:>12.0}{bytes:>12.1}{:>12.2}", bytes / entropy);
}

/// Takes every batch and forgets it.
struct Nowhere;

impl Transport for Nowhere {
    fn send(&self, batch: Arc<[u8]>) -> Sending {
        black_box(batch);
        Box::pin(std::future::ready(Verdict::Delivered))
    }
}

/// The whole thread of a running client, with nowhere to send to and to a server on loopback, in turn;
/// says what the post is of that.
fn post(n_rounds: usize, made: &[Made], urls: &[String]) -> Result<f64> {
    println!("\nthe whole thread of a running client, `log()` and a flush every 1,000 calls:");
    let sink = sink::Sink::start()?;
    let config = || Config::builder().service_name("peers").flush_interval(Duration::from_secs(60));
    let nowhere = Egret::start_with(config().build()?, Nowhere)?;
    let of_nowhere = thread::others()?;
    let loopback = Egret::start(config().collector_url(sink.url("")).build()?)?;
    let mut of_loopback = thread::others()?;
    of_loopback.retain(|id| !of_nowhere.contains(id));
    let (mut without, mut with, mut posts) = (Vec::new(), Vec::new(), Vec::new());
    // A round is short, and what the system does beside falls on either side.
    for round in 0..=5 * n_rounds {
        let without_ns = thread_cost(&nowhere, &of_nowhere, made, urls)?;
        let with_ns = thread_cost(&loopback, &of_loopback, made, urls)?;
        if round > 0 {
            without.push(without_ns);
            with.push(with_ns);
            posts.push(with_ns - without_ns);
        }
    }
    println!("  to nowhere   {:>6.0} ns a record", middle(without));
    println!("  over HTTP    {:>6.0} ns a record", middle(with));
    Ok(middle(posts))
}

/// What these threads of egret's pay for each of the calls of the table, as far as `log()` can tell
/// them.
fn thread_cost(egret: &Egret, threads: &[String], made: &[Made], urls: &[String]) -> Result<f64> {
    let before = thread::seen(threads)?;
    for (n, (made, url)) in made.iter().zip(urls).enumerate() {
        egret.log(made.call(url));
        if n % 1_000 == 999 {
            egret.flush(Duration::from_secs(10)).context("not delivered")?;
        }
    }
    let cpu = thread::seen(threads)?.cpu - before.cpu;
    Ok(cpu.as_nanos() as f64 / made.len() as f64)
}

/// CPU of this thread so far, in nanoseconds.
fn own_cpu_ns() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs()
}
