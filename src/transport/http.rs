//! Batches over HTTP to a collector.
//! Never uses a client or a runtime of the service: its own bare client, on the worker's thread.

use std::sync::Arc;
use std::time::Duration;

use once_cell::sync::OnceCell;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Url};

use super::{Sending, Transport};
use crate::retry::{self, Verdict};

/// The content type of a batch in the format of [`codec`](crate::codec).
pub(super) const CONTENT_TYPE_BATCH: &str = "application/vnd.egret.batch";

/// No collector needs longer to store a batch; a black hole holds one batch this long.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How much of an answer's body is read, so that the connection can be used again.
const MAX_ANSWER_BYTES: usize = 16 * 1024;

/// How long an answer's body is read.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(100);

/// `POST {collector}/v1/batches` with an optional bearer token.
#[derive(Debug)]
pub(crate) struct HttpTransport {
    url: Url,
    /// Marked sensitive by the configuration, so that no debug output shows it.
    authorization: Option<HeaderValue>,
    /// Built on the worker's thread at the first batch: loading certificates takes milliseconds
    /// that no caller of `init` should wait.
    client: OnceCell<Client>,
}

impl HttpTransport {
    /// `url` is the whole address of the door, `authorization` the header that opens it.
    pub(crate) fn new(url: Url, authorization: Option<HeaderValue>) -> Self {
        Self { url, authorization, client: OnceCell::new() }
    }

    fn client(&self) -> reqwest::Result<&Client> {
        self.client.get_or_try_init(bare_client)
    }
}

/// A client that nothing of the service's can reach: no wrapping, no redirects.
pub(super) fn bare_client() -> reqwest::Result<Client> {
    // egret: allow(reqwest) reason="delivery must never record itself: it would never end"
    Client::builder()
        .user_agent(concat!("egret/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(REQUEST_TIMEOUT)
        .pool_max_idle_per_host(1)
        .build()
}

impl Transport for HttpTransport {
    fn send(&self, batch: Arc<[u8]>) -> Sending {
        let client = self.client().map(|client| {
            let body = reqwest::Body::from(bytes::Bytes::from_owner(batch));
            let request = client.post(self.url.clone()).header(CONTENT_TYPE, CONTENT_TYPE_BATCH);
            let request = match &self.authorization {
                Some(token) => request.header(AUTHORIZATION, token.clone()),
                None => request,
            };
            request.body(body).send()
        });
        match client {
            Ok(sending) => Box::pin(async move {
                match sending.await {
                    Ok(response) => settle(response).await,
                    Err(_) => Verdict::Unreachable,
                }
            }),
            Err(_) => Box::pin(std::future::ready(Verdict::Unreachable)),
        }
    }
}

/// A proxy or a captive portal that answers in the collector's place has stored nothing.
pub(super) fn is_html(response: &reqwest::Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    kind.and_then(|kind| kind.get(..9)).is_some_and(|kind| kind.eq_ignore_ascii_case(b"text/html"))
}

async fn settle(mut response: reqwest::Response) -> Verdict {
    let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let verdict = retry::verdict(response.status().as_u16(), header.and_then(retry::retry_after));
    if verdict == Verdict::Delivered && is_html(&response) {
        return Verdict::Foreign;
    }
    let rest = async {
        let mut n_read = 0;
        while let Ok(Some(chunk)) = response.chunk().await {
            n_read += chunk.len();
            if n_read > MAX_ANSWER_BYTES {
                break;
            }
        }
    };
    // The verdict stands whatever the body does.
    let _ = tokio::time::timeout(ANSWER_TIMEOUT, rest).await;
    verdict
}
