//! The one list of steps that CI runs, and the loop that runs them.
//! It never goes on after a failure, and never hides the command behind a step's name.

use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::tidy;

mod steps;

pub use steps::STEPS;

#[cfg(test)]
mod tests;

/// One thing that has to pass before a change is merged.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// What `--only` and the failure line call it.
    pub name: &'static str,
    /// Variables set for this step on top of the inherited environment.
    pub env: &'static [(&'static str, &'static str)],
    /// The program and its arguments, exactly as a person would type them; no word holds a blank.
    pub command: &'static str,
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
        f.write_str(self.command)
    }
}

const fn process(
    name: &'static str,
    env: &'static [(&'static str, &'static str)],
    command: &'static str,
) -> Step {
    Step { name, env, command, work: Work::Process }
}

fn spawn(step: &Step, root: &Path) -> io::Result<bool> {
    let mut words = step.command.split_whitespace();
    let Some(program) = words.next() else {
        return Err(io::Error::other(format!("step '{}' has no command", step.name)));
    };
    let status = Command::new(program)
        .args(words)
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
