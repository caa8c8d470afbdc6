//! Fixes that cannot change what compiles around them: a client in a `let` is wrapped on the spot.
//! It never touches a client whose type is written down or that leaves its block.

mod safe;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use similar::TextDiff;

use crate::findings::{Kind, Place, Report, Severity, Verdict};

/// Every fix that is safe.
#[derive(Debug, Default)]
pub struct Fixes {
    /// The files that change, by name.
    pub changes: Vec<Change>,
    /// How many sites the changes wrap.
    pub n_sites: usize,
    /// How many open sites are left to a person.
    pub n_left: usize,
}

/// One file before and after.
#[derive(Debug)]
pub struct Change {
    /// Relative to the scanned root, with forward slashes.
    pub file: String,
    /// The text that was scanned.
    pub before: Arc<str>,
    /// The text with its clients wrapped.
    pub after: String,
}

/// Proposes fixes for the open sites of a report. `text` is asked for each file's text.
pub fn propose(report: &Report, text: impl Fn(&str) -> Option<Arc<str>>) -> Fixes {
    let open = report.sites.iter().filter(|site| site.open_severity() > Severity::Off);
    let mut by_file: BTreeMap<&str, Vec<&Place>> = BTreeMap::new();
    let mut fixes = Fixes::default();
    for site in open {
        fixes.n_left += 1;
        let is_plain = site.verdict == Verdict::Unwrapped && site.kind == Kind::Construct;
        if is_plain && SYMBOLS.contains(&site.symbol.as_str()) {
            by_file.entry(&site.place.file).or_default().push(&site.place);
        }
    }
    for (file, places) in by_file {
        let Some(before) = text(file) else { continue };
        let ranges = safe::ranges(&before, &places);
        if ranges.is_empty() {
            continue;
        }
        let mut after = before.to_string();
        // From the end, so that the offsets before stay right.
        for range in ranges.iter().rev() {
            after.insert(range.end, ')');
            after.insert_str(range.start, "egret::wrap(");
        }
        fixes.n_sites += ranges.len();
        fixes.n_left -= ranges.len();
        fixes.changes.push(Change { file: file.to_owned(), before, after });
    }
    fixes
}

/// What `egret::wrap` takes, directly or once it is built.
const SYMBOLS: &[&str] = &[
    "reqwest::Client::new",
    "reqwest::Client::default",
    "reqwest::Client::builder",
    "reqwest::ClientBuilder::new",
    "reqwest::ClientBuilder::default",
];

impl Change {
    /// The change as a unified diff, which `git apply` takes.
    #[must_use]
    pub fn diff(&self) -> String {
        TextDiff::from_lines(&*self.before, &self.after)
            .unified_diff()
            .header(&format!("a/{}", self.file), &format!("b/{}", self.file))
            .to_string()
    }
}
