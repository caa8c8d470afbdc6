//! What a rule is to everybody else: a code, a title, a page; and how bad breaking it is.
//! It never lists the rules: each one owns its constant.

use std::fmt;
use std::str::FromStr;

/// One rule's identity. Each rule has one constant of this type, and everybody else a reference.
#[derive(Debug)]
pub struct Rule {
    /// The stable name in every output, in policies and in suppressions: `unwrapped-client`.
    pub code: &'static str,
    /// What is wrong, in one line: `a client that egret does not see`.
    pub title: &'static str,
    /// The page that `--explain` prints, as Markdown.
    pub page: &'static str,
}

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Listed, never complained about.
    Off,
    /// Shown; does not fail the run.
    Warning,
    /// Fails the run.
    Error,
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code
    }
}

impl Eq for Rule {}

impl Severity {
    /// The word in outputs and policies.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Severity {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "off" => Ok(Self::Off),
            "warning" => Ok(Self::Warning),
            "error" => Ok(Self::Error),
            _ => Err(format!("`{word}` is no severity; write `error`, `warning` or `off`")),
        }
    }
}
