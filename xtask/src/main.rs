//! The `cargo xtask` command line: picks a tool and turns its answer into an exit code.
//! It never decides what a rule or a step is; the library does.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use egret_audit::bench;
use egret_audit::ci::{self, Step};
use egret_audit::cli::{self, AuditArguments};
use egret_audit::tidy::{self, Verdict};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Tools for working on egret", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check the house rules: layout, floors, doors, lengths.
    Tidy {
        /// The tree to check. Defaults to this workspace.
        #[arg(long, value_name = "DIR")]
        root: Option<PathBuf>,
    },
    /// Find every place that can make an HTTP call, and say which of them egret does not see.
    Audit(AuditArguments),
    /// Run the benches beside their peers and write what they print to benches/RESULTS.md.
    Bench {
        /// The programs to run. Defaults to all.
        #[arg(value_name = "NAME")]
        names: Vec<String>,
        /// Run the programs as briefly as they can: to see that they run, not to quote them.
        #[arg(long)]
        quick: bool,
    },
    /// Run every step that CI runs, in order, up to the first failure.
    Ci {
        /// Print the steps instead of running them.
        #[arg(long, conflicts_with = "only")]
        list: bool,
        /// Run one step alone.
        #[arg(long, value_name = "NAME")]
        only: Option<String>,
    },
}

fn main() -> anyhow::Result<ExitCode> {
    let out = &mut io::stdout();
    match Arguments::parse().command {
        Command::Tidy { root } => run_tidy(&root.unwrap_or_else(workspace), out),
        Command::Audit(arguments) => {
            Ok(cli::on_terminal(|terminal, scan| cli::audit(&arguments, scan, terminal)))
        }
        Command::Bench { names, quick } => {
            let pace = if quick { bench::Pace::Quick } else { bench::Pace::Full };
            bench::run(&names, pace, &workspace(), out)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Ci { list: true, .. } => {
            ci::list(ci::STEPS, out)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Ci { only, .. } => run_ci(&chosen(only.as_deref())?, out),
    }
}

fn run_tidy(root: &Path, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let verdict = tidy::run(root, out).with_context(|| format!("tidy {}", root.display()))?;
    Ok(match verdict {
        Verdict::Clean => ExitCode::SUCCESS,
        Verdict::Violated => ExitCode::FAILURE,
    })
}

fn run_ci(steps: &[Step], out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let root = workspace();
    let failed = ci::run(steps, out, &mut |step, out| ci::execute(step, &root, out))?;
    let Some(step) = failed else {
        return Ok(ExitCode::SUCCESS);
    };
    writeln!(io::stderr(), "ci: step '{}' failed: {step}", step.name)?;
    Ok(ExitCode::FAILURE)
}

/// All steps, or the one that was asked for by name.
fn chosen(only: Option<&str>) -> anyhow::Result<Vec<Step>> {
    let Some(name) = only else {
        return Ok(ci::STEPS.to_vec());
    };
    let Some(step) = ci::STEPS.iter().find(|step| step.name == name) else {
        bail!("no step is named '{name}'; `cargo xtask ci --list` prints the names");
    };
    Ok(vec![*step])
}

/// The root of the workspace that this binary was built from.
fn workspace() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_path_buf()
}
