//! The keys of sbctl, and what it signs: `/var/lib/sbctl`, or `/usr/share/secureboot` of versions
//! before 0.15.

use crate::file_list::{FileListError, ListedFile, read_file_list};
use crate::key_folder::ExistingKey;
use authenticode::certificate::{Certificate, CertificateError};
use authenticode::key_location::KeyLocationError;
use authenticode::sign::{
    FileSigner, MAX_KEY_FILE, PrivateKey, PrivateKeyError, Secret, SignError, SignerCertificates,
};
use authenticode::variable::Variable;
use authenticode::{Guid, GuidError};
use files::{ReadError, read_limited, read_text};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A GUID and the end of the line.
const MAX_OWNER: u64 = 1 << 10;
/// Certificates have one to three kilobytes.
const MAX_CERTIFICATE: u64 = 64 << 10;
/// Hundreds of bundles fit into this.
const MAX_BUNDLES: u64 = 16 << 20;

/// Why the keys of sbctl cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SbctlError {
    /// A file of it cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The owner is no GUID.
    #[error("{}", path.display())]
    Owner {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: GuidError,
    },
    /// A certificate cannot be used.
    #[error("{}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: CertificateError,
    },
    /// A key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyLocationError),
    /// A key is in a TPM.
    #[error("the key {} is in a TPM: it cannot be taken out", path.display())]
    Tpm {
        /// The file.
        path: PathBuf,
    },
    /// A key and a certificate do not belong together.
    #[error("{}", path.display())]
    OtherKey {
        /// The file of the key.
        path: PathBuf,
        /// That they do not.
        source: SignError,
    },
    /// The list of files cannot be used.
    #[error(transparent)]
    Files(#[from] FileListError),
    /// The list of bundles cannot be used.
    #[error("{}", path.display())]
    Bundles {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

impl SbctlError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Read(_) => {
                Some("sbctl keeps its keys in /var/lib/sbctl, or before 0.15 in /usr/share/secureboot")
            }
            Self::Key(error) => error.hint(),
            Self::Tpm { .. } => Some("`snowguard keys create` and `keys rotate` lead to keys in files"),
            _ => None,
        }
    }
}

/// A unified kernel image that sbctl builds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Bundle {
    /// Where it goes.
    pub output: PathBuf,
    /// Microcode for Intel's processors.
    pub intel_microcode: PathBuf,
    /// Microcode for AMD's processors.
    pub amd_microcode: PathBuf,
    /// The kernel.
    pub kernel_image: PathBuf,
    /// The initrd.
    pub initramfs: PathBuf,
    /// The file with the command line.
    pub cmdline: PathBuf,
    /// A picture.
    pub splash: PathBuf,
    /// The file that describes the system.
    pub os_release: PathBuf,
    /// The stub.
    pub efi_stub: PathBuf,
}

impl Bundle {
    /// The arguments of `snowguard pe uki` that build the same.
    pub fn arguments(&self) -> Vec<(&'static str, PathBuf)> {
        let text = |path: &Path| if path.as_os_str().is_empty() { PathBuf::new() } else { at(path) };
        let all = [
            ("--linux", self.kernel_image.clone()),
            ("--initrd", self.intel_microcode.clone()),
            ("--initrd", self.amd_microcode.clone()),
            ("--initrd", self.initramfs.clone()),
            ("--cmdline", text(&self.cmdline)),
            ("--os-release", text(&self.os_release)),
            ("--splash", self.splash.clone()),
            ("--stub", self.efi_stub.clone()),
            ("--output", self.output.clone()),
        ];
        all.into_iter().filter(|(_, path)| !path.as_os_str().is_empty()).collect()
    }
}

/// `@` and a path: what stands in that file.
fn at(path: &Path) -> PathBuf {
    let mut text = std::ffi::OsString::from("@");
    text.push(path);
    text.into()
}

/// What sbctl keeps.
#[derive(Debug)]
#[non_exhaustive]
pub struct SbctlFolder {
    /// The owner in the signature lists.
    pub owner: Guid,
    /// PK, KEK and db.
    pub keys: Vec<ExistingKey>,
    /// What it signs.
    pub files: Vec<ListedFile>,
    /// What it builds.
    pub bundles: Vec<Bundle>,
}

impl SbctlFolder {
    /// Reads one. Each key has to belong to its certificate.
    pub fn read(folder: &Path) -> Result<Self, SbctlError> {
        let path = folder.join("GUID");
        let text = read_text(&path, MAX_OWNER)?;
        let owner = text.trim().parse().map_err(|source| SbctlError::Owner { path, source })?;
        let keys = [Variable::PK, Variable::KEK, Variable::DB];
        let keys = keys.into_iter().map(|variable| key(folder, variable)).collect::<Result<_, _>>()?;
        let files = first(folder, ["files.json", "files.db"]);
        let files = files.map(|path| read_file_list(&path)).transpose()?.unwrap_or_default();
        let bundles = first(folder, ["bundles.json", "bundles.db"]);
        let bundles = bundles.map(|path| bundles_of(&path)).transpose()?.unwrap_or_default();
        Ok(Self { owner, keys, files, bundles })
    }
}

/// The first of these files that is there.
fn first(folder: &Path, names: [&str; 2]) -> Option<PathBuf> {
    names.into_iter().map(|name| folder.join(name)).find(|path| path.exists())
}

fn key(folder: &Path, variable: Variable) -> Result<ExistingKey, SbctlError> {
    let inside = folder.join("keys").join(variable.name);
    let path = inside.join(format!("{variable}.pem"));
    let all = Certificate::read_all(&read_limited(&path, MAX_CERTIFICATE)?);
    let certificate = all.and_then(|all| all.into_iter().next().ok_or(CertificateError::None));
    let certificate = certificate.map_err(|source| SbctlError::Certificate { path, source })?;
    let path = inside.join(format!("{variable}.key"));
    let file = Secret::from(read_limited(&path, MAX_KEY_FILE as u64)?);
    let read = || match PrivateKey::read(file.as_bytes(), None) {
        Err(PrivateKeyError::Label(label)) if label == "TSS2 PRIVATE KEY" => {
            Err(SbctlError::Tpm { path: path.clone() })
        }
        other => other.map_err(|source| KeyLocationError::Key { path: path.clone(), source }.into()),
    };
    let certificates = SignerCertificates { signer: certificate.clone(), chain: Vec::new() };
    FileSigner::new(read()?, certificates)
        .map_err(|source| SbctlError::OtherKey { path: path.clone(), source })?;
    let private = read()?;
    Ok(ExistingKey { variable, file, private, certificate })
}

fn bundles_of(path: &Path) -> Result<Vec<Bundle>, SbctlError> {
    let bytes = read_limited(path, MAX_BUNDLES)?;
    let bundles: BTreeMap<String, Bundle> = serde_json::from_slice(&bytes)
        .map_err(|source| SbctlError::Bundles { path: path.to_owned(), source })?;
    Ok(bundles.into_values().collect())
}
