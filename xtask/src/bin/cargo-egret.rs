//! `cargo egret`: the audit for users' workspaces, as a subcommand of cargo.
//! It never decides anything itself; the library does.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use egret_audit::cli::{self, AuditArguments, InitArguments};

#[derive(Parser)]
#[command(name = "cargo egret", bin_name = "cargo egret", version)]
#[command(about = "Finds every place that can make an HTTP call, and whether egret sees it")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Scan a workspace and say what egret does not see. Exits 0 clean, 1 findings, 2 not judged.
    Audit(AuditArguments),
    /// Write the policy, a baseline with the current state, an alias and a job for CI.
    Init(InitArguments),
}

fn main() -> ExitCode {
    // Cargo calls `cargo-egret egret audit`; called by its own name, there is no second word.
    let mut words: Vec<_> = std::env::args_os().collect();
    if words.get(1).is_some_and(|word| word == "egret") {
        words.remove(1);
    }
    match Arguments::parse_from(words).command {
        Command::Audit(arguments) => {
            cli::on_terminal(|terminal, scan| cli::audit(&arguments, scan, terminal))
        }
        Command::Init(arguments) => {
            cli::on_terminal(|terminal, scan| cli::init(&arguments, scan, terminal))
        }
    }
}
