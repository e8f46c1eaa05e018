//! Evaluations of package sets, kept by interval: each fact once, with the evaluations from which
//! to which it held.
//!
//! [`take_in`] compares first, without holding anybody up, and then writes what changed in one
//! transaction: an evaluation is there as a whole or not at all. The input is read twice, so that
//! neither it nor what changed is ever in memory.

mod compare;
pub mod paths;
mod write;

use super::ids::{ChannelId, EvaluationId};
use crate::database::{Connection, Database, DatabaseError};
use crate::package_set::{self, Attribute, Attributes, Kind, PackageSetError};
use crate::params;
use compare::Comparison;
use jiff::Timestamp;
use serde::Serialize;
use std::path::PathBuf;

/// An evaluation for one system, which can be read several times.
pub trait Source {
    /// Its attributes, from the first.
    fn attributes(&self)
    -> Box<dyn Iterator<Item = Result<Result<Attribute, String>, PackageSetError>> + '_>;
}

/// A file, which may be compressed.
#[derive(Debug, Clone)]
pub struct FileSource {
    /// The file.
    pub path: PathBuf,
    /// Its form.
    pub kind: Kind,
}

impl FileSource {
    fn open(&self) -> Attributes {
        let path = self.path.clone();
        package_set::read(self.kind, move || scanner::targets::open_document(&path))
    }
}

impl Source for FileSource {
    fn attributes(
        &self,
    ) -> Box<dyn Iterator<Item = Result<Result<Attribute, String>, PackageSetError>> + '_> {
        Box::new(self.open())
    }
}

/// Attributes that are in memory.
impl Source for Vec<Attribute> {
    fn attributes(
        &self,
    ) -> Box<dyn Iterator<Item = Result<Result<Attribute, String>, PackageSetError>> + '_> {
        Box::new(self.iter().cloned().map(|attribute| Ok(Ok(attribute))))
    }
}

/// An evaluation that is to be taken in.
#[derive(Clone, Copy)]
pub struct Request<'r> {
    /// Of which channel.
    pub channel: ChannelId,
    /// The commit.
    pub revision: &'r str,
    /// Its form.
    pub kind: Kind,
    /// When the head came to be.
    pub head_at: Timestamp,
    /// When the evaluation began.
    pub started_at: Timestamp,
    /// What time it is.
    pub now: Timestamp,
    /// For which systems, and what each gives.
    pub parts: &'r [(&'r str, &'r dyn Source)],
    /// Whether attributes that it does not name are gone.
    pub complete: bool,
    /// Whether it names the maintainers: only the rolling head does.
    pub with_maintainers: bool,
    /// How large a part of what is there may go at once, from 0 to 1: more is taken for an
    /// evaluation that went wrong.
    pub may_go: f64,
}

/// The part of a channel that may go at once, where nobody says otherwise.
pub const MAY_GO: f64 = 0.25;
/// Below so many attributes anything may go.
const FEW: u64 = 100;

/// What an evaluation brought.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// Its number within the channel; 0 if it was there already.
    pub number: i64,
    /// Attributes that are derivations.
    pub attributes: u64,
    /// Attributes that cannot be evaluated.
    pub errors: u64,
    /// Attributes that were not there before.
    pub added: u64,
    /// Attributes that are something else than before.
    pub changed: u64,
    /// Attributes whose builds alone are others, or whose maintainers.
    pub rebuilt: u64,
    /// Attributes that are gone.
    pub removed: u64,
    /// Entries that cannot be read. Then nothing counts as gone.
    pub wrong: u64,
    /// The first of them, in words.
    pub examples: Vec<String>,
}

/// Why an evaluation is not taken in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluationError {
    /// The database says no.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// It cannot be read.
    #[error(transparent)]
    Source(#[from] PackageSetError),
    /// There is nothing in it.
    #[error("the evaluation has no attribute")]
    Empty,
    /// Too much of what was there is missing.
    #[error(
        "{gone} of {present} attributes are missing for {system}: this is taken for an evaluation that went wrong"
    )]
    Shrunk {
        /// The system.
        system: String,
        /// How many are missing.
        gone: u64,
        /// How many there were.
        present: u64,
    },
    /// Others took in evaluations of this channel at the same time, again and again.
    #[error("the channel changed while the evaluation was compared")]
    Moved,
}

/// How often it begins again when another evaluation of the channel came between.
const ATTEMPTS: usize = 5;

/// Takes in an evaluation. One of the same revision and form that is there already changes nothing.
///
/// # Errors
/// Where it cannot be read as a whole, or is not plausible; those of the database. Then nothing is
/// written.
pub fn take_in(database: &Database, request: &Request<'_>) -> Result<Taken, EvaluationError> {
    for _ in 0..ATTEMPTS {
        if database.read(|connection| is_there(connection, request))? {
            return Ok(Taken::default());
        }
        let comparison = database.read(|connection| Comparison::make(connection, request))?;
        if comparison.is_empty() {
            return Err(EvaluationError::Empty);
        }
        match database.write(|transaction| write::write(transaction, request, &comparison)) {
            Err(EvaluationError::Moved) => {}
            result => return result,
        }
    }
    Err(EvaluationError::Moved)
}

fn is_there(connection: &mut Connection, request: &Request<'_>) -> Result<bool, DatabaseError> {
    let found = connection.query_optional(
        "SELECT 1 FROM evaluation WHERE channel = $1 AND revision = $2 AND kind = $3",
        params![request.channel, request.revision, request.kind.name()],
        |_| Ok::<_, DatabaseError>(()),
    )?;
    Ok(found.is_some())
}

/// An evaluation that was taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evaluation {
    /// Its row.
    pub id: EvaluationId,
    /// Its number within the channel.
    pub number: i64,
    /// The commit.
    pub revision: String,
    /// When the head came to be, as far as it is known.
    pub head_at: Timestamp,
    /// Attributes that are derivations.
    pub attributes: i64,
    /// Attributes that cannot be evaluated.
    pub errors: i64,
}

/// The evaluations of a channel with smaller numbers than `before`, newest first.
///
/// # Errors
/// Those of the database.
pub fn of_channel(
    connection: &mut Connection,
    channel: ChannelId,
    before: Option<i64>,
    most: u32,
) -> Result<Vec<Evaluation>, DatabaseError> {
    connection.query(
        "SELECT id, number, revision, head_at, attributes, errors FROM evaluation
         WHERE channel = $1 AND number < $2 ORDER BY number DESC LIMIT $3",
        params![channel, before.unwrap_or(i64::MAX), most],
        |row| {
            Ok(Evaluation {
                id: row.get(0)?,
                number: row.get(1)?,
                revision: row.get(2)?,
                head_at: row.get(3)?,
                attributes: row.get(4)?,
                errors: row.get(5)?,
            })
        },
    )
}
