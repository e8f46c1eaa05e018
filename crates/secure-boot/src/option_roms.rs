//! Programs in the option ROMs of cards, as the TPM's event log names them: with their digests in
//! db a machine starts them without the certificates of who signed them.

use authenticode::Guid;
use authenticode::event_log::{EventLog, EventLogError, LoadedDriver, MAX_LOG};
use authenticode::lists::{SignatureData, SignatureList, SignatureListKind};
use files::{ReadError, read_limited};
use std::path::{Path, PathBuf};

/// Where Linux shows the log of this start.
pub const EVENT_LOG: &str = "/sys/kernel/security/tpm0/binary_bios_measurements";
/// A SHA-256 digest with its owner.
const ENTRY: u32 = 48;

/// Why the option ROMs of a machine are not known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OptionRomError {
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It is no log.
    #[error("{}", path.display())]
    Log {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: EventLogError,
    },
    /// Firmware knows no other digests of programs that are not signed.
    #[error("{} has no SHA-256 digests", path.display())]
    NoSha256 {
        /// The file.
        path: PathBuf,
    },
}

impl OptionRomError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Read(_) => Some(
                "the log needs a TPM, root, and securityfs: mount -t securityfs securityfs /sys/kernel/security",
            ),
            Self::NoSha256 { .. } => {
                Some("switch the SHA-256 bank of the TPM on in the firmware's setup, and start again")
            }
            Self::Log { .. } => None,
        }
    }
}

/// The drivers that the firmware loaded, from the event log in a file.
pub fn read_option_roms(path: &Path) -> Result<Vec<LoadedDriver>, OptionRomError> {
    let bytes = read_limited(path, MAX_LOG as u64)?;
    let log =
        EventLog::read(&bytes).map_err(|source| OptionRomError::Log { path: path.to_owned(), source })?;
    log.drivers().ok_or_else(|| OptionRomError::NoSha256 { path: path.to_owned() })
}

/// A signature list of their digests; `None` if there are none.
pub fn digest_list(drivers: &[LoadedDriver], owner: Guid) -> Option<SignatureList> {
    let signatures = drivers.iter().map(|driver| SignatureData { owner, data: driver.digest.clone() });
    let kind = SignatureListKind::Sha256;
    let signatures: Vec<_> = signatures.collect();
    let list = SignatureList { kind, header: Vec::new(), signature_size: ENTRY, signatures };
    (!list.signatures.is_empty()).then_some(list)
}
