//! The baseline: what was already there when the audit was adopted, and may stay until it is mended.
//! It never hides anything that is not in it, and by itself it only shrinks.

mod entry;
mod file;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

pub use entry::Entry;
pub use file::Unreadable;

use crate::findings::{Report, Severity, Suppressed, Verdict};

/// What may stay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    entries: BTreeSet<Entry>,
    /// The line of each entry in the file it came from.
    lines: Vec<(Entry, usize)>,
}

impl Baseline {
    /// Everything that the report holds open, as a baseline.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let sites = report.sites.iter().zip(report.keys());
        let open_sites = sites
            .filter(|(site, _)| {
                site.verdict != Verdict::Covered && is_kept(site.suppressed.as_ref())
            })
            .filter(|(site, _)| site.severity > Severity::Off)
            .map(|(_, key)| Entry::Site(key));
        let findings = report.findings.iter();
        let open_findings = findings
            .filter(|found| found.severity > Severity::Off && is_kept(found.suppressed.as_ref()))
            .map(Entry::of_finding);
        Self { entries: open_sites.chain(open_findings).collect(), lines: Vec::new() }
    }

    /// Suppresses what the baseline lists, and returns the entries that fit nothing any more.
    ///
    /// A site that became covered leaves its entry stale: the baseline has to shrink.
    pub fn apply(&self, report: &mut Report) -> Vec<Stale> {
        let mut unused = self.entries.clone();
        let keys = report.keys();
        for (site, key) in report.sites.iter_mut().zip(keys) {
            let entry = Entry::Site(key);
            if site.verdict != Verdict::Covered && self.entries.contains(&entry) {
                site.suppressed.get_or_insert(Suppressed::Baseline);
                unused.remove(&entry);
            }
        }
        for finding in &mut report.findings {
            let entry = Entry::of_finding(finding);
            if self.entries.contains(&entry) {
                finding.suppressed.get_or_insert(Suppressed::Baseline);
                unused.remove(&entry);
            }
        }
        unused.into_iter().map(|entry| Stale { line: self.line_of(&entry), entry }).collect()
    }

    /// What is left of it once only what `current` also holds may stay.
    #[must_use]
    pub fn shrunk_to(&self, current: &Self) -> Self {
        let entries = self.entries.intersection(&current.entries).cloned().collect();
        Self { entries, lines: Vec::new() }
    }

    /// How many entries it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing may stay.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn line_of(&self, entry: &Entry) -> usize {
        self.lines.iter().find(|(other, _)| other == entry).map_or(1, |(_, line)| *line)
    }
}

/// An entry that fits nothing any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale {
    /// The entry.
    pub entry: Entry,
    /// Its line in the baseline file, counted from 1.
    pub line: usize,
}

/// What the baseline itself suppresses belongs in it; what a comment or the policy suppresses has a
/// better reason elsewhere.
fn is_kept(suppressed: Option<&Suppressed>) -> bool {
    matches!(suppressed, None | Some(Suppressed::Baseline))
}
