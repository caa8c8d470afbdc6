//! One line of a baseline: a site or a finding, by names that survive edits around it.
//! It never holds a line number.

use std::fmt;

use crate::findings::{Finding, SiteKey};

/// One thing that may stay.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entry {
    /// A site.
    Site(SiteKey),
    /// A finding that is no site.
    Finding {
        /// The code of its rule.
        rule: String,
        /// The crate or file that it is about.
        subject: String,
    },
}

impl Entry {
    pub(super) fn of_finding(finding: &Finding) -> Self {
        Self::Finding { rule: finding.rule.code.to_owned(), subject: finding.subject.clone() }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Site(key) => key.fmt(f),
            Self::Finding { rule, subject } => write!(f, "{rule}: {subject}"),
        }
    }
}
