//! Names from the configuration: templates of the route table and vendors, at the collector.

use std::time::Duration;

use egret::batch::Startup;
use egret::{Call, Config, Egret};
use egret_collector::Collector;

use crate::collector::{calls, config};

#[tokio::test]
async fn a_call_is_named_by_itself_then_by_the_table_then_by_its_looks() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let config = config(&collector.url())
        .route("api.stripe.com", "/v1/customers/{customer}/sources/{source}")
        .routes("POST *.shop.example /orders/{order}\n# nothing\nGET eu.shop.example /{*rest}")
        .target("api.stripe.com", "stripe")
        .target("*.shop.example", "shop");
    let egret = Egret::start(config.build().unwrap()).unwrap();
    let told = [
        ("GET", "https://api.stripe.com/v1/customers/acme/sources/card", "", ""),
        ("GET", "https://api.stripe.com/v1/customers/cus_NffrFeUfNV2Hib", "", ""),
        ("GET", "https://api.stripe.com/v1/customers/acme/sources/card", "/mine/{x}", "mine"),
        ("POST", "https://us.shop.example/orders/big-one", "", ""),
        ("GET", "https://us.shop.example/orders/big-one", "", ""),
        ("GET", "https://eu.shop.example/orders/big-one", "", ""),
        ("GET", "https://shop.example/orders/7", "", ""),
    ];
    for (method, url, template, target) in told {
        let call = Call::new(method, url).status(200).template(template).target(target);
        egret.log(call);
    }
    egret.flush_async(Duration::from_secs(5)).await.unwrap();
    assert_eq!(egret.stats().delivered, told.len() as u64);
    let mut named: Vec<_> = calls(&collector.url(), "")
        .await
        .iter()
        .map(|call| {
            let text = |name: &str| call[name].as_str().unwrap_or("-").to_owned();
            format!("{} {} {}", text("http.request.method"), text("url.template"), text("target"))
        })
        .collect();
    named.sort();
    let expected = [
        "GET /mine/{x} mine",
        "GET /orders/big-one shop",
        "GET /orders/{int} -",
        "GET /v1/customers/{customer}/sources/{source} stripe",
        "GET /v1/customers/{id} stripe",
        "GET /{*rest} shop",
        "POST /orders/{order} shop",
    ];
    assert_eq!(named, expected);
}

#[test]
fn the_environment_names_too_and_bad_names_are_all_told() {
    let lookup = |name: &str| {
        let value = match name {
            "EGRET_ROUTES" => "api.example.com /v1/:id; api.example.com /v1/{a}-{b}",
            "EGRET_TARGETS" => "api.example.com",
            _ => return None,
        };
        Some(value.to_owned())
    };
    let error = Config::builder().variables(lookup).build().unwrap_err();
    let expected = [
        "EGRET_ROUTES: \"api.example.com /v1/:id\": :id: a parameter is written {id}",
        "EGRET_ROUTES: \"api.example.com /v1/{a}-{b}\": two parameters in one segment",
        "EGRET_TARGETS: accepted are HOST=NAME,...",
    ];
    assert_eq!(error.problems().len(), expected.len(), "{error}");
    for (problem, expected) in error.problems().iter().zip(expected) {
        assert!(problem.starts_with(expected), "{problem}");
    }
    let code = Config::builder().variables(lookup).route("h", "/x/{id}").target("h", "vendor");
    assert!(code.build().is_ok(), "what code sets goes before the environment");
}

#[test]
fn a_start_up_message_of_a_later_version_is_understood() {
    let later = r#"{"started_unix_ns":1,"wrapped":[],"targets":[{"host":"h","target":"t","x":1}],
        "routes":[{"host":"h","template":"/{id}"}],"n_routes":1,"unheard_of":{"a":[1]}}"#;
    let startup: Startup = serde_json::from_str(later).unwrap();
    assert_eq!(
        (startup.targets[0].target.as_str(), startup.routes[0].method.as_deref()),
        ("t", None)
    );
    let earlier: Startup = serde_json::from_str(r#"{"started_unix_ns":1}"#).unwrap();
    assert!(earlier.targets.is_empty() && earlier.n_targets == 0);
}
