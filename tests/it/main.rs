//! Promises to the user, one file each, against real servers on loopback.
//! Never mocks what can run: the collector is the real one, in this process or in one of its own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "tests fail by panicking, and measure with the real clock"
)]

mod collector;
mod logs;
mod shapes;
mod tls;
mod upstream;

#[cfg(feature = "test-util")]
mod attempts;
mod cancellation;
#[cfg(feature = "test-util")]
mod context;
mod deadlines;
mod delivery;
mod doctor;
#[cfg(feature = "test-util")]
mod drop_in;
#[cfg(feature = "test-util")]
mod exits;
#[cfg(all(feature = "blocking", feature = "test-util"))]
mod exits_blocking;
mod fork;
#[cfg(feature = "hits")]
mod hits;
mod identity;
mod naming;
#[cfg(feature = "test-util")]
mod opt_ins;
#[cfg(all(feature = "otlp", feature = "test-util"))]
mod otlp;
mod outage;
mod phases;
mod redaction;
#[cfg(all(feature = "reqwest-0-12", feature = "test-util"))]
mod reqwest_0_12;
mod shutdown;
mod spool;
#[cfg(all(feature = "test-util", feature = "tower"))]
mod tower_exits;
#[cfg(all(feature = "test-util", feature = "tower"))]
mod tower_grpc;
#[cfg(feature = "tower")]
mod tower_identity;
#[cfg(all(feature = "test-util", feature = "axum"))]
mod tower_server;
#[cfg(feature = "test-util")]
mod ways_out;
