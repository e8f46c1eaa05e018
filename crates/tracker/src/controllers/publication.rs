//! Advisories as documents: `/advisories/CODE/osv.json` and the like, `/advisories.atom`, and what
//! a provider of CSAF offers below `/.well-known/csaf`.

use super::routes::Routes;
use crate::app::App;
use crate::database::{Connection, DatabaseError};
use crate::models::advisory::{self, Code, State as AdvisoryState};
use crate::models::permission::Action;
use crate::models::publication::csaf::{self, provider};
use crate::models::publication::load::listed;
use crate::models::publication::openpgp::Key;
use crate::models::publication::{Published, Publisher, atom, cyclonedx, openvex, osv, plain, to_text};
use axum::extract::{Path, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    LAST_MODIFIED,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::fmt::rfc2822::{DateTimeParser, DateTimePrinter};
use sha2::{Digest, Sha256, Sha512};
use std::error::Error;
use std::path::Path as FilePath;

/// The most advisories of the feed.
const FEED: u32 = 50;
/// The most bytes of a key's file.
const MAXIMUM_KEY: u64 = 1000;
const JSON: &str = "application/json";
const ARMORED: &str = "application/pgp-signature";
const PLAIN: &str = "text/plain; charset=utf-8";

/// These addresses. None of them asks who reads.
pub(super) fn add(routes: Routes) -> Routes {
    routes
        .get("/advisories/{code}/{document}", Action::Read, document)
        .get(atom::PATH, Action::Read, feed)
        .get(provider::METADATA, Action::Read, metadata)
        .get(provider::KEY, Action::Read, key)
        .get("/.well-known/csaf/white/index.txt", Action::Read, index)
        .get("/.well-known/csaf/white/changes.csv", Action::Read, changes)
        .get("/.well-known/csaf/white/{year}/{file}", Action::Read, csaf_file)
}

/// Why there is no document.
enum Missing {
    /// Nobody published such a thing.
    Nothing,
    /// The database.
    Database(DatabaseError),
    /// The key that signs cannot be used.
    Key(Box<dyn Error + Send + Sync>),
}

impl From<DatabaseError> for Missing {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error)
    }
}

impl IntoResponse for Missing {
    fn into_response(self) -> Response {
        let error: Box<dyn Error + Send + Sync> = match self {
            Self::Nothing => return (StatusCode::NOT_FOUND, "nothing is published here\n").into_response(),
            Self::Database(error) => error.into(),
            Self::Key(error) => error,
        };
        tracing::error!(error = &*error as &dyn Error, "a document cannot be made");
        (StatusCode::INTERNAL_SERVER_ERROR, "the service cannot answer\n").into_response()
    }
}

/// The key that signs, if there is one. It is read each time: a file that is put in place of it
/// counts at once, and the secret is nowhere else.
fn signing_key(file: Option<&FilePath>) -> Result<Option<Key>, Missing> {
    let Some(file) = file else { return Ok(None) };
    let text = files::read_text(file, MAXIMUM_KEY).map_err(|error| Missing::Key(error.into()))?;
    Key::parse(&text).map(Some).map_err(|error| Missing::Key(error.into()))
}

/// A document, with what caches need.
struct Document {
    kind: &'static str,
    body: String,
    changed: Timestamp,
}

impl Document {
    /// The answer: without the body, if who asks has it.
    fn answer(self, asked: &HeaderMap) -> Response {
        let tag = format!("\"{}\"", crate::hex::encode(&Sha256::digest(&self.body)[..16]));
        let field = |name| asked.get(name).and_then(|value| value.to_str().ok());
        let second = |at: Timestamp| at.as_second();
        let known = match field(IF_NONE_MATCH) {
            // What is compared weakly: another coding of the same document is the same.
            Some(tags) => {
                tags.split(',').any(|one| one.trim() == "*" || one.trim().trim_start_matches("W/") == tag)
            }
            None => field(IF_MODIFIED_SINCE)
                .and_then(|time| DateTimeParser::new().parse_timestamp(time).ok())
                .is_some_and(|since| second(self.changed) <= second(since)),
        };
        let changed = DateTimePrinter::new().timestamp_to_rfc9110_string(&self.changed).unwrap_or_default();
        let fields = [
            (CONTENT_TYPE, self.kind.to_owned()),
            (ETAG, tag),
            (LAST_MODIFIED, changed),
            (CACHE_CONTROL, "public, max-age=60".to_owned()),
            (ACCESS_CONTROL_ALLOW_ORIGIN, "*".to_owned()),
        ];
        if known {
            return (StatusCode::NOT_MODIFIED, fields).into_response();
        }
        (fields, self.body).into_response()
    }
}

fn publisher(app: &App) -> Publisher {
    let url = app.config.url.clone().unwrap_or_else(|| format!("http://{}", app.config.listen));
    let url = url.trim_end_matches('/').to_owned();
    Publisher { name: app.config.title.clone(), url, contact: app.config.contact.clone() }
}

fn load(connection: &mut Connection, code: &str, publisher: Publisher) -> Result<Published, Missing> {
    let code: Code = code.parse().map_err(|_| Missing::Nothing)?;
    let advisory = advisory::by_code(connection, &code)?.ok_or(Missing::Nothing)?;
    Published::load(connection, &advisory, publisher)?.ok_or(Missing::Nothing)
}

async fn document(
    State(app): State<App>,
    Path((code, document)): Path<(String, String)>,
    asked: HeaderMap,
) -> Result<Response, Missing> {
    let publisher = publisher(&app);
    let published = app.database.reading(move |c| load(c, &code, publisher)).await?;
    // The ending says what it is; where it was taken off as the wish for JSON, the name does.
    let (kind, body) = match document.strip_suffix(".json").unwrap_or(&document) {
        "osv" => (JSON, to_text(&osv::record(&published))),
        "csaf" => (JSON, to_text(&csaf::document(&published))),
        "openvex" => (JSON, to_text(&openvex::document(&published).ok_or(Missing::Nothing)?)),
        "cyclonedx" => {
            ("application/vnd.cyclonedx+json; version=1.6", to_text(&cyclonedx::document(&published)))
        }
        "text.txt" => (PLAIN, plain::text(&published)),
        _ => return Err(Missing::Nothing),
    };
    Ok(Document { kind, body, changed: published.changed_at() }.answer(&asked))
}

async fn feed(State(app): State<App>, asked: HeaderMap) -> Result<Response, Missing> {
    let publisher = publisher(&app);
    let of = publisher.clone();
    let newest: Vec<Published> = app
        .database
        .reading(move |c| {
            let mut newest = Vec::new();
            for advisory in advisory::list(c, AdvisoryState::Published, None, FEED)? {
                newest.extend(Published::load(c, &advisory, of.clone())?);
            }
            Ok::<_, DatabaseError>(newest)
        })
        .await?;
    let changed = newest.iter().map(Published::changed_at).max().unwrap_or(Timestamp::UNIX_EPOCH);
    let body = atom::feed(&publisher, &newest);
    Ok(Document { kind: "application/atom+xml; charset=utf-8", body, changed }.answer(&asked))
}

/// A list of all documents, made by a function of it.
async fn list(
    app: App,
    asked: HeaderMap,
    kind: &'static str,
    make: impl FnOnce(&[provider::Listed], Timestamp) -> String,
) -> Result<Response, Missing> {
    let listed = app.database.reading(listed).await?;
    let changed = newest(&listed);
    let body = make(&listed, changed);
    Ok(Document { kind, body, changed }.answer(&asked))
}

fn newest(listed: &[provider::Listed]) -> Timestamp {
    listed.iter().map(|one| one.changed).max().unwrap_or(Timestamp::UNIX_EPOCH)
}

async fn metadata(State(app): State<App>, asked: HeaderMap) -> Result<Response, Missing> {
    let (publisher, file) = (publisher(&app), app.config.csaf_key.clone());
    let (key, listed) =
        app.database.reading(move |c| Ok::<_, Missing>((signing_key(file.as_deref())?, listed(c)?))).await?;
    let key = key.map(|key| provider::SigningKey {
        fingerprint: key.fingerprint(),
        url: format!("{}{}", publisher.url, provider::KEY),
    });
    let changed = newest(&listed);
    let body = provider::metadata(&publisher, changed, key.as_ref());
    Ok(Document { kind: JSON, body, changed }.answer(&asked))
}

/// The public key.
async fn key(State(app): State<App>, asked: HeaderMap) -> Result<Response, Missing> {
    let (publisher, file) = (publisher(&app), app.config.csaf_key.clone());
    let key = app.database.reading(move |_| signing_key(file.as_deref())).await?.ok_or(Missing::Nothing)?;
    let body = key.certificate(&publisher.name);
    Ok(Document { kind: ARMORED, body, changed: key.created() }.answer(&asked))
}

async fn index(State(app): State<App>, asked: HeaderMap) -> Result<Response, Missing> {
    list(app, asked, PLAIN, |listed, _| provider::index(listed)).await
}

async fn changes(State(app): State<App>, asked: HeaderMap) -> Result<Response, Missing> {
    list(app, asked, "text/csv; charset=utf-8", |listed, _| provider::changes(listed)).await
}

/// A document below its year, and its digests.
async fn csaf_file(
    State(app): State<App>,
    Path((year, file)): Path<(String, String)>,
    asked: HeaderMap,
) -> Result<Response, Missing> {
    let (name, ending) = file.split_once(".json").ok_or(Missing::Nothing)?;
    // A code has capital letters only, so the name tells it.
    let code = name.to_ascii_uppercase();
    let (publisher, key_file) = (publisher(&app), app.config.csaf_key.clone());
    let published = app.database.reading(move |c| load(c, &code, publisher)).await?;
    let own = csaf::file_name(&published.code);
    if year != provider::year(published.published_at()) || file.strip_suffix(ending) != Some(own.as_str()) {
        return Err(Missing::Nothing);
    }
    let text = to_text(&csaf::document(&published));
    let (kind, body) = match ending {
        "" => (JSON, text),
        ".sha256" => (PLAIN, provider::digest_line(&Sha256::digest(&text), &own)),
        ".sha512" => (PLAIN, provider::digest_line(&Sha512::digest(&text), &own)),
        ".asc" => {
            let key = app.database.reading(move |_| signing_key(key_file.as_deref())).await?;
            let at = published.changed_at().as_second().try_into().unwrap_or_default();
            (ARMORED, key.ok_or(Missing::Nothing)?.sign(text.as_bytes(), at))
        }
        _ => return Err(Missing::Nothing),
    };
    Ok(Document { kind, body, changed: published.changed_at() }.answer(&asked))
}
