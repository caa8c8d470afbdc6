//! Builds a blocking client that also knows which of its connections are reused.
//! Never changes what reqwest's own builder would have built otherwise.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use reqwest::dns::Resolve;

use super::Client;
use crate::capture::phases::{ConnectLayer, Unused};
use crate::capture::recorder::Source;

/// [`reqwest::blocking::ClientBuilder`] with egret in it.
///
/// It has reqwest's methods; what is missing here because it belongs to a feature of reqwest is done
/// in [`configure`](ClientBuilder::configure).
#[must_use = "a builder is of use when it is built"]
pub struct ClientBuilder {
    inner: reqwest::blocking::ClientBuilder,
    source: Source,
}

/// Methods that are reqwest's own.
macro_rules! forward_to_reqwest {
    ($($(#[$meta:meta])* $name:ident($($argument:ident: $kind:ty),*);)+) => {
        $(
            #[doc = concat!("[`reqwest::blocking::ClientBuilder::", stringify!($name), "`].")]
            $(#[$meta])*
            pub fn $name(self, $($argument: $kind),*) -> Self {
                self.configure(|inner| inner.$name($($argument),*))
            }
        )+
    };
}

impl ClientBuilder {
    pub(crate) fn with(inner: reqwest::blocking::ClientBuilder, source: Source) -> Self {
        Self { inner, source }
    }

    /// Builds the client. Every call through it is recorded.
    ///
    /// # Errors
    /// As [`reqwest::blocking::ClientBuilder::build`].
    pub fn build(self) -> reqwest::Result<Client> {
        let unused = Arc::<Unused>::default();
        // Nobody is to be billed on reqwest's thread; it learns which connections are new.
        let inner = self.inner.connector_layer(ConnectLayer(Arc::clone(&unused))).build()?;
        Ok(Client { inner, source: self.source, unused: Some(unused) })
    }

    /// Changes reqwest's builder itself.
    pub fn configure(
        mut self,
        change: impl FnOnce(reqwest::blocking::ClientBuilder) -> reqwest::blocking::ClientBuilder,
    ) -> Self {
        self.inner = change(self.inner);
        self
    }

    forward_to_reqwest! {
        default_headers(headers: HeaderMap);
        no_gzip();
        no_brotli();
        no_zstd();
        no_deflate();
        redirect(policy: reqwest::redirect::Policy);
        retry(policy: reqwest::retry::Builder);
        referer(is_sent: bool);
        proxy(proxy: reqwest::Proxy);
        no_proxy();
        timeout(timeout: impl Into<Option<Duration>>);
        connect_timeout(timeout: impl Into<Option<Duration>>);
        connection_verbose(is_verbose: bool);
        pool_idle_timeout(timeout: impl Into<Option<Duration>>);
        pool_max_idle_per_host(most: usize);
        http1_title_case_headers();
        http1_allow_obsolete_multiline_headers_in_responses(is_allowed: bool);
        http1_ignore_invalid_headers_in_responses(is_ignored: bool);
        http1_allow_spaces_after_header_name_in_responses(is_allowed: bool);
        http1_max_headers(most: usize);
        http1_only();
        http09_responses();
        tcp_nodelay(is_set: bool);
        local_address(address: impl Into<Option<IpAddr>>);
        tcp_keepalive(interval: impl Into<Option<Duration>>);
        tcp_keepalive_interval(interval: impl Into<Option<Duration>>);
        tcp_keepalive_retries(n_retries: impl Into<Option<u32>>);
        no_hickory_dns();
        https_only(is_only: bool);
        resolve(domain: &str, address: SocketAddr);
        resolve_to_addrs(domain: &str, addresses: &[SocketAddr]);
        #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
        interface(interface: &str);
        #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
        tcp_user_timeout(timeout: impl Into<Option<Duration>>);
        #[cfg(feature = "default-tls")]
        tls_certs_merge(certificates: impl IntoIterator<Item = reqwest::Certificate>);
        #[cfg(feature = "default-tls")]
        tls_certs_only(certificates: impl IntoIterator<Item = reqwest::Certificate>);
        #[cfg(feature = "default-tls")]
        add_root_certificate(certificate: reqwest::Certificate);
        #[cfg(feature = "default-tls")]
        identity(identity: reqwest::Identity);
        #[cfg(feature = "default-tls")]
        tls_danger_accept_invalid_hostnames(is_accepted: bool);
        #[cfg(feature = "default-tls")]
        danger_accept_invalid_hostnames(is_accepted: bool);
        #[cfg(feature = "default-tls")]
        tls_danger_accept_invalid_certs(is_accepted: bool);
        #[cfg(feature = "default-tls")]
        danger_accept_invalid_certs(is_accepted: bool);
        #[cfg(feature = "default-tls")]
        tls_sni(is_sent: bool);
        #[cfg(feature = "default-tls")]
        tls_version_min(version: reqwest::tls::Version);
        #[cfg(feature = "default-tls")]
        min_tls_version(version: reqwest::tls::Version);
        #[cfg(feature = "default-tls")]
        tls_version_max(version: reqwest::tls::Version);
        #[cfg(feature = "default-tls")]
        max_tls_version(version: reqwest::tls::Version);
        #[cfg(feature = "default-tls")]
        tls_info(is_told: bool);
    }

    /// [`reqwest::blocking::ClientBuilder::dns_resolver`].
    pub fn dns_resolver<R: Resolve + 'static>(self, resolver: Arc<R>) -> Self {
        self.configure(|inner| inner.dns_resolver(resolver))
    }

    /// [`reqwest::blocking::ClientBuilder::user_agent`].
    pub fn user_agent<V>(self, value: V) -> Self
    where
        V: TryInto<http::HeaderValue>,
        V::Error: Into<http::Error>,
    {
        self.configure(|inner| inner.user_agent(value))
    }
}

impl std::fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.fmt(f)
    }
}
