//! Says whether a key names a secret and whether a value is or holds one.
//! Never changes a text: that is the caller's part.

use std::borrow::Cow;

/// What a secret's value is replaced by, as the OpenTelemetry conventions write it.
pub const REDACTED: &str = "REDACTED";

/// Words that name a secret wherever they stand in a key.
const PARTS: [&str; 18] = [
    "token",
    "secret",
    "passw",
    "passphrase",
    "passcode",
    "signature",
    "credential",
    "apikey",
    "accesskey",
    "privatekey",
    "bearer",
    "session",
    "cookie",
    "hmac",
    "saml",
    "verifier",
    "pswd",
    "userpwd",
];

/// Words that name a secret only as a whole word of a key (`sort_key`, `sig`, but not `design`).
const WORDS: [&str; 13] = [
    "key",
    "keys",
    "sig",
    "sign",
    "pwd",
    "pw",
    "jwt",
    "sas",
    "otp",
    "sid",
    "pin",
    "psk",
    "assertion",
];

/// How issued tokens begin: Stripe, GitHub, GitLab, Slack, AWS, Google, SendGrid, OpenAI and
/// others publish these prefixes so that scanners can find them.
const ISSUED: [&str; 30] = [
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "rk_test_",
    "pk_live_",
    "whsec_",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "xoxe-",
    "xapp-",
    "AKIA",
    "ASIA",
    "AIza",
    "ya29.",
    "SG.",
    "sk-",
    "hf_",
    "npm_",
    "dop_v1_",
    "shpat_",
    "pypi-",
    "eyJ",
];

/// A value may be an encoded URL whose query holds an encoded URL; three layers are real.
const MAX_LAYERS: usize = 3;

/// Shortest value that is taken for an issued token by its look alone.
const MIN_TOKEN_BYTES: usize = 16;

/// Longest key that is looked at.
const MAX_KEY_BYTES: usize = 4096;

/// Whether `key` (of a query, a header, an attribute) names a secret: the seven query keys of the
/// HTTP conventions and the auth/token/key/secret/password/signature family, in any spelling.
#[must_use]
pub fn is_sensitive_key(key: &str) -> bool {
    // Nor is a key of kilobytes, which would have to be decoded first.
    if key.len() > MAX_KEY_BYTES {
        return true;
    }
    let mut key = Cow::Borrowed(key);
    for _ in 0..MAX_LAYERS {
        match decoded(&key) {
            Cow::Owned(inner) if inner != *key => key = Cow::Owned(inner),
            _ => break,
        }
    }
    let mut squeezed = [0u8; 64];
    let mut length = 0;
    for byte in key.bytes().filter(u8::is_ascii_alphanumeric).take(squeezed.len()) {
        squeezed[length] = byte.to_ascii_lowercase();
        length += 1;
    }
    // A key of more than 64 letters is nobody's field name: better safe.
    if length == squeezed.len() {
        return true;
    }
    let squeezed = &squeezed[..length];
    let n_digits = squeezed.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let squeezed = &squeezed[..length - n_digits];
    let letters = letters(squeezed);
    // Almost every key lacks a letter of every word, which a few instructions tell.
    let may_hold = |mask: u32| letters & mask == mask;
    let mut parts = PARTS.iter().zip(PARTS_LETTERS).filter(|(_, mask)| may_hold(*mask));
    parts.any(|(part, _)| contains(squeezed, part.as_bytes()))
        || squeezed.ends_with(b"key")
        || holds_but(squeezed, b"auth", &[b"author"])
        || contains(squeezed, b"authoriz")
        || holds_but(squeezed, b"pass", &[b"passenger", b"passage", b"compass", b"passive"])
        || WORDS_LETTERS.into_iter().any(may_hold)
            && words(&key).any(|word| WORDS.iter().any(|known| known.eq_ignore_ascii_case(word)))
}

/// Whether `part` occurs, and none of the words that only look like it.
fn holds_but(key: &[u8], part: &[u8], harmless: &[&[u8]]) -> bool {
    contains(key, part) && !harmless.iter().any(|word| contains(key, word))
}

/// The letters of each of [`PARTS`].
const PARTS_LETTERS: [u32; PARTS.len()] = letters_of(PARTS);

/// The letters of each of [`WORDS`].
const WORDS_LETTERS: [u32; WORDS.len()] = letters_of(WORDS);

const fn letters_of<const N: usize>(words: [&str; N]) -> [u32; N] {
    let mut masks = [0; N];
    let mut n = 0;
    while n < N {
        masks[n] = letters(words[n].as_bytes());
        n += 1;
    }
    masks
}

/// Which of the letters from a to z occur, as bits; other bytes fall on any of the 32.
const fn letters(text: &[u8]) -> u32 {
    let mut mask = 0;
    let mut n = 0;
    while n < text.len() {
        mask |= 1 << (text[n] & 31);
        n += 1;
    }
    mask
}

/// Whether a value as a whole has the look of an issued token or of a bot's path segment.
pub(super) fn looks_secret(value: &str) -> bool {
    value.len() >= MIN_TOKEN_BYTES && (is_bot_token(value) || has_token(value))
}

/// Whether a text is a secret or holds one: an issued token, a URL with user-info, an
/// authorization scheme, or `key=value`, `key: value`, `"key":"value"` with a sensitive key.
pub(super) fn holds_secret(text: &str) -> bool {
    // Too short for a token, and nothing that could stand between a key and its value.
    let marks = |b: u8| {
        matches!(b, b':' | b'=' | b'%' | b'+' | b'@') || b.is_ascii_whitespace() || !b.is_ascii()
    };
    if text.len() < MIN_TOKEN_BYTES && !text.bytes().any(marks) {
        return false;
    }
    let mut text = Cow::Borrowed(text);
    for _ in 0..MAX_LAYERS {
        if has_token(&text) || has_scheme(&text) || has_user_info(&text) || has_assignment(&text) {
            return true;
        }
        match decoded(&text) {
            Cow::Owned(inner) if inner != *text => text = Cow::Owned(inner),
            _ => return false,
        }
    }
    true
}

/// Percent-decoding, once; borrows when there is nothing to decode.
pub(crate) fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let pair = bytes.get(at + 1..at + 3).and_then(|hex| {
            let high = char::from(hex[0]).to_digit(16)?;
            let low = char::from(hex[1]).to_digit(16)?;
            u8::try_from(high * 16 + low).ok()
        });
        match (bytes[at], pair) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 3;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

/// `bot123456:AAE...`: the Telegram API carries its token in the path.
fn is_bot_token(value: &str) -> bool {
    value.strip_prefix("bot").and_then(|rest| rest.split_once(':')).is_some_and(|(id, rest)| {
        !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()) && rest.len() >= 8
    })
}

/// An issued token anywhere: one of the prefixes after something that is no letter or digit, and
/// at least [`MIN_TOKEN_BYTES`] in all, a digit or a capital among them (`sk-learn-contrib` has
/// none).
fn has_token(text: &str) -> bool {
    let bytes = text.as_bytes();
    // How far a token could go that begins here is told once for the whole run: a text that repeats
    // a prefix would otherwise be gone over from each of them.
    let mut run = TokenRun::default();
    (0..bytes.len().saturating_sub(MIN_TOKEN_BYTES - 1)).any(|at| {
        let begins = (at == 0 || !bytes[at - 1].is_ascii_alphanumeric())
            && b"srpwgxAySehnd".contains(&bytes[at])
            && ISSUED.iter().any(|prefix| bytes[at..].starts_with(prefix.as_bytes()));
        if !begins {
            return false;
        }
        if at >= run.end {
            run = TokenRun::from(bytes, at);
        }
        run.end - at >= MIN_TOKEN_BYTES && run.last_mark >= at + 2
    })
}

/// A run of bytes that a token may have.
#[derive(Default)]
struct TokenRun {
    /// Where the first byte stands that is none of them.
    end: usize,
    /// Where the last digit or capital stands; 0 where there is none.
    last_mark: usize,
}

impl TokenRun {
    fn from(bytes: &[u8], start: usize) -> Self {
        let mut run = Self { end: start, last_mark: 0 };
        for byte in &bytes[start..] {
            if !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')) {
                break;
            }
            if byte.is_ascii_digit() || byte.is_ascii_uppercase() {
                run.last_mark = run.end;
            }
            run.end += 1;
        }
        run
    }
}

/// `Bearer x`, `Basic x`, `Digest x` anywhere, also with the `+` that forms write for a blank.
fn has_scheme(text: &str) -> bool {
    let is_between =
        |c: char| matches!(c, ' ' | '+' | '"' | '\'' | ',' | ';' | ':' | '=') || c.is_whitespace();
    let mut last_is_scheme = false;
    text.split(is_between).any(|word| {
        if word.is_empty() {
            return false;
        }
        let is_secret = last_is_scheme && word.len() >= 4;
        last_is_scheme = is_scheme(word);
        is_secret && !last_is_scheme
    })
}

/// Whether a word is an authorization scheme, or ends with one behind a tag or a bracket.
fn is_scheme(word: &str) -> bool {
    ["bearer", "basic", "digest"].iter().any(|scheme| {
        let (before, end) = word.as_bytes().split_at(word.len().saturating_sub(scheme.len()));
        end.eq_ignore_ascii_case(scheme.as_bytes())
            && before.last().is_none_or(|last| b">([{|".contains(last))
    })
}

/// `user:password@`, or anything before an `@` right behind `//`. One pass: where the part began
/// and where its first colon stands is carried along.
fn has_user_info(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (mut start, mut colon) = (0, None);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'/' | b'?' | b'#' | b' ' | b'&' | b'"' | b'<' | b'(' => {
                (start, colon) = (at + 1, None)
            }
            b':' if colon.is_none() => colon = Some(at),
            b'@' => {
                let info = &bytes[start..at];
                let is_address = || {
                    [&b"mailto:"[..], b"acct:", b"sip:"].iter().any(|kind| info.starts_with(kind))
                };
                let has_password = colon.is_some_and(|colon| colon + 1 < at);
                if (has_password && !is_address())
                    || (!info.is_empty() && bytes[..start].ends_with(b"//"))
                {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

/// A sensitive word right before `=` or `:`, with quotes and blanks between them allowed. Going
/// back and forth from each mark ends at the next mark at the latest, so that it is one pass.
fn has_assignment(text: &str) -> bool {
    let is_blank = |c: char| matches!(c, '"' | '\'' | '\\' | '+') || c.is_whitespace();
    text.match_indices(['=', ':']).any(|(at, _)| {
        let before = text[..at].trim_end_matches(is_blank);
        let start = before
            .rfind(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')))
            .map_or(0, |found| found + before[found..].chars().next().map_or(1, char::len_utf8));
        let value = text[at + 1..].trim_start_matches(is_blank);
        !value.is_empty()
            && start < before.len()
            && is_sensitive_key(&before[start..])
            && !is_masked(value)
    })
}

/// Whether a value has been taken out already, and nothing follows that belongs to it.
fn is_masked(value: &str) -> bool {
    let rest = value.strip_prefix(REDACTED);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['"', '&', ',', '}']))
}

/// The words of a key: split at what is no letter or digit, and where lower case turns to upper.
fn words(key: &str) -> impl Iterator<Item = &str> {
    key.split(|c: char| !c.is_ascii_alphanumeric()).flat_map(|part| {
        let bytes = part.as_bytes();
        let mut start = 0;
        (1..=bytes.len()).filter_map(move |at| {
            let ends = at == bytes.len()
                || (bytes[at].is_ascii_uppercase() && !bytes[at - 1].is_ascii_uppercase())
                || (bytes[at].is_ascii_lowercase()
                    && bytes[at - 1].is_ascii_uppercase()
                    && at - 1 > start
                    && bytes[at - 2].is_ascii_uppercase());
            if !ends {
                return None;
            }
            // An acronym's last capital belongs to the word that follows it (`AWSAccess`).
            let end = if at < bytes.len() && bytes[at].is_ascii_lowercase() { at - 1 } else { at };
            let word = &part[start..end];
            start = end;
            Some(word)
        })
    })
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}
