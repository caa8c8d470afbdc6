//! The questions, and how long each takes.
//! Never the same question twice in a row: a median of one page that is in memory would say little.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use egret_collector::Collector;
use serde_json::Value;

use crate::fleet::{Fleet, Sample};
use crate::sender;

const TIMES: usize = 20;

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

pub(crate) fn ask_all(collector: &Collector, fleet: &Fleet) -> Result<()> {
    let address = &collector.local_addr().to_string();
    for (name, question) in QUESTIONS {
        let (mut times, mut n_calls) = (Vec::new(), 0);
        for n in 0..TIMES {
            // Spread over the day; samples are in the order of time.
            let sample = &fleet.samples[(n * 7 + 3) * fleet.samples.len() / (TIMES * 7 + 3)];
            let path = format!("/api/v1/calls?limit=100&{}", question(sample));
            let began = Instant::now();
            let answer = sender::get(address, &path)?;
            times.push(began.elapsed());
            let page: Value = serde_json::from_str(&answer).context("a page of calls")?;
            let found = page["calls"].as_array().context("calls")?;
            let expects_none = path.contains("needle") || path.contains("min_duration");
            ensure!(expects_none || !found.is_empty(), "nothing found: {path}");
            n_calls += found.len();
        }
        times.sort_unstable();
        println!(
            "  {:>8.2} ms median, {:>8.2} ms worst of {TIMES}: {name} ({:.0} calls a page)",
            times[TIMES / 2].as_secs_f64() * 1e3,
            times[TIMES - 1].as_secs_f64() * 1e3,
            n_calls as f64 / TIMES as f64
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

/// Braces are not for URLs.
fn encoded(text: &str) -> String {
    text.replace('{', "%7B").replace('}', "%7D")
}
