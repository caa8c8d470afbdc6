//! A resolver that times another one for the connecting that asks it.
//! Never changes what is found.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hyper_util::client::legacy::connect::dns::{GaiResolver, Name as HyperName};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tower_service::Service;

use crate::clock::Tick;

thread_local! {
    /// The connecting that is being polled on this thread.
    pub(super) static RESOLVING: RefCell<Option<Arc<Resolution>>> = const { RefCell::new(None) };
}

/// The resolution of one connecting's name.
#[derive(Debug, Default)]
pub(super) struct Resolution {
    started: once_cell::sync::OnceCell<Tick>,
    /// 0 while it goes on.
    ns: AtomicU64,
    found: AtomicU64,
}

impl Resolution {
    /// How long it took, or has taken until `now`; `None` when no name was asked for.
    pub(super) fn ns(&self, now: Tick) -> Option<u64> {
        let started = *self.started.get()?;
        match self.ns.load(Ordering::Relaxed) {
            0 => Some(now.ns_since(started)),
            ns => Some(ns),
        }
    }

    /// Whether addresses were found.
    pub(super) fn found(&self) -> bool {
        self.found.load(Ordering::Relaxed) == 1
    }

    fn end(&self, is_found: bool) {
        if let Some(started) = self.started.get() {
            self.ns.store(Tick::now().ns_since(*started).max(1), Ordering::Relaxed);
            self.found.store(u64::from(is_found), Ordering::Relaxed);
        }
    }
}

/// Times a resolver.
#[derive(Debug)]
pub(crate) struct TimedResolver<R: ?Sized>(pub(crate) Arc<R>);

impl<R: Resolve + ?Sized> Resolve for TimedResolver<R> {
    fn resolve(&self, name: Name) -> Resolving {
        let resolution = RESOLVING.try_with(|place| place.borrow().clone()).ok().flatten();
        if let Some(resolution) = &resolution {
            let _ = resolution.started.set(Tick::now());
        }
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
pub(crate) struct SystemResolver(GaiResolver);

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
