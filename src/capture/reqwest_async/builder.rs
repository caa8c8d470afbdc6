//! Builds a client whose connections are measured too: name resolution, connect, reuse, redirects.
//! Never changes what reqwest's own builder would have built otherwise.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use reqwest::dns::Resolve;
use reqwest::redirect::Policy;
use reqwest_middleware::ClientWithMiddleware;

use super::{Middleware, Place, Stack};
use crate::capture::forward::forward_to_reqwest;
use crate::capture::phases::{Bill, ConnectLayer, SystemResolver, TimedResolver, Unused};

/// `reqwest`'s client builder with egret in it; made by
/// [`reqwest_client`](crate::reqwest_client).
///
/// It has the methods of [`reqwest::ClientBuilder`]; what is missing here because it belongs to a
/// feature of reqwest is done in [`configure`](ReqwestBuilder::configure).
///
/// ```no_run
/// # fn build() -> reqwest::Result<reqwest_middleware::ClientWithMiddleware> {
/// let client = egret::reqwest_client().timeout(std::time::Duration::from_secs(5)).build()?;
/// # Ok(client) }
/// ```
#[derive(Debug)]
#[must_use = "a builder is of use when it is built"]
pub struct ReqwestBuilder {
    inner: reqwest::ClientBuilder,
    middleware: Middleware,
}

impl ReqwestBuilder {
    pub(crate) fn new(middleware: Middleware) -> Self {
        let inner = reqwest::Client::builder();
        Self { inner, middleware }
            .dns_resolver(Arc::new(SystemResolver::default()))
            .redirect(Policy::default())
    }

    /// Changes reqwest's builder itself. A resolver or redirect policy that is set here is used, but
    /// not measured; set it by the methods of this builder.
    pub fn configure(
        mut self,
        change: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> Self {
        self.inner = change(self.inner);
        self
    }

    /// [`reqwest::ClientBuilder::dns_resolver`]. Defaults to the system's.
    pub fn dns_resolver<R: Resolve + ?Sized + 'static>(self, resolver: Arc<R>) -> Self {
        self.configure(|inner| inner.dns_resolver(TimedResolver(resolver)))
    }

    /// [`reqwest::ClientBuilder::redirect`]. Defaults to at most ten.
    pub fn redirect(self, policy: Policy) -> Self {
        let counted = move |attempt: reqwest::redirect::Attempt<'_>| {
            if let Some(bill) = Bill::current() {
                bill.redirected(attempt.previous().len());
            }
            policy.redirect(attempt)
        };
        self.configure(|inner| inner.redirect(Policy::custom(counted)))
    }

    /// Builds the client. Every call through it is recorded.
    ///
    /// # Errors
    /// As [`reqwest::ClientBuilder::build`].
    pub fn build(self) -> reqwest::Result<ClientWithMiddleware> {
        let (client, middleware) = self.parts()?;
        let middleware = Middleware { place: Place::Alone, ..middleware };
        Ok(reqwest_middleware::ClientBuilder::new(client).with(middleware).build())
    }

    /// Builds the client and begins a stack around it, as [`stack`](crate::stack) does.
    ///
    /// # Errors
    /// As [`reqwest::ClientBuilder::build`].
    pub fn build_stack(self) -> reqwest::Result<Stack> {
        let (client, middleware) = self.parts()?;
        Ok(Stack::new(client, middleware))
    }

    /// The client, and the middleware that knows its connections.
    pub(in crate::capture) fn parts(self) -> reqwest::Result<(reqwest::Client, Middleware)> {
        let unused = Arc::<Unused>::default();
        // Outermost of the layers, so that the time of the user's own ones is seen too.
        let client = self.inner.connector_layer(ConnectLayer(Arc::clone(&unused))).build()?;
        Ok((client, self.middleware.measured(Some(unused))))
    }
}

impl ReqwestBuilder {
    forward_to_reqwest! {
        in "reqwest::ClientBuilder":
        default_headers(headers: HeaderMap);
        referer(is_sent: bool);
        retry(policy: reqwest::retry::Builder);
        proxy(proxy: reqwest::Proxy);
        no_proxy();
        timeout(timeout: Duration);
        read_timeout(timeout: Duration);
        connect_timeout(timeout: Duration);
        connection_verbose(is_verbose: bool);
        pool_idle_timeout(timeout: impl Into<Option<Duration>>);
        pool_max_idle_per_host(most: usize);
        http1_title_case_headers();
        http1_allow_obsolete_multiline_headers_in_responses(is_allowed: bool);
        http1_ignore_invalid_headers_in_responses(is_ignored: bool);
        http1_allow_spaces_after_header_name_in_responses(is_allowed: bool);
        http1_only();
        http09_responses();
        tcp_nodelay(is_set: bool);
        local_address(address: impl Into<Option<IpAddr>>);
        tcp_keepalive(interval: impl Into<Option<Duration>>);
        tcp_keepalive_interval(interval: impl Into<Option<Duration>>);
        tcp_keepalive_retries(n_retries: impl Into<Option<u32>>);
        https_only(is_only: bool);
        resolve(domain: &str, address: SocketAddr);
        resolve_to_addrs(domain: &str, addresses: &[SocketAddr]);
        #[cfg(feature = "default-tls")]
        add_root_certificate(certificate: reqwest::Certificate);
        #[cfg(feature = "default-tls")]
        identity(identity: reqwest::Identity);
        #[cfg(feature = "default-tls")]
        danger_accept_invalid_certs(is_accepted: bool);
        #[cfg(feature = "default-tls")]
        tls_info(is_told: bool);
    }

    /// [`reqwest::ClientBuilder::user_agent`].
    pub fn user_agent<V>(self, value: V) -> Self
    where
        V: TryInto<http::HeaderValue>,
        V::Error: Into<http::Error>,
    {
        self.configure(|inner| inner.user_agent(value))
    }
}
