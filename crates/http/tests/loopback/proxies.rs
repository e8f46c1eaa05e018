//! Who is asked, and who is told what: user names, proxies.

use crate::{case, get, serve};
use http::{Client, HttpErrorKind, Proxies, RetryPolicy};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread::JoinHandle;
use test_support::{HttpRequest, http_ok, http_response, nobody, serve_in_turn};

#[test]
fn user_names_go_to_their_server_only() {
    let (url, server) = serve(vec![
        http_response("302 Found", &["Location: /other", "Content-Length: 0"], b""),
        http_ok(b"abc"),
    ]);
    let url = url.replace("http://", "HTTP://me:s%3Acret@");
    assert_eq!(case().get(&url).unwrap(), b"abc");
    let authorization = Some("Basic bWU6czpjcmV0");
    for request in server.join().unwrap() {
        assert_eq!(request.field("authorization"), authorization);
        assert!(!request.field("host").unwrap().contains("cret"));
    }
    let (elsewhere, other) = serve(vec![http_ok(b"abc")]);
    let (url, server) = serve(vec![http_response(
        "302 Found",
        &[&format!("Location: {elsewhere}"), "Content-Length: 0"],
        b"",
    )]);
    case().get(&url.replace("http://", "http://me:secret@")).unwrap();
    assert!(server.join().unwrap()[0].field("authorization").is_some());
    assert_eq!(other.join().unwrap()[0].field("authorization"), None);

    let url = format!("http://me:secret@{}/?token=secret&x=1", nobody());
    let error = case().get(&url).unwrap_err();
    let text = format!("{error} {:?} {}", error.kind(), error.url());
    assert!(!text.contains("secret") && text.contains("***@127.0.0.1"), "{text}");
}

/// A client with these variables.
fn through(variables: &[(&'static str, String)]) -> Client {
    let variables = variables.to_vec();
    let value =
        move |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
    Client::new(None).proxies(Proxies::new(value)).retries(RetryPolicy::NEVER)
}

#[test]
fn proxies() {
    // Without encryption the proxy makes the request; a redirect goes through it too.
    let (proxy, server) = serve_in_turn(vec![
        http_response("302 Found", &["Location: http://other.invalid/y", "Content-Length: 0"], b""),
        http_ok(b"abc"),
    ]);
    let client = through(&[("HTTP_PROXY", format!("http://me:secret@{proxy}/"))]);
    assert_eq!(get(&client, "http://some.invalid:81/x?y=1").unwrap(), b"abc");
    let requests = server.join().unwrap();
    assert!(requests[0].head.starts_with("GET http://some.invalid:81/x?y=1 HTTP/1.1\r\n"), "{requests:?}");
    assert_eq!(requests[0].field("host"), Some("some.invalid:81"));
    assert_eq!(requests[0].field("proxy-authorization"), Some("Basic bWU6c2VjcmV0"));
    assert_eq!(requests[0].field("authorization"), None);
    assert!(requests[1].head.starts_with("GET http://other.invalid/y HTTP/1.1\r\n"), "{requests:?}");

    // With encryption it makes the connection.
    let (proxy, server) = serve_in_turn(vec![http_response("403 No", &["Content-Length: 0"], b"")]);
    let client = through(&[("https_proxy", proxy.to_string())]);
    assert!(get(&client, "https://some.invalid/x").is_err());
    assert!(server.join().unwrap()[0].head.starts_with("CONNECT some.invalid:443 HTTP/1.1\r\n"));

    // What is excepted is asked directly.
    let (url, _server) = serve(vec![http_ok(b"abc")]);
    let client = through(&[("ALL_PROXY", nobody().to_string()), ("NO_PROXY", "127.0.0.0/8".to_owned())]);
    assert_eq!(get(&client, &url).unwrap(), b"abc");

    // A proxy that is not there is named, but not its password.
    let client = through(&[("ALL_PROXY", format!("http://me:secret@{}", nobody()))]);
    let error = get(&client, &url).unwrap_err();
    let hint = error.hint().unwrap();
    assert!(hint.contains("ALL_PROXY") && !hint.contains("secret"), "{hint}");
    // Something that cannot be used is not passed over.
    let (url, server) = serve(vec![http_ok(b"abc")]);
    let client = through(&[("ALL_PROXY", "gopher://127.0.0.1".to_owned())]);
    assert!(matches!(get(&client, &url).unwrap_err().kind(), HttpErrorKind::Proxy { .. }));
    assert!(!server.is_finished());
}

/// A SOCKS 5 proxy (RFC 1928) for one connection; gives the name and port that it is asked for.
fn socks(answer: Vec<u8>) -> (std::net::SocketAddr, JoinHandle<(Vec<u8>, HttpRequest)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut read = |count: usize| {
            let mut bytes = vec![0; count];
            stream.read_exact(&mut bytes).unwrap();
            bytes
        };
        let methods = read(2)[1];
        read(methods.into());
        stream.write_all(&[5, 0]).unwrap();
        let mut read = |count: usize| {
            let mut bytes = vec![0; count];
            stream.read_exact(&mut bytes).unwrap();
            bytes
        };
        assert_eq!(read(4), [5, 1, 0, 3]);
        let length = read(1)[0];
        let target = read(usize::from(length) + 2);
        stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).unwrap();
        let request = HttpRequest::read(&mut stream).unwrap();
        stream.write_all(&answer).unwrap();
        (target, request)
    });
    (address, server)
}

#[test]
fn socks_proxies_are_not_passed_over() {
    let (proxy, server) = socks(http_ok(b"abc"));
    let client = through(&[("ALL_PROXY", format!("SOCKS5h://{proxy}"))]);
    assert_eq!(get(&client, "http://some.invalid/x").unwrap(), b"abc");
    let (target, request) = server.join().unwrap();
    assert_eq!(target, b"some.invalid\0\x50");
    assert!(request.head.starts_with("GET /x HTTP/1.1\r\n"), "{request:?}");

    let (url, server) = serve(vec![http_ok(b"abc")]);
    let client = through(&[("http_proxy", format!("socks5://{}", nobody()))]);
    let error = get(&client, &url).unwrap_err();
    assert!(error.hint().unwrap().contains("http_proxy"), "{error:?}");
    assert!(!server.is_finished());
}
