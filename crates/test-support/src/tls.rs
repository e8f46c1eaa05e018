//! Servers that speak TLS, with authorities of a test's own.

use crate::HttpRequest;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{self, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

/// A certificate for a server, and the authority that issued it and that nobody knows.
#[derive(Debug, Clone)]
pub struct TlsIdentity {
    /// The authority's certificate, in PEM.
    pub authority: String,
    config: Arc<ServerConfig>,
}

impl TlsIdentity {
    /// For a server of these names, valid from 2020 to the beginning of the year `until`.
    pub fn new(names: &[&str], until: i32) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(Vec::<String>::new()).unwrap();
        // Two authorities of one name would differ by their keys only.
        let serial = u64::from_be_bytes(*key.public_key_raw().last_chunk().unwrap());
        parameters.distinguished_name.push(DnType::CommonName, format!("authority {serial:x}"));
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(parameters, key).unwrap();
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut parameters = CertificateParams::new(names).unwrap();
        parameters.not_before = date_time_ymd(2020, 1, 1);
        parameters.not_after = date_time_ymd(until, 1, 1);
        let certificate: CertificateDer<'static> = parameters.signed_by(&key, &authority).unwrap().into();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        Self { authority: authority.pem(), config: Arc::new(config) }
    }

    /// A server that gives the same answer to every request until the test ends; the answer may
    /// depend on its port, which this gives.
    pub fn serve(&self, answer: impl Fn(u16) -> Vec<u8> + Send + 'static, end: TlsEnd) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let config = Arc::clone(&self.config);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
                // Clients that do not trust us hang up.
                let _ = talk(StreamOwned::new(connection, stream.unwrap()), &answer(port), end);
            }
        });
        port
    }
}

/// How an answer over TLS ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsEnd {
    /// As TLS wants it.
    Proper,
    /// The connection breaks.
    Torn,
}

fn talk(mut stream: StreamOwned<ServerConnection, TcpStream>, answer: &[u8], end: TlsEnd) -> io::Result<()> {
    HttpRequest::read(&mut stream)?;
    stream.write_all(answer)?;
    if end == TlsEnd::Proper {
        stream.conn.send_close_notify();
    }
    stream.flush()
}
