//! Hosts as rules name them: one host, or all below a domain.
//! Never matches a part of a label: `*.example.com` is not `badexample.com`.

/// `api.example.com`, or `*.example.com` for every host below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HostPattern(String);

impl HostPattern {
    /// A pattern from what somebody wrote; `None` where it can match no host.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let host = text.strip_prefix("*.").unwrap_or(&text);
        let is_host = !host.is_empty() && !host.contains(['*', '/', ' ', '@', '=', ',']);
        is_host.then_some(Self(text))
    }

    /// Whether the host, in lower case, is one of those.
    pub(crate) fn matches(&self, host: &str) -> bool {
        match self.0.strip_prefix("*.") {
            Some(domain) => host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')),
            None => self.0 == host,
        }
    }
}
