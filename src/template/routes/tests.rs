//! The route table: which template goes first, and what is said of bad ones.

use super::*;

const TABLE: &str = "
    # Payments.
    api.stripe.com /v1/charges/{id}
    api.stripe.com /v1/charges/search
    POST api.stripe.com /v1/charges/{id}; api.stripe.com /v1/{*rest}
    post api.stripe.com /v1/customers/{customer}/sources/{source}
    *.shop.example /orders/{id}.json
    eu.shop.example /orders/{id}.json
    *.shop.example /models/{model}:predict
";

#[track_caller]
fn check(call: &str, expected: Option<&str>) {
    let routes = Routes::parse(TABLE).unwrap();
    let words: Vec<&str> = call.split_whitespace().collect();
    assert_eq!(routes.find(words[1], words[0], words[2]), expected, "{call}");
}

#[test]
fn the_most_specific_template_goes_first() {
    check("GET api.stripe.com /v1/charges/ch_1", Some("/v1/charges/{id}"));
    check("GET api.stripe.com /v1/charges/ch_1/", Some("/v1/charges/{id}"));
    check("GET api.stripe.com /v1/charges/search", Some("/v1/charges/search"));
    // The method's own table goes first.
    check("POST api.stripe.com /v1/charges/search", Some("/v1/charges/{id}"));
    check("GET api.stripe.com /v1/charges/ch_1/refunds", Some("/v1/{*rest}"));
    check(
        "POST api.stripe.com /v1/customers/cus_1/sources/s_1",
        Some("/v1/customers/{customer}/sources/{source}"),
    );
    check("GET api.stripe.com /v1/customers/cus_1/sources/s_1", Some("/v1/{*rest}"));
    check("GET api.stripe.com /v2/charges/ch_1", None);
    check("GET eu.shop.example /orders/17.json", Some("/orders/{id}.json"));
    check("GET eu.shop.example /models/m-1:predict", Some("/models/{model}:predict"));
    check("GET us.shop.example /orders/17", None);
    check("GET shop.example /orders/17.json", None);
    check("GET elsewhere.example /v1/charges/ch_1", None);
}

#[test]
fn bad_templates_are_named_with_what_would_be_right() {
    let text = "
        api.example.com
        https://api.example.com /x
        api.example.com:80 /x
        api.example.com v1/{id}
        api.example.com /v1/:id
        api.example.com /v1/{id
        api.example.com /v1/{}
        api.example.com /v1/{a}-{b}
        api.example.com /v1/{*rest}/x
        api.example.com /v1?x={y}
        G3T api.example.com /v1
        api.example.com /a/{id}
        api.example.com /a/{name}";
    let problems = Routes::parse(text).unwrap_err();
    let expected = [
        "accepted is [METHOD] HOST /TEMPLATE",
        "the host is a name without scheme and port",
        "the host is a name without scheme and port",
        "the template begins with a slash",
        ":id: a parameter is written {id}",
        "a parameter is {name}",
        "a parameter is {name}",
        "two parameters in one segment",
        "{*rest} can stand at the end alone",
        "without query and fragment",
        "the method is made of letters alone",
        "matches the same paths as /a/{id}; keep one of them",
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for (problem, expected) in problems.iter().zip(expected) {
        assert!(problem.contains(expected), "{problem}");
    }
}
