//! How much of the code base was looked at, and how many of its sites are covered.
//! It never rounds up: 100 % means all of them.

use std::fmt;

use super::{Severity, Site, Verdict};

/// What was read, what was not, and why.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// Files whose text was read and searched, whatever came of it.
    pub n_scanned: usize,
    /// Of those, the files that were parsed; the others hold no word that a site needs.
    pub n_parsed: usize,
    /// Lines in the files that were read.
    pub n_lines: usize,
    /// Of the scanned files, those that do not parse and were only searched token by token.
    pub token_scanned: Vec<Skipped>,
    /// Files and folders that were not scanned at all.
    pub skipped: Vec<Skipped>,
}

/// A file that could not be looked at as it should have been.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skipped {
    /// Relative to the scanned root, with forward slashes.
    pub file: String,
    /// Why, as a lowercase fragment.
    pub reason: String,
    /// Whether a word that a site needs is in it, so that silence about it would be a guess.
    pub holds_anchor: bool,
}

/// The numbers of sites that every output states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All sites.
    pub n_found: usize,
    /// Sites that egret sees.
    pub n_covered: usize,
    /// Sites that something suppresses.
    pub n_suppressed: usize,
    /// Sites that the policy switches off, by context or by rule.
    pub n_off: usize,
    /// Sites that are left as errors.
    pub n_errors: usize,
    /// Sites that are left as warnings.
    pub n_warnings: usize,
}

/// A share in tenths of a percent, rounded down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share {
    /// 1000 is all.
    pub permille: usize,
}

impl Coverage {
    /// Whether silence means anything: something was scanned, and nothing that may hold a call was
    /// left unjudged.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.n_scanned > 0 && self.unjudged().next().is_none()
    }

    /// The files that may hold a call and could not be judged.
    pub fn unjudged(&self) -> impl Iterator<Item = &Skipped> {
        self.token_scanned.iter().chain(&self.skipped).filter(|file| file.holds_anchor)
    }
}

impl Tally {
    pub(super) fn of(sites: &[Site]) -> Self {
        let mut tally = Self { n_found: sites.len(), ..Self::default() };
        for site in sites {
            let counter = if site.verdict == Verdict::Covered {
                &mut tally.n_covered
            } else if site.suppressed.is_some() {
                &mut tally.n_suppressed
            } else {
                match site.severity {
                    Severity::Off => &mut tally.n_off,
                    Severity::Warning => &mut tally.n_warnings,
                    Severity::Error => &mut tally.n_errors,
                }
            };
            *counter += 1;
        }
        tally
    }

    /// The share of all sites that egret sees; `None` when there is no site.
    #[must_use]
    pub fn share_covered(self) -> Option<Share> {
        (self.n_covered * 1000).checked_div(self.n_found).map(|permille| Share { permille })
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{} %", self.permille / 10, self.permille % 10)
    }
}
