//! Downloads: what broke off goes on, and what has not changed is not sent.

use crate::{Case, OPTIONS, case, serve};
use http::{Client, DownloadRequest, Downloaded, HttpError, HttpErrorKind, Proxies, RetryPolicy, Validators};
use std::io::Write as _;
use std::net::TcpListener;
use std::time::Duration;
use test_support::{HttpRequest, http_response};

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
