//! The client with servers of our own on the loopback device. Time and chance are ours too: nothing
//! waits.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use http::{
    Client, Clock, DownloadRequest, Downloaded, GetEvent, GetOptions, HttpError, HttpErrorKind, PostRequest,
    Proxies, RetryPolicy, Validators,
};
use std::io::{self, Read as _, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use test_support::{HttpRequest, TlsEnd, TlsIdentity, http_ok, http_response, nobody, serve_in_turn};

/// A clock that stands still but while somebody sleeps.
#[derive(Debug)]
struct Still {
    begin: Instant,
    slept: Mutex<Vec<Duration>>,
}

impl Clock for Still {
    fn now(&self) -> Instant {
        self.begin + self.slept.lock().unwrap().iter().sum::<Duration>()
    }

    fn system_time(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(784_111_770)
    }

    fn sleep(&self, time: Duration) {
        self.slept.lock().unwrap().push(time);
    }

    fn chance(&self) -> f64 {
        1.0
    }
}

struct Case {
    client: Client,
    clock: Arc<Still>,
}

fn case() -> Case {
    let clock = Arc::new(Still { begin: Instant::now(), slept: Mutex::default() });
    let client = Client::new(None).clock(Arc::clone(&clock) as Arc<dyn Clock>).proxies(Proxies::none());
    Case { client, clock }
}

const OPTIONS: GetOptions =
    GetOptions { limit: 1000, timeout: Duration::from_secs(100), length_required: true };

impl Case {
    fn get(&self, url: &str) -> Result<Vec<u8>, HttpError> {
        let mut out = Vec::new();
        let received = self.client.get_to(url, &mut out, &OPTIONS, &mut |_| {})?;
        assert_eq!(received, out.len() as u64);
        Ok(out)
    }

    fn slept(&self) -> Vec<u128> {
        self.clock.slept.lock().unwrap().iter().map(Duration::as_millis).collect()
    }
}

/// A server that gives these answers, one per connection. Gives a URL, and at the end the requests.
fn serve(answers: Vec<Vec<u8>>) -> (String, JoinHandle<Vec<HttpRequest>>) {
    let (address, server) = serve_in_turn(answers);
    (format!("http://{address}/file"), server)
}

#[test]
fn what_comes_and_what_happens() {
    let (url, server) = serve(vec![
        http_response("302 Found", &["Location: /other", "Content-Length: 0"], b""),
        http_ok(&[b'x'; 700]),
        http_response("200 OK", &["Transfer-Encoding: chunked"], b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
    ]);
    let case = case();
    let (mut out, mut events) = (Vec::new(), Vec::new());
    let received = case.client.get_to(&url, &mut out, &OPTIONS, &mut |event| {
        events.push(match event {
            GetEvent::Begins { length, .. } => (true, length.unwrap()),
            GetEvent::Received { bytes } => (false, bytes),
            other => panic!("{other:?}"),
        });
    });
    assert_eq!((received.unwrap(), out.as_slice()), (700, [b'x'; 700].as_slice()));
    assert_eq!(events[0], (true, 700));
    assert_eq!(events[1..].iter().map(|(_, bytes)| bytes).sum::<u64>(), 700);
    assert_eq!(case.get(&url).unwrap(), b"abcde");
    let requests = server.join().unwrap();
    assert!(requests[0].head.starts_with("GET /file ") && requests[1].path() == "/other", "{requests:?}");
    assert!(requests[0].field("user-agent").unwrap().starts_with("snowguard/"), "{requests:?}");
}

/// A disk without space.
struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_is_refused() {
    let kind = |answers: Vec<Vec<u8>>| {
        let (url, _server) = serve(answers);
        let error = case().get(&url).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot download {url}"));
        (format!("{:?}", error.kind()), error.kind().to_string())
    };
    let is = |answers: Vec<Vec<u8>>, name: &str, sentence: &str| {
        let (debug, text) = kind(answers);
        assert!(debug.starts_with(name) && text.contains(sentence), "{debug}: {text}");
    };
    is(vec![http_ok(&[0; 1001])], "TooLarge", "more than the 1000 bytes allowed");
    let endless = http_response(
        "200 OK",
        &["Transfer-Encoding: chunked"],
        &b"100\r\n".iter().copied().chain([b'x'; 256]).chain(*b"\r\n").collect::<Vec<_>>().repeat(8),
    );
    is(vec![endless], "TooLarge", "more than the 1000 bytes allowed");
    is(vec![http_response("200 OK", &[], b"abc")], "UnknownLength", "may be cut short");
    let torn = http_response("200 OK", &["Content-Length: 4"], b"abc");
    is(vec![torn], "", "");
    is(vec![http_response("200 OK", &["Transfer-Encoding: chunked"], b"3\r\nabc\r\n")], "", "");
    is(vec![b"\0\x01 no server at all".to_vec()], "", "");
    is(
        vec![http_response("404 Not Found", &["Content-Length: 0"], b"")],
        "Status { status: 404",
        "status 404",
    );
    is(vec![http_response("500 Oh", &["Content-Length: 0"], b""); 4], "Status", "status 500");
    is(vec![http_response("204 No Content", &[], b"")], "Status", "status 204");
    is(vec![http_response("304 Not Modified", &[], b"")], "Redirected", "redirects");
    let circle = http_response("302 Found", &["Location: /file", "Content-Length: 0"], b"");
    is(vec![circle; 8], "TooManyRedirects", "more than 5 redirects");
    let error = case().get("/etc/passwd").unwrap_err();
    assert!(matches!(error.kind(), HttpErrorKind::NotAUrl { scheme: None }) && error.hint().is_none());
    let error = case().get("ftp://127.0.0.1/file").unwrap_err();
    assert!(error.kind().to_string().contains("neither with `http://`"), "{error:?}");
    assert!(error.hint().is_some());
    let file = http_response("302 Found", &["Location: file:///etc/passwd", "Content-Length: 0"], b"");
    is(vec![file], "NotAUrl", "neither with");

    let (url, _server) = serve(vec![http_ok(b"abc")]);
    let error = case().client.get_to(&url, &mut Full, &OPTIONS, &mut |_| {}).unwrap_err();
    assert!(
        matches!(error.kind(), HttpErrorKind::Output(error) if error.kind() == io::ErrorKind::StorageFull)
    );

    let (url, _server) = serve(vec![http_response("200 OK", &[], b"abc")]);
    let options = GetOptions { length_required: false, ..OPTIONS };
    assert_eq!(case().client.get_to(&url, &mut Vec::new(), &options, &mut |_| {}).unwrap(), 3);
}

#[test]
fn what_passes_is_tried_again() {
    let busy = |field: &[&str]| http_response("503 Busy", &[field, &["Content-Length: 0"]].concat(), b"");
    let (url, server) = serve(vec![
        busy(&[]),
        http_response("429 Slow", &["Retry-After: 7", "Content-Length: 0"], b""),
        http_ok(b"abc"),
    ]);
    let case_ = case();
    let mut retries = Vec::new();
    let mut out = Vec::new();
    case_
        .client
        .get_to(&url, &mut out, &OPTIONS, &mut |event| {
            if let GetEvent::Retries { wait, problem } = event {
                retries.push((wait.as_millis(), problem.to_string()));
            }
        })
        .unwrap();
    assert_eq!(out, b"abc");
    assert_eq!(case_.slept(), [500, 7000]);
    assert_eq!(retries[0], (500, "the server answers with status 503".to_owned()));
    assert_eq!(server.join().unwrap().len(), 3);

    // A date, in the clock's time.
    let (url, _server) = serve(vec![busy(&["Retry-After: Sun, 06 Nov 1994 08:49:37 GMT"]), http_ok(b"abc")]);
    let case_ = case();
    assert_eq!(case_.get(&url).unwrap(), b"abc");
    assert_eq!(case_.slept(), [7000]);

    // Not for longer than the policy says, and not for longer than the request may take.
    let (url, _server) = serve(vec![busy(&["Retry-After: 3600"])]);
    let case_ = case();
    let error = case_.get(&url).unwrap_err();
    assert_eq!(error.hint().unwrap(), "the server asks to try again in 3600 seconds");
    assert!(case_.slept().is_empty());
    let (url, _server) = serve(vec![busy(&["Retry-After: 20"])]);
    let short = GetOptions { timeout: Duration::from_secs(10), ..OPTIONS };
    assert!(case().client.get_to(&url, &mut Vec::new(), &short, &mut |_| {}).is_err());

    // Nobody is there, and never will be.
    let nobody = nobody();
    let case_ = case();
    let error = case_.get(&format!("http://{nobody}/")).unwrap_err();
    assert!(
        matches!(error.kind(), HttpErrorKind::Network(error) if error.kind() == io::ErrorKind::ConnectionRefused)
    );
    assert_eq!(case_.slept(), [500, 1000, 2000]);
    let never = case();
    let client = never.client.retries(RetryPolicy::NEVER);
    assert!(client.get_to(&format!("http://{nobody}/"), &mut Vec::new(), &OPTIONS, &mut |_| {}).is_err());
    assert!(never.clock.slept.lock().unwrap().is_empty());

    // What has begun is not begun again: a part of it is written.
    let (url, server) = serve(vec![http_response("200 OK", &["Content-Length: 4"], b"abc")]);
    let case_ = case();
    assert!(case_.get(&url).is_err());
    assert!(case_.slept().is_empty());
    assert_eq!(server.join().unwrap().len(), 1);
}

/// A file that a test downloads into.
struct Download {
    case: Case,
    file: tempfile::NamedTempFile,
}

impl Download {
    fn new(content: &[u8]) -> Self {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content).unwrap();
        Self { case: case(), file }
    }

    fn get(&self, request: DownloadRequest<'_>) -> Result<Downloaded, HttpError> {
        self.case.client.download(&request, self.file.as_file(), &mut |_| {})
    }

    fn content(&self) -> Vec<u8> {
        std::fs::read(self.file.path()).unwrap()
    }
}

fn request(url: &str) -> DownloadRequest<'_> {
    DownloadRequest { url, options: OPTIONS, known: None, begun: None, only: None }
}

fn tagged(tag: &str) -> Validators {
    Validators { etag: Some(tag.to_owned()), last_modified: None }
}

fn part(tag: &str, range: &str, body: &[u8]) -> Vec<u8> {
    let length = format!("Content-Length: {}", body.len());
    let range = format!("Content-Range: bytes {range}");
    http_response("206 Partial Content", &[&format!("ETag: {tag}"), &range, &length], body)
}

fn whole(tag: &str, length: usize, body: &[u8]) -> Vec<u8> {
    http_response("200 OK", &[&format!("ETag: {tag}"), &format!("Content-Length: {length}")], body)
}

#[test]
fn what_broke_off_goes_on() {
    // Twice in one download.
    let (url, server) = serve(vec![
        whole("\"a\"", 9, b"abc"),
        http_response("503 Busy", &["Content-Length: 0"], b""),
        part("\"a\"", "3-8/9", b"de")[..].to_vec(),
        part("\"a\"", "5-8/9", b"fghi"),
    ]);
    let download = Download::new(b"");
    let done = download.get(request(&url)).unwrap();
    assert_eq!(done, Downloaded::Whole { validators: tagged("\"a\"") });
    assert_eq!(download.content(), b"abcdefghi");
    let requests = server.join().unwrap();
    let sent: Vec<_> = requests.iter().map(|r| (r.field("range"), r.field("if-range"))).collect();
    let tag = Some("\"a\"");
    let expected = [(None, None), (Some("bytes=3-"), tag), (Some("bytes=3-"), tag), (Some("bytes=5-"), tag)];
    assert_eq!(sent, expected);

    // From an earlier run.
    let begun = tagged("\"a\"");
    let (url, _server) = serve(vec![part("\"a\"", "3-5/6", b"def")]);
    let download = Download::new(b"abc");
    download.get(DownloadRequest { begun: Some(&begun), ..request(&url) }).unwrap();
    assert_eq!(download.content(), b"abcdef");
    // What the server has is another one by now, or shorter.
    for answers in [
        vec![whole("\"b\"", 3, b"xyz")],
        vec![http_response("416 No", &["Content-Length: 0"], b""), whole("\"b\"", 3, b"xyz")],
    ] {
        let (url, _server) = serve(answers);
        let download = Download::new(b"abcdef");
        let done = download.get(DownloadRequest { begun: Some(&begun), ..request(&url) }).unwrap();
        assert_eq!(done, Downloaded::Whole { validators: tagged("\"b\"") });
        assert_eq!(download.content(), b"xyz");
    }
    // Another part than the one that is missing.
    let (url, _server) = serve(vec![part("\"a\"", "2-5/6", b"cdef")]);
    let download = Download::new(b"abc");
    let error = download.get(DownloadRequest { begun: Some(&begun), ..request(&url) }).unwrap_err();
    assert!(error.kind().to_string().contains("another part"), "{error:?}");

    // A weak tag names no bytes: all of it is asked for again.
    let (url, server) = serve(vec![whole("W/\"a\"", 4, b"ab"), whole("W/\"a\"", 4, b"abcd")]);
    let download = Download::new(b"left over");
    download.get(request(&url)).unwrap();
    assert_eq!(download.content(), b"abcd");
    assert_eq!(server.join().unwrap()[1].field("range"), None);

    // A stream can go on, but not begin again.
    let (url, _server) = serve(vec![whole("\"a\"", 4, b"ab"), part("\"a\"", "2-3/4", b"cd")]);
    assert_eq!(case().get(&url).unwrap(), b"abcd");
    let (url, _server) = serve(vec![whole("\"a\"", 4, b"ab"), whole("\"b\"", 4, b"wxyz")]);
    let error = case().get(&url).unwrap_err();
    assert!(matches!(error.kind(), HttpErrorKind::NotResumed { received: 2 }), "{error:?}");
}

#[test]
fn what_has_not_changed_is_not_sent() {
    let known = Validators { etag: Some("\"a\"".into()), last_modified: Some("yesterday".into()) };
    let dated = Validators { etag: None, ..known.clone() };
    for (known, name, value) in
        [(&known, "if-none-match", "\"a\""), (&dated, "if-modified-since", "yesterday")]
    {
        let (url, server) = serve(vec![http_response("304 Not Modified", &["ETag: \"a\""], b"")]);
        let download = Download::new(b"");
        let done = download.get(DownloadRequest { known: Some(known), ..request(&url) }).unwrap();
        assert_eq!(done, Downloaded::NotModified);
        assert_eq!(server.join().unwrap()[0].field(name), Some(value));
    }
    let (url, _server) = serve(vec![whole("\"b\"", 1, b"x")]);
    let done = Download::new(b"").get(DownloadRequest { known: Some(&known), ..request(&url) }).unwrap();
    assert_eq!(done, Downloaded::Whole { validators: tagged("\"b\"") });

    // The beginning only.
    let (url, server) = serve(vec![part("\"a\"", "0-3/9", b"abcd")]);
    let done = Download::new(b"").get(DownloadRequest { only: Some(4), ..request(&url) }).unwrap();
    assert_eq!(done, Downloaded::Part { validators: tagged("\"a\"") });
    assert_eq!(server.join().unwrap()[0].field("range"), Some("bytes=0-3"));
    // All of it is shorter, or the server gives no parts.
    for answer in [part("\"a\"", "0-2/3", b"abc"), whole("\"a\"", 3, b"abc")] {
        let (url, _server) = serve(vec![answer]);
        let done = Download::new(b"").get(DownloadRequest { only: Some(4), ..request(&url) }).unwrap();
        assert_eq!(done, Downloaded::Whole { validators: tagged("\"a\"") });
    }
}

#[test]
fn nothing_is_also_an_answer() {
    let (url, _server) = serve(vec![http_response("200 OK", &["Content-Length: 0"], b"")]);
    assert_eq!(case().get(&url).unwrap(), b"");
}

#[test]
fn a_server_that_goes_silent_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let kept: Vec<_> = listener
            .incoming()
            .map(|stream| {
                let mut stream = stream.unwrap();
                HttpRequest::read(&mut stream).unwrap();
                stream.write_all(&whole("\"a\"", 9, b"abc")).unwrap();
                stream
            })
            .collect();
        drop(kept);
    });
    let client = Client::new(None).idle(Duration::from_millis(100)).retries(RetryPolicy::NEVER);
    let error =
        client.proxies(Proxies::none()).get_to(&url, &mut Vec::new(), &OPTIONS, &mut |_| {}).unwrap_err();
    assert!(matches!(error.kind(), HttpErrorKind::Stalled { idle } if idle.as_millis() == 100), "{error:?}");
}

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

fn get(client: &Client, url: &str) -> Result<Vec<u8>, HttpError> {
    let mut out = Vec::new();
    client.get_to(url, &mut out, &OPTIONS, &mut |_| {}).map(|_| out)
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

#[test]
fn sizes() {
    let size = |answers| {
        let (url, server) = serve(answers);
        let size = case().client.size(&url, Duration::from_secs(10)).unwrap();
        let requests = server.join().unwrap();
        assert_eq!(requests[0].field("range"), Some("bytes=0-0"));
        size
    };
    let part =
        http_response("206 Partial Content", &["Content-Range: bytes 0-0/17", "Content-Length: 1"], b"x");
    assert_eq!(size(vec![part]), Some(17));
    assert_eq!(size(vec![http_ok(&[0; 21])]), Some(21));
    assert_eq!(size(vec![http_response("200 OK", &[], b"abc")]), None);
}

#[test]
fn queries() {
    let ask = |answers: Vec<Vec<u8>>| {
        let (url, server) = serve(answers);
        let request = PostRequest {
            url: &url,
            media_type: "application/question",
            body: b"what?",
            answer_type: "application/answer",
            limit: 10,
            timeout: Duration::from_secs(10),
        };
        (case().client.post(&request), server)
    };
    let (answered, server) = ask(vec![http_response(
        "200 OK",
        &["Content-Type: Application/Answer; x=y", "Content-Length: 2"],
        b"42",
    )]);
    assert_eq!(answered.unwrap(), b"42");
    let request = &server.join().unwrap()[0];
    assert!(request.head.starts_with("POST ") && request.body == b"what?", "{request:?}");
    assert_eq!(request.field("content-type"), Some("application/question"));

    let refused = |answers| {
        let error = ask(answers).0.unwrap_err();
        assert!(error.to_string().starts_with("cannot query http://127.0.0.1:"), "{error}");
        error.kind().to_string()
    };
    let other = http_response("200 OK", &["Content-Type: text/html", "Content-Length: 2"], b"42");
    assert_eq!(refused(vec![other]), "the server answers with text/html, not application/answer");
    let long =
        http_response("200 OK", &["Content-Type: application/answer", "Content-Length: 11"], b"12345678901");
    assert_eq!(refused(vec![long]), "it has more than the 10 bytes allowed");
    let moved = http_response("307 Temporary Redirect", &["Location: /", "Content-Length: 0"], b"");
    assert!(refused(vec![moved]).contains("redirects"));
    // A query may have been heard: it is not asked twice.
    assert!(refused(vec![http_response("503 Busy", &["Content-Length: 0"], b"")]).contains("503"));
}

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
