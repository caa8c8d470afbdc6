//! Runs the programs under `benches/` and writes down what they print.
//! It never judges a number, and never changes one: what stands in the results was printed.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};

mod machine;
mod programs;
mod results;

#[cfg(test)]
mod tests;

pub use programs::Program;
use results::{Results, Section};

/// Where the results are, from the workspace's root.
const RESULTS: &str = "benches/RESULTS.md";

/// Why there are no new results.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// No program has that name.
    #[error("no bench is named `{name}`; there are {known}")]
    NoSuchProgram {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// A command said no; it has printed why.
    #[error("`{0}` failed; the results of those before it are written")]
    Failed(String),
    /// A command cannot be started.
    #[error("cannot start `{command}`: {source}")]
    NotStarted {
        /// What was to be run.
        command: String,
        /// What the system says.
        source: io::Error,
    },
    /// A file cannot be read or written, or nobody reads what is printed.
    #[error("{0}")]
    File(#[from] io::Error),
}

/// How long the programs take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As long as a figure needs that is to be quoted.
    Full,
    /// As long as it takes to see that they run.
    Quick,
}

/// Runs the programs of these names, or all, and writes their sections of the results anew, but for a
/// quick look.
///
/// # Errors
/// When a name is of no program, when one cannot be built or fails, or when a file cannot be written.
pub fn run(names: &[String], pace: Pace, root: &Path, out: &mut dyn Write) -> Result<(), Failure> {
    let programs = programs::chosen(names, &programs::all(root)?)?;
    if programs.iter().any(Program::is_peer) {
        execute(programs::BUILD, root)?;
    }
    let path = root.join(RESULTS);
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        text => text?,
    };
    let mut results = Results::read(&text);
    for program in &programs {
        writeln!(out, "==> {}: {}", program.name, program.command(pace))?;
        out.flush()?; // The child's own lines go to the same terminal, past our buffer.
        let when = machine::moment(root);
        let printed = printed(&program.command(pace), root)?;
        write!(out, "{printed}")?;
        if pace == Pace::Quick {
            continue;
        }
        results.put(Section {
            name: program.name.clone(),
            command: program.command(pace),
            when,
            printed,
        });
        results.head = machine::described(root);
        fs::write(&path, results.to_string())?;
    }
    match pace {
        Pace::Quick => writeln!(out, "bench: a quick look is not written down")?,
        Pace::Full => {
            writeln!(out, "bench: {RESULTS} holds the results of {} programs", programs.len())?;
        }
    }
    Ok(())
}

fn execute(command: &str, root: &Path) -> Result<(), Failure> {
    let status = process(command, root).status().map_err(not_started(command))?;
    if status.success() { Ok(()) } else { Err(Failure::Failed(command.to_owned())) }
}

/// What a command writes to its standard output; its standard error goes to ours.
fn printed(command: &str, root: &Path) -> Result<String, Failure> {
    let mut process = process(command, root);
    let output = process.stderr(Stdio::inherit()).output().map_err(not_started(command))?;
    if !output.status.success() {
        return Err(Failure::Failed(command.to_owned()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// No word of a command holds a blank.
fn process(command: &str, root: &Path) -> Command {
    let mut words = command.split_whitespace();
    let mut process = Command::new(words.next().unwrap_or_default());
    process.args(words).current_dir(root);
    process
}

fn not_started(command: &str) -> impl FnOnce(io::Error) -> Failure {
    let command = command.to_owned();
    move |source| Failure::NotStarted { command, source }
}
