//! Which call paid for which connection: name resolution, connect and reuse, ascribed.
//! Never guesses: a phase that cannot be ascribed to a call is absent in its record.
//!
//! How it works. While a call of a measured client is polled, a thread-local names it. The
//! connector is asked for a connection within such a poll, so the layer around it learns who asked
//! and keeps that while the connecting goes on, wherever it is polled; the resolver is asked within
//! the polls of that connecting in turn. A connection is known by its two addresses: the layer reads
//! them off the finished connection, and the answer brings those of the connection that it came
//! over. Where the two meet, the call paid for its connection.
//!
//! Where it cannot know:
//! - A pool may give a call an idle connection while the call's own is being made. That one is used
//!   by a later call, which has not waited for it: `connection.reused` is false there, the phases
//!   are absent, and `connection.origin` says `another_call`.
//! - Of a call that was redirected only the last hop's connection is told.
//! - TCP and TLS come as one time; so does a proxy's handshake.
//! - Connections without addresses (Unix sockets) tell nothing.
//! - Names that need no resolution (addresses, overrides) have no `dns_ns`.

mod connector;
mod resolution;

pub(super) use connector::ConnectLayer;
pub(super) use resolution::Resolution;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::HttpInfo;
use pin_project_lite::pin_project;

use super::flight::Connection;

/// A connection's own address and its peer's.
type Addresses = (SocketAddr, SocketAddr);

/// What a call was seen to pay for.
#[derive(Debug, Default)]
pub(super) struct Bill {
    connects: Mutex<Vec<Connect>>,
    n_redirects: AtomicU32,
}

/// One connecting, finished or given up.
#[derive(Debug, Clone, Copy)]
struct Connect {
    /// `None` when it came to nothing.
    addresses: Option<Addresses>,
    dns_ns: Option<u64>,
    /// Without name resolution.
    connect_ns: Option<u64>,
}

/// Connections of one client that have been made and not used yet.
#[derive(Debug, Default)]
pub(super) struct Unused(Mutex<VecDeque<Addresses>>);

/// A connection that is closed unused leaves its addresses here; these are forgotten first.
const MAX_UNUSED: usize = 4_096;

thread_local! {
    /// The call that is being polled on this thread.
    static CURRENT: RefCell<Option<Arc<Bill>>> = const { RefCell::new(None) };
}

impl Bill {
    pub(super) fn current() -> Option<Arc<Self>> {
        CURRENT.try_with(|current| current.borrow().clone()).ok().flatten()
    }

    /// Notes that the call is sent on for the nth time.
    pub(super) fn redirected(&self, nth: usize) {
        self.n_redirects.store(u32::try_from(nth).unwrap_or(u32::MAX), Ordering::Relaxed);
    }

    pub(super) fn n_redirects(&self) -> u32 {
        self.n_redirects.load(Ordering::Relaxed)
    }

    fn add(&self, connect: Connect) {
        self.connects().push(connect);
    }

    fn connects(&self) -> MutexGuard<'_, Vec<Connect>> {
        self.connects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the answer's connection cost this call; and whether another call began it.
    pub(super) fn of_answer(
        &self,
        extensions: &http::Extensions,
        unused: &Unused,
    ) -> (Connection, bool) {
        let Some(info) = extensions.get::<HttpInfo>() else {
            return (Connection::default(), false);
        };
        let addresses = (info.local_addr(), info.remote_addr());
        let is_new = unused.take(addresses);
        let own = self.connects().iter().rev().find(|c| c.addresses == Some(addresses)).copied();
        match own {
            Some(own) => {
                let (dns_ns, connect_ns) = (own.dns_ns, own.connect_ns);
                (Connection { dns_ns, connect_ns, reused: Some(false) }, false)
            }
            None => (Connection { reused: Some(!is_new), ..Connection::default() }, is_new),
        }
    }

    /// What a call without an answer had paid for until it ended.
    pub(super) fn of_failure(&self) -> Connection {
        match self.connects().last() {
            Some(&Connect { dns_ns, connect_ns, .. }) => {
                Connection { dns_ns, connect_ns, reused: Some(false) }
            }
            None => Connection::default(),
        }
    }
}

impl Unused {
    fn add(&self, addresses: Addresses) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // One that was closed unused had the same addresses, and there is only one now.
        if all.contains(&addresses) {
            return;
        }
        if all.len() >= MAX_UNUSED {
            all.pop_front();
        }
        all.push_back(addresses);
    }

    /// Whether the connection was unused until now.
    pub(super) fn take(&self, addresses: Addresses) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = all.iter().position(|known| *known == addresses);
        place.is_some_and(|place| all.remove(place).is_some())
    }
}

pin_project! {
    /// A call's future, with the call named while it is polled.
    pub(super) struct Billed<F> {
        #[pin]
        future: F,
        bill: Option<Arc<Bill>>,
    }
}

impl<F> Billed<F> {
    /// With no bill the future is polled as it is.
    pub(super) fn new(bill: Option<Arc<Bill>>, future: F) -> Self {
        Self { future, bill }
    }
}

impl<F: Future> Future for Billed<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _restore = this.bill.as_ref().map(|bill| Restore::after(&CURRENT, Arc::clone(bill)));
        this.future.poll(context)
    }
}

/// Puts back what a thread-local held before, also when a poll panics.
struct Restore<T: 'static> {
    place: &'static std::thread::LocalKey<RefCell<Option<T>>>,
    before: Option<T>,
}

impl<T> Restore<T> {
    fn after(place: &'static std::thread::LocalKey<RefCell<Option<T>>>, value: T) -> Self {
        let before = place.try_with(|place| place.replace(Some(value))).ok().flatten();
        Self { place, before }
    }
}

impl<T> Drop for Restore<T> {
    fn drop(&mut self) {
        let before = self.before.take();
        // A thread that ends has nothing to put back to.
        let _ = self.place.try_with(|place| place.replace(before));
    }
}
