//! A streamed gibibyte and a stream of events through a bare and a wrapped client, side by side.
//! Never asserts: it prints what it saw.
//!
//! `cargo bench --bench stream` downloads 1 GiB and reads 500 events with each client, in turns;
//! `-- MEBIBYTES` downloads as much as that. The server is a process of its own, so that the memory
//! told is the client's.

#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "a bench measures and prints")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use egret::{Config, Egret};
use reqwest_middleware::ClientWithMiddleware;

const MIB: usize = 1 << 20;
const N_EVENTS: usize = 500;
const N_ROUNDS: usize = 3;

/// Serves `/bytes/MEBIBYTES` and `/events` until its input ends.
fn serve() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that leaves is no trouble of ours.
            std::thread::spawn(move || answer(stream));
        }
    });
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

fn answer(mut stream: TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut line = String::new();
    BufReader::new(stream.try_clone()?).read_line(&mut line)?;
    let path = line.split(' ').nth(1).context("no path")?.to_owned();
    if let Some(mebibytes) = path.strip_prefix("/bytes/") {
        let n: usize = mebibytes.parse()?;
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            n * MIB
        )?;
        let block = vec![7; MIB];
        (0..n).try_for_each(|_| stream.write_all(&block))?;
        return Ok(());
    }
    let head = "connection: close\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked";
    write!(stream, "HTTP/1.1 200 OK\r\n{head}\r\n\r\n")?;
    for _ in 0..N_EVENTS {
        let event = format!("data: {:020}\n\n", unix_ns());
        stream.write_all(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes())?;
        std::thread::sleep(Duration::from_millis(2));
    }
    stream.write_all(b"0\r\n\r\n")?;
    Ok(())
}

/// Wall time, which both processes read alike.
fn unix_ns() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos())
}

/// Resident memory, in bytes.
fn rss_bytes() -> Result<usize> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()).context("no VmRSS")?;
    Ok(kib.parse::<usize>()? * 1024)
}

/// What one download showed.
struct Download {
    seconds: f64,
    growth_bytes: usize,
}

async fn download(client: &ClientWithMiddleware, url: &str, n_bytes: usize) -> Result<Download> {
    let before = rss_bytes()?;
    let (start, mut seen, mut peak, mut next_look) = (Instant::now(), 0, before, 0);
    let mut response = client.get(url).send().await?;
    while let Some(chunk) = response.chunk().await? {
        seen += chunk.len();
        if seen >= next_look {
            peak = peak.max(rss_bytes()?);
            next_look += 16 * MIB;
        }
    }
    ensure!(seen == n_bytes, "{seen} of {n_bytes} bytes came");
    let growth_bytes = peak.saturating_sub(before);
    Ok(Download { seconds: start.elapsed().as_secs_f64(), growth_bytes })
}

/// Microseconds from the writing of each event to its reading, in order of size.
async fn delays(client: &ClientWithMiddleware, url: &str) -> Result<Vec<f64>> {
    let (mut delays, mut unread) = (Vec::new(), String::new());
    let mut response = client.get(url).send().await?;
    while let Some(chunk) = response.chunk().await? {
        let now = unix_ns();
        unread.push_str(std::str::from_utf8(&chunk)?);
        while let Some((event, rest)) = unread.split_once("\n\n") {
            let written = event.strip_prefix("data: ").context("not an event")?;
            delays.push(now.saturating_sub(written.parse()?) as f64 / 1e3);
            unread = rest.to_owned();
        }
    }
    ensure!(delays.len() == N_EVENTS, "{} of {N_EVENTS} events came", delays.len());
    delays.sort_by(f64::total_cmp);
    Ok(delays)
}

fn start_server() -> Result<(Child, String)> {
    let mut server = Command::new(std::env::current_exe()?)
        .arg("--serve")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut address = String::new();
    BufReader::new(server.stdout.take().context("no output")?).read_line(&mut address)?;
    Ok((server, format!("http://{}", address.trim())))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() -> Result<()> {
    if std::env::args().any(|argument| argument == "--serve") {
        return serve();
    }
    let mebibytes =
        std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(1024);
    let (mut server, url) = start_server()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let egret = Egret::start_with(Config::builder().build()?, egret::MemoryTransport::default())?;
    // egret: allow(reqwest) reason="the peer that the wrapped client is compared with"
    let bare = reqwest_middleware::ClientBuilder::new(reqwest::Client::new()).build();
    let clients = [("bare", bare), ("wrapped", egret.wrap(reqwest::Client::new()))];
    let result = runtime.block_on(compare(&clients, &url, mebibytes));
    drop(server.stdin.take());
    server.wait()?;
    result
}

async fn compare(
    clients: &[(&str, ClientWithMiddleware)],
    url: &str,
    mebibytes: usize,
) -> Result<()> {
    let (bytes_url, events_url) = (format!("{url}/bytes/{mebibytes}"), format!("{url}/events"));
    let mut figures = vec![(Vec::new(), Vec::new(), Vec::new(), Vec::new()); clients.len()];
    for _ in 0..N_ROUNDS {
        for ((_, client), (seconds, growth, p50, p99)) in clients.iter().zip(&mut figures) {
            let download = download(client, &bytes_url, mebibytes * MIB).await?;
            seconds.push(download.seconds);
            growth.push(download.growth_bytes as f64 / MIB as f64);
            let delays = delays(client, &events_url).await?;
            p50.push(delays[N_EVENTS / 2]);
            p99.push(delays[N_EVENTS * 99 / 100]);
        }
    }
    println!("medians of {N_ROUNDS} rounds, {mebibytes} MiB and {N_EVENTS} events in each");
    println!("client    seconds   memory grew   event p50     p99");
    for ((name, _), (seconds, growth, p50, p99)) in clients.iter().zip(figures) {
        println!(
            "{name:<9} {:>7.2} {:>9.1} MiB {:>8.0} us {:>4.0} us",
            median(seconds),
            median(growth),
            median(p50),
            median(p99),
        );
    }
    Ok(())
}
