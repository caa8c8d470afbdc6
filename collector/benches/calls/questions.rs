//! The questions, and how long each takes.
//! Never the same question twice in a row: a median of one page that is in memory would say little.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use egret_collector::Collector;
use serde_json::Value;

use crate::fleet::{Fleet, Sample};
use crate::sender;

/// What a page may be asked for, of a call that is known to be there.
type Question = fn(&Sample) -> String;

const QUESTIONS: [(&str, Question); 8] = [
    ("the newest", |_| String::new()),
    ("by host", |call| format!("host={}", call.host)),
    ("by host and status class", |call| format!("host={}&status=5xx", call.host)),
    ("by template and min duration", |call| {
        format!("template={}&min_duration=1s", encoded(&call.template))
    }),
    ("by trace id", |call| format!("trace_id={}", call.trace_id)),
    ("by a rare text in the path", |call| format!("path={}", call.path_id)),
    ("by a text in no path", |_| "path=needle-in-hay".to_owned()),
    ("of a whole day ago, by host", |call| format!("host={}&to=20h", call.host)),
];

/// Asks each question so many times.
pub(crate) fn ask_all(collector: &Collector, fleet: &Fleet, n_times: usize) -> Result<()> {
    let address = &collector.local_addr().to_string();
    for (name, question) in QUESTIONS {
        let (mut times, mut costs_ns, mut n_calls) = (Vec::new(), Vec::new(), 0);
        for n in 0..n_times {
            // Spread over the day; samples are in the order of time.
            let sample = &fleet.samples[(n * 7 + 3) * fleet.samples.len() / (n_times * 7 + 3)];
            let path = format!("/api/v1/calls?limit=100&{}", question(sample));
            let (began, cpu_began_ns) = (Instant::now(), cpu_ns()?);
            let answer = sender::get(address, &path)?;
            times.push(began.elapsed());
            costs_ns.push(cpu_ns()?.saturating_sub(cpu_began_ns));
            let page: Value = serde_json::from_str(&answer).context("a page of calls")?;
            let found = page["calls"].as_array().context("calls")?;
            let expects_none = path.contains("needle") || path.contains("min_duration");
            ensure!(expects_none || !found.is_empty(), "nothing found: {path}");
            n_calls += found.len();
        }
        times.sort_unstable();
        costs_ns.sort_unstable();
        println!(
            "  {:>8.2} ms median, {:>8.2} ms of CPU, {:>8.2} ms worst of {n_times}: {name} ({:.0} calls \
             a page)",
            times[n_times / 2].as_secs_f64() * 1e3,
            costs_ns[n_times / 2] as f64 / 1e6,
            times[n_times - 1].as_secs_f64() * 1e3,
            n_calls as f64 / n_times as f64
        );
    }
    let sample = &fleet.samples[fleet.samples.len() / 3];
    let page = sender::get(address, &format!("/api/v1/calls?trace_id={}", sample.trace_id))?;
    let page: Value = serde_json::from_str(&page)?;
    let path = format!("/api/v1/calls/{}", page["calls"][0]["id"].as_str().context("an id")?);
    let began = Instant::now();
    let answer: Value = serde_json::from_str(&sender::get(address, &path)?)?;
    ensure!(answer["call"]["id"] == page["calls"][0]["id"], "another call");
    println!("  {:>8.2} ms once: one call with its attempts", began.elapsed().as_secs_f64() * 1e3);
    Ok(())
}

/// Processor time of all threads of this process: on a busy machine it says more than a clock.
fn cpu_ns() -> Result<u64> {
    let mut sum = 0;
    for task in std::fs::read_dir("/proc/self/task")? {
        // A thread may end between the listing and here.
        let Ok(text) = std::fs::read_to_string(task?.path().join("schedstat")) else {
            continue;
        };
        sum += text.split(' ').next().and_then(|ns| ns.parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(sum)
}

/// Braces are not for URLs.
fn encoded(text: &str) -> String {
    text.replace('{', "%7B").replace('}', "%7D")
}
