//! Nix's data formats: versions, names, hashes, store paths, derivations, archives, signatures, the
//! store database, profiles.
//!
//! | for | begin with |
//! |---|---|
//! | names and versions | [`DrvName`], [`compare_versions`] |
//! | hashes and store paths | [`struct@Hash`], [`StorePath`], [`StoreDir`], [`base32`] |
//! | derivations | [`Derivation`], [`HashModulo`] |
//! | archives and what binary caches record about them | [`nar`], [`NarInfo`], [`Signature`] |
//! | a store on this machine | `store_db`, [`profile`], [`references`] |
//!
//! Two parts are large because of what they link, and are features (both on by default):
//! `store-db`, the store database, which brings SQLite; and `signing`, making and checking
//! signatures, which brings the curve. Signatures as data are always there.
//!
//! An error's text names the place and what is wrong there; `source` is what another layer
//! reported: the system, SQLite, JSON.

mod derivation;
mod hash;
mod hash_modulo;
mod name;
mod narinfo;
mod signature;
mod store_path;
mod text;
mod version;

pub mod base32;
pub mod nar;
pub mod profile;
pub mod references;
#[cfg(feature = "store-db")]
pub mod store_db;

pub use derivation::{
    Attributes, AttributesError, Derivation, DerivationError, DerivationJsonError, DerivationJsonProblem,
    DerivationOutput, DerivationProblem, InputOutputs, own_placeholder, upstream_placeholder,
};
pub use hash::{Base64Error, DigestError, Hash, HashAlgorithm, HashError};
pub use hash_modulo::{
    DerivationKind, HashModulo, HashModuloError, InputHash, OutputPathError, OutputsProblem,
};
pub use name::DrvName;
pub use narinfo::{NarInfo, NarInfoError, NarInfoProblem, path_fingerprint};
pub use signature::{KeyName, Signature, SignatureError};
#[cfg(feature = "signing")]
pub use signature::{PublicKey, SecretKey, SecretText, TrustedKeys, VerifyError};
pub use store_path::{
    FixedMethod, FullStorePath, MakePathError, PathReferences, StoreDir, StoreNameError, StorePath,
    StorePathError, check_name,
};
pub use version::{Version, compare_versions, split_version};
