//! A layer around a client's connector that times each connecting for the call that asked for it.
//! Never changes what the connector does, nor which connection comes of it.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use hyper_util::client::legacy::connect::{Connection, HttpInfo};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::resolution::{RESOLVING, Resolution};
use super::{Addresses, Bill, Connect, Lent, Past, Unused};
use crate::clock::Tick;

/// Put around the connector by the measured client's builder.
#[derive(Debug, Clone)]
pub(crate) struct ConnectLayer {
    unused: Arc<Unused>,
    payers: Payers,
}

/// Whether the calls that ask for connections can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Payers {
    /// A connection without a payer was made for a call that nobody records.
    Told,
    /// Calls are polled elsewhere.
    Untold,
}

impl ConnectLayer {
    pub(crate) fn new(unused: Arc<Unused>, payers: Payers) -> Self {
        Self { unused, payers }
    }
}

impl<S> Layer<S> for ConnectLayer {
    type Service = TimedConnector<S>;

    fn layer(&self, inner: S) -> TimedConnector<S> {
        let inner = Mutex::new(inner);
        let (unused, payers) = (Arc::clone(&self.unused), self.payers);
        TimedConnector { shared: Arc::new(Shared { inner, unused, payers }), own: None }
    }
}

/// A connector that is timed.
///
/// A call clones its client's connector half a dozen times before it turns out that a connection is
/// at hand, so a clone only shares: what is within is cloned when a connection is asked for.
#[derive(Debug)]
pub(crate) struct TimedConnector<S> {
    shared: Arc<Shared<S>>,
    own: Option<S>,
}

#[derive(Debug)]
struct Shared<S> {
    inner: Mutex<S>,
    unused: Arc<Unused>,
    payers: Payers,
}

impl<S> Clone for TimedConnector<S> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), own: None }
    }
}

impl<S: Clone> TimedConnector<S> {
    fn own(&mut self) -> &mut S {
        let shared = &self.shared.inner;
        self.own
            .get_or_insert_with(|| shared.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

impl<S, D> Service<D> for TimedConnector<S>
where
    S: Service<D> + Clone,
    S::Response: Connection,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Connecting<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.own().poll_ready(context)
    }

    fn call(&mut self, destination: D) -> Self::Future {
        let mut entry = Entry {
            payer: Bill::current(),
            unused: Arc::clone(&self.shared.unused),
            payers: self.shared.payers,
            resolution: Some(Arc::default()),
            started: Tick::now(),
            is_entered: false,
        };
        // Resolvers are asked within a poll, but may be asked by the call itself.
        let lent = Lent::to(&RESOLVING, &mut entry.resolution);
        let future = self.own().call(destination);
        drop(lent);
        Connecting { future, entry }
    }
}

pin_project! {
    /// A connecting under way.
    pub(crate) struct Connecting<F> {
        #[pin]
        future: F,
        entry: Entry,
    }
}

impl<F, C, E> Future for Connecting<F>
where
    F: Future<Output = Result<C, E>>,
    C: Connection,
{
    type Output = Result<C, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let lent = Lent::to(&RESOLVING, &mut this.entry.resolution);
        let result = ready!(this.future.poll(context));
        drop(lent);
        this.entry.enter(result.as_ref().ok().and_then(addresses_of));
        Poll::Ready(result)
    }
}

fn addresses_of(connection: &impl Connection) -> Option<Addresses> {
    let mut extras = http::Extensions::new();
    connection.connected().get_extras(&mut extras);
    extras.get::<HttpInfo>().map(|info| (info.local_addr(), info.remote_addr()))
}

/// What is entered on the payer's bill, when the connecting ends or is given up.
struct Entry {
    /// `None` where no measured call asked, as for a connection that a pool makes by itself.
    payer: Option<Arc<Bill>>,
    unused: Arc<Unused>,
    payers: Payers,
    /// Lent to the resolver during each poll.
    resolution: Option<Arc<Resolution>>,
    started: Tick,
    is_entered: bool,
}

impl Entry {
    fn enter(&mut self, addresses: Option<Addresses>) {
        if std::mem::replace(&mut self.is_entered, true) {
            return;
        }
        let now = Tick::now();
        let resolution = self.resolution.as_deref();
        let dns_ns = resolution.and_then(|resolution| resolution.ns(now));
        let total_ns = now.ns_since(self.started);
        // Whose name was not found has not begun to connect.
        let is_connected = addresses.is_some() || resolution.is_some_and(Resolution::found);
        let connect_ns = total_ns.saturating_sub(dns_ns.unwrap_or(0));
        let connect_ns = (is_connected || dns_ns.is_none()).then_some(connect_ns);
        if let Some(addresses) = addresses {
            let is_fresh = self.payer.is_some() || self.payers == Payers::Untold;
            self.unused.add(addresses, if is_fresh { Past::None } else { Past::Unclear });
        }
        if let Some(payer) = &self.payer {
            let unused = Arc::clone(&self.unused);
            payer.add(Connect { addresses, dns_ns, connect_ns, unused });
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.enter(None);
    }
}
