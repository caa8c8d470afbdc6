//! For programs that still use reqwest 0.12, with reqwest-middleware 0.4: the same, under the same
//! names. Never records other than the clients of 0.13 do.
//!
//! ```no_run
//! # use reqwest_012 as reqwest;
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let client = egret::reqwest_0_12::wrap(reqwest::Client::new());
//! client.get("https://api.example.com/v1/charges").send().await?; // Recorded.
//! # Ok(()) }
//! ```

use std::panic::Location;

use reqwest_012::Client;
use reqwest_middleware_04::ClientWithMiddleware;

use super::default::noted;
use super::{Egret, REQWEST};
pub use crate::capture::reqwest_0_12::{Middleware, ReqwestBuilder, Stack};

/// As [`wrap`](crate::wrap).
#[must_use]
#[track_caller]
pub fn wrap(client: Client) -> ClientWithMiddleware {
    Middleware::wrap(noted(REQWEST, Location::caller()), client)
}

/// As [`stack`](crate::stack).
///
/// ```no_run
/// # use reqwest_012 as reqwest;
/// use reqwest_retry::{RetryTransientMiddleware, policies::ExponentialBackoff};
/// # use reqwest_retry_07 as reqwest_retry;
///
/// let policy = ExponentialBackoff::builder().build_with_max_retries(3);
/// let retry = RetryTransientMiddleware::new_with_policy(policy);
/// let client = egret::reqwest_0_12::stack(reqwest::Client::new()).with(retry).build();
/// ```
#[track_caller]
pub fn stack(client: Client) -> Stack {
    Stack::new(client, middleware())
}

/// As [`reqwest_client`](crate::reqwest_client).
#[track_caller]
pub fn reqwest_client() -> ReqwestBuilder {
    ReqwestBuilder::new(noted(REQWEST, Location::caller()))
}

/// As [`middleware`](crate::middleware()).
#[must_use]
#[track_caller]
pub fn middleware() -> Middleware {
    Middleware::new(noted(REQWEST, Location::caller()))
}

impl Egret {
    /// As [`Egret::wrap`], for a client of reqwest 0.12.
    #[must_use]
    #[track_caller]
    pub fn wrap_0_12(&self, client: Client) -> ClientWithMiddleware {
        Middleware::wrap(self.noted(REQWEST, Location::caller()), client)
    }

    /// As [`Egret::stack`], for a client of reqwest 0.12.
    #[track_caller]
    pub fn stack_0_12(&self, client: Client) -> Stack {
        Stack::new(client, self.middleware_0_12())
    }

    /// As [`Egret::reqwest_client`], for a client of reqwest 0.12.
    #[track_caller]
    pub fn reqwest_client_0_12(&self) -> ReqwestBuilder {
        ReqwestBuilder::new(self.noted(REQWEST, Location::caller()))
    }

    /// As [`Egret::middleware`], for reqwest-middleware 0.4.
    #[must_use]
    #[track_caller]
    pub fn middleware_0_12(&self) -> Middleware {
        Middleware::new(self.noted(REQWEST, Location::caller()))
    }
}
