//! From a request's target to the URL of its record.
//! Never asks the network who is meant: without an authority and a `Host` there is no host.

use http::header::HOST;
use http::{HeaderMap, Uri};

/// The URL, as far as the request tells it. It begins with `://` where the scheme is not known, so
/// that nothing in its path can be taken for one.
pub(super) fn url_of(uri: &Uri, headers: &HeaderMap) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let authority = uri.authority().map(http::uri::Authority::as_str).or(host).unwrap_or_default();
    // A scheme without a host would not be a URL.
    let scheme = uri.scheme_str().filter(|_| !authority.is_empty()).unwrap_or_default();
    // The `*` of an `OPTIONS *` is no path.
    let target = uri.path_and_query().map_or("", |target| target.as_str());
    let target = if target.starts_with(['/', '?']) { target } else { "" };
    format!("{scheme}://{authority}{target}")
}

#[cfg(test)]
mod tests {
    use super::url_of;
    use crate::redact::SafeUrl;

    #[track_caller]
    fn check(uri: &str, host: &str, expected: &str) {
        let mut headers = http::HeaderMap::new();
        if !host.is_empty() {
            headers.insert("host", http::HeaderValue::from_str(host).unwrap_or_else(|_| panic!()));
        }
        let url = url_of(&uri.parse().unwrap_or_else(|_| panic!("{uri}")), &headers);
        let mut scratch = String::new();
        let safe = SafeUrl::parse(&url, &mut scratch);
        let port = safe.port().map_or_else(|| "-".to_owned(), |port| port.to_string());
        let found =
            format!("{} {} {port} {} {}", safe.scheme(), safe.host(), safe.path(), safe.query());
        assert_eq!(found, expected, "{uri} {host}");
    }

    #[test]
    fn every_form_of_a_target() {
        check("https://a.example/x?y=1", "", "https a.example 443 /x y=1");
        check("https://a.example:8443", "b.example", "https a.example 8443 / ");
        check("/x?y=1", "a.example:81", " a.example 81 /x y=1");
        check("/x", "", "  - /x ");
        check("/to/http://b.example/z", "a.example", " a.example - /to/http://b.example/z ");
        check("/to/http://b.example/z", "", "  - /to/http://b.example/z ");
        check("a.example:443", "", " a.example 443  ");
        check("*", "a.example", " a.example -  ");
        check("/x", "ann:pa55@a.example", " a.example - /x ");
    }
}
