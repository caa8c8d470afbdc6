//! Who is let in, and for what: the tokens of the settings, and those that are stored.
//! It never reads the store: who watches it hands over what is there now.

mod quota;

pub(crate) use quota::Exceeded;

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use super::auth::{self, Tokens};
use crate::model::{Scope, Source, StoredToken};
use quota::Meters;

/// What a request wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    Send,
    Ask,
}

/// Why somebody is not let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Denied {
    /// No token, or none that is known.
    Unknown,
    /// Its time is over.
    Expired,
    /// It was revoked.
    Revoked,
    /// It is for something else.
    Scope(Scope),
    /// More than its quota.
    Quota(Exceeded),
}

/// A batch whose sender is not the token's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the token is for the {what} {bound:?}, but what was sent says {claimed:?}; send with that \
     one's own token, or set {setting} to {bound:?}"
)]
pub(crate) struct NotYours {
    what: &'static str,
    setting: &'static str,
    bound: String,
    claimed: String,
}

/// Who may come in.
#[derive(Debug)]
pub(crate) struct Access {
    configured: Tokens,
    stored: RwLock<Arc<[Arc<Entry>]>>,
    /// Whether everyone is let in as long as there is no token at all: on loopback alone.
    may_be_open: bool,
}

/// What a request was let in with.
#[derive(Debug, Clone)]
pub(crate) struct Grant(Option<Arc<Entry>>);

#[derive(Debug)]
struct Entry {
    token: StoredToken,
    meters: Meters,
    /// Unix nanoseconds; 0 for never since the start.
    last_used_ns: AtomicU64,
}

impl Access {
    /// Lets in who has one of these tokens.
    pub(crate) fn new(configured: Tokens, stored: Vec<StoredToken>, may_be_open: bool) -> Self {
        let access = Self { configured, stored: RwLock::new(Arc::new([])), may_be_open };
        access.store(stored);
        access
    }

    /// Takes these for all that are stored. A token that was there keeps what it has used up.
    pub(crate) fn store(&self, stored: Vec<StoredToken>) {
        let before = self.stored();
        let entry = |token: StoredToken| {
            // Every use is told back, and would make a token look changed.
            let token = StoredToken { last_used_unix_ns: None, ..token };
            let old = before.iter().find(|old| old.token.id == token.id);
            if let Some(same) = old.filter(|old| old.token == token) {
                return Arc::clone(same);
            }
            let last_used_ns = old.map_or(0, |old| old.last_used_ns.load(Ordering::Relaxed));
            let meters = Meters::new(token.quotas);
            Arc::new(Entry { token, meters, last_used_ns: AtomicU64::new(last_used_ns) })
        };
        let after = stored.into_iter().map(entry);
        *self.stored.write().unwrap_or_else(PoisonError::into_inner) = after.collect();
    }

    /// Whether there is a token with which somebody may come.
    pub(crate) fn lets_somebody_in(&self, now_ns: u64) -> bool {
        let is_valid = |entry: &Arc<Entry>| entry.token.is_valid(now_ns);
        !self.configured.is_empty() || self.stored().iter().any(is_valid)
    }

    /// Which tokens were used when, since it was last asked.
    pub(crate) fn take_used(&self) -> Vec<(String, u64)> {
        let used = |entry: &Arc<Entry>| {
            let last_ns = entry.last_used_ns.swap(0, Ordering::Relaxed);
            (last_ns > 0).then(|| (entry.token.id.clone(), last_ns))
        };
        self.stored().iter().filter_map(used).collect()
    }

    /// Lets a request in by its `Authorization` header, and counts it.
    pub(crate) fn admit(
        &self,
        authorization: Option<&[u8]>,
        wish: Wish,
        now_ns: u64,
    ) -> Result<Grant, Denied> {
        let stored = self.stored();
        // A token that was revoked is one all the same: revoking the last one opens nothing.
        if self.may_be_open && self.configured.is_empty() && stored.is_empty() {
            return Ok(Grant(None));
        }
        let given = auth::given(authorization, wish == Wish::Ask).unwrap_or(Cow::Borrowed(b""));
        if self.configured.has(&given) {
            return Ok(Grant(None));
        }
        let entry = find(&stored, &StoredToken::hash(&given)).ok_or(Denied::Unknown)?;
        entry.check(wish, now_ns)?;
        entry.last_used_ns.store(now_ns, Ordering::Relaxed);
        entry.meters.request().map_err(Denied::Quota)?;
        Ok(Grant(Some(Arc::clone(entry))))
    }

    fn stored(&self) -> Arc<[Arc<Entry>]> {
        Arc::clone(&self.stored.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Every hash is compared, whichever fits.
fn find<'e>(entries: &'e [Arc<Entry>], hash: &[u8; 32]) -> Option<&'e Arc<Entry>> {
    let mut place = u64::MAX;
    for (n, entry) in (0_u64..).zip(entries) {
        let is_same: Choice = entry.token.hash.ct_eq(hash);
        place = u64::conditional_select(&place, &n, is_same);
    }
    entries.get(usize::try_from(place).ok()?)
}

impl Entry {
    fn check(&self, wish: Wish, now_ns: u64) -> Result<(), Denied> {
        if self.token.revoked_unix_ns.is_some() {
            return Err(Denied::Revoked);
        }
        if self.token.has_expired(now_ns) {
            return Err(Denied::Expired);
        }
        match (self.token.scope, wish) {
            (Scope::Admin, _) | (Scope::Ingest, Wish::Send) | (Scope::Read, Wish::Ask) => Ok(()),
            (scope, _) => Err(Denied::Scope(scope)),
        }
    }
}

impl Grant {
    /// Counts the bytes of a body.
    pub(crate) fn charge_bytes(&self, n_bytes: usize) -> Result<(), Exceeded> {
        self.0.as_ref().map_or(Ok(()), |entry| entry.meters.bytes(n_bytes))
    }

    /// Counts calls.
    pub(crate) fn charge_calls(&self, n_calls: usize) -> Result<(), Exceeded> {
        self.0.as_ref().map_or(Ok(()), |entry| entry.meters.calls(n_calls))
    }

    /// Whether the token is for some services alone, so that [`Self::owns`] has to be asked.
    pub(crate) fn is_bound(&self) -> bool {
        let is_bound = |token: &StoredToken| token.service.is_some() || token.environment.is_some();
        self.0.as_ref().is_some_and(|entry| is_bound(&entry.token))
    }

    /// Whether it may send what this one says it sent.
    pub(crate) fn owns(&self, source: &Source) -> Result<(), NotYours> {
        let Some(entry) = &self.0 else {
            return Ok(());
        };
        let bounds = [
            ("service", "service.name", &entry.token.service, &source.service),
            (
                "environment",
                "deployment.environment.name",
                &entry.token.environment,
                &source.environment,
            ),
        ];
        for (what, setting, bound, claimed) in bounds {
            if let Some(bound) = bound.as_ref().filter(|bound| *bound != claimed) {
                let (bound, claimed) = (bound.clone(), claimed.clone());
                return Err(NotYours { what, setting, bound, claimed });
            }
        }
        Ok(())
    }

    /// The sender of what cannot name one: the token's.
    pub(crate) fn stamp(&self, service: &mut Option<String>, environment: &mut Option<String>) {
        if let Some(entry) = &self.0 {
            let fill = |named: &mut Option<String>, bound: &Option<String>| {
                if named.is_none() {
                    named.clone_from(bound);
                }
            };
            fill(service, &entry.token.service);
            fill(environment, &entry.token.environment);
        }
    }
}
