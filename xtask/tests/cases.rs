//! Every marked line of the cases is judged as its marker says, and every other line is silent.
//! It never looks at messages; the outputs have tests of their own.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "test helpers outside of tests"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use egret_audit::audit::scan;
use egret_audit::findings::{Report, Site, Verdict};
use egret_audit::policy::Policy;

/// What a marker asks for: `//~ FLAG reqwest x2 ctx=test verdict=mixed HARD(why)`.
#[derive(Debug)]
struct Marker {
    kind: String,
    client: String,
    n: usize,
    context: Option<String>,
    verdict: Option<String>,
    is_hard: bool,
}

fn policy() -> Policy {
    Policy {
        middlewares: vec!["Audit".into(), "Audit2".into()],
        wrappers: vec!["covered_by_us".into()],
        ..Policy::default()
    }
}

fn marker(line: &str) -> Option<Marker> {
    let (_, text) = line.split_once("//~ ")?;
    let mut words = text.split_whitespace();
    let kind = words.next()?.to_owned();
    let client = words.next().unwrap_or_default().to_owned();
    let mut marker =
        Marker { kind, client, n: 1, context: None, verdict: None, is_hard: text.contains("HARD") };
    for word in words.take_while(|word| !word.starts_with('(')) {
        if let Some(context) = word.strip_prefix("ctx=") {
            marker.context = Some(context.to_owned());
        } else if let Some(verdict) = word.strip_prefix("verdict=") {
            marker.verdict = Some(verdict.to_owned());
        } else if let Some(n) = word.strip_prefix('x') {
            marker.n = n.parse().unwrap_or(1);
        }
    }
    Some(marker)
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().flatten().collect();
    entries.sort_by_key(fs::DirEntry::path);
    for entry in entries {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// What is wrong with one line, if anything.
fn fault(marker: Option<&Marker>, sites: &[&Site]) -> Option<String> {
    let Some(marker) = marker else {
        let seen: Vec<_> =
            sites.iter().filter(|s| s.verdict != Verdict::Covered).map(|s| &s.symbol).collect();
        return (!seen.is_empty()).then(|| format!("should be silent, and is {seen:?}"));
    };
    let named: Vec<_> = sites.iter().filter(|site| site.client == marker.client).collect();
    let is_covered = |site: &&&&Site| site.verdict == Verdict::Covered;
    let n_covered = named.iter().filter(is_covered).count();
    let n_open = named.len() - n_covered;
    let is_right = match marker.kind.as_str() {
        "FLAG" => n_open == marker.n && sites.len() == n_open,
        "WRAPPED" => n_covered == marker.n && n_open == 0,
        "SUPPRESSED" => n_open == 1,
        "MAYBE" => true,
        "STALE-SUPPRESSION" => sites.is_empty(),
        other => panic!("unknown marker {other}"),
    };
    let seen = || sites.iter().map(|s| (s.symbol.as_str(), s.verdict.as_str())).collect::<Vec<_>>();
    if !is_right {
        return Some(format!("{} {} wanted, seen {:?}", marker.kind, marker.client, seen()));
    }
    for site in named {
        if marker.context.as_ref().is_some_and(|context| site.context.as_str() != context) {
            return Some(format!(
                "context {} wanted, is {:?}",
                marker.context.as_ref()?,
                site.context
            ));
        }
        if marker.verdict.as_ref().is_some_and(|verdict| site.verdict.as_str() != verdict) {
            return Some(format!(
                "verdict {} wanted, is {} by {:?}",
                marker.verdict.as_ref()?,
                site.verdict.as_str(),
                site.evidence
            ));
        }
    }
    None
}

/// The lines that are judged wrongly, hard ones apart, and how many markers there are.
fn check(root: &Path, marked: &Path, report: &Report) -> (Vec<String>, Vec<String>, usize) {
    let mut by_line: BTreeMap<(String, usize), Vec<&Site>> = BTreeMap::new();
    for site in &report.sites {
        by_line.entry((site.place.file.clone(), site.place.line)).or_default().push(site);
    }
    let (mut wrong, mut hard, mut n_markers) = (Vec::new(), Vec::new(), 0);
    let mut files = Vec::new();
    rust_files(marked, &mut files);
    for path in files {
        let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
        for (index, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            let marker = marker(line);
            n_markers += usize::from(marker.is_some());
            let sites = by_line.remove(&(name.clone(), index + 1)).unwrap_or_default();
            if let Some(fault) = fault(marker.as_ref(), &sites) {
                let text = format!("{name}:{}: {fault}\n    {}", index + 1, line.trim());
                let is_hard = marker.is_some_and(|marker| marker.is_hard);
                if is_hard { hard.push(text) } else { wrong.push(text) }
            }
        }
    }
    (wrong, hard, n_markers)
}

fn check_suite(suite: &str, at_least: usize) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(suite);
    let report = scan(&root, &policy()).unwrap();
    let (wrong, hard, n_markers) = check(&root, &root, &report);
    println!("{suite}: {n_markers} markers, {} hard ones missed", hard.len());
    for line in &hard {
        println!("hard: {line}");
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(n_markers >= at_least, "only {n_markers} markers were found");
    assert!(report.coverage.is_complete(), "{:?}", report.coverage);
}

#[test]
fn the_given_cases_are_right() {
    check_suite("cases", 39);
}

#[test]
fn the_given_cases_are_right_from_the_package_too() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/app");
    let report = scan(&root, &policy()).unwrap();
    let (wrong, _, _) = check(&root, &root, &report);
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn our_own_cases_are_right() {
    check_suite("more", 250);
}

#[test]
fn every_way_out_of_a_stack_is_found_and_no_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/more");
    let report = scan(&root, &policy()).unwrap();
    let file = "app/src/bypasses.rs";
    let text = fs::read_to_string(root.join(file)).unwrap();
    let marked = text.lines().enumerate().filter(|(_, line)| line.ends_with("// bypass"));
    let expected: Vec<usize> = marked.map(|(index, _)| index + 1).collect();
    let bypasses = report.findings.iter().filter(|finding| finding.rule.code == "bypass");
    let places = bypasses.filter_map(|finding| finding.place.as_ref());
    let found: Vec<usize> =
        places.filter(|place| place.file == file).map(|place| place.line).collect();
    assert_eq!(found, expected);
}
