//! Texts as almost all are: URLs with a plain host, labels, and nothing in them that could be a
//! secret. Never takes anything out: what is not plainly harmless is left to who looks closely.

#[cfg(test)]
mod tests;

use super::key::signed_is_sensitive;
use super::places::{MAX_BYTES, Places, after_last, below, first, range};
use super::secret::{MIN_TOKEN_BYTES, begins_token, has_token};
use super::signs::{MARK, ODD, Signs};
use super::url::{SafeUrl, is_hook, is_hook_part, is_secret_pair};

/// The URL in parts; `None` when it must be looked at closely.
#[inline]
pub(super) fn parse(raw: &str) -> Option<SafeUrl<'_>> {
    let (scheme, rest) = match raw.strip_prefix("https://") {
        Some(rest) => ("https", rest),
        None => ("http", raw.strip_prefix("http://")?),
    };
    if rest.len() > super::MAX_TEXT_BYTES {
        return None;
    }
    let mut window = Window::of(rest);
    let Places { digit, capital, slash, special, .. } = window.places;
    let n_seen = MAX_BYTES.min(rest.len());
    let host_end = first(capital | slash | special, 0, n_seen);
    let (port, path_start) = match rest.as_bytes().get(host_end) {
        Some(b':') => {
            let end = first(!digit, host_end + 1, n_seen);
            (Some(rest.get(host_end + 1..end)?.parse().ok()?), end)
        }
        _ => (None, host_end),
    };
    let is_whole = matches!(rest.as_bytes().get(path_start), None | Some(b'/'));
    if host_end == 0 || !is_whole {
        return None;
    }
    let path_end = window.harmless_path(path_start, MARK)?;
    let query = harmless_query(&rest[path_end..])?;
    let (host, path) = (&rest[..host_end], &rest[path_start..path_end]);
    Some(SafeUrl { scheme, host, port, path, query })
}

/// Whether a label is plainly harmless.
pub(super) fn is_harmless(label: &str) -> bool {
    label.len() <= MAX_BYTES
        && Window::of(label).harmless_path(0, MARK.or(ODD)).is_some_and(|end| end == label.len())
}

/// The query of what stands behind a path; `None` when it must be looked at closely.
fn harmless_query(rest: &str) -> Option<&str> {
    let Some(rest) = rest.strip_prefix('?') else {
        return Some("");
    };
    let end = rest.bytes().position(|byte| byte == b'#').unwrap_or(rest.len());
    let query = &rest[..end];
    let mut pairs = query;
    while !pairs.is_empty() {
        let end = pairs.bytes().position(|byte| matches!(byte, b'&' | b';'));
        let end = end.unwrap_or(pairs.len());
        if is_secret_pair(&pairs[..end]) {
            return None;
        }
        pairs = pairs.get(end + 1..).unwrap_or_default();
    }
    Some(query)
}

/// The part of a text whose places are known.
struct Window<'t> {
    text: &'t str,
    start: usize,
    places: Places,
    hooks: Hooks<'t>,
}

impl<'t> Window<'t> {
    fn of(text: &'t str) -> Self {
        Self { text, start: 0, places: Places::of(text.as_bytes()), hooks: Hooks::default() }
    }

    /// Where the path ends that begins at `start`. `None` unless all its segments are harmless by
    /// the rules of `url::is_secret_segment`: only one with a digit or a capital can be a secret, and
    /// what is of `doubtful` may hide one.
    fn harmless_path(&mut self, start: usize, doubtful: Signs) -> Option<usize> {
        let mut from = start;
        loop {
            let n_seen = MAX_BYTES.min(self.text.len() - self.start);
            let end = self.path_end(from, n_seen, doubtful)?;
            let is_whole = end < MAX_BYTES || self.start + end == self.text.len();
            // What the window cuts off is left to the next one.
            let stop = if is_whole { end } else { after_last(self.places.slash, end)? };
            if stop < from || !self.is_harmless_range(start, from, stop) {
                return None;
            }
            if is_whole {
                return Some(self.start + end);
            }
            self.start += stop;
            self.places = Places::of(&self.text.as_bytes()[self.start..]);
            from = 0;
        }
    }

    /// The first `?` or `#`, or the window's end; `None` when something doubtful stands before it.
    fn path_end(&self, from: usize, n_seen: usize, doubtful: Signs) -> Option<usize> {
        let mut left = self.places.special & !below(from);
        while left != 0 {
            let at = left.trailing_zeros() as usize;
            match *self.text.as_bytes().get(self.start + at)? {
                b'?' | b'#' => return Some(at),
                byte if Signs::of_byte(byte).has(doubtful) => return None,
                _ => left &= left - 1,
            }
        }
        Some(n_seen)
    }

    fn is_harmless_range(&mut self, path_start: usize, from: usize, stop: usize) -> bool {
        let Places { digit, capital, slash, .. } = self.places;
        let mut left = (digit | capital) & range(from, stop);
        while left != 0 {
            let found = left.trailing_zeros() as usize;
            let start = after_last(slash, found).map_or(from, |start| start.max(from));
            let end = first(slash, found, stop);
            if end - start >= 4 && !self.is_harmless_segment(path_start, start, end) {
                return false;
            }
            left &= !below(end);
        }
        true
    }

    /// One of no mark, with a digit or a capital.
    fn is_harmless_segment(&mut self, path_start: usize, start: usize, end: usize) -> bool {
        let here = range(start, end);
        let (start, end) = (self.start + start, self.start + end);
        let (before, segment) = (&self.text[path_start..start], &self.text[start..end]);
        let is_number = self.places.digit & here == here;
        let is_random = segment.len() >= MIN_TOKEN_BYTES;
        let is_opener = is_random || (self.places.digit & here != 0 && !is_number);
        if is_random
            && (self.may_be_token(segment, here) || (!is_number && self.hooks.is_in(before)))
        {
            return false;
        }
        let previous = || {
            let before = before.strip_suffix('/')?;
            let start = before.as_bytes().iter().rposition(|byte| *byte == b'/');
            before.get(start.map_or(0, |slash| slash + 1)..)
        };
        let opens = |key: &str| key.len() >= 3 && signed_is_sensitive(key, Signs::of(key));
        !(is_opener && previous().is_some_and(opens))
    }

    /// Whether an issued token may begin in a segment: where it begins, or behind what is no
    /// letter or digit.
    fn may_be_token(&self, segment: &str, here: u64) -> bool {
        let Places { joint, special, .. } = self.places;
        let start = here.trailing_zeros();
        let mut begins = ((joint | special) << 1 | 1 << start) & here;
        while begins != 0 {
            let at = (begins.trailing_zeros() - start) as usize;
            if segment.as_bytes().get(at).is_some_and(|first| begins_token(*first)) {
                return has_token(segment);
            }
            begins &= begins - 1;
        }
        false
    }
}

/// Looks for a webhook's name in a path, as far as it is asked.
#[derive(Default)]
struct Hooks<'t> {
    n_seen_bytes: usize,
    previous: &'t str,
    is_found: bool,
}

impl<'t> Hooks<'t> {
    /// Whether one is named in a path's beginning, which holds whole segments and is longer each time.
    fn is_in(&mut self, before: &'t str) -> bool {
        let ahead = before.get(self.n_seen_bytes..).unwrap_or_default();
        for segment in ahead.split_terminator('/') {
            self.is_found |= is_hook(segment) || is_hook_part(self.previous, segment);
            self.previous = segment;
        }
        self.n_seen_bytes = before.len();
        self.is_found
    }
}
