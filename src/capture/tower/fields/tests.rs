//! Answers of the frameworks that services are written in, and what they tell.

use super::{Fields, Format, MAX_BODY_BYTES};
use crate::capture::watched::Look;

fn look(format: Format, body: &str) -> String {
    let mut fields = Fields { format, seen: Vec::new(), is_cut: false };
    // As bodies come: in pieces that know nothing of characters.
    body.as_bytes().chunks(7).for_each(|piece| fields.take(piece));
    assert!(fields.seen.len() <= MAX_BODY_BYTES);
    fields.names().join(" ")
}

#[track_caller]
fn check(body: &str, expected: &str) {
    assert_eq!(look(Format::Json, body), expected, "{body}");
}

#[track_caller]
fn check_text(body: &str, expected: &str) {
    assert_eq!(look(Format::Text, body), expected, "{body}");
}

#[test]
fn problem_details() {
    check(
        r##"{"type":"https://example.net/validation-error","title":"no","errors":[
            {"detail":"must be a positive integer","pointer":"#/age"},
            {"detail":"must be green","pointer":"#/profile/color"}]}"##,
        "age profile/color",
    );
    check(
        r#"{"title":"x","invalid-params":[{"name":"age","reason":"r"},{"name":"color"}]}"#,
        "age color",
    );
    check(r#"{"errors":[{"parameter":"limit","detail":"too many"}]}"#, "limit");
}

#[test]
fn what_frameworks_answer() {
    check(r#"{"errors":{"email":["taken"],"user.name":["short"]}}"#, "email user.name");
    check(r#"{"message":"m","errors":{"password":["The password is too short"]}}"#, "password");
    check(
        r#"{"detail":[{"loc":["body","email"],"msg":"m","input":"ann@x"},
            {"loc":["body","items",0,"price"]},{"loc":["body"]}]}"#,
        "email items.0.price body",
    );
    check(
        r#"{"errors":[{"status":"422","source":{"pointer":"/data/attributes/name"}}]}"#,
        "data/attributes/name",
    );
    check(
        r#"{"error":{"code":400,"details":[{"@type":"t","fieldViolations":[
            {"field":"user.age","description":"d"}]}]}}"#,
        "user.age",
    );
    check(r#"{"error":{"message":"m","param":"amount","type":"t"}}"#, "amount");
    check(r#"{"errors":[{"path":["user",1,"name"],"message":"m"}]}"#, "user.1.name");
    check(r#"{"error":"Failed to deserialize form body: age: invalid digit"}"#, "age");
}

#[test]
fn what_names_no_field() {
    for body in [
        "",
        "{",
        "[]",
        "17",
        r#"{"error":"something is wrong"}"#,
        r#"{"detail":"no such user ann@example.com"}"#,
        r#"{"errors":["email is taken"]}"#,
        r#"{"errors":{"ann@example.com":["a value as a key"]}}"#,
        r#"{"errors":[{"name":"John Smith"}]}"#,
        r#"{"errors":[{"field":17}]}"#,
    ] {
        check(body, "");
    }
}

#[test]
fn texts_of_axum() {
    let json = "Failed to deserialize the JSON body into the target type: ";
    check_text(&format!("{json}age: invalid type: string \"x\", expected u8 at line 1"), "age");
    check_text(&format!("{json}items[0].price: invalid value"), "items[0].price");
    check_text(&format!("{json}missing field `name` at line 1 column 2"), "name");
    check_text(&format!("{json}user: missing field `name` at line 1"), "user.name");
    check_text(&format!("{json}user.nick: unknown field `nick`, expected `name`"), "user.nick");
    check_text(&format!("{json}invalid type: string \"secret: x\", expected struct"), "");
    check_text("Failed to parse the request body as JSON: age: expected value", "age");
    check_text("Failed to parse the request body as JSON: EOF while parsing", "");
    check_text("Failed to deserialize query string: limit: invalid digit", "limit");
    check_text("Invalid URL: Cannot parse `id` with value `x: y` to a `u64`", "id");
    check_text("Invalid URL: Cannot parse `x7` to a `u64`", "");
    check_text("age: is wrong", "");
}

#[test]
fn the_rest_is_left_out_visibly() {
    let fields: Vec<_> = (0..30).map(|n| format!(r#""f{n}":["x"]"#)).collect();
    let names = look(Format::Json, &format!(r#"{{"errors":{{{}}}}}"#, fields.join(",")));
    assert_eq!(names.split(' ').count(), 21);
    assert!(names.ends_with("{truncated}"), "{names}");
    let long = "\\\"}".repeat(10_000);
    let body = format!(r#"{{"detail":[{{"loc":["a"]}},{{"loc":["b"],"msg":"{long}"}}]}}"#);
    check(&body, "a b {truncated}");
}

#[test]
fn names_that_sound_like_secrets_stay() {
    let named = "email, password, api_key, reset.token";
    assert_eq!(crate::redact::attribute(super::VALIDATION_FIELDS, named), named);
}
