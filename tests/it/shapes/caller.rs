//! Where clients join: what a client must be able to do to be compared, bare and wrapped.
//! Never says how; each client's file does.

use super::ask::{Ask, Need, Reading, Setup};
use super::observed::Observed;

/// A kind of client, bare or wrapped.
pub(crate) trait Caller: Send + Sync {
    /// A client of its own, with connections of its own.
    fn open(&self, setup: &Setup) -> Box<dyn Session>;

    /// Whether it can take part in shapes that need this.
    fn can(&self, need: Need) -> bool;

    /// The ways in which it can read a body.
    fn readings(&self) -> &'static [Reading];

    /// Whether giving up an answer's body, or breaking off a request's, decides about the connection
    /// at once. With a thread of the client's own it is a race, for the bare one too: whether the
    /// next request takes the same connection, and how much of the broken one the server hears.
    fn is_prompt(&self) -> bool {
        true
    }

    /// How many calls egret has been handed so far; `None` for a bare client.
    fn recorded(&self) -> Option<u64>;
}

/// One client, for the requests of one shape; dropped, it hangs up. A blocking client goes to a
/// thread of its own in `ask`.
#[async_trait::async_trait]
pub(crate) trait Session: Send {
    async fn ask(&mut self, ask: &Ask, reading: Reading) -> Observed;
}

/// The same client twice.
pub(crate) struct Pair {
    pub(crate) name: &'static str,
    pub(crate) bare: Box<dyn Caller>,
    pub(crate) wrapped: Box<dyn Caller>,
}
