//! Nix's data formats: versions, names, hashes, store paths, derivations, archives, signatures, the store database, profiles.

pub mod base32;
pub mod hash;
pub mod name;
pub mod nar;
pub mod references;
pub mod signature;
pub mod store_path;
pub mod version;
