//! SARIF 2.1.0: results with rules, places, fingerprints and suppressions, for code scanning.
//! It lists only what is or was a complaint; covered sites are in the numbers alone.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::json::{coverage, write_pretty};
use super::message::{Message, fingerprint, hash, of_finding, of_site, reason};
use super::summary;
use crate::findings::{Conclusion, Place, Report, Rule, Severity, Suppressed};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

pub(super) fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let rules = rules(report);
    let conclusion = report.conclusion();
    let run = json!({
        "tool": { "driver": {
            "name": "egret-audit",
            "version": env!("CARGO_PKG_VERSION"),
            "rules": rules.iter().map(|rule| wire_rule(rule)).collect::<Vec<_>>(),
        }},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {
            "ROOT": { "description": { "text": "The folder that was scanned." } }
        },
        "invocations": [{
            "executionSuccessful": conclusion != Conclusion::NotJudged,
            "exitCode": conclusion.exit_code(),
            "toolExecutionNotifications": notifications(report),
        }],
        "results": results(report, &rules),
        "properties": { "coverage": coverage(report) },
    });
    write_pretty(&json!({ "$schema": SCHEMA, "version": "2.1.0", "runs": [run] }), out)
}

/// The rules that anything in the report breaks, once each, by code.
fn rules(report: &Report) -> Vec<&'static Rule> {
    let of_sites = report.sites.iter().filter_map(|site| site.rule);
    let of_findings = report.findings.iter().map(|finding| finding.rule);
    let mut rules: Vec<_> = of_sites.chain(of_findings).collect();
    rules.sort_by_key(|rule| rule.code);
    rules.dedup();
    rules
}

fn wire_rule(rule: &Rule) -> Value {
    json!({
        "id": rule.code,
        "shortDescription": { "text": rule.title },
        "fullDescription": { "text": rule.title },
        "help": { "text": rule.page, "markdown": rule.page },
    })
}

/// What was not judged, and the summary: SARIF has no better place for a run's numbers.
fn notifications(report: &Report) -> Vec<Value> {
    let files = report.coverage.token_scanned.iter().chain(&report.coverage.skipped);
    let mut told: Vec<Value> = files
        .map(|file| {
            json!({
                "level": if file.holds_anchor { "error" } else { "note" },
                "message": { "text": summary::told(file) },
                "locations": [{ "physicalLocation": { "artifactLocation": artifact(&file.file) } }],
            })
        })
        .collect();
    let lines = [summary::files(&report.coverage), summary::sites(report)];
    told.push(json!({ "level": "note", "message": { "text": lines.join("; ") } }));
    if report.conclusion() == Conclusion::NotJudged {
        let text = summary::conclusion(report);
        told.push(json!({ "level": "error", "message": { "text": text } }));
    }
    told
}

fn results(report: &Report, rules: &[&'static Rule]) -> Vec<Value> {
    let keys = report.keys();
    let sites = report.sites.iter().zip(&keys).filter(|(site, _)| site.severity > Severity::Off);
    let of_sites = sites.map(|(site, key)| {
        let logical = json!([{ "fullyQualifiedName": site.enclosing, "kind": "function" }]);
        let id = fingerprint(key);
        result(&of_site(site), rules, &id, site.suppressed.as_ref(), Some(logical))
    });
    let findings = report.findings.iter().filter(|finding| finding.severity > Severity::Off);
    let of_findings = findings.map(|finding| {
        let file = finding.place.as_ref().map_or("", |place| &place.file);
        let id = hash(&[finding.rule.code, &finding.subject, file, &finding.message]);
        result(&of_finding(finding), rules, &id, finding.suppressed.as_ref(), None)
    });
    of_sites.chain(of_findings).collect()
}

fn result(
    message: &Message<'_>,
    rules: &[&'static Rule],
    id: &str,
    suppressed: Option<&Suppressed>,
    logical: Option<Value>,
) -> Value {
    let mut text = message.text.clone();
    if !message.hint.is_empty() {
        text.push_str(&format!("; {}", message.hint));
    }
    let mut result = json!({
        "ruleId": message.code(),
        "level": message.severity.as_str(),
        "message": { "text": text },
        // GitHub matches results by the first name, which it computes from lines if it is absent.
        "partialFingerprints": { "primaryLocationLineHash": format!("{id}:1"), "egretSite/v1": id },
        "suppressions": suppressed.map(suppression).into_iter().collect::<Vec<_>>(),
    });
    if let Some(index) = rules.iter().position(|rule| rule.code == message.code()) {
        result["ruleIndex"] = json!(index);
    }
    if let Some(place) = message.place {
        let mut location = physical(place);
        if let Some(logical) = logical {
            location["logicalLocations"] = logical;
        }
        result["locations"] = json!([location]);
    }
    let related: Vec<Value> = message
        .evidence
        .iter()
        .enumerate()
        .map(|(index, evidence)| {
            let mut location = physical(&evidence.place);
            location["id"] = json!(index);
            location["message"] = json!({ "text": evidence.text });
            location
        })
        .collect();
    if !related.is_empty() {
        result["relatedLocations"] = json!(related);
    }
    result
}

fn suppression(suppressed: &Suppressed) -> Value {
    let kind = match suppressed {
        Suppressed::Inline { .. } => "inSource",
        Suppressed::Policy { .. } | Suppressed::Baseline | Suppressed::Unchanged { .. } => {
            "external"
        }
    };
    let justification = reason(suppressed);
    json!({ "kind": kind, "status": "accepted", "justification": justification })
}

fn physical(place: &Place) -> Value {
    json!({ "physicalLocation": {
        "artifactLocation": artifact(&place.file),
        "region": { "startLine": place.line, "startColumn": place.column },
    }})
}

fn artifact(file: &str) -> Value {
    json!({ "uri": uri(file), "uriBaseId": "ROOT" })
}

/// A relative path as a relative URI: everything but unreserved characters and slashes is escaped.
fn uri(file: &str) -> String {
    let mut uri = String::with_capacity(file.len());
    for byte in file.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}
