//! Sees every call of a `reqwest` client, as a middleware.
//! Never changes a request that can be sent again, nor anything of the answer but whose hands its
//! body passes through.

// The paths are written out because this tree is compiled once for each version of reqwest.
#[path = "reqwest_async/builder.rs"]
mod builder;
#[path = "reqwest_async/gate.rs"]
mod gate;
#[path = "reqwest_async/stack.rs"]
mod stack;

pub use builder::ReqwestBuilder;
pub(crate) use gate::Gate;
pub use stack::Stack;

use std::sync::Arc;

use http::Extensions;

use super::reqwest::{Client, Request, Response};
use super::reqwest_middleware::{self, ClientBuilder, ClientWithMiddleware, Next, Result};
use crate::capture::calls::{Flying, LogicalCall};
use crate::capture::phases::{Account, Billed};
use crate::capture::recorder::Source;
use crate::capture::tags::Tags;
use crate::capture::whole::Whole;

/// Records each pass through the stack exactly once: an answer at its body's end, an error, or a
/// dropped future. Standing twice in a stack, around a retry, it tells attempts from calls.
#[derive(Debug, Clone)]
pub struct Middleware {
    gate: Gate,
    place: Place,
}

/// Where in the stack it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Alone: a pass is a call.
    Alone,
    /// Outermost of two.
    Outer,
    /// Anywhere: what stands around it may send a request several times.
    Unknown,
}

impl Middleware {
    pub(crate) fn new(source: Source) -> Self {
        Self { gate: Gate::new(source), place: Place::Unknown }
    }

    /// A client that has nothing else around it.
    pub(crate) fn wrap(source: Source, client: Client) -> ClientWithMiddleware {
        Self { gate: Gate::new(source), place: Place::Alone }.around(client)
    }

    fn around(self, client: Client) -> ClientWithMiddleware {
        ClientBuilder::new(client).with(self).build()
    }

    /// Sends what may turn out to be attempts, which record themselves; or to be one itself.
    async fn whole(
        &self,
        mut whole: Whole,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let is_outer = self.place == Place::Outer;
        // The attempts of an outermost one ready the request themselves, each anew.
        let account = match whole.flight_mut() {
            Some(flight) if !is_outer => self.gate.depart(&mut request, flight),
            _ => Account::default(),
        };
        let mut passage = Billed::new(account, next.run(request, extensions));
        let result = (&mut passage).await;
        match whole.decide(is_outer, result.is_ok()) {
            Some(flight) => self.gate.arrive(&passage.into_account(), result, flight),
            None => result,
        }
    }
}

#[async_trait::async_trait]
impl reqwest_middleware::Middleware for Middleware {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let Some(recorder) = self.gate.recorder() else {
            return next.run(request, extensions).await;
        };
        if extensions.get::<Flying>().is_some() {
            return next.run(request, extensions).await;
        }
        let tags = extensions.get::<Tags>();
        let mut flight = self.gate.begin(recorder, &request, tags);
        if self.place != Place::Alone {
            // An outermost one begins anew, whatever calls the extensions have seen before.
            let known = extensions.get::<Arc<LogicalCall>>().cloned();
            let Some(call) = known.filter(|_| self.place != Place::Outer) else {
                let call = LogicalCall::begin(flight.recorder().clone());
                extensions.insert(Arc::clone(&call));
                // Apart, so that the future of every other call is no larger than it must be.
                let whole = self.whole(Whole::new(call, flight), request, extensions, next);
                return Box::pin(whole).await;
            };
            if call.has_ended() {
                // Only what stands around us knows how many more there will be.
                flight.numbered(call.id(), call.next_attempt());
            } else {
                flight.attempt_of(&call);
            }
        }
        let account = self.gate.depart(&mut request, &mut flight);
        Flying::mark(extensions);
        let mut passage = Billed::new(account, next.run(request, extensions));
        let result = (&mut passage).await;
        let account = passage.into_account();
        Flying::unmark(extensions);
        self.gate.arrive(&account, result, flight)
    }
}
