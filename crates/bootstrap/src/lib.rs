//! Builds a chain of programs from a seed that people can read.
//!
//! - [`steps`]: the chain as data, read from TOML and checked before anything runs.
//! - [`seed`]: the first program, from its listing.
//! - [`sources`]: what others wrote, by its SHA-256: found, and unpacked.
//! - [`key`]: what a step's outputs depend on.
//! - [`store`]: outputs by their content, results by their key; whole or not there.
//! - [`sandbox`]: runs one step with nothing of the host but its kernel.
//! - [`build`]: all steps, those first that others need.
//! - [`pins`]: what outputs are, written into the steps.
//! - [`ddc`]: diverse double compiling: other compilers lead to the same bytes.
//! - [`compare`]: where two outputs begin to differ.
//! - [`replay`] and [`export`]: the chain without this driver, as a list of commands or built by Nix.
//! - [`provenance`]: where outputs come from, signed; the bill of materials.
//! - [`audit`]: what has to be trusted.
//! - [`built`] and [`graph`]: what is known of a build, shown.
//!
//! The sandbox is for Linux on x86-64; everything else works wherever Rust does.

pub mod audit;
pub mod build;
pub mod built;
pub mod compare;
pub mod ddc;
pub mod export;
pub mod graph;
pub mod key;
pub mod object;
pub mod pins;
pub mod places;
pub mod provenance;
pub mod replay;
pub mod sandbox;
pub mod seed;
pub mod sources;
pub mod steps;
pub mod store;
