//! Guesses a path's template from its looks, segment by segment.
//! Never lets an id through knowingly: in doubt a segment is an id, for an id costs a series.
//!
//! Names that people choose (repositories, buckets, slugs of words) look like words and stay; a
//! route table gives them names, and the cap of templates bounds them where there is none.

use super::segment::{Placeholder, is_date, judge, judge_number};
use super::segments::segments;
use super::shape::Shape;
use crate::redact::decoded;

/// Deepest nesting of brackets and lists within one segment that is looked into.
const MAX_DEPTH: usize = 4;

/// No word of an API is longer, nor any that is made of several.
const MAX_NAME_BYTES: usize = 80;

/// Appends the template of `path` to `out`, segment by segment.
pub fn heuristic(path: &str, out: &mut String) {
    let mut previous = None;
    for (n, segment) in segments(path).enumerate() {
        if n > 0 {
            out.push('/');
        }
        if is_api_version(n, previous, segment) {
            out.push_str(segment);
        } else {
            write(segment, MAX_DEPTH, out);
        }
        previous = Some(segment);
    }
}

/// `/1/boards`, `/api/3/issue`: one digit at the head, or behind `api`, names a version.
fn is_api_version(n: usize, previous: Option<&str>, segment: &str) -> bool {
    let is_digit = segment.len() == 1 && segment.as_bytes()[0].is_ascii_digit();
    is_digit && (n == 1 || previous == Some("api"))
}

/// Appends a segment, or a part of one, with placeholders for what is an id in it.
fn write(text: &str, depth: usize, out: &mut String) {
    let shape = Shape::of(text);
    if shape.is_word(text) {
        return out.push_str(text);
    }
    if shape.is_plain() && text.len() <= MAX_NAME_BYTES {
        return match judge(text) {
            Some(placeholder) => out.push_str(placeholder.as_str()),
            None => out.push_str(text),
        };
    }
    let Some(depth) = depth.checked_sub(1) else {
        return out.push_str(Placeholder::Id.as_str());
    };
    if let Some(placeholder) = whole(text) {
        return out.push_str(placeholder.as_str());
    }
    if text.len() > MAX_NAME_BYTES {
        return out.push_str(judge(text).unwrap_or(Placeholder::Id).as_str());
    }
    if let Some((name, inside)) = bracketed(text) {
        out.push_str(name);
        out.push('(');
        let bare = inside.trim_matches('\'');
        let quote = if bare.len() + 2 == inside.len() { "'" } else { "" };
        out.push_str(quote);
        write(bare, depth, out);
        out.push_str(quote);
        return out.push(')');
    }
    // Lists, before what their members are made of.
    for separator in [';', ','] {
        if text.contains(separator) {
            let list = match text.rsplit_once('.') {
                Some((list, ext)) if ext.bytes().all(|b| b.is_ascii_lowercase()) => list,
                _ => text,
            };
            write_list(list, separator, out);
            return out.push_str(&text[list.len()..]);
        }
    }
    if let Some((from, to)) = text.split_once("..") {
        let dots = if to.starts_with('.') { "..." } else { ".." };
        write(from, depth, out);
        out.push_str(dots);
        return write(&to[dots.len() - 2..], depth, out);
    }
    if let Some((key, value)) = text.split_once('=') {
        write(key, depth, out);
        out.push('=');
        return write(value, depth, out);
    }
    if text.contains(':') {
        return write_pair(text, depth, out);
    }
    write_name(text, out);
}

/// What the whole text is, before it is taken apart.
fn whole(text: &str) -> Option<Placeholder> {
    let is_plain = |b: u8| b.is_ascii_graphic() && b != b'%';
    if !text.bytes().all(is_plain) {
        // Somebody's free text: words of an API's own need no encoding.
        let decoded = decoded(text);
        return whole_plain(&decoded).or_else(|| judge(&decoded)).or(Some(Placeholder::Id));
    }
    whole_plain(text)
}

fn whole_plain(text: &str) -> Option<Placeholder> {
    if is_date(text.as_bytes()) {
        return Some(Placeholder::Date);
    }
    if is_email(text) {
        return Some(Placeholder::Email);
    }
    let is_padded = text.len() >= 4 && text.ends_with('=') && !text.starts_with('=');
    if text.contains('!') {
        return Some(Placeholder::Id);
    }
    // `eyJ` is how base64 writes `{"`.
    let is_token = text.len() >= 12 && text.starts_with("eyJ");
    (is_padded || is_token).then_some(Placeholder::Base64)
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let top = domain.rsplit_once('.').map(|(_, top)| top);
    let is_domain = domain.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
    // `icon@2x.png` is a picture for fine screens.
    let is_picture = domain.starts_with("2x.") || domain.starts_with("3x.");
    let is_top = |top: &str| top.len() >= 2 && top.bytes().all(|b| b.is_ascii_alphabetic());
    !local.is_empty() && is_domain && !is_picture && top.is_some_and(is_top)
}

/// `users('id')`, `accounts(12)`, `(default)`: what stands before the brackets, and in them.
fn bracketed(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.split_once('(')?;
    let inside = rest.strip_suffix(')')?;
    (judge(name).is_none() && !inside.contains(['(', ')'])).then_some((name, inside))
}

/// `1,2,3` is one `{int}`, however many there are; a list of words stays; all else is an id.
fn write_list(text: &str, separator: char, out: &mut String) {
    let is_number = |part: &str| part.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    let mut parts = text.split(separator).filter(|part| !part.is_empty()).map(|part| {
        let mut template = String::new();
        write(part, 2, &mut template);
        // `37.7` looks like a version where it stands alone; in a list it is a coordinate.
        let is_left = template == part;
        if is_left && is_number(part) { Placeholder::Id.as_str().to_owned() } else { template }
    });
    let first = parts.next().unwrap_or_default();
    let (mut is_one, mut is_words) = (true, !first.contains('{'));
    for part in parts {
        is_one &= part == first;
        is_words &= !part.contains('{');
    }
    match (is_words, is_one) {
        (true, _) => out.push_str(text),
        (false, true) => out.push_str(&first),
        (false, false) => out.push_str(Placeholder::Id.as_str()),
    }
}

/// `models/x:generateContent`, `sha256:6c3c...`: one side of a colon is the name of the other.
fn write_pair(text: &str, depth: usize, out: &mut String) {
    let start = out.len();
    let (left, right) = text.split_once(':').unwrap_or((text, ""));
    write(left, depth, out);
    let is_left_id = out[start..] != *left;
    out.push(':');
    let middle = out.len();
    write(right, depth, out);
    let is_right_id = out[middle..] != *right;
    // `urn:li:share:684`, `arn:aws:...`: the whole names one thing.
    if (is_left_id || right.contains(':')) && is_right_id {
        out.truncate(start);
        out.push_str(Placeholder::Id.as_str());
    }
}

/// A name with or without dots in it: `12.json`, `main.8f14e45f.js`, `v2.1`, `api.example.com`.
fn write_name(text: &str, out: &mut String) {
    if !text.contains('.') {
        return match judge(text) {
            Some(placeholder) => out.push_str(placeholder.as_str()),
            None => out.push_str(text),
        };
    }
    if let Some(placeholder) = judge_number(text) {
        return out.push_str(placeholder.as_str());
    }
    // `.jpg90`, `.tgz`: what follows the last dot is a word more often than not.
    let is_extended = text.rsplit_once('.').is_some_and(|(_, last)| is_extension(last));
    let stem = if is_extended { text.rfind('.').unwrap_or(text.len()) } else { text.len() };
    let (stem, extension) = text.split_at(stem);
    let mut ids = stem.split('.').filter_map(|part| Some((part, dotted(part)?)));
    match (ids.next(), ids.next()) {
        _ if holds_release(stem) => out.push_str(Placeholder::Id.as_str()),
        (None, _) => out.push_str(stem),
        (Some((part, placeholder)), None) => {
            let mut parts = stem.split('.');
            let before = parts.by_ref().take_while(|known| *known != part);
            let at = before.map(|part| part.len() + 1).sum::<usize>();
            out.push_str(&stem[..at]);
            out.push_str(placeholder.as_str());
            out.push_str(&stem[at + part.len()..]);
        }
        _ => out.push_str(Placeholder::Id.as_str()),
    }
    out.push_str(extension);
}

/// `core-7.23.5`: three numbers in a row.
fn holds_release(text: &str) -> bool {
    let parts: Vec<&[u8]> = text.split('.').map(str::as_bytes).collect();
    parts.windows(3).any(|three| {
        three[0].last().is_some_and(u8::is_ascii_digit)
            && !three[1].is_empty()
            && three[1].iter().all(u8::is_ascii_digit)
            && three[2].first().is_some_and(u8::is_ascii_digit)
    })
}

/// What a part between dots is; versions (`v2.1`, `gemini-1.5-pro`) have numbers of one or two
/// digits there.
fn dotted(part: &str) -> Option<Placeholder> {
    let is_short = part.len() <= 2 && part.bytes().all(|b| b.is_ascii_digit());
    judge(part).filter(|_| !is_short)
}

fn is_extension(text: &str) -> bool {
    let n_digits = text.bytes().filter(u8::is_ascii_digit).count();
    (1..=8).contains(&text.len())
        && n_digits <= 2
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}
