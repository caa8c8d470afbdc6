//! Builds a client whose connections are measured too: name resolution, connect, reuse, redirects.
//! Never changes what reqwest's own builder would have built otherwise.

use std::sync::Arc;

use super::super::reqwest;
use super::super::reqwest::redirect::Policy;
use super::super::reqwest_middleware::ClientWithMiddleware;
use super::super::resolver::{IntoResolver, SystemResolver, TimedResolver};
use super::{Gate, Middleware, Place, Stack};
use crate::capture::forward::forward_builder;
use crate::capture::phases::{Bill, ConnectLayer, Unused};
use crate::capture::recorder::Source;

/// `reqwest`'s client builder with egret in it; made by
/// [`reqwest_client`](crate::reqwest_client).
///
/// It has the methods of [`reqwest::ClientBuilder`]; what is missing here because it belongs to a
/// feature of reqwest is done in [`configure`](ReqwestBuilder::configure).
///
/// ```no_run
/// # fn build() -> reqwest::Result<reqwest_middleware::ClientWithMiddleware> {
/// let client = egret::reqwest_client().timeout(std::time::Duration::from_secs(5)).build()?;
/// # Ok(client) }
/// ```
#[derive(Debug)]
#[must_use = "a builder is of use when it is built"]
pub struct ReqwestBuilder {
    inner: reqwest::ClientBuilder,
    gate: Gate,
}

impl ReqwestBuilder {
    pub(crate) fn new(source: Source) -> Self {
        // egret: allow(reqwest) reason="egret's own client: what it sends is recorded"
        let inner = reqwest::Client::builder();
        Self { inner, gate: Gate::new(source) }
            .dns_resolver(SystemResolver::default())
            .redirect(Policy::default())
    }

    /// Changes reqwest's builder itself. A resolver or redirect policy that is set here is used, but
    /// not measured; set it by the methods of this builder.
    pub fn configure(
        mut self,
        change: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> Self {
        self.inner = change(self.inner);
        self
    }

    /// [`reqwest::ClientBuilder::dns_resolver`]. Defaults to the system's.
    pub fn dns_resolver<R: IntoResolver<Form>, Form>(self, resolver: R) -> Self {
        let timed = Arc::new(TimedResolver(resolver.into_resolver()));
        self.configure(|inner| inner.dns_resolver(timed))
    }

    /// [`reqwest::ClientBuilder::redirect`]. Defaults to at most ten.
    pub fn redirect(self, policy: Policy) -> Self {
        let counted = move |attempt: reqwest::redirect::Attempt<'_>| {
            if let Some(bill) = Bill::current() {
                bill.redirected(attempt.previous().len());
            }
            policy.redirect(attempt)
        };
        self.configure(|inner| inner.redirect(Policy::custom(counted)))
    }

    /// Builds the client. Every call through it is recorded.
    ///
    /// # Errors
    /// As [`reqwest::ClientBuilder::build`].
    pub fn build(self) -> reqwest::Result<ClientWithMiddleware> {
        let (client, gate) = self.parts()?;
        Ok(Middleware { gate, place: Place::Alone }.around(client))
    }

    /// Builds the client and begins a stack around it, as [`stack`](crate::stack) does.
    ///
    /// # Errors
    /// As [`reqwest::ClientBuilder::build`].
    pub fn build_stack(self) -> reqwest::Result<Stack> {
        let (client, gate) = self.parts()?;
        Ok(Stack::new(client, Middleware { gate, place: Place::Unknown }))
    }

    /// The client, and the gate that knows its connections.
    pub(crate) fn parts(self) -> reqwest::Result<(reqwest::Client, Gate)> {
        let unused = Arc::<Unused>::default();
        // Outermost of the layers, so that the time of the user's own ones is seen too.
        let client = self.inner.connector_layer(ConnectLayer(Arc::clone(&unused))).build()?;
        Ok((client, self.gate.measured(unused)))
    }
}

forward_builder!(ReqwestBuilder);
