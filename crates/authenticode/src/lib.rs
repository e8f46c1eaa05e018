//! What boots: PE images and their Authenticode signatures.
//!
//! The core needs `alloc` but no `std`, because the boot stub uses it. Nothing here trusts its input: every length is
//! checked, everything malformed is an error that names the field.
//!
//! | module | what | document |
//! |---|---|---|
//! | [`pe`] | layout of images, sections, the certificate table, editing | PE Format (Microsoft) |
//! | [`attach`] | where signatures go | the same |
//! | [`digest`] | the Authenticode digest, from one pass over a file | Windows Authenticode Portable Executable Signature Format |
//! | [`cms`] | signed data, in the profile that Authenticode uses | PKCS #7 (RFC 2315), CMS (RFC 5652) |
//! | [`certificate`] | certificates and the keys in them | RFC 5280 |
//! | `key` | private keys in files (feature `sign`) | RFC 5958, 8017, 5915 |
//! | `sign` | signing files with a key, wherever it is (feature `sign`) | |
//! | `create` | new keys with their certificates (feature `create`) | RFC 5280, 5958 |
//! | `timestamp` | asking for timestamps (feature `sign`) | RFC 3161 |
//! | `pkcs11` | keys in tokens (feature `pkcs11`) | PKCS #11 (OASIS), RFC 7512 |
//! | `file` | files: one pass, safe writing (feature `std`) | |
//! | [`lists`] | EFI signature lists, GUIDs ([`guid`]) | UEFI specification, section 32.4.1 |
//! | [`sbat`] | generations of components, and which are revoked | shim's `SBAT.md` |
//! | [`secure_boot`] | a machine's keys: what is there, what has to be written | UEFI specification, section 32.3 |
//! | [`variable`] | the firmware's variables, and authorised changes of them | UEFI specification, section 8.2 |
//! | [`verify`] | whether firmware or shim would start an image, and why | UEFI specification, section 32.5; EDK2; shim |

#![cfg_attr(not(any(test, feature = "std")), no_std)]

extern crate alloc;

mod asn1;
pub mod attach;
pub mod certificate;
pub mod cms;
#[cfg(feature = "create")]
pub mod create;
pub mod digest;
#[cfg(feature = "std")]
pub mod file;
pub mod guid;
#[cfg(feature = "sign")]
pub mod key;
pub mod lists;
pub mod pe;
#[cfg(feature = "pkcs11")]
pub mod pkcs11;
pub mod sbat;
pub mod secure_boot;
#[cfg(feature = "sign")]
pub mod sign;
pub mod source;
pub mod time;
#[cfg(feature = "sign")]
pub mod timestamp;
pub mod variable;
pub mod verify;

pub use asn1::{DerError, DerProblem};
