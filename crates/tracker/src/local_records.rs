//! This process's copy of all records, in the form that matching reads: a `vulnerability-db` in the
//! data folder. It follows the numbers of changes in the store, and may be removed at any time.
//!
//! The jobs that fetch sources fetch into it as well, and then take over into the store what is
//! other there. Both sides hold to one rule for which of two records is the newer one, so whatever
//! was interrupted, the two become equal with the next run.

use crate::database::{Connection, Database, DatabaseError, schema};
use crate::models::record::{self, RawRecord, Source};
use crate::models::{cve, job};
use files::{FileError, TemporaryFolder};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use terminal::Silent;
use vulnerability_db::database::SourceInfo;
use vulnerability_db::{IngestError, SourceKind, SourceLocation, UpdateOptions};

/// So many records are brought over at once: some ten megabytes.
const BATCH: u32 = 5000;
/// The most bytes of the note of how far it is.
const NOTE: u64 = 1 << 16;
/// What temporary folders begin with.
const SCRATCH: &str = ".follow-";

/// The copy.
#[derive(Debug)]
pub struct LocalRecords {
    folder: PathBuf,
    /// One writes at a time; other processes are kept off by the copy's own lock.
    writing: Mutex<()>,
}

/// Why the copy cannot be brought up to date.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocalRecordsError {
    /// The store.
    #[error("the database")]
    Database(#[from] DatabaseError),
    /// The copy.
    #[error("the copy of the records")]
    Copy(#[from] vulnerability_db::DatabaseError),
    /// Records cannot be brought over.
    #[error("bringing records over")]
    Ingest(#[from] IngestError),
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// A temporary file.
    #[error("a temporary file")]
    Io(#[from] io::Error),
    /// Whoever asked for it wants to stop.
    #[error("it was asked to stop")]
    Stopped,
}

/// How far the copy is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Position {
    /// Which store: when its first migration ran.
    store: i64,
    /// The number of the newest change that it holds.
    change: i64,
    /// Which scores it holds, by what their job notes of them.
    scores: String,
}

/// The copy, while nobody else in this process writes to it.
#[derive(Debug)]
pub struct Writing<'l> {
    records: &'l LocalRecords,
    _alone: MutexGuard<'l, ()>,
}

impl LocalRecords {
    /// The copy in a data folder.
    pub fn new(data: &Path) -> Self {
        Self { folder: data.join("records"), writing: Mutex::new(()) }
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Opens it for reading. What is read is of one moment, whoever writes meanwhile.
    ///
    /// # Errors
    /// Where there is none yet.
    pub fn open(&self) -> Result<vulnerability_db::Database, vulnerability_db::DatabaseError> {
        vulnerability_db::Database::open(&self.folder)
    }

    /// Waits until nobody else in this process writes to it.
    pub fn writing(&self) -> Writing<'_> {
        // Whoever panicked left the copy as it was: it is replaced as a whole.
        let alone = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        Writing { records: self, _alone: alone }
    }

    /// Brings it up to date with the store. `go_on` is asked between steps.
    ///
    /// # Errors
    /// Where the store or the copy cannot be read or written.
    pub fn follow(
        &self,
        database: &Database,
        now: Timestamp,
        go_on: &dyn Fn() -> bool,
    ) -> Result<(), LocalRecordsError> {
        self.writing().follow(database, now, go_on)
    }
}

impl Writing<'_> {
    /// As [`LocalRecords::follow`].
    ///
    /// # Errors
    /// Where the store or the copy cannot be read or written.
    pub fn follow(
        &self,
        database: &Database,
        now: Timestamp,
        go_on: &dyn Fn() -> bool,
    ) -> Result<(), LocalRecordsError> {
        let folder = &self.records.folder;
        std::fs::create_dir_all(folder).map_err(FileError::on("create", folder))?;
        files::remove_left_over(folder, SCRATCH);
        let store = database.read(schema::identity)?;
        let mut position = self.position();
        if position.store != store && position != Position::default() {
            // It is the copy of another store.
            files::remove_tree(folder)?;
            std::fs::create_dir_all(folder).map_err(FileError::on("create", folder))?;
            position = Position::default();
        }
        position.store = store;
        let mut catalogue = false;
        loop {
            if !go_on() {
                return Err(LocalRecordsError::Stopped);
            }
            let after = position.change;
            let batch = database.read(|connection| record::since(connection, after, BATCH))?;
            let Some(last) = batch.last() else { break };
            position.change = last.change;
            // The catalogue is brought over as a whole, before the position is noted.
            catalogue |= batch.iter().any(|record| record.source == Source::Kev);
            self.take(&batch, now)?;
            if !catalogue {
                self.note(&position)?;
            }
        }
        if catalogue {
            self.take_catalogue(database, now)?;
            self.note(&position)?;
        }
        let scores = database.read(|connection| job_source(connection, SourceKind::Epss))?;
        let scores = scores.as_ref().map(state_of_scores).unwrap_or_default();
        if scores != position.scores {
            self.take_scores(database, now)?;
            position.scores = scores;
        }
        self.note(&position)
    }

    /// Notes that it holds all changes up to this one, which it brought itself.
    ///
    /// # Errors
    /// Where the note cannot be written.
    pub fn holds(&self, before: i64, after: i64) -> Result<(), LocalRecordsError> {
        let position = self.position();
        if position.change == before {
            self.note(&Position { change: after, ..position })?;
        }
        Ok(())
    }

    /// Notes that it holds these scores, which it brought itself.
    ///
    /// # Errors
    /// Where the note cannot be written.
    pub fn holds_scores(&self, info: &SourceInfo) -> Result<(), LocalRecordsError> {
        self.note(&Position { scores: state_of_scores(info), ..self.position() })
    }

    fn position(&self) -> Position {
        // Without a note it begins anew, and finds that most is there.
        let bytes = files::read_limited(&self.note_path(), NOTE).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    fn note(&self, position: &Position) -> Result<(), LocalRecordsError> {
        let bytes = serde_json::to_vec(position).unwrap_or_default();
        Ok(files::replace_bytes(&self.note_path(), &bytes)?)
    }

    fn note_path(&self) -> PathBuf {
        self.records.folder.join("position.json")
    }

    /// Brings records over.
    fn take(&self, batch: &[RawRecord], now: Timestamp) -> Result<(), LocalRecordsError> {
        let scratch = TemporaryFolder::new_in(&self.records.folder, SCRATCH)?;
        let mut sources = Vec::new();
        for (kind, source) in [(SourceKind::Cve, Source::Cve), (SourceKind::Nvd, Source::Nvd)] {
            let bodies: Vec<&[u8]> =
                batch.iter().filter(|r| r.source == source).map(|r| r.body.as_slice()).collect();
            if !bodies.is_empty() {
                sources.push(list(scratch.path(), kind, b"[", &bodies, b"]")?);
            }
        }
        self.update(&sources, now)
    }

    /// Brings CISA's catalogue over.
    fn take_catalogue(&self, database: &Database, now: Timestamp) -> Result<(), LocalRecordsError> {
        let scratch = TemporaryFolder::new_in(&self.records.folder, SCRATCH)?;
        let entries = database.read(|connection| record::of_source(connection, Source::Kev))?;
        let bodies: Vec<&[u8]> = entries.iter().map(|entry| entry.body.as_slice()).collect();
        if bodies.is_empty() {
            return Ok(());
        }
        let source = list(scratch.path(), SourceKind::Kev, b"{\"vulnerabilities\":[", &bodies, b"]}")?;
        self.update(&[source], now)
    }

    /// Brings the scores over.
    fn take_scores(&self, database: &Database, now: Timestamp) -> Result<(), LocalRecordsError> {
        let scratch = TemporaryFolder::new_in(&self.records.folder, SCRATCH)?;
        let path = scratch.path().join("epss.csv");
        let mut out = BufWriter::new(File::create(&path)?);
        writeln!(out, "cve,epss,percentile")?;
        let mut some = false;
        database.read(|connection| {
            cve::for_each_score(connection, |id, probability, percentile| -> Result<(), LocalRecordsError> {
                some = true;
                #[allow(clippy::cast_possible_truncation, reason = "they were of this size when they came")]
                let (probability, percentile) = (probability as f32, percentile as f32);
                Ok(writeln!(out, "{id},{probability},{percentile}")?)
            })
        })?;
        out.flush()?;
        drop(out);
        if some { self.update(&[location(SourceKind::Epss, &path)], now) } else { Ok(()) }
    }

    fn update(&self, sources: &[SourceLocation], now: Timestamp) -> Result<(), LocalRecordsError> {
        if !sources.is_empty() {
            vulnerability_db::update(&self.records.folder, sources, &UpdateOptions::new(now), &Silent)?;
        }
        Ok(())
    }
}

/// Writes bodies as one list, byte for byte.
fn list(
    folder: &Path,
    kind: SourceKind,
    begin: &[u8],
    bodies: &[&[u8]],
    end: &[u8],
) -> Result<SourceLocation, LocalRecordsError> {
    let path = folder.join(format!("{}.json", kind.name()));
    let mut out = BufWriter::new(File::create(&path)?);
    out.write_all(begin)?;
    for (index, body) in bodies.iter().enumerate() {
        out.write_all(if index == 0 { b"\n" } else { b",\n" })?;
        out.write_all(body)?;
    }
    out.write_all(end)?;
    out.flush()?;
    Ok(location(kind, &path))
}

fn location(kind: SourceKind, path: &Path) -> SourceLocation {
    SourceLocation { kind, location: path.display().to_string() }
}

/// Names a state of the scores. Not all of them say of which day they are.
fn state_of_scores(info: &SourceInfo) -> String {
    let changed = info.changed.map(|changed| changed.to_string()).unwrap_or_default();
    format!("{} {changed}", info.version)
}

/// What the job of a source noted of it.
pub(crate) fn job_source(
    connection: &mut Connection,
    kind: SourceKind,
) -> Result<Option<SourceInfo>, DatabaseError> {
    let cursor = job::cursor(connection, kind.name())?;
    Ok(cursor.and_then(|cursor| serde_json::from_value(cursor).ok()))
}
