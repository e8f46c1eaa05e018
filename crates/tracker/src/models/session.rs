//! Who has signed in, in which browser, for how long.

use super::account::{self, Account};
use super::ids::AccountId;
use crate::database::{Connection, DatabaseError, Row, Transaction};
use crate::params;
use crate::secret;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// A session ends so long after its owner signed in, whatever happens.
const LONGEST: SignedDuration = SignedDuration::from_hours(30 * 24);
/// And so long after it was last seen.
const IDLE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long a second factor is waited for.
const UNFINISHED: SignedDuration = SignedDuration::from_mins(5);
/// Being seen is written down this often.
const SEEN: SignedDuration = SignedDuration::from_mins(5);
/// A cookie is exchanged for another after this time.
const ROTATED: SignedDuration = SignedDuration::from_hours(24);
/// For so long the old one still counts: requests are under way that know no other.
const OVERLAP: SignedDuration = SignedDuration::from_secs(60);
/// The most characters of what a browser calls itself.
const AGENT: usize = 200;
/// The most sessions of an account: the oldest ends when there would be more.
const MOST: u32 = 20;

/// A session as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Session {
    /// Its number.
    pub number: i64,
    /// What the browser calls itself.
    pub agent: String,
    /// When its owner signed in.
    pub begun_at: Timestamp,
    /// When it was last seen.
    pub seen_at: Timestamp,
    /// When it ends, if it is not seen again.
    pub expires_at: Timestamp,
}

/// What a cookie stands for.
#[derive(Debug, Clone)]
pub struct Found {
    /// Whose it is.
    pub account: Account,
    /// Its number.
    pub number: i64,
    /// Whether the second factor was given, where there is one. If not, it is worth nothing but
    /// for that.
    pub complete: bool,
    /// Whether the cookie is to be exchanged for another.
    pub is_old: bool,
    /// Whether [`seen`] is to be called.
    pub is_unseen: bool,
}

/// Begins a session. Gives the cookie.
///
/// # Errors
/// Those of the database.
pub fn begin(
    transaction: &mut Transaction<'_>,
    account: AccountId,
    agent: &str,
    complete: bool,
    now: Timestamp,
) -> Result<String, DatabaseError> {
    let number: i64 = transaction.query_one(
        "INSERT INTO counter (name, value) VALUES ('session', 1)
         ON CONFLICT (name) DO UPDATE SET value = counter.value + 1 RETURNING value",
        params![],
        |row| row.get(0),
    )?;
    let agent: String = terminal::clean(agent).chars().take(AGENT).collect();
    let place = Place { number, account, agent, begun_at: now };
    let expires = later(now, if complete { IDLE } else { UNFINISHED });
    let cookie = insert(transaction, &place, complete, now, expires)?;
    transaction.execute(
        "DELETE FROM session WHERE account = $1 AND number NOT IN
             (SELECT number FROM session WHERE account = $1 ORDER BY number DESC LIMIT $2)",
        params![account, MOST],
    )?;
    Ok(cookie)
}

/// What stays when a cookie is exchanged.
struct Place {
    number: i64,
    account: AccountId,
    agent: String,
    begun_at: Timestamp,
}

fn insert(
    transaction: &mut Transaction<'_>,
    place: &Place,
    complete: bool,
    now: Timestamp,
    expires: Timestamp,
) -> Result<String, DatabaseError> {
    let cookie = secret::new();
    transaction.execute(
        "INSERT INTO session
             (hash, number, account, complete, agent, begun_at, created_at, seen_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)",
        params![
            &secret::hash(&cookie),
            place.number,
            place.account,
            complete,
            &place.agent,
            place.begun_at,
            now,
            expires
        ],
    )?;
    Ok(cookie)
}

/// What a cookie stands for, if it still does.
///
/// # Errors
/// Those of the database.
pub fn find(
    connection: &mut Connection,
    cookie: &str,
    now: Timestamp,
) -> Result<Option<Found>, DatabaseError> {
    let found: Option<(AccountId, i64, bool, Timestamp, Timestamp)> = connection.query_optional(
        "SELECT account, number, complete, created_at, seen_at FROM session
         WHERE hash = $1 AND expires_at > $2",
        params![&secret::hash(cookie), now],
        |row| Ok::<_, DatabaseError>((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)),
    )?;
    let Some((id, number, complete, created_at, seen_at)) = found else { return Ok(None) };
    let Some(account) = account::load(connection, id)?.filter(|account| account.disabled_at.is_none()) else {
        return Ok(None);
    };
    let age = |since: Timestamp| now.duration_since(since);
    let is_old = complete && age(created_at) >= ROTATED;
    Ok(Some(Found { account, number, complete, is_old, is_unseen: complete && age(seen_at) >= SEEN }))
}

/// Notes that a session was seen.
///
/// # Errors
/// Those of the database.
pub fn seen(transaction: &mut Transaction<'_>, cookie: &str, now: Timestamp) -> Result<(), DatabaseError> {
    transaction
        .execute(
            "UPDATE session SET seen_at = $2, expires_at = CASE WHEN begun_at + $4 < $3
                 THEN begun_at + $4 ELSE $3 END
             WHERE hash = $1 AND complete AND expires_at > $2",
            params![&secret::hash(cookie), now, later(now, IDLE), milliseconds(LONGEST)],
        )
        .map(drop)
}

/// Exchanges a cookie for another, for a session whose second factor was given too. The old one
/// counts a minute longer, unless it was of an unfinished session.
///
/// # Errors
/// Those of the database; [`DatabaseError::NoRow`] where the session has ended.
pub fn rotate(
    transaction: &mut Transaction<'_>,
    cookie: &str,
    now: Timestamp,
) -> Result<String, DatabaseError> {
    let hash = secret::hash(cookie);
    let (place, complete) = transaction.query_one(
        "SELECT number, account, agent, begun_at, complete FROM session WHERE hash = $1 AND expires_at > $2",
        params![&hash, now],
        |row| {
            let place = Place {
                number: row.get(0)?,
                account: row.get(1)?,
                agent: row.get(2)?,
                begun_at: row.get(3)?,
            };
            Ok::<_, DatabaseError>((place, row.get::<bool>(4)?))
        },
    )?;
    if complete {
        transaction.execute(
            "UPDATE session SET expires_at = $2 WHERE hash = $1 AND expires_at > $2",
            params![&hash, later(now, OVERLAP)],
        )?;
    } else {
        transaction.execute("DELETE FROM session WHERE hash = $1", params![&hash])?;
    }
    let expires = later(now, IDLE).min(later(place.begun_at, LONGEST));
    insert(transaction, &place, true, now, expires)
}

/// Ends the session of a cookie.
///
/// # Errors
/// Those of the database.
pub fn end(
    transaction: &mut Transaction<'_>,
    account: AccountId,
    number: i64,
) -> Result<bool, DatabaseError> {
    let ended = transaction
        .execute("DELETE FROM session WHERE account = $1 AND number = $2", params![account, number])?;
    Ok(ended > 0)
}

/// The sessions of an account, the last seen first.
///
/// # Errors
/// Those of the database.
pub fn of_account(
    connection: &mut Connection,
    account: AccountId,
    now: Timestamp,
) -> Result<Vec<Session>, DatabaseError> {
    connection.query(
        "SELECT number, max(agent), min(begun_at), max(seen_at), max(expires_at) FROM session
         WHERE account = $1 AND complete AND expires_at > $2 GROUP BY number
         ORDER BY max(seen_at) DESC, number DESC LIMIT 100",
        params![account, now],
        |row: &Row<'_>| {
            Ok(Session {
                number: row.get(0)?,
                agent: row.get(1)?,
                begun_at: row.get(2)?,
                seen_at: row.get(3)?,
                expires_at: row.get(4)?,
            })
        },
    )
}

/// Removes sessions that have ended. Gives how many.
///
/// # Errors
/// Those of the database.
pub fn sweep(transaction: &mut Transaction<'_>, now: Timestamp) -> Result<u64, DatabaseError> {
    transaction.execute("DELETE FROM session WHERE expires_at <= $1", params![now])
}

/// A time so much later; the end of time where there is none.
pub(crate) fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

fn milliseconds(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
