//! `/account`: one's own sessions, tokens, password and second factor.

use super::entry::session_cookie;
use super::failure::Failure;
use super::flash::Flash;
use super::visitor::{Credential, Visitor};
use crate::database::DatabaseError;
use crate::models::account::{self, AccountError, password, totp};
use crate::models::permission::Scope;
use crate::models::{session, token};
use crate::rates::{Key, Rate};
use crate::views::account::{AccountPage, CodeSetup, picture};
use axum::Form;
use axum::extract::Path;
use axum::extract::rejection::{FormRejection, PathRejection};
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use serde::Deserialize;

/// Attempts to give one's password or a code again.
const ATTEMPTS: Rate = Rate { burst: 8, per_minute: 1 };

/// The page.
pub(super) async fn show(visitor: Visitor) -> Result<Response, Failure> {
    shown(&visitor, None).await
}

async fn shown(visitor: &Visitor, made: Option<String>) -> Result<Response, Failure> {
    let account = visitor.signed_in()?.clone();
    let (id, now) = (account.id, visitor.app.now());
    let read = visitor.app.database.reading(move |connection| {
        let sessions = session::of_account(connection, id, now)?;
        Ok::<_, DatabaseError>((sessions, token::of_account(connection, id, now)?))
    });
    let (sessions, tokens) = read.await?;
    let current = visitor.session();
    visitor.page(&AccountPage { account, sessions, tokens, current, made, scopes: Scope::ALL })
}

#[derive(Deserialize)]
pub(super) struct Passwords {
    old: String,
    new: String,
}

/// Another password. All other sessions end.
pub(super) async fn set_password(
    visitor: Visitor,
    given: Result<Form<Passwords>, FormRejection>,
) -> Result<Response, Failure> {
    let Form(Passwords { old, new }) = given?;
    let account = visitor.signed_in()?.clone();
    let (app, now, session) = (&visitor.app, visitor.app.now(), visitor.session());
    app.rates
        .take(Key::Account(format!("password {}", account.id)), ATTEMPTS, now)
        .map_err(Failure::TooMany)?;
    let changed = app.database.writing(move |transaction| {
        let kept = account::kept_password(transaction, account.id)?;
        if !password::verify(&old, kept.as_deref()) {
            return Ok(false);
        }
        account::set_password(transaction, &account, &new, session, now)?;
        Ok::<_, AccountError>(true)
    });
    if !changed.await? {
        return Err(Failure::Invalid("The old password is not right".to_owned()));
    }
    rotated(&visitor, "Your password is another now. Other sessions have ended.").await
}

/// Back to the page, with another cookie: what somebody may have copied before is worth nothing.
async fn rotated(visitor: &Visitor, text: &str) -> Result<Response, Failure> {
    let mut response = visitor.go("/account", Some(Flash::done(text)));
    if let Credential::Session { cookie, .. } = &visitor.credential {
        let (old, now) = (cookie.clone(), visitor.app.now());
        let cookie =
            visitor.app.database.writing(move |transaction| session::rotate(transaction, &old, now)).await?;
        response.headers_mut().append(SET_COOKIE, session_cookie(&cookie, &visitor.app));
    }
    Ok(response)
}

/// Ends a session.
pub(super) async fn end_session(
    visitor: Visitor,
    number: Result<Path<i64>, PathRejection>,
) -> Result<Response, Failure> {
    let (Path(number), account) = (number?, visitor.actor()?);
    let ended =
        visitor.app.database.writing(move |transaction| session::end(transaction, account, number)).await?;
    if !ended {
        return Err(Failure::Missing("such session".to_owned()));
    }
    Ok(visitor.go("/account", Some(Flash::done("The session has ended."))))
}

/// Ends all sessions but this.
pub(super) async fn end_others(visitor: Visitor) -> Result<Response, Failure> {
    let (account, but) = (visitor.actor()?, visitor.session());
    let ended =
        visitor.app.database.writing(move |transaction| account::end_sessions(transaction, account, but));
    let text = match ended.await? {
        0 => "There was no other session.".to_owned(),
        1 => "The other session has ended.".to_owned(),
        ended => format!("{ended} sessions have ended."),
    };
    Ok(visitor.go("/account", Some(Flash::done(text))))
}

/// A new token. Its text is on the page that answers, and nowhere else.
pub(super) async fn create_token(
    visitor: Visitor,
    given: Result<Form<Vec<(String, String)>>, FormRejection>,
) -> Result<Response, Failure> {
    let (Form(given), account, now) = (given?, visitor.actor()?, visitor.app.now());
    let field = |wanted: &str| {
        given.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let scopes: Vec<Scope> = given
        .iter()
        .filter(|(name, _)| name == "scope")
        .filter_map(|(_, value)| Scope::of_name(value))
        .collect();
    let (name, days) = (field("name"), field("days").parse().unwrap_or(0));
    let made = visitor
        .app
        .database
        .writing(move |transaction| token::create(transaction, account, &name, &scopes, days, now));
    let made = made.await?;
    shown(&visitor, Some(made)).await
}

/// Ends a token.
pub(super) async fn revoke_token(
    visitor: Visitor,
    id: Result<Path<i64>, PathRejection>,
) -> Result<Response, Failure> {
    let (Path(id), account, now) = (id?, visitor.actor()?, visitor.app.now());
    let revoked =
        visitor.app.database.writing(move |transaction| token::revoke(transaction, account, id, now)).await?;
    if !revoked {
        return Err(Failure::Missing("such token".to_owned()));
    }
    Ok(visitor.go("/account", Some(Flash::done("The token is revoked."))))
}

/// Setting up an app for codes.
pub(super) async fn show_code(visitor: Visitor) -> Result<Response, Failure> {
    code_page(&visitor, false, StatusCode::OK).await
}

async fn code_page(visitor: &Visitor, wrong: bool, status: StatusCode) -> Result<Response, Failure> {
    let account = visitor.signed_in()?;
    if account.has_totp {
        return Ok(visitor.go("/account", Some(Flash::done("Codes are asked for already."))));
    }
    let id = account.id;
    let secret =
        visitor.app.database.writing(move |transaction| account::begin_totp(transaction, id)).await?;
    let address = totp::address(&secret, &visitor.app.config.title, &account.name);
    let typed: Vec<char> = totp::in_base32(&secret).chars().collect();
    let groups: Vec<String> = typed.chunks(4).map(|group| group.iter().collect()).collect();
    let page = CodeSetup { secret: groups.join(" "), picture: picture(&address), wrong };
    visitor.page_with(status, &page)
}

#[derive(Deserialize)]
pub(super) struct GivenCode {
    code: String,
}

/// The app has shown its first code.
pub(super) async fn confirm_code(
    visitor: Visitor,
    given: Result<Form<GivenCode>, FormRejection>,
) -> Result<Response, Failure> {
    let (Form(GivenCode { code }), account, now) = (given?, visitor.actor()?, visitor.app.now());
    attempt(&visitor)?;
    let done = visitor
        .app
        .database
        .writing(move |transaction| account::confirm_totp(transaction, account, &code, now));
    match done.await {
        Ok(()) => rotated(&visitor, "From now on, signing in asks for a code.").await,
        Err(AccountError::Code) => code_page(&visitor, true, StatusCode::UNPROCESSABLE_ENTITY).await,
        Err(error) => Err(error.into()),
    }
}

/// No codes any more; the last one says that this is wanted.
pub(super) async fn remove_code(
    visitor: Visitor,
    given: Result<Form<GivenCode>, FormRejection>,
) -> Result<Response, Failure> {
    let (Form(GivenCode { code }), account, now) = (given?, visitor.actor()?, visitor.app.now());
    attempt(&visitor)?;
    let done = visitor.app.database.writing(move |transaction| {
        account::take_code(transaction, account, &code, now)?;
        Ok::<_, AccountError>(account::remove_totp(transaction, account, Some(account), now)?)
    });
    done.await?;
    rotated(&visitor, "Signing in asks for no code any more.").await
}

fn attempt(visitor: &Visitor) -> Result<(), Failure> {
    let key = Key::Account(format!("code {}", visitor.actor()?));
    visitor.app.rates.take(key, ATTEMPTS, visitor.app.now()).map_err(Failure::TooMany)
}
