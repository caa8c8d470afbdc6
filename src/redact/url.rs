//! A URL in parts from which user-info, secrets and the fragment are gone.
//! Never keeps an authority that it could not read: half of a malformed URL may be a password.

use super::closed::SCHEMES;
use super::key::{decoded, signed_is_sensitive};
use super::secret::{REDACTED, looks_secret, signed_holds_secret};
use super::signs::{CAPITAL, DIGIT, MARK, Signs};
use super::{MARGIN_BYTES, MAX_TEXT_BYTES, cut, looked_at, up_to};

/// The parts of a URL that a record may carry. Made only by redaction, so that holding one is the
/// proof that its secrets are out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SafeUrl<'a> {
    pub(crate) scheme: &'a str,
    pub(crate) host: &'a str,
    pub(crate) port: Option<u16>,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
}

impl<'a> SafeUrl<'a> {
    /// Reads `raw` and takes out what must not travel: user-info, the values of sensitive query
    /// keys, tokens in the path, the fragment. `scratch` is used only when something changes.
    ///
    /// Without a scheme the text is read as `host/path`, or as a path when it begins with `/`.
    /// A URL whose authority is malformed comes back empty.
    #[must_use]
    pub fn parse(raw: &'a str, scratch: &'a mut String) -> Self {
        Self::parse_in(raw, || scratch)
    }

    /// [`SafeUrl::parse`] for who has no scratch at hand: it is asked for only when the URL must be
    /// looked at closely.
    #[inline]
    pub(crate) fn parse_in(raw: &'a str, scratch: impl FnOnce() -> &'a mut String) -> Self {
        #[cfg(feature = "wire")]
        if let Some(url) = super::plain::parse(raw) {
            return url;
        }
        Self::parse_closely(raw, scratch())
    }

    pub(super) fn parse_closely(raw: &'a str, scratch: &'a mut String) -> Self {
        let Some(split) = split(head(raw)) else {
            return Self::default();
        };
        scratch.clear();
        let host_changed = has_capital(split.host);
        if host_changed {
            scratch.push_str(split.host);
            scratch.make_ascii_lowercase();
        }
        let host_end = scratch.len();
        let path_changed = redact_path(split.path, scratch);
        let path_end = scratch.len();
        let query_changed = redact_query(split.query, scratch);
        let scratch: &'a str = scratch;
        Self {
            scheme: split.scheme,
            host: if host_changed { &scratch[..host_end] } else { split.host },
            port: split.port,
            path: if path_changed { &scratch[host_end..path_end] } else { split.path },
            query: if query_changed { &scratch[path_end..] } else { split.query },
        }
    }

    /// `https`, `http` and the like in lower case; empty when not known.
    #[must_use]
    pub fn scheme(&self) -> &'a str {
        self.scheme
    }

    /// The host in lower case, without brackets for IPv6; empty when not known.
    #[must_use]
    pub fn host(&self) -> &'a str {
        self.host
    }

    /// The port as written, else the scheme's own.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.port.or(match self.scheme {
            "http" | "ws" => Some(80),
            "https" | "wss" => Some(443),
            _ => None,
        })
    }

    /// The path, with secrets replaced.
    #[must_use]
    pub fn path(&self) -> &'a str {
        self.path
    }

    /// The query without its question mark, with secrets replaced; empty when there is none.
    #[must_use]
    pub fn query(&self) -> &'a str {
        self.query
    }
}

/// A URL's parts as they stand in the text, user-info and fragment left out.
struct Split<'a> {
    /// One of those that are known, in lower case, or empty.
    scheme: &'static str,
    host: &'a str,
    port: Option<u16>,
    path: &'a str,
    query: &'a str,
}

/// No name is longer (RFC 1035 has 255); beyond it a host is no host.
const MAX_HOST_BYTES: usize = 1024;

/// What stands before a path; beyond it a URL is malformed.
const MAX_ORIGIN_BYTES: usize = 4 * MAX_HOST_BYTES;

/// As much of a URL as is split: so much that its path or its query is cut off visibly, and so
/// little that a URL of megabytes does not hold its caller.
fn head(raw: &str) -> &str {
    up_to(raw, MAX_ORIGIN_BYTES + 2 * (MAX_TEXT_BYTES + MARGIN_BYTES))
}

fn split(raw: &str) -> Option<Split<'_>> {
    let raw = raw.split('#').next().unwrap_or_default();
    let before_query = raw.find('?').unwrap_or(raw.len());
    let (scheme, rest) = match raw.find("://").filter(|at| *at < before_query) {
        Some(at) => (&raw[..at], &raw[at + 3..]),
        None => ("", raw),
    };
    let (authority, rest) = if scheme.is_empty() && rest.starts_with('/') {
        ("", rest)
    } else {
        rest.split_at(rest.find(['/', '?', '\\']).unwrap_or(rest.len()))
    };
    if raw.len() - rest.len() > MAX_ORIGIN_BYTES {
        return None;
    }
    let scheme = known_scheme(scheme);
    if authority.is_empty() && matches!(scheme, "http" | "https" | "ws" | "wss") {
        return None;
    }
    let (host, port) = host_and_port(authority)?;
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    // An `@` this early in a path means that the authority ended too soon, inside a password.
    if !authority.is_empty()
        && path.split('/').nth(1).is_some_and(|first| {
            first.contains('@')
                && !first.starts_with('@')
                && authority.contains(':')
                && port.is_none()
        })
    {
        return None;
    }
    Some(Split { scheme, host, port, path, query })
}

fn host_and_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let address = authority.rsplit('@').next().unwrap_or_default();
    let (host, port) = match address.strip_prefix('[') {
        Some(v6) => {
            let (host, rest) = v6.split_once(']')?;
            (host, rest.strip_prefix(':').unwrap_or(rest))
        }
        None => address.split_once(':').unwrap_or((address, "")),
    };
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '~');
    if host.len() > MAX_HOST_BYTES || !(host.bytes().all(is_plain) || host.chars().all(allowed)) {
        return None;
    }
    let port = if port.is_empty() { None } else { Some(port.parse().ok()?) };
    Some((host, port))
}

/// Lower-cases the schemes that HTTP clients use; any other is left out.
fn known_scheme(scheme: &str) -> &'static str {
    SCHEMES.into_iter().find(|known| known.eq_ignore_ascii_case(scheme)).unwrap_or("")
}

/// Appends the path without secrets to `out` and says so; leaves `out` alone when nothing changes.
fn redact_path(path: &str, out: &mut String) -> bool {
    if path.len() <= MAX_TEXT_BYTES && !path_holds_secret(path) {
        return false;
    }
    let (seen, start) = (looked_at(path), out.len());
    for (n, (segment, is_secret)) in judged_segments(seen).enumerate() {
        if n > 0 {
            out.push('/');
        }
        out.push_str(if is_secret { REDACTED } else { segment });
    }
    bound(out, start, seen.len() < path.len());
    true
}

/// Leaves of the clean text from `start` on what may be shown.
fn bound(out: &mut String, start: usize, is_cut: bool) {
    if !is_cut && out.len() - start <= MAX_TEXT_BYTES {
        return;
    }
    let clean = out.split_off(start);
    // The last of what was cut off may be the half of something that only the whole would have shown.
    let n_kept = if is_cut { clean.len().saturating_sub(MARGIN_BYTES) } else { clean.len() };
    out.push_str(&cut(up_to(&clean, n_kept)));
}

/// Whether any segment of a path, or of a text with a path in it, is a secret.
pub(super) fn path_holds_secret(path: &str) -> bool {
    judged_segments(path).any(|(_, is_secret)| is_secret)
}

/// The segments of a path, each with whether it is a secret.
fn judged_segments(path: &str) -> impl Iterator<Item = (&str, bool)> {
    let mut before = Before::default();
    let mut rest = Some(path);
    std::iter::from_fn(move || {
        let path = rest?;
        let (signs, end) = Signs::until(path.as_bytes(), b'/');
        let segment = &path[..end];
        rest = path.get(end + 1..);
        let is_secret = is_secret_segment(&before, segment, signs);
        before.is_hook |= is_hook(segment) || is_hook_part(before.previous, segment);
        (before.previous, before.signs) = (segment, signs);
        Some((segment, is_secret))
    })
}

/// What stands before a segment.
#[derive(Default)]
struct Before<'p> {
    previous: &'p str,
    signs: Signs,
    /// Whether a webhook's name came before (`/webhooks/1/x`, `/services/T0/B0/x`): whatever is
    /// random behind it opens it.
    is_hook: bool,
}

/// Whether a segment names a webhook.
pub(super) fn is_hook(segment: &str) -> bool {
    segment.len() >= 7 && segment.as_bytes()[..7].eq_ignore_ascii_case(b"webhook")
}

/// Whether two segments are the team and the app of a Slack webhook.
pub(super) fn is_hook_part(previous: &str, segment: &str) -> bool {
    previous.starts_with('T') && segment.starts_with('B')
}

/// Tokens in paths: issued ones by their look, matrix parameters and nested URLs by their keys,
/// and others by what stands before them (`/reset-password/x1`, webhooks).
fn is_secret_segment(before: &Before<'_>, segment: &str, signs: Signs) -> bool {
    if segment.len() < 4 {
        return false;
    }
    if signs.has(MARK) {
        let decoded = decoded(segment);
        let decoded_signs = Signs::of(&decoded);
        if signed_holds_secret(segment, signs) || looks_secret(&decoded, decoded_signs) {
            return true;
        }
    }
    if looks_secret(segment, signs) {
        return true;
    }
    let has_digit = signs.has(DIGIT);
    let is_number = signs == DIGIT;
    let is_random = segment.len() >= 16 && signs.has(DIGIT.or(CAPITAL));
    let is_opener = is_random || (has_digit && !is_number);
    (before.is_hook && is_random && !is_number)
        || (is_opener
            && before.previous.len() >= 3
            && signed_is_sensitive(before.previous, before.signs))
}

/// Appends the query without secrets to `out` and says so; leaves `out` alone when nothing changes.
fn redact_query(query: &str, out: &mut String) -> bool {
    let seen = looked_at(query);
    let pairs = || seen.split_inclusive(['&', ';']);
    if query.len() <= MAX_TEXT_BYTES && !pairs().any(is_secret_pair) {
        return false;
    }
    let start = out.len();
    for pair in pairs() {
        if !is_secret_pair(pair) {
            out.push_str(pair);
            continue;
        }
        if let Some((key, _)) = pair.split_once('=') {
            out.push_str(key);
            out.push('=');
        }
        out.push_str(REDACTED);
        out.extend(pair.chars().last().filter(|c| matches!(c, '&' | ';')));
    }
    bound(out, start, seen.len() < query.len());
    true
}

/// `key=value` with an optional separator at its end.
pub(super) fn is_secret_pair(pair: &str) -> bool {
    let pair = pair.trim_end_matches(['&', ';']);
    let (signs, end) = Signs::until(pair.as_bytes(), b'=');
    let key = &pair[..end];
    match pair.get(end + 1..) {
        Some(value) => {
            // An authorization code is long; a country's is not.
            let is_code = value.len() >= 10 && key.eq_ignore_ascii_case("code");
            !value.is_empty()
                && (is_code
                    || signed_is_sensitive(key, signs)
                    || signed_holds_secret(value, Signs::of(value)))
        }
        None => signed_holds_secret(pair, signs),
    }
}

/// One pass without branches.
fn has_capital(text: &str) -> bool {
    text.bytes().fold(false, |any, byte| any | byte.is_ascii_uppercase())
}
