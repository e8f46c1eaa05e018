//! Signing in with a password, and out.

use super::cookies::Cookie;
use super::entry::session_cookie;
use super::failure::Failure;
use super::flash::Flash;
use super::is_local;
use super::visitor::{Credential, Known, Visitor};
use crate::models::account::{self, AccountError, password};
use crate::models::ids::AccountId;
use crate::models::session;
use crate::rates::{Key, Rate};
use crate::views::sign_in::{Code, SignIn};
use axum::Form;
use axum::extract::Query;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use serde::Deserialize;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// How long a form may stay open, in seconds.
const FORM: u32 = 3600;
/// Attempts to sign in to one account.
const PER_ACCOUNT: Rate = Rate { burst: 8, per_minute: 1 };
/// Attempts from one address.
const PER_CLIENT: Rate = Rate { burst: 20, per_minute: 4 };
/// Passwords that are checked at once: each takes 19 MiB and a core.
static CHECKS: Semaphore = Semaphore::const_new(2);

#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    next: Option<String>,
}

/// Where to go then: a page of this site, and not back to signing in.
fn next(asked: Option<&str>) -> String {
    let next = asked.filter(|next| is_local(next) && !next.starts_with("/sign-"));
    next.unwrap_or("/").to_owned()
}

/// The form.
pub(super) async fn show(
    visitor: Visitor,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(Asked { next: asked }) = query?;
    let next = next(asked.as_deref());
    if visitor.account.is_some() {
        return Ok(visitor.go(&next, None));
    }
    form(&visitor, next, String::new(), None, StatusCode::OK)
}

/// The form, and the cookie that it is bound to.
fn form(
    visitor: &Visitor,
    next: String,
    name: String,
    wrong: Option<&'static str>,
    status: StatusCode,
) -> Result<Response, Failure> {
    let page = SignIn { wrong, next, name, github: false };
    if visitor.form_key().is_some() {
        return visitor.page_with(status, &page);
    }
    let cookie = crate::secret::new();
    let known = Known { form_cookie: Some(cookie.clone()), ..copy(visitor) };
    let mut response = Visitor(Arc::new(known)).page_with(status, &page)?;
    let field = Cookie::Form.set(&cookie, FORM, &visitor.app.config);
    response.headers_mut().append(SET_COOKIE, field);
    Ok(response)
}

/// What is known of somebody who has no session.
fn copy(visitor: &Visitor) -> Known {
    Known {
        app: visitor.app.clone(),
        format: visitor.format,
        address: visitor.address.clone(),
        request: visitor.request.clone(),
        client: visitor.client,
        agent: visitor.agent.clone(),
        account: None,
        credential: Credential::Nothing,
        form_cookie: None,
        flash: visitor.flash.clone(),
    }
}

#[derive(Deserialize)]
pub(super) struct Given {
    name: String,
    password: String,
    next: Option<String>,
}

/// A name and a password. What is wrong is not told: neither which names there are.
pub(super) async fn sign_in(
    visitor: Visitor,
    given: Result<Form<Given>, FormRejection>,
) -> Result<Response, Failure> {
    let Form(Given { name, password, next: asked }) = given?;
    let (app, now) = (&visitor.app, visitor.app.now());
    let next = next(asked.as_deref());
    let name: String = name.trim().to_ascii_lowercase().chars().take(64).collect();
    app.rates.take(Key::sign_in(visitor.client), PER_CLIENT, now).map_err(Failure::TooMany)?;
    app.rates.take(Key::Account(name.clone()), PER_ACCOUNT, now).map_err(Failure::TooMany)?;
    let wanted = name.clone();
    let found = app.database.reading(move |connection| {
        let found = account::of_name(connection, &wanted)?.filter(|account| account.disabled_at.is_none());
        let kept = match &found {
            Some(account) => account::kept_password(connection, account.id)?,
            None => None,
        };
        Ok::<_, crate::database::DatabaseError>((found, kept))
    });
    let (found, kept) = found.await?;
    let permit = CHECKS.acquire().await.map_err(|error| Failure::internal(&error))?;
    let right = tokio::task::spawn_blocking(move || password::verify(&password, kept.as_deref()));
    let right = right.await.map_err(|error| Failure::internal(&error))?;
    drop(permit);
    let Some(account) = found.filter(|_| right) else {
        tracing::info!(request = visitor.request, "an attempt to sign in failed");
        let wrong = Some("Name or password is not right.");
        return form(&visitor, next, name, wrong, StatusCode::UNPROCESSABLE_ENTITY);
    };
    begin(&visitor, account.id, !account.has_totp, &next).await
}

/// Begins a session; one that is not complete goes on to the second factor.
pub(super) async fn begin(
    visitor: &Visitor,
    account: AccountId,
    complete: bool,
    next: &str,
) -> Result<Response, Failure> {
    let (app, now, agent) = (&visitor.app, visitor.app.now(), visitor.agent.clone());
    let old = visitor.session();
    let owner = visitor.account.as_ref().map(|account| account.id);
    let cookie = app.database.writing(move |transaction| {
        if let (Some(owner), Some(number)) = (owner, old) {
            session::end(transaction, owner, number)?;
        }
        session::begin(transaction, account, &agent, complete, now)
    });
    let cookie: String =
        cookie.await.map_err(|error: crate::database::DatabaseError| Failure::from(error))?;
    let to = if complete {
        next.to_owned()
    } else {
        let next: String = next.bytes().map(super::home::encoded).collect();
        format!("/sign-in/code?next={next}")
    };
    let mut response = visitor.go(&to, None);
    let fields = response.headers_mut();
    fields.append(SET_COOKIE, session_cookie(&cookie, app));
    fields.append(SET_COOKIE, Cookie::Form.set("", 0, &app.config));
    Ok(response)
}

/// The cookie and account of a session that waits for its second factor.
async fn waiting(visitor: &Visitor) -> Result<Option<(String, AccountId)>, Failure> {
    let Credential::Session { cookie, complete: false, .. } = &visitor.credential else { return Ok(None) };
    let (asked, now) = (cookie.clone(), visitor.app.now());
    let found =
        visitor.app.database.reading(move |connection| session::find(connection, &asked, now)).await?;
    Ok(found.map(|found| (cookie.clone(), found.account.id)))
}

/// The form for the second factor.
pub(super) async fn show_code(
    visitor: Visitor,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(Asked { next: asked }) = query?;
    if waiting(&visitor).await?.is_none() {
        return Ok(visitor.go("/sign-in", None));
    }
    visitor.page(&Code { wrong: false, next: next(asked.as_deref()) })
}

#[derive(Deserialize)]
pub(super) struct GivenCode {
    code: String,
    next: Option<String>,
}

/// The second factor.
pub(super) async fn take_code(
    visitor: Visitor,
    given: Result<Form<GivenCode>, FormRejection>,
) -> Result<Response, Failure> {
    let Form(GivenCode { code, next: asked }) = given?;
    let next = next(asked.as_deref());
    let Some((cookie, account)) = waiting(&visitor).await? else {
        return Ok(visitor.go("/sign-in", None));
    };
    let (app, now) = (&visitor.app, visitor.app.now());
    app.rates.take(Key::Account(format!("code {account}")), PER_ACCOUNT, now).map_err(Failure::TooMany)?;
    let done = app.database.writing(move |transaction| {
        account::take_code(transaction, account, &code, now)?;
        Ok::<_, AccountError>(session::rotate(transaction, &cookie, now)?)
    });
    match done.await {
        Ok(cookie) => {
            let mut response = visitor.go(&next, None);
            response.headers_mut().append(SET_COOKIE, session_cookie(&cookie, app));
            Ok(response)
        }
        Err(AccountError::Code) => {
            visitor.page_with(StatusCode::UNPROCESSABLE_ENTITY, &Code { wrong: true, next })
        }
        Err(error) => Err(error.into()),
    }
}

/// The end of a session.
pub(super) async fn sign_out(visitor: Visitor) -> Result<Response, Failure> {
    let account = visitor.actor()?;
    if let Some(number) = visitor.session() {
        visitor.app.database.writing(move |transaction| session::end(transaction, account, number)).await?;
    }
    let mut response = visitor.go("/", Some(Flash::done("You have signed out.")));
    response.headers_mut().append(SET_COOKIE, Cookie::Session.set("", 0, &visitor.app.config));
    Ok(response)
}
