//! Texts as almost all are: URLs with a plain host, labels, and nothing in them that could be a
//! secret. Never takes anything out: what is not plainly harmless is left to who looks closely.

use super::key::signed_is_sensitive;
use super::places::{MAX_BYTES, Places, after_last, first, range};
use super::secret::{MIN_TOKEN_BYTES, begins_token, has_token};
use super::signs::Signs;
use super::url::{SafeUrl, is_hook, is_hook_part, is_secret_pair};

/// The URL in parts; `None` when it must be looked at closely.
pub(super) fn parse(raw: &str) -> Option<SafeUrl<'_>> {
    let (scheme, rest) = match raw.strip_prefix("https://") {
        Some(rest) => ("https", rest),
        None => ("http", raw.strip_prefix("http://")?),
    };
    if rest.len() > super::MAX_TEXT_BYTES {
        return None;
    }
    let mut window = Window::of(rest);
    let places = window.places;
    let no_host =
        places.capital | places.slash | places.end | places.mark | places.odd | places.other;
    let host_end = first(no_host, 0, MAX_BYTES.min(rest.len()));
    let (port, path_start) = match rest.as_bytes().get(host_end) {
        Some(b':') => {
            let end = first(!places.digit, host_end + 1, MAX_BYTES.min(rest.len()));
            (Some(rest.get(host_end + 1..end)?.parse().ok()?), end)
        }
        _ => (None, host_end),
    };
    let is_whole = matches!(rest.as_bytes().get(path_start), None | Some(b'/'));
    if host_end == 0 || !is_whole {
        return None;
    }
    let path_end = window.harmless_path(path_start)?;
    let query = match rest[path_end..].strip_prefix('?') {
        Some(query) => query.split('#').next().unwrap_or_default(),
        None => "",
    };
    if !query.is_empty() && query.split_inclusive(['&', ';']).any(is_secret_pair) {
        return None;
    }
    let (host, path) = (&rest[..host_end], &rest[path_start..path_end]);
    Some(SafeUrl { scheme, host, port, path, query })
}

/// Whether a label is plainly harmless.
pub(super) fn is_harmless(label: &str) -> bool {
    // Only a path's end is looked for with these.
    label.len() <= MAX_BYTES && {
        let mut window = Window::of(label);
        let Places { mark, odd, end, .. } = window.places;
        mark | odd | end == 0 && window.harmless_path(0).is_some()
    }
}

/// The part of a text whose places are known.
struct Window<'t> {
    text: &'t str,
    start: usize,
    places: Places,
}

impl<'t> Window<'t> {
    fn of(text: &'t str) -> Self {
        Self { text, start: 0, places: Places::of(text.as_bytes()) }
    }

    /// Where the path ends that begins at `start`. `None` unless all its segments are harmless by
    /// the rules of `url::is_secret_segment`: only one with a digit or a capital can be a secret, and
    /// a mark may hide one.
    fn harmless_path(&mut self, start: usize) -> Option<usize> {
        let mut from = start;
        loop {
            let n_seen = MAX_BYTES.min(self.text.len() - self.start);
            let end = first(self.places.end, from, n_seen);
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

    fn is_harmless_range(&self, path_start: usize, from: usize, stop: usize) -> bool {
        let Places { digit, capital, slash, mark, .. } = self.places;
        let here = range(from, stop);
        let mut left = (digit | capital) & here;
        while left != 0 {
            let found = left.trailing_zeros() as usize;
            let start = after_last(slash, found).map_or(from, |start| start.max(from));
            let end = first(slash, found, stop);
            if end - start >= 4 && !self.is_harmless_segment(path_start, start, end) {
                return false;
            }
            left &= !range(0, end);
        }
        mark & here == 0
    }

    /// One of no mark, with a digit or a capital.
    fn is_harmless_segment(&self, path_start: usize, start: usize, end: usize) -> bool {
        let here = range(start, end);
        let (start, end) = (self.start + start, self.start + end);
        let (before, segment) = (&self.text[path_start..start], &self.text[start..end]);
        let is_number = self.places.digit & here == here;
        let is_random = segment.len() >= MIN_TOKEN_BYTES;
        let is_opener = is_random || (self.places.digit & here != 0 && !is_number);
        if is_random && (self.may_be_token(segment, here) || (!is_number && has_hook(before))) {
            return false;
        }
        let previous = || {
            let before = before.strip_suffix('/')?;
            let start = before.bytes().rposition(|byte| byte == b'/').map_or(0, |slash| slash + 1);
            Some(&before[start..])
        };
        let opens = |key: &str| key.len() >= 3 && signed_is_sensitive(key, Signs::of(key));
        !(is_opener && previous().is_some_and(opens))
    }

    /// Whether an issued token may begin in a segment: where it begins, or behind what is no
    /// letter or digit.
    fn may_be_token(&self, segment: &str, here: u64) -> bool {
        let Places { joint, odd, other, .. } = self.places;
        let start = here.trailing_zeros();
        let mut begins = ((joint | odd | other) << 1 | 1 << start) & here;
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

/// Whether a webhook is named in a path.
fn has_hook(path: &str) -> bool {
    let mut previous = "";
    path.split('/').any(|segment| {
        let is_hook = is_hook(segment) || is_hook_part(previous, segment);
        previous = segment;
        is_hook
    })
}
