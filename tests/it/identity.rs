//! Wrapping changes nothing: what a user sees of an answer or an error is the bare client's.

use std::collections::BTreeMap;
use std::time::Duration;

use egret::Egret;
use egret_collector::Collector;
use reqwest::{Client, Method, Request};

use crate::collector::config;
use crate::upstream::{Upstream, closed_port};

/// Paths of the upstream, and what their answers show.
pub(crate) const CASES: [(&str, &str); 10] = [
    ("ok", "/status/200"),
    ("not found", "/status/404"),
    ("server error", "/status/500"),
    ("no content", "/empty"),
    ("repeated headers", "/headers"),
    ("redirect", "/temporary"),
    ("redirect loop", "/loop"),
    ("broken connection", "/reset"),
    ("timeout", "/silent"),
    ("query and fragment", "/status/200?a=b&token=c#d"),
];

/// Everything that a user can see of an answer, or of an error.
pub(crate) async fn seen(
    result: Result<reqwest::Response, reqwest_middleware::Error>,
) -> BTreeMap<&'static str, String> {
    let response = match result {
        Ok(response) => response,
        Err(reqwest_middleware::Error::Reqwest(error)) => {
            return [("error", format!("{error:?}")), ("url", format!("{:?}", error.url()))].into();
        }
        Err(error) => return [("middleware error", error.to_string())].into(),
    };
    let mut headers: Vec<_> =
        response.headers().iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
    headers.retain(|header| !header.starts_with("date:"));
    let extensions = response.extensions();
    let mut seen = BTreeMap::from([
        ("status", response.status().to_string()),
        ("version", format!("{:?}", response.version())),
        ("headers", headers.join("\n")),
        ("url", response.url().to_string()),
        ("content_length", format!("{:?}", response.content_length())),
        ("peer", format!("{:?}", response.remote_addr())),
        ("extensions", extensions.len().to_string()),
    ]);
    seen.insert("body", format!("{:?}", response.bytes().await));
    seen
}

/// Sends the same request by the bare client and by the wrapped one.
async fn check(name: &str, bare: &Client, egret: &Egret, request: impl Fn(&Client) -> Request) {
    let expected = seen(bare.execute(request(bare)).await.map_err(Into::into)).await;
    let wrapped = egret.wrap(bare.clone());
    let found = seen(wrapped.execute(request(bare)).await).await;
    assert_eq!(found, expected, "{name}");
}

#[tokio::test]
async fn answers_and_errors_are_those_of_the_bare_client() {
    let upstream = Upstream::start().await;
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let egret = Egret::start(config(&collector.url()).build().unwrap()).unwrap();
    let bare = Client::builder().timeout(Duration::from_millis(500)).build().unwrap();
    let closed = closed_port().await;
    let get = |url: String| move |client: &Client| client.get(&url).build().unwrap();
    for (name, path) in CASES {
        check(name, &bare, &egret, get(upstream.url(path))).await;
    }
    check("refused", &bare, &egret, get(format!("http://{closed}/"))).await;
    check("unknown host", &bare, &egret, get("http://no-such-host.invalid/".into())).await;
    check("not TLS", &bare, &egret, get(format!("https://{}/", upstream.address))).await;
    let head = upstream.url("/status/200");
    check("head", &bare, &egret, |client| client.head(&head).build().unwrap()).await;
    let echo = upstream.url("/echo");
    check("body", &bare, &egret, |client| client.put(&echo).body("hello").build().unwrap()).await;
    let moved = upstream.url("/temporary");
    check("replayed body after 307", &bare, &egret, |client| {
        client.request(Method::POST, &moved).body("again").header("x-a", "b").build().unwrap()
    })
    .await;
    assert_eq!(upstream.seen("/echo"), 6, "each 307 was followed, by both clients");
    egret.shutdown_async(Duration::from_secs(5)).await.unwrap();
    assert_eq!(egret.stats().offered, 16, "each wrapped call left one record");
}

#[tokio::test]
async fn a_request_arrives_as_the_bare_client_sends_it() {
    use std::sync::{Arc, Mutex};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let requests = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&requests);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = vec![0; 4096];
            let n_read = stream.read(&mut buffer).await.unwrap();
            heard.lock().unwrap().push(String::from_utf8(buffer[..n_read].to_vec()).unwrap());
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            stream.write_all(answer).await.unwrap();
        }
    });
    let egret = Egret::start(config("http://127.0.0.1:9").build().unwrap()).unwrap();
    let bare = Client::new();
    let request = || {
        let url = format!("http://ann:pa55@{address}/x?token=abc");
        bare.post(url).header("authorization", "Bearer s3cret").body("hi").build().unwrap()
    };
    bare.execute(request()).await.unwrap();
    egret.wrap(bare.clone()).execute(request()).await.unwrap();
    let requests = requests.lock().unwrap();
    assert_eq!(requests[0], requests[1]);
    assert!(requests[0].contains("/x?token=abc") && requests[0].contains("s3cret"));
}
