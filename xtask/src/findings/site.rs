//! A site: one place in the sources that can make an HTTP call, and whether egret sees it.
//! It never says how the verdict was reached other than by its evidence.

use super::{Evidence, Place, Rule, Severity};

/// One place where a client comes to be, or where a function sends without one.
#[derive(Clone, Debug)]
pub struct Site {
    /// Where the callee's path starts; a derive's line for derives.
    pub place: Place,
    /// The HTTP crate by its real name, whatever the dependency was renamed to: `reqwest`.
    pub client: String,
    /// The workspace's package in whose sources the site stands; the root folder's name for bare
    /// folders. Baselines are keyed by it.
    pub package: String,
    /// The callee by its real path: `reqwest::Client::new`.
    pub symbol: String,
    /// Whether a client comes to be or a call is sent.
    pub kind: Kind,
    /// What the code around it is for.
    pub context: Context,
    /// Whether egret sees the calls.
    pub verdict: Verdict,
    /// The path of the item around it, from its crate: `app::billing::Client::new`.
    pub enclosing: String,
    /// The rule that it breaks; none for covered sites.
    pub rule: Option<&'static Rule>,
    /// The weight of breaking the rule, after the policy; `Off` for covered sites.
    pub severity: Severity,
    /// The lines that decided the verdict, in the order in which they were followed.
    pub evidence: Vec<Evidence>,
    /// What to write instead; empty for covered sites.
    pub hint: String,
    /// Why it does not count, if something says so. Filled in after the scan.
    pub suppressed: Option<Suppressed>,
    /// Requests seen to be made through it, for the inventory.
    pub requests: Vec<Request>,
}

/// What a site does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A client, builder or connection comes to be.
    Construct,
    /// A function sends without a client of the caller's.
    Call,
}

/// What the code around a site is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Context {
    /// Ships to users.
    Prod,
    /// Integration tests, `#[cfg(test)]`, `#[test]`.
    Test,
    /// `examples/`.
    Example,
    /// Build scripts and xtask packages: runs at a developer's, not in the service.
    Build,
    /// `benches/`.
    Bench,
}

/// Whether egret sees the calls of a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// egret's middleware, or an approved one, is in the stack on every path.
    Covered,
    /// Handed to a middleware stack that is empty: it looks covered and records nothing.
    WrappedEmpty,
    /// Some middleware, none of ours.
    WrappedOther,
    /// Covered on one path and not on another.
    Mixed,
    /// No wrapper on any path.
    Unwrapped,
    /// Could not be followed to its end; the evidence says what would be needed to know.
    Unknown,
}

/// Why a site or a finding does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Suppressed {
    /// By a comment in the sources.
    Inline {
        /// The line of the comment, in the site's file.
        line: usize,
        /// What the comment gives as its reason.
        reason: String,
    },
    /// By the policy file.
    Policy {
        /// What the policy gives as its reason.
        reason: String,
    },
    /// By the baseline: it was there when the audit was adopted.
    Baseline,
    /// By `--since`: neither its line nor one that decides about it was changed.
    Unchanged {
        /// The revision that was asked about.
        since: String,
    },
}

/// A request whose method or URL stands in the sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Where it is made.
    pub place: Place,
    /// `GET`, when the code names it.
    pub method: Option<String>,
    /// The literal URL, or a template with `{}` for what is filled in at run time.
    pub url: Option<String>,
}

impl Site {
    /// The severity that is left after suppression.
    #[must_use]
    pub fn open_severity(&self) -> Severity {
        if self.suppressed.is_some() { Severity::Off } else { self.severity }
    }
}

impl Kind {
    /// The word in every output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Construct => "construct",
            Self::Call => "call",
        }
    }
}

impl Context {
    /// All contexts, in the order in which policies list them.
    pub const ALL: [Self; 5] = [Self::Prod, Self::Test, Self::Example, Self::Build, Self::Bench];

    /// The word in every output and in policies.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prod => "prod",
            Self::Test => "test",
            Self::Example => "example",
            Self::Build => "build",
            Self::Bench => "bench",
        }
    }
}

impl Verdict {
    /// The word in every output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Covered => "covered",
            Self::WrappedEmpty => "wrapped_empty",
            Self::WrappedOther => "wrapped_other",
            Self::Mixed => "mixed",
            Self::Unwrapped => "unwrapped",
            Self::Unknown => "unknown",
        }
    }
}

impl Suppressed {
    /// The reason that somebody gave, where there is one.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Inline { reason, .. } | Self::Policy { reason } => Some(reason),
            Self::Baseline | Self::Unchanged { .. } => None,
        }
    }

    /// What suppresses it, as a word: `inline`, `policy`, `baseline`, `unchanged`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Inline { .. } => "inline",
            Self::Policy { .. } => "policy",
            Self::Baseline => "baseline",
            Self::Unchanged { .. } => "unchanged",
        }
    }
}
