//! Tests of the CI loop, with steps that are only names.
//! They never start a process.

use std::io;

use super::{Outcome, STEPS, Step, list, process, run};

const SAMPLE: &[Step] = &[
    process("one", &[], "true"),
    process("two", &[("FLAGS", "-D warnings")], "false --now"),
    process("three", &[], "true"),
];

/// Runs the sample with `failing` answering no, and compares the lines that start a step.
#[track_caller]
fn check(failing: &str, started: &[&str], failed: Option<&str>) {
    let mut out = Vec::new();
    let first_failed = run(SAMPLE, &mut out, &mut |step, _| {
        Ok(if step.name == failing { Outcome::Failed } else { Outcome::Passed })
    })
    .unwrap();
    let text = String::from_utf8(out).unwrap();
    let lines: Vec<_> = text.lines().filter(|line| line.starts_with("==>")).collect();
    assert_eq!(lines, started);
    assert_eq!(first_failed.map(|step| step.name), failed);
    assert_eq!(text.contains("3 steps passed in "), failed.is_none());
}

#[test]
fn all_steps_run_in_order_and_the_total_is_told() {
    let started = ["==> one: true", "==> two: FLAGS='-D warnings' false --now", "==> three: true"];
    check("none", &started, None);
}

#[test]
fn the_first_failure_ends_the_run() {
    let started = ["==> one: true", "==> two: FLAGS='-D warnings' false --now"];
    check("two", &started, Some("two"));
}

#[test]
fn a_step_that_cannot_start_has_failed() {
    let mut out = Vec::new();
    let failed = run(SAMPLE, &mut out, &mut |_, _| Err(io::Error::other("cannot start `true`")));
    assert_eq!(failed.unwrap().map(|step| step.name), Some("one"));
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("one: cannot start `true`\n"), "{text}");
}

#[test]
fn the_test_step_is_the_command_that_the_readme_names() {
    let mut out = Vec::new();
    list(STEPS, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let line = "test: EGRET_REQUIRE_SERVICES=1 cargo test --workspace --all-features";
    assert!(text.lines().any(|found| found == line), "{text}");
}

#[test]
fn names_are_unique() {
    let mut names: Vec<_> = STEPS.iter().map(|step| step.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), STEPS.len());
}
