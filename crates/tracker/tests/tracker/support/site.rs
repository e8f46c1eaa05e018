//! The service, running, and a browser's half of HTTP.

use super::Store;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;
use test_support::Scratch;
use tracker::app::{App, Clock};
use tracker::config::Config;
use tracker::models::account;
use tracker::models::ids::AccountId;
use tracker::models::permission::Role;
use tracker::models::session;
use tracker::params;

/// The password of every account here.
pub(crate) const PASSWORD: &str = "Schneefang am Dach";

/// A running service. It ends with the test's process.
pub(crate) struct Site {
    pub(crate) app: App,
    pub(crate) address: SocketAddr,
    now: Arc<AtomicI64>,
    _folder: Scratch,
}

impl Site {
    pub(crate) fn new(store: &Store) -> Self {
        Self::with(store, |_| {})
    }

    pub(crate) fn with(store: &Store, change: impl FnOnce(&mut Config)) -> Self {
        let folder = Scratch::new();
        let mut config = Config::default();
        config.listen = "127.0.0.1:0".parse().unwrap();
        config.data = folder.folder().to_path_buf();
        config.role = tracker::config::Role::Web;
        config.requests_per_minute = 0;
        change(&mut config);
        let now = Arc::new(AtomicI64::new(1_790_000_000_000));
        let told = now.clone();
        let clock = Clock::new(move || Timestamp::from_millisecond(told.load(Ordering::SeqCst)).unwrap());
        let app = App::new(store.database.clone(), config, clock);
        let (send, receive) = mpsc::channel();
        let served = app.clone();
        std::thread::spawn(move || {
            let ready = |address: Option<SocketAddr>| send.send(address.unwrap()).unwrap();
            tracker::serve::serve(served, ready, std::future::pending()).unwrap();
        });
        let address = receive.recv().unwrap();
        Self { app, address, now, _folder: folder }
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, by: SignedDuration) {
        self.now.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// An account with a role.
    pub(crate) fn account(&self, name: &str, role: Role) -> AccountId {
        let now = self.app.now();
        self.app
            .database
            .write(|t| {
                let id = account::create(t, name, PASSWORD, None, now)?;
                if role.is_granted() {
                    account::set_role(t, id, role, true, None, now)?;
                }
                if role == Role::Maintainer {
                    let github = 9_000_000 + id.0;
                    t.execute("UPDATE account SET github_id = $2 WHERE id = $1", params![id, github])?;
                    t.execute(
                        "INSERT INTO maintainer (github_id, github) VALUES ($1, 'x')",
                        params![github],
                    )?;
                    t.execute(
                        "INSERT INTO package (name, created_at) VALUES ($1, 0)",
                        params![format!("of-{name}")],
                    )?;
                    t.execute(
                        "INSERT INTO package_maintainer (package, maintainer)
                         SELECT p.id, m.id FROM package p, maintainer m
                         WHERE p.name = $1 AND m.github_id = $2",
                        params![format!("of-{name}"), github],
                    )?;
                }
                Ok::<_, account::AccountError>(id)
            })
            .unwrap()
    }

    /// A browser in which nobody has signed in.
    pub(crate) fn browser(&self) -> Client {
        Client { address: self.address, cookies: BTreeMap::new(), fields: Vec::new() }
    }

    /// A browser in which somebody has signed in.
    pub(crate) fn signed_in(&self, account: AccountId) -> Client {
        let now = self.app.now();
        let cookie = self.app.database.write(|t| session::begin(t, account, "a test", true, now)).unwrap();
        let mut client = self.browser();
        client.cookies.insert("snowguard-session".to_owned(), cookie);
        client
    }
}

/// Keeps cookies, as a browser does.
#[derive(Clone)]
pub(crate) struct Client {
    address: SocketAddr,
    pub(crate) cookies: BTreeMap<String, String>,
    /// More fields of each request.
    pub(crate) fields: Vec<String>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(crate) fn json(&self) -> Json {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The first form token of the page.
    pub(crate) fn form_token(&self) -> Option<&str> {
        let (_, rest) = self.body.split_once("name=\"form_token\" value=\"")?;
        rest.split('"').next()
    }
}

impl Client {
    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, "")
    }

    /// Sends a form as it is.
    pub(crate) fn post_raw(&mut self, path: &str, body: &str) -> Answer {
        self.send("POST", path, body)
    }

    /// Sends a form with the token of a page.
    pub(crate) fn post(&mut self, page: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let answer = self.get(page);
        let token = answer.form_token().unwrap_or_else(|| panic!("no form at {page}: {answer:?}")).to_owned();
        let fields = fields.iter().copied().chain([("form_token", token.as_str())]);
        let body: Vec<String> = fields.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        self.send("POST", path, &body.join("&"))
    }

    fn send(&mut self, method: &str, path: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.address);
        if !self.cookies.is_empty() {
            let pairs: Vec<String> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            head = format!("{head}Cookie: {}\r\n", pairs.join("; "));
        }
        for field in &self.fields {
            head = format!("{head}{field}\r\n");
        }
        if method == "POST" {
            head = format!(
                "{head}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
                body.len()
            );
        }
        stream.write_all(format!("{head}\r\n{body}").as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer:?}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut answer = Answer { status, head: head.to_owned(), body: body.to_owned() };
        if answer.field("transfer-encoding") == Some("chunked") {
            answer.body = whole(body);
        }
        for line in answer.head.lines().filter_map(|line| line.strip_prefix("set-cookie: ")) {
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }
}

/// A chunked body in one.
fn whole(mut rest: &str) -> String {
    let mut body = String::new();
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        body += &after[..size];
        rest = after[size..].strip_prefix("\r\n").unwrap();
    }
    body
}

pub(crate) fn encoded(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            },
        )
        .collect()
}
