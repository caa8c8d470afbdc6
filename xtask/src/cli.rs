//! The command line of the audit, shared by `cargo xtask audit` and `cargo egret`.
//! It never judges: it reads files and arguments, hands them to the parts below, writes the answer.

mod arguments;
mod exceptions;
mod files;
mod init;
mod run;
mod since;
mod terminal;

#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

pub use arguments::{AuditArguments, InitArguments};
pub use init::init;
pub use run::audit;
pub use terminal::on_terminal;

use crate::audit::Unjudged;
use crate::findings::Report;
use crate::policy::{Policy, Problem};

/// What finds the sites; an argument so that the command line can be tested with reports made by
/// hand.
pub type Scan<'s> = &'s dyn Fn(&Path, &Policy) -> Result<Report, Unjudged>;

/// Where a command line writes, and what it knows of the day.
pub struct Terminal<'t> {
    /// Standard output.
    pub out: &'t mut dyn io::Write,
    /// Standard error: everything that is not the answer itself.
    pub err: &'t mut dyn io::Write,
    /// Whether standard output shows colour.
    pub colour: crate::report::Colour,
    /// The present moment, in UTC.
    pub now: jiff::civil::DateTime,
}

/// Why a command could not do its work. Its exit code is 2: nothing was judged.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// There is nothing at that path.
    #[error("{0}: there is no such file or folder")]
    NoSuchPath(PathBuf),
    /// There is a file at that path.
    #[error("{0}: this is a file; name the folder of a workspace, a crate or of sources")]
    NoFolder(PathBuf),
    /// The scan could not run to its end.
    #[error("{error}{}", source_of(.error))]
    Unjudged {
        /// Why.
        #[from]
        error: Unjudged,
    },
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The policy has mistakes.
    #[error("{path} has mistakes; nothing was judged:\n{}", listed(path, problems))]
    Policy {
        /// The policy file.
        path: PathBuf,
        /// All of them.
        problems: Vec<Problem>,
    },
    /// The baseline cannot be read.
    #[error("{path} cannot be used as a baseline: {source}")]
    Baseline {
        /// The baseline file.
        path: PathBuf,
        /// Why.
        source: crate::baseline::Unreadable,
    },
    /// The baseline cannot be written as text.
    #[error("the baseline cannot be written: {0}")]
    BaselineText(#[from] toml::ser::Error),
    /// No rule has that name.
    #[error(
        "no rule is named `{name}`; the rules are {known}; a verdict other than `covered` names its rule"
    )]
    NoSuchRule {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// git cannot say what changed.
    #[error("git cannot tell what changed since `{revision}`: {told}")]
    Git {
        /// The revision asked about.
        revision: String,
        /// What git says.
        told: String,
    },
    /// The arguments contradict each other.
    #[error("{0}")]
    Arguments(String),
    /// The table of dependencies that this program was built with is broken.
    #[error(transparent)]
    Table(#[from] crate::rules::hidden_client::BadTable),
    /// The thread that asks for the dependencies failed.
    #[error("the dependencies could not be read; this is a defect of the audit")]
    Graph,
    /// The answer cannot be written.
    #[error("the answer cannot be written: {0}")]
    Output(#[from] io::Error),
}

fn listed(path: &Path, problems: &[Problem]) -> String {
    let lines = problems.iter().map(|problem| format!("{}:{problem}", path.display()));
    lines.collect::<Vec<_>>().join("\n")
}

fn source_of(error: &dyn std::error::Error) -> String {
    error.source().map(|source| format!(": {source}")).unwrap_or_default()
}
