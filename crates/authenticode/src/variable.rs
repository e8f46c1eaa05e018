//! Variables of the firmware: those that Secure Boot is made of, how efivarfs shows them, and how
//! writing them is authorised ([`Authenticated`]).

mod authenticated;
mod origin;

pub use authenticated::{Authenticated, AuthenticatedError, VariableError, prepare};
pub use origin::SignedFor;

use crate::guid::Guid;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// `EFI_GLOBAL_VARIABLE`.
pub const GLOBAL: Guid =
    Guid::new(0x8be4_df61, 0x93ca, 0x11d2, [0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c]);
/// `EFI_IMAGE_SECURITY_DATABASE_GUID`.
pub const SECURITY: Guid =
    Guid::new(0xd719_b2cb, 0x3d3a, 0x4596, [0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f]);
/// `SHIM_LOCK_GUID`.
pub const SHIM: Guid =
    Guid::new(0x605d_ab50, 0xe046, 0x4300, [0xab, 0xb6, 0x3d, 0xd8, 0x10, 0xdd, 0x8b, 0x23]);

/// A variable, by name and vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Variable {
    /// The name, in UTF-8.
    pub name: &'static str,
    /// The namespace of the name.
    pub vendor: Guid,
}

impl Variable {
    /// The platform key: whoever has it owns the machine.
    pub const PK: Self = Self { name: "PK", vendor: GLOBAL };
    /// Keys that may change db and dbx.
    pub const KEK: Self = Self { name: "KEK", vendor: GLOBAL };
    /// What may start.
    pub const DB: Self = Self { name: "db", vendor: SECURITY };
    /// What may not.
    pub const DBX: Self = Self { name: "dbx", vendor: SECURITY };
    /// Authorities for timestamps.
    pub const DBT: Self = Self { name: "dbt", vendor: SECURITY };
    /// 1 while there is no platform key, so that everybody may set keys.
    pub const SETUP_MODE: Self = Self { name: "SetupMode", vendor: GLOBAL };
    /// 1 if firmware starts only what db lets through.
    pub const SECURE_BOOT: Self = Self { name: "SecureBoot", vendor: GLOBAL };
    /// 1 if everything starts and what would not have is noted.
    pub const AUDIT_MODE: Self = Self { name: "AuditMode", vendor: GLOBAL };
    /// 1 if the other modes cannot be reached from within.
    pub const DEPLOYED_MODE: Self = Self { name: "DeployedMode", vendor: GLOBAL };
    /// 1 while only the vendor's keys were ever used.
    pub const VENDOR_KEYS: Self = Self { name: "VendorKeys", vendor: GLOBAL };
    /// The vendor's db, for going back to it.
    pub const DB_DEFAULT: Self = Self { name: "dbDefault", vendor: GLOBAL };
    /// The vendor's KEK.
    pub const KEK_DEFAULT: Self = Self { name: "KEKDefault", vendor: GLOBAL };
    /// The vendor's dbx.
    pub const DBX_DEFAULT: Self = Self { name: "dbxDefault", vendor: GLOBAL };
    /// What shim starts in addition to db.
    pub const MOK_LIST: Self = Self { name: "MokListRT", vendor: SHIM };
    /// What shim does not start.
    pub const MOK_LIST_X: Self = Self { name: "MokListXRT", vendor: SHIM };
    /// The least generations that shim starts.
    pub const SBAT_LEVEL: Self = Self { name: "SbatLevelRT", vendor: SHIM };

    /// Those that hold signature lists.
    pub const LISTS: [Self; 7] =
        [Self::PK, Self::KEK, Self::DB, Self::DBX, Self::DBT, Self::MOK_LIST, Self::MOK_LIST_X];

    /// The variable with lists of this name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::LISTS.into_iter().find(|variable| variable.name == name)
    }

    /// Its file in efivarfs.
    pub fn file_name(&self) -> String {
        alloc::format!("{}-{}", self.name, self.vendor)
    }
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Attributes of a variable (UEFI specification, section 8.2).
pub mod attributes {
    /// It survives a restart.
    pub const NON_VOLATILE: u32 = 1;
    /// Programs see it before the system starts.
    pub const BOOT_SERVICE: u32 = 2;
    /// The system sees it.
    pub const RUNTIME: u32 = 4;
    /// Writing it takes a signature with a time.
    pub const TIME_AUTHENTICATED: u32 = 0x20;
    /// What is written goes behind what is there.
    pub const APPEND: u32 = 0x40;
    /// Those of PK, KEK, db, dbx.
    pub const KEYS: u32 = NON_VOLATILE | BOOT_SERVICE | RUNTIME | TIME_AUTHENTICATED;
}

/// A variable as efivarfs shows it: four bytes of attributes, and the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariableContent {
    /// Its attributes.
    pub attributes: u32,
    /// Its value.
    pub data: Vec<u8>,
}

impl VariableContent {
    /// Reads a file of efivarfs; `None` if it is too short.
    pub fn read(file: &[u8]) -> Option<Self> {
        let (attributes, data) = file.split_first_chunk::<4>()?;
        Some(Self { attributes: u32::from_le_bytes(*attributes), data: data.to_vec() })
    }

    /// What has to be written, in one piece.
    pub fn write(&self) -> Vec<u8> {
        [&self.attributes.to_le_bytes(), self.data.as_slice()].concat()
    }
}
