//! Turns what was found in a file into sites: with context, verdict, rule and hint.
//! It never looks at other files than through the resolver.

use super::requests;
use crate::findings::{Context, Finding, Kind, Place, Severity, Site, Verdict};
use crate::follow::Follower;
use crate::policy::Policy;
use crate::resolve::{Found, Resolver, Symbol};
use crate::rules::{self, bypass, outside_home};
use crate::syntax::NodeId;

pub(super) fn of_file(
    resolver: &Resolver<'_>,
    follower: &Follower<'_>,
    policy: &Policy,
    file: usize,
) -> Vec<Site> {
    let found = resolver.sites(file);
    found.iter().map(|found| site(resolver, follower, policy, found)).collect()
}

fn site(resolver: &Resolver<'_>, follower: &Follower<'_>, policy: &Policy, found: &Found) -> Site {
    let file = resolver.file(found.file);
    let (verdict, evidence) = follower.verdict(found);
    let (client, symbol, kind, is_socket) = match &found.symbol {
        Symbol::Known(entry, path) => {
            let kind = if entry.is_call { Kind::Call } else { Kind::Construct };
            let client = resolver.knowledge.crate_name(entry).to_owned();
            (client, path.clone(), kind, entry.is_socket)
        }
        Symbol::Born(path) => ("egret".to_owned(), path.clone(), Kind::Construct, false),
    };
    let context = context(resolver, found);
    let enclosing = follower.path_of_scope(found.file, found.scope);
    let broken = rules::of_site(&client, &symbol, kind, verdict, is_socket)
        .or_else(|| outside(policy, &enclosing, verdict));
    let severity = broken.map_or(Severity::Off, |broken| {
        policy.severities.of(broken.rule, context, broken.severity)
    });
    Site {
        place: Place::new(&file.name, found.pos.line as usize, found.pos.column as usize),
        client,
        package: resolver.sources.packages[file.package].name.clone(),
        symbol,
        kind,
        context,
        verdict,
        enclosing,
        rule: broken.map(|broken| broken.rule),
        severity,
        evidence,
        hint: broken.map(|broken| broken.hint.to_owned()).unwrap_or_default(),
        suppressed: None,
        requests: requests::of(resolver, found, kind),
    }
}

/// A client that comes to be where the policy wants none. The heavier rule is the other one.
fn outside(policy: &Policy, enclosing: &str, verdict: Verdict) -> Option<rules::Broken> {
    let is_home = policy.forbid_outside.iter().any(|home| {
        enclosing.strip_prefix(home.as_str()).is_some_and(|r| r.is_empty() || r.starts_with("::"))
    });
    if policy.forbid_outside.is_empty() || is_home || verdict != Verdict::Covered {
        return None;
    }
    let (rule, severity, hint) = (&outside_home::RULE, outside_home::SEVERITY, outside_home::HINT);
    Some(rules::Broken { rule, severity, hint })
}

fn context(resolver: &Resolver<'_>, found: &Found) -> Context {
    let file = resolver.file(found.file);
    let krate = file.krate.map(|krate| &resolver.sources.crates[krate]);
    let context = file.context(krate);
    let is_test = resolver.tree(found.file).scope(found.scope).is_test;
    if context == Context::Prod && is_test { Context::Test } else { context }
}

/// `client.as_ref()` where a raw client is asked of a covered one.
pub(super) fn bypasses(
    resolver: &Resolver<'_>,
    follower: &Follower<'_>,
    policy: &Policy,
    file: usize,
) -> Vec<Finding> {
    let tree = resolver.tree(file);
    let mut found = Vec::new();
    for (index, node) in tree.nodes.iter().enumerate() {
        if !follower.is_bypass(file, NodeId::after(index)) {
            continue;
        }
        let at = resolver.file(file);
        let is_test = tree.scope(node.scope).is_test || at.is_test;
        let context = if is_test { Context::Test } else { Context::Prod };
        let severity = policy.severities.of(&bypass::RULE, context, bypass::SEVERITY);
        let subject = follower.path_of_scope(file, node.scope);
        let message = "takes the raw client out of its stack";
        let place = Place::new(&at.name, node.pos.line as usize, node.pos.column as usize);
        let finding = Finding::new(&bypass::RULE, severity, subject, message, bypass::HINT);
        found.push(finding.at(place));
    }
    found
}
