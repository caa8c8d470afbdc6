//! How values look in CSV.
//! They never ask a store; `tests/it/export.rs` reads whole exports with other programs.

use serde_json::json;

use super::columns::Kind;
use super::*;

const COLUMNS: &[Column] = &[
    Column { name: "text", kind: Kind::Text },
    Column { name: "n", kind: Kind::Count },
    Column { name: "json", kind: Kind::Json },
];

#[track_caller]
fn check(row: Value, expected: &str) {
    let mut out = Vec::new();
    let mut sink = Format::Csv.sink(COLUMNS, &mut out).unwrap();
    let Value::Object(row) = row else { panic!("no row: {row}") };
    sink.write(row).unwrap();
    sink.finish().unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), format!("text,n,json\r\n{expected}\r\n"));
}

#[test]
fn cells_are_quoted_and_no_text_is_a_formula() {
    check(json!({ "text": "plain", "n": 7 }), "plain,7,");
    check(json!({ "text": "a \"b\", c\r\nd", "n": null }), "\"a \"\"b\"\", c\r\nd\",,");
    check(json!({ "json": { "k": ["=1"] } }), ",,\"{\"\"k\"\":[\"\"=1\"\"]}\"");
    for (text, cell) in [("=1+1", "'=1+1"), ("+49", "'+49"), ("-1", "'-1"), ("@x", "'@x")] {
        check(json!({ "text": text }), &format!("{cell},,"));
    }
    check(json!({ "text": "\t=1" }), "'\t=1,,");
    check(json!({ "text": "a=1" }), "a=1,,");
}
