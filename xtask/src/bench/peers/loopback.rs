//! A web server on the loopback interface that gives the files of one folder, for peers that read
//! only URLs.

use anyhow::Context;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Serves until it is dropped.
pub(super) struct Server {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves the files directly in `folder` on a free port of 127.0.0.1.
    pub(super) fn start(folder: &Path) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot listen on 127.0.0.1")?;
        let address = listener.local_addr()?;
        let stop = Arc::new(AtomicBool::new(false));
        let thread = thread::spawn({
            let (folder, stop) = (folder.to_owned(), Arc::clone(&stop));
            move || {
                for stream in listener.incoming() {
                    if stop.load(Ordering::SeqCst) {
                        break;
                    }
                    // A client that hangs up is the client's business: it reports what it missed.
                    let _ = stream.and_then(|stream| answer(&stream, &folder));
                }
            }
        });
        Ok(Self { address, stop, thread: Some(thread) })
    }

    /// The URL of the folder.
    pub(super) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // One last connection wakes the thread up.
        drop(TcpStream::connect_timeout(&self.address, Duration::from_secs(1)));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Answers one GET request (RFC 9112) and closes the connection.
fn answer(mut stream: &TcpStream, folder: &Path) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut lines = BufReader::new(stream).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    match requested(&request, folder).map(fs::read) {
        Some(Ok(body)) => {
            let length = body.len();
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n")?;
            stream.write_all(&body)
        }
        _ => stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
    }
}

/// The file that a request line asks for: a plain name, so that nothing outside the folder can be
/// reached.
fn requested(request: &str, folder: &Path) -> Option<PathBuf> {
    let name = request.strip_prefix("GET /")?.split(' ').next()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    (!name.starts_with('.') && !name.is_empty() && name.chars().all(plain)).then(|| folder.join(name))
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn get(server: &Server, path: &str) -> String {
        let mut stream = TcpStream::connect(server.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn gives_files_of_the_folder_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.json"), "body").unwrap();
        let server = Server::start(folder.path()).unwrap();
        assert!(get(&server, "/a.json").ends_with("\r\n\r\nbody"));
        for path in ["/b.json", "/../a.json", "/", "/.", "/%2e%2e/a.json"] {
            assert!(get(&server, path).starts_with("HTTP/1.1 404"), "{path}");
        }
    }
}
