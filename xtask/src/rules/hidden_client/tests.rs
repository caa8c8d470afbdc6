//! Tests of hidden clients: what counts as one, how it weighs, what the policy can decide.
//! They never ask cargo; the graphs are made by hand.

use super::{Kind, Table, check};
use crate::findings::Finding;
use crate::graph::{Edge, Graph, Package, Use};
use crate::policy::{Decision, Policy};

type Needs<'n> = &'n [(usize, Use, Option<&'n [&'n str]>)];

fn package(name: &str, needs: Needs<'_>) -> Package {
    let edges = needs.iter().map(|&(to, used, features)| Edge {
        to,
        uses: vec![used],
        features: features.map(|list| list.iter().map(|&name| name.to_owned()).collect()),
    });
    Package {
        name: name.to_owned(),
        version: Some("1.0.0".to_owned()),
        is_member: name == "app",
        lock_line: None,
        edges: edges.collect(),
    }
}

fn told(found: &Finding) -> String {
    let decided = if found.suppressed.is_some() { " decided" } else { "" };
    format!("{} {} {}{decided}", found.severity, found.subject, found.message)
}

#[track_caller]
fn check_graph(packages: Vec<Package>, policy: &Policy, expected: &[&str]) -> Vec<bool> {
    let table = Table::load().unwrap();
    let checked = check(&Graph { packages, gap: None }, &table, policy);
    let found: Vec<String> = checked.findings.iter().map(told).collect();
    assert_eq!(found, expected);
    checked.decisions_used
}

const PLAIN: Option<&[&str]> = Some(&[]);

#[test]
fn a_carrier_is_told_with_its_chain_and_weighs_by_its_way_in() {
    let packages = vec![
        package(
            "app",
            &[(1, Use::Normal, PLAIN), (3, Use::Normal, PLAIN), (4, Use::Normal, PLAIN)],
        ),
        package("teloxide", &[(2, Use::Normal, PLAIN)]),
        package("teloxide-core", &[(5, Use::Normal, PLAIN)]),
        package("object_store", &[(5, Use::Normal, PLAIN)]),
        package("nobody-knows-it", &[(5, Use::Normal, PLAIN)]),
        package("reqwest", &[(6, Use::Normal, Some(&["client"]))]),
        package("hyper", &[]),
    ];
    check_graph(
        packages,
        &Policy::default(),
        &[
            "error nobody-knows-it 1.0.0 carries reqwest 1.0.0: app > nobody-knows-it",
            "warning object_store 1.0.0 carries reqwest 1.0.0: app > object_store",
            "error teloxide-core 1.0.0 carries reqwest 1.0.0: app > teloxide > teloxide-core",
        ],
    );
}

#[test]
fn a_server_carries_no_client_and_features_decide() {
    let packages = vec![
        package(
            "app",
            &[(1, Use::Normal, PLAIN), (2, Use::Normal, PLAIN), (4, Use::Normal, PLAIN)],
        ),
        package("server", &[(3, Use::Normal, Some(&["server"]))]),
        package("caller", &[(3, Use::Normal, Some(&["client"]))]),
        package("hyper", &[]),
        package("locked", &[(3, Use::Normal, None)]),
    ];
    let expected = ["error caller 1.0.0 carries hyper 1.0.0: app > caller"];
    check_graph(packages, &Policy::default(), &expected);
}

#[test]
fn tests_are_off_and_builds_warn() {
    let packages = vec![
        package("app", &[(1, Use::Dev, PLAIN), (2, Use::Build, PLAIN)]),
        package("in-tests", &[(3, Use::Normal, PLAIN)]),
        package("in-builds", &[(3, Use::Normal, PLAIN)]),
        package("ureq", &[]),
    ];
    check_graph(
        packages,
        &Policy::default(),
        &[
            "warning in-builds 1.0.0 carries ureq 1.0.0: app > in-builds",
            "off in-tests 1.0.0 carries ureq 1.0.0: app > in-tests",
        ],
    );
}

#[test]
fn a_decision_suppresses_and_one_that_fits_nothing_is_known() {
    let packages = vec![
        package("app", &[(1, Use::Normal, PLAIN)]),
        package("google-cloud-auth", &[(2, Use::Normal, PLAIN)]),
        package("reqwest", &[]),
    ];
    let decision = |name: &str| Decision {
        dependency: name.to_owned(),
        reason: "looked at".to_owned(),
        line: 1,
    };
    let dependencies = vec![decision("google_cloud_auth"), decision("gone")];
    let policy = Policy { dependencies, ..Policy::default() };
    let expected =
        ["error google-cloud-auth 1.0.0 carries reqwest 1.0.0: app > google-cloud-auth decided"];
    assert_eq!(check_graph(packages, &policy, &expected), [true, false]);
}

#[test]
fn the_help_says_whether_there_is_a_way_in_and_what_to_write() {
    let packages = vec![
        package("app", &[(1, Use::Normal, PLAIN), (2, Use::Normal, PLAIN)]),
        package("snowflake-api", &[(3, Use::Normal, PLAIN)]),
        package("nobody-knows-it", &[(3, Use::Normal, PLAIN)]),
        package("reqwest", &[]),
    ];
    let graph = Graph { packages, gap: None };
    let found = check(&graph, &Table::load().unwrap(), &Policy::default()).findings;
    let decide = "then decide in egret-audit.toml: `[[dependency]]`";
    assert!(found[0].hint.starts_with("way in: not known"), "{}", found[0].hint);
    let written =
        "way in: a middleware client; `SnowflakeApiBuilder::with_client(egret::wrap(client))`";
    assert!(found[1].hint.starts_with(written), "{}", found[1].hint);
    assert!(found.iter().all(|finding| finding.hint.contains(decide)));
}

#[test]
fn without_a_lock_file_names_alone_are_told() {
    let mut packages = vec![
        package("app", &[(1, Use::Normal, None), (2, Use::Normal, None)]),
        package("sentry", &[]),
        package("serde", &[]),
    ];
    packages[1].version = None;
    packages[2].version = None;
    let expected = [
        "warning sentry carries reqwest and ureq and curl, as far as its known sources say: app > sentry",
    ];
    check_graph(packages, &Policy::default(), &expected);
}

#[test]
fn the_table_is_sorted_complete_and_says_where_it_was_seen() {
    let table = Table::load().unwrap();
    let names: Vec<_> = table.sdks().iter().map(|sdk| sdk.name.as_str()).collect();
    assert!(names.len() >= 60, "{}", names.len());
    assert!(names.is_sorted_by(|a, b| a < b), "unsorted or twice");
    for sdk in table.sdks() {
        assert!(sdk.seen.contains(".rs:") && !sdk.read.is_empty(), "{}", sdk.name);
        let is_general = matches!(sdk.kind, Kind::Raw | Kind::None);
        assert_eq!(sdk.write.is_none(), is_general, "{}", sdk.name);
        assert!(!table.is_part(&sdk.name), "{} would never be told", sdk.name);
        // openidconnect itself depends on none: the user brings the client.
        assert!(!sdk.carries.is_empty() || sdk.kind == Kind::Closure, "{}", sdk.name);
        for client in &sdk.carries {
            assert_ne!(table.is_client(client, None), Some(false), "{}: {client}", sdk.name);
        }
    }
}
