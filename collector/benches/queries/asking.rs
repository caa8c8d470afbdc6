//! The collector over the data, and questions to it with the time that they take.
//! Never counts the first answer: it opens files that the others find in memory.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use egret_collector::Collector;
use serde_json::Value;
use tokio::runtime::Runtime;

/// Answers whose median is printed.
const N_ANSWERS: usize = 20;

/// A running collector and its client.
pub(crate) struct Asking {
    runtime: Runtime,
    collector: Collector,
    http: reqwest::Client,
}

impl Asking {
    /// Starts a collector over a directory.
    pub(crate) fn start(dir: &Path) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let start = Collector::builder().data_dir(dir).start();
        let collector = runtime.block_on(start).context("the collector does not start")?;
        // egret: allow(unwrapped-client) reason="the bench times the collector, and nothing beside it"
        Ok(Self { runtime, collector, http: reqwest::Client::new() })
    }

    /// Asks often enough, prints how long it took, and hands an answer out.
    pub(crate) fn measure(&self, name: &str, target_ms: f64, path: &str) -> Result<Value> {
        let (first_ms, _) = self.ask(path)?;
        let cpu_before = cpu_ms()?;
        let mut times = Vec::with_capacity(N_ANSWERS);
        let mut answer = String::new();
        for _ in 0..N_ANSWERS {
            let (ms, text) = self.ask(path)?;
            times.push(ms);
            answer = text;
        }
        let cpu_ms = (cpu_ms()? - cpu_before) / N_ANSWERS as f64;
        times.sort_by(f64::total_cmp);
        let median = f64::midpoint(times[N_ANSWERS / 2 - 1], times[N_ANSWERS / 2]);
        let (least, most) = (times[0], times[N_ANSWERS - 1]);
        println!(
            "{name:<58} median {median:>7.1} ms of {N_ANSWERS} (wanted < {target_ms:.0} ms); \
             {least:.1} to {most:.1}, the first {first_ms:.1}; CPU {cpu_ms:.1} ms each; {} bytes",
            answer.len()
        );
        serde_json::from_str(&answer).context("the answer is no JSON")
    }

    fn ask(&self, path: &str) -> Result<(f64, String)> {
        let url = format!("{}{path}", self.collector.url());
        let began = Instant::now();
        let (status, text) = self.runtime.block_on(async {
            let response = self.http.get(url).send().await?;
            let status = response.status();
            Ok::<_, anyhow::Error>((status, response.text().await?))
        })?;
        ensure!(status.is_success(), "{path}: {status} {text}");
        Ok((began.elapsed().as_secs_f64() * 1e3, text))
    }
}

/// CPU that this process has used, collector and client together: what a busy machine does not
/// change. It is counted in hundredths of a second on every Linux of today.
fn cpu_ms() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").context("CPU is read from /proc")?;
    let fields = stat.rsplit(") ").next().context("/proc/self/stat is not as it was")?;
    let used = fields.split(' ').skip(11).take(2).map(str::parse::<f64>);
    Ok(used.sum::<Result<f64, _>>()? * 10.0)
}
