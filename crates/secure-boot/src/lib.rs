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
//! | `rotation` | [`Rotation`]: new keys for a machine that has keys |
//! | `machine_rotation` | [`MachineRotation`]: the same together with its programs |
//! | `sbctl` | [`SbctlFolder`]: the keys of sbctl, and what it signs |
//! | `trust` | trust lists, from files, folders and variables |
//! | `programs` | [`FoundPrograms`]: the EFI programs below a folder |
//! | `file_list` | [`read_file_list`]: lists of files, sbctl's too |
//! | `update` | [`Update`]: changes that somebody else signed, and what they would do |
//! | `option_roms` | programs in option ROMs, from the TPM's event log |
//! | `shim` | levels of SBAT, and what EFI programs say of themselves |
//!
//! Formats and signatures are those of the crate `authenticode`. Decisions are pure ([`plan`],
//! [`SecureBootState`]); what reads or writes names the path in its errors.

mod apply;
mod authorise;
mod efivars;
mod enrolment;
mod file_list;
mod key_folder;
mod machine_rotation;
mod option_roms;
mod programs;
mod rotation;
mod sbctl;
mod shim;
mod state;
mod trust;
mod update;

pub use apply::{EnrolError, SignedEnrolment, microsoft_of_machine, vendor_of_machine};
pub use authorise::{AuthoriseError, authorise};
pub use efivars::{EFIVARS, Efivars, EfivarsError};
pub use enrolment::{
    Enrolment, EnrolmentRefused, MoreLists, OwnerKeys, ThirdPartyKeys, VariableChange, plan,
};
pub use file_list::{FileListError, ListedFile, read_file_list};
pub use key_folder::{ExistingKey, KeyFolder, KeyFolderError, NewKeys};
pub use machine_rotation::{EachProgram, MachineRotation, RotationEnd, RotationRequest};
pub use option_roms::{EVENT_LOG, OptionRomError, digest_list, read_option_roms};
pub use programs::FoundPrograms;
pub use rotation::{Generation, MachineLists, RotateError, Rotation, RotationStep, SignedRotation};
pub use sbctl::{Bundle, SbctlError, SbctlFolder};
pub use shim::{ShimError, is_image, read_level, read_sbat, read_shim_levels};
pub use state::{MICROSOFT, SecureBootState, describe, owner_name};
pub use trust::{TrustError, add_variables, read_database, read_signature_lists};
pub use update::{
    ChangeRefused, Consequences, ProgramError, RefusedProgram, Update, UpdateEffect, UpdateError,
    machine_policy,
};
