//! Whether an answer came from another place than the request was sent to.
//! Never counts: how many redirects there were, only the policy knows.

use reqwest::Url;

/// Whether reqwest followed a redirect; fragments are not sent.
pub(super) fn is_elsewhere(arrived: &Url, sent_to: &Url) -> bool {
    let before_fragment = |url: &Url| url.as_str().split('#').next().map(str::to_owned);
    arrived != sent_to && before_fragment(arrived) != before_fragment(sent_to)
}
