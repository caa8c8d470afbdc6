//! Says whether a key names a secret, however it is spelled and encoded.
//! Never looks at the key's value.

use std::borrow::Cow;

use super::signs::{MARK, ODD, Signs};

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

/// A value may be an encoded URL whose query holds an encoded URL; three layers are real.
pub(super) const MAX_LAYERS: usize = 3;

/// So many letters and digits no field's name has.
const MAX_LETTERS: usize = 64;

/// Longest key that is looked at.
const MAX_KEY_BYTES: usize = 4096;

/// Whether `key` (of a query, a header, an attribute) names a secret: the seven query keys of the
/// HTTP conventions and the auth/token/key/secret/password/signature family, in any spelling.
#[must_use]
pub fn is_sensitive_key(key: &str) -> bool {
    signed_is_sensitive(key, Signs::of(key))
}

/// [`is_sensitive_key`] for who knows the key's signs.
pub(super) fn signed_is_sensitive(key: &str, signs: Signs) -> bool {
    may_name_secret(key, signs) && names_secret(key)
}

fn names_secret(key: &str) -> bool {
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
    let mut squeezed = [0u8; MAX_LETTERS];
    let mut length = 0;
    for byte in key.bytes().filter(u8::is_ascii_alphanumeric).take(squeezed.len()) {
        squeezed[length] = byte.to_ascii_lowercase();
        length += 1;
    }
    // A key of so many letters is nobody's field name: better safe.
    if length == squeezed.len() {
        return true;
    }
    let squeezed = &squeezed[..length];
    let n_digits = squeezed.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let squeezed = &squeezed[..length - n_digits];
    PARTS.iter().any(|part| contains(squeezed, part.as_bytes()))
        || squeezed.ends_with(b"key")
        || holds_but(squeezed, b"auth", &[b"author"])
        || contains(squeezed, b"authoriz")
        || holds_but(squeezed, b"pass", &[b"passenger", b"passage", b"compass", b"passive"])
        || words(&key).any(|word| WORDS.iter().any(|known| known.eq_ignore_ascii_case(word)))
}

/// Whether `part` occurs, and none of the words that only look like it.
fn holds_but(key: &[u8], part: &[u8], harmless: &[&[u8]]) -> bool {
    contains(key, part) && !harmless.iter().any(|word| contains(key, word))
}

/// Whether the signs of a key allow that it names a secret. Almost every key lacks a letter of
/// every word, which a few instructions tell.
fn may_name_secret(key: &str, signs: Signs) -> bool {
    let is_plain = key.len() < MAX_LETTERS && !signs.has(MARK.or(ODD));
    if !is_plain || SIGNS_OF_PARTS.iter().fold(false, |any, part| any | signs.has_all(*part)) {
        return true;
    }
    // A key of small letters is one word.
    if signs.is_small_word() {
        WORDS.contains(&key)
    } else {
        let mut words = WORDS.iter().zip(SIGNS_OF_WORDS);
        words.any(|(word, letters)| signs.has_all(letters) && holds_word(key, word))
    }
}

/// Whether a word stands anywhere in a key, whatever the case.
fn holds_word(key: &str, word: &str) -> bool {
    let mut windows = key.as_bytes().windows(word.len());
    windows.any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}

/// The letters of each of [`PARTS`], and of what else counts anywhere in a key.
const SIGNS_OF_PARTS: [Signs; PARTS.len() + 3] = {
    let mut signs = [Signs::of_word("key"); PARTS.len() + 3];
    signs[0] = Signs::of_word("auth");
    signs[1] = Signs::of_word("pass");
    let mut n = 0;
    while n < PARTS.len() {
        signs[n + 2] = Signs::of_word(PARTS[n]);
        n += 1;
    }
    signs
};

/// The letters of each of [`WORDS`].
const SIGNS_OF_WORDS: [Signs; WORDS.len()] = {
    let mut signs = [Signs::of_word(""); WORDS.len()];
    let mut n = 0;
    while n < WORDS.len() {
        signs[n] = Signs::of_word(WORDS[n]);
        n += 1;
    }
    signs
};

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
