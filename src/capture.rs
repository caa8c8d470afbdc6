//! Where calls are seen: each module makes the same record from another kind of call.
//! Never knows the worker, the codec, the transport or the configuration.

// The names by which the modules that are compiled for each version know the two crates.
use ::{reqwest, reqwest_middleware};

#[cfg(feature = "blocking")]
pub(crate) mod blocking;
mod call;
mod calls;
mod classify;
mod content;
mod flight;
mod forward;
mod grpc;
mod hops;
mod observe;
mod pending;
mod phases;
#[cfg(any(feature = "blocking", feature = "ureq"))]
mod reading;
mod recorder;
#[cfg(feature = "reqwest-0-12")]
#[expect(clippy::duplicate_mod, reason = "one source for two versions of reqwest")]
pub(crate) mod reqwest_0_12;
mod reqwest_async;
mod resolver;
mod spares;
mod tags;
#[cfg(feature = "tower")]
pub mod tower;
mod trace;
#[cfg(feature = "ureq")]
pub(crate) mod ureq;
mod watched;
mod whole;

pub use call::{Call, Timer};
pub(crate) use forward::{forward_builder, forward_builder_0_13, forward_methods};
pub use observe::{Observed, Seen};
pub use pending::Pending;
pub(crate) use recorder::{Recorder, Source};
pub(crate) use reqwest_async::Gate;
pub use reqwest_async::{Middleware, ReqwestBuilder, Stack};
pub(crate) use resolver::IntoResolver;
pub use tags::{Scope, Tags, scope};

pub(crate) use observe::{observe, observe_async};
