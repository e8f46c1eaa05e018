//! Builds a chain of programs from a seed that people can read.
//!
//! - [`Plan`]: the chain as data, read from TOML and checked before anything runs; [`accept_pins`]
//!   writes what outputs are into it.
//! - [`seed`]: the first program, from its listing.
//! - [`sources`]: what others wrote, by its SHA-256: found, and unpacked.
//! - [`Store`]: outputs by their content, results by their key; whole or not there.
//! - [`sandbox`]: runs one step with nothing of the host but its kernel.
//! - [`Builder`]: all steps, those first that others need.
//! - [`ddc`]: diverse double compiling: other compilers lead to the same bytes.
//! - [`first_difference`]: where two outputs begin to differ.
//! - [`replay`] and [`export`]: the chain without this driver, as a list of commands or built by
//!   Nix.
//! - [`provenance`]: where outputs come from, signed; the bill of materials.
//! - [`audit`]: what has to be trusted.
//! - [`Built`] and [`graph`]: what is known of a build, shown.
//!
//! The sandbox is for Linux on x86-64; everything else works wherever Rust does.

mod arguments;
pub mod audit;
mod build;
mod built;
mod causes;
mod compare;
pub mod ddc;
pub mod export;
pub mod graph;
mod key;
mod object;
mod obstacle;
mod pins;
pub mod provenance;
mod record;
pub mod replay;
pub mod sandbox;
pub mod seed;
pub mod sources;
mod steps;
mod store;

pub use build::{BuildError, BuildOptions, BuildResults, Builder};
pub use built::{Built, BuiltError, BuiltOutput, BuiltStep};
pub use compare::{Difference, first_difference};
pub use object::{Digest, DigestError, Object, ObjectError, ObjectKind};
pub use obstacle::Obstacle;
pub use pins::{PinError, accept_pins};
pub use record::{Answers, record_probes};
pub use steps::{
    InputOrigin, Place, Plan, RegistryCrate, SourceArchive, Step, StepProblem, StepsError, Tried, UnknownStep,
};
pub use store::{Contents, StepResult, Store, StoreError};
