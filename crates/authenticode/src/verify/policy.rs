//! What is trusted, and who decides.

use crate::lists::SignatureDatabase;
use crate::sbat::SbatLevel;
use crate::time::Time;
use core::fmt;

/// Who decides whether an image starts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Loader {
    /// The firmware, as EDK2 decides.
    #[default]
    Firmware,
    /// Shim, for what it starts.
    Shim,
}

/// Who loads an image under shim, which decides whether it may lack `.sbat`: what shim loads itself
/// has to have it, what a program asks shim about that shim started need not (shim's
/// `verify_sbat_section`, `in_protocol`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LoadedBy {
    /// Whoever usually does: boot loaders load Linux kernels, shim loads all else.
    #[default]
    Usual,
    /// Shim itself.
    Shim,
    /// A program that shim started: GRUB, systemd-boot.
    Program,
}

/// A list, by its role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrustList {
    /// `db`: what may start.
    Db,
    /// `dbx`: what may not.
    Dbx,
    /// `MokListRT`: what the machine's owner allows shim to start.
    Mok,
    /// `MokListXRT`: what the owner forbids shim to start.
    Mokx,
    /// The certificate that is built into shim.
    Vendor,
}

impl fmt::Display for TrustList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Db => "db",
            Self::Dbx => "dbx",
            Self::Mok => "MOK list",
            Self::Mokx => "MOK deny list",
            Self::Vendor => "shim's own certificates",
        })
    }
}

/// What is trusted, and how strictly.
#[derive(Debug, Clone, Default)]
pub struct TrustPolicy {
    /// Who decides.
    pub loader: Loader,
    /// What may start.
    pub db: SignatureDatabase,
    /// What may not.
    pub dbx: SignatureDatabase,
    /// Authorities for timestamps, which save signatures from before a revocation.
    pub dbt: SignatureDatabase,
    /// Shim only: what the machine's owner allows.
    pub mok: SignatureDatabase,
    /// Shim only: what the owner forbids.
    pub mokx: SignatureDatabase,
    /// Shim only: its own certificates.
    pub vendor: SignatureDatabase,
    /// Shim only: who loads the image.
    pub loaded_by: LoadedBy,
    /// The least generations of components. With none, `.sbat` is not looked at.
    pub sbat_level: Option<SbatLevel>,
    /// Refuse what was signed with a certificate that is not valid at this time. Neither firmware
    /// nor shim does.
    pub valid_at: Option<Time>,
    /// Let entries of deny lists pass that nobody here can read, and of which it is not known what
    /// firmware makes of them.
    pub ignore_unreadable: bool,
    /// Take SHA-1, for looking at old files. Some firmware still does; shim computes it for lists
    /// only.
    pub sha1: bool,
}
