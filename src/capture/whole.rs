//! What stands around a retry: the call, and what it is if no attempt comes of it.
//! Never records a call beside its attempts: it is told by the last of them.

use std::sync::Arc;

use super::calls::LogicalCall;
use super::flight::Flight;
use crate::record::Outcome;

/// A call that may turn out to consist of attempts, which record themselves; or to be one itself.
pub(super) struct Whole {
    call: Arc<LogicalCall>,
    /// `None` once it is known which.
    flight: Option<Flight>,
}

impl Whole {
    pub(super) fn new(call: Arc<LogicalCall>, flight: Flight) -> Self {
        Self { call, flight: Some(flight) }
    }

    /// The only attempt, as long as it is not known that there are others.
    pub(super) fn flight_mut(&mut self) -> Option<&mut Flight> {
        self.flight.as_mut()
    }

    /// The call is over, or its answer's head has come. The flight, if it was the only attempt.
    pub(super) fn decide(&mut self, is_outer: bool, is_answered: bool) -> Option<Flight> {
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
