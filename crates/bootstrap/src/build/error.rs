//! Why a step has no outputs.

use crate::object::Digest;
use crate::sandbox::{ReachedLimit, SandboxError};
use crate::seed::SeedError;
use crate::sources::{SourceError, UnpackError};
use crate::steps::Step;
use crate::store::StoreError;
use files::FileError;
use std::path::PathBuf;

/// Why a step has no outputs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A program of the step failed.
    #[error("step {step}: {command}: {how}; what it printed is in {}", log.display())]
    Failed {
        /// The step.
        step: String,
        /// The program and its arguments.
        command: String,
        /// How it ended.
        how: String,
        /// Where what it printed is.
        log: PathBuf,
        /// The last lines of that, without control characters.
        last: Vec<String>,
    },
    /// The step was ended at one of its limits.
    #[error("step {step}: {command}: {limit}; what it printed is in {}", log.display())]
    Limited {
        /// The step.
        step: String,
        /// The program and its arguments.
        command: String,
        /// The limit.
        limit: ReachedLimit,
        /// Where what it printed is.
        log: PathBuf,
        /// The file of the step.
        file: PathBuf,
    },
    /// The step could not be run in a sandbox.
    #[error("step {step}")]
    Sandbox {
        /// The step.
        step: String,
        /// Where what was printed is, unless that was a terminal.
        log: Option<PathBuf>,
        /// Why it failed.
        source: SandboxError,
    },
    /// The step did not leave an output.
    #[error("step {step}: there is no output {output}, although all its programs ended well")]
    Missing {
        /// The step.
        step: String,
        /// Its output.
        output: String,
    },
    /// What the step left as an output is none, or cannot be taken into the store.
    #[error("step {step}: output {output} cannot be taken")]
    Output {
        /// The step.
        step: String,
        /// Its output.
        output: String,
        /// Why it failed.
        source: Box<StoreError>,
    },
    /// The step left something that is no output.
    #[error(
        "step {step}: it left {} in /out, which is none of its outputs", path.display()
    )]
    Surplus {
        /// The step.
        step: String,
        /// What it left.
        path: PathBuf,
    },
    /// An output is not what its pin says.
    #[error(
        "step {step}: output {output} is {found}, but it is pinned to {pin}: an input has changed, or something is not reproducible"
    )]
    Pin {
        /// The step.
        step: String,
        /// Its output.
        output: String,
        /// What it is.
        found: Digest,
        /// What it should be.
        pin: Digest,
    },
    /// An output has no pin.
    #[error("step {step}: output {output} is {found}, and has no pin")]
    Unpinned {
        /// The step.
        step: String,
        /// Its output.
        output: String,
        /// What it is.
        found: Digest,
        /// Where the pin belongs.
        file: PathBuf,
    },
    /// Programs of steps are in the store, and it is on a file system that lets none be started.
    #[error(
        "no program can be started from {}: its file system is mounted with the option noexec",
        store.display()
    )]
    NoPrograms {
        /// The folder of the store.
        store: PathBuf,
    },
    /// A part of a source is not there.
    #[error("step {step}: source {source_name} has no {}", path.display())]
    MissingPart {
        /// The step.
        step: String,
        /// The source.
        source_name: String,
        /// Its part.
        path: PathBuf,
    },
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A source is not there.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A source cannot be unpacked.
    #[error(transparent)]
    Unpack(#[from] UnpackError),
    /// The seed's listing is wrong.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// The system refuses.
    #[error("step {step}")]
    File {
        /// The step.
        step: String,
        /// Why it failed.
        source: FileError,
    },
}

impl BuildError {
    /// What can be done about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Failed { step, .. } => {
                Some(format!("to look around where it ran: snowguard bootstrap shell {step}"))
            }
            Self::Limited { step, limit, file, .. } => Some(format!(
                "if it needs more: limits = {{ {} = … }} in step {step} of {}",
                limit.kind.key(),
                file.display()
            )),
            Self::Sandbox { source, log, .. } => source
                .hint()
                .map(str::to_owned)
                .or_else(|| log.as_ref().map(|log| format!("what it printed is in {}", log.display()))),
            Self::NoPrograms { .. } => Some(
                "use a store on another file system, with --store, or mount that one with the option exec"
                    .into(),
            ),
            Self::Surplus { .. } => Some("name it in [step.outputs], or let the step remove it".into()),
            Self::Unpinned { found, file, .. } => Some(format!(
                "if that is right, add sha256 = \"{found}\" to it in {}, or build with --unpinned",
                file.display()
            )),
            Self::Store(error) => error.hint().map(str::to_owned),
            Self::Output { source, .. } => source.hint().map(str::to_owned),
            Self::Source(error) => error.hint(),
            _ => None,
        }
    }

    pub(super) fn file(step: &Step) -> impl FnOnce(FileError) -> Self {
        let step = step.name.clone();
        move |source| Self::File { step, source }
    }
}
