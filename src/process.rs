//! What the system tells of this process: memory and processor time.
//! Never guesses: where the system does not tell, there is nothing.

#[cfg(test)]
mod tests;

use crate::batch::Heartbeat;

/// Ticks of `/proc` in a second: part of Linux's interface to programs, on every architecture.
const TICK_NS: u64 = 1_000_000_000 / 100;

/// A sign of life, at a time.
pub(crate) fn heartbeat(unix_ns: u64) -> Heartbeat {
    let read = |path| std::fs::read_to_string(path).ok();
    Heartbeat {
        unix_ns,
        rss_bytes: read("/proc/self/status").and_then(|text| rss_bytes(&text)),
        cpu_ns: read("/proc/self/stat").and_then(|text| cpu_ns(&text)),
    }
}

/// `VmRSS:    1234 kB`.
fn rss_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

/// User and system time are the 14th and 15th field; the second, the program's name, may hold
/// blanks and parentheses, so fields are counted from its last one.
fn cpu_ns(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    ticks()?.checked_add(ticks()?)?.checked_mul(TICK_NS)
}
