//! The test authority, and the TLS side of the listener.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::NamedTempFile;
use tokio_rustls::TlsAcceptor;

/// How TLS is offered.
#[derive(Clone, Debug)]
pub struct Tls {
    protocols: Vec<Vec<u8>>,
    ca_file: Option<PathBuf>,
    names: Vec<String>,
    expired: bool,
}

impl Default for Tls {
    /// HTTP/2 and HTTP/1.1 by ALPN, the authority's PEM in a temporary file.
    fn default() -> Self {
        Self {
            protocols: vec![b"h2".to_vec(), b"http/1.1".to_vec()],
            ca_file: None,
            // rcgen reads "127.0.0.1" as an IP address name.
            names: vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
            expired: false,
        }
    }
}

impl Tls {
    /// Offers HTTP/1.1 alone.
    pub fn http1_only(mut self) -> Self {
        self.protocols = vec![b"http/1.1".to_vec()];
        self
    }

    /// With a certificate for this name alone, and not for localhost.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.names = vec![name.into()];
        self
    }

    /// With a certificate whose time is over.
    pub fn expired(mut self) -> Self {
        self.expired = true;
        self
    }

    /// Writes the authority's PEM to this file, which then stays.
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_file = Some(path.into());
        self
    }
}

/// A fresh authority, a certificate of it for localhost and 127.0.0.1, and its PEM file.
#[derive(Debug)]
pub(crate) struct Authority {
    config: Arc<ServerConfig>,
    file: CaFile,
}

#[derive(Debug)]
enum CaFile {
    Temporary(NamedTempFile),
    Kept(PathBuf),
}

impl Authority {
    pub(crate) fn create(tls: Tls) -> io::Result<Self> {
        let (pem, certificate, key) = issue(&tls).map_err(io::Error::other)?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![certificate], key))
            .map_err(io::Error::other)?;
        config.alpn_protocols = tls.protocols;
        let file = match tls.ca_file {
            Some(path) => {
                std::fs::write(&path, pem)?;
                CaFile::Kept(path)
            }
            None => {
                let mut file =
                    tempfile::Builder::new().prefix("bedrock-sim-authority-").suffix(".pem").tempfile()?;
                file.write_all(pem.as_bytes())?;
                CaFile::Temporary(file)
            }
        };
        Ok(Self { config: Arc::new(config), file })
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.config.clone())
    }

    pub(crate) fn file(&self) -> &Path {
        match &self.file {
            CaFile::Temporary(file) => file.path(),
            CaFile::Kept(path) => path,
        }
    }
}

type Issued = (String, CertificateDer<'static>, PrivateKeyDer<'static>);

fn issue(tls: &Tls) -> Result<Issued, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "bedrock-sim test authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;

    let mut params = CertificateParams::new(tls.names.clone())?;
    if tls.expired {
        (params.not_before, params.not_after) =
            (rcgen::date_time_ymd(2020, 1, 1), rcgen::date_time_ymd(2021, 1, 1));
    }
    params.distinguished_name.push(DnType::CommonName, "bedrock-sim");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, &authority)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    Ok((authority.pem(), certificate.der().clone(), key))
}
