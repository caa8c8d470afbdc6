//! Turns a path into a template of low cardinality: `/users/12345` into `/users/{int}`.
//! Never lets an id through knowingly: what looks like one becomes a placeholder.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

/// What stands for every template of a host beyond its cap.
pub const OVERFLOW: &str = "{overflow}";

/// Most templates of one host, defaults to 500: more means that the heuristic missed an id.
pub const MAX_PER_HOST: usize = 500;

/// Most hosts whose templates are remembered; beyond it every template overflows.
const MAX_HOSTS: usize = 2_000;

/// The templates seen so far, per host, so that no host can have more than [`MAX_PER_HOST`].
#[derive(Debug, Default)]
pub struct Templates {
    seen: HashMap<Box<str>, HashSet<Box<str>>>,
    /// The template of the present call; kept, so that its memory is used again.
    scratch: String,
}

impl Templates {
    /// The template of a call: the given one, else the heuristic's, else [`OVERFLOW`].
    pub fn admit(&mut self, host: &str, given: &str, path: &str) -> &str {
        self.scratch.clear();
        if given.is_empty() {
            heuristic(path, &mut self.scratch);
        } else {
            self.scratch.push_str(given);
        }
        if self.is_admitted(host) { &self.scratch } else { OVERFLOW }
    }

    fn is_admitted(&mut self, host: &str) -> bool {
        if let Some(templates) = self.seen.get_mut(host) {
            if templates.contains(self.scratch.as_str()) {
                return true;
            }
            if templates.len() >= MAX_PER_HOST {
                return false;
            }
            return templates.insert(self.scratch.as_str().into());
        }
        if self.seen.len() >= MAX_HOSTS {
            return false;
        }
        self.seen.insert(host.into(), HashSet::from([self.scratch.as_str().into()]));
        true
    }
}

/// Appends the template of `path` to `out`, segment by segment.
pub fn heuristic(path: &str, out: &mut String) {
    for (n, segment) in path.split('/').enumerate() {
        if n > 0 {
            out.push('/');
        }
        out.push_str(placeholder(segment).unwrap_or(segment));
    }
}

fn placeholder(segment: &str) -> Option<&'static str> {
    let bytes = segment.as_bytes();
    let digits = bytes.iter().filter(|b| b.is_ascii_digit()).count();
    if bytes.is_empty() || is_version(bytes) {
        return None;
    }
    if digits == bytes.len() {
        return Some("{int}");
    }
    if is_uuid(bytes) {
        return Some("{uuid}");
    }
    if is_date(bytes) {
        return Some("{date}");
    }
    if segment.contains('@') && segment.rsplit('@').next().is_some_and(|host| host.contains('.')) {
        return Some("{email}");
    }
    if bytes.len() >= 8 && digits > 0 && bytes.iter().all(u8::is_ascii_hexdigit) {
        return Some("{hash}");
    }
    let opaque = bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"_-=+.~%:".contains(b));
    // Vendor ids (`cus_9s6XKzkNRiz8i3`) and base64: long, with digits in them.
    if opaque && bytes.len() >= 12 && digits >= 2 && looks_random(bytes) {
        return Some("{id}");
    }
    // What is left and mostly digits (`inv-20391`) is an id too.
    (digits * 2 >= bytes.len() && digits >= 3).then_some("{id}")
}

/// `v1`, `v2.1`, `2024-01`-like versions of two digits are part of an API's name.
fn is_version(bytes: &[u8]) -> bool {
    bytes.len() <= 6
        && matches!(bytes[0], b'v' | b'V')
        && bytes.len() > 1
        && bytes[1..].iter().all(|b| b.is_ascii_digit() || *b == b'.')
}

fn is_uuid(bytes: &[u8]) -> bool {
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(n, b)| match n {
            8 | 13 | 18 | 23 => *b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

fn is_date(bytes: &[u8]) -> bool {
    let date = bytes.len() >= 10
        && bytes[..10].iter().enumerate().all(|(n, b)| match n {
            4 | 7 => *b == b'-',
            _ => b.is_ascii_digit(),
        });
    date && (bytes.len() == 10 || matches!(bytes[10], b'T' | b't' | b' ' | b'%'))
}

/// Digits mixed into letters, or both cases mixed: words and slugs are neither.
fn looks_random(bytes: &[u8]) -> bool {
    let class = |b: &u8| match b {
        b'0'..=b'9' => 0,
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        _ => 3,
    };
    let changes = bytes
        .windows(2)
        .filter(|pair| class(&pair[0]) != class(&pair[1]))
        .filter(|pair| class(&pair[0]) != 3 && class(&pair[1]) != 3)
        .count();
    changes * 6 >= bytes.len()
}
