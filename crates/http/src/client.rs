//! The client.

use crate::limits::{ANSWER_TIMEOUT, MAX_REDIRECTS};
use crate::retry::retry_after;
use crate::{Clock, HttpError, HttpErrorKind, RetryPolicy, SystemClock, certificates, is_url};
use std::io::{Read as _, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use ureq::http::header::{CONTENT_LENGTH, CONTENT_RANGE, RANGE, RETRY_AFTER, TRANSFER_ENCODING};
use ureq::http::{HeaderName, Response};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body};

/// Makes requests, one after the other or from several threads. Connections are kept for the next
/// request.
#[derive(Debug)]
pub struct Client {
    certificates: Option<PathBuf>,
    retries: RetryPolicy,
    clock: Arc<dyn Clock>,
    plain: OnceLock<Agent>,
    encrypted: OnceLock<Agent>,
}

/// Limits of a download.
#[derive(Debug, Clone, Copy)]
pub struct GetOptions {
    /// The most bytes.
    pub limit: u64,
    /// How long all of it may take.
    pub timeout: Duration,
    /// Whether an answer is refused that has no length, so that nobody would notice if its end were
    /// missing: over a connection that breaks, or that somebody cuts, which even TLS does not
    /// always show.
    pub length_required: bool,
}

/// What happens during a download.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum GetEvent<'a> {
    /// The content begins.
    Begins {
        /// How many bytes it has, if the server says so.
        length: Option<u64>,
    },
    /// More of the content is here.
    Received {
        /// So many more bytes.
        bytes: u64,
    },
    /// It failed and will be tried again.
    Retries {
        /// How long from now.
        wait: Duration,
        /// Why it failed.
        problem: &'a HttpErrorKind,
    },
}

/// A query to a server, by HTTP's POST.
#[derive(Debug, Clone, Copy)]
pub struct PostRequest<'a> {
    /// Where to; `http://` or `https://`.
    pub url: &'a str,
    /// The media type of the body.
    pub media_type: &'a str,
    /// The query.
    pub body: &'a [u8],
    /// The media type that the answer must have.
    pub answer_type: &'a str,
    /// The most bytes of the answer.
    pub limit: u64,
    /// How long all of it may take.
    pub timeout: Duration,
}

impl Client {
    /// A client that trusts the certificates in a file in PEM; without one, those that Mozilla
    /// trusts. The file is read when a request needs it.
    pub fn new(certificates: Option<&Path>) -> Self {
        Self {
            certificates: certificates.map(Path::to_owned),
            retries: RetryPolicy::default(),
            clock: Arc::new(SystemClock),
            plain: OnceLock::new(),
            encrypted: OnceLock::new(),
        }
    }

    /// Changes when downloads are tried again.
    #[must_use]
    pub fn retries(mut self, policy: RetryPolicy) -> Self {
        self.retries = policy;
        self
    }

    /// Changes where time and chance come from.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Downloads what is at `url` into `out`, and gives how many bytes it has. `on` is called when
    /// something happens.
    ///
    /// If it fails, `out` may have got a part of it.
    pub fn get_to(
        &self,
        url: &str,
        out: &mut dyn Write,
        options: &GetOptions,
        on: &mut dyn FnMut(GetEvent<'_>),
    ) -> Result<u64, HttpError> {
        let begin = self.clock.now();
        let response = self.try_again(begin, options.timeout, on, |left| {
            self.answer(self.agent(url)?.get(url).config().timeout_global(Some(left)).build().call())
        });
        let received = response.and_then(|response| self.receive(response, begin, out, options, on));
        received.map_err(|kind| HttpError::new("download", url, kind.with_time(options.timeout)))
    }

    /// The size of what is at `url`, if the server says it. Only the first byte is asked for.
    pub fn size(&self, url: &str, timeout: Duration) -> Result<Option<u64>, HttpError> {
        let response = self.try_again(self.clock.now(), timeout, &mut |_| {}, |left| {
            let request = self.agent(url)?.get(url).header(RANGE, "bytes=0-0");
            self.answer(request.config().timeout_global(Some(left)).build().call())
        });
        let response = response.map_err(|kind| HttpError::new("query", url, kind.with_time(timeout)))?;
        // RFC 9110, section 14.4: `bytes 0-0/SIZE`. A server without ranges begins to send all of
        // it, and is left alone.
        Ok(match field(&response, CONTENT_RANGE) {
            Some(range) => range.rsplit_once('/').and_then(|(_, size)| size.parse().ok()),
            None if response.status() == 200 => {
                field(&response, CONTENT_LENGTH).and_then(|size| size.parse().ok())
            }
            None => None,
        })
    }

    /// Sends a query and gives the answer. It is sent once, and a redirect is not followed: the
    /// query is for this server.
    pub fn post(&self, request: &PostRequest<'_>) -> Result<Vec<u8>, HttpError> {
        let answer = self.try_post(request);
        answer.map_err(|kind| HttpError::new("query", request.url, kind.with_time(request.timeout)))
    }

    fn try_post(&self, request: &PostRequest<'_>) -> Result<Vec<u8>, HttpErrorKind> {
        let sent = self
            .agent(request.url)?
            .post(request.url)
            .header("Content-Type", request.media_type)
            .header("Accept", request.answer_type)
            .config()
            .timeout_global(Some(request.timeout))
            .max_redirects(0)
            .build()
            .send(request.body);
        let mut response = self.answer(sent)?;
        let found = response.body().mime_type().unwrap_or("nothing of a known type");
        if !found.eq_ignore_ascii_case(request.answer_type) {
            let (found, wanted) = (found.to_owned(), request.answer_type.to_owned());
            return Err(HttpErrorKind::WrongType { found, wanted });
        }
        let body = response.body_mut().with_config().limit(request.limit).read_to_vec();
        body.map_err(|error| self.kind(error))
    }

    /// What connections are made with. What begins encrypted stays so.
    fn agent(&self, url: &str) -> Result<&Agent, HttpErrorKind> {
        if !is_url(url) {
            return Err(HttpErrorKind::NotAUrl);
        }
        let encrypted = url.starts_with("https://");
        let place = if encrypted { &self.encrypted } else { &self.plain };
        if let Some(agent) = place.get() {
            return Ok(agent);
        }
        let certificates = match &self.certificates {
            Some(path) if encrypted => RootCerts::new_with_certs(&certificates::read(path)?),
            _ => RootCerts::WebPki,
        };
        let agent = Agent::config_builder()
            .timeout_connect(Some(ANSWER_TIMEOUT))
            .timeout_recv_response(Some(ANSWER_TIMEOUT))
            .max_redirects(MAX_REDIRECTS)
            .http_status_as_error(false)
            .https_only(encrypted)
            .tls_config(TlsConfig::builder().root_certs(certificates).build())
            .user_agent(concat!("snowguard/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Ok(place.get_or_init(|| agent))
    }

    /// The answer, if it is one with content.
    fn answer(&self, answer: Result<Response<Body>, ureq::Error>) -> Result<Response<Body>, HttpErrorKind> {
        let response = answer.map_err(|error| self.kind(error))?;
        let status = response.status();
        if status.is_redirection() {
            return Err(HttpErrorKind::Redirected);
        }
        if status.is_success() {
            return Ok(response);
        }
        let wait = field(&response, RETRY_AFTER);
        let wait = wait.and_then(|value| retry_after(value, self.clock.system_time()));
        Err(HttpErrorKind::Status { status: status.as_u16(), retry_after: wait })
    }

    /// Makes a request until it succeeds or there is no point in it any more. `request` is given
    /// what is left of the time.
    fn try_again<T>(
        &self,
        begin: Instant,
        timeout: Duration,
        on: &mut dyn FnMut(GetEvent<'_>),
        request: impl Fn(Duration) -> Result<T, HttpErrorKind>,
    ) -> Result<T, HttpErrorKind> {
        let mut attempt = 1;
        loop {
            let left = || timeout.saturating_sub(self.clock.now().saturating_duration_since(begin));
            let problem = match request(left()) {
                Ok(response) => return Ok(response),
                Err(problem) => problem,
            };
            let Some(wait) = self.retries.wait(attempt, &problem, self.clock.chance(), left()) else {
                return Err(problem);
            };
            on(GetEvent::Retries { wait, problem: &problem });
            self.clock.sleep(wait);
            attempt += 1;
        }
    }

    fn receive(
        &self,
        mut response: Response<Body>,
        begin: Instant,
        out: &mut dyn Write,
        options: &GetOptions,
        on: &mut dyn FnMut(GetEvent<'_>),
    ) -> Result<u64, HttpErrorKind> {
        let &GetOptions { limit, timeout, length_required } = options;
        let length = response.body().content_length();
        if length.is_some_and(|length| length > limit) {
            return Err(HttpErrorKind::TooLarge { limit });
        }
        let encoding = field(&response, TRANSFER_ENCODING).unwrap_or_default().to_ascii_lowercase();
        if length_required && length.is_none() && !encoding.ends_with("chunked") {
            return Err(HttpErrorKind::UnknownLength);
        }
        on(GetEvent::Begins { length });
        let mut body = response.body_mut().with_config().limit(u64::MAX).reader();
        let mut buffer = vec![0; 1 << 16];
        let mut received = 0_u64;
        loop {
            let read = body.read(&mut buffer).map_err(|error| self.kind(error.into()))?;
            let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
            received += bytes.len() as u64;
            if received > limit {
                return Err(HttpErrorKind::TooLarge { limit });
            }
            if self.clock.now().saturating_duration_since(begin) > timeout {
                return Err(HttpErrorKind::Timeout { allowed: timeout });
            }
            out.write_all(bytes).map_err(HttpErrorKind::Output)?;
            on(GetEvent::Received { bytes: bytes.len() as u64 });
        }
        match length {
            Some(expected) if expected != received => Err(HttpErrorKind::CutShort { received, expected }),
            _ => Ok(received),
        }
    }

    fn kind(&self, error: ureq::Error) -> HttpErrorKind {
        HttpErrorKind::from_ureq(error, self.certificates.as_deref())
    }
}

fn field(response: &Response<Body>, name: HeaderName) -> Option<&str> {
    response.headers().get(name).and_then(|value| value.to_str().ok())
}
