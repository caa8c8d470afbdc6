//! What the outputs look like, as snapshots.
//! They never change by accident.

use expect_test::{Expect, expect};

use super::{Colour, Format, Texts, View, render, rendered, sample};
use crate::findings::{Report, Skipped};

#[track_caller]
fn check(format: Format, expected: &Expect) {
    expected.assert_eq(&rendered(format, &sample()));
}

#[test]
fn text() {
    check(
        Format::Text,
        &expect![[r#"
        error[sample-finding]: `sentry` sends
                               with a client | of its own
         |
         = help: hand it yours

        error[sample-site]: `reqwest::Client::new` is handed to a middleware stack that is empty
         --> src/a.rs:2:13
          |
        2 |     let é = reqwest::Client::new();
          |             ^^^^^^^^^^^^^^^^^^^^
        3 |     wrap(é);
          |     ---- wrapped here, with nothing in the stack
          |
          = help: write `egret::wrap(reqwest::Client::new())`

        warning[sample-site]: `reqwest::Client::new` is not seen by egret
        --> src/b,c:d%.rs:7:13
         = help: write `egret::wrap(reqwest::Client::new())`

        4 files scanned (120 lines, 3 parsed), 1 token-scanned only, 1 skipped
          token-scanned: src/odd\u{1b}[31m.rs: is no UTF-8
          skipped: src/binary.rs: is no UTF-8
        6 sites found, 1 covered (16.6 %), 2 suppressed, 1 off by policy, 1 error, 1 warning
        not clean: 3 findings above
    "#]],
    );
}

#[test]
fn github() {
    check(
        Format::Github,
        &expect![[r#"
            ::error title=egret%3A sample-finding::`sentry` sends%0Awith a client | of its own%0Ahelp: hand it yours
            ::error file=src/a.rs,line=2,col=13,title=egret%3A sample-site::`reqwest::Client::new` is handed to a middleware stack that is empty%0Asrc/a.rs:3: wrapped here, with nothing in the stack%0Ahelp: write `egret::wrap(reqwest::Client::new())`
            ::warning file=src/b%2Cc%3Ad%25.rs,line=7,col=13,title=egret%3A sample-site::`reqwest::Client::new` is not seen by egret%0Ahelp: write `egret::wrap(reqwest::Client::new())`
            ::error title=egret audit::4 files scanned (120 lines, 3 parsed), 1 token-scanned only, 1 skipped%0A  token-scanned: src/odd\u{1b}[31m.rs: is no UTF-8%0A  skipped: src/binary.rs: is no UTF-8%0A6 sites found, 1 covered (16.6 %25), 2 suppressed, 1 off by policy, 1 error, 1 warning%0Anot clean: 3 findings above
        "#]],
    );
}

#[test]
fn markdown() {
    check(
        Format::Markdown,
        &expect![[r#"
        ## egret audit: ❌ not clean: 3 findings above

        - 6 sites found, 1 covered (16.6 %), 2 suppressed, 1 off by policy, 1 error, 1 warning
        - 4 files scanned (120 lines, 3 parsed), 1 token-scanned only, 1 skipped

        | severity | rule | place | what | help |
        |---|---|---|---|---|
        | error | sample-finding |  | `sentry` sends with a client \| of its own | hand it yours |
        | error | sample-site | src/a.rs:2 | `reqwest::Client::new` is handed to a middleware stack that is empty | write `egret::wrap(reqwest::Client::new())` |
        | warning | sample-site | src/b,c:d%.rs:7 | `reqwest::Client::new` is not seen by egret | write `egret::wrap(reqwest::Client::new())` |

        <details><summary>Token-scanned only: 1</summary>

        - src/odd\\u{1b}\[31m.rs: is no UTF-8

        </details>

        <details><summary>Skipped: 1</summary>

        - src/binary.rs: is no UTF-8

        </details>

    "#]],
    );
}

#[test]
fn junit() {
    check(
        Format::Junit,
        &expect![[r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites>
          <testsuite name="egret audit" tests="7" failures="2" errors="0" time="0" timestamp="2026-11-21T12:00:00" hostname="localhost" id="0" package="egret">
            <properties>
              <property name="files_scanned" value="4"/>
              <property name="files_token_scanned" value="1"/>
              <property name="files_skipped" value="1"/>
              <property name="sites_found" value="6"/>
              <property name="sites_covered" value="1"/>
              <property name="sites_covered_percent" value="16.6 %"/>
            </properties>
            <testcase name="reqwest::Client::new at src/a.rs:2" classname="app::f" time="0">
              <failure type="sample-site" message="`reqwest::Client::new` is handed to a middleware stack that is empty">`reqwest::Client::new` is handed to a middleware stack that is empty
        src/a.rs:3: wrapped here, with nothing in the stack
        help: write `egret::wrap(reqwest::Client::new())`</failure>
            </testcase>
            <testcase name="reqwest::Client::new at src/b,c:d%.rs:7" classname="app::g" time="0"/>
            <testcase name="reqwest::Client::new at src/c.rs:1" classname="app::h" time="0"/>
            <testcase name="reqwest::Client::new at src/c.rs:9" classname="app::h" time="0"/>
            <testcase name="reqwest::Client::new at src/c.rs:12" classname="app::h" time="0"/>
            <testcase name="reqwest::Client::new at src/c.rs:20" classname="app::i" time="0"/>
            <testcase name="sample-finding: sentry" classname="egret" time="0">
              <failure type="sample-finding" message="`sentry` sends\nwith a client | of its own">`sentry` sends\nwith a client | of its own
        help: hand it yours</failure>
            </testcase>
            <system-out>src/b,c:d%.rs:7: warning: `reqwest::Client::new` is not seen by egret
        src/c.rs:1: suppressed (inline): a probe | with &lt;b&gt;
        src/c.rs:9: suppressed (baseline): it was there before the audit
        4 files scanned (120 lines, 3 parsed), 1 token-scanned only, 1 skipped
          token-scanned: src/odd\u{1b}[31m.rs: is no UTF-8
          skipped: src/binary.rs: is no UTF-8
        6 sites found, 1 covered (16.6 %), 2 suppressed, 1 off by policy, 1 error, 1 warning
        not clean: 3 findings above</system-out>
            <system-err></system-err>
          </testsuite>
        </testsuites>
    "#]],
    );
}

#[test]
fn colour_adds_styles_and_changes_no_word() {
    let report = sample();
    let started = "2026-11-21T12:00:00";
    let view = View { report: &report, sources: &Texts, started, colour: Colour::Styled };
    let mut out = Vec::new();
    render(Format::Text, &view, &mut out).unwrap();
    let styled = String::from_utf8(out).unwrap();
    assert!(styled.contains("\u{1b}["));
    let plain = anstream::adapter::strip_str(&styled).to_string();
    assert_eq!(plain, rendered(Format::Text, &report));
}

#[test]
fn a_file_that_changed_since_the_scan_is_survived() {
    let mut report = sample();
    for (line, column) in [(0, 0), (1, 99), (5, 1), (999, 999), (usize::MAX, usize::MAX)] {
        report.sites[0].place.line = line;
        report.sites[0].evidence[0].place.column = column;
        assert!(rendered(Format::Text, &report).contains("src/a.rs"), "{line}:{column}");
    }
}

#[test]
fn nothing_scanned_is_green_nowhere() {
    let empty = Report::default();
    for (format, sign) in [
        (Format::Text, "not judged: nothing was scanned"),
        (Format::Json, "\"exit_code\": 2"),
        (Format::Sarif, "\"executionSuccessful\": false"),
        (Format::Github, "::error title=egret audit::"),
        (Format::Junit, "errors=\"1\""),
        (Format::Markdown, "⚠️ not judged"),
    ] {
        let text = rendered(format, &empty);
        assert!(text.contains(sign), "{}: {text}", format.as_str());
    }
}

#[test]
fn an_unjudged_file_is_named_everywhere() {
    let mut report = sample();
    let file = "src/half.rs".to_owned();
    let reason = "does not parse".to_owned();
    report.coverage.token_scanned.push(Skipped { file, reason, holds_anchor: true });
    for format in Format::ALL {
        let text = rendered(format, &report);
        assert!(text.contains("src/half.rs"), "{}: {text}", format.as_str());
        assert!(text.contains("does not parse"), "{}: {text}", format.as_str());
    }
}
