//! Goes through the graph and finds the crates that depend on a client directly.
//! It never looks at members: their sources are scanned.

use std::collections::BTreeMap;

use super::RULE;
use super::table::{Kind, Sdk, Table};
use crate::findings::{Context, Finding, Place, Severity, Suppressed};
use crate::graph::{Graph, Package, Reached, Use};
use crate::policy::Policy;

/// What the rule found.
#[derive(Debug)]
pub struct Checked {
    /// One finding for each crate that carries a client.
    pub findings: Vec<Finding>,
    /// Which of the policy's decisions fit a crate, in their order.
    pub decisions_used: Vec<bool>,
}

/// Checks every package that the workspace needs.
#[must_use]
pub fn check(graph: &Graph, table: &Table, policy: &Policy) -> Checked {
    // Two versions of a crate are one finding: the one with the weightier use.
    let mut found: BTreeMap<&str, (Reached, Finding)> = BTreeMap::new();
    for (package, reached) in graph.packages.iter().zip(graph.reach()) {
        let Some(reached) = reached.filter(|_| !table.is_part(&package.name)) else { continue };
        let carried = carried(graph, package, table);
        let is_weightier = |(other, _): &(Reached, Finding)| reached.used < other.used;
        if carried.is_empty() || !found.get(package.name.as_str()).is_none_or(is_weightier) {
            continue;
        }
        let finding = finding(package, &carried, &reached, table, policy);
        found.insert(&package.name, (reached, finding));
    }
    let mut findings: Vec<_> = found.into_values().map(|(_, finding)| finding).collect();
    let decisions_used = decide(&mut findings, policy);
    Checked { findings, decisions_used }
}

/// The clients that a package depends on directly, to run.
fn carried(graph: &Graph, package: &Package, table: &Table) -> Vec<String> {
    let known = table.sdk(&package.name);
    if package.version.is_none() {
        return known.map(|sdk| sdk.carries.clone()).unwrap_or_default();
    }
    let mut carried = Vec::new();
    for edge in package.edges.iter().filter(|edge| edge.uses.contains(&Use::Normal)) {
        let to = &graph.packages[edge.to];
        // Nobody knows the features: then what was read in the crate's sources decides.
        let is_client = table
            .is_client(&to.name, edge.features.as_deref())
            .unwrap_or_else(|| known.is_some_and(|sdk| sdk.carries.contains(&to.name)));
        if is_client {
            carried.push(format!("{}{}", to.name, version(to)));
        }
    }
    carried.sort();
    carried.dedup();
    carried
}

fn finding(
    package: &Package,
    carried: &[String],
    reached: &Reached,
    table: &Table,
    policy: &Policy,
) -> Finding {
    let sdk = table.sdk(&package.name);
    let (clients, chain) = (carried.join(" and "), reached.chain.join(" > "));
    let message = match &package.version {
        Some(version) => format!("{version} carries {clients}: {chain}"),
        None => format!("carries {clients}, as far as its known sources say: {chain}"),
    };
    let context = match reached.used {
        Use::Normal => Context::Prod,
        Use::Build => Context::Build,
        Use::Dev => Context::Test,
    };
    let severity = policy.severities.of(&RULE, context, weight(sdk));
    let finding = Finding::new(&RULE, severity, &package.name, message, hint(&package.name, sdk));
    match package.lock_line {
        Some(line) => finding.at(Place::new("Cargo.lock", line, 1)),
        None => finding,
    }
}

fn version(package: &Package) -> String {
    package.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default()
}

/// Where a recorded client fits in, it may well be there already: that is only a warning.
fn weight(sdk: Option<&Sdk>) -> Severity {
    match sdk.map(|sdk| sdk.kind) {
        Some(Kind::Middleware | Kind::Tower | Kind::Adapter | Kind::Closure) => Severity::Warning,
        Some(Kind::Raw | Kind::None) | None => Severity::Error,
    }
}

fn hint(name: &str, sdk: Option<&Sdk>) -> String {
    let (way_in, write) = match sdk {
        Some(sdk) => (sdk.kind.way_in(), sdk.write()),
        None => ("not known, nobody has read its sources yet", UNKNOWN),
    };
    format!(
        "way in: {way_in}; {write}; then decide in egret-audit.toml: `[[dependency]]`, \
         `name = \"{name}\"`, `reason = \"..\"`"
    )
}

const UNKNOWN: &str = "look for a way to hand it a client, else wrap its calls with \
    `egret::observe_async` or send it through the gateway";

/// Suppresses what the policy has decided, and says which decisions fit.
fn decide(findings: &mut [Finding], policy: &Policy) -> Vec<bool> {
    let plain = |name: &str| name.replace('-', "_");
    let fits = |decision: &str, finding: &Finding| plain(decision) == plain(&finding.subject);
    policy
        .dependencies
        .iter()
        .map(|decision| {
            let mut is_used = false;
            for finding in findings.iter_mut().filter(|found| fits(&decision.dependency, found)) {
                finding.suppressed = Some(Suppressed::Policy { reason: decision.reason.clone() });
                is_used = true;
            }
            is_used
        })
        .collect()
}
