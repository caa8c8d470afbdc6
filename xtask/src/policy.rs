//! What a project has decided: which wrappers count, where clients may be built, how much a finding
//! weighs. It never opens a file itself.

mod read;

#[cfg(test)]
mod tests;

pub use read::{Problem, read};

use crate::findings::{Context, Rule, Severity};

/// A project's decisions. The default is the policy of a project without a policy file.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Middlewares that count as egret's, by path: `crate::http::Audit`, `my_http::Audit`.
    pub middlewares: Vec<String>,
    /// Functions that return a covered client whatever raw client they are given, by path:
    /// `my_http::client`. The raw clients built inside of them are covered too.
    pub wrappers: Vec<String>,
    /// Further paths that make calls, beside the ones that the audit knows.
    pub clients: Vec<ExtraClient>,
    /// If not empty: modules, by path, outside of which no client may come to be, covered or not.
    pub forbid_outside: Vec<String>,
    /// How much a finding weighs.
    pub severities: Severities,
    /// Dependencies that were looked at, with what was decided.
    pub dependencies: Vec<Decision>,
    /// Files and folders in which everything may stay.
    pub paths: Vec<PathDecision>,
}

/// A path that makes calls and that the audit cannot know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtraClient {
    /// The crate that the site is counted for: the path's first segment.
    pub client: String,
    /// The whole path of the function: `my_sdk::Client::new`.
    pub path: String,
    /// Whether it sends by itself, or makes something that sends.
    pub is_call: bool,
}

/// How much findings weigh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Severities {
    /// By the context of the code, in the order of [`Context::ALL`].
    by_context: [Severity; 5],
    /// By rule; the context's severity is the ceiling.
    by_rule: Vec<(String, Severity)>,
}

/// What was decided about a dependency that carries a client of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The dependency's name.
    pub dependency: String,
    /// Why its calls may go unseen, or what sees them.
    pub reason: String,
    /// The line in the policy file, for when the decision is stale.
    pub line: usize,
}

/// What was decided about everything in a file or below a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathDecision {
    /// Relative to the scanned root, with forward slashes and none at its end.
    pub path: String,
    /// Why what is there may stay.
    pub reason: String,
    /// The line in the policy file, for when the decision is stale.
    pub line: usize,
}

impl PathDecision {
    /// Whether a file is the path or below it.
    #[must_use]
    pub fn covers(&self, file: &str) -> bool {
        file.strip_prefix(&self.path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl Default for Severities {
    fn default() -> Self {
        use Severity::{Error, Off, Warning};
        // The order of `Context::ALL`: prod, test, example, build, bench.
        Self { by_context: [Error, Off, Warning, Warning, Warning], by_rule: Vec::new() }
    }
}

impl Severities {
    /// Sets the severity of everything in a context.
    pub fn set_context(&mut self, context: Context, severity: Severity) {
        self.by_context[index(context)] = severity;
    }

    /// Sets the severity of a rule, by its code.
    pub fn set_rule(&mut self, code: impl Into<String>, severity: Severity) {
        self.by_rule.push((code.into(), severity));
    }

    /// The weight of breaking `rule` in `context`: what the policy says of the rule, else `default`,
    /// and never more than the context allows.
    #[must_use]
    pub fn of(&self, rule: &Rule, context: Context, default: Severity) -> Severity {
        self.of_rule(rule, default).min(self.by_context[index(context)])
    }

    /// The weight of a rule whose findings have no context.
    #[must_use]
    pub fn of_rule(&self, rule: &Rule, default: Severity) -> Severity {
        let said = self.by_rule.iter().rev().find(|(code, _)| code == rule.code);
        said.map_or(default, |(_, severity)| *severity)
    }
}

fn index(context: Context) -> usize {
    Context::ALL.iter().position(|&other| other == context).unwrap_or_default()
}
