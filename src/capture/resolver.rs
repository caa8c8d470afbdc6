//! A resolver that times another one for the connecting that asks it.
//! Never changes what is found.

use std::sync::Arc;

use hyper_util::client::legacy::connect::dns::{GaiResolver, Name as HyperName};
use tower_service::Service;

use super::reqwest::dns::{Addrs, Name, Resolve, Resolving};
use crate::capture::phases::Resolution;

/// What may stand for a resolver, as with reqwest: one, or one that is shared.
///
/// `Form` tells the two apart and is inferred.
pub trait IntoResolver<Form> {
    /// The resolver.
    type Resolver: Resolve + ?Sized + 'static;

    /// As one that can be shared.
    fn into_resolver(self) -> Arc<Self::Resolver>;
}

/// The resolver itself.
#[derive(Debug)]
pub struct Owned;

/// A shared one.
#[derive(Debug)]
pub struct Shared;

impl<R: Resolve + 'static> IntoResolver<Owned> for R {
    type Resolver = R;

    fn into_resolver(self) -> Arc<R> {
        Arc::new(self)
    }
}

impl<R: Resolve + ?Sized + 'static> IntoResolver<Shared> for Arc<R> {
    type Resolver = R;

    fn into_resolver(self) -> Self {
        self
    }
}

/// Times a resolver.
#[derive(Debug)]
pub(super) struct TimedResolver<R: ?Sized>(pub(super) Arc<R>);

impl<R: Resolve + ?Sized> Resolve for TimedResolver<R> {
    fn resolve(&self, name: Name) -> Resolving {
        let resolution = Resolution::begin();
        let resolving = self.0.resolve(name);
        Box::pin(async move {
            let result = resolving.await;
            if let Some(resolution) = resolution {
                resolution.end(result.is_ok());
            }
            result
        })
    }
}

/// The system's resolver, as reqwest uses it by default.
#[derive(Debug, Clone)]
pub(super) struct SystemResolver(GaiResolver);

impl Default for SystemResolver {
    fn default() -> Self {
        Self(GaiResolver::new())
    }
}

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let mut resolver = self.0.clone();
        let name = name.as_str().parse::<HyperName>();
        Box::pin(async move {
            let found = resolver.call(name?).await?;
            Ok(Box::new(found) as Addrs)
        })
    }
}
