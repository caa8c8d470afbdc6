//! `audit`: reads the files, scans, applies the exceptions, writes the outputs, says how it went.
//! It never changes a file that no argument names.

use std::path::Path;

use super::arguments::{AuditArguments, Destination};
use super::files::{self, BASELINE, Disk, Named, POLICY};
use super::{Failure, Scan, Terminal, exceptions, since};
use crate::baseline::Baseline;
use crate::findings::{Conclusion, Report, Severity};
use crate::fix;
use crate::report::{Colour, Format, Sources, View, render, render_inventory};
use crate::rules;

/// Runs `audit` and returns the exit code: 0 clean, 1 findings, 2 could not judge.
///
/// # Errors
/// When nothing could be judged at all; the exit code for that is 2 too.
pub fn audit(
    arguments: &AuditArguments,
    scan: Scan<'_>,
    terminal: &mut Terminal<'_>,
) -> Result<u8, Failure> {
    if let Some(name) = &arguments.explain {
        return explain(name, terminal);
    }
    let destinations = destinations(arguments)?;
    let root = files::root(&arguments.path)?;
    let report = judged(arguments, &root, scan, terminal)?;
    let disk = Disk::new(&root);
    write_all(&destinations, &report, &disk, terminal)?;
    if let Some(path) = &arguments.inventory {
        let mut text = Vec::new();
        render_inventory(&report, &mut text)?;
        files::write(path, &text)?;
    }
    if arguments.fix {
        offer_fixes(&report, &root, &disk, arguments.write, terminal)?;
    }
    Ok(exit_code(&report, arguments.deny_warnings))
}

fn explain(name: &str, terminal: &mut Terminal<'_>) -> Result<u8, Failure> {
    let of_verdict = || rule_of_verdict(name).and_then(rules::named);
    let rule = rules::named(name).or_else(of_verdict).ok_or_else(|| Failure::NoSuchRule {
        name: name.to_owned(),
        known: rules::codes().join(", "),
    })?;
    write!(terminal.out, "{}", rule.page)?;
    Ok(0)
}

/// The rule that sites of a verdict break, by the verdict's name. Covered ones break none.
fn rule_of_verdict(verdict: &str) -> Option<&'static str> {
    match verdict {
        "wrapped_empty" => Some("empty-stack"),
        "wrapped_other" => Some("other-stack"),
        "mixed" => Some("mixed-client"),
        "unwrapped" => Some("unwrapped-client"),
        "unknown" => Some("unknown-client"),
        _ => None,
    }
}

/// Where each format goes. At most one goes to standard output.
fn destinations(arguments: &AuditArguments) -> Result<Vec<Destination>, Failure> {
    let mut destinations = arguments.formats.clone();
    // With --fix, standard output is the diff, for `git apply` to read.
    if destinations.is_empty() && (!arguments.fix || arguments.output.is_some()) {
        destinations.push(Destination { format: Format::Text, file: None });
    }
    let mut without_file: Vec<_> =
        destinations.iter_mut().filter(|destination| destination.file.is_none()).collect();
    if without_file.len() > 1 {
        let what = "several formats go to standard output; write `--format FORMAT=FILE`";
        return Err(Failure::Arguments(what.to_owned()));
    }
    match (without_file.first_mut(), &arguments.output) {
        (Some(destination), Some(file)) => destination.file = Some(file.clone()),
        (None, Some(_)) => {
            let what = "--output has no format left: each --format names its own file";
            return Err(Failure::Arguments(what.to_owned()));
        }
        _ => {}
    }
    Ok(destinations)
}

/// Scans, and applies policy, comments, baseline and `--since`, in this order: a comment's reason is
/// better than the baseline, and what is in neither may still be unchanged.
fn judged(
    arguments: &AuditArguments,
    root: &Path,
    scan: Scan<'_>,
    terminal: &mut Terminal<'_>,
) -> Result<Report, Failure> {
    let policy_file = Named::new(root, arguments.policy.as_deref(), POLICY);
    let policy = files::read_policy(&policy_file, arguments.policy.is_some())?;
    let baseline_file = Named::new(root, arguments.baseline.as_deref(), BASELINE);
    let is_asked = arguments.baseline.is_some() && !arguments.update_baseline;
    let mut baseline = files::read_baseline(&baseline_file, is_asked)?;
    let (mut report, graph) = exceptions::scan_and_ask(root, &policy, scan)?;
    // What is wrong with exceptions is held back until the baseline is through: nothing of it may
    // ever be in one.
    let mut held = exceptions::add_dependencies(&mut report, &graph, &policy, &policy_file)?;
    held.extend(exceptions::apply_comments(&mut report, &policy, terminal.now.date()));
    let stale = exceptions::apply_paths(&mut report, &mut held, &policy, &policy_file);
    held.extend(stale);
    if arguments.update_baseline {
        let current = Baseline::of(&report);
        let old = baseline.take().unwrap_or_default();
        let n_current = current.len();
        let new = if arguments.grow { current } else { old.shrunk_to(&current) };
        let n_missing = n_current - new.len();
        files::write(&baseline_file.path, new.to_toml()?.as_bytes())?;
        let (n_old, n_new, shown) = (old.len(), new.len(), &baseline_file.shown);
        writeln!(terminal.err, "{shown}: {n_new} entries, {n_old} before")?;
        if n_missing > 0 {
            let what = "are open and stay out of the baseline; --grow puts them in";
            writeln!(terminal.err, "{shown}: {n_missing} entries {what}")?;
        }
        baseline = Some(new);
    }
    if let Some(baseline) = &baseline {
        held.extend(exceptions::apply_baseline(&mut report, baseline, &baseline_file, &policy));
    }
    report.findings.extend(held);
    if let Some(revision) = &arguments.since {
        since::mark(&mut report, &since::ask(root, revision)?, revision);
    }
    report.sort();
    Ok(report)
}

fn write_all(
    destinations: &[Destination],
    report: &Report,
    sources: &dyn Sources,
    terminal: &mut Terminal<'_>,
) -> Result<(), Failure> {
    let started = terminal.now.strftime("%Y-%m-%dT%H:%M:%S").to_string();
    for destination in destinations {
        let colour = if destination.file.is_some() { Colour::Plain } else { terminal.colour };
        let view = View { report, sources, started: &started, colour };
        match &destination.file {
            None => render(destination.format, &view, terminal.out)?,
            Some(path) => {
                let mut text = Vec::new();
                render(destination.format, &view, &mut text)?;
                files::write(path, &text)?;
            }
        }
    }
    Ok(())
}

fn offer_fixes(
    report: &Report,
    root: &Path,
    sources: &dyn Sources,
    write: bool,
    terminal: &mut Terminal<'_>,
) -> Result<(), Failure> {
    let fixes = fix::propose(report, |file| sources.text(file));
    for change in &fixes.changes {
        write!(terminal.out, "{}", change.diff())?;
        if write {
            files::write(&root.join(&change.file), change.after.as_bytes())?;
        }
    }
    for (place, why) in &fixes.left {
        writeln!(terminal.err, "fix: {}:{}:{}: {why}", place.file, place.line, place.column)?;
    }
    let (n_sites, n_files) = (fixes.n_sites, fixes.changes.len());
    let verb = if write { "changed" } else { "can be changed with --write" };
    writeln!(
        terminal.err,
        "fix: {n_sites} sites in {n_files} files {verb}; {} need a person",
        fixes.n_left
    )?;
    Ok(())
}

fn exit_code(report: &Report, deny_warnings: bool) -> u8 {
    let conclusion = report.conclusion();
    let warns = || {
        let sites = report.sites.iter().map(|site| site.open_severity());
        let findings = report.findings.iter().map(|finding| finding.open_severity());
        sites.chain(findings).any(|severity| severity == Severity::Warning)
    };
    if conclusion == Conclusion::Clean && deny_warnings && warns() {
        return Conclusion::Found.exit_code();
    }
    conclusion.exit_code()
}
