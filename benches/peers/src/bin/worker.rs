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
use egret::{Assembly, Call, Config, Egret, Rows, Sending, Transport, Verdict};
use egret_peers::encodings::{Compressed, lines, otlp};
use egret_peers::traffic::{Made, traffic};
use egret_peers::{entropy, sink};

/// Calls of a round; a multiple of every batch size.
const N_CALLS: usize = 40_000;

const SIZES: [usize; 3] = [100, 1_000, 10_000];

fn main() -> Result<()> {
    sink::serve_if_asked()?;
    let n_rounds = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(7);
    let calls = traffic(N_CALLS);
    let urls: Vec<String> = calls.iter().map(Made::url).collect();
    let shares = entropy::columns(&calls);
    let entropy = entropy::bytes_per_call(&shares);
    let distinct = |of: fn(&Made) -> String| {
        calls.iter().map(of).collect::<std::collections::HashSet<_>>().len()
    };
    println!(
        "{N_CALLS} calls to {} hosts, {} templates; best of {n_rounds} rounds, thread CPU",
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
    let only: Option<usize> = std::env::args().nth(3).and_then(|text| text.parse().ok());
    for size in SIZES.into_iter().filter(|size| only.is_none_or(|only| only == *size)) {
        let cost = best(n_rounds, || assemble(&records, size))?;
        egret_cost.push((size, cost));
        print("egret", size, cost, entropy);
    }
    if std::env::args().nth(2).as_deref() == Some("egret") {
        return if only.is_some() { Ok(()) } else { post(n_rounds, &calls, &urls) };
    }
    type Encode = fn(&[Record<'_>], Compressed) -> Result<Vec<u8>>;
    let peers: [(&str, Encode, Compressed); 3] = [
        ("JSON lines + zstd-1", lines, Compressed::Zstd),
        ("OTLP protobuf + zstd-1", otlp, Compressed::Zstd),
        ("OTLP protobuf + gzip", otlp, Compressed::Gzip),
    ];
    let mut ratios = Vec::new();
    for (name, encode, compressed) in peers {
        for (size, egret) in &egret_cost {
            let cost = best(n_rounds.min(3), || {
                let mut n_bytes = 0;
                let began = own_cpu_ns();
                for batch in records.chunks(*size) {
                    n_bytes += black_box(encode(batch, compressed)?).len();
                }
                Ok((own_cpu_ns() - began, n_bytes))
            })?;
            print(name, *size, cost, entropy);
            ratios.push((name, *size, egret.0 / cost.0, egret.1 / cost.1));
        }
    }
    println!();
    for (name, size, cpu, bytes) in ratios {
        println!("egret / {name}, {size} a batch: {cpu:.2} of the CPU, {bytes:.2} of the bytes");
    }
    post(n_rounds, &calls, &urls)
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

/// Rows to finished batches, as egret's thread makes them; (CPU, bytes).
fn assemble(records: &[Record<'_>], size: usize) -> Result<(u64, usize)> {
    let mut rows = Rows::default();
    records.iter().for_each(|record| rows.push(record));
    let mut assembly = Assembly::new(resource(), size)?;
    // The first round fills what is used again.
    assembly.push(&rows, |batch| drop(black_box(batch)));
    let mut n_bytes = 0;
    let began = own_cpu_ns();
    assembly.push(&rows, |batch| n_bytes += black_box(batch).len());
    Ok((own_cpu_ns() - began, n_bytes))
}

/// The cheapest of several rounds, in (nanoseconds, bytes) a record.
fn best(n_rounds: usize, mut round: impl FnMut() -> Result<(u64, usize)>) -> Result<(f64, f64)> {
    let mut best = (f64::MAX, 0.0);
    for _ in 0..n_rounds {
        let (cpu_ns, n_bytes) = round()?;
        let n = N_CALLS as f64;
        best = (best.0.min(cpu_ns as f64 / n), n_bytes as f64 / n);
    }
    Ok(best)
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

/// The whole thread of a running client: with nowhere to send to, and to a server on loopback; of
/// few calls by `log()`, and of the calls of the table above.
fn post(n_rounds: usize, made: &[Made], urls: &[String]) -> Result<()> {
    println!("\nthe whole thread of a running client, at about 450,000 calls a second:");
    let sink = sink::Sink::start()?;
    let config = || Config::builder().service_name("peers").flush_interval(Duration::from_secs(60));
    let nowhere = Egret::start_with(config().build()?, Nowhere)?;
    both("to nowhere", n_rounds, &nowhere, made, urls)?;
    let _ = nowhere.shutdown(Duration::from_secs(5));
    let loopback = Egret::start(config().collector_url(sink.url("")).build()?)?;
    both("over HTTP", n_rounds, &loopback, made, urls)?;
    let _ = loopback.shutdown(Duration::from_secs(5));
    Ok(())
}

fn both(to: &str, n_rounds: usize, egret: &Egret, made: &[Made], urls: &[String]) -> Result<()> {
    let samples = egret_peers::calls::samples(4_096);
    let few = best_thread(n_rounds, egret, |n| {
        let sample = &samples[n % samples.len()];
        let duration =
            Duration::from_nanos(1_000_000 + (n as u64).wrapping_mul(7_919) % 90_000_000);
        let call = Call::new(sample.method, &sample.url).status(sample.status);
        egret.log(call.template(sample.template).duration(duration));
    })?;
    let many = best_thread(n_rounds, egret, |n| {
        let (made, url) = (&made[n % made.len()], &urls[n % made.len()]);
        egret.log(made.call(url));
    })?;
    println!("  {to:<12} {few:>6.0} ns a record of 8 shapes, {many:>6.0} ns of those above");
    Ok(())
}

fn best_thread(n_rounds: usize, egret: &Egret, log: impl Fn(usize)) -> Result<f64> {
    let thread = thread_of_egret()?;
    let mut best = f64::MAX;
    for round in 0..=n_rounds {
        let began = cpu_ns(&thread)?;
        let n_calls = 100_000;
        for n in 0..n_calls {
            log(n);
            if n % 1_000 == 999 {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
        egret.flush(Duration::from_secs(10)).context("not delivered")?;
        if round > 0 {
            best = best.min((cpu_ns(&thread)? - began) as f64 / n_calls as f64);
        }
    }
    Ok(best)
}

/// The place of egret's own thread in `/proc`.
fn thread_of_egret() -> Result<String> {
    for entry in std::fs::read_dir("/proc/self/task")? {
        let path = entry?.path();
        if std::fs::read_to_string(path.join("comm"))?.trim() == "egret" {
            let id = path.file_name().and_then(|name| name.to_str()).context("no thread id")?;
            return Ok(format!("self/task/{id}"));
        }
    }
    anyhow::bail!("egret has no thread")
}

/// CPU of this thread so far, in nanoseconds.
fn own_cpu_ns() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs()
}

/// CPU of a thread that sleeps, in nanoseconds; that of one that runs is told with a delay.
fn cpu_ns(thread: &str) -> Result<u64> {
    let path = format!("/proc/{thread}/schedstat");
    let stat =
        std::fs::read_to_string(path).context("CPU is read from /proc, which needs Linux")?;
    let first = stat.split_whitespace().next().context("no CPU time")?;
    Ok(first.parse()?)
}
