//! What speaks HTTP, with all limits.
//!
//! What comes of a request is for the caller to check: its size, its type, and whether it is what was wanted.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig};

/// Longest wait for a connection, or for the beginning of the answer.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// A server may send us on so often.
const MAX_REDIRECTS: u32 = 5;
/// The most bytes of a file of certificates. Mozilla's has some 200 KB.
const MAX_CERTIFICATES: u64 = 16 << 20;

/// Why a file of certificates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificatesError {
    /// It cannot be read.
    #[error("cannot read {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It has none that could be used.
    #[error("{path}: {problem}")]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

/// A client for the address `url`.
///
/// All of a request may take `time`. What begins encrypted stays so, wherever the server sends us on to. `trusted` is a file with the
/// certificates to trust, in PEM, instead of Mozilla's.
pub fn client(url: &str, time: Duration, trusted: Option<&Path>) -> Result<ureq::Agent, CertificatesError> {
    let encrypted = url.starts_with("https://");
    let certificates = match trusted {
        Some(path) if encrypted => RootCerts::new_with_certs(&certificates(path)?),
        _ => RootCerts::WebPki,
    };
    Ok(ureq::Agent::config_builder()
        .timeout_global(Some(time))
        .timeout_connect(Some(PATIENCE))
        .timeout_recv_response(Some(PATIENCE))
        .max_redirects(MAX_REDIRECTS)
        .https_only(encrypted)
        .tls_config(TlsConfig::builder().root_certs(certificates).build())
        .user_agent(concat!("snowguard/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent())
}

/// What went wrong, for people.
pub fn describe(error: &ureq::Error) -> String {
    match error {
        ureq::Error::StatusCode(code) => format!("the server answers with status {code}"),
        ureq::Error::RequireHttpsOnly(url) => {
            format!("the server sends us on to {url}, which is not encrypted")
        }
        ureq::Error::TooManyRedirects => format!("more than {MAX_REDIRECTS} redirects"),
        // Which part of the library it came through tells a user nothing.
        other => other.to_string().trim_start_matches("io: ").to_owned(),
    }
}

/// The certificates of a file in PEM; other things in it are passed over.
fn certificates(path: &Path) -> Result<Vec<Certificate<'static>>, CertificatesError> {
    let broken = |problem: String| CertificatesError::Broken { path: path.into(), problem };
    let mut pem = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_CERTIFICATES).read_to_end(&mut pem))
        .map_err(|source| CertificatesError::Io { path: path.into(), source })?;
    let mut found = Vec::new();
    for item in ureq::tls::parse_pem(&pem) {
        match item {
            Ok(PemItem::Certificate(certificate)) => found.push(certificate),
            Ok(_) => {}
            Err(error) => return Err(broken(format!("not certificates in PEM: {error}"))),
        }
    }
    if found.is_empty() { Err(broken("holds no certificate in PEM".into())) } else { Ok(found) }
}
