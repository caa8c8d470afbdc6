//! Hosts as rules name them: one host, or all below a domain.
//! Never matches a part of a label: `*.example.com` is not `badexample.com`.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

/// `api.example.com`, or `*.example.com` for every host below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HostPattern(String);

impl HostPattern {
    /// A pattern from what somebody wrote; `None` where it can match no host.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let host = text.strip_prefix("*.").unwrap_or(&text);
        let is_host = !host.is_empty() && !host.contains(['*', '/', ' ', '@', '=', ',']);
        // A port is no part of a host; more colons are an address of IPv6.
        let has_port = host.bytes().filter(|b| *b == b':').count() == 1;
        (is_host && !has_port).then_some(Self(text))
    }

    /// Whether the host, in lower case, is one of those.
    pub(crate) fn matches(&self, host: &str) -> bool {
        match self.0.strip_prefix("*.") {
            Some(domain) => host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')),
            None => self.0 == host,
        }
    }

    /// The pattern as it is written.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Values by pattern; looking one up costs a step per label of the host, not per pattern.
#[derive(Debug, Clone)]
pub(crate) struct HostMap<T> {
    hosts: HashMap<String, T>,
    /// By domain, for the hosts below it.
    domains: HashMap<String, T>,
}

impl<T> Default for HostMap<T> {
    fn default() -> Self {
        Self { hosts: HashMap::new(), domains: HashMap::new() }
    }
}

impl<T> HostMap<T> {
    /// Whether there is no value.
    pub(crate) fn is_empty(&self) -> bool {
        self.hosts.is_empty() && self.domains.is_empty()
    }

    /// The value of exactly this pattern, made where there is none.
    pub(crate) fn entry(&mut self, pattern: &HostPattern) -> &mut T
    where
        T: Default,
    {
        let (map, key) = match pattern.0.strip_prefix("*.") {
            Some(domain) => (&mut self.domains, domain),
            None => (&mut self.hosts, pattern.as_str()),
        };
        map.entry(key.to_owned()).or_default()
    }

    /// The values of all patterns that match the host, the most specific first.
    pub(crate) fn matching<'a>(&'a self, host: &'a str) -> impl Iterator<Item = &'a T> {
        let dots = host.match_indices('.').map(|(at, _)| &host[at + 1..]);
        let domains = dots.filter_map(|domain| self.domains.get(domain));
        self.hosts.get(host).into_iter().chain(domains)
    }
}
