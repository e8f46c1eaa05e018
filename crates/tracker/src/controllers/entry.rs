//! What every request passes on its way in and out: who asks, how often, how the answer is shown
//! where it is a failure, the fields that browsers obey, the log, and the measurements.

use super::cookies::Cookie;
use super::failure::{Failure, Problem};
use super::flash::Flash;
use super::visitor::{Credential, Format, Known, Visitor};
use crate::app::App;
use crate::database::DatabaseError;
use crate::models::{session, token};
use crate::rates::{Key, Rate};
use crate::views::error::ErrorPage;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::header::{
    ACCEPT, AUTHORIZATION, CACHE_CONTROL, COOKIE, HeaderName, SET_COOKIE, USER_AGENT, VARY,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

/// The path of a request that asks for JSON by its ending, without the ending.
#[derive(Debug, Clone, Copy)]
struct AsksJson;

/// `/x.json` is `/x`, answered in JSON. Assets and formats of others keep their endings.
pub(super) fn without_ending(mut request: Request) -> Request {
    let path = request.uri().path();
    let Some(stem) = path.strip_suffix(".json") else { return request };
    let is_document = path.strip_prefix("/advisories/").is_some_and(|rest| rest.contains('/'));
    if is_document || ["/assets/", "/api/", "/.well-known/"].iter().any(|prefix| path.starts_with(prefix)) {
        return request;
    }
    let stem = if stem == "/index" { "/" } else { stem };
    let changed = match request.uri().query() {
        Some(query) => format!("{stem}?{query}"),
        None => stem.to_owned(),
    };
    if let Ok(uri) = changed.parse::<Uri>() {
        *request.uri_mut() = uri;
        request.extensions_mut().insert(AsksJson);
    }
    request
}

/// Around every handler.
pub(super) async fn enter(State(app): State<App>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let number = crate::hex::encode(&crate::secret::random::<6>());
    let (parts, body) = request.into_parts();
    let method = parts.method.clone();
    let route = parts.extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let has_cookie = parts.headers.contains_key(COOKIE);
    let (visitor, cookie, failed) = identify(&app, &parts, number).await;
    let mut request = Request::from_parts(parts, body);
    let account = visitor.account.as_ref().map(|account| account.id.0);
    request.extensions_mut().insert(visitor.clone());
    let allowed = app.rates.take(
        Key::client(visitor.client),
        Rate { burst: app.config.requests_per_minute, per_minute: app.config.requests_per_minute },
        app.now(),
    );
    let response = match (allowed, failed) {
        (Err(seconds), _) if app.config.requests_per_minute > 0 => Failure::TooMany(seconds).into_response(),
        // Without knowing who asks, nothing is shown as if to a stranger.
        (_, Some(error)) => Failure::from(error).into_response(),
        _ => next.run(request).await,
    };
    let mut response = shown(&visitor, response);
    let status = response.status();
    let asked = Asked { visitor: &visitor, has_cookie };
    asked.fields(&mut response, cookie);
    let route = route.as_deref().unwrap_or("none");
    let spent = begun.elapsed();
    app.metrics.request(method.as_str(), route, status.as_u16(), spent);
    tracing::info!(
        request = visitor.request,
        method = method.as_str(),
        route,
        status = status.as_u16(),
        milliseconds = spent.as_secs_f64() * 1000.0,
        account,
        "request"
    );
    response
}

/// Who asks, the cookie that they get instead of theirs, and why that cannot be told.
async fn identify(
    app: &App,
    request: &Parts,
    number: String,
) -> (Visitor, Option<HeaderValue>, Option<DatabaseError>) {
    let headers = &request.headers;
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let accepts = text(ACCEPT).unwrap_or_default();
    let wants_json = accepts.contains("application/json") && !accepts.contains("text/html");
    let as_json = wants_json || request.extensions.get::<AsksJson>().is_some();
    let peer = request.extensions.get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map_or(Ipv4Addr::UNSPECIFIED.into(), |ConnectInfo(address)| address.ip());
    let mut known = Known {
        format: if as_json { Format::Json } else { Format::Html },
        address: request.uri.to_string(),
        request: number,
        client: client(peer, headers, &app.config.trusted_proxies),
        agent: text(USER_AGENT).unwrap_or_default().to_owned(),
        account: None,
        credential: Credential::Nothing,
        form_cookie: Cookie::Form.of(headers, &app.config),
        flash: Cookie::Flash.of(headers, &app.config).and_then(|value| Flash::of_cookie(&value)),
        app: app.clone(),
    };
    let bearer = text(AUTHORIZATION)
        .and_then(|value| value.strip_prefix("Bearer"))
        .map(|token| token.trim().to_owned());
    let found = if let Some(bearer) = bearer {
        by_token(app, &mut known, bearer).await.map(|()| None)
    } else if let Some(cookie) = Cookie::Session.of(headers, &app.config) {
        let safe = request.method.is_safe();
        by_session(app, &mut known, cookie, safe).await
    } else {
        Ok(None)
    };
    let (cookie, failed) = match found {
        Ok(cookie) => (cookie, None),
        Err(error) => (None, Some(error)),
    };
    (Visitor(Arc::new(known)), cookie, failed)
}

async fn by_token(app: &App, known: &mut Known, bearer: String) -> Result<(), DatabaseError> {
    let now = app.now();
    let found = app.database.reading(move |c| token::find(c, &bearer, now)).await?;
    // A token that does not count is not the same as none: it may nothing at all.
    known.credential = Credential::Token(Vec::new());
    if let Some(found) = found {
        known.account = Some(found.account);
        known.credential = Credential::Token(found.scopes);
        if let Some(id) = found.unnoted {
            app.database.writing(move |t| token::used(t, id, now)).await?;
        }
    }
    Ok(())
}

async fn by_session(
    app: &App,
    known: &mut Known,
    cookie: String,
    safe: bool,
) -> Result<Option<HeaderValue>, DatabaseError> {
    let now = app.now();
    let asked = cookie.clone();
    let Some(found) = app.database.reading(move |c| session::find(c, &asked, now)).await? else {
        return Ok(Some(Cookie::Session.set("", 0, &app.config)));
    };
    let mut cookie = cookie;
    let mut changed = None;
    // Not where a form was sent: its token belongs to the cookie that it came with.
    if found.is_old && safe {
        let old = cookie.clone();
        cookie = app.database.writing(move |t| session::rotate(t, &old, now)).await?;
        changed = Some(session_cookie(&cookie, app));
    } else if found.is_unseen {
        let seen = cookie.clone();
        app.database.writing(move |t| session::seen(t, &seen, now)).await?;
    }
    known.credential = Credential::Session { cookie, number: found.number, complete: found.complete };
    if found.complete {
        known.account = Some(found.account);
    }
    Ok(changed)
}

/// The cookie of a session. The store decides when it ends; this only says when to forget it.
pub(super) fn session_cookie(cookie: &str, app: &App) -> HeaderValue {
    Cookie::Session.set(cookie, 30 * 24 * 3600, &app.config)
}

/// Where a request comes from: the last address that is none of our own proxies. What a stranger
/// writes into the field is before it, and not believed.
fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    if !trusted.contains(&peer) {
        return peer;
    }
    let fields = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let mut chain: Vec<&str> = fields.flat_map(|field| field.split(',')).map(str::trim).collect();
    while let Some(last) = chain.pop() {
        match last.parse() {
            Ok(address) if trusted.contains(&address) => {}
            Ok(address) => return address,
            Err(_) => break,
        }
    }
    peer
}

/// A failure becomes a page, or its JSON.
fn shown(visitor: &Visitor, response: Response) -> Response {
    let status = response.status();
    let problem = response.extensions().get::<Problem>().cloned();
    let is_bare = (status.is_client_error() || status.is_server_error())
        && !response.headers().get("content-type").is_some_and(|kind| {
            let kind = kind.as_bytes();
            kind.starts_with(b"text/html") || kind.starts_with(b"application/json")
        })
        && !visitor.address.starts_with("/healthz");
    let Some(problem) = problem.or_else(|| is_bare.then(|| Problem::of(status))) else { return response };
    let page = ErrorPage {
        status: status.as_u16(),
        title: problem.title.to_owned(),
        text: problem.text,
        request: visitor.request.clone(),
        sign_in: status == StatusCode::UNAUTHORIZED,
    };
    let Ok(mut answer) = visitor.page_with(status, &page) else { return response };
    for name in ["retry-after", "allow"] {
        if let Some(value) = response.headers().get(name) {
            answer.headers_mut().insert(HeaderName::from_static(name), value.clone());
        }
    }
    answer
}

/// Nothing from elsewhere, nothing inline, no frames.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
    connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

struct Asked<'v> {
    visitor: &'v Visitor,
    has_cookie: bool,
}

impl Asked<'_> {
    /// The fields of an answer.
    fn fields(&self, response: &mut Response, cookie: Option<HeaderValue>) {
        let (visitor, config) = (self.visitor, &self.visitor.app.config);
        let flash = response.extensions_mut().remove::<Flash>();
        let is_page = response
            .headers()
            .get("content-type")
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        let fields = response.headers_mut();
        for (name, value) in [
            ("content-security-policy", POLICY),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
        ] {
            fields.entry(name).or_insert(HeaderValue::from_static(value));
        }
        if fields.contains_key("access-control-allow-origin") {
            // Documents for everybody.
            fields.remove("cross-origin-resource-policy");
        }
        if config.is_https() {
            let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
            fields.insert("strict-transport-security", year);
        }
        if let Ok(number) = HeaderValue::from_str(&visitor.request) {
            fields.insert("x-request-id", number);
        }
        fields.append(VARY, HeaderValue::from_static("accept, cookie, authorization"));
        if !fields.contains_key(CACHE_CONTROL) {
            let private = self.has_cookie || visitor.account.is_some();
            let value = if private { "private, no-store" } else { "no-cache" };
            fields.insert(CACHE_CONTROL, HeaderValue::from_static(value));
        }
        // A cookie that the handler has set is newer.
        let sets_session = fields
            .get_all(SET_COOKIE)
            .iter()
            .any(|value| value.to_str().is_ok_and(|value| value.contains("snowguard-session=")));
        if let Some(cookie) = cookie.filter(|_| !sets_session) {
            fields.append(SET_COOKIE, cookie);
        }
        if let Some(value) = flash.and_then(|flash| flash.to_cookie()) {
            fields.append(SET_COOKIE, Cookie::Flash.set(&value, 60, config));
        } else if visitor.flash.is_some() && is_page {
            fields.append(SET_COOKIE, Cookie::Flash.set("", 0, config));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_sends_is_not_who_says_so() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap_or(Ipv4Addr::UNSPECIFIED.into());
        let asked = |peer: &str, chain: &'static str| {
            let headers = HeaderMap::from_iter([(
                HeaderName::from_static("x-forwarded-for"),
                HeaderValue::from_static(chain),
            )]);
            client(address(peer), &headers, &[address("127.0.0.1"), address("10.0.0.1")]).to_string()
        };
        assert_eq!(asked("192.0.2.9", "198.51.100.1"), "192.0.2.9");
        assert_eq!(asked("127.0.0.1", "203.0.113.66, 198.51.100.1"), "198.51.100.1");
        assert_eq!(asked("127.0.0.1", "198.51.100.1, 10.0.0.1"), "198.51.100.1");
        assert_eq!(asked("127.0.0.1", "198.51.100.1, nonsense"), "127.0.0.1");
        assert_eq!(asked("127.0.0.1", ""), "127.0.0.1");
    }

    #[test]
    fn the_ending_says_how_to_answer() {
        let path = |text: &str| {
            let request = Request::builder().uri(text).body(axum::body::Body::empty()).unwrap_or_default();
            let request = without_ending(request);
            (request.uri().to_string(), request.extensions().get::<AsksJson>().is_some())
        };
        assert_eq!(path("/cves/CVE-2024-1.json?x=1"), ("/cves/CVE-2024-1?x=1".to_owned(), true));
        assert_eq!(path("/index.json"), ("/".to_owned(), true));
        assert_eq!(path("/a.json.json"), ("/a.json".to_owned(), true));
        assert_eq!(path("/api/v1/openapi.json"), ("/api/v1/openapi.json".to_owned(), false));
        assert_eq!(path("/advisories/X/osv.json"), ("/advisories/X/osv.json".to_owned(), false));
        assert_eq!(path("/advisories/X.json"), ("/advisories/X".to_owned(), true));
        assert_eq!(path("/cves"), ("/cves".to_owned(), false));
    }
}
