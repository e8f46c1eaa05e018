//! What is known of a build: results by step, without the right to change the store.
//!
//! Reports read beside a running build, so they take no lock and trust nothing but whole results.

use crate::key;
use crate::object::{Digest, Object, ObjectError, ObjectKind};
use crate::seed::{self, SeedError};
use crate::sources::{self, SourceError, UnpackError, UnpackLimits};
use crate::steps::{InputOrigin, Plan, SourceArchive, Step};
use crate::store::{Contents, StoreError};
use files::{FileError, TemporaryFolder};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// What is known of each step. Steps that were not built are missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Built {
    /// By the name of the step.
    pub steps: BTreeMap<String, BuiltStep>,
}

/// A step that was built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuiltStep {
    /// What its result is filed under.
    pub key: Digest,
    /// What it saw, by its name in `/in`.
    pub inputs: BTreeMap<String, Object>,
    /// What it left, by its name in `/out`.
    pub outputs: BTreeMap<String, BuiltOutput>,
    /// How long it ran, in milliseconds.
    pub milliseconds: u64,
}

/// An output that was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BuiltOutput {
    /// What it is.
    pub object: Object,
    /// Its bytes; of a folder, those of all its files.
    pub size: u64,
}

/// Why it is not known what is built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuiltError {
    /// A file or folder cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// An input cannot be read.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// The store cannot be read, or was changed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A source in the store was changed.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A source cannot be unpacked.
    #[error(transparent)]
    Unpack(#[from] UnpackError),
    /// The seed's listing is wrong.
    #[error(transparent)]
    Seed(#[from] SeedError),
}

impl Built {
    /// What a store knows of a plan. Objects are compared with their names; steps with an output
    /// that is gone count as not built.
    pub fn read(plan: &Plan, store: &Contents) -> Result<Self, BuiltError> {
        let mut reader = Reader { plan, store, inputs: BTreeMap::new(), built: Self::default() };
        for step in &plan.steps {
            if let Some(found) = reader.step(step)? {
                reader.built.steps.insert(step.name.clone(), found);
            }
        }
        Ok(reader.built)
    }
}

/// Unpacks a source that a store has, and gives the folder; nothing if the store does not have it.
pub(crate) fn unpacked(
    store: &Contents,
    source: &SourceArchive,
) -> Result<Option<TemporaryFolder>, BuiltError> {
    let Some(archive) = sources::present(store, source)? else { return Ok(None) };
    let folder = TemporaryFolder::new("snowguard-source-")?;
    sources::unpack(&archive, folder.path(), UnpackLimits::default())?;
    Ok(Some(folder))
}

struct Reader<'a> {
    plan: &'a Plan,
    store: &'a Contents,
    /// Inputs that are no outputs: hashing them once is enough.
    inputs: BTreeMap<InputOrigin, Option<Object>>,
    built: Built,
}

impl Reader<'_> {
    fn step(&mut self, step: &Step) -> Result<Option<BuiltStep>, BuiltError> {
        let mut inputs = BTreeMap::new();
        for (name, origin) in &step.inputs {
            let Some(object) = self.input(origin)? else { return Ok(None) };
            inputs.insert(name.clone(), object);
        }
        let key = key::of(step, &inputs);
        let Some(result) = self.store.result(key)? else { return Ok(None) };
        let mut outputs = BTreeMap::new();
        for (name, object) in result.outputs {
            let path = self.store.path(&object);
            outputs.insert(name, BuiltOutput { object, size: size(&path)? });
        }
        Ok(Some(BuiltStep { key, inputs, outputs, milliseconds: result.milliseconds }))
    }

    fn input(&mut self, origin: &InputOrigin) -> Result<Option<Object>, BuiltError> {
        if let InputOrigin::Step { step, output } = origin {
            let found = self.built.steps.get(step).and_then(|step| step.outputs.get(output));
            return Ok(found.map(|output| output.object));
        }
        if let Some(known) = self.inputs.get(origin) {
            return Ok(*known);
        }
        let sources = &self.plan.sources;
        let object = match origin {
            InputOrigin::Step { .. } => None,
            InputOrigin::Seed => {
                let sha256 = Digest::of(&seed::read(&self.plan.folder.join("seed/seed.hex0"))?);
                Some(Object { kind: ObjectKind::Program, sha256 })
            }
            InputOrigin::File(path) => {
                let path = self.plan.folder.join(path);
                Some(Object::at(&path)?)
            }
            InputOrigin::Source(name) => {
                sources.get(name).map(|source| Object { kind: ObjectKind::File, sha256: source.sha256 })
            }
            InputOrigin::Unpacked { source, path } => match sources.get(source) {
                Some(source) => self.store.unpacked(key::of_unpacked(source.sha256, path))?,
                None => None,
            },
        };
        self.inputs.insert(origin.clone(), object);
        Ok(object)
    }
}

/// Bytes of a file, or of all files of a folder.
fn size(path: &Path) -> Result<u64, FileError> {
    let found = path.symlink_metadata().map_err(FileError::on("read", path))?;
    if !found.is_dir() {
        return Ok(if found.is_file() { found.len() } else { 0 });
    }
    let mut bytes = 0;
    for entry in fs::read_dir(path).map_err(FileError::on("list", path))? {
        bytes += size(&entry.map_err(FileError::on("list", path))?.path())?;
    }
    Ok(bytes)
}
