//! Where calls are seen: each module makes the same record from another kind of call.
//! Never knows the worker, the codec, the transport or the configuration.

mod call;
mod classify;
mod observe;
mod recorder;
mod reqwest_async;

pub use call::Call;
pub use observe::{Observed, Seen};
pub(crate) use recorder::Recorder;
pub use reqwest_async::Middleware;

pub(crate) use observe::{observe, observe_async};
