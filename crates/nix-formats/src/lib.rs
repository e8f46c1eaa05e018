//! Nix's data formats: versions, names, hashes, store paths, derivations, archives, signatures, the store database, profiles.

pub mod nar;
pub mod references;
pub mod signature;
