//! The chain as data: `steps/*.toml` below the folder of the bootstrap.
//!
//! ```toml
//! [[source]]                      # what others wrote
//! name = "tcc"
//! sha256 = "…"
//! size = 708943
//! urls = ["https://…"]            # where it may come from: the web, or a source package of Debian
//! debian = { package = "tcc", version = "0.9.27-1", file = "tcc_0.9.27.orig.tar.bz2" }
//! crate = { name = "libtcc", version = "0.2.0" }  # or the archive of a crate
//! file = "tcc.tar.bz2"            # its name in mirrors; that of Debian or of the crate if missing
//! [source.tried]                  # when a place was found to have it: debian, crate, or a URL
//! debian = { on = "2026-11-29", found = "hash" }
//!
//! [[step]]
//! name = "linker"
//! summary = "Named labels, many files"
//! [step.inputs]                   # NAME = "WHERE FROM"; the step sees it as /in/NAME
//! labels = "step:labels/labels"   # output of another step
//! "linker.hex1" = "file:linker/linker.hex1"  # file or folder of the bootstrap's folder
//! tree = "source:tcc!"            # a source, unpacked; "source:tcc" as it is, "source:tcc!/sub" a part
//! [[step.run]]
//! argv = ["/in/labels", "/in/linker.hex1", "/out/linker"]
//! [step.limits]                   # where the defaults do not fit
//! seconds = 100
//! [step.outputs.linker]
//! sha256 = "…"                    # the pin
//! ```
//!
//! Everything is checked before anything runs: see [`StepsError`].

mod check;
mod error;
mod paths;
mod places;
mod read;

pub(crate) use check::origin;
pub use error::{StepProblem, StepsError};
pub(crate) use paths::paths;
pub(crate) use places::{CRATE, DEBIAN};
pub use places::{Certainty, Place, Tried};
pub(crate) use read::{LARGEST_FILE, files_of_steps};

use crate::object::Digest;
use crate::sandbox::{StepArch, StepLimits};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// A chain that can be built: names are known, nothing needs itself, everything is pinned or known
/// not to be.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The folder of the bootstrap, below which files are.
    pub folder: PathBuf,
    /// Steps, each behind those that it needs.
    pub steps: Vec<Step>,
    /// What others wrote, by name.
    pub sources: BTreeMap<String, SourceArchive>,
}

/// One step: programs that make outputs out of inputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its name, in the whole chain.
    pub name: String,
    /// What it is for, in a line.
    pub summary: String,
    /// What it sees, by its name in `/in`.
    pub inputs: BTreeMap<String, InputOrigin>,
    /// The programs that are run, one after the other, with their arguments. The first argument is
    /// the program's path.
    pub run: Vec<Vec<String>>,
    /// Added to the environment that all steps have.
    pub environment: BTreeMap<String, String>,
    /// Whether it sees `/proc`.
    pub proc: bool,
    /// Whose system calls its programs make.
    pub arch: StepArch,
    /// How much of anything it may have.
    pub limits: StepLimits,
    /// What it leaves, by its name in `/out`, with its pin.
    pub outputs: BTreeMap<String, Option<Digest>>,
    /// The file that it is written in.
    pub file: PathBuf,
}

/// Where an input comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum InputOrigin {
    /// The seed, made from its listing.
    Seed,
    /// An output of another step.
    Step {
        /// The step.
        step: String,
        /// Its output.
        output: String,
    },
    /// A file or folder below the folder of the bootstrap.
    File(PathBuf),
    /// A source as it is.
    Source(String),
    /// A source unpacked, or a part of it.
    Unpacked {
        /// The source.
        source: String,
        /// The part, or nothing.
        path: PathBuf,
    },
}

impl fmt::Display for InputOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seed => f.write_str("seed"),
            Self::Step { step, output } => write!(f, "step:{step}/{output}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Source(name) => write!(f, "source:{name}"),
            Self::Unpacked { source, path } if path.as_os_str().is_empty() => write!(f, "source:{source}!"),
            Self::Unpacked { source, path } => write!(f, "source:{source}!/{}", path.display()),
        }
    }
}

/// An archive that others wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceArchive {
    /// Its name, in the whole chain.
    pub name: String,
    /// The name of its file.
    pub file: String,
    /// What it holds.
    pub sha256: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// The Debian source package that has it, as apt names it: `PACKAGE` or `PACKAGE=VERSION`.
    pub debian: Option<String>,
    /// The crate whose archive it is.
    pub registry: Option<RegistryCrate>,
    /// Where its authors, or others, publish it.
    pub urls: Vec<String>,
    /// When places were found to have it, by [`Place::name`].
    pub tried: BTreeMap<String, Tried>,
}

/// A crate of the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryCrate {
    /// Its name.
    pub name: String,
    /// Its version, exactly.
    pub version: String,
}

/// A plan does not have a step of that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no step {name}; there are {}", known.join(", "))]
pub struct UnknownStep {
    /// The name.
    pub name: String,
    /// The names of its steps.
    pub known: Vec<String>,
}

impl Plan {
    /// Reads the steps below `folder` and checks them.
    pub fn read(folder: &Path) -> Result<Self, StepsError> {
        check::plan(folder, read::files(folder)?)
    }

    /// The plan of files that are read already, by their paths.
    pub fn from_texts(folder: &Path, texts: &[(PathBuf, String)]) -> Result<Self, StepsError> {
        let files = texts.iter().map(|(path, text)| Ok((path.clone(), read::parse(path, text)?)));
        check::plan(folder, files.collect::<Result<_, StepsError>>()?)
    }

    /// The step of that name.
    pub fn step(&self, name: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.name == name)
    }

    /// The plan for what `names` need, or all of it if there are none.
    ///
    /// # Errors
    /// The first name that no step has.
    pub fn only(&self, names: &[String]) -> Result<Self, UnknownStep> {
        if let Some(unknown) = names.iter().find(|name| self.step(name).is_none()) {
            let known = self.steps.iter().map(|step| step.name.clone()).collect();
            return Err(UnknownStep { name: unknown.clone(), known });
        }
        let mut wanted: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut at = 0;
        while let Some(step) = wanted.get(at).and_then(|name| self.step(name)) {
            for origin in step.inputs.values() {
                if let InputOrigin::Step { step, .. } = origin
                    && !wanted.contains(&step.as_str())
                {
                    wanted.push(step);
                }
            }
            at += 1;
        }
        let steps = self.steps.iter().filter(|step| names.is_empty() || wanted.contains(&step.name.as_str()));
        Ok(Self {
            folder: self.folder.clone(),
            steps: steps.cloned().collect(),
            sources: self.sources.clone(),
        })
    }
}
