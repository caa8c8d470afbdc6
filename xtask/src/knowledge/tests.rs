//! The shipped tables can be read, and say what they should.
//! They are never compared with the crates' sources here.

use super::table::read;
use super::{Knowledge, braces::expand};

#[test]
fn the_shipped_tables_are_valid() {
    let knowledge = read(include_str!("clients.toml"), include_str!("covers.toml")).unwrap();
    assert!(knowledge.entries.len() > 200);
}

#[test]
fn braces_are_expanded() {
    assert_eq!(expand("a{,b}c{d,e}"), ["acd", "ace", "abcd", "abce"]);
    assert_eq!(expand("a{b"), ["a{b"]);
}

#[test]
fn re_exports_lead_to_the_crate_itself() {
    let knowledge = Knowledge::shipped();
    let check = |path: &str, expected: &str| {
        let found = knowledge.canonical_path(path.split("::").map(str::to_owned).collect());
        assert_eq!(found.join("::"), expected);
    };
    check("oauth2::reqwest::Client::new", "reqwest::Client::new");
    check("oauth2::reqwest::async_http_client", "oauth2::reqwest::async_http_client");
    check("isahc::prelude::HttpClient::new", "isahc::HttpClient::new");
    check("tame_index::external::reqwest::Client::new", "reqwest::Client::new");
    check("tokio_tungstenite::tungstenite::connect", "tungstenite::connect");
    check("egret::ureq::middleware", "egret::ureq::middleware");
    check("egret::reqwest::wrap", "egret::reqwest::wrap");
    check("rustify::clients::reqwest::Client::new", "rustify::clients::reqwest::Client::new");
}
