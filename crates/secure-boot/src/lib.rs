//! Secure Boot of a machine: what its variables say, what it trusts, and how its owner's keys get
//! there.
//!
//! | module | what |
//! |---|---|
//! | `efivars` | [`Efivars`]: the firmware's variables, as efivarfs shows them |
//! | `state` | [`SecureBootState`]: what the variables say |
//! | `key_folder` | [`KeyFolder`]: the keys of a machine's owner, in a folder |
//! | `enrolment` | [`plan`]: which variables have to be written, in which order, signed by which key |
//! | `apply` | [`SignedEnrolment`]: signing a plan, and writing it |
//! | `trust` | trust lists, from files, folders and variables |
//! | `shim` | levels of SBAT, and what EFI programs say of themselves |
//!
//! Formats and signatures are those of the crate `authenticode`. Decisions are pure ([`plan`],
//! [`SecureBootState`]); what reads or writes names the path in its errors.

mod apply;
mod authorise;
mod efivars;
mod enrolment;
mod key_folder;
mod shim;
mod state;
mod trust;

pub use apply::{EnrolError, SignedEnrolment, microsoft_of_machine};
pub use authorise::{AuthoriseError, authorise};
pub use efivars::{EFIVARS, Efivars, EfivarsError};
pub use enrolment::{NotInSetupMode, OwnerKeys, ThirdPartyKeys, VariableChange, plan};
pub use key_folder::{KeyFolder, KeyFolderError, NewKeys};
pub use shim::{ShimError, is_image, read_level, read_sbat, read_shim_levels};
pub use state::{MICROSOFT, SecureBootState, describe, owner_name};
pub use trust::{TrustError, add_variables, read_database};
