//! Who may send and ask: bearer tokens, and for browsers the same tokens as passwords.
//! It never tells by its time how much of a token was right, and never prints one.

use std::borrow::Cow;

use subtle::{Choice, ConstantTimeEq};

/// A token that no request could carry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a token must be 1 to 1024 visible ASCII characters, without spaces")]
pub(crate) struct TokenError;

/// The tokens of the settings: each lets in whoever has it, for everything.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Tokens(Vec<Box<str>>);

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tokens({})", self.0.len())
    }
}

impl Tokens {
    /// Adds a token.
    pub(crate) fn add(&mut self, token: &str) -> Result<(), TokenError> {
        let fits = (1..=1024).contains(&token.len());
        if !fits || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TokenError);
        }
        self.0.push(token.into());
        Ok(())
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every token is compared, whichever fits.
    pub(crate) fn has(&self, given: &[u8]) -> bool {
        let tokens = self.0.iter().map(|token| token.as_bytes());
        tokens.fold(Choice::from(0), |any, token| any | token.ct_eq(given)).into()
    }
}

/// The token that an `Authorization` header gives: `Bearer` for everything, and `Basic` with a token
/// as the password and any user name for who only asks. Browsers add a password to what other sites
/// make them send, so that it must never be good for more than asking.
pub(super) fn given(authorization: Option<&[u8]>, is_asking: bool) -> Option<Cow<'_, [u8]>> {
    let authorization = authorization?;
    let password = || is_asking.then(|| basic_password(authorization)).flatten().map(Cow::Owned);
    bearer(authorization).map(Cow::Borrowed).or_else(password)
}

/// The token of `Bearer <token>`; the scheme's case does not matter.
fn bearer(authorization: &[u8]) -> Option<&[u8]> {
    credentials(authorization, b"bearer ")
}

/// The password of `Basic <base64 of user:password>`.
fn basic_password(authorization: &[u8]) -> Option<Vec<u8>> {
    let pair = decode_base64(credentials(authorization, b"basic ")?)?;
    let colon = pair.iter().position(|byte| *byte == b':')?;
    Some(pair[colon + 1..].to_vec())
}

fn credentials<'a>(authorization: &'a [u8], scheme: &[u8]) -> Option<&'a [u8]> {
    let (given, rest) = authorization.split_at_checked(scheme.len())?;
    given.eq_ignore_ascii_case(scheme).then(|| rest.trim_ascii())
}

/// RFC 4648's standard alphabet; the padding may be missing.
fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    let end = text.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
    let mut bytes = Vec::with_capacity(end * 3 / 4);
    let (mut bits, mut n_bits) = (0_u32, 0);
    for byte in &text[..end] {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0xffff;
        n_bits += 6;
        if n_bits >= 8 {
            n_bits -= 8;
            bytes.push((bits >> n_bits & 0xff) as u8);
        }
    }
    Some(bytes)
}
