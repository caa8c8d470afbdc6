//! Whether the outputs are what their standards ask for.
//! They never take our own word for it: schemas and other programs judge.

use std::io::ErrorKind;
use std::process::Command;
use std::{env, fs};

use serde_json::Value;

use super::{Format, rendered, sample};
use crate::findings::Report;

/// Every problem that a JSON Schema has with a document.
fn problems(schema: &str, document: &str) -> Vec<String> {
    let schema: Value = serde_json::from_str(schema).unwrap();
    let document: Value = serde_json::from_str(document).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    validator.iter_errors(&document).map(|error| error.to_string()).collect()
}

#[test]
fn sarif_validates_against_the_official_schema() {
    // A bracket too many in the pattern of a property that we do not write: engines that follow
    // ECMA-262 to the letter refuse the whole schema for it.
    let schema = include_str!("../../../tests/schemas/sarif-2.1.0.json");
    assert!(schema.contains("[a-zA-Z]{2}]?$"));
    let schema = &schema.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}$");
    for report in [sample(), Report::default()] {
        let document = rendered(Format::Sarif, &report);
        assert_eq!(problems(schema, &document), Vec::<String>::new());
    }
    assert!(!problems(schema, "{\"version\": \"2.1.0\"}").is_empty());
}

#[test]
fn json_validates_against_our_schema() {
    let schema = include_str!("../../../docs/report.schema.json");
    for report in [sample(), Report::default()] {
        let document = rendered(Format::Json, &report);
        assert_eq!(problems(schema, &document), Vec::<String>::new());
    }
    assert!(!problems(schema, "{\"version\": 1}").is_empty());
}

#[test]
fn junit_validates_against_the_jenkins_schema() {
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schemas/jenkins-junit-10.xsd");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.xml");
    for report in [sample(), Report::default()] {
        fs::write(&file, rendered(Format::Junit, &report)).unwrap();
        let answer =
            Command::new("xmllint").args(["--noout", "--schema", schema]).arg(&file).output();
        match answer {
            Ok(output) => {
                let told = String::from_utf8_lossy(&output.stderr).into_owned();
                assert!(output.status.success(), "{told}");
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                println!("xmllint is missing (Debian: libxml2-utils); JUnit was not validated");
                assert!(env::var_os("EGRET_REQUIRE_SERVICES").is_none(), "xmllint is missing");
            }
            Err(error) => panic!("xmllint: {error}"),
        }
    }
}

#[test]
fn suppressed_sites_are_marked_and_kept() {
    let sarif: Value = serde_json::from_str(&rendered(Format::Sarif, &sample())).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let of = |result: &Value| result["suppressions"][0]["kind"].as_str().map(str::to_owned);
    let kinds: Vec<_> = results.iter().map(of).collect();
    let expected = [None, None, Some("inSource"), Some("external"), None];
    assert_eq!(kinds, expected.map(|kind| kind.map(str::to_owned)));
    let json: Value = serde_json::from_str(&rendered(Format::Json, &sample())).unwrap();
    assert_eq!(json["sites"].as_array().unwrap().len(), 6);
    assert_eq!(json["sites"][2]["suppressed"]["reason"], "a probe | with <b>");
    assert_eq!(json["sites"][0]["crate"], "reqwest");
}
