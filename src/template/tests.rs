//! The heuristic, path by path.

use super::*;

#[track_caller]
fn check(path: &str, expected: &str) {
    let mut out = String::new();
    heuristic(path, &mut out);
    assert_eq!(out, expected);
}

#[test]
fn ids_become_placeholders_and_words_stay() {
    check("/users/12345/orders/8f14e45fceea167a", "/users/{int}/orders/{hash}");
    check("/v1/customers/cus_9s6XKzkNRiz8i3/sources", "/v1/customers/{id}/sources");
    check("/o/550e8400-e29b-41d4-a716-446655440000", "/o/{uuid}");
    check("/days/2026-11-21/report", "/days/{date}/report");
    check("/people/ann@example.com", "/people/{email}");
    check("/v2.1/chat/completions", "/v2.1/chat/completions");
    check("/repos/rust-lang/rust/issues/1", "/repos/rust-lang/rust/issues/{int}");
    check("/health-check/readiness", "/health-check/readiness");
    check("/", "/");
    check("", "");
}

#[test]
fn a_host_cannot_have_more_templates_than_its_cap() {
    let mut templates = Templates::default();
    for n in 0..MAX_PER_HOST {
        let given = format!("/route-{n}");
        assert_eq!(templates.admit("h", &given, ""), given);
    }
    assert_eq!(templates.admit("h", "/one-more", ""), OVERFLOW);
    assert_eq!(templates.admit("h", "/route-0", ""), "/route-0");
    assert_eq!(templates.admit("other", "/one-more", ""), "/one-more");
}
