//! Tokens for programs: each with scopes, and an end.

use super::account::{self, Account};
use super::history::{self, Change, Subject, SubjectKind};
use super::ids::AccountId;
use super::permission::Scope;
use super::session::later;
use crate::database::{Connection, DatabaseError, Row, Transaction};
use crate::params;
use crate::secret;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// What every token begins with, so that those who look for leaked secrets can find it.
pub const PREFIX: &str = "snowguard_";
/// The longest that one may live, in days.
pub const MOST_DAYS: u16 = 366;
/// The most that an account has.
const MOST: i64 = 50;
/// The most characters of a name.
const NAME: usize = 80;

/// A token as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Token {
    /// Its number.
    pub id: i64,
    /// What its owner calls it.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was last used, to the hour.
    pub used_at: Option<Timestamp>,
}

/// Why a token is not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// It has no name.
    #[error("a token needs a name of at most {NAME} characters")]
    Name,
    /// It has no scopes.
    #[error("a token needs a scope")]
    Scopes,
    /// It lives too long, or not at all.
    #[error("a token lives from one day to {MOST_DAYS}")]
    Days,
    /// There are too many.
    #[error("an account has at most {MOST} tokens: revoke one first")]
    Many,
    /// The database says no.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// Makes a token. Its text is given once, here.
///
/// # Errors
/// Where it is none that one should have; those of the database.
pub fn create(
    transaction: &mut Transaction<'_>,
    account: AccountId,
    name: &str,
    scopes: &[Scope],
    days: u16,
    now: Timestamp,
) -> Result<String, TokenError> {
    let name = terminal::clean(name.trim());
    if name.is_empty() || name.chars().count() > NAME {
        return Err(TokenError::Name);
    }
    if scopes.is_empty() {
        return Err(TokenError::Scopes);
    }
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(TokenError::Days);
    }
    let there: i64 = transaction
        .query_one(
            "SELECT count(*) FROM token WHERE account = $1 AND revoked_at IS NULL AND expires_at > $2",
            params![account, now],
            |row| row.get(0),
        )
        .map_err(|error: DatabaseError| error)?;
    if there >= MOST {
        return Err(TokenError::Many);
    }
    let token = format!("{PREFIX}{}", secret::new());
    let names: Vec<&str> = scopes.iter().map(|scope| scope.name()).collect();
    let expires = later(now, SignedDuration::from_hours(24 * i64::from(days)));
    let id: i64 = transaction
        .query_one(
            "INSERT INTO token (hash, account, name, scopes, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
            params![&secret::hash(&token), account, &name, names.join(" "), now, expires],
            |row| row.get(0),
        )
        .map_err(|error: DatabaseError| error)?;
    let content = serde_json::json!({ "token": id, "scopes": names, "expires": expires });
    note(transaction, account, "create-token", content, now)?;
    Ok(token)
}

/// Ends a token of this account.
///
/// # Errors
/// Those of the database.
pub fn revoke(
    transaction: &mut Transaction<'_>,
    account: AccountId,
    id: i64,
    now: Timestamp,
) -> Result<bool, DatabaseError> {
    let revoked = transaction.execute(
        "UPDATE token SET revoked_at = $3 WHERE id = $1 AND account = $2 AND revoked_at IS NULL",
        params![id, account, now],
    )?;
    if revoked > 0 {
        note(transaction, account, "revoke-token", serde_json::json!({ "token": id }), now)?;
    }
    Ok(revoked > 0)
}

fn note(
    transaction: &mut Transaction<'_>,
    account: AccountId,
    action: &str,
    content: serde_json::Value,
    at: Timestamp,
) -> Result<(), DatabaseError> {
    let subject = Subject::new(SubjectKind::Account, account.0);
    history::append(transaction, &Change { at, actor: Some(account), subject, action, content }).map(drop)
}

/// What a token stands for.
#[derive(Debug, Clone)]
pub struct Found {
    /// Whose it is.
    pub account: Account,
    /// What for.
    pub scopes: Vec<Scope>,
    /// Its number, if its use is to be noted ([`used`]).
    pub unnoted: Option<i64>,
}

/// What a token stands for, if it counts.
///
/// # Errors
/// Those of the database.
pub fn find(
    connection: &mut Connection,
    token: &str,
    now: Timestamp,
) -> Result<Option<Found>, DatabaseError> {
    if !token.starts_with(PREFIX) {
        return Ok(None);
    }
    let found: Option<(i64, AccountId, String, Option<Timestamp>)> = connection.query_optional(
        "SELECT id, account, scopes, used_at FROM token
         WHERE hash = $1 AND expires_at > $2 AND revoked_at IS NULL",
        params![&secret::hash(token), now],
        |row| Ok::<_, DatabaseError>((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
    )?;
    let Some((id, owner, names, used)) = found else { return Ok(None) };
    let account = account::load(connection, owner)?.filter(|account| account.disabled_at.is_none());
    let unseen = used.is_none_or(|used| now.duration_since(used) >= SignedDuration::from_hours(1));
    Ok(account.map(|account| Found { account, scopes: scopes(&names), unnoted: unseen.then_some(id) }))
}

/// Notes that a token was used.
///
/// # Errors
/// Those of the database.
pub fn used(transaction: &mut Transaction<'_>, id: i64, now: Timestamp) -> Result<(), DatabaseError> {
    transaction.execute("UPDATE token SET used_at = $2 WHERE id = $1", params![id, now]).map(drop)
}

/// The tokens of an account that count, the newest first.
///
/// # Errors
/// Those of the database.
pub fn of_account(
    connection: &mut Connection,
    account: AccountId,
    now: Timestamp,
) -> Result<Vec<Token>, DatabaseError> {
    connection.query(
        "SELECT id, name, scopes, created_at, expires_at, used_at FROM token
         WHERE account = $1 AND revoked_at IS NULL AND expires_at > $2 ORDER BY id DESC LIMIT 100",
        params![account, now],
        |row: &Row<'_>| {
            Ok(Token {
                id: row.get(0)?,
                name: row.get(1)?,
                scopes: scopes(&row.get::<String>(2)?),
                created_at: row.get(3)?,
                expires_at: row.get(4)?,
                used_at: row.get(5)?,
            })
        },
    )
}

fn scopes(names: &str) -> Vec<Scope> {
    names.split(' ').filter_map(Scope::of_name).collect()
}
