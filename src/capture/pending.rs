//! A request on its way through a client of ours: the future that answers with reqwest's own types.
//! Never begins before it is polled, and never answers other than reqwest does.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use reqwest::{Client, Error, Request, Response};
use tower_service::Service;

use super::flight::Flight;
use super::phases::{Account, Billed};
use super::reqwest_async::Gate;
use super::tags::Tags;

/// reqwest's future, which has no other public name.
type Bare = <Client as Service<Request>>::Future;

/// The answer to come. Dropping it gives the call up.
#[must_use = "a request is sent when its future is awaited"]
pub struct Pending {
    /// Until the first poll.
    start: Option<Start>,
    /// From the first poll to the end.
    pending: Option<Billed<Bare>>,
    /// `None` where nobody records.
    seen: Option<Seen>,
}

struct Start {
    client: Client,
    request: Result<Request, Error>,
    gate: Gate,
    tags: Option<Tags>,
}

/// What is recorded of it.
struct Seen {
    gate: Gate,
    flight: Flight,
}

impl Pending {
    pub(crate) fn new(
        client: Client,
        request: Result<Request, Error>,
        gate: Gate,
        tags: Option<Tags>,
    ) -> Self {
        let start = Start { client, request, gate, tags };
        Self { start: Some(start), pending: None, seen: None }
    }

    /// A request that could not be built is no call.
    fn begin(&mut self, start: Start) -> Result<(), Error> {
        let Start { mut client, request, gate, tags } = start;
        let mut request = request?;
        let mut account = Account::Unmeasured;
        if let Some(recorder) = gate.recorder() {
            let mut flight = gate.begin(recorder, &request, tags.as_ref());
            account = gate.depart(&mut request, &mut flight);
            self.seen = Some(Seen { gate, flight });
        }
        self.pending = Some(Billed::new(account, client.call(request)));
        Ok(())
    }
}

impl Future for Pending {
    type Output = Result<Response, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(start) = self.start.take() {
            self.begin(start)?;
        }
        let Some(pending) = &mut self.pending else {
            // It has answered.
            return Poll::Pending;
        };
        let result = ready!(Pin::new(pending).poll(context));
        let account = self.pending.take().map(Billed::into_account).unwrap_or_default();
        Poll::Ready(match self.seen.take() {
            Some(Seen { gate, flight }) => gate.arrive(&account, result, flight),
            None => result,
        })
    }
}

impl std::fmt::Debug for Pending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pending").finish_non_exhaustive()
    }
}
