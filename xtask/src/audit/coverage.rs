//! What was looked at and what was not, and the findings that come of it.
//! It never hides a file: what is not scanned is named.

use std::collections::HashSet;

use crate::findings::{Context, Coverage, Finding, Place, Site, Skipped};
use crate::load::{File, Sources};
use crate::policy::Policy;
use crate::rules::{orphan as orphan_rule, unparsable_file};

pub(super) fn of(sources: &Sources) -> Coverage {
    let mut coverage = Coverage { skipped: sources.skipped.clone(), ..Coverage::default() };
    let own = sources.files.iter().filter(|file| !sources.packages[file.package].is_foreign);
    let skipped: HashSet<&str> = sources.skipped.iter().map(|one| one.file.as_str()).collect();
    for file in own {
        if skipped.contains(file.name.as_str()) {
            continue;
        }
        coverage.n_scanned += 1;
        coverage.n_lines += file.n_lines;
        match &file.refused {
            Some(reason) => coverage.token_scanned.push(Skipped {
                file: file.name.clone(),
                reason: reason.clone(),
                holds_anchor: true,
            }),
            None => coverage.n_parsed += usize::from(file.tree.is_some()),
        }
    }
    coverage.skipped.sort();
    coverage.token_scanned.sort();
    coverage
}

/// A file that nothing reaches, and that holds a site.
pub(super) fn orphan(file: &File, sites: &[Site], policy: &Policy) -> Option<Finding> {
    if !file.is_orphan || sites.is_empty() {
        return None;
    }
    let rule = &orphan_rule::RULE;
    let context = file.place.unwrap_or(Context::Prod);
    let severity = policy.severities.of(rule, context, orphan_rule::SEVERITY);
    let message = format!("no target reaches it, and it holds {} sites", sites.len());
    let finding = Finding::new(rule, severity, &file.name, message, orphan_rule::HINT);
    Some(finding.at(Place::new(&file.name, 1, 1)))
}

/// Files that could not be judged and hold a word that a site needs.
pub(super) fn unparsable(coverage: &Coverage, policy: &Policy) -> Vec<Finding> {
    let rule = &unparsable_file::RULE;
    let severity = policy.severities.of_rule(rule, unparsable_file::SEVERITY);
    let finding = |file: &Skipped| {
        Finding::new(rule, severity, &file.file, &file.reason, unparsable_file::HINT)
            .at(Place::new(&file.file, 1, 1))
    };
    coverage.unjudged().map(finding).collect()
}
