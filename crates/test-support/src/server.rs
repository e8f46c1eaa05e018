//! Servers of a test's own, on the loopback device. They speak just enough HTTP/1.1, and whatever a
//! test wants them to.

use std::io::{self, Read, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::thread::JoinHandle;

/// What a client sent.
#[derive(Debug, Clone, Default)]
pub struct HttpRequest {
    /// The request line and the fields, with the empty line behind them.
    pub head: String,
    /// The body, as long as `Content-Length` states.
    pub body: Vec<u8>,
}

impl HttpRequest {
    /// Reads a request to its end; what the client does not send is missing.
    pub fn read(stream: &mut impl Read) -> io::Result<Self> {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte)? == 1 {
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).map_err(io::Error::other)?;
        let mut request = Self { head, body: Vec::new() };
        let length = request.field("content-length").map(|length| length.parse().map_err(io::Error::other));
        request.body.resize(length.transpose()?.unwrap_or(0), 0);
        stream.read_exact(&mut request.body)?;
        Ok(request)
    }

    /// The path that is requested.
    pub fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or("")
    }

    /// The value of a field.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        fields.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// A response, after which the connection ends. `Content-Length` is not added: tests want it wrong.
pub fn http_response(status: &str, fields: &[&str], body: &[u8]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
    for field in fields {
        head.push_str(field);
        head.push_str("\r\n");
    }
    [head.as_bytes(), b"\r\n", body].concat()
}

/// A response with its right length.
pub fn http_ok(body: &[u8]) -> Vec<u8> {
    http_response("200 OK", &[&format!("Content-Length: {}", body.len())], body)
}

/// A server that answers every request until the test ends.
pub fn serve(answer: impl Fn(&HttpRequest) -> Vec<u8> + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            // Clients hang up, most of all when an answer is too long for them.
            let _ = HttpRequest::read(&mut stream).and_then(|request| stream.write_all(&answer(&request)));
        }
    });
    address
}

/// A server that gives these answers, one per connection, and then hangs up on everybody. At its
/// end it gives the requests.
pub fn serve_in_turn(answers: Vec<Vec<u8>>) -> (SocketAddr, JoinHandle<Vec<HttpRequest>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let mut requests = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            requests.push(HttpRequest::read(&mut stream).unwrap());
            // Clients hang up when an answer is too long for them.
            let _ = stream.write_all(&answer);
        }
        requests
    });
    (address, server)
}

/// An address at which nobody listens.
pub fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
