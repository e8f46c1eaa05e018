//! What is known of a build: results by step, without the right to change the store.
//!
//! Reports read beside a running build, so they take no lock and trust nothing but whole results.

use crate::key;
use crate::object::{Digest, Object};
use crate::seed::{self, SeedError};
use crate::sources::unpack::{self, UnpackError};
use crate::steps::{Origin, Plan, Source, Step};
use crate::store::StepResult;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

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

/// Why it cannot be told what is built.
#[derive(Debug, thiserror::Error)]
pub enum BuiltError {
    /// A file or folder cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// An object is not what its name says.
    #[error("the object {path} holds something else than its name says: it was changed after it was made")]
    Changed {
        /// The object.
        path: PathBuf,
    },
    /// A source cannot be unpacked.
    #[error(transparent)]
    Unpack(#[from] UnpackError),
    /// The seed's listing is wrong.
    #[error(transparent)]
    Seed(#[from] SeedError),
}

fn cannot(path: &Path) -> impl FnOnce(io::Error) -> BuiltError {
    let path = path.to_owned();
    move |source| BuiltError::Read { path, source }
}

impl Built {
    /// What the store in the folder `store` knows of a plan. A folder that is not there knows nothing. Objects are compared with
    /// their names; steps with an output that is gone count as not built.
    pub fn read(plan: &Plan, store: &Path) -> Result<Self, BuiltError> {
        let mut reader = Reader { plan, store, inputs: BTreeMap::new(), built: Self::default() };
        if store.is_dir() {
            for step in &plan.steps {
                if let Some(found) = reader.step(step)? {
                    reader.built.steps.insert(step.name.clone(), found);
                }
            }
        }
        Ok(reader.built)
    }
}

/// Where an object is in the store in that folder.
pub fn object_path(store: &Path, object: &Object) -> PathBuf {
    store.join("objects").join(object.to_string())
}

/// Where a source is in the store in that folder.
pub fn source_path(store: &Path, source: &Source) -> PathBuf {
    store.join("sources").join(source.sha256.to_string())
}

/// Unpacks a source that the store in that folder has, and gives the folder; nothing if the store does not have it.
///
/// # Errors
/// Also [`BuiltError::Changed`], if the archive is not what its name says.
pub fn unpacked(store: &Path, source: &Source) -> Result<Option<tempfile::TempDir>, BuiltError> {
    let archive = source_path(store, source);
    if !archive.exists() {
        return Ok(None);
    }
    let found = fs::File::open(&archive).and_then(Digest::of_reader).map_err(cannot(&archive))?;
    if found != source.sha256 {
        return Err(BuiltError::Changed { path: archive });
    }
    let folder = tempfile::tempdir().map_err(cannot(&std::env::temp_dir()))?;
    unpack::unpack(&archive, folder.path(), unpack::Limits::default())?;
    Ok(Some(folder))
}

struct Reader<'a> {
    plan: &'a Plan,
    store: &'a Path,
    /// Inputs that are no outputs: hashing them once is enough.
    inputs: BTreeMap<Origin, Option<Object>>,
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
        let path = self.store.join("results").join(format!("{key}.json"));
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(BuiltError::Read { path, source }),
        };
        let result: StepResult =
            serde_json::from_slice(&bytes).map_err(|error| cannot(&path)(io::Error::other(error)))?;
        let mut outputs = BTreeMap::new();
        for (name, object) in result.outputs {
            let path = object_path(self.store, &object);
            if path.symlink_metadata().is_err() {
                return Ok(None);
            }
            if Object::at(&path).map_err(cannot(&path))? != object {
                return Err(BuiltError::Changed { path });
            }
            outputs.insert(name, BuiltOutput { object, size: size(&path).map_err(cannot(&path))? });
        }
        Ok(Some(BuiltStep { key, inputs, outputs, milliseconds: result.milliseconds }))
    }

    fn input(&mut self, origin: &Origin) -> Result<Option<Object>, BuiltError> {
        if let Origin::Step { step, output } = origin {
            let found = self.built.steps.get(step).and_then(|step| step.outputs.get(output));
            return Ok(found.map(|output| output.object));
        }
        if let Some(known) = self.inputs.get(origin) {
            return Ok(*known);
        }
        let object = match origin {
            Origin::Step { .. } => None,
            Origin::Seed => {
                let sha256 = Digest::of(&seed::read(&self.plan.folder.join("seed/seed.hex0"))?);
                Some(Object { kind: crate::object::Kind::Program, sha256 })
            }
            Origin::File(path) => {
                let path = self.plan.folder.join(path);
                Some(Object::at(&path).map_err(cannot(&path))?)
            }
            Origin::Source(name) => self
                .plan
                .sources
                .get(name)
                .map(|source| Object { kind: crate::object::Kind::File, sha256: source.sha256 }),
            Origin::Unpacked { source, path } => match self.plan.sources.get(source) {
                Some(source) => match unpacked(self.store, source)? {
                    Some(folder) => {
                        let path = folder.path().join(path);
                        Some(Object::at(&path).map_err(cannot(&path))?)
                    }
                    None => None,
                },
                None => None,
            },
        };
        self.inputs.insert(origin.clone(), object);
        Ok(object)
    }
}

/// Bytes of a file, or of all files of a folder.
fn size(path: &Path) -> io::Result<u64> {
    let found = path.symlink_metadata()?;
    if !found.is_dir() {
        return Ok(if found.is_file() { found.len() } else { 0 });
    }
    let mut bytes = 0;
    for entry in fs::read_dir(path)? {
        bytes += size(&entry?.path())?;
    }
    Ok(bytes)
}
