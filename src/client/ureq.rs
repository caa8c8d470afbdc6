//! The middleware for ureq 3.
//! Never changes a response, unless it is told to watch bodies.
//!
//! ```no_run
//! # fn run() -> Result<(), ureq::Error> {
//! let config = ureq::Agent::config_builder().middleware(egret::ureq::middleware()).build();
//! let agent = ureq::Agent::from(config);
//! let text = agent.get("https://api.example.com/v1/charges").call()?.into_body().read_to_string()?;
//! # Ok(()) }
//! ```
//!
//! What only the caller knows is attached to a request, or to everything that a piece of code calls:
//!
//! ```no_run
//! # fn run(agent: ureq::Agent) -> Result<(), ureq::Error> {
//! let tags = egret::Tags::new().template("/v1/charges/{id}").consumer("acme");
//! agent.get("https://api.example.com/v1/charges/ch_17").extension(tags).call()?;
//!
//! let list = || agent.get("https://api.example.com/v1/charges").call();
//! egret::scope().consumer("acme").run_sync(list)?;
//! # Ok(()) }
//! ```
//!
//! **Bodies.** ureq gives a middleware no way to see a body being read without putting another one
//! in its place, and the other one differs (see [`Middleware::watch_bodies`]). So by default the
//! response is left as it is, and its call is recorded when its head has come: with its status and
//! time to first byte, without the body's size, time and outcome. A 4xx or 5xx that ureq makes an
//! error of is recorded as the answer that it is.
//!
//! What ureq does not tell a middleware is absent: name resolution, connects, reuse, the peer's
//! address, the request's size (unless it has a `content-length` of the caller's own), and redirects,
//! unless the agent is configured with `save_redirect_history(true)`.
//!
//! **ureq 2** has middlewares too, but its errors and bodies cannot be followed by them: there, put
//! [`egret::observe`](crate::observe()) around the call, or [`egret::log`](crate::log()) behind it.

use std::panic::Location;

use super::Egret;
use super::default::noted;
pub use crate::capture::ureq::Middleware;

/// What the start-up message calls it.
const NAME: &str = "ureq";

/// The middleware, for an agent's configuration. Calls are recorded by the default; also when the
/// default is set only later.
#[track_caller]
pub fn middleware() -> Middleware {
    Middleware::new(noted(NAME, Location::caller()))
}

impl Egret {
    /// The middleware for ureq 3, for an agent's configuration.
    #[track_caller]
    pub fn ureq_middleware(&self) -> Middleware {
        Middleware::new(self.noted(NAME, Location::caller()))
    }
}
