//! `snowguard db update` from a server that speaks TLS, on the loopback device: what is trusted, what is refused, and that
//! a failed download leaves the database as it was.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use test_support::{Scratch, snowguard};

/// An authority of our own, and a certificate that it signed.
struct Certificates {
    authority: String,
    server: Arc<ServerConfig>,
}

fn certificates(names: &[&str], until: i32) -> Certificates {
    let mut parameters = CertificateParams::new(Vec::<String>::new()).unwrap();
    // Two authorities of one name would differ by their keys only.
    let name = format!("authority for {names:?} until {until}, {}", std::process::id());
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let mut parameters = CertificateParams::new(names).unwrap();
    parameters.not_before = date_time_ymd(2020, 1, 1);
    parameters.not_after = date_time_ymd(until, 1, 1);
    let certificate: CertificateDer<'static> = parameters.signed_by(&key, &authority).unwrap().into();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    Certificates { authority: authority.pem(), server: Arc::new(server) }
}

/// How an answer ends.
#[derive(Clone, Copy, PartialEq)]
enum End {
    /// As TLS wants it.
    Proper,
    /// The connection breaks.
    Torn,
}

/// A server that gives the same answer to every request until the test ends. Gives its port.
fn serve(config: &Arc<ServerConfig>, answer: impl Fn(u16) -> Vec<u8> + Send + 'static, end: End) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let config = Arc::clone(config);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            // Clients that do not trust us hang up.
            let _ = talk(StreamOwned::new(connection, stream.unwrap()), &answer(port), end);
        }
    });
    port
}

fn talk(
    mut stream: StreamOwned<ServerConnection, TcpStream>,
    answer: &[u8],
    end: End,
) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte)? == 1 {
        request.push(byte[0]);
    }
    stream.write_all(answer)?;
    if end == End::Proper {
        stream.conn.send_close_notify();
    }
    stream.flush()
}

fn head(fields: &str) -> Vec<u8> {
    format!("HTTP/1.1 {fields}\r\nConnection: close\r\n\r\n").into_bytes()
}

fn record(number: u32) -> String {
    serde_json::json!({
        "dataType": "CVE_RECORD", "dataVersion": "5.1",
        "cveMetadata": {"cveId": format!("CVE-2024-{number:04}"), "state": "PUBLISHED"},
        "containers": {"cna": {
            "providerMetadata": {"orgId": "f4215fc3-5b6b-47ff-a258-f7189bd81038", "shortName": "acme"},
            "descriptions": [{"lang": "en", "value": "x"}],
            "affected": [{"vendor": "acme", "product": "frob", "defaultStatus": "affected"}],
        }},
    })
    .to_string()
}

struct Fixture(Scratch);

impl Fixture {
    fn path(&self, name: &str) -> PathBuf {
        self.0.path(name)
    }

    /// An update from a URL, with the certificates of a file or with the built-in ones: exit code, output, errors.
    fn update(&self, url: &str, trusted: Option<&Path>) -> (i32, String, String) {
        let mut snowguard = snowguard!();
        if let Some(file) = trusted {
            snowguard = snowguard.env("SSL_CERT_FILE", file);
        }
        let db = self.path("db");
        snowguard.run(["db", "update", "--db", db.to_str().unwrap(), "--cve", url]).parts()
    }

    fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(self.path("db"))
            .unwrap()
            .map(|e| e.unwrap().path())
            .map(|p| (p.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(p).unwrap()))
            .collect();
        files.sort();
        files
    }
}

#[test]
fn what_is_trusted_and_what_is_refused() {
    let fixture = Fixture(Scratch::new());
    let good = certificates(&["localhost", "127.0.0.1"], 2100);
    let authority = fixture.path("authority.pem");
    std::fs::write(&authority, format!("Ours, since 2020\n{}", good.authority)).unwrap();
    let body = format!("{}\n{}\n", record(1), record(2)).into_bytes();
    let length = body.len();
    let whole = [head(&format!("200 OK\r\nContent-Length: {length}")), body.clone()].concat();
    let url = |port: u16| format!("https://localhost:{port}/cves.jsonl");
    let port = serve(
        &good.server,
        {
            let whole = whole.clone();
            move |_| whole.clone()
        },
        End::Proper,
    );

    let (code, out, err) = fixture.update(&url(port), Some(&authority));
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("2 new"), "{out}");
    let (code, out, _) = fixture.update(&format!("https://127.0.0.1:{port}/"), Some(&authority));
    assert!(code == 0 && out.contains("nothing was changed"), "{out}");
    let before = fixture.files();

    let refused = |url: &str, trusted: Option<&Path>, expected: &[&str]| {
        let (code, out, err) = fixture.update(url, trusted);
        assert_eq!((code, out.as_str()), (3, ""), "{url}: {err}");
        for text in expected {
            assert!(err.contains(text), "`{text}` is not in: {err}");
        }
        assert!(before == fixture.files(), "{url}");
    };
    // Whoever it is: nobody that Mozilla trusts has signed for it, and so for a stranger's authority.
    refused(&url(port), None, &[&url(port), "certificate", "SSL_CERT_FILE"]);
    let stranger = certificates(&["localhost"], 2099);
    let other = fixture.path("other.pem");
    std::fs::write(&other, &stranger.authority).unwrap();
    refused(&url(port), Some(&other), &["certificate", "other.pem"]);
    // Certificates that are none.
    refused(&url(port), Some(&fixture.path("absent.pem")), &["absent.pem", "No such file"]);
    let nonsense = fixture.path("nonsense.pem");
    std::fs::write(&nonsense, "nothing\n").unwrap();
    refused(&url(port), Some(&nonsense), &["nonsense.pem", "no certificate"]);

    let hostile = |certificates: &Certificates, answer: Vec<u8>, end: End, expected: &[&str]| {
        let file = fixture.path("trusted.pem");
        std::fs::write(&file, &certificates.authority).unwrap();
        let port = serve(&certificates.server, move |_| answer.clone(), end);
        refused(&url(port), Some(&file), &[expected, &[&url(port)]].concat());
    };
    hostile(
        &certificates(&["example.org"], 2100),
        whole.clone(),
        End::Proper,
        &["not valid for name", "localhost"],
    );
    hostile(&certificates(&["localhost"], 2021), whole.clone(), End::Proper, &["certificate", "xpired"]);
    // A body that is cut short, in each of the ways of stating its length.
    let short = [head(&format!("200 OK\r\nContent-Length: {}", length + 1)), body.clone()].concat();
    hostile(&good, short.clone(), End::Proper, &["cannot download"]);
    hostile(&good, short, End::Torn, &["cannot download"]);
    let chunk =
        [head("200 OK\r\nTransfer-Encoding: chunked"), format!("{length:x}\r\n").into_bytes(), body.clone()];
    hostile(&good, chunk.concat(), End::Proper, &["cannot download"]);
    hostile(&good, [head("200 OK"), body].concat(), End::Torn, &["may be cut short"]);
    hostile(
        &good,
        head("200 OK\r\nContent-Length: 1099511627776"),
        End::Proper,
        &["more than the 8589934592 bytes"],
    );
    hostile(&good, head("404 Not Found\r\nContent-Length: 0"), End::Proper, &["404"]);
    hostile(&good, b"no server at all\r\n\r\n".to_vec(), End::Proper, &["cannot download"]);

    let cycle = serve(
        &good.server,
        |port| head(&format!("302 Found\r\nLocation: https://localhost:{port}/again\r\nContent-Length: 0")),
        End::Proper,
    );
    refused(&url(cycle), Some(&authority), &["redirects"]);
    // Sent on to a server without encryption, which must not even get a request.
    let plain = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = plain.local_addr().unwrap();
    let down = serve(
        &good.server,
        move |_| head(&format!("301 Moved\r\nLocation: http://{address}/cves.jsonl\r\nContent-Length: 0")),
        End::Proper,
    );
    refused(&url(down), Some(&authority), &["not encrypted", &format!("http://{address}/")]);
    plain.set_nonblocking(true).unwrap();
    assert_eq!(plain.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    // Nobody is there.
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    refused(&url(nobody), Some(&authority), &["cannot download", "efused"]);
}
