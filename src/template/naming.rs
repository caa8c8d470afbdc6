//! The names that the configuration gives: templates to paths, vendors to hosts.
//! Never goes against a name that the call brings itself.

use super::routes::{Route, Routes};
use crate::host::{HostMap, HostPattern};

/// Templates and vendors as configured.
#[derive(Debug, Clone, Default)]
pub(crate) struct Naming {
    routes: Routes,
    targets: Vec<(HostPattern, String)>,
    /// Places in `targets`.
    by_host: HostMap<usize>,
}

impl Naming {
    /// The rules, as they were read. Where a host has two names, the last one counts.
    pub(crate) fn new(routes: Routes, targets: Vec<(HostPattern, String)>) -> Self {
        let mut by_host = HostMap::default();
        for (place, (host, _)) in targets.iter().enumerate() {
            *by_host.entry(host) = place;
        }
        Self { routes, targets, by_host }
    }

    /// The vendor of a host, if it has a name.
    pub(crate) fn target(&self, host: &str) -> Option<&str> {
        if self.by_host.is_empty() {
            return None;
        }
        self.by_host.matching(host).next().map(|place| self.targets[*place].1.as_str())
    }

    /// The template of a call, if it has one in the table.
    pub(crate) fn template(&self, host: &str, method: &str, path: &str) -> Option<&str> {
        if self.routes.all().is_empty() {
            return None;
        }
        self.routes.find(host, method, path)
    }

    /// Hosts and their vendors, as configured.
    pub(crate) fn targets(&self) -> &[(HostPattern, String)] {
        &self.targets
    }

    /// Templates, as configured.
    pub(crate) fn routes(&self) -> &[Route] {
        self.routes.all()
    }
}
