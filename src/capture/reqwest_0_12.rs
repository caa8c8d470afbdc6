//! The capture of reqwest 0.12: the same source as 0.13's, compiled against the older crates.
//! Never holds code of its own; what differs between the two is told apart in that source.

// The names by which the modules below know the two crates.
use ::{reqwest_012 as reqwest, reqwest_middleware_04 as reqwest_middleware};

#[path = "classify.rs"]
mod classify;
#[path = "reqwest_async.rs"]
mod reqwest_async;
#[path = "resolver.rs"]
mod resolver;

pub use reqwest_async::{Middleware, ReqwestBuilder, Stack};
