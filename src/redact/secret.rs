//! Says whether a value is a secret or holds one.
//! Never changes a text (that is the caller's part), and never goes over one again for each sign.

use std::borrow::Cow;

use super::key::{MAX_LAYERS, decoded, is_sensitive_key};
use super::signs::{CAPITAL, DIGIT, MARK, ODD, Signs};

/// What a secret's value is replaced by, as the OpenTelemetry conventions write it.
pub const REDACTED: &str = "REDACTED";

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

/// Shortest value that is taken for an issued token by its look alone.
pub(super) const MIN_TOKEN_BYTES: usize = 16;

/// Whether a value as a whole has the look of an issued token or of a bot's path segment.
pub(super) fn looks_secret(value: &str, signs: Signs) -> bool {
    value.len() >= MIN_TOKEN_BYTES
        && ((signs.has(MARK) && is_bot_token(value))
            || may_have_token(value, signs) && has_token(value))
}

/// Whether a text is a secret or holds one: an issued token, a URL with user-info, an
/// authorization scheme, or `key=value`, `key: value`, `"key":"value"` with a sensitive key.
#[cfg(any(feature = "client", test))]
pub(super) fn holds_secret(text: &str) -> bool {
    signed_holds_secret(text, Signs::of(text))
}

/// [`holds_secret`] for who knows the text's signs.
pub(super) fn signed_holds_secret(text: &str, signs: Signs) -> bool {
    if !signs.has(MARK.or(ODD)) {
        // Nothing stands between a key and its value, and nothing is encoded.
        return text.len() >= MIN_TOKEN_BYTES && may_have_token(text, signs) && has_token(text);
    }
    // Too short for a token, and nothing that could stand between a key and its value.
    let marks = |b: u8| matches!(b, b':' | b'=' | b'%' | b'+' | b'@') || b <= b' ' || !b.is_ascii();
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

/// `bot123456:AAE...`: the Telegram API carries its token in the path.
fn is_bot_token(value: &str) -> bool {
    value.strip_prefix("bot").and_then(|rest| rest.split_once(':')).is_some_and(|(id, rest)| {
        !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()) && rest.len() >= 8
    })
}

/// Whether the signs of a text allow an issued token: a digit or a capital is in each, and one
/// begins where a word does.
fn may_have_token(text: &str, signs: Signs) -> bool {
    signs.has(DIGIT.or(CAPITAL))
        && (!signs.is_word() || text.as_bytes().first().is_some_and(|first| begins_token(*first)))
}

/// Whether one of [`ISSUED`] begins so.
pub(super) fn begins_token(byte: u8) -> bool {
    matches!(
        byte,
        b's' | b'r' | b'p' | b'w' | b'g' | b'x' | b'A' | b'y' | b'S' | b'e' | b'h' | b'n' | b'd'
    )
}

/// An issued token anywhere: one of the prefixes after something that is no letter or digit, and
/// at least [`MIN_TOKEN_BYTES`] in all, a digit or a capital among them (`sk-learn-contrib` has
/// none).
pub(super) fn has_token(text: &str) -> bool {
    let bytes = text.as_bytes();
    // How far a token could go that begins here is told once for the whole run: a text that repeats
    // a prefix would otherwise be gone over from each of them.
    let mut run = TokenRun::default();
    (0..bytes.len().saturating_sub(MIN_TOKEN_BYTES - 1)).any(|at| {
        let begins = (at == 0 || !bytes[at - 1].is_ascii_alphanumeric())
            && begins_token(bytes[at])
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
