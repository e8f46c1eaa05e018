//! A server of files on the loopback device that behaves as real ones do, and misbehaves as they do
//! when a test asks for it.

use crate::server::{HttpRequest, http_response};
use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

/// Files with entity tags, answers 304 and 206, redirects.
#[derive(Debug, Clone)]
pub struct FileServer {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<String, Vec<u8>>,
    redirects: BTreeMap<String, String>,
    faults: BTreeMap<String, VecDeque<Fault>>,
    requests: Vec<HttpRequest>,
    /// Connections that are kept open.
    stalled: Vec<TcpStream>,
}

/// What goes wrong with one request.
#[derive(Debug, Clone)]
pub enum Fault {
    /// This is answered, whatever it is.
    Answer(Vec<u8>),
    /// Only so many bytes of the body are sent, and the connection ends.
    Cut(usize),
    /// Only so many bytes of the body are sent, and the connection stays.
    Stall(usize),
}

impl FileServer {
    /// A server without files.
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = Self { address, state: Arc::default() };
        let answering = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                // Clients hang up, most of all when they are killed.
                if let Ok(request) = HttpRequest::read(&mut stream) {
                    answering.answer(&request, stream);
                }
            }
        });
        server
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The URL of a path, which begins with `/`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Puts a file there, in the place of what was there.
    pub fn put(&self, path: &str, content: impl Into<Vec<u8>>) {
        self.state().files.insert(path.to_owned(), content.into());
    }

    /// Removes a file.
    pub fn remove(&self, path: &str) {
        self.state().files.remove(path);
    }

    /// Sends whoever asks for a path elsewhere.
    pub fn redirect(&self, path: &str, to: &str) {
        self.state().redirects.insert(path.to_owned(), to.to_owned());
    }

    /// Nobody who asks for a path is sent elsewhere any more.
    pub fn remove_redirect(&self, path: &str) {
        self.state().redirects.remove(path);
    }

    /// From now on nothing goes wrong with a path. Gives how many faults nobody met.
    pub fn drain(&self, path: &str) -> usize {
        self.state().faults.remove(path).map_or(0, |faults| faults.len())
    }

    /// The next request for a path goes wrong; those before it first.
    pub fn fail(&self, path: &str, fault: Fault) {
        self.state().faults.entry(path.to_owned()).or_default().push_back(fault);
    }

    /// The requests since they were asked for last.
    pub fn requests(&self) -> Vec<HttpRequest> {
        std::mem::take(&mut self.state().requests)
    }

    fn answer(&self, request: &HttpRequest, mut stream: TcpStream) {
        let mut state = self.state();
        state.requests.push(request.clone());
        let path = request.path().split('?').next().unwrap_or_default().to_owned();
        let fault = state.faults.get_mut(&path).and_then(VecDeque::pop_front);
        let sound = state.sound(&path, request);
        let body = sound.windows(4).position(|end| end == b"\r\n\r\n").map_or(0, |at| at + 4);
        let sent = |count: usize| sound.get(..body + count).unwrap_or(&sound);
        let _ = match &fault {
            None => stream.write_all(&sound),
            Some(Fault::Answer(answer)) => stream.write_all(answer),
            Some(Fault::Cut(count) | Fault::Stall(count)) => stream.write_all(sent(*count)),
        };
        if matches!(fault, Some(Fault::Stall(_))) {
            state.stalled.push(stream);
        }
    }
}

impl Default for FileServer {
    fn default() -> Self {
        Self::new()
    }
}

impl State {
    fn sound(&self, path: &str, request: &HttpRequest) -> Vec<u8> {
        if let Some(to) = self.redirects.get(path) {
            return http_response("302 Found", &[&format!("Location: {to}"), "Content-Length: 0"], b"");
        }
        let Some(content) = self.files.get(path) else {
            return http_response("404 Not Found", &["Content-Length: 14"], b"404: Not Found");
        };
        let mut hasher = DefaultHasher::new();
        content.hash(&mut hasher);
        let tag = format!("\"{:x}\"", hasher.finish());
        let etag = format!("ETag: {tag}");
        if request.field("if-none-match").is_some_and(|known| known == tag || known == format!("W/{tag}")) {
            return http_response("304 Not Modified", &[&etag], b"");
        }
        let length = |body: &[u8]| format!("Content-Length: {}", body.len());
        let range =
            request.field("range").filter(|_| request.field("if-range").is_none_or(|known| known == tag));
        let range = range.and_then(|range| range.strip_prefix("bytes=")?.split_once('-'));
        let Some((first, last)) = range else {
            return http_response("200 OK", &[&etag, &length(content)], content);
        };
        let first: usize = first.parse().unwrap();
        let end = last.parse().map_or(content.len(), |last: usize| content.len().min(last + 1));
        let Some(part) = content.get(first..end).filter(|part| !part.is_empty()) else {
            return http_response("416 Range Not Satisfiable", &["Content-Length: 0"], b"");
        };
        let range = format!("Content-Range: bytes {first}-{}/{}", end - 1, content.len());
        http_response("206 Partial Content", &[&etag, &range, &length(part)], part)
    }
}
