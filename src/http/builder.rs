//! reqwest's client builder, for a client whose calls are recorded and measured.
//! Never changes what reqwest's own builder would have built otherwise.

use std::panic::Location;

use reqwest::Result;
use reqwest::redirect::Policy;

use super::Client;
use crate::capture::{IntoResolver, ReqwestBuilder, forward_builder, forward_builder_0_13};
use crate::client::noted;

/// [`reqwest::ClientBuilder`], for a client whose calls are recorded and measured.
#[must_use = "a builder is of use when it is built"]
pub struct ClientBuilder(ReqwestBuilder);

impl ClientBuilder {
    /// [`reqwest::ClientBuilder::new`].
    #[track_caller]
    pub fn new() -> Self {
        Self(ReqwestBuilder::new(noted("reqwest", Location::caller())))
    }

    /// [`reqwest::ClientBuilder::build`].
    ///
    /// # Errors
    /// As [`reqwest::ClientBuilder::build`].
    pub fn build(self) -> Result<Client> {
        self.0.parts().map(Client::of_parts)
    }

    /// [`reqwest::ClientBuilder::redirect`].
    pub fn redirect(self, policy: Policy) -> Self {
        Self(self.0.redirect(policy))
    }

    /// [`reqwest::ClientBuilder::dns_resolver`].
    pub fn dns_resolver<R: IntoResolver<Form>, Form>(self, resolver: R) -> Self {
        Self(self.0.dns_resolver(resolver))
    }

    /// Changes reqwest's builder itself: for what reqwest has behind features that egret does not
    /// know. Not a method of reqwest's.
    pub fn configure(
        self,
        change: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> Self {
        Self(self.0.configure(change))
    }
}

forward_builder!(ClientBuilder);
forward_builder_0_13!(ClientBuilder);

impl Default for ClientBuilder {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
