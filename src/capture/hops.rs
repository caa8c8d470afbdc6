//! Whether an answer came from another place than the request was sent to.
//! Never counts: how many redirects there were, only the policy knows.

use reqwest::Url;

/// Whether reqwest followed a redirect; fragments are not sent.
pub(super) fn is_elsewhere(arrived: &Url, sent_to: &str) -> bool {
    let (arrived, before_fragment) = (arrived.as_str(), |url: &str| url.find('#'));
    let whole = |url: &str| before_fragment(url).unwrap_or(url.len());
    arrived != sent_to && arrived[..whole(arrived)] != sent_to[..whole(sent_to)]
}
