//! When a batch tells more than calls: once what the service is made of, each minute that it lives.
//! Never sends by itself: it hands messages to the assembler.

use std::panic::Location;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::assembler::Assembler;
use crate::batch::{RouteRule, Startup, TargetRule, Wrapped};
use crate::clock::{Clock, Tick, saturating_ns};
use crate::process;
use crate::template::Naming;

/// A service that says nothing for this long is not seen as alive.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(60);

/// Wrapped clients that are told; a service that wraps a client per request has one place, but
/// might have many.
const MAX_WRAPPED: usize = 256;

/// Rules of each kind that are told; more would not fit into a header.
const MAX_RULES: usize = 500;

/// Bytes of templates that are told.
const MAX_RULE_BYTES: usize = 64 << 10;

/// The clients that were wrapped, by place.
#[derive(Debug, Default)]
pub(crate) struct Wraps(Mutex<Vec<Wrapped>>);

impl Wraps {
    /// Notes a client, once per place.
    pub(crate) fn note(&self, client: &str, location: &Location<'_>) {
        let location = format!("{}:{}", location.file(), location.line());
        let wrapped = Wrapped { client: client.to_owned(), location };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() < MAX_WRAPPED && !all.contains(&wrapped) {
            all.push(wrapped);
        }
    }

    fn all(&self) -> Vec<Wrapped> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What is to be told, and when.
#[derive(Debug)]
pub(super) struct Notices {
    wraps: Arc<Wraps>,
    naming: Arc<Naming>,
    started: Tick,
    /// The start-up message waits for the clients that `main` wraps after starting egret.
    patience: Duration,
    is_started: bool,
    last_heartbeat: Tick,
}

impl Notices {
    pub(super) fn new(wraps: Arc<Wraps>, naming: Arc<Naming>, patience: Duration) -> Self {
        let now = Tick::now();
        Self { wraps, naming, started: now, patience, is_started: false, last_heartbeat: now }
    }

    /// Hands over what is due.
    pub(super) fn tell(&mut self, now: Tick, clock: &Clock, assembler: &mut Assembler) {
        let is_due = |since, after| now.ns_since(since) >= saturating_ns(after);
        if !self.is_started && is_due(self.started, self.patience) {
            self.is_started = true;
            self.last_heartbeat = now;
            assembler.tell_startup(Startup {
                started_unix_ns: clock.unix_ns(self.started),
                wrapped: self.wraps.all(),
                targets: targets(&self.naming),
                n_targets: self.naming.targets().len() as u64,
                routes: routes(&self.naming),
                n_routes: self.naming.routes().len() as u64,
            });
            assembler.tell_heartbeat(process::heartbeat(clock.unix_ns(now)));
        } else if is_due(self.last_heartbeat, HEARTBEAT_INTERVAL) {
            self.last_heartbeat = now;
            assembler.tell_heartbeat(process::heartbeat(clock.unix_ns(now)));
        }
    }
}

fn targets(naming: &Naming) -> Vec<TargetRule> {
    let rule = |(host, target): &(crate::host::HostPattern, String)| TargetRule {
        host: host.as_str().to_owned(),
        target: target.clone(),
    };
    naming.targets().iter().take(MAX_RULES).map(rule).collect()
}

fn routes(naming: &Naming) -> Vec<RouteRule> {
    let mut n_bytes = 0;
    let fits = |rule: &RouteRule| {
        n_bytes += rule.host.len() + rule.template.len();
        n_bytes <= MAX_RULE_BYTES
    };
    let rules = naming.routes().iter().take(MAX_RULES).map(|route| RouteRule {
        host: route.host.as_str().to_owned(),
        method: route.method.clone(),
        template: route.template.clone(),
    });
    rules.take_while(fits).collect()
}
