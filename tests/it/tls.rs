//! TLS on loopback, with a certificate made for this run.
//! Never touches the machine's own trust: a client trusts it by being told so.

use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// A self-signed certificate for `localhost`, 127.0.0.1 and further names, and its key.
#[derive(Clone)]
pub(crate) struct Identity {
    /// What a client has to trust, in DER.
    pub(crate) certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Identity {
    pub(crate) fn new(names: &[&str]) -> Self {
        let names: Vec<String> =
            ["localhost", "127.0.0.1"].iter().chain(names).map(|name| (*name).into()).collect();
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
        Self { certificate: cert.der().to_vec(), key: signing_key.serialize_der() }
    }

    /// Accepts TLS and offers these protocols, the best first.
    pub(crate) fn acceptor(&self, protocols: &[&str]) -> TlsAcceptor {
        TlsAcceptor::from(self.config(protocols))
    }

    pub(crate) fn config(&self, protocols: &[&str]) -> Arc<ServerConfig> {
        let key = PrivateKeyDer::try_from(self.key.clone()).unwrap();
        let mut config = ServerConfig::builder_with_provider(aws_lc_rs::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.clone().into()], key)
            .unwrap();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        Arc::new(config)
    }
}
