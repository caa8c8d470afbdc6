//! What a client that measures phases has to see, against delays that are really there.
//! Never says how it measures: whoever does implements [`Measured`].

mod dns;
mod probe;
mod recorded;
mod server;

use std::time::Duration;

use futures_util::future::join_all;

use probe::Probe;
use recorded::Recorded;
pub(crate) use server::{Delays, Server};

/// How far from the delay a phase may be, as the issue promises.
const TOLERANCE: Duration = Duration::from_millis(10);

/// A timer may fire this much early, by the resolution of its clock.
const EARLY: Duration = Duration::from_millis(1);

/// What else a busy machine may add while 64 calls run at once; less than the delays are apart.
const CROWDED: Duration = Duration::from_millis(280);

const MS: fn(u64) -> Duration = Duration::from_millis;

/// What was measured of one call.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Phases {
    /// Absent where no name was looked up for this call.
    pub(crate) dns: Option<Duration>,
    /// TCP and TLS together; absent where no connection was made for this call.
    pub(crate) connect: Option<Duration>,
    /// From the moment when there was a connection to the first byte of the answer.
    pub(crate) first_byte: Duration,
    /// From the first byte of the answer to the last.
    pub(crate) body: Duration,
    pub(crate) reused: bool,
}

/// A client that measures its calls and reads every answer to its end.
pub(crate) trait Measured {
    fn call(&self, url: &str) -> impl Future<Output = Phases>;
}

/// Each phase of a call is within 10 ms of the delay: never less, and not more in the best of some
/// tries, for other tests share the machine.
pub(crate) async fn sees_each_phase<C: Measured>(server: &Server, open: impl Fn() -> C) {
    let delays = Delays { dns: MS(30), connect: MS(40), first_byte: MS(50), body: MS(60) };
    let mut extra = MS(u64::MAX / 2);
    for _ in 0..10 {
        let phases = open().call(&server.url(delays)).await;
        extra = extra.min(excess(phases, delays));
        if extra <= TOLERANCE {
            return;
        }
    }
    panic!("a phase took {extra:?} more than the server's delay");
}

/// The first call pays for the connection, the second does not, and both know.
pub(crate) async fn tells_reuse(server: &Server, client: impl Measured) {
    let delays = Delays { dns: MS(30), connect: MS(40), first_byte: MS(50), body: MS(0) };
    let first = client.call(&server.url(delays)).await;
    excess(first, delays);
    let second = client.call(&server.url(delays)).await;
    assert!(!first.reused && second.reused, "{first:?} {second:?}");
    assert_eq!((second.dns, second.connect), (None, None), "nothing was paid for");
    assert!(second.first_byte + EARLY >= delays.first_byte, "{second:?}");
}

/// 64 calls at once, no two of which have the same delays, see their own; when they are repeated on
/// their connections, no call sees a phase that another one paid for.
pub(crate) async fn keeps_calls_apart(server: &Server, client: impl Measured) {
    let delay = |n: u64| MS(20 + 300 * (n % 4));
    let all: Vec<Delays> = (0..64)
        .map(|n| Delays {
            dns: delay(n),
            connect: delay(n / 4),
            first_byte: delay(n / 16),
            body: delay(n / 2),
        })
        .collect();
    let calls = all.iter().map(|delays| async { client.call(&server.url(*delays)).await });
    for (phases, delays) in join_all(calls).await.into_iter().zip(&all) {
        let extra = excess(phases, *delays);
        assert!(extra < CROWDED, "{phases:?} of a call with {delays:?}");
        assert!(!phases.reused, "{phases:?}: each call has a connection of its own");
    }
    let calls = all.iter().map(|delays| async { client.call(&server.url(*delays)).await });
    for (phases, delays) in join_all(calls).await.into_iter().zip(&all) {
        assert!(phases.reused, "{phases:?} of a call with {delays:?}");
        assert_eq!((phases.dns, phases.connect), (None, None), "nobody paid for a connection");
        assert!(phases.first_byte + EARLY >= delays.first_byte, "{phases:?} with {delays:?}");
        let body = phases.body + lateness(phases, *delays);
        assert!(body + EARLY >= delays.body, "{phases:?} with {delays:?}");
    }
}

/// By how much the worst phase exceeds its delay; none may be shorter.
fn excess(phases: Phases, delays: Delays) -> Duration {
    let pairs = [
        (phases.dns.expect("a name was looked up"), delays.dns),
        (phases.connect.expect("a connection was made"), delays.connect),
        (phases.first_byte, delays.first_byte),
        (phases.body, delays.body.saturating_sub(lateness(phases, delays))),
    ];
    for (phase, least) in pairs {
        assert!(phase + EARLY >= least, "{phases:?} of a call with {delays:?}");
    }
    let over = pairs.map(|(phase, delay)| phase.saturating_sub(delay));
    over.into_iter().max().unwrap_or_default()
}

/// How late the first byte was seen. A client that is late for it, because the machine is busy, has
/// that much less of the body's time left to wait.
fn lateness(phases: Phases, delays: Delays) -> Duration {
    phases.first_byte.saturating_sub(delays.first_byte)
}

/// The delays are really there: measured by hand, with no client's help.
#[tokio::test]
async fn the_server_delays_each_phase_as_it_is_told() {
    let server = Server::start().await;
    sees_each_phase(&server, || Probe::new(&server)).await;
    tells_reuse(&server, Probe::new(&server)).await;
    keeps_calls_apart(&server, Probe::new(&server)).await;
}

/// [`Egret::reqwest_client`](egret::Egret::reqwest_client) sees them too.
#[tokio::test]
async fn a_measured_client_sees_each_phase() {
    let server = Server::start().await;
    sees_each_phase(&server, || Recorded::new(&server)).await;
    tells_reuse(&server, Recorded::new(&server)).await;
    keeps_calls_apart(&server, Recorded::new(&server)).await;
}

/// Where calls compete for the connections of one host, each connection is paid for at most once,
/// and nobody pays for more than it waited.
#[tokio::test]
async fn calls_that_share_a_pool_pay_for_their_own_connections() {
    let server = Server::start().await;
    let client = Recorded::new(&server);
    let delays = Delays { dns: MS(5), connect: MS(15), first_byte: MS(5), body: MS(3) };
    let url = server.url(delays);
    let (mut n_paid, mut n_adopted, mut n_reused) = (0, 0, 0);
    for _ in 0..4 {
        let calls = (0..64).map(async |n| {
            tokio::time::sleep(MS(n)).await;
            client.record(&url).await
        });
        for call in join_all(calls).await {
            let ns = |name: &str| call[name].as_u64().unwrap_or(0);
            assert!(ns("dns_ns") + ns("connect_ns") <= ns("ttfb_ns"), "{call}");
            let is_paid = !call["connect_ns"].is_null();
            let is_adopted = call["attributes"]["connection.origin"] == "another_call";
            let is_reused = call["connection.reused"] == true;
            assert_eq!(u8::from(is_paid) + u8::from(is_adopted) + u8::from(is_reused), 1, "{call}");
            n_paid += u64::from(is_paid);
            n_adopted += u64::from(is_adopted);
            n_reused += u64::from(is_reused);
        }
    }
    assert!(n_paid > 0 && n_reused > 0, "{n_paid} paid, {n_reused} reused");
    let n_accepted = server.n_accepted();
    println!("{n_accepted} connections: {n_paid} paid, {n_adopted} adopted; {n_reused} reuses");
    assert!(n_paid + n_adopted <= n_accepted, "{n_paid} + {n_adopted} of {n_accepted}");
}

/// What a client is built from to reach the server is right, for HTTP/1.1 and HTTP/2.
#[tokio::test]
async fn a_client_reaches_the_server() {
    let server = Server::start().await;
    let delays = Delays { dns: MS(30), ..Delays::default() };
    for is_http1 in [true, false] {
        let builder = server.configure(reqwest::Client::builder());
        let client = if is_http1 { builder.http1_only() } else { builder }.build().unwrap();
        let response = client.get(server.url(delays)).send().await.unwrap();
        assert_eq!(response.version() == http::Version::HTTP_11, is_http1);
        assert_eq!(response.text().await.unwrap(), "first last");
    }
}
