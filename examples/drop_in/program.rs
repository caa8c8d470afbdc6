//! A program that was written for reqwest: it reads JSON, posts a form, streams, handles errors.
//! Never mentions egret.

use std::time::Duration;

use serde_json::Value;

use super::reqwest;

/// What the program has to say.
type Lines = Vec<String>;

/// Fetches the news, subscribes, downloads the tides; and meets a slow page and a missing one.
pub(crate) async fn run(server: &str) -> Result<Lines, reqwest::Error> {
    let client = reqwest::Client::builder()
        .user_agent("tidings/1.0")
        .timeout(Duration::from_secs(5))
        .build()?;
    Ok(vec![
        headline(&client, server).await?,
        subscribe(&client, server).await?,
        slow(&client, server).await?,
        missing(server).await?,
        tides(&client, server).await?,
    ])
}

async fn headline(client: &reqwest::Client, server: &str) -> reqwest::Result<String> {
    let request = client.get(format!("{server}/news")).query(&[("page", "1")]);
    let news: Value = request.send().await?.error_for_status()?.json().await?;
    Ok(format!("news: {}", news["headline"]))
}

async fn subscribe(client: &reqwest::Client, server: &str) -> reqwest::Result<String> {
    let form = [("name", "Ada"), ("topic", "tides & storms")];
    let answer: reqwest::Response =
        client.post(format!("{server}/subscriptions")).form(&form).send().await?;
    let is_created = answer.status() == reqwest::StatusCode::CREATED;
    Ok(format!("subscribed: {is_created}, sent: {}", answer.text().await?))
}

async fn slow(client: &reqwest::Client, server: &str) -> reqwest::Result<String> {
    let request = client.get(format!("{server}/slow")).timeout(Duration::from_millis(100));
    match request.send().await {
        Err(error) if error.is_timeout() => Ok("slow: it timed out".to_owned()),
        Err(error) => Err(error),
        Ok(answer) => Ok(format!("slow: {}", answer.status())),
    }
}

async fn missing(server: &str) -> reqwest::Result<String> {
    let answer = reqwest::get(format!("{server}/news/4711")).await?;
    Ok(match answer.error_for_status() {
        Err(error) => format!("missing: {:?}", error.status()),
        Ok(answer) => format!("missing: {}", answer.url().path()),
    })
}

async fn tides(client: &reqwest::Client, server: &str) -> reqwest::Result<String> {
    let request = client.request(reqwest::Method::GET, format!("{server}/tides")).build()?;
    let mut answer = client.execute(request).await?;
    let mut n_bytes = 0;
    while let Some(chunk) = answer.chunk().await? {
        n_bytes += chunk.len();
    }
    Ok(format!("tides: {n_bytes} bytes of {:?}", answer.headers()["content-type"]))
}
