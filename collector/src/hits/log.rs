//! `log`: a line of the collector's log for each hit, the most frequent first.
//! It never fills the log: beyond its bound it says how many there are more.

use super::{Failure, HitHandler};
use crate::model::Hit;
use crate::store::LoggedHits;

/// Most hits of one round that have a line of their own.
const MAX_LINES: usize = 100;

#[derive(Debug)]
pub(super) struct Log {
    pub(super) name: String,
}

impl HitHandler for Log {
    fn handle(&mut self, hits: &LoggedHits) -> Result<(), Failure> {
        let handler = self.name.as_str();
        let mut all: Vec<(&Hit, u64)> = hits.counts.iter().collect();
        all.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        for (hit, n) in all.iter().take(MAX_LINES) {
            let Hit { service, environment, kind, method, host, route, params, status } = hit;
            tracing::info!(
                handler,
                n,
                service,
                environment,
                kind,
                method,
                host,
                route,
                ?params,
                status,
                "hits"
            );
        }
        if let Some(n_more @ 1..) = all.len().checked_sub(MAX_LINES) {
            let n: u64 = all.iter().skip(MAX_LINES).map(|(_, n)| n).sum();
            tracing::info!(handler, n, n_more, "hits of others");
        }
        Ok(())
    }
}
