//! Accounts: people who sign in with GitHub or with a password, and the roles that they have.

pub mod password;
pub mod totp;

use super::history::{self, Change, Subject, SubjectKind};
use super::ids::AccountId;
use super::permission::{Role, Roles};
use crate::database::{Connection, DatabaseError, Row, Transaction};
use crate::params;
use jiff::Timestamp;
use password::PasswordError;
use serde::Serialize;
use serde_json::json;

/// The most characters of a name.
const NAME: usize = 39;

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Its number.
    pub id: AccountId,
    /// How it is shown.
    pub name: String,
    /// GitHub's number of the person.
    pub github_id: Option<i64>,
    /// Their name there, when they last signed in.
    pub github_login: Option<String>,
    /// The name of a local account.
    pub local_name: Option<String>,
    /// What it is.
    pub roles: Roles,
    /// Whether a second factor is asked for.
    pub has_totp: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was disabled.
    pub disabled_at: Option<Timestamp>,
}

/// Why an account is not made or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// The name is none.
    #[error("a name has 1 to {NAME} letters, digits, dots, dashes and underscores")]
    Name,
    /// There is one of this name.
    #[error("there is an account {0:?} already")]
    Exists(String),
    /// There is none.
    #[error("there is no such account")]
    Unknown,
    /// The role is known from elsewhere.
    #[error("the role {0} is not given: it follows from what is known of a person")]
    Role(Role),
    /// The password is none.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The code is wrong, or was used before.
    #[error("this code is not right, or was used before")]
    Code,
    /// The database says no.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// Makes a local account.
///
/// # Errors
/// Where name or password are none, or the name is taken; those of the database.
pub fn create(
    transaction: &mut Transaction<'_>,
    name: &str,
    password: &str,
    by: Option<AccountId>,
    now: Timestamp,
) -> Result<AccountId, AccountError> {
    let name = name.to_ascii_lowercase();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if name.is_empty() || name.len() > NAME || !name.bytes().all(fits) {
        return Err(AccountError::Name);
    }
    let kept = password::hash(password, &name)?;
    let made: Option<AccountId> = transaction.query_optional(
        "INSERT INTO account (local_name, password, created_at) VALUES ($1, $2, $3)
         ON CONFLICT (local_name) DO NOTHING RETURNING id",
        params![&name, kept, now],
        |row| row.get::<AccountId>(0),
    )?;
    let Some(id) = made else { return Err(AccountError::Exists(name)) };
    note(transaction, by, id, "create", json!({ "name": { "before": null, "after": name } }), now)?;
    Ok(id)
}

/// The account of somebody whom GitHub vouches for; made when they come for the first time.
///
/// # Errors
/// Those of the database.
pub fn of_github(
    transaction: &mut Transaction<'_>,
    github_id: i64,
    login: &str,
    display_name: Option<&str>,
    now: Timestamp,
) -> Result<AccountId, DatabaseError> {
    let known: Option<AccountId> = transaction.query_optional(
        "UPDATE account SET github_login = $2, display_name = $3 WHERE github_id = $1 RETURNING id",
        params![github_id, login, display_name],
        |row| row.get::<AccountId>(0),
    )?;
    if let Some(id) = known {
        return Ok(id);
    }
    let id = transaction.query_one(
        "INSERT INTO account (github_id, github_login, display_name, created_at) VALUES ($1, $2, $3, $4)
         RETURNING id",
        params![github_id, login, display_name, now],
        |row| row.get::<AccountId>(0),
    )?;
    note(transaction, None, id, "create", json!({ "github_id": github_id }), now)?;
    Ok(id)
}

fn note(
    transaction: &mut Transaction<'_>,
    actor: Option<AccountId>,
    account: AccountId,
    action: &str,
    content: serde_json::Value,
    at: Timestamp,
) -> Result<(), DatabaseError> {
    let subject = Subject::new(SubjectKind::Account, account.0);
    history::append(transaction, &Change { at, actor, subject, action, content }).map(drop)
}

/// Gives a role to an account, or takes it. `false` where nothing changed.
///
/// # Errors
/// Where the role cannot be given, or there is no such account; those of the database.
pub fn set_role(
    transaction: &mut Transaction<'_>,
    account: AccountId,
    role: Role,
    wanted: bool,
    by: Option<AccountId>,
    now: Timestamp,
) -> Result<bool, AccountError> {
    if !role.is_granted() {
        return Err(AccountError::Role(role));
    }
    load(transaction, account)?.ok_or(AccountError::Unknown)?;
    let changed = if wanted {
        transaction.execute(
            "INSERT INTO role_grant (account, role, origin, granted_at) VALUES ($1, $2, 'admin', $3)
             ON CONFLICT (account, role, origin) DO NOTHING",
            params![account, role.name(), now],
        )?
    } else {
        transaction.execute(
            "DELETE FROM role_grant WHERE account = $1 AND role = $2 AND origin = 'admin'",
            params![account, role.name()],
        )?
    };
    if changed > 0 {
        let action = if wanted { "grant-role" } else { "revoke-role" };
        note(transaction, by, account, action, json!({ "role": role }), now)?;
    }
    Ok(changed > 0)
}

/// Disables an account, or enables it again. Its sessions end.
///
/// # Errors
/// Those of the database.
pub fn set_disabled(
    transaction: &mut Transaction<'_>,
    account: AccountId,
    disabled: bool,
    by: Option<AccountId>,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let at = disabled.then_some(now);
    let changed = transaction.execute(
        "UPDATE account SET disabled_at = $2 WHERE id = $1 AND (disabled_at IS NULL) = $3",
        params![account, at, disabled],
    )?;
    if changed > 0 {
        end_sessions(transaction, account, None)?;
        let action = if disabled { "disable" } else { "enable" };
        note(transaction, by, account, action, json!({}), now)?;
    }
    Ok(())
}

const COLUMNS: &str = "a.id, a.github_id, a.github_login, a.local_name, a.display_name,
    a.totp_confirmed, a.created_at, a.disabled_at,
    EXISTS (SELECT 1 FROM maintainer m WHERE m.github_id = a.github_id AND (
        EXISTS (SELECT 1 FROM package_maintainer p WHERE p.maintainer = m.id)
        OR EXISTS (SELECT 1 FROM team_member t WHERE t.maintainer = m.id)))";

/// The account with this number.
///
/// # Errors
/// Those of the database.
pub fn load(connection: &mut Connection, id: AccountId) -> Result<Option<Account>, DatabaseError> {
    let sql = format!("SELECT {COLUMNS} FROM account a WHERE a.id = $1");
    let found = connection.query_optional(&sql, params![id], read)?;
    found.map(|account| with_roles(connection, account)).transpose()
}

/// The local account of this name.
///
/// # Errors
/// Those of the database.
pub fn of_name(connection: &mut Connection, name: &str) -> Result<Option<Account>, DatabaseError> {
    let sql = format!("SELECT {COLUMNS} FROM account a WHERE a.local_name = $1");
    let found = connection.query_optional(&sql, params![name.to_ascii_lowercase()], read)?;
    found.map(|account| with_roles(connection, account)).transpose()
}

/// Accounts after a number, in order.
///
/// # Errors
/// Those of the database.
pub fn list(
    connection: &mut Connection,
    after: Option<AccountId>,
    most: u32,
) -> Result<Vec<Account>, DatabaseError> {
    let sql = format!("SELECT {COLUMNS} FROM account a WHERE a.id > $1 ORDER BY a.id LIMIT $2");
    let found = connection.query(&sql, params![after.unwrap_or(AccountId(0)), most], read)?;
    found.into_iter().map(|account| with_roles(connection, account)).collect()
}

fn read(row: &Row<'_>) -> Result<Account, DatabaseError> {
    let id: AccountId = row.get(0)?;
    let (github_login, local_name): (Option<String>, Option<String>) = (row.get(2)?, row.get(3)?);
    let shown: Option<String> = row.get(4)?;
    let name = shown.filter(|name| !name.is_empty()).or_else(|| github_login.clone());
    let name = name.or_else(|| local_name.clone()).unwrap_or_else(|| format!("account {id}"));
    let is_maintainer: bool = row.get(8)?;
    let roles = if is_maintainer { Roles::USER.with(Role::Maintainer) } else { Roles::USER };
    Ok(Account {
        id,
        name,
        github_id: row.get(1)?,
        github_login,
        local_name,
        roles,
        has_totp: row.get(5)?,
        created_at: row.get(6)?,
        disabled_at: row.get(7)?,
    })
}

fn with_roles(connection: &mut Connection, mut account: Account) -> Result<Account, DatabaseError> {
    let granted: Vec<String> = connection.query(
        "SELECT role FROM role_grant WHERE account = $1
         UNION SELECT role FROM github_member WHERE github_id = $2",
        params![account.id, account.github_id],
        |row| row.get::<String>(0),
    )?;
    let granted = granted.iter().filter_map(|name| Role::of_name(name)).filter(|role| role.is_granted());
    account.roles = granted.fold(account.roles, Roles::with);
    Ok(account)
}

/// What is kept of an account's password.
///
/// # Errors
/// Those of the database.
pub fn kept_password(connection: &mut Connection, id: AccountId) -> Result<Option<String>, DatabaseError> {
    let sql = "SELECT password FROM account WHERE id = $1";
    Ok(connection.query_optional(sql, params![id], |row| row.get::<Option<String>>(0))?.flatten())
}

/// Sets another password, and ends all sessions but one.
///
/// # Errors
/// Where it is none that one should have; those of the database.
pub fn set_password(
    transaction: &mut Transaction<'_>,
    account: &Account,
    password: &str,
    session: Option<i64>,
    now: Timestamp,
) -> Result<(), AccountError> {
    let kept = password::hash(password, account.local_name.as_deref().unwrap_or_default())?;
    transaction.execute("UPDATE account SET password = $2 WHERE id = $1", params![account.id, kept])?;
    end_sessions(transaction, account.id, session)?;
    Ok(note(transaction, Some(account.id), account.id, "set-password", json!({}), now)?)
}

/// Takes a code as the second factor. It counts once.
///
/// # Errors
/// [`AccountError::Code`] where it is wrong or was used; those of the database.
pub fn take_code(
    transaction: &mut Transaction<'_>,
    account: AccountId,
    code: &str,
    now: Timestamp,
) -> Result<(), AccountError> {
    let (secret, used): (Option<Vec<u8>>, Option<i64>) = transaction.query_one(
        "SELECT totp_secret, totp_used FROM account WHERE id = $1",
        params![account],
        |row| Ok::<_, DatabaseError>((row.get(0)?, row.get(1)?)),
    )?;
    let step = totp::step_of(&secret.ok_or(AccountError::Code)?, code, now, used);
    let step = step.ok_or(AccountError::Code)?;
    // Of two requests with one code, one finds it used.
    let taken = transaction.execute(
        "UPDATE account SET totp_used = $2 WHERE id = $1 AND (totp_used IS NULL OR totp_used < $2)",
        params![account, step],
    )?;
    if taken == 0 { Err(AccountError::Code) } else { Ok(()) }
}

/// The secret of an app that is being set up; a new one where there is none.
///
/// # Errors
/// Those of the database.
pub fn begin_totp(transaction: &mut Transaction<'_>, account: AccountId) -> Result<Vec<u8>, DatabaseError> {
    transaction.execute(
        "UPDATE account SET totp_secret = $2 WHERE id = $1 AND totp_secret IS NULL",
        params![account, &totp::new_secret()],
    )?;
    transaction.query_one("SELECT totp_secret FROM account WHERE id = $1", params![account], |row| row.get(0))
}

/// From now on a code is asked for: the app has shown one.
///
/// # Errors
/// As [`take_code`].
pub fn confirm_totp(
    transaction: &mut Transaction<'_>,
    account: AccountId,
    code: &str,
    now: Timestamp,
) -> Result<(), AccountError> {
    take_code(transaction, account, code, now)?;
    transaction.execute("UPDATE account SET totp_confirmed = TRUE WHERE id = $1", params![account])?;
    Ok(note(transaction, Some(account), account, "enable-totp", json!({}), now)?)
}

/// No code is asked for any more.
///
/// # Errors
/// Those of the database.
pub fn remove_totp(
    transaction: &mut Transaction<'_>,
    account: AccountId,
    by: Option<AccountId>,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    transaction.execute(
        "UPDATE account SET totp_secret = NULL, totp_confirmed = FALSE, totp_used = NULL WHERE id = $1",
        params![account],
    )?;
    note(transaction, by, account, "disable-totp", json!({}), now)
}

/// Ends all sessions of an account but one.
///
/// # Errors
/// Those of the database.
pub fn end_sessions(
    transaction: &mut Transaction<'_>,
    account: AccountId,
    but: Option<i64>,
) -> Result<u64, DatabaseError> {
    transaction.execute(
        "DELETE FROM session WHERE account = $1 AND number <> $2",
        params![account, but.unwrap_or(-1)],
    )
}
