//! Wrapping changes nothing: what a user sees of an answer or an error is the bare client's.
//! Never says which shapes there are; they are in `shapes/table`.

use std::time::Duration;

use egret::Egret;
use http::{Extensions, HeaderValue};
use reqwest::{Request, Response};
use reqwest_middleware::{ClientBuilder, Next};

use crate::collector::config;
use crate::shapes::{self, Bare, Pair, Shape, Wrapped, compare};

/// The pairs of clients that are compared. A client that joins is one line here.
fn pairs(egret: &Egret) -> Vec<Pair> {
    vec![
        Pair { name: "async", bare: Box::new(Bare), wrapped: Box::new(Wrapped::new(egret)) },
        Pair {
            name: "measured",
            bare: Box::new(Bare),
            wrapped: Box::new(Wrapped::measured(egret)),
        },
        #[cfg(feature = "tower")]
        Pair {
            name: "tower",
            bare: Box::new(shapes::Tower(None)),
            wrapped: Box::new(shapes::Tower(Some(egret.clone()))),
        },
        #[cfg(all(feature = "blocking", feature = "multipart"))]
        Pair {
            name: "blocking",
            bare: Box::new(shapes::BlockingBare),
            wrapped: Box::new(shapes::BlockingWrapped::new(egret)),
        },
        #[cfg(all(feature = "blocking", feature = "multipart"))]
        Pair {
            name: "blocking, built",
            bare: Box::new(shapes::BlockingBare),
            wrapped: Box::new(shapes::BlockingWrapped::built(egret)),
        },
        #[cfg(all(feature = "ureq", feature = "blocking", feature = "multipart"))]
        Pair {
            name: "ureq",
            bare: Box::new(shapes::Ureq::bare()),
            wrapped: Box::new(shapes::Ureq::wrapped(egret)),
        },
        #[cfg(all(feature = "ureq", feature = "blocking", feature = "multipart"))]
        Pair {
            name: "ureq, watching",
            bare: Box::new(shapes::Ureq::bare().watching()),
            wrapped: Box::new(shapes::Ureq::wrapped(egret).watching()),
        },
    ]
}

/// What each shape is for the bare asynchronous client: a shape that became another is no test.
const OUTCOMES: &str = include_str!("shapes/outcomes.txt");

async fn check(group: &str, shapes: fn() -> Vec<Shape>) {
    // Nobody listens there: what is recorded is not what this is about.
    let egret = Egret::start(config("http://127.0.0.1:9").build().unwrap()).unwrap();
    for pair in pairs(&egret) {
        // It is the other blocking one but for a layer around its connector.
        let is_about_connections = ["connections", "broken exchanges", "HTTP/2"].contains(&group);
        if pair.name == "blocking, built" && !is_about_connections {
            continue;
        }
        let found = compare(&pair, shapes()).await;
        let n_compared = found.outcomes.len();
        let cannot = match pair.name {
            "tower" => group == "redirects",
            name => group == "HTTP/2" && name.starts_with("ureq"),
        };
        assert!(n_compared > 0 || cannot, "{group}, {}: nothing was compared", pair.name);
        let differences = found.differences.join("\n  ");
        assert!(differences.is_empty(), "the wrapped client differs:\n  {differences}");
        println!("{group}, {}: {n_compared} shapes without a difference", pair.name);
        if pair.name == "async" {
            let known: Vec<_> = OUTCOMES.lines().collect();
            let new = found.outcomes.iter().filter(|line| !known.contains(&line.as_str()));
            let new = new.map(|line| format!("\n{line}")).collect::<String>();
            assert!(new.is_empty(), "not what shapes/outcomes.txt says:{new}");
        }
    }
    let _ = egret.shutdown_async(Duration::ZERO).await;
}

/// Rebuilds the answer without its URL, adds a header, and records nothing.
struct Careless;

#[async_trait::async_trait]
impl reqwest_middleware::Middleware for Careless {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        request.headers_mut().insert("x-careless", HeaderValue::from_static("yes"));
        let response = next.run(request, extensions).await?;
        Ok(http::Response::<reqwest::Body>::from(response).into())
    }
}

/// The differential itself: a wrapper that does what wrappers easily do wrong is found out.
#[tokio::test]
async fn a_careless_wrapper_is_found_out() {
    let egret = Egret::start(config("http://127.0.0.1:9").build().unwrap()).unwrap();
    let careless = Wrapped::by(&egret, |client| ClientBuilder::new(client).with(Careless).build());
    let pair = Pair { name: "careless", bare: Box::new(Bare), wrapped: Box::new(careless) };
    let found = compare(&pair, shapes::statuses()).await;
    let text = found.differences.join("\n");
    assert!(text.contains("no.url.provided.local"), "the URL is lost: {text}");
    assert!(text.contains("x-careless"), "the request has another header: {text}");
    assert!(text.contains("1 calls left Some(0) records"), "no record was left: {text}");
}

#[tokio::test]
async fn statuses() {
    check("statuses", shapes::statuses).await;
}

#[tokio::test]
async fn bodies() {
    check("bodies", shapes::bodies).await;
}

#[tokio::test]
async fn headers() {
    check("headers", shapes::headers).await;
}

#[tokio::test]
async fn redirects() {
    check("redirects", shapes::redirects).await;
}

#[tokio::test]
async fn broken_exchanges() {
    check("broken exchanges", shapes::broken).await;
}

#[tokio::test]
async fn requests() {
    check("requests", shapes::requests).await;
}

#[tokio::test]
async fn connections() {
    check("connections", shapes::connections).await;
}

#[tokio::test]
async fn http2() {
    check("HTTP/2", shapes::http2).await;
}
