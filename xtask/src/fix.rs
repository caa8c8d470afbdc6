//! Fixes that cannot change what compiles around them: a client in a `let` is wrapped on the spot.
//! It never touches a client whose type is written down, that leaves its block, or whose package
//! cannot call `egret::wrap`.

mod package;
mod safe;
mod uses;

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
    /// Clients that `egret::wrap` could take, and why they are left, by place.
    pub left: Vec<(Place, String)>,
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
        let refusal = package::refusal(file, &text);
        let ranges = if refusal.is_none() { safe::ranges(&before, &places) } else { Vec::new() };
        let why = refusal.as_deref().unwrap_or(NOT_ON_THE_SPOT);
        let is_wrapped = |place: &Place| ranges.iter().any(|(of, _)| of == place);
        let left = places.iter().filter(|place| !is_wrapped(place));
        fixes.left.extend(left.map(|place| ((*place).clone(), why.to_owned())));
        if ranges.is_empty() {
            continue;
        }
        let mut after = before.to_string();
        // From the end, so that the offsets before stay right.
        for (_, range) in ranges.iter().rev() {
            after.insert(range.end, ')');
            after.insert_str(range.start, "egret::wrap(");
        }
        fixes.n_sites += ranges.len();
        fixes.n_left -= ranges.len();
        fixes.changes.push(Change { file: file.to_owned(), before, after });
    }
    fixes
}

const NOT_ON_THE_SPOT: &str = "its type, its errors or what becomes of it would change: only a \
    client in a `let` whose every use is `client.get(..).send().await` (or another method), \
    followed by `unwrap`, `expect`, a `match` that ignores the error, or `?` into any error, is \
    wrapped on the spot";

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
