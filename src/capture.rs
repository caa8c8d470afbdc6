//! Where calls are seen: each module makes the same record from another kind of call.
//! Never knows the worker, the codec, the transport or the configuration.

mod call;
mod calls;
mod classify;
mod content;
mod flight;
mod grpc;
mod observe;
mod phases;
mod recorder;
mod reqwest_async;
mod tags;
#[cfg(feature = "tower")]
pub mod tower;
mod trace;
mod watched;
mod whole;

pub use call::Call;
pub use observe::{Observed, Seen};
pub(crate) use recorder::{Recorder, Source};
pub use reqwest_async::{Middleware, ReqwestBuilder, Stack};
pub use tags::{Scope, Tags, scope};

pub(crate) use observe::{observe, observe_async};
