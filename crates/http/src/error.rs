//! Why a request failed.

use crate::limits::{ANSWER_TIMEOUT, MAX_REDIRECTS};
use crate::{CertificatesError, redacted};
use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A request that failed: what was asked for, and why ([`kind`](Self::kind), also as the source).
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {url}")]
pub struct HttpError {
    action: &'static str,
    url: String,
    /// The proxy that was asked, and which variable names it.
    proxy: Option<String>,
    #[source]
    kind: Box<HttpErrorKind>,
}

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpErrorKind {
    /// It is no URL of the web.
    #[error("it begins neither with `http://` nor with `https://`")]
    NotAUrl {
        /// The scheme that it has instead, if it has one.
        scheme: Option<String>,
    },
    /// A URL that names no server.
    #[error("it names no server")]
    NoHost,
    /// The environment names a proxy that cannot be used.
    #[error("{variable} names the proxy {proxy}: {reason}")]
    Proxy {
        /// The variable of the environment.
        variable: &'static str,
        /// Its value, without secrets.
        proxy: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The certificates to trust cannot be used.
    #[error(transparent)]
    Certificates(#[from] CertificatesError),
    /// Nobody who is trusted has signed the server's certificate.
    #[error("the server's certificate is not signed by an authority that is trusted")]
    UnknownIssuer {
        /// The file with the certificates that are trusted, if they are not Mozilla's.
        trusted: Option<PathBuf>,
    },
    /// There is something else about encryption: a certificate that has expired, or is for another
    /// name.
    #[error(transparent)]
    Tls(Box<dyn Error + Send + Sync>),
    /// The name of the server is not known.
    #[error("host not found")]
    HostNotFound,
    /// The connection could not be made, or broke.
    #[error(transparent)]
    Network(io::Error),
    /// There was no answer in time.
    #[error("no answer within {} seconds", ANSWER_TIMEOUT.as_secs())]
    NoAnswer,
    /// Nothing more came.
    #[error("nothing came for {} seconds", idle.as_secs())]
    Stalled {
        /// How long it was waited for.
        idle: Duration,
    },
    /// It took longer than is allowed.
    #[error("not finished after {} seconds", allowed.as_secs())]
    Timeout {
        /// How long all of it may take.
        allowed: Duration,
    },
    /// The server answers that it does not have it, or cannot give it.
    #[error("the server answers with status {status}")]
    Status {
        /// The status code (RFC 9110, section 15).
        status: u16,
        /// How long the server asks clients to wait.
        retry_after: Option<Duration>,
    },
    /// A server with encryption sends us to an address without.
    #[error("the server redirects to {to}, which is not encrypted")]
    NotEncrypted {
        /// The address.
        to: String,
    },
    /// One redirect leads to the next.
    #[error("more than {MAX_REDIRECTS} redirects")]
    TooManyRedirects,
    /// A query is redirected, which is not followed.
    #[error("the server redirects to another address, which is not followed")]
    Redirected,
    /// It is larger than is allowed.
    #[error("it has more than the {limit} bytes allowed")]
    TooLarge {
        /// What is allowed, in bytes.
        limit: u64,
    },
    /// It has no length, so that nobody would notice if its end were missing.
    #[error("the server does not say how long it is, so it may be cut short")]
    UnknownLength,
    /// It ended too early.
    #[error("it ended after {received} of {expected} bytes")]
    CutShort {
        /// How many bytes came.
        received: u64,
        /// How many should have come.
        expected: u64,
    },
    /// A download broke off, and the server does not give the rest of it.
    #[error("the connection broke after {received} bytes, and the server gives no part")]
    NotResumed {
        /// How many bytes came.
        received: u64,
    },
    /// The answer has another type.
    #[error("the server answers with {found}, not {wanted}")]
    WrongType {
        /// Its media type.
        found: String,
        /// The media type that it should have.
        wanted: String,
    },
    /// What came could not be written.
    #[error("cannot write what was received")]
    Output(#[source] io::Error),
    /// Anything else: an answer that is not HTTP, for example.
    #[error(transparent)]
    Other(Box<dyn Error + Send + Sync>),
}

impl HttpError {
    pub(crate) fn new(action: &'static str, url: &str, proxy: Option<String>, kind: HttpErrorKind) -> Self {
        Self { action, url: redacted(url), proxy, kind: Box::new(kind) }
    }

    /// What was asked for, without secrets.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Why it failed.
    pub fn kind(&self) -> &HttpErrorKind {
        &self.kind
    }

    /// What may help.
    pub fn hint(&self) -> Option<String> {
        self.kind.hint().or_else(|| {
            let proxy = self.proxy.as_ref().filter(|_| self.kind.is_of_connection())?;
            Some(format!("the request goes through the proxy {proxy}; NO_PROXY names servers without one"))
        })
    }
}

impl HttpErrorKind {
    /// What may help.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownIssuer { trusted: Some(path) } => {
                Some(format!("only the authorities in {} are trusted", path.display()))
            }
            Self::UnknownIssuer { trusted: None } => Some(
                "if an authority of your own signs for this server, name its certificates with SSL_CERT_FILE"
                    .to_owned(),
            ),
            Self::Status { retry_after: Some(wait), .. } => {
                Some(format!("the server asks to try again in {} seconds", wait.as_secs()))
            }
            Self::Status { status: 407, .. } => {
                Some("user name and password stand in the proxy's URL: http://USER:PASSWORD@HOST".to_owned())
            }
            Self::NotAUrl { scheme: Some(_) } => Some("download it first, and give its path".to_owned()),
            _ => None,
        }
    }

    /// Whether a proxy may be the reason.
    fn is_of_connection(&self) -> bool {
        matches!(
            self,
            Self::Network(_) | Self::HostNotFound | Self::NoAnswer | Self::Stalled { .. } | Self::Other(_)
        )
    }

    /// The same with the time that the request was allowed, which the library does not know of.
    pub(crate) fn with_time(self, allowed: Duration) -> Self {
        match self {
            Self::Timeout { .. } => Self::Timeout { allowed },
            other => other,
        }
    }

    /// The same with the longest wait for the next byte.
    pub(crate) fn with_idle(self, allowed: Duration) -> Self {
        match self {
            Self::Stalled { .. } => Self::Stalled { idle: allowed },
            other => other,
        }
    }

    /// `trusted` is the file of certificates.
    pub(crate) fn from_ureq(error: ureq::Error, trusted: Option<&Path>) -> Self {
        match error {
            ureq::Error::StatusCode(status) => Self::Status { status, retry_after: None },
            ureq::Error::HostNotFound => Self::HostNotFound,
            ureq::Error::BodyExceedsLimit(limit) => Self::TooLarge { limit },
            ureq::Error::Timeout(
                ureq::Timeout::Connect | ureq::Timeout::Resolve | ureq::Timeout::RecvResponse,
            ) => Self::NoAnswer,
            ureq::Error::Timeout(ureq::Timeout::PerRead | ureq::Timeout::PerWrite) => {
                Self::Stalled { idle: Duration::ZERO }
            }
            ureq::Error::Timeout(_) => Self::Timeout { allowed: Duration::ZERO },
            ureq::Error::Rustls(error) => Self::from_rustls(error, trusted),
            ureq::Error::Io(error) => match error.downcast::<rustls::Error>() {
                Ok(error) => Self::from_rustls(error, trusted),
                Err(error) => Self::Network(error),
            },
            other => Self::Other(other.into()),
        }
    }

    fn from_rustls(error: rustls::Error, trusted: Option<&Path>) -> Self {
        match error {
            rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer) => {
                Self::UnknownIssuer { trusted: trusted.map(Path::to_owned) }
            }
            other => Self::Tls(other.into()),
        }
    }
}
