//! The one list of steps that CI runs, and the loop that runs them.
//! It never goes on after a failure, and never hides the command behind a step's name.

use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::tidy;

#[cfg(test)]
mod tests;

/// One thing that has to pass before a change is merged.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// What `--only` and the failure line call it.
    pub name: &'static str,
    /// Variables set for this step on top of the inherited environment.
    pub env: &'static [(&'static str, &'static str)],
    /// The program and its arguments, exactly as a person would type them.
    pub argv: &'static [&'static str],
    /// How the command is carried out.
    pub work: Work,
}

/// How a step is carried out.
#[derive(Clone, Copy, Debug)]
pub enum Work {
    /// As a child process.
    Process,
    /// By this very process: building it anew to run tidy would only cost time.
    Tidy,
}

/// How one step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The step did what it should.
    Passed,
    /// The step said no; it has printed why.
    Failed,
}

/// The examples with real SDKs: a workspace of their own, so that what the SDKs depend on is neither
/// compiled with egret's tests nor switches on features of egret's dependencies.
const SDKS: &str = "examples/sdks/Cargo.toml";
const SDKS_TARGET: &str = "target/sdks";

/// Every step, in the order in which it runs: what fails fastest comes first.
pub const STEPS: &[Step] = &[
    process("fmt", &[], &["cargo", "fmt", "--all", "--check"]),
    Step { name: "tidy", env: &[], argv: &["cargo", "xtask", "tidy"], work: Work::Tidy },
    process("audit", &[], &["cargo", "xtask", "audit", "--deny-warnings"]),
    process(
        "wire-only",
        &[],
        &["cargo", "check", "-p", "egret", "--no-default-features", "--features", "wire"],
    ),
    process(
        "reqwest-0-12-only",
        &[],
        &[
            "cargo",
            "check",
            "-p",
            "egret",
            "--no-default-features",
            "--features",
            "client,reqwest-0-12",
        ],
    ),
    process(
        "clippy",
        &[],
        &[
            "cargo",
            "clippy",
            "--workspace",
            "--all-targets",
            "--all-features",
            "--",
            "-D",
            "warnings",
        ],
    ),
    process(
        "docs",
        &[("RUSTDOCFLAGS", "-D warnings")],
        &["cargo", "doc", "--workspace", "--all-features", "--no-deps"],
    ),
    process(
        "test",
        &[("EGRET_REQUIRE_SERVICES", "1")],
        &["cargo", "test", "--workspace", "--all-features"],
    ),
    process(
        "example-quickstart",
        &[],
        &["cargo", "run", "--release", "--example", "quickstart", "--", "--once"],
    ),
    process(
        "example-manual-log",
        &[],
        &["cargo", "run", "--release", "--example", "manual_log", "--", "--once"],
    ),
    process(
        "example-axum-service",
        &[],
        &["cargo", "run", "--release", "--example", "axum_service", "--", "--once"],
    ),
    process(
        "example-drop-in",
        &[],
        &["cargo", "run", "--release", "--example", "drop_in", "--", "--once"],
    ),
    process(
        "example-download-counts",
        &[],
        &[
            "cargo",
            "run",
            "--release",
            "--features",
            "hits",
            "--example",
            "download_counts",
            "--",
            "--once",
        ],
    ),
    process("sdks-fmt", &[], &["cargo", "fmt", "--manifest-path", SDKS, "--check"]),
    process(
        "sdks-clippy",
        &[],
        &[
            "cargo",
            "clippy",
            "--manifest-path",
            SDKS,
            "--target-dir",
            SDKS_TARGET,
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ],
    ),
    process(
        "example-sdk-gcloud-storage",
        &[],
        &[
            "cargo",
            "run",
            "--manifest-path",
            SDKS,
            "--target-dir",
            SDKS_TARGET,
            "--bin",
            "gcloud_storage",
            "--",
            "--once",
        ],
    ),
    process(
        "example-sdk-async-openai",
        &[],
        &[
            "cargo",
            "run",
            "--manifest-path",
            SDKS,
            "--target-dir",
            SDKS_TARGET,
            "--bin",
            "async_openai",
            "--",
            "--once",
        ],
    ),
    process(
        "example-sdk-object-store",
        &[],
        &[
            "cargo",
            "run",
            "--manifest-path",
            SDKS,
            "--target-dir",
            SDKS_TARGET,
            "--bin",
            "object_store",
            "--",
            "--once",
        ],
    ),
    process(
        "example-sdk-posthog",
        &[],
        &[
            "cargo",
            "run",
            "--manifest-path",
            SDKS,
            "--target-dir",
            SDKS_TARGET,
            "--bin",
            "posthog",
            "--",
            "--once",
        ],
    ),
];

/// Prints the steps without running any: one line each, its name and its command.
///
/// # Errors
/// What writing to `out` answers.
pub fn list(steps: &[Step], out: &mut dyn Write) -> io::Result<()> {
    steps.iter().try_for_each(|step| writeln!(out, "{}: {step}", step.name))
}

/// Runs the steps in order and returns the first one that failed, if one did.
///
/// `execute` carries out one step; it is an argument so that the loop can be tested without
/// running anything.
///
/// # Errors
/// What writing to `out` answers. A step that `execute` cannot start has failed, no more.
pub fn run(
    steps: &[Step],
    out: &mut dyn Write,
    execute: &mut dyn FnMut(&Step, &mut dyn Write) -> io::Result<Outcome>,
) -> io::Result<Option<Step>> {
    let started = now();
    for step in steps {
        writeln!(out, "==> {}: {step}", step.name)?;
        out.flush()?; // The child writes to the same stream, past our buffer.
        let step_started = now();
        let outcome = execute(step, out).or_else(|error| {
            // What cannot even start has failed like anything else, and is named like it.
            writeln!(out, "    {}: {error}", step.name).map(|()| Outcome::Failed)
        })?;
        writeln!(out, "    {} took {}", step.name, seconds(step_started.elapsed()))?;
        if outcome == Outcome::Failed {
            return Ok(Some(*step));
        }
    }
    writeln!(out, "ci: {} steps passed in {}", steps.len(), seconds(started.elapsed()))?;
    Ok(None)
}

/// Carries out one step from the workspace's root.
///
/// # Errors
/// When the program cannot be started, naming it, or when tidy cannot read the tree.
pub fn execute(step: &Step, root: &Path, out: &mut dyn Write) -> io::Result<Outcome> {
    let passed = match step.work {
        Work::Tidy => tidy::run(root, out)? == tidy::Verdict::Clean,
        Work::Process => spawn(step, root)?,
    };
    Ok(if passed { Outcome::Passed } else { Outcome::Failed })
}

impl fmt::Display for Step {
    /// The command as a shell would take it, its variables in front.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in self.env {
            write!(f, "{name}={} ", quoted(value))?;
        }
        let words: Vec<_> = self.argv.iter().map(|word| quoted(word)).collect();
        f.write_str(&words.join(" "))
    }
}

const fn process(
    name: &'static str,
    env: &'static [(&'static str, &'static str)],
    argv: &'static [&'static str],
) -> Step {
    Step { name, env, argv, work: Work::Process }
}

fn spawn(step: &Step, root: &Path) -> io::Result<bool> {
    let Some((program, arguments)) = step.argv.split_first() else {
        return Err(io::Error::other(format!("step '{}' has no command", step.name)));
    };
    let status = Command::new(program)
        .args(arguments)
        .envs(step.env.iter().copied())
        .current_dir(root)
        .status()
        .map_err(|error| {
            io::Error::new(error.kind(), format!("cannot start `{program}`: {error}"))
        })?;
    Ok(status.success())
}

/// Quotes a word for a shell when it holds a space; no step needs more than that.
fn quoted(word: &str) -> String {
    if word.contains(' ') { format!("'{word}'") } else { word.to_owned() }
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

#[expect(clippy::disallowed_methods, reason = "the one place of this tool that reads the clock")]
fn now() -> Instant {
    Instant::now()
}
