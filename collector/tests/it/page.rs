//! Promise: the dashboard shows what the API says, without a script, and whatever a call says.
//! They never render: they read the HTML that came.

use egret_collector::Collector;

use crate::fixture::{Call, Client, answer, batch, batch_with, minutes_of};

async fn page(client: &Client, path: &str) -> (u16, String) {
    let response = client.request(reqwest::Method::GET, path).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn the_page_shows_the_summary_the_newest_calls_and_what_is_missing() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    let (status, empty) = page(&client, "/").await;
    assert_eq!(status, 200);
    assert!(empty.contains("Nothing was called in this time."));
    let calls: Vec<Call> = (0..60).map(|n| Call::new(&format!("/v1/users/{n}"), 500)).collect();
    let dropped = [("queue_full", 312)];
    client.send(&batch_with(&calls, Some(&minutes_of(&calls)), &dropped)).await;
    for path in ["/", "/?range=24h", "/?range=7d"] {
        let (_, html) = page(&client, path).await;
        assert!(html.contains("60 calls"), "{html}");
        assert!(html.contains("312 calls not seen: queue_full 312"), "{html}");
        assert!(html.contains("/v1/users/{int}"), "{html}");
        assert_eq!(html.matches("<td>shop</td>").count(), 50);
        assert!(!html.contains("<script"));
    }
    let (status, problem) = answer(client.request(reqwest::Method::GET, "/?range=2h")).await;
    assert_eq!(status, 400, "{problem}");
    collector.shutdown().await;
}

#[tokio::test]
async fn what_a_call_says_stays_text() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    client.send(&batch(&[Call::new("/<script>alert(1)</script>", 200)])).await;
    let response = client.request(reqwest::Method::GET, "/").send().await.unwrap();
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'"));
    let html = response.text().await.unwrap();
    assert!(!html.contains("<script"), "{html}");
    assert!(html.contains("alert(1)"));
    collector.shutdown().await;
}

#[tokio::test]
async fn a_long_text_does_not_destroy_the_page() {
    let collector = Collector::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(collector.url());
    let long = "a.".repeat(8_000);
    let line = serde_json::json!({ "target": long, "url.template": format!("/{long}") });
    let backwards = r#"{"target":"lasrever \u202e\u0007txet"}"#;
    let post = client.post().header("content-type", "application/x-ndjson");
    let (status, receipt) = answer(post.body(format!("{line}\n{backwards}"))).await;
    assert_eq!(status, 202, "{receipt}");
    let (_, html) = page(&client, "/").await;
    assert!(html.len() < 20_000, "{}", html.len());
    assert!(html.contains(&format!("\">{}a…</span>", &long[..118])), "{html}");
    assert!(html.contains(&format!("title=\"{}", &long[..900])), "{html}");
    assert!(html.contains("lasrever txet"), "{html}");
    collector.shutdown().await;
}
