//! Tests of the policy file: what it sets, and that every mistake in it is told with its place.
//! They never read a file.

use super::{ExtraClient, read};
use crate::findings::samples::SITE_RULE;
use crate::findings::{Context, Severity};

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let problems = read(text, &["sample-site"]).map_or_else(|problems| problems, |_| Vec::new());
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(told, expected);
}

#[test]
fn a_whole_policy_is_read() {
    let text = r#"
forbid_outside = ["app::http"]
[approved]
middlewares = ["app::http::Audit"]
wrappers = ["http::client"]
[clients]
"my_sdk::Client::new" = "construct"
"my_sdk::fetch" = "call"
[severity]
example = "off"
[severity.rules]
sample-site = "warning"
[[dependency]]
name = "sentry"
reason = "sends only crash reports"
[[allow]]
path = "tests/data/"
reason = "samples"
"#;
    let policy = read(text, &["sample-site"]).unwrap();
    assert_eq!(policy.forbid_outside, ["app::http"]);
    assert_eq!(policy.middlewares, ["app::http::Audit"]);
    assert_eq!(policy.wrappers, ["http::client"]);
    let construct = policy.clients.iter().find(|client| !client.is_call).unwrap();
    let path = "my_sdk::Client::new".to_owned();
    assert_eq!(construct, &ExtraClient { client: "my_sdk".to_owned(), path, is_call: false });
    let of = |context| policy.severities.of(&SITE_RULE, context, Severity::Error);
    assert_eq!(of(Context::Prod), Severity::Warning);
    assert_eq!(of(Context::Example), Severity::Off);
    assert_eq!(of(Context::Test), Severity::Off);
    assert_eq!(policy.dependencies[0].reason, "sends only crash reports");
    assert_eq!(policy.dependencies[0].line, 14);
    let covered = ["tests/data/a.rs", "tests/data", "tests/database.rs", "a/tests/data/a.rs"];
    assert_eq!(covered.map(|file| policy.paths[0].covers(file)), [true, true, false, false]);
}

#[test]
fn an_empty_file_is_the_default() {
    let policy = read("", &[]).unwrap();
    let of = |context| policy.severities.of(&SITE_RULE, context, Severity::Error);
    let all = Context::ALL.map(of);
    use Severity::{Error, Off, Warning};
    assert_eq!(all, [Error, Off, Warning, Warning, Warning]);
}

#[test]
fn all_mistakes_are_told_at_once() {
    check(
        "forbid_outside = [\"app::http\", \"not a path\"]\nwrapers = []\n[severity]\nprod = \"bad\"\n\
         prd = \"error\"\nbench = 3\n[severity.rules]\nnone = \"off\"\n[clients]\n\"a::b\" = \"x\"\n\
         [[dependency]]\nname = \"sentry\"\n[[dependency]]\nname = \"sentry\"\nreason = \" \"\n\
         [[dependency]]\nname = \"sentry\"\nreason = \"x\"\nuntil = \"x\"\n\
         [[allow]]\npath = \"../a\"\nreason = \"\"\n",
        &[
            "1:32: `not a path` is no path; write `my_crate::module::Item`",
            "2:1: `wrapers` is unknown here; expected `forbid_outside`, `[approved]`, `[clients]`, \
             `[severity]`, `[[dependency]]` or `[[allow]]`",
            "4:8: `bad` is no severity; write `error`, `warning` or `off`",
            "5:1: `prd` is unknown here; expected `prod`, `test`, `example`, `build`, `bench` or \
             `rules`",
            "6:9: invalid type: integer `3`, expected a string",
            "8:1: `none` is unknown here; expected a rule: sample-site",
            "10:10: `x` is no kind of site; write `construct` or `call`",
            "12:8: `sentry` has no `reason`; write why its calls may go unseen",
            "14:8: `sentry` is decided twice",
            "15:10: `sentry` has no `reason`; write why its calls may go unseen",
            "19:1: unknown field `until`, expected `name` or `reason`",
            "21:8: `../a` is no path below the scanned folder; write `tests/data`",
            "22:10: `../a` has no `reason`; write why what is there may stay",
        ],
    );
}

#[test]
fn all_syntax_errors_are_told_at_once() {
    let problems = read("a = \nb = \"x\nc = 1\n", &[]).unwrap_err();
    let lines: Vec<_> = problems.iter().map(|problem| problem.line).collect();
    assert!(lines.starts_with(&[1, 2]), "{problems:?}");
    assert!(read(&"[".repeat(100_000), &[]).is_err());
}

/// Every text of up to four pieces that matter to TOML or to a policy.
#[test]
fn every_short_text_is_survived() {
    const PIECES: [&str; 14] = [
        "[",
        "]",
        "=",
        "\"",
        "'",
        "\n",
        "é",
        "{",
        "}",
        "#",
        ".",
        "[[allow]]\n",
        "severity",
        "path",
    ];
    let mut texts = vec![String::new()];
    for _ in 0..4 {
        texts =
            texts.iter().flat_map(|text| PIECES.map(|piece| format!("{text}{piece}"))).collect();
        for text in &texts {
            if let Err(problems) = read(text, &[]) {
                assert!(problems.iter().all(|problem| problem.line > 0), "{text}");
            }
            // The baseline is read by the same library, with spans of its own.
            let _ = crate::baseline::Baseline::parse(text);
        }
    }
}
