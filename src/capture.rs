//! Where calls are seen: each module makes the same record from another kind of call.
//! Never knows the worker, the codec, the transport or the configuration.

#[cfg(feature = "blocking")]
pub(crate) mod blocking;
mod call;
mod calls;
mod classify;
mod content;
mod flight;
mod forward;
mod observe;
mod phases;
#[cfg(any(feature = "blocking", feature = "ureq"))]
mod reading;
mod recorder;
mod reqwest_async;
mod tags;
mod trace;
#[cfg(feature = "ureq")]
pub(crate) mod ureq;
mod watched;

pub use call::Call;
pub use observe::{Observed, Seen};
pub(crate) use recorder::{Recorder, Source};
pub use reqwest_async::{Middleware, ReqwestBuilder, Stack};
pub use tags::{Scope, Tags, scope};

pub(crate) use observe::{observe, observe_async};
