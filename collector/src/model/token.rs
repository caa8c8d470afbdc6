//! A stored token, as the store keeps it and the door asks for it.
//! It never holds the token itself: only its hash.

use std::num::NonZeroU32;

use sha2::{Digest, Sha256};

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Sends, and asks nothing.
    Ingest,
    /// Asks, and sends nothing.
    Read,
    /// Both.
    Admin,
}

impl Scope {
    /// Every scope.
    pub(crate) const ALL: [Self; 3] = [Self::Ingest, Self::Read, Self::Admin];

    /// The word for people and files.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Read => "read",
            Self::Admin => "admin",
        }
    }

    /// The scope of a word.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}

/// How much may come with a token; absent means as much as the collector takes from anyone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Quotas {
    pub(crate) requests_per_second: Option<NonZeroU32>,
    /// Of bodies as received.
    pub(crate) bytes_per_minute: Option<NonZeroU32>,
    pub(crate) calls_per_minute: Option<NonZeroU32>,
}

/// A token that was made with `token create`. Times are unix nanoseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredToken {
    /// Names it in lists; no secret.
    pub(crate) id: String,
    pub(crate) hash: [u8; 32],
    pub(crate) scope: Scope,
    /// Whose batches alone it may send; `None` for any service's.
    pub(crate) service: Option<String>,
    pub(crate) environment: Option<String>,
    pub(crate) quotas: Quotas,
    pub(crate) created_unix_ns: u64,
    pub(crate) expires_unix_ns: Option<u64>,
    /// A revoked token stays in the list: that it was there must not be forgotten.
    pub(crate) revoked_unix_ns: Option<u64>,
    pub(crate) last_used_unix_ns: Option<u64>,
}

impl StoredToken {
    /// What is kept of a token. One round of SHA-256 suffices: a token is 256 random bits, so that
    /// there is nothing to guess that a slow hash would make slower, and every request pays for it.
    pub(crate) fn hash(token: &[u8]) -> [u8; 32] {
        Sha256::digest(token).into()
    }

    /// Whether it was neither revoked nor has expired.
    pub(crate) fn is_valid(&self, now_ns: u64) -> bool {
        self.revoked_unix_ns.is_none() && !self.has_expired(now_ns)
    }

    /// Whether its time is over.
    pub(crate) fn has_expired(&self, now_ns: u64) -> bool {
        self.expires_unix_ns.is_some_and(|expires| expires <= now_ns)
    }
}
