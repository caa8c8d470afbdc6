//! The services that may report by the hub protocol: their client ids are their tokens.
//! It never tells by its time how much of an id was right, and never prints one.

use std::fmt;

use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use uuid::Uuid;

/// What a client must look like; it repeats nothing of the one that does not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a hub client must be <client id>=<service>, the id a UUID that no other client has")]
pub(crate) struct HubClientError;

/// A service and its id.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct HubClient {
    id: Uuid,
    pub(crate) service: String,
}

impl fmt::Debug for HubClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubClient").field("service", &self.service).finish_non_exhaustive()
    }
}

impl HubClient {
    pub(super) fn id(&self) -> [u8; 16] {
        *self.id.as_bytes()
    }
}

/// Everyone who is known; none of them means that the protocol is not spoken here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct HubClients(Vec<HubClient>);

impl HubClients {
    /// Adds `<client id>=<service>`.
    pub(crate) fn add(&mut self, text: &str) -> Result<(), HubClientError> {
        let (id, service) = text.split_once('=').ok_or(HubClientError)?;
        let id = Uuid::try_parse(id.trim()).map_err(|_| HubClientError)?;
        let service = service.trim().to_owned();
        if service.is_empty() || self.0.iter().any(|client| client.id == id) {
            return Err(HubClientError);
        }
        self.0.push(HubClient { id, service });
        Ok(())
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whose id it is. Every id is compared, whichever fits.
    pub(crate) fn find(&self, id: &str) -> Option<&HubClient> {
        let id = Uuid::try_parse(id).ok()?;
        let mut place = u64::MAX;
        for (n, client) in (0_u64..).zip(&self.0) {
            let is_same: Choice = client.id.as_bytes().ct_eq(id.as_bytes());
            place = u64::conditional_select(&place, &n, is_same);
        }
        self.0.get(usize::try_from(place).ok()?)
    }
}
