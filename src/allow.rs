//! What may be kept or sent beyond the ordinary, because the configuration says so.
//! Never allows anything by default.

#[cfg(test)]
mod tests;

use std::ops::Deref;
use std::sync::Arc;

use http::HeaderName;

use crate::host::HostPattern;

/// Opt-ins of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Allowed {
    /// Request headers that are recorded.
    pub(crate) request_headers: Vec<HeaderName>,
    /// Response headers that are recorded.
    pub(crate) response_headers: Vec<HeaderName>,
    /// Bodies that are recorded; `None` for none.
    pub(crate) bodies: Option<Arc<BodyRules>>,
    /// Hosts that get a `traceparent`.
    pub(crate) trace_hosts: Vec<HostPattern>,
}

/// Which bodies are recorded, and how much of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BodyRules {
    /// Media types in lower case; `text/*` stands for all of its kind.
    pub(crate) media_types: Vec<String>,
    /// Bytes that are kept of one body.
    pub(crate) cap_bytes: usize,
    /// Bytes that bodies on their way may hold together.
    pub(crate) budget_bytes: usize,
}

/// The opt-ins as every call holds them: where there are none, which is the default, nothing is
/// shared between threads.
#[derive(Debug, Clone)]
pub(crate) struct OptIns(Option<Arc<Allowed>>);

static NOTHING: Allowed = Allowed {
    request_headers: Vec::new(),
    response_headers: Vec::new(),
    bodies: None,
    trace_hosts: Vec::new(),
};

impl OptIns {
    pub(crate) fn new(allowed: &Arc<Allowed>) -> Self {
        Self((**allowed != NOTHING).then(|| Arc::clone(allowed)))
    }
}

impl Deref for OptIns {
    type Target = Allowed;

    fn deref(&self) -> &Allowed {
        self.0.as_deref().unwrap_or(&NOTHING)
    }
}

impl Allowed {
    /// Whether calls to this host carry a `traceparent`.
    pub(crate) fn traces(&self, host: &str) -> bool {
        self.trace_hosts.iter().any(|pattern| pattern.matches(host))
    }
}

impl BodyRules {
    /// Whether bodies of this media type (lower case, without parameters) are recorded.
    pub(crate) fn allows(&self, media_type: &str) -> bool {
        self.media_types.iter().any(|allowed| match allowed.strip_suffix('*') {
            Some(beginning) => media_type.starts_with(beginning),
            None => allowed == media_type,
        })
    }
}
