//! Servers that encrypt, and whom the client trusts.

use crate::{get, serve};
use http::{Client, HttpErrorKind, Proxies};
use std::io;
use std::net::TcpListener;
use test_support::{TlsEnd, TlsIdentity, http_ok, http_response};

/// A server with a certificate that nobody knows but the authority whose certificate it gives.
fn serve_encrypted(answer: Vec<u8>) -> (String, String) {
    let identity = TlsIdentity::new(&["localhost"], 2100);
    let port = identity.serve(move |_| answer.clone(), TlsEnd::Proper);
    (format!("https://localhost:{port}/file"), identity.authority)
}

#[test]
fn who_is_trusted() {
    let (url, authority) = serve_encrypted(http_ok(b"abc"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("authority.pem");
    std::fs::write(&file, format!("Ours\n{authority}")).unwrap();
    let ours = Client::new(Some(&file)).proxies(Proxies::none());
    assert_eq!(get(&ours, &url).unwrap(), b"abc");

    let error = get(&Client::new(None), &url).unwrap_err();
    assert!(matches!(error.kind(), HttpErrorKind::UnknownIssuer { trusted: None }), "{error:?}");
    assert!(error.hint().unwrap().contains("SSL_CERT_FILE"));
    let (_, stranger) = serve_encrypted(Vec::new());
    let other = folder.path().join("other.pem");
    std::fs::write(&other, stranger).unwrap();
    let error = get(&Client::new(Some(&other)), &url).unwrap_err();
    assert!(error.hint().is_some_and(|hint| hint.contains("other.pem")), "{error:?}");
    // An error of TLS of which no other file of certificates helps.
    let error = get(&ours, &url.replace("localhost", "127.0.0.1")).unwrap_err();
    assert!(matches!(error.kind(), HttpErrorKind::Tls(_)) && error.hint().is_none(), "{error:?}");

    for (name, content) in [("absent.pem", None), ("nonsense.pem", Some("nothing\n"))] {
        let file = folder.path().join(name);
        if let Some(content) = content {
            std::fs::write(&file, content).unwrap();
        }
        let error = get(&Client::new(Some(&file)).proxies(Proxies::none()), &url).unwrap_err();
        assert!(matches!(error.kind(), HttpErrorKind::Certificates(_)), "{error:?}");
        assert!(error.kind().to_string().contains(name), "{error:?}");
        // They are only needed where there is encryption.
        let (plain, _server) = serve(vec![http_ok(b"abc")]);
        assert_eq!(get(&Client::new(Some(&file)).proxies(Proxies::none()), &plain).unwrap(), b"abc");
    }

    // Sent on to a server without encryption, which must not even be asked.
    let plain = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = plain.local_addr().unwrap();
    let down =
        http_response("301 Moved", &[&format!("Location: http://{address}/"), "Content-Length: 0"], b"");
    let (url, authority) = serve_encrypted(down);
    std::fs::write(&file, authority).unwrap();
    let error = get(&Client::new(Some(&file)).proxies(Proxies::none()), &url).unwrap_err();
    assert!(
        matches!(error.kind(), HttpErrorKind::NotEncrypted { to } if to.contains(&address.to_string())),
        "{error:?}"
    );
    plain.set_nonblocking(true).unwrap();
    assert_eq!(plain.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
}
