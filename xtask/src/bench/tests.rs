//! Tests of the results' file and of the choice of programs. They never run a bench.

use std::path::Path;

use super::programs::{all, chosen};
use super::results::{Results, Section};
use super::{Failure, Pace};

fn section(name: &str, printed: &str) -> Section {
    let [name, command, when, printed] =
        [name, "run it", "today", printed].map(std::borrow::ToOwned::to_owned);
    Section { name, command, when, printed }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

#[test]
fn a_section_is_replaced_and_the_others_stay() {
    let mut results = Results::default();
    results.head = "- CPU: one".to_owned();
    results.put(section("call", "## not a heading\n100 ns"));
    results.put(section("offer", "7 ns\n"));
    let mut again = Results::read(&results.to_string());
    again.head = "- CPU: one".to_owned();
    assert_eq!(again, results);
    again.put(section("call", "90 ns"));
    let text = again.to_string();
    assert!(text.contains("90 ns") && text.contains("7 ns") && !text.contains("100 ns"), "{text}");
    assert_eq!(Results::read(&text).to_string().matches("## ").count(), 2);
}

#[test]
fn programs_are_those_of_the_peers_and_our_own() {
    let all = all(root()).unwrap();
    let names: Vec<&str> = all.iter().map(|program| program.name.as_str()).collect();
    for name in ["call", "growth", "offer", "collector", "whole", "audit", "disabled"] {
        assert!(names.contains(&name), "{names:?}");
    }
    let asked = chosen(&["disabled".to_owned(), "call".to_owned()], &all).unwrap();
    let commands: Vec<String> = asked.iter().map(|program| program.command(Pace::Quick)).collect();
    assert_eq!(
        commands,
        ["cargo bench --quiet -p egret --bench disabled", "target/peers/release/call --quick"]
    );
}

#[test]
fn an_unknown_name_is_answered_with_those_there_are() {
    let failure = chosen(&["cal".to_owned()], &all(root()).unwrap()).unwrap_err();
    assert!(matches!(&failure, Failure::NoSuchProgram { name, .. } if name == "cal"));
    assert!(failure.to_string().contains("call, growth"), "{failure}");
}
