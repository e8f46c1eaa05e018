//! What boots: PE images and their Authenticode signatures.
//!
//! The core needs `alloc` but no `std`, because the boot stub uses it. Nothing here trusts its
//! input: every length is checked, everything malformed is an error that names the field.
//!
//! | module | what | document |
//! |---|---|---|
//! | [`pe`] | layout of images, sections, the certificate table, editing | PE Format (Microsoft) |
//! | [`attach`] | where signatures go | the same |
//! | [`image_digest`] | the Authenticode digest, from one pass over a file | Windows Authenticode Portable Executable Signature Format |
//! | [`cms`] | signed data, in the profile that Authenticode uses | PKCS #7 (RFC 2315), CMS (RFC 5652) |
//! | [`certificate`] | certificates and the keys in them | RFC 5280 |
//! | [`path`] | paths from a signer's certificate to one that is trusted | RFC 5280, section 6 |
//! | [`event_log`] | what firmware measured into the TPM | TCG PC Client Platform Firmware Profile, section 10 |
//! | [`lists`] | EFI signature lists | UEFI specification, section 32.4.1 |
//! | [`sbat`] | generations of components, and which are revoked | shim's `SBAT.md` |
//! | [`variable`] | the firmware's variables, and authorised changes of them | UEFI specification, section 8.2 |
//! | [`uki`] | unified kernel images, put together of their parts | UAPI.5, "Unified Kernel Image" |
//! | [`trust_file`] | files that hold what is trusted, in all their forms | |
//! | [`verify`] | whether firmware or shim would start an image, and why | UEFI specification, section 32.5; EDK2; shim |
//! | `file` | images in files, read in one pass and written whole (feature `std`) | |
//! | `sign` | signing files with a key, wherever it is (feature `sign`) | |
//! | `key_location` | where a signer's key and certificates are (feature `sign`) | RFC 7512 |
//! | `timestamp` | requesting timestamps (feature `sign`) | RFC 3161 |
//! | `create` | new keys with their certificates (feature `create`) | RFC 5280, 5958 |
//! | `pkcs11` | keys in tokens (feature `pkcs11`) | PKCS #11 (OASIS), RFC 7512 |
//!
//! What a machine trusts and how its keys are enrolled is the crate `secure-boot`.

#![cfg_attr(not(any(test, feature = "std")), no_std)]

extern crate alloc;

mod asn1;
pub mod attach;
pub mod certificate;
pub mod cms;
#[cfg(feature = "create")]
pub mod create;
mod digest;
pub mod event_log;
#[cfg(feature = "std")]
pub mod file;
mod foreign;
mod guid;
pub mod image_digest;
#[cfg(feature = "sign")]
pub mod key_location;
pub mod lists;
mod oid;
mod openssl;
pub mod path;
pub mod pe;
mod pem;
#[cfg(feature = "pkcs11")]
pub mod pkcs11;
pub mod sbat;
#[cfg(feature = "sign")]
pub mod sign;
mod source;
mod time;
#[cfg(feature = "sign")]
pub mod timestamp;
pub mod trust_file;
pub mod uki;
pub mod variable;
pub mod verify;

pub use asn1::DerError;
pub use digest::{DigestAlgorithm, Hasher};
pub use foreign::ForeignError;
pub use guid::{Guid, GuidError};
pub use oid::Oid;
#[cfg(feature = "std")]
pub use source::FileSource;
pub use source::ImageSource;
pub use time::Time;
