//! Judges one name without structure: a word of the API, or an id and of which form.
//! Never allocates for a word.

use super::words::{is_jumble, is_known, is_split_by_digit};

/// What stands for an id in a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placeholder {
    Int,
    Uuid,
    Hash,
    Date,
    Base64,
    Email,
    Id,
}

impl Placeholder {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Int => "{int}",
            Self::Uuid => "{uuid}",
            Self::Hash => "{hash}",
            Self::Date => "{date}",
            Self::Base64 => "{base64}",
            Self::Email => "{email}",
            Self::Id => "{id}",
        }
    }
}

/// What `text` is; `None` for a word.
pub(super) fn judge(text: &str) -> Option<Placeholder> {
    let bytes = text.as_bytes();
    let n_digits = count(bytes, u8::is_ascii_digit);
    if n_digits == bytes.len() {
        return (!bytes.is_empty()).then_some(Placeholder::Int);
    }
    if is_uuid(bytes) {
        return Some(Placeholder::Uuid);
    }
    if is_date(bytes) {
        return Some(Placeholder::Date);
    }
    if is_hash(bytes, n_digits) {
        return Some(Placeholder::Hash);
    }
    if is_encoded_text(bytes) {
        return Some(Placeholder::Base64);
    }
    if let Some(placeholder) = judge_number(text) {
        return Some(placeholder);
    }
    is_id(text, n_digits).then_some(Placeholder::Id)
}

/// What a number with more than digits is: `-5`, a telephone number, a decimal, an address, the
/// version of a package. Two short numbers with a dot between them are an API's version: `1.1`.
pub(super) fn judge_number(text: &str) -> Option<Placeholder> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_number = |b: u8| b.is_ascii_digit() || b == b'.';
    if unsigned.is_empty()
        || !unsigned.bytes().all(is_number)
        || !text.ends_with(|c: char| c.is_ascii_digit())
    {
        return None;
    }
    let n_parts = unsigned.split('.').count();
    let is_short = unsigned.split('.').all(|part| part.len() <= 2);
    match (text.len() != unsigned.len(), n_parts) {
        (true, 1) if text.starts_with('-') => Some(Placeholder::Int),
        (false, 1) => Some(Placeholder::Int),
        (false, 2) if is_short => None,
        _ => Some(Placeholder::Id),
    }
}

fn count(bytes: &[u8], is: fn(&u8) -> bool) -> usize {
    bytes.iter().filter(|b| is(b)).count()
}

fn is_uuid(bytes: &[u8]) -> bool {
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(n, b)| match n {
            8 | 13 | 18 | 23 => *b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// `2026-11-21`, with or without a time behind it, and the month `2026-11`. Versions that are
/// dates (Twilio, AWS, Shopify) are dates too: nothing in the path tells them apart.
pub(super) fn is_date(bytes: &[u8]) -> bool {
    let fits = |picture: &[u8]| {
        let mut pairs = bytes.iter().zip(picture);
        bytes.len() >= picture.len()
            && pairs.all(|(b, p)| if *p == b'0' { b.is_ascii_digit() } else { b == p })
    };
    if bytes.len() < 10 {
        let is_month = |b: &[u8]| matches!(b, [b'0', _] | [b'1', b'0'..=b'2']);
        return bytes.len() == 7 && fits(b"0000-00") && is_month(&bytes[5..]);
    }
    fits(b"0000-00-00") && (bytes.len() == 10 || matches!(bytes[10], b'T' | b't' | b' ' | b'Z'))
}

/// Seven hexadecimal digits and more; without a single number among them, eight. Capitals only at
/// the lengths of digests: `5O190127TN364715T` and `993617895215577D` are ids of one vendor, and
/// must not become two templates.
fn is_hash(bytes: &[u8], n_digits: usize) -> bool {
    let is_long_enough = bytes.len() >= 7 + usize::from(n_digits == 0);
    let is_small = || bytes.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let is_capital = || bytes.iter().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F'));
    is_long_enough && (is_small() || (matches!(bytes.len(), 32 | 40 | 64 | 128) && is_capital()))
}

/// Whether this is base64 or base64url of readable text: a random id never decodes into it.
fn is_encoded_text(bytes: &[u8]) -> bool {
    let has_capital = bytes.iter().any(u8::is_ascii_uppercase);
    if bytes.len() < 12 || bytes.len() % 4 == 1 || !has_capital {
        return false;
    }
    let (mut buffer, mut n_bits, mut n_letters) = (0u32, 0, 0);
    for byte in bytes {
        let Some(value) = base64_value(*byte) else { return false };
        buffer = buffer << 6 | value;
        n_bits += 6;
        if n_bits >= 8 {
            n_bits -= 8;
            let decoded = (buffer >> n_bits) as u8;
            if !(decoded.is_ascii_graphic() || decoded == b' ') {
                return false;
            }
            n_letters += usize::from(decoded.is_ascii_alphanumeric());
        }
    }
    // Words of letters decode into readable bytes too, now and then; never into mostly letters.
    n_letters * 3 >= bytes.len() * 2 * 3 / 4
}

fn base64_value(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

/// Whether the parts between hyphens, underscores and other marks hold an id.
fn is_id(text: &str, n_digits: usize) -> bool {
    // `0@2x` is a tile for fine screens.
    let is_tile = || text.split_once('@').is_some_and(|(number, _)| judge_number(number).is_some());
    if n_digits > 0 && (is_ticket(text.as_bytes()) || is_tile()) {
        return true;
    }
    let mut parts = text.split(|c: char| !c.is_ascii_alphanumeric()).peekable();
    let (mut n_mixed, mut n_number_digits) = (0, 0);
    while let Some(part) = parts.next() {
        let digits = count(part.as_bytes(), u8::is_ascii_digit);
        let is_last = parts.peek().is_none();
        if digits == part.len() {
            n_number_digits += digits;
            // `gpt-4`, `us-east-1` and `gpt-35-turbo` are names; `file-12` is the twelfth.
            let most = if is_last { 1 } else { 2 };
            if digits > most || n_number_digits > 3 {
                return true;
            }
        } else if digits == 0 {
            if is_jumble(part.as_bytes()) {
                return true;
            }
        } else if !is_known(part) {
            if digits > 1 || is_split_by_digit(part.as_bytes()) {
                return true;
            }
            n_mixed += 1;
        }
    }
    // `q5j-nti-fv6`: one part with a digit may be a word (`geo3d`); two are none.
    n_mixed >= 2
}

/// `PROJ-12`: a tracker's key.
fn is_ticket(bytes: &[u8]) -> bool {
    let Some(dash) = bytes.iter().position(|b| *b == b'-') else { return false };
    let (project, number) = (&bytes[..dash], &bytes[dash + 1..]);
    project.len() >= 2
        && project.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        && project[0].is_ascii_uppercase()
        && !number.is_empty()
        && number.iter().all(u8::is_ascii_digit)
}
