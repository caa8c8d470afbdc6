//! Whatever lies in the tree, the audit ends, names it, and never panics.
//! It never checks what is found in good code; the cases do.

#![expect(clippy::unwrap_used, reason = "test helpers outside of tests")]

use std::fs;
use std::path::Path;

use egret_audit::audit::{Unjudged, judge_bytes, scan};
use egret_audit::findings::{Conclusion, Report};
use egret_audit::policy::Policy;

fn audited(files: &[(&str, &[u8])]) -> Report {
    let root = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = root.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    scan(root.path(), &Policy::default()).unwrap()
}

/// The reasons that the report gives for files, with whether they may hold a call.
fn reasons(report: &Report) -> Vec<(String, String, bool)> {
    let coverage = &report.coverage;
    let all = coverage.token_scanned.iter().chain(&coverage.skipped);
    all.map(|one| (one.file.clone(), one.reason.clone(), one.holds_anchor)).collect()
}

#[track_caller]
fn check(bytes: &[u8], reason: &str, holds_anchor: bool) -> Report {
    let report = audited(&[("src/lib.rs", bytes), ("Cargo.toml", b"[package]\nname = \"a\"\n")]);
    let found = reasons(&report);
    assert!(
        found.iter().any(|(file, why, holds)| {
            file == "src/lib.rs" && why.contains(reason) && *holds == holds_anchor
        }),
        "{found:?}"
    );
    report
}

#[test]
fn a_missing_root_is_an_error() {
    let error = scan(Path::new("/no/such/folder"), &Policy::default()).unwrap_err();
    assert!(matches!(error, Unjudged::Root { .. }), "{error}");
}

#[test]
fn nothing_scanned_is_not_green() {
    assert_eq!(audited(&[]).conclusion(), Conclusion::NotJudged);
}

#[test]
fn files_that_are_no_text_are_named() {
    check(b"fn f() { reqwest::get(\"\0\") }", "binary", true);
    check(b"fn f() { \xff\xfe }", "not UTF-8", false);
    let mut gigantic = b"fn f() { reqwest::get(1); }\n".to_vec();
    gigantic.resize(17 << 20, b' ');
    check(&gigantic, "gigantic", true);
}

#[test]
fn templates_are_searched_by_tokens_and_not_judged() {
    let text = b"use {{crate}}::x;\nfn f() { let c = reqwest::Client::new(); }\n";
    let report = check(text, "template with holes", true);
    assert_eq!(report.conclusion(), Conclusion::NotJudged);
    assert_eq!(report.sites.len(), 1);
    assert_eq!(report.sites[0].place.line, 2);
}

#[test]
fn what_nests_too_deeply_is_named() {
    for (open, close) in [("(", ")"), ("[", "]"), ("{", "}"), ("!", ""), ("Some(", ")"), ("-", "")]
    {
        let (open, close) = (open.repeat(10_000), close.repeat(10_000));
        let text = format!("fn f() {{ let x = {open}reqwest::get(1){close}; }}");
        check(text.as_bytes(), "nests too deeply", true);
    }
}

#[test]
fn chains_and_branches_as_long_as_allowed_are_judged() {
    let chain = format!("fn f() {{ reqwest::Client::new(){}; }}", ".a()".repeat(1_400));
    let branches =
        format!("fn f() {{ if a {{}}{} reqwest::get(1); }}", "else if a {}".repeat(1_400));
    let sums = format!("fn f() {{ reqwest::get(1){}; }}", "+ 1".repeat(2_500));
    let types =
        format!("fn f() {{ reqwest::get::<{}u8{}>(1); }}", "B<".repeat(2_000), ">".repeat(2_000));
    for text in [chain, branches, sums, types] {
        let report = audited(&[("src/lib.rs", text.as_bytes())]);
        assert_eq!(report.sites.len(), 1, "{}", &text[..40]);
    }
}

#[test]
fn manifests_that_are_none_are_named() {
    let report = audited(&[
        ("Cargo.toml", b"[package]\nname = \"{{name}}\n"),
        ("src/main.rs", b"fn main() { reqwest::get(1); }"),
    ]);
    assert_eq!(reasons(&report)[0].0, "Cargo.toml");
    assert_eq!(report.sites.len(), 1);
}

#[cfg(unix)]
#[test]
fn links_that_lead_in_circles_are_named() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("src")).unwrap();
    fs::write(root.path().join("src/lib.rs"), "fn f() { reqwest::get(1); }").unwrap();
    std::os::unix::fs::symlink(root.path(), root.path().join("src/again")).unwrap();
    std::os::unix::fs::symlink("gone.rs", root.path().join("src/broken.rs")).unwrap();
    let report = scan(root.path(), &Policy::default()).unwrap();
    let named: Vec<String> = reasons(&report).into_iter().map(|(file, ..)| file).collect();
    assert_eq!(named, ["src/again", "src/broken.rs"]);
    assert_eq!(report.sites.len(), 1);
}

#[test]
fn modules_that_name_each_other_end() {
    let report = audited(&[
        ("Cargo.toml", b"[package]\nname = \"a\"\n"),
        ("src/lib.rs", b"mod a; mod b; #[path = \"lib.rs\"] mod again; use a::*; fn f() { Client::new(); }"),
        ("src/a.rs", b"pub use crate::b::*; pub type T = super::b::T; include!(\"b.rs\");"),
        ("src/b.rs", b"pub use crate::a::*; pub type T = crate::a::T; pub use reqwest::Client; include!(\"a.rs\");"),
    ]);
    assert_eq!(report.sites.len(), 1);
}

/// A small generator of numbers; the same ones in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % below
    }
}

/// The target of `fuzz/`, for a bounded time: each mutation is one input.
#[test]
fn the_fuzz_target_holds_for_mutated_bytes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let names = ["macros.rs", "verdicts.rs", "sight.rs", "handles.rs", "forms/defaults.rs"];
    let mut seeds: Vec<Vec<u8>> = names
        .iter()
        .map(|name| fs::read(folder.join("tests/more/app/src").join(name)).unwrap())
        .collect();
    seeds.push(fs::read(folder.join("tests/more/old/src/lib.rs")).unwrap());
    let mut numbers = Numbers(11);
    let mut n_parsed = 0;
    for _ in 0..400 {
        let mut bytes = seeds[numbers.next(seeds.len())].clone();
        for _ in 0..numbers.next(5) {
            mutate(&mut bytes, &seeds, &mut numbers);
        }
        let report = judge_bytes(&bytes).unwrap();
        n_parsed += report.coverage.n_parsed;
    }
    assert!((20..380).contains(&n_parsed), "{n_parsed} of 400 parse, so one side is not tried");
    for bytes in
        [&b""[..], b"\0", b"\xff", b"reqwest", b"#!", b"r#\"", b"'", b"use reqwest::{", b"async"]
    {
        judge_bytes(bytes).unwrap();
    }
}

/// Sources that were cut, repeated and mixed: most of them no longer parse, some still do.
#[test]
fn mutated_sources_never_panic() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/more/app/src");
    let names =
        ["macros.rs", "verdicts.rs", "shadow.rs", "forms/positions.rs", "forms/defaults.rs"];
    let seeds: Vec<Vec<u8>> =
        names.iter().map(|name| fs::read(folder.join(name)).unwrap()).collect();
    let mut numbers = Numbers(7);
    for _ in 0..40 {
        let mut files = Vec::new();
        for index in 0..8 {
            let mut bytes = seeds[numbers.next(seeds.len())].clone();
            for _ in 0..=numbers.next(6) {
                mutate(&mut bytes, &seeds, &mut numbers);
            }
            files.push((format!("src/f{index}.rs"), bytes));
        }
        let mut all: Vec<(&str, &[u8])> =
            files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
        all.push(("Cargo.toml", b"[package]\nname = \"a\"\n"));
        all.push(("src/lib.rs", b"mod f0; mod f1; mod f2; mod f3; mod f4; use f0::*; use f1::*;"));
        audited(&all);
    }
}

fn mutate(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], numbers: &mut Numbers) {
    let at = numbers.next(bytes.len() + 1);
    let end = (at + numbers.next(60)).min(bytes.len());
    match numbers.next(5) {
        0 => {
            bytes.drain(at..end);
        }
        1 => {
            let piece = bytes[at..end].to_vec();
            bytes.splice(at..at, piece);
        }
        2 => {
            let other = &seeds[numbers.next(seeds.len())];
            let from = numbers.next(other.len());
            let piece = other[from..(from + numbers.next(200)).min(other.len())].to_vec();
            bytes.splice(at..at, piece);
        }
        3 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = u8::try_from(numbers.next(256)).unwrap();
            }
        }
        _ => {
            let symbols = b"{}()[]<>\"'#!$:;=|&";
            bytes.insert(at, symbols[numbers.next(symbols.len())]);
        }
    }
}
