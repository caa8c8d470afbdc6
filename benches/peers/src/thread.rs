//! What the system tells of single threads of this process: CPU time, wake-ups, memory of them all.
//! It never guesses: where Linux does not tell, it fails.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// A thread at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    pub cpu: Duration,
    /// How often it has slept and been woken.
    pub n_wake_ups: u64,
}

/// Every thread of this process but its first.
pub fn others() -> Result<Vec<String>> {
    let first = std::process::id().to_string();
    let mut ids = Vec::new();
    for entry in fs::read_dir("/proc/self/task")? {
        ids.push(entry?.file_name().to_string_lossy().into_owned());
    }
    ids.retain(|id| *id != first);
    Ok(ids)
}

/// What these threads have used together.
pub fn seen(ids: &[String]) -> Result<Seen> {
    let mut all = Seen { cpu: Duration::ZERO, n_wake_ups: 0 };
    for id in ids {
        let of = |file: &str| fs::read_to_string(format!("/proc/self/task/{id}/{file}"));
        let cpu = of("schedstat")?;
        let cpu = cpu.split(' ').next().context("an empty schedstat")?;
        all.cpu += Duration::from_nanos(cpu.parse()?);
        all.n_wake_ups += number(&of("status")?, "voluntary_ctxt_switches:")?;
    }
    Ok(all)
}

/// Memory of this process that is in RAM, in MiB.
pub fn resident_mib() -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    Ok(number(&status, "VmRSS:")? as f64 / 1024.0)
}

/// The most that it ever was.
pub fn peak_mib() -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    Ok(number(&status, "VmHWM:")? as f64 / 1024.0)
}

fn number(status: &str, name: &str) -> Result<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.with_context(|| format!("no {name}"))?.parse()?)
}
