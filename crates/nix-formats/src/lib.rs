//! Nix's data formats: versions, names, hashes, store paths, derivations, archives, signatures, the store database, profiles.

pub mod base32;
pub mod derivation;
pub mod hash;
pub mod hash_modulo;
pub mod name;
pub mod nar;
pub mod narinfo;
pub mod profile;
pub mod references;
pub mod signature;
pub mod store_db;
pub mod store_path;
pub mod version;
