//! The shapes themselves, in groups.
//! Never compared here: each group is a list.

mod bodies;
mod broken;
mod connections;
mod headers;
mod http2;
mod redirects;
mod requests;
mod statuses;

pub(crate) use bodies::bodies;
pub(crate) use broken::broken;
pub(crate) use connections::connections;
pub(crate) use headers::headers;
pub(crate) use http2::http2;
pub(crate) use redirects::redirects;
pub(crate) use requests::requests;
pub(crate) use statuses::statuses;

use std::sync::LazyLock;

use super::answer::{Answer, say};

/// A small answer of known length.
fn hello() -> Answer {
    say("HTTP/1.1 200 OK\ncontent-length: 5\n\nhello")
}

/// 8 MiB in which each piece tells where it belongs.
pub(crate) fn big_body() -> &'static [u8] {
    static BODY: LazyLock<Vec<u8>> =
        LazyLock::new(|| (0..1024 * 1024).flat_map(|n| format!("{n:07}\n").into_bytes()).collect());
    &BODY
}
