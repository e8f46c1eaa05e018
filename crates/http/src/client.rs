//! The client.

use crate::absolute_form::{ProxyResolver, ToProxy};
use crate::limits::{ANSWER_TIMEOUT, IDLE_TIMEOUT, MAX_REDIRECTS};
use crate::retry::retry_after;
use crate::url::Url;
use crate::{Clock, GetEvent, HttpError, HttpErrorKind, Proxies, RetryPolicy, SystemClock, certificates};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, UNIX_EPOCH};
use ureq::http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, LOCATION, PROXY_AUTHORIZATION, RANGE,
    RETRY_AFTER,
};
use ureq::http::{HeaderName, Request, Response, Uri};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::transport::{Connector as _, TcpConnector};
use ureq::{Agent, AsSendBody, Body};

/// Makes requests, one after the other or from several threads. Connections are kept for the next
/// request.
#[derive(Debug)]
pub struct Client {
    certificates: Option<PathBuf>,
    proxies: Proxies,
    pub(crate) retries: RetryPolicy,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) idle: Duration,
    agents: Mutex<HashMap<Route, Agent>>,
}

/// How a server is reached.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Route {
    /// By ourselves; with encryption or without.
    Direct(bool),
    /// Over connections that a proxy makes; with encryption or without.
    Through(String, bool),
    /// A proxy makes requests for us.
    By(Uri),
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

/// Fields of a request.
pub(crate) type Fields<'f> = [(HeaderName, &'f str)];

impl Client {
    /// A client that trusts the certificates in a file in PEM; without one, those that Mozilla
    /// trusts. The file is read when a request needs it. Proxies are those of the environment.
    pub fn new(certificates: Option<&Path>) -> Self {
        Self {
            certificates: certificates.map(Path::to_owned),
            proxies: Proxies::from_environment(),
            retries: RetryPolicy::default(),
            clock: Arc::new(SystemClock),
            idle: IDLE_TIMEOUT,
            agents: Mutex::default(),
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

    /// Changes which proxies are used.
    #[must_use]
    pub fn proxies(mut self, proxies: Proxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// Changes how long a server may send nothing before the connection is given up.
    #[must_use]
    pub fn idle(mut self, idle: Duration) -> Self {
        self.idle = idle;
        self
    }

    /// The size of what is at `url`, if the server says it. Only the first byte is asked for.
    pub fn size(&self, url: &str, timeout: Duration) -> Result<Option<u64>, HttpError> {
        let size = || {
            let target = Url::parse(url)?;
            self.try_again(self.clock.now(), timeout, &mut |_| {}, |left| {
                let response = self.get(&target, &[(RANGE, "bytes=0-0")], left)?;
                // RFC 9110, section 14.4: `bytes 0-0/SIZE`. A server without ranges begins to send
                // all of it, and is left alone.
                Ok(match field(&response, CONTENT_RANGE) {
                    Some(range) => range.rsplit_once('/').and_then(|(_, size)| size.parse().ok()),
                    None if response.status() == 200 => length(&response),
                    None => None,
                })
            })
        };
        size().map_err(|kind| self.error("query", url, timeout, kind))
    }

    /// Sends a query and gives the answer. It is sent once, and a redirect is not followed: the
    /// query is for this server.
    pub fn post(&self, request: &PostRequest<'_>) -> Result<Vec<u8>, HttpError> {
        let answer = self.try_post(request);
        answer.map_err(|kind| self.error("query", request.url, request.timeout, kind))
    }

    fn try_post(&self, request: &PostRequest<'_>) -> Result<Vec<u8>, HttpErrorKind> {
        let url = Url::parse(request.url)?;
        let fields = [(CONTENT_TYPE, request.media_type), (ACCEPT, request.answer_type)];
        let sent = self.exchange(&url, &fields, request.timeout, request.body)?;
        let mut response = self.successful(sent)?;
        let found = response.body().mime_type().unwrap_or("nothing of a known type");
        if !found.eq_ignore_ascii_case(request.answer_type) {
            let (found, wanted) = (found.to_owned(), request.answer_type.to_owned());
            return Err(HttpErrorKind::WrongType { found, wanted });
        }
        let body = response.body_mut().with_config().limit(request.limit).read_to_vec();
        body.map_err(|error| self.kind(error))
    }

    /// Asks for what is at `url`, over redirects, and gives the answer if it is one with content.
    pub(crate) fn get(
        &self,
        url: &Url,
        fields: &Fields<'_>,
        left: Duration,
    ) -> Result<Response<Body>, HttpErrorKind> {
        let begin = self.clock.now();
        let mut url = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let left = left.saturating_sub(self.clock.now().saturating_duration_since(begin));
            let response = self.exchange(&url, fields, left, ())?;
            let to = match response.status().as_u16() {
                301 | 302 | 303 | 307 | 308 => field(&response, LOCATION),
                _ => None,
            };
            let Some(to) = to else { return self.successful(response) };
            let next = url.join(to)?;
            // What begins encrypted stays so.
            if url.encrypted && !next.encrypted {
                return Err(HttpErrorKind::NotEncrypted { to: crate::redacted(to) });
            }
            url = next;
        }
        Err(HttpErrorKind::TooManyRedirects)
    }

    /// Sends one request and gives the head of the answer.
    fn exchange<B: AsSendBody>(
        &self,
        url: &Url,
        fields: &Fields<'_>,
        left: Duration,
        body: B,
    ) -> Result<Response<Body>, HttpErrorKind> {
        let proxy = self.proxies.of(url)?;
        let mut request = Request::builder().uri(url.uri.clone());
        let post = fields.iter().any(|(name, _)| *name == CONTENT_TYPE);
        request = request.method(if post { "POST" } else { "GET" });
        for (name, value) in fields {
            request = request.header(name, *value);
        }
        if let Some(authorization) = &url.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let by = proxy.as_ref().and_then(|proxy| proxy.makes_requests(url));
        if let Some(authorization) = by.and_then(|by| by.authorization.as_ref()) {
            request = request.header(PROXY_AUTHORIZATION, authorization);
        }
        let agent = match (by, proxy.as_ref()) {
            (Some(by), _) => self.agent(Route::By(by.uri.clone()))?,
            (None, Some(proxy)) => self.agent(Route::Through(proxy.text.clone(), url.encrypted))?,
            (None, None) => self.agent(Route::Direct(url.encrypted))?,
        };
        let request = request.body(body).map_err(|error| HttpErrorKind::Other(error.into()))?;
        let request = agent.configure_request(request).timeout_global(Some(left)).build();
        agent.run(request).map_err(|error| self.kind(error))
    }

    fn agent(&self, route: Route) -> Result<Agent, HttpErrorKind> {
        let mut agents = self.agents.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(agent) = agents.get(&route) {
            return Ok(agent.clone());
        }
        let (tls, proxy) = match &route {
            Route::Direct(encrypted) => (*encrypted, None),
            // A proxy with encryption is a server like any other.
            Route::Through(proxy, encrypted) => (*encrypted || proxy.starts_with("https:"), Some(proxy)),
            Route::By(_) => (false, None),
        };
        let certificates = match &self.certificates {
            Some(path) if tls => RootCerts::new_with_certs(&certificates::read(path)?),
            _ => RootCerts::WebPki,
        };
        let proxy = proxy.map(|proxy| ureq::Proxy::new(proxy)).transpose();
        let mut config = Agent::config_builder()
            .timeout_connect(Some(ANSWER_TIMEOUT))
            .timeout_recv_response(Some(ANSWER_TIMEOUT))
            .timeout_per_read(Some(self.idle))
            .timeout_per_write(Some(self.idle))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .proxy(proxy.map_err(|error| self.kind(error))?)
            .tls_config(TlsConfig::builder().root_certs(certificates).build())
            .user_agent(concat!("snowguard/", env!("CARGO_PKG_VERSION")));
        let agent = if let Route::By(proxy) = &route {
            // Only the first request of a connection is rewritten.
            config = config.max_idle_connections(0);
            let connector = TcpConnector::default().chain(ToProxy);
            Agent::with_parts(config.build(), connector, ProxyResolver::new(proxy.clone()))
        } else {
            config.build().new_agent()
        };
        agents.insert(route, agent.clone());
        Ok(agent)
    }

    /// The answer, if it is one with content, or one that says that nothing has changed.
    fn successful(&self, response: Response<Body>) -> Result<Response<Body>, HttpErrorKind> {
        let status = response.status();
        if status.is_success() || status == 304 {
            return Ok(response);
        }
        if status.is_redirection() {
            return Err(HttpErrorKind::Redirected);
        }
        let wait = field(&response, RETRY_AFTER);
        let wait = wait.and_then(|value| retry_after(value, self.clock.system_time()));
        Err(HttpErrorKind::Status {
            status: status.as_u16(),
            retry_after: wait.or_else(|| self.reset(&response)),
        })
    }

    /// When GitHub allows more requests, where there were too many: it says so in fields of its
    /// own.
    fn reset(&self, response: &Response<Body>) -> Option<Duration> {
        let value = |name| field(response, HeaderName::from_static(name))?.parse::<u64>().ok();
        value("x-ratelimit-remaining").filter(|left| *left == 0)?;
        let time = UNIX_EPOCH.checked_add(Duration::from_secs(value("x-ratelimit-reset")?))?;
        Some(time.duration_since(self.clock.system_time()).unwrap_or_default())
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
            self.wait(attempt, problem, left(), on)?;
            attempt += 1;
        }
    }

    /// Waits before the next attempt; gives the problem back if there is no point in one.
    pub(crate) fn wait(
        &self,
        attempt: u32,
        problem: HttpErrorKind,
        left: Duration,
        on: &mut dyn FnMut(GetEvent<'_>),
    ) -> Result<(), HttpErrorKind> {
        let Some(wait) = self.retries.wait(attempt, &problem, self.clock.chance(), left) else {
            return Err(problem);
        };
        on(GetEvent::Retries { wait, problem: &problem });
        self.clock.sleep(wait);
        Ok(())
    }

    pub(crate) fn error(
        &self,
        action: &'static str,
        url: &str,
        timeout: Duration,
        kind: HttpErrorKind,
    ) -> HttpError {
        let proxy = Url::parse(url).and_then(|url| self.proxies.of(&url)).ok().flatten();
        let kind = kind.with_time(timeout).with_idle(self.idle);
        HttpError::new(action, url, proxy.map(|proxy| proxy.name), kind)
    }

    pub(crate) fn kind(&self, error: ureq::Error) -> HttpErrorKind {
        HttpErrorKind::from_ureq(error, self.certificates.as_deref())
    }
}

/// The value of a field.
pub(crate) fn field(response: &Response<Body>, name: HeaderName) -> Option<&str> {
    response.headers().get(name).and_then(|value| value.to_str().ok())
}

/// The length of an answer, if it says so.
pub(crate) fn length(response: &Response<Body>) -> Option<u64> {
    // The library's own has none where there is nothing to read.
    field(response, CONTENT_LENGTH).and_then(|length| length.trim().parse().ok())
}
