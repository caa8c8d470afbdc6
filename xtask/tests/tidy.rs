//! The real repository keeps its own house rules.
//! It never judges samples; those are in `src/tidy/tests.rs`.

use std::fs;
use std::path::Path;
use std::process::Command;

use egret_audit::tidy::{Verdict, run};

#[test]
fn the_workspace_is_tidy() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut out = Vec::new();
    let verdict = run(&root, &mut out).unwrap();
    assert_eq!(verdict, Verdict::Clean, "\n{}", String::from_utf8_lossy(&out));
}

#[test]
fn a_tree_without_rust_is_an_error() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("README.md"), "# Nothing\n").unwrap();
    let error = run(root.path(), &mut Vec::new()).unwrap_err();
    assert!(error.to_string().starts_with("no Rust file to check"), "{error}");
}

#[test]
fn a_tree_without_git_is_walked_past_target() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("src")).unwrap();
    fs::create_dir_all(root.path().join("target")).unwrap();
    fs::write(root.path().join("src/lib.rs"), "fn a() {}\n").unwrap();
    fs::write(root.path().join("target/built.rs"), "fn a() {}\n").unwrap();
    let mut out = Vec::new();
    assert_eq!(run(root.path(), &mut out).unwrap(), Verdict::Violated);
    let text = String::from_utf8(out).unwrap();
    assert!(text.starts_with("src/lib.rs:1: [first-line] "), "{text}");
    assert!(text.ends_with("tidy: 1 violations in 1 files checked\n"), "{text}");
}

#[test]
fn what_git_ignores_or_has_lost_is_not_read() {
    let root = tempfile::tempdir().unwrap();
    let git = |arguments: &[&str]| {
        let status = Command::new("git").args(arguments).current_dir(root.path()).status();
        assert!(status.unwrap().success(), "git {arguments:?}");
    };
    git(&["init", "--quiet"]);
    fs::write(root.path().join(".gitignore"), "ignored.rs\n").unwrap();
    fs::write(root.path().join("ignored.rs"), "fn a() {}\n").unwrap();
    fs::write(root.path().join("lost.rs"), "fn a() {}\n").unwrap();
    git(&["add", "lost.rs"]);
    fs::remove_file(root.path().join("lost.rs")).unwrap();
    fs::write(root.path().join("new.rs"), "//! New.\n").unwrap();
    let mut out = Vec::new();
    assert_eq!(run(root.path(), &mut out).unwrap(), Verdict::Clean);
    assert_eq!(String::from_utf8(out).unwrap(), "tidy: 1 files keep 11 rules\n");
}
