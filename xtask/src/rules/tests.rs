//! Tests of what all rules share: codes and pages.
//! They never check what a rule finds.

use super::ALL;

#[test]
fn every_rule_has_its_own_code_and_a_page_that_starts_with_it() {
    let mut codes = super::codes();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), ALL.len());
    for rule in ALL {
        assert!(rule.page.starts_with(&format!("# {}\n", rule.code)), "{}", rule.code);
    }
}

#[test]
fn the_hint_names_the_way_into_that_crate() {
    use super::of_site;
    use crate::findings::{Kind, Verdict};
    let check = |client: &str, symbol: &str, kind, way: &str| {
        let broken = of_site(client, symbol, kind, Verdict::Unwrapped, symbol.contains("net::"));
        let hint = broken.unwrap().hint;
        assert!(hint.contains(way), "{symbol}: {hint}");
    };
    let (construct, call) = (Kind::Construct, Kind::Call);
    check("reqwest", "reqwest::Client::new", construct, "`egret::wrap(client)`");
    let symbol = "reqwest::blocking::Client::new";
    check("reqwest", symbol, construct, "`egret::blocking::wrap(client)`");
    check("reqwest", "reqwest::blocking::get", call, "egret::blocking::");
    check("ureq", "ureq::agent", construct, "egret::ureq::middleware()");
    check("ureq", "ureq::get", call, "egret::ureq::middleware()");
    check("hyper", "hyper::Client::new", construct, "egret::tower_client()");
    check("hyper-util", "hyper_util::client::legacy::Client::builder", construct, "tower_client()");
    check("tonic", "GreeterClient::connect", call, "egret::tower_client()");
    for (client, symbol) in [
        ("tungstenite", "tungstenite::connect"),
        ("curl", "curl::easy::Easy::new"),
        ("std", "std::net::TcpStream::connect"),
    ] {
        check(client, symbol, call, "`egret::observe(..)`");
        check(client, symbol, call, "`egret::log(..)`");
    }
}
