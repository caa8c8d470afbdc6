//! What an audit found: places that can make an HTTP call, complaints about other things, and how
//! much of the code base was looked at. It never knows a rule: each rule brings its own code.

mod allowance;
mod coverage;
mod finding;
mod key;
mod place;
mod rule;
mod site;

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;

pub use allowance::{Allowance, Allowed};
pub use coverage::{Coverage, Share, Skipped, Tally};
pub use finding::Finding;
pub use key::SiteKey;
pub use place::{Evidence, Place};
pub use rule::{Rule, Severity};
pub use site::{Context, Kind, Request, Site, Suppressed, Verdict};

/// The answer of one audit.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Every place that can make an HTTP call, covered ones and suppressed ones too, by place.
    pub sites: Vec<Site>,
    /// Everything else that somebody has to know: hidden clients, orphans, stale exceptions.
    pub findings: Vec<Finding>,
    /// What was read, what was not, and why.
    pub coverage: Coverage,
    /// The comments that ask for an exception, from every file that was read.
    pub allowances: Vec<Allowance>,
}

/// What a whole run amounts to; the program's exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// Something was scanned, all of it could be judged, and no error is left.
    Clean,
    /// At least one error is left: a site or a finding that nothing suppresses.
    Found,
    /// Nothing was scanned, or a file that may hold a call could not be read as Rust.
    NotJudged,
}

impl Report {
    /// Puts sites and findings into the order in which every output shows them.
    pub fn sort(&mut self) {
        self.sites.sort_by(|a, b| (&a.place, &a.symbol).cmp(&(&b.place, &b.symbol)));
        self.findings.sort_by(|a, b| {
            (&a.place, a.rule.code, &a.message).cmp(&(&b.place, b.rule.code, &b.message))
        });
    }

    /// How many sites there are, of which kind, and which share of them is covered.
    #[must_use]
    pub fn tally(&self) -> Tally {
        Tally::of(&self.sites)
    }

    /// What the run amounts to. What could not be judged outweighs what was found: a report with
    /// holes in it is no basis for saying that these are all the findings.
    #[must_use]
    pub fn conclusion(&self) -> Conclusion {
        let is_open = |severity: Severity| severity == Severity::Error;
        if !self.coverage.is_complete() {
            Conclusion::NotJudged
        } else if self.sites.iter().any(|site| is_open(site.open_severity()))
            || self.findings.iter().any(|finding| is_open(finding.open_severity()))
        {
            Conclusion::Found
        } else {
            Conclusion::Clean
        }
    }
}

impl Conclusion {
    /// The exit code that a shell sees.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Found => 1,
            Self::NotJudged => 2,
        }
    }
}
