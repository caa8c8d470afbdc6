//! The methods of reqwest's client builder, for builders that have a `configure` of their own.
//! Never changes what they do.
//!
//! Paths in these macros are those of the module that uses them, and so is the version of reqwest.

use super::ReqwestBuilder;

/// One method for each line.
macro_rules! forward_methods {
    ($($(#[$meta:meta])* $name:ident($($argument:ident: $kind:ty),*);)+) => {
        $(
            #[doc = concat!("[`reqwest::ClientBuilder::", stringify!($name), "`].")]
            $(#[$meta])*
            pub fn $name(self, $($argument: $kind),*) -> Self {
                self.configure(|inner| inner.$name($($argument),*))
            }
        )+
    };
}

/// What reqwest 0.12 and 0.13 have without any feature.
macro_rules! forward_builder {
    ($builder:ident) => {
        impl $builder {
            $crate::capture::forward_methods! {
                default_headers(headers: http::HeaderMap);
                referer(is_sent: bool);
                retry(policy: reqwest::retry::Builder);
                proxy(proxy: reqwest::Proxy);
                no_proxy();
                no_gzip();
                no_brotli();
                no_zstd();
                no_deflate();
                no_hickory_dns();
                timeout(timeout: std::time::Duration);
                read_timeout(timeout: std::time::Duration);
                connect_timeout(timeout: std::time::Duration);
                connection_verbose(is_verbose: bool);
                pool_idle_timeout(timeout: impl Into<Option<std::time::Duration>>);
                pool_max_idle_per_host(most: usize);
                http1_title_case_headers();
                http1_allow_obsolete_multiline_headers_in_responses(is_allowed: bool);
                http1_ignore_invalid_headers_in_responses(is_ignored: bool);
                http1_allow_spaces_after_header_name_in_responses(is_allowed: bool);
                http1_only();
                http09_responses();
                tcp_nodelay(is_set: bool);
                local_address(address: impl Into<Option<std::net::IpAddr>>);
                #[cfg(target_os = "linux")]
                interface(name: &str);
                tcp_keepalive(interval: impl Into<Option<std::time::Duration>>);
                tcp_keepalive_interval(interval: impl Into<Option<std::time::Duration>>);
                tcp_keepalive_retries(n_retries: impl Into<Option<u32>>);
                #[cfg(target_os = "linux")]
                tcp_user_timeout(timeout: impl Into<Option<std::time::Duration>>);
                https_only(is_only: bool);
                resolve(domain: &str, address: std::net::SocketAddr);
                resolve_to_addrs(domain: &str, addresses: &[std::net::SocketAddr]);
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
    };
}

/// What only 0.13 has, and what it has behind features that are ours too.
macro_rules! forward_builder_0_13 {
    ($builder:ident) => {
        impl $builder {
            $crate::capture::forward_methods! {
                http1_max_headers(most: usize);
                #[cfg(feature = "cookies")]
                cookie_store(is_kept: bool);
                #[cfg(feature = "cookies")]
                cookie_provider(provider: std::sync::Arc<impl reqwest::cookie::CookieStore + 'static>);
                #[cfg(feature = "gzip")]
                gzip(is_on: bool);
                #[cfg(feature = "brotli")]
                brotli(is_on: bool);
                #[cfg(feature = "zstd")]
                zstd(is_on: bool);
                #[cfg(feature = "deflate")]
                deflate(is_on: bool);
                #[cfg(feature = "http2")]
                http2_prior_knowledge();
                #[cfg(feature = "http2")]
                http2_initial_stream_window_size(size: impl Into<Option<u32>>);
                #[cfg(feature = "http2")]
                http2_initial_connection_window_size(size: impl Into<Option<u32>>);
                #[cfg(feature = "http2")]
                http2_adaptive_window(is_on: bool);
                #[cfg(feature = "http2")]
                http2_max_frame_size(size: impl Into<Option<u32>>);
                #[cfg(feature = "http2")]
                http2_max_header_list_size(size: u32);
                #[cfg(feature = "http2")]
                http2_keep_alive_interval(interval: impl Into<Option<std::time::Duration>>);
                #[cfg(feature = "http2")]
                http2_keep_alive_timeout(timeout: std::time::Duration);
                #[cfg(feature = "http2")]
                http2_keep_alive_while_idle(is_on: bool);
                #[cfg(feature = "default-tls")]
                tls_certs_merge(certificates: impl IntoIterator<Item = reqwest::Certificate>);
                #[cfg(feature = "default-tls")]
                tls_certs_only(certificates: impl IntoIterator<Item = reqwest::Certificate>);
                #[cfg(feature = "default-tls")]
                add_root_certificate(certificate: reqwest::Certificate);
                #[cfg(feature = "default-tls")]
                tls_crls_only(
                    lists: impl IntoIterator<Item = reqwest::tls::CertificateRevocationList>
                );
                #[cfg(feature = "default-tls")]
                add_crl(list: reqwest::tls::CertificateRevocationList);
                #[cfg(feature = "default-tls")]
                add_crls(lists: impl IntoIterator<Item = reqwest::tls::CertificateRevocationList>);
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
                tls_sslkeylogfile(is_written: bool);
                #[cfg(feature = "default-tls")]
                tls_version_min(version: reqwest::tls::Version);
                #[cfg(feature = "default-tls")]
                min_tls_version(version: reqwest::tls::Version);
                #[cfg(feature = "default-tls")]
                tls_version_max(version: reqwest::tls::Version);
                #[cfg(feature = "default-tls")]
                max_tls_version(version: reqwest::tls::Version);
                #[cfg(feature = "default-tls")]
                tls_backend_rustls();
                #[cfg(feature = "default-tls")]
                use_rustls_tls();
                #[cfg(feature = "default-tls")]
                tls_backend_preconfigured(tls: impl std::any::Any);
                #[cfg(feature = "default-tls")]
                use_preconfigured_tls(tls: impl std::any::Any);
                #[cfg(feature = "default-tls")]
                tls_info(is_told: bool);
            }

            /// [`reqwest::ClientBuilder::unix_socket`].
            #[cfg(unix)]
            pub fn unix_socket(self, path: impl AsRef<std::path::Path>) -> Self {
                self.configure(|inner| inner.unix_socket(path.as_ref()))
            }
        }
    };
}

pub(crate) use {forward_builder, forward_builder_0_13, forward_methods};

forward_builder_0_13!(ReqwestBuilder);
