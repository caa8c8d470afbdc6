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
//! - Addresses need no resolution and have no `dns_ns`. Of a name whose resolution was not measured
//!   (an override, a resolver set past the builder) `connect_ns` is absent too: it would hold both.
//! - Whether a connection is fresh that a call without an answer paid for, or one that nobody
//!   recorded, is not known; `connection.reused` is absent for the next call on it.

mod connector;
mod resolution;
mod unused;

pub(super) use connector::{ConnectLayer, Payers};
pub(super) use resolution::Resolution;
pub(super) use unused::{Past, Unused};

use std::cell::RefCell;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::thread::LocalKey;

use hyper_util::client::legacy::connect::HttpInfo;
use pin_project_lite::pin_project;

use super::flight::Connection;

/// A connection's own address and its peer's.
type Addresses = (SocketAddr, SocketAddr);

/// Whether a call's connections are measured, and what it was seen to pay for.
#[derive(Debug, Default)]
pub(super) enum Account {
    /// The client's connections are not known.
    #[default]
    Unmeasured,
    /// It has paid for nothing. Most calls end so: an idle connection was at hand.
    Open,
    Billed(Arc<Bill>),
}

/// What a call was seen to pay for.
#[derive(Debug, Default)]
pub(super) struct Bill {
    connects: Mutex<Vec<Connect>>,
    /// How often the redirect policy was asked.
    n_redirects: AtomicU32,
    /// Whether an answer came, and with it the knowledge which connection was used.
    is_settled: AtomicBool,
}

/// One connecting, finished or given up.
#[derive(Debug, Clone)]
struct Connect {
    /// `None` when it came to nothing.
    addresses: Option<Addresses>,
    dns_ns: Option<u64>,
    /// Without name resolution.
    connect_ns: Option<u64>,
    /// Where the client's unused connections are known.
    unused: Arc<Unused>,
}

thread_local! {
    /// The account of the call that is being polled on this thread.
    static CURRENT: RefCell<Account> = const { RefCell::new(Account::Unmeasured) };
}

impl Account {
    fn bill(&self) -> Option<&Arc<Bill>> {
        match self {
            Self::Billed(bill) => Some(bill),
            Self::Unmeasured | Self::Open => None,
        }
    }

    /// How often the redirect policy was asked, which is once more than it agreed where the call
    /// ended with a redirect.
    pub(super) fn n_redirects(&self) -> u32 {
        self.bill().map_or(0, |bill| bill.n_redirects.load(Ordering::Relaxed))
    }

    /// What the answer's connection cost this call; and whether another call began it.
    pub(super) fn of_answer(
        &self,
        unused: &Unused,
        extensions: &http::Extensions,
        host: Option<&str>,
    ) -> (Connection, bool) {
        if let Some(bill) = self.bill() {
            bill.is_settled.store(true, Ordering::Relaxed);
        }
        let Some(info) = extensions.get::<HttpInfo>() else {
            return (Connection::default(), false);
        };
        let addresses = (info.local_addr(), info.remote_addr());
        let past = unused.take(addresses);
        let own = self.bill().and_then(|bill| bill.paid_for(addresses));
        match own {
            Some(own) => (own.connection(host), false),
            None => {
                let reused = match past {
                    Some(Past::None) => Some(false),
                    Some(Past::Unclear) => None,
                    None => Some(true),
                };
                (Connection { reused, ..Connection::default() }, past == Some(Past::None))
            }
        }
    }

    /// What a call without an answer had paid for until it ended.
    pub(super) fn of_failure(&self, host: Option<&str>) -> Connection {
        let last = self.bill().and_then(|bill| bill.connects().last().cloned());
        last.map_or_else(Connection::default, |last| last.connection(host))
    }
}

impl Bill {
    /// The bill of the call that is being polled, if that is measured: its first, or the same again.
    pub(super) fn current() -> Option<Arc<Self>> {
        CURRENT
            .try_with(|current| {
                let mut account = current.borrow_mut();
                if matches!(*account, Account::Open) {
                    *account = Account::Billed(Arc::default());
                }
                account.bill().cloned()
            })
            .ok()
            .flatten()
    }

    /// Notes that the call is sent on for the nth time.
    pub(super) fn redirected(&self, nth: usize) {
        self.n_redirects.store(u32::try_from(nth).unwrap_or(u32::MAX), Ordering::Relaxed);
    }

    fn add(&self, connect: Connect) {
        self.connects().push(connect);
    }

    fn paid_for(&self, addresses: Addresses) -> Option<Connect> {
        self.connects().iter().rev().find(|c| c.addresses == Some(addresses)).cloned()
    }

    fn connects(&self) -> MutexGuard<'_, Vec<Connect>> {
        self.connects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Bill {
    fn drop(&mut self) {
        if self.is_settled.load(Ordering::Relaxed) {
            return;
        }
        // The call may have been sent over one of them.
        for connect in self.connects().iter() {
            connect.addresses.into_iter().for_each(|addresses| connect.unused.doubt(addresses));
        }
    }
}

impl Connect {
    /// The cost of a connection to `host`, of which only what was measured is told.
    fn connection(&self, host: Option<&str>) -> Connection {
        let host = host.map(|host| host.trim_matches(['[', ']']));
        let is_address = host.is_some_and(|host| host.parse::<IpAddr>().is_ok());
        let is_apart = is_address || self.dns_ns.is_some();
        let connect_ns = self.connect_ns.filter(|_| is_apart);
        Connection { dns_ns: self.dns_ns, connect_ns, reused: Some(false) }
    }
}

pin_project! {
    /// A call's future, whose account is at hand while it is polled.
    pub(super) struct Billed<F> {
        #[pin]
        future: F,
        account: Account,
    }
}

impl<F> Billed<F> {
    pub(super) fn new(account: Account, future: F) -> Self {
        Self { future, account }
    }

    /// What the call has paid for, once it is over.
    pub(super) fn into_account(self) -> Account {
        self.account
    }
}

impl<F: Future> Future for Billed<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // Unmeasured, it is polled as it is.
        let is_measured = !matches!(this.account, Account::Unmeasured);
        let _lent = is_measured.then(|| Lent::to(&CURRENT, this.account));
        this.future.poll(context)
    }
}

/// A value that a thread-local holds for the time of a poll, in exchange for its own. Put back also
/// when the poll panics.
struct Lent<'v, T: 'static> {
    place: &'static LocalKey<RefCell<T>>,
    value: &'v mut T,
}

impl<'v, T> Lent<'v, T> {
    fn to(place: &'static LocalKey<RefCell<T>>, value: &'v mut T) -> Self {
        let mut lent = Self { place, value };
        lent.swap();
        lent
    }

    fn swap(&mut self) {
        let value = &mut *self.value;
        // A thread that ends has no place any more.
        let _ = self.place.try_with(|place| std::mem::swap(&mut *place.borrow_mut(), value));
    }
}

impl<T> Drop for Lent<'_, T> {
    fn drop(&mut self) {
        self.swap();
    }
}
