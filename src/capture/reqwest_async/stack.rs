//! A stack of middlewares between two of ours: the outer sees calls, the inner their attempts.
//! Never reorders what the user stacks.

use std::sync::Arc;

use super::super::reqwest;
use super::super::reqwest_middleware::{
    self, ClientBuilder, ClientWithMiddleware, RequestInitialiser,
};
use super::{Middleware, Place};

/// Middlewares of the user's (a retry, say) with egret around and within; made by
/// [`stack`](crate::stack).
///
/// Every attempt is a record of its own. Attempts of one call share its `call_id` and carry their
/// number; the last one carries how the call ended and how long it took altogether.
#[must_use = "a stack is of use when it is built"]
pub struct Stack {
    builder: ClientBuilder,
    inner: Middleware,
}

impl Stack {
    pub(crate) fn new(client: reqwest::Client, middleware: Middleware) -> Self {
        let outer = Middleware { place: Place::Outer, ..middleware.clone() };
        Self { builder: ClientBuilder::new(client).with(outer), inner: middleware }
    }

    /// Adds a middleware within those that were added before.
    pub fn with(self, middleware: impl reqwest_middleware::Middleware) -> Self {
        self.with_arc(Arc::new(middleware))
    }

    /// As [`Stack::with`].
    pub fn with_arc(mut self, middleware: Arc<dyn reqwest_middleware::Middleware>) -> Self {
        self.builder = self.builder.with_arc(middleware);
        self
    }

    /// Adds what is done to each request when it is made.
    pub fn with_init(self, initialiser: impl RequestInitialiser) -> Self {
        self.with_arc_init(Arc::new(initialiser))
    }

    /// As [`Stack::with_init`].
    pub fn with_arc_init(mut self, initialiser: Arc<dyn RequestInitialiser>) -> Self {
        self.builder = self.builder.with_arc_init(initialiser);
        self
    }

    /// The client.
    #[must_use]
    pub fn build(self) -> ClientWithMiddleware {
        self.builder.with(self.inner).build()
    }
}

impl std::fmt::Debug for Stack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stack").finish_non_exhaustive()
    }
}
