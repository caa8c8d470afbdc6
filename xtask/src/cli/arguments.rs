//! The arguments of `audit` and `init`.
//! They never hold anything but what was typed.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use crate::report::Format;

/// What `audit` takes.
#[derive(Args, Debug, Default)]
pub struct AuditArguments {
    /// The workspace, crate or folder of sources to scan.
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// The output: text, json, sarif, github, junit or markdown; `FORMAT=FILE` writes it to a file.
    /// May be given several times. Defaults to text.
    #[arg(long = "format", value_name = "FORMAT[=FILE]")]
    pub formats: Vec<Destination>,
    /// The file for the format that names none itself. Defaults to standard output.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Print what a rule means and what to do about it, and do nothing else.
    #[arg(long, value_name = "RULE")]
    pub explain: Option<String>,
    /// Count only what was changed since this git revision (its common ancestor with HEAD).
    #[arg(long, value_name = "REV")]
    pub since: Option<String>,
    /// Print, as a diff, the calls of `egret::wrap` that can be added without breaking a type.
    #[arg(long)]
    pub fix: bool,
    /// With --fix: change the files.
    #[arg(long, requires = "fix")]
    pub write: bool,
    /// Write every site with the methods and URLs seen to go through it, as JSON.
    #[arg(long, value_name = "FILE")]
    pub inventory: Option<PathBuf>,
    /// The baseline. Defaults to egret-audit-baseline.toml in PATH, if it is there.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Take out of the baseline what fits nothing any more.
    #[arg(long)]
    pub update_baseline: bool,
    /// With --update-baseline: also put in what is open now.
    #[arg(long, requires = "update_baseline")]
    pub grow: bool,
    /// The policy. Defaults to egret-audit.toml in PATH, if it is there.
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Exit with 1 for warnings too.
    #[arg(long)]
    pub deny_warnings: bool,
}

/// What `init` takes.
#[derive(Args, Debug, Default)]
pub struct InitArguments {
    /// The workspace or crate to set up.
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// Overwrite what is there.
    #[arg(long)]
    pub force: bool,
}

/// A format and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The shape.
    pub format: Format,
    /// The file; standard output, or what `--output` says, without one.
    pub file: Option<PathBuf>,
}

impl FromStr for Destination {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((_, "")) => Err(format!("`{text}` names no file behind the `=`")),
            Some((format, file)) => {
                Ok(Self { format: format.parse()?, file: Some(PathBuf::from(file)) })
            }
            None => Ok(Self { format: text.parse()?, file: None }),
        }
    }
}
