//! Who changed what, when, before and after: append-only, each entry with the hash of the one
//! before.
//!
//! An entry holds the hash of its content, not the content: texts and personal data can be erased,
//! and the chain still verifies. The content is hashed with a salt that is erased with it, so that
//! nobody can find out by guessing what it said.

use super::ids::AccountId;
use crate::database::lock::Lock;
use crate::database::{Connection, DatabaseError, Row, Transaction};
use crate::params;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SubjectKind {
    /// A suggestion.
    Suggestion,
    /// An advisory.
    Advisory,
    /// A package.
    Package,
    /// A channel.
    Channel,
    /// An account.
    Account,
    /// A rule that closes suggestions.
    Rule,
    /// Curated knowledge.
    Knowledge,
    /// The service itself: jobs, erasures, restored backups.
    Service,
}

impl SubjectKind {
    const ALL: [Self; 8] = [
        Self::Suggestion,
        Self::Advisory,
        Self::Package,
        Self::Channel,
        Self::Account,
        Self::Rule,
        Self::Knowledge,
        Self::Service,
    ];

    /// Its name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Suggestion => "suggestion",
            Self::Advisory => "advisory",
            Self::Package => "package",
            Self::Channel => "channel",
            Self::Account => "account",
            Self::Rule => "rule",
            Self::Knowledge => "knowledge",
            Self::Service => "service",
        }
    }

    fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What an entry is about: a kind, and the number of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Subject {
    /// Its kind.
    pub kind: SubjectKind,
    /// Its number.
    pub id: i64,
}

impl Subject {
    /// The subject of a kind with this number.
    pub const fn new(kind: SubjectKind, id: i64) -> Self {
        Self { kind, id }
    }
}

/// A change that is to be noted.
#[derive(Debug)]
pub struct Change<'c> {
    /// When.
    pub at: Timestamp,
    /// Who; nobody is the service itself.
    pub actor: Option<AccountId>,
    /// Of what.
    pub subject: Subject,
    /// What was done, such as `accept`, `set-status`: a word of the program, never outside text.
    pub action: &'c str,
    /// What was there, and what is there now: an object of fields, each `{"before", "after"}`, and
    /// whatever else tells what happened.
    pub content: Json,
}

/// An entry as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its number: 1, 2, 3, …
    pub number: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Option<AccountId>,
    /// Of what.
    pub subject: Subject,
    /// What was done.
    pub action: String,
    /// The content, unless it was erased.
    pub content: Option<Json>,
}

/// The hash before the first entry.
const NOTHING: [u8; 32] = [0; 32];

/// Appends an entry, in the transaction that makes the change. Gives its number.
///
/// # Errors
/// Those of the database.
pub fn append(transaction: &mut Transaction<'_>, change: &Change<'_>) -> Result<i64, DatabaseError> {
    transaction.lock(Lock::History)?;
    let last: Option<(i64, Vec<u8>)> = transaction.query_optional(
        "SELECT number, hash FROM history ORDER BY number DESC LIMIT 1",
        params![],
        |row| Ok::<_, DatabaseError>((row.get(0)?, row.get(1)?)),
    )?;
    let (last, previous) = last.unwrap_or_else(|| (0, NOTHING.to_vec()));
    let number = last + 1;
    let body = change.content.to_string();
    let salt = salt();
    let content = content_hash(&salt, &body);
    let fields = Fields {
        number,
        at: change.at.as_millisecond(),
        actor: change.actor.map(|id| id.0),
        kind: change.subject.kind.name(),
        subject: change.subject.id,
        action: change.action,
        content: &content,
        previous: &previous,
    };
    let hash = fields.hash();
    transaction.execute(
        "INSERT INTO history
             (number, at, actor, subject_kind, subject, action, content, previous, hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![
            number,
            fields.at,
            fields.actor,
            fields.kind,
            fields.subject,
            change.action,
            &content,
            &previous,
            &hash
        ],
    )?;
    transaction.execute(
        "INSERT INTO history_content (number, salt, body) VALUES ($1, $2, $3)",
        params![number, &salt, body],
    )?;
    Ok(number)
}

/// The newest entries of a subject that come before a number; the newest of all if there is none.
///
/// # Errors
/// Those of the database.
pub fn of_subject(
    connection: &mut Connection,
    subject: Subject,
    before: Option<i64>,
    most: u32,
) -> Result<Vec<Entry>, DatabaseError> {
    connection.query(
        "SELECT h.number, h.at, h.actor, h.subject_kind, h.subject, h.action, c.body
         FROM history h JOIN history_content c ON c.number = h.number
         WHERE h.subject_kind = $1 AND h.subject = $2 AND h.number < $3
         ORDER BY h.number DESC LIMIT $4",
        params![subject.kind.name(), subject.id, before.unwrap_or(i64::MAX), most],
        read,
    )
}

/// The number of the newest entry about things of a kind; 0 if there is none.
///
/// # Errors
/// Those of the database.
pub fn newest(connection: &mut Connection, kind: SubjectKind) -> Result<i64, DatabaseError> {
    connection.query_one(
        "SELECT COALESCE(max(number), 0) FROM history WHERE subject_kind = $1",
        params![kind.name()],
        |row| row.get(0),
    )
}

/// An entry, by its number.
///
/// # Errors
/// Those of the database.
pub fn entry(connection: &mut Connection, number: i64) -> Result<Option<Entry>, DatabaseError> {
    connection.query_optional(
        "SELECT h.number, h.at, h.actor, h.subject_kind, h.subject, h.action, c.body
         FROM history h JOIN history_content c ON c.number = h.number WHERE h.number = $1",
        params![number],
        read,
    )
}

fn read(row: &Row<'_>) -> Result<Entry, DatabaseError> {
    let expected = |column, expected| DatabaseError::Column { column, expected };
    let kind: String = row.get(3)?;
    let kind = SubjectKind::of_name(&kind).ok_or_else(|| expected(3, "kind of subject"))?;
    let body: Option<String> = row.get(6)?;
    let content = body.map(|body| serde_json::from_str(&body)).transpose();
    Ok(Entry {
        number: row.get(0)?,
        at: row.get(1)?,
        actor: row.get(2)?,
        subject: Subject::new(kind, row.get(4)?),
        action: row.get(5)?,
        content: content.map_err(|_| expected(6, "JSON"))?,
    })
}

/// Erases the content of an entry for good. That it was erased, by whom and why, is an entry of its
/// own.
///
/// # Errors
/// [`DatabaseError::NoRow`] where there is no such entry; those of the database.
pub fn erase(
    transaction: &mut Transaction<'_>,
    number: i64,
    by: AccountId,
    at: Timestamp,
    why: &str,
) -> Result<(), DatabaseError> {
    let erased = transaction.execute(
        "UPDATE history_content SET salt = NULL, body = NULL, erased_at = $2, erased_by = $3
         WHERE number = $1",
        params![number, at, by],
    )?;
    if erased == 0 {
        return Err(DatabaseError::NoRow);
    }
    let subject = Subject::new(SubjectKind::Service, number);
    let content = serde_json::json!({ "entry": number, "why": why });
    append(transaction, &Change { at, actor: Some(by), subject, action: "erase-content", content }).map(drop)
}

/// What a check of the chain found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Entries.
    pub entries: u64,
    /// Those whose content was erased: only their place in the chain can be checked.
    pub erased: u64,
    /// The hash of the last entry, in hexadecimal: who wrote it down earlier can compare.
    pub head: String,
    /// What is wrong, in words, with the entry's number. No more than a hundred.
    pub problems: Vec<String>,
}

/// Checks the whole chain.
///
/// # Errors
/// Those of the database. What is wrong with the chain is in the answer.
pub fn verify(connection: &mut Connection) -> Result<Verified, DatabaseError> {
    const MOST_PROBLEMS: usize = 100;
    let mut verified = Verified::default();
    let mut previous = NOTHING.to_vec();
    let mut expected = 1_i64;
    connection.for_each(
        "SELECT h.number, h.at, h.actor, h.subject_kind, h.subject, h.action, h.content, h.previous,
             h.hash, c.salt, c.body, c.erased_at
         FROM history h LEFT JOIN history_content c ON c.number = h.number ORDER BY h.number",
        params![],
        |row| -> Result<(), DatabaseError> {
            let number: i64 = row.get(0)?;
            let mut problem = |text: &str| {
                if verified.problems.len() < MOST_PROBLEMS {
                    verified.problems.push(format!("entry {number}: {text}"));
                }
            };
            if number != expected {
                problem(&format!("entry {expected} should come here"));
            }
            let (kind, action): (String, String) = (row.get(3)?, row.get(5)?);
            let (content, stated, hash): (Vec<u8>, Vec<u8>, Vec<u8>) =
                (row.get(6)?, row.get(7)?, row.get(8)?);
            if stated != previous {
                problem("it does not name the entry before it");
            }
            let fields = Fields {
                number,
                at: row.get(1)?,
                actor: row.get(2)?,
                kind: &kind,
                subject: row.get(4)?,
                action: &action,
                content: &content,
                previous: &stated,
            };
            if fields.hash() != *hash {
                problem("it was changed: its hash is another");
            }
            let (salt, body): (Option<Vec<u8>>, Option<String>) = (row.get(9)?, row.get(10)?);
            let erased: Option<i64> = row.get(11)?;
            match (salt, body, erased) {
                (Some(salt), Some(body), None) if content_hash(&salt, &body) == *content => {}
                (Some(_), Some(_), None) => problem("its content was changed"),
                (None, None, Some(_)) => verified.erased += 1,
                _ => problem("its content is gone without having been erased"),
            }
            verified.entries += 1;
            expected = number + 1;
            previous = hash;
            Ok(())
        },
    )?;
    verified.head = crate::hex::encode(&previous);
    Ok(verified)
}

/// What the hash of an entry covers.
struct Fields<'f> {
    number: i64,
    at: i64,
    actor: Option<i64>,
    kind: &'f str,
    subject: i64,
    action: &'f str,
    content: &'f [u8],
    previous: &'f [u8],
}

impl Fields<'_> {
    /// SHA-256 over the fields in order: numbers in eight bytes, big end first; the
    /// actor after a 1, nobody as two zeros; texts and bytes after their length.
    fn hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"snowguard history 1\0");
        let (known, actor) = self.actor.map_or((0, 0), |actor| (1, actor));
        for number in [self.number, self.at, known, actor, self.subject] {
            hash.update(number.to_be_bytes());
        }
        for bytes in [self.kind.as_bytes(), self.action.as_bytes(), self.content, self.previous] {
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        }
        hash.finalize().into()
    }
}

fn content_hash(salt: &[u8], body: &str) -> [u8; 32] {
    Sha256::new().chain_update(salt).chain_update(body.as_bytes()).finalize().into()
}

fn salt() -> [u8; 16] {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).unwrap_or_else(|error| panic!("the system has no random numbers: {error}"));
    salt
}
