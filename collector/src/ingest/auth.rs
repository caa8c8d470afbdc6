//! Who may send and ask: bearer tokens.
//! It never tells by its time how much of a token was right, and never prints one.

use subtle::{Choice, ConstantTimeEq};

/// A token that no request could carry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a token must be 1 to 1024 visible ASCII characters, without spaces")]
pub(crate) struct TokenError;

/// The tokens of which any one lets in; none of them means that everyone is let in.
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

    /// Whether there is none, so that everyone is let in.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an `Authorization` header lets in.
    pub(crate) fn admit(&self, authorization: Option<&[u8]>) -> bool {
        if self.0.is_empty() {
            return true;
        }
        let Some(given) = authorization.and_then(bearer) else {
            return false;
        };
        // Every token is compared, whichever fits.
        let any =
            self.0.iter().fold(Choice::from(0), |any, token| any | token.as_bytes().ct_eq(given));
        any.into()
    }
}

/// The token of `Bearer <token>`; the scheme's case does not matter.
fn bearer(authorization: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = authorization.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}
