//! Decides which finished calls keep their details; their counts are kept whatever it says.
//! Never drops an error or a slow call, and never reads a clock.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use crate::host::HostPattern;
use crate::record::Record;

/// Hosts whose ceilings are remembered within one second; beyond them there is no ceiling.
const MAX_HOSTS: usize = 10_000;

/// What is kept.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sampling {
    /// Share of calls kept, from 0 to 1.
    pub(crate) rate: f64,
    /// Shares of single hosts, the first match counts: `api.example.com`, or `*.example.com` for
    /// everything below it.
    pub(crate) hosts: Vec<(HostPattern, f64)>,
    /// Calls of one host kept within a second; `None` is without end.
    pub(crate) max_per_host_second: Option<u32>,
    /// Calls at least as long are kept.
    pub(crate) slow_ns: u64,
}

impl Default for Sampling {
    fn default() -> Self {
        Self { rate: 1.0, hosts: Vec::new(), max_per_host_second: None, slow_ns: 1_000_000_000 }
    }
}

/// Samples one record after the other.
#[derive(Debug)]
pub(crate) struct Sampler {
    sampling: Sampling,
    /// The second that is being counted, since 1970.
    second: u64,
    kept: HashMap<Box<str>, u32>,
}

impl Sampler {
    pub(crate) fn new(sampling: Sampling) -> Self {
        Self { sampling, second: 0, kept: HashMap::new() }
    }

    /// Whether every call's details are kept, whatever comes.
    pub(crate) fn keeps_all(&self) -> bool {
        let Sampling { rate, hosts, max_per_host_second, .. } = &self.sampling;
        *rate >= 1.0 && hosts.iter().all(|(_, rate)| *rate >= 1.0) && max_per_host_second.is_none()
    }

    /// Whether the call's details are kept.
    pub(crate) fn keeps(&mut self, record: &Record<'_>) -> bool {
        record.is_error()
            || record.total_ns.is_some_and(|ns| ns >= self.sampling.slow_ns)
            || (self.is_drawn(record) && self.is_below_ceiling(record))
    }

    /// The same answer for all attempts of a call, on whatever machine.
    fn is_drawn(&self, record: &Record<'_>) -> bool {
        let rate = self.rate_of(record.url.host);
        if rate >= 1.0 {
            return true;
        }
        let id = record.call_id.map_or(u128::from(record.start_unix_ns), u128::from_le_bytes);
        // 53 bits are all that a share can be told apart by.
        let draw = mixed((id as u64) ^ ((id >> 64) as u64)) >> 11;
        (draw as f64) < rate * (1u64 << 53) as f64
    }

    fn rate_of(&self, host: &str) -> f64 {
        let rule = self.sampling.hosts.iter().find(|(pattern, _)| pattern.matches(host));
        rule.map_or(self.sampling.rate, |(_, rate)| *rate)
    }

    /// Counts within the seconds in which calls ended.
    fn is_below_ceiling(&mut self, record: &Record<'_>) -> bool {
        let Some(most) = self.sampling.max_per_host_second else { return true };
        let end_ns = record.start_unix_ns.saturating_add(record.total_ns.unwrap_or(0));
        let second = end_ns / 1_000_000_000;
        if second > self.second {
            self.second = second;
            self.kept.clear();
        }
        match self.kept.get_mut(record.url.host) {
            Some(kept) if *kept >= most => false,
            Some(kept) => {
                *kept += 1;
                true
            }
            None => {
                if self.kept.len() < MAX_HOSTS {
                    self.kept.insert(record.url.host.into(), 1);
                }
                most > 0
            }
        }
    }
}

/// SplitMix64's finalizer (Steele, Lea and Flood, 2014): every bit of the input moves every bit of
/// the output, so that ids that count up are drawn like random ones.
fn mixed(seed: u64) -> u64 {
    let z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
