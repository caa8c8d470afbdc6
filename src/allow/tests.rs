//! Nothing is allowed that was not named.

use super::*;

#[test]
fn media_types_are_matched_as_a_whole_or_by_their_kind() {
    let media_types = ["application/json", "text/*"].map(str::to_owned).to_vec();
    let rules = BodyRules { media_types, cap_bytes: 1, budget_bytes: 1 };
    for (media_type, expected) in [
        ("application/json", true),
        ("application/json-seq", false),
        ("text/html", true),
        ("texture/html", false),
        ("", false),
    ] {
        assert_eq!(rules.allows(media_type), expected, "{media_type}");
    }
    assert!(!Allowed::default().traces("example.com"));
}

#[test]
fn hosts_are_matched_by_whole_labels() {
    let below = HostPattern::parse(" *.Example.com ").unwrap();
    assert!(below.matches("api.example.com") && below.matches("a.b.example.com"));
    assert!(!below.matches("example.com") && !below.matches("badexample.com"));
    assert!(HostPattern::parse("example.com").unwrap().matches("example.com"));
    for bad in ["", "*", "*.", "a*b.com", "https://a.com", "a b", "u@h"] {
        assert_eq!(HostPattern::parse(bad), None, "{bad}");
    }
}
