//! Reads `egret-audit.toml` into a policy, with every mistake in it told at once, by line.
//! It never ignores a key: one that it does not know is a mistake too.

use std::fmt;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::{Decision, ExtraClient, PathDecision, Policy};
use crate::findings::{Context, Severity};

/// One mistake in a policy file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// What is wrong and what would be right, as a lowercase fragment.
    pub message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDependency {
    name: Spanned<String>,
    reason: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPath {
    path: Spanned<String>,
    reason: Option<Spanned<String>>,
}

/// Reads a policy. `rules` are the codes that `[severity.rules]` may name.
///
/// # Errors
/// Every mistake in the text, by line.
pub fn read(text: &str, rules: &[&str]) -> Result<Policy, Vec<Problem>> {
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader { text, rules, policy: Policy::default(), problems: Vec::new() };
    for error in errors {
        reader.problem(error.span().map_or(0, |span| span.start), error.message());
    }
    // Behind a syntax error, keys may be missing or cut; what they say would only mislead.
    if reader.problems.is_empty() {
        reader.top(document.into_inner());
    }
    reader.problems.sort_by_key(|problem| (problem.line, problem.column));
    if reader.problems.is_empty() { Ok(reader.policy) } else { Err(reader.problems) }
}

struct Reader<'t> {
    text: &'t str,
    rules: &'t [&'t str],
    policy: Policy,
    problems: Vec<Problem>,
}

type Key<'t> = Spanned<std::borrow::Cow<'t, str>>;
type Value<'t> = Spanned<DeValue<'t>>;

impl<'t> Reader<'t> {
    fn top(&mut self, table: DeTable<'t>) {
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "forbid_outside" => self.policy.forbid_outside = self.paths(value),
                "approved" => self.each(value, Self::approved),
                "clients" => self.each(value, Self::client),
                "severity" => self.each(value, Self::severity),
                "dependency" => self.tables(value, "dependency", Self::dependency),
                "allow" => self.tables(value, "allow", Self::path),
                _ => self.unknown(
                    &key,
                    "`forbid_outside`, `[approved]`, `[clients]`, `[severity]`, `[[dependency]]` \
                     or `[[allow]]`",
                ),
            }
        }
    }

    fn approved(&mut self, key: &Key<'t>, value: Value<'t>) {
        match key.get_ref().as_ref() {
            "middlewares" => self.policy.middlewares = self.paths(value),
            "wrappers" => self.policy.wrappers = self.paths(value),
            _ => self.unknown(key, "`middlewares` or `wrappers`"),
        }
    }

    fn client(&mut self, key: &Key<'t>, value: Value<'t>) {
        let at = key.span().start;
        let path = key.get_ref().as_ref();
        self.check_path(at, path);
        let client = path.split("::").next().unwrap_or(path).to_owned();
        let kind_at = value.span().start;
        let Some(kind) = self.leaf::<String>(value) else { return };
        let is_call = match kind.as_str() {
            "call" => true,
            "construct" => false,
            _ => {
                let what = format!("`{kind}` is no kind of site; write `construct` or `call`");
                return self.problem(kind_at, &what);
            }
        };
        self.policy.clients.push(ExtraClient { client, path: path.to_owned(), is_call });
    }

    fn severity(&mut self, key: &Key<'t>, value: Value<'t>) {
        let name = key.get_ref().as_ref();
        if name == "rules" {
            return self.each(value, Self::rule_severity);
        }
        let Some(&context) = Context::ALL.iter().find(|context| context.as_str() == name) else {
            return self.unknown(key, "`prod`, `test`, `example`, `build`, `bench` or `rules`");
        };
        if let Some(severity) = self.weight(value) {
            self.policy.severities.set_context(context, severity);
        }
    }

    fn rule_severity(&mut self, key: &Key<'t>, value: Value<'t>) {
        let code = key.get_ref().as_ref();
        if !self.rules.contains(&code) {
            return self.unknown(key, &format!("a rule: {}", self.rules.join(", ")));
        }
        if let Some(severity) = self.weight(value) {
            self.policy.severities.set_rule(code, severity);
        }
    }

    fn dependency(&mut self, table: Value<'t>) {
        let Some(raw) = self.leaf::<RawDependency>(table) else { return };
        let (at, dependency) = (raw.name.span().start, raw.name.into_inner());
        if dependency.trim().is_empty() {
            self.problem(at, "`name` is empty; write the dependency's name");
        }
        let reason = self.reason(raw.reason, at, &dependency, "its calls may go unseen");
        if self.policy.dependencies.iter().any(|other| other.dependency == dependency) {
            self.problem(at, &format!("`{dependency}` is decided twice"));
        }
        let line = self.position(at).0;
        self.policy.dependencies.push(Decision { dependency, reason, line });
    }

    fn path(&mut self, table: Value<'t>) {
        let Some(raw) = self.leaf::<RawPath>(table) else { return };
        let (at, path) = (raw.path.span().start, raw.path.into_inner());
        let is_plain = |part: &str| !part.is_empty() && part != "." && part != "..";
        let path = path.trim_end_matches('/').to_owned();
        if !path.split('/').all(is_plain) {
            let what = format!("`{path}` is no path below the scanned folder; write `tests/data`");
            self.problem(at, &what);
        }
        let reason = self.reason(raw.reason, at, &path, "what is there may stay");
        let line = self.position(at).0;
        self.policy.paths.push(PathDecision { path, reason, line });
    }

    /// A decision's reason; `at` and `of` are where its name stands and what it is.
    fn reason(
        &mut self,
        reason: Option<Spanned<String>>,
        at: usize,
        of: &str,
        why: &str,
    ) -> String {
        let at = reason.as_ref().map_or(at, |reason| reason.span().start);
        let reason = reason.map(Spanned::into_inner).unwrap_or_default();
        if reason.trim().is_empty() {
            self.problem(at, &format!("`{of}` has no `reason`; write why {why}"));
        }
        reason
    }

    /// Hands each table of a list on.
    fn tables(&mut self, value: Value<'t>, name: &str, take: fn(&mut Self, Value<'t>)) {
        let at = value.span().start;
        let DeValue::Array(tables) = value.into_inner() else {
            return self.problem(at, &format!("`{name}` is a list; write `[[{name}]]`"));
        };
        tables.into_iter().for_each(|table| take(self, table));
    }

    /// Hands each entry of a table on.
    fn each(&mut self, value: Value<'t>, take: fn(&mut Self, &Key<'t>, Value<'t>)) {
        let at = value.span().start;
        let DeValue::Table(table) = value.into_inner() else {
            return self.problem(at, "this has to be a table");
        };
        for (key, value) in table {
            take(self, &key, value);
        }
    }

    fn paths(&mut self, value: Value<'t>) -> Vec<String> {
        let paths = self.leaf::<Vec<Spanned<String>>>(value).unwrap_or_default();
        for path in &paths {
            self.check_path(path.span().start, path.get_ref());
        }
        paths.into_iter().map(Spanned::into_inner).collect()
    }

    fn weight(&mut self, value: Value<'t>) -> Option<Severity> {
        let at = value.span().start;
        let word = self.leaf::<String>(value)?;
        word.parse().map_err(|what: String| self.problem(at, &what)).ok()
    }

    fn leaf<T: DeserializeOwned>(&mut self, value: Value<'t>) -> Option<T> {
        let at = value.span().start;
        T::deserialize(ValueDeserializer::from(value))
            .map_err(|error| {
                self.problem(error.span().map_or(at, |span| span.start), error.message());
            })
            .ok()
    }

    fn check_path(&mut self, at: usize, path: &str) {
        let is_name = |name: &str| {
            name.starts_with(|first: char| first.is_alphabetic() || first == '_')
                && name.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
        };
        if !path.split("::").all(is_name) {
            let what = format!("`{path}` is no path; write `my_crate::module::Item`");
            self.problem(at, &what);
        }
    }

    fn unknown(&mut self, key: &Key<'t>, known: &str) {
        let what = format!("`{}` is unknown here; expected {known}", key.get_ref());
        self.problem(key.span().start, &what);
    }

    fn problem(&mut self, at: usize, message: &str) {
        let (line, column) = self.position(at);
        self.problems.push(Problem { line, column, message: message.to_owned() });
    }

    fn position(&self, at: usize) -> (usize, usize) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}
