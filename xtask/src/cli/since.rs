//! What was changed since a revision, as git tells it; everything else is marked as unchanged.
//! It never lets the scanned repository's configuration run a program.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::path::Path;
use std::process::Command;

use super::Failure;
use crate::findings::{Evidence, Place, Report, Severity, Suppressed};

/// The changed lines by file, relative to the scanned root.
#[derive(Debug, Default)]
pub(super) struct Changes {
    lines: HashMap<String, Vec<RangeInclusive<usize>>>,
}

/// Asks git.
pub(super) fn ask(root: &Path, revision: &str) -> Result<Changes, Failure> {
    // Asked first, because its complaints are short: no repository, no such revision.
    let commit = format!("{revision}^{{commit}}");
    git(root, revision, &["rev-parse", "--verify", "--end-of-options", &commit])?;
    let diff = git(
        root,
        revision,
        &[
            "diff",
            "--no-ext-diff",
            "--no-textconv",
            "--no-color",
            "--relative",
            "--unified=0",
            "--src-prefix=a/",
            "--dst-prefix=b/",
            "--merge-base",
            "--end-of-options",
            revision,
        ],
    )?;
    let mut changes = parse(&diff);
    let new = git(root, revision, &["ls-files", "--others", "--exclude-standard", "-z"])?;
    for file in new.split('\0').filter(|file| !file.is_empty()) {
        changes.lines.insert(file.to_owned(), vec![1..=usize::MAX]);
    }
    Ok(changes)
}

/// Marks what is open and neither on a changed line nor decided by one.
pub(super) fn mark(report: &mut Report, changes: &Changes, revision: &str) {
    let unchanged = || Some(Suppressed::Unchanged { since: revision.to_owned() });
    let sites = report.sites.iter_mut().filter(|site| site.open_severity() > Severity::Off);
    for site in sites {
        if !changes.touch(Some(&site.place), &site.evidence) {
            site.suppressed = unchanged();
        }
    }
    let findings = report.findings.iter_mut();
    for finding in findings.filter(|finding| finding.open_severity() > Severity::Off) {
        if !changes.touch(finding.place.as_ref(), &finding.evidence) {
            finding.suppressed = unchanged();
        }
    }
}

impl Changes {
    fn touch(&self, place: Option<&Place>, evidence: &[Evidence]) -> bool {
        let mut places = place.into_iter().chain(evidence.iter().map(|evidence| &evidence.place));
        places.any(|place| {
            let ranges = self.lines.get(&place.file);
            ranges.is_some_and(|ranges| ranges.iter().any(|range| range.contains(&place.line)))
        })
    }
}

fn git(root: &Path, revision: &str, arguments: &[&str]) -> Result<String, Failure> {
    let failure = |told: String| Failure::Git { revision: revision.to_owned(), told };
    let output = Command::new("git")
        .args(["-c", "core.fsmonitor=false", "-c", "core.quotePath=false"])
        .args(arguments)
        .current_dir(root)
        .output()
        .map_err(|error| failure(error.to_string()))?;
    if !output.status.success() {
        return Err(failure(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Reads a diff without context lines.
fn parse(diff: &str) -> Changes {
    let mut changes = Changes::default();
    let mut file = None;
    let mut n_content = 0_usize;
    for line in diff.lines() {
        // A changed line may look like a header; the hunk's counts say how many there are.
        if n_content > 0 {
            // `\ No newline at end of file` belongs to no count.
            n_content -= usize::from(!line.starts_with('\\'));
        } else if let Some(name) = line.strip_prefix("+++ ") {
            file = name_of(name);
        } else if let Some((removed, start, added)) = hunk(line) {
            n_content = removed + added;
            if let Some(file) = &file {
                // Where lines were only taken out, their neighbours are what changed.
                let last = start + if added == 0 { 1 } else { added - 1 };
                changes.lines.entry(file.clone()).or_default().push(start..=last);
            }
        }
    }
    changes
}

/// The file of a `+++` line; `None` for a file that was deleted.
fn name_of(text: &str) -> Option<String> {
    let text = text.trim_end_matches('\t');
    let plain = match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\\\"", "\"").replace("\\\\", "\\"),
        None => text.to_owned(),
    };
    plain.strip_prefix("b/").map(str::to_owned)
}

/// The counts of `@@ -5,2 +7,3 @@`: lines removed, first new line, lines added.
fn hunk(line: &str) -> Option<(usize, usize, usize)> {
    let (ranges, _) = line.strip_prefix("@@ -")?.split_once(" @@")?;
    let (old, new) = ranges.split_once(" +")?;
    let split = |range: &str| -> Option<(usize, usize)> {
        match range.split_once(',') {
            Some((start, count)) => Some((start.parse().ok()?, count.parse().ok()?)),
            None => Some((range.parse().ok()?, 1)),
        }
    };
    let ((_, removed), (start, added)) = (split(old)?, split(new)?);
    Some((removed, start, added))
}

#[cfg(test)]
mod tests {
    use super::{Changes, parse};

    fn told(changes: &Changes) -> Vec<String> {
        let mut files: Vec<_> = changes.lines.iter().collect();
        files.sort_by_key(|(file, _)| file.as_str());
        files.iter().map(|(file, ranges)| format!("{file} {ranges:?}")).collect()
    }

    #[test]
    fn hunks_are_read_and_content_is_not_mistaken_for_headers() {
        let diff = "diff --git a/a.rs b/a.rs\n--- a/a.rs\n+++ b/a.rs\n@@ -3,0 +4,2 @@ fn f()\n\
            +++ b/not.rs\n+@@ -1 +1 @@\n@@ -9,2 +12,0 @@\n--- a/x\n-gone\n\
            --- a/gone.rs\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n\\ No newline at end of file\n\
            --- /dev/null\n+++ \"b/odd\\\"name.rs\"\n@@ -0,0 +1 @@\n+x\n";
        let expected = ["a.rs [4..=5, 12..=13]", "odd\"name.rs [1..=1]"];
        assert_eq!(told(&parse(diff)), expected);
    }
}
