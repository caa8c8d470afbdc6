//! Shapes that an exchange over HTTP can take, and what a caller can see of each.
//! Never knows which client calls: a client joins by implementing [`Caller`], twice, and [`Pair`].

mod answer;
mod ask;
mod async_caller;
#[cfg(all(feature = "blocking", feature = "multipart"))]
mod blocking_caller;
mod caller;
mod differential;
mod http2_server;
mod observed;
mod server;
mod table;
#[cfg(feature = "tower")]
mod tower_caller;
#[cfg(all(feature = "ureq", feature = "blocking", feature = "multipart"))]
mod ureq_caller;
mod wire;

pub(crate) use ask::Shape;
#[cfg(feature = "test-util")]
pub(crate) use async_caller::DropIn;
pub(crate) use async_caller::{Bare, Wrapped};
#[cfg(all(feature = "blocking", feature = "multipart"))]
pub(crate) use blocking_caller::{BlockingBare, BlockingWrapped};
pub(crate) use caller::Pair;
pub(crate) use differential::compare;
pub(crate) use table::{
    bodies, broken, connections, headers, http2, redirects, requests, statuses,
};
#[cfg(feature = "tower")]
pub(crate) use tower_caller::Tower;
#[cfg(all(feature = "ureq", feature = "blocking", feature = "multipart"))]
pub(crate) use ureq_caller::Ureq;
