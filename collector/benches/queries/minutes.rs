//! A past of one-minute roll-ups: 32 days, each series in every minute, 20 series a host.
//! Never goes through HTTP to load: the pack-writer writes what is over, the store's own writer the
//! minutes of the last half-hour, as the collector would have left them.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Result, anyhow, ensure};
use egret::minute::{Cell, Minutes, SeriesKey};
use egret::record::Kind;
use egret_collector::loading::{Failure, Loading};

use crate::asking::Asking;

const DAYS: u64 = 32;
const DAY: u64 = 1_440;
const SERIES_A_HOST: u64 = 20;
const MINUTE_SECONDS: u64 = 60;

/// What was loaded.
pub(crate) struct Past {
    n_series: u64,
    /// The minute after the last.
    end: u64,
    /// Calls of each series in the last 24 hours and in all, as they were made.
    calls_of_day: u64,
    calls_of_first_host: u64,
}

/// Loads about so many roll-ups, unless they are there.
pub(crate) fn load(dir: &Path, n_minutes: u64) -> Result<Past> {
    let n_series = (n_minutes / (DAYS * DAY)).max(1);
    let note = dir.join("bench-minutes");
    if let Some(past) = read(&note, n_series) {
        println!("{} has the roll-ups already", dir.display());
        return Ok(past);
    }
    let began = Instant::now();
    let mut past = Past {
        n_series,
        end: egret::clock::unix_now_ns() / 60_000_000_000 + 1,
        calls_of_day: 0,
        calls_of_first_host: 0,
    };
    fill(dir, &mut past).map_err(|error| anyhow!("{error}"))?;
    let Past { end, calls_of_day, calls_of_first_host, .. } = past;
    fs::write(note, format!("{n_series} {end} {calls_of_day} {calls_of_first_host}"))?;
    let n_loaded = n_series * DAYS * DAY;
    let n_bytes = fs::metadata(dir.join("meta.db"))?.len();
    println!(
        "{n_loaded} roll-ups of {n_series} series, 4.5 calls each: loaded in {:.0} s by the \
         pack-writer; {:.2} GB, {:.1} bytes a roll-up, sums of half-hours included",
        began.elapsed().as_secs_f64(),
        n_bytes as f64 / 1e9,
        n_bytes as f64 / n_loaded as f64
    );
    Ok(past)
}

/// Asks what the issue asks, and more.
pub(crate) fn ask(asking: &Asking, past: &Past) -> Result<()> {
    let seconds = |minute: u64| minute * MINUTE_SECONDS;
    let (day, all) = (seconds(past.end - DAY), seconds(past.end - DAYS * DAY));
    let end = seconds(past.end);
    let last_day = format!("from={day}&to={end}");
    let summary =
        asking.measure("summary of 24 h", 100.0, &format!("/api/v1/summary?{last_day}"))?;
    ensure!(summary["count"] == past.calls_of_day, "{} calls in 24 h", summary["count"]);
    for metric in ["requests", "p95"] {
        let name = format!("32-day series of one host, {metric}");
        let path =
            format!("/api/v1/series?from={all}&to={end}&host=h0.example.com&metric={metric}");
        let series = asking.measure(&name, 50.0, &path)?;
        let count = &series["groups"][0]["count"];
        ensure!(*count == past.calls_of_first_host, "{count} calls of one host");
    }
    let one = "host=h0.example.com&group_by=template&metric=p95";
    let path = format!("/api/v1/series?from={all}&to={end}&{one}");
    asking.measure("32-day series of one host by template, p95", 50.0, &path)?;
    let path = format!("/api/v1/summary?{last_day}&host=h0.example.com");
    asking.measure("summary of 24 h of one host", 100.0, &path)?;
    let path = format!("/api/v1/series?{last_day}&group_by=host&step=1h&metric=p95");
    asking.measure("24-hour series of all hosts, by the hour, p95", 1_000.0, &path)?;
    let path = format!("/api/v1/summary?from={all}&to={end}");
    asking.measure("summary of 32 days", 1_000.0, &path)?;
    Ok(())
}

/// Packs half an hour of so many series, as the collector does between two groups, and prints how
/// long it holds the next group up.
pub(crate) fn measure_packing(n_series: u64) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let begin = egret::clock::unix_now_ns() / 60_000_000_000 / 30 * 30 - 60;
    let pack = || {
        let mut loading = Loading::open(dir.path())?;
        let mut times = Vec::new();
        // The second half-hour finds the rows of the first.
        for begin in [begin, begin + 30] {
            for n in 0..n_series {
                let (names, mut numbers, mut hot) = (Names::of(n), Numbers(n), Minutes::default());
                for minute in begin..begin + 30 {
                    hot.merge(names.key(minute), &cell(&mut numbers, n));
                }
                loading.hot(&names.service, hot)?;
            }
            loop {
                let started = Instant::now();
                let is_more = loading.pack((begin + 40) * MINUTE_SECONDS * 1_000_000_000)?;
                times.push(started.elapsed().as_secs_f64() * 1e3);
                if !is_more {
                    break;
                }
            }
        }
        Ok::<_, Failure>(times)
    };
    let times = pack().map_err(|error| anyhow!("{error}"))?;
    let longest = times.iter().copied().fold(0.0, f64::max);
    let all: f64 = times.iter().sum();
    let n_rows = n_series * 60;
    println!(
        "packing {n_rows} roll-ups in {} steps: the longest {longest:.1} ms (wanted < 50 ms), all \
         {all:.0} ms, {:.1} us a roll-up",
        times.len(),
        all * 1e3 / n_rows as f64
    );
    Ok(())
}

fn read(note: &Path, n_series: u64) -> Option<Past> {
    let text = fs::read_to_string(note).ok()?;
    let numbers: Option<Vec<u64>> = text.split(' ').map(|number| number.parse().ok()).collect();
    let &[found, end, calls_of_day, calls_of_first_host] = numbers?.as_slice() else {
        return None;
    };
    (found == n_series).then_some(Past { n_series, end, calls_of_day, calls_of_first_host })
}

fn fill(dir: &Path, past: &mut Past) -> Result<(), Failure> {
    let mut loading = Loading::open(dir)?;
    let begin = past.end - DAYS * DAY;
    // The collector packs a half-hour five minutes after its end.
    let packed_to = (past.end - 5) / 30 * 30;
    for n in 0..past.n_series {
        let names = Names::of(n);
        let mut numbers = Numbers(n);
        let (mut of_day, mut of_all) = (0, 0);
        let mut cells = (begin..past.end).map(|minute| {
            let cell = cell(&mut numbers, n);
            of_all += cell.count;
            of_day += if minute >= past.end - DAY { cell.count } else { 0 };
            (minute, cell)
        });
        let mut packed = cells.by_ref().take((packed_to - begin) as usize);
        loading.packed(&names.service, names.key(0), &mut packed)?;
        let mut hot = Minutes::default();
        cells.for_each(|(minute, cell)| hot.merge(names.key(minute), &cell));
        loading.hot(&names.service, hot)?;
        past.calls_of_day += of_day;
        if n < SERIES_A_HOST {
            past.calls_of_first_host += of_all;
        }
    }
    Ok(())
}

/// What a series is called: ten endpoints a host, each good or failed.
struct Names {
    service: String,
    host: String,
    template: String,
    method: &'static str,
    status: u16,
}

impl Names {
    fn of(n: u64) -> Self {
        let (host, within) = (n / SERIES_A_HOST, n % SERIES_A_HOST);
        Self {
            service: format!("service-{}", host % 20),
            host: format!("h{host}.example.com"),
            template: format!("/v1/resource{}/{{int}}", within / 4),
            method: ["GET", "POST"][(within / 2 % 2) as usize],
            status: if within % 2 == 0 { 200 } else { 503 },
        }
    }

    fn key(&self, minute: u64) -> SeriesKey<&str> {
        SeriesKey {
            minute,
            kind: Kind::Client,
            status: self.status,
            target: "example",
            method: self.method,
            host: &self.host,
            template: &self.template,
            error_type: "",
            consumer: "",
        }
    }
}

/// A minute of 1 to 8 calls, between half and four times of what is usual for the series.
fn cell(numbers: &mut Numbers, series: u64) -> Cell {
    let mut cell = Cell { count: 1 + numbers.below(8), ..Cell::default() };
    let usual_ns = 5_000_000 + 7_000_000 * (series % 40);
    for _ in 0..cell.count {
        cell.request_bytes += numbers.below(300);
        cell.response_bytes += numbers.below(20_000);
        let slow = 1 + numbers.below(8) / 7 * 2;
        let ttfb_ns = usual_ns / 2 * slow + numbers.below(usual_ns);
        cell.ttfb.record(ttfb_ns);
        cell.duration.record(ttfb_ns + numbers.below(3_000_000));
    }
    cell
}

/// A generator whose numbers are the same in every run (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % n
    }
}
