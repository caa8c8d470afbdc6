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
pub(in crate::capture) use gate::Departure;
pub(crate) use gate::Gate;
pub use stack::Stack;

use std::sync::Arc;

use http::Extensions;

use super::reqwest::{Client, Request, Response};
use super::reqwest_middleware::{self, ClientBuilder, ClientWithMiddleware, Next, Result};
use crate::capture::calls::LogicalCall;
use crate::capture::flight::Flight;
use crate::capture::phases::Billed;
use crate::capture::recorder::Source;
use crate::capture::tags::Tags;
use crate::record::Outcome;

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
        let tags = extensions.get::<Tags>();
        let mut flight = self.gate.begin(recorder.clone(), &request, tags);
        if self.place != Place::Alone {
            let Some(call) = extensions.get::<Arc<LogicalCall>>().cloned() else {
                let call = LogicalCall::begin(recorder);
                extensions.insert(Arc::clone(&call));
                return Whole::new(call, flight).send(self, request, extensions, next).await;
            };
            if call.has_ended() {
                // Only what stands around us knows how many more there will be.
                flight.numbered(call.id(), call.next_attempt());
            } else {
                flight.attempt_of(&call);
            }
        }
        let departure = self.gate.depart(&mut request, &mut flight);
        let passage = next.run(request, extensions);
        let result = Billed::new(departure.bill.clone(), passage).await;
        self.gate.arrive(&departure, result, flight)
    }
}

/// A call that may turn out to consist of attempts, which record themselves; or to be one itself.
struct Whole {
    call: Arc<LogicalCall>,
    /// `None` once it is known which.
    flight: Option<Flight>,
}

impl Whole {
    fn new(call: Arc<LogicalCall>, flight: Flight) -> Self {
        Self { call, flight: Some(flight) }
    }

    async fn send(
        mut self,
        middleware: &Middleware,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let is_outer = middleware.place == Place::Outer;
        // The attempts of an outermost one ready the request themselves, each anew.
        let departure = match &mut self.flight {
            Some(flight) if !is_outer => middleware.gate.depart(&mut request, flight),
            _ => Departure::unready(&request),
        };
        let passage = next.run(request, extensions);
        let result = Billed::new(departure.bill.clone(), passage).await;
        match self.decide(is_outer, result.is_ok()) {
            Some(flight) => middleware.gate.arrive(&departure, result, flight),
            None => result,
        }
    }

    /// The call is over, or its answer's head has come. The flight, if it was the only attempt.
    fn decide(&mut self, is_outer: bool, is_answered: bool) -> Option<Flight> {
        let mut flight = self.flight.take()?;
        let n_attempts = self.call.n_attempts();
        if n_attempts == 0 {
            // Of an outermost one that never got here, nothing has been sent.
            let number = if is_outer { 0 } else { self.call.next_attempt() };
            flight.numbered(self.call.id(), number);
        }
        self.call.end(if is_answered { Outcome::Completed } else { Outcome::Failed });
        if n_attempts == 0 {
            return Some(flight);
        }
        flight.forget();
        None
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        let Some(mut flight) = self.flight.take() else { return };
        if self.call.n_attempts() > 0 {
            flight.forget();
            let is_panic = std::thread::panicking();
            self.call.end(if is_panic { Outcome::Failed } else { Outcome::Cancelled });
        }
    }
}
