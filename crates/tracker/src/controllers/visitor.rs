//! Who asks, and how they are answered: as a page, or as the same in JSON.

use super::failure::Failure;
use super::flash::Flash;
use crate::app::App;
use crate::assets;
use crate::models::account::Account;
use crate::models::ids::AccountId;
use crate::models::permission::{Action, Grant, Roles, Scope};
use crate::views::frame::{Contact, Link, NAVIGATION};
use crate::views::{Frame, Page};
use axum::extract::FromRequestParts;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

/// How an answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// A page.
    Html,
    /// The same answer, for programs.
    Json,
}

/// What speaks for somebody.
#[derive(Debug, Clone)]
pub(crate) enum Credential {
    /// Nothing.
    Nothing,
    /// A session: its cookie and its number, and whether it is complete.
    Session { cookie: String, number: i64, complete: bool },
    /// A token.
    Token(Vec<Scope>),
}

/// Who asks. A clone is the same one.
#[derive(Debug, Clone)]
pub(crate) struct Visitor(pub(super) Arc<Known>);

/// What is known of a request and who made it.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) app: App,
    pub(crate) format: Format,
    /// The path and what follows it, without `.json`.
    pub(crate) address: String,
    /// The request's number, in messages and in the log.
    pub(crate) request: String,
    /// Where the request comes from.
    pub(crate) client: IpAddr,
    /// The browser, as it calls itself.
    pub(crate) agent: String,
    /// The account, if somebody has signed in.
    pub(crate) account: Option<Account>,
    pub(crate) credential: Credential,
    /// The cookie that proves that a form is from here, of those who have no session.
    pub(crate) form_cookie: Option<String>,
    /// What a page before this one has to say.
    pub(crate) flash: Option<Flash>,
}

impl Deref for Visitor {
    type Target = Known;

    fn deref(&self) -> &Known {
        &self.0
    }
}

impl Known {
    /// What they are.
    pub(crate) fn roles(&self) -> Roles {
        self.account.as_ref().map_or(Roles::ANONYMOUS, |account| account.roles)
    }

    /// What they may.
    pub(crate) fn grant(&self, action: Action) -> Grant {
        if let Credential::Token(scopes) = &self.credential
            && !action.scope().is_some_and(|scope| scopes.contains(&scope))
        {
            return Grant::Never;
        }
        self.roles().grant(action)
    }

    /// Whether they may do something at all, if perhaps only for packages of their own.
    pub(crate) fn may(&self, action: Action) -> bool {
        self.grant(action) != Grant::Never
    }

    /// The account that does something.
    pub(crate) fn actor(&self) -> Result<AccountId, Failure> {
        self.account.as_ref().map(|account| account.id).ok_or(Failure::SignIn)
    }

    /// The account.
    pub(crate) fn signed_in(&self) -> Result<&Account, Failure> {
        self.account.as_ref().ok_or(Failure::SignIn)
    }

    /// The number of this session.
    pub(crate) fn session(&self) -> Option<i64> {
        match &self.credential {
            Credential::Session { number, .. } => Some(*number),
            _ => None,
        }
    }

    /// The cookie that forms are bound to.
    pub(crate) fn form_key(&self) -> Option<&str> {
        match &self.credential {
            Credential::Session { cookie, .. } => Some(cookie),
            _ => self.form_cookie.as_deref(),
        }
    }
}

impl Visitor {
    /// Answers with a page, or the same in JSON.
    pub(crate) fn page<P: Page>(&self, page: &P) -> Result<Response, Failure> {
        self.page_with(StatusCode::OK, page)
    }

    /// As [`page`](Self::page), with another status.
    pub(crate) fn page_with<P: Page>(&self, status: StatusCode, page: &P) -> Result<Response, Failure> {
        let (kind, body) = match self.format {
            Format::Json => {
                let mut body = serde_json::to_vec(page).map_err(|error| Failure::internal(&error))?;
                body.push(b'\n');
                ("application/json", body)
            }
            Format::Html => {
                let frame = around(self);
                let body = page.html(&frame).map_err(|error| Failure::internal(&error))?;
                ("text/html; charset=utf-8", body.into_bytes())
            }
        };
        Ok((status, [(CONTENT_TYPE, HeaderValue::from_static(kind))], body).into_response())
    }

    /// Sends them on after something was done, with what to say there.
    #[allow(clippy::unused_self, reason = "as the other answers")]
    pub(crate) fn go(&self, to: &str, flash: Option<Flash>) -> Response {
        let mut response = StatusCode::SEE_OTHER.into_response();
        let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
        response.headers_mut().insert(LOCATION, to);
        if let Some(flash) = flash {
            response.extensions_mut().insert(flash);
        }
        response
    }
}

/// Around a page for somebody.
fn around(visitor: &Visitor) -> Frame {
    let config = &visitor.app.config;
    let (path, query) = visitor.address.split_once('?').unwrap_or((&visitor.address, ""));
    let is_here = |to: &str| path == to || path.strip_prefix(to).is_some_and(|rest| rest.starts_with('/'));
    let links = NAVIGATION.iter().filter(|(_, _, action)| visitor.may(*action));
    let links = links.map(|(to, name, _)| Link { to, name, current: is_here(to) }).collect();
    let stem = if path == "/" { "/index" } else { path };
    let json = if query.is_empty() { format!("{stem}.json") } else { format!("{stem}.json?{query}") };
    let flash = visitor.flash.clone();
    Frame {
        site: config.title.clone(),
        contact: config.contact.as_deref().map(Contact::new),
        links,
        visitor: visitor.account.as_ref().map(|account| account.name.clone()),
        undo: flash.as_ref().and_then(|flash| flash.undo.clone()),
        flash: flash.map(|flash| flash.text),
        json,
        here: visitor.address.clone(),
        style: assets::STYLE.address(),
        script: assets::SCRIPT.address(),
        mark: assets::MARK.address(),
        now: visitor.app.now(),
        request: visitor.request.clone(),
        form_key: visitor.form_key().map(str::to_owned),
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        parts.extensions.get::<Self>().cloned().ok_or(Failure::Internal)
    }
}
