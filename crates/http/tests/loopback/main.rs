//! The client with servers of our own on the loopback device. Time and chance are ours too: nothing
//! waits.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod certificates;
mod download;
mod proxies;

use http::{
    Client, Clock, GetEvent, GetOptions, HttpError, HttpErrorKind, PostRequest, Proxies, RetryPolicy,
};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use test_support::{HttpRequest, http_ok, http_response, nobody, serve_in_turn};

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

fn get(client: &Client, url: &str) -> Result<Vec<u8>, HttpError> {
    let mut out = Vec::new();
    client.get_to(url, &mut out, &OPTIONS, &mut |_| {}).map(|_| out)
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
