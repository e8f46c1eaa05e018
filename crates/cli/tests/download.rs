//! `snowguard db update` from a server that speaks TLS, on the loopback device: what is trusted,
//! what is refused, and that a failed download leaves the database as it was.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use test_support::{Scratch, TlsEnd, TlsIdentity, http_ok, http_response, nobody, snowguard};

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

    /// An update from a URL, with the certificates of a file or with the built-in ones: exit code,
    /// output, errors.
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
    let good = TlsIdentity::new(&["localhost", "127.0.0.1"], 2100);
    let authority = fixture.path("authority.pem");
    std::fs::write(&authority, format!("Ours, since 2020\n{}", good.authority)).unwrap();
    let body = format!("{}\n{}\n", record(1), record(2)).into_bytes();
    let length = body.len();
    let whole = http_ok(&body);
    let url = |port: u16| format!("https://localhost:{port}/cves.jsonl");
    let answer = whole.clone();
    let port = good.serve(move |_| answer.clone(), TlsEnd::Proper);

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
    // Whoever it is: nobody that Mozilla trusts has signed for it, and so for a stranger's
    // authority.
    refused(&url(port), None, &[&url(port), "certificate", "SSL_CERT_FILE"]);
    let stranger = TlsIdentity::new(&["localhost"], 2099);
    let other = fixture.path("other.pem");
    std::fs::write(&other, &stranger.authority).unwrap();
    refused(&url(port), Some(&other), &["certificate", "other.pem"]);
    // Certificates that are none.
    refused(&url(port), Some(&fixture.path("absent.pem")), &["absent.pem", "No such file"]);
    let nonsense = fixture.path("nonsense.pem");
    std::fs::write(&nonsense, "nothing\n").unwrap();
    refused(&url(port), Some(&nonsense), &["nonsense.pem", "no certificate"]);

    let hostile = |identity: &TlsIdentity, answer: Vec<u8>, end: TlsEnd, expected: &[&str]| {
        let file = fixture.path("trusted.pem");
        std::fs::write(&file, &identity.authority).unwrap();
        let port = identity.serve(move |_| answer.clone(), end);
        refused(&url(port), Some(&file), &[expected, &[&url(port)]].concat());
    };
    hostile(
        &TlsIdentity::new(&["example.org"], 2100),
        whole.clone(),
        TlsEnd::Proper,
        &["not valid for name", "localhost"],
    );
    hostile(
        &TlsIdentity::new(&["localhost"], 2021),
        whole.clone(),
        TlsEnd::Proper,
        &["certificate", "xpired"],
    );
    // A body that is cut short, in each of the ways of stating its length.
    let short = http_response("200 OK", &[&format!("Content-Length: {}", length + 1)], &body);
    hostile(&good, short.clone(), TlsEnd::Proper, &["cannot download"]);
    hostile(&good, short, TlsEnd::Torn, &["cannot download"]);
    let chunk = [format!("{length:x}\r\n").as_bytes(), &body].concat();
    let chunk = http_response("200 OK", &["Transfer-Encoding: chunked"], &chunk);
    hostile(&good, chunk, TlsEnd::Proper, &["cannot download"]);
    hostile(&good, http_response("200 OK", &[], &body), TlsEnd::Torn, &["may be cut short"]);
    let endless = http_response("200 OK", &["Content-Length: 1099511627776"], b"");
    hostile(&good, endless, TlsEnd::Proper, &["more than the 8589934592 bytes"]);
    hostile(&good, http_response("404 Not Found", &["Content-Length: 0"], b""), TlsEnd::Proper, &["404"]);
    hostile(&good, b"no server at all\r\n\r\n".to_vec(), TlsEnd::Proper, &["cannot download"]);

    let moved = |status: &str, to: &str| {
        http_response(status, &[&format!("Location: {to}"), "Content-Length: 0"], b"")
    };
    let again = move |port| moved("302 Found", &format!("https://localhost:{port}/again"));
    let cycle = good.serve(again, TlsEnd::Proper);
    refused(&url(cycle), Some(&authority), &["redirects"]);
    // Sent on to a server without encryption, which must not even get a request.
    let plain = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = plain.local_addr().unwrap();
    let down = move |_| moved("301 Moved", &format!("http://{address}/cves.jsonl"));
    let down = good.serve(down, TlsEnd::Proper);
    refused(&url(down), Some(&authority), &["not encrypted", &format!("http://{address}/")]);
    plain.set_nonblocking(true).unwrap();
    assert_eq!(plain.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    // Nobody is there.
    refused(&url(nobody().port()), Some(&authority), &["cannot download", "efused"]);
}
