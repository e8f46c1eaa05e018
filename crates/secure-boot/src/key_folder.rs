//! The keys of a machine's owner, in a folder.
//!
//! For each of PK, KEK and db: `NAME.key` (private), `NAME.pem` and `NAME.der` (its certificate),
//! `NAME.esl` (a signature list), `NAME.auth` (an authorised change that enrols it); and `owner` (a
//! GUID) and `PK-remove.auth`, which takes the platform key out again.

use crate::authorise::{AuthoriseError, authorise};
use crate::enrolment::OwnerKeys;
use authenticode::certificate::{Certificate, CertificateError, PublicKeyError, to_pem};
use authenticode::create::{CreateError, CryptoRng, KeyType, create};
use authenticode::key_location::{KeyLocationError, read_key, readable_by_all};
use authenticode::lists::{self, SignatureList, SignatureListKind};
use authenticode::sign::{PrivateKey, PrivateKeyError, Secret, SecretSource};
use authenticode::variable::{Authenticated, Variable};
use authenticode::{Guid, GuidError, Time};
use files::{
    FileError, ReadError, ReplaceError, create_folder, create_new, read_limited, read_text, replace_bytes,
};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A GUID and the end of the line.
const MAX_OWNER: u64 = 1 << 10;
/// Certificates have one to three kilobytes.
const MAX_CERTIFICATE: u64 = 64 << 10;
/// Changes of keys have some kilobytes.
const MAX_CHANGE: u64 = 1 << 20;
/// The GUID of the owner.
const OWNER: &str = "owner";
/// The authorised change that takes the platform key out.
const REMOVAL: &str = "PK-remove.auth";
/// Variables with the purpose of their keys.
const ROLES: [(Variable, &str); 3] = [
    (Variable::PK, "platform key"),
    (Variable::KEK, "key exchange key"),
    (Variable::DB, "signature database key"),
];

/// Why a folder of keys cannot be made or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFolderError {
    /// Keys are never overwritten.
    #[error("{} is there already; keys are never overwritten", path.display())]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// A file of it, or the folder, cannot be written.
    #[error(transparent)]
    Write(#[from] FileError),
    /// It holds no owner: something else made it.
    #[error("is {} what `snowguard keys create` made?", path.display())]
    NoOwner {
        /// The folder.
        path: PathBuf,
        /// Why the owner cannot be read.
        source: ReadError,
    },
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
    /// A private key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyLocationError),
    /// A private key and a certificate of the same name are not a pair.
    #[error("{} is not the key of {}", key.display(), certificate.display())]
    OtherKey {
        /// The file of the private key.
        key: PathBuf,
        /// The file of the certificate.
        certificate: PathBuf,
    },
    /// A certificate has a key of an unknown kind.
    #[error("{}", path.display())]
    PublicKey {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: PublicKeyError,
    },
    /// A key cannot be made.
    #[error(transparent)]
    Create(#[from] CreateError),
    /// A key that was just made cannot be read.
    #[error(transparent)]
    NewKey(#[from] PrivateKeyError),
    /// A change cannot be signed.
    #[error(transparent)]
    Authorise(#[from] AuthoriseError),
    /// Certificates end with the year 9999.
    #[error("that is after the year 9999")]
    Time,
}

impl KeyFolderError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoOwner { .. } => Some("`snowguard keys create` makes such folders"),
            Self::Key(error) => error.hint(),
            Self::OtherKey { .. } => Some(
                "nothing is enrolled that the keys of this folder could not use: one of the two files is another folder's",
            ),
            Self::Create(CreateError::EmptyPassphrase) => Some(
                "without a passphrase the keys are not encrypted: leave the option, or the variable, out",
            ),
            _ => None,
        }
    }
}

/// Keys that are to be made.
#[derive(Debug)]
pub struct NewKeys<'a> {
    /// The name in the certificates, to which their purpose is added.
    pub name: &'a str,
    /// The owner in the signature lists.
    pub owner: Guid,
    /// The kind of all keys.
    pub kind: KeyType,
    /// From when until when the certificates are valid; the changes bear the first of the two
    /// times.
    pub valid: [Time; 2],
    /// The passphrase to encrypt the private keys with.
    pub passphrase: Option<&'a Secret>,
}

/// A key that exists already, and its certificate.
#[derive(Debug)]
pub struct ExistingKey {
    /// PK, KEK or db.
    pub variable: Variable,
    /// The file with the private key.
    pub file: Secret,
    /// The private key.
    pub private: PrivateKey,
    /// The certificate.
    pub certificate: Certificate,
}

/// A folder of keys.
#[derive(Debug, Clone)]
pub struct KeyFolder {
    path: PathBuf,
    keys: OwnerKeys,
}

impl KeyFolder {
    /// Makes keys, and a new folder of them. It appears at once, with everything in it; until then
    /// only its owner sees it.
    pub fn create(path: &Path, new: &NewKeys<'_>, random: &mut impl CryptoRng) -> Result<(), KeyFolderError> {
        // Making keys takes a while.
        if path.exists() {
            return Err(KeyFolderError::Exists { path: path.to_owned() });
        }
        let mut keys = Vec::new();
        for (variable, role) in ROLES {
            let name = format!("{} {role}", new.name);
            let key = create(new.kind, &name, new.valid, random)?;
            keys.push(ExistingKey {
                variable,
                file: key.key_pem(new.passphrase)?,
                private: key.private_key()?,
                certificate: key.certificate().clone(),
            });
        }
        Self::create_of(path, new.owner, &keys, new.valid[0], &[])
    }

    /// Makes a new folder of keys that exist already, and of further files. The changes in it bear
    /// the time `now`.
    pub fn create_of(
        path: &Path,
        owner: Guid,
        keys: &[ExistingKey],
        now: Time,
        more: &[(&str, Vec<u8>)],
    ) -> Result<(), KeyFolderError> {
        match create_folder(path, 0o700, |inside| fill(inside, owner, keys, now, more)) {
            Ok(()) => Ok(()),
            Err(ReplaceError::File(error)) if error.kind() == ErrorKind::AlreadyExists => {
                Err(KeyFolderError::Exists { path: path.to_owned() })
            }
            Err(ReplaceError::File(error)) => Err(error.into()),
            Err(ReplaceError::Content { source, .. }) => Err(source),
        }
    }

    /// Opens a folder that [`KeyFolder::create`] made. Private keys are not looked at.
    pub fn open(path: &Path) -> Result<Self, KeyFolderError> {
        let owner = path.join(OWNER);
        let text = read_text(&owner, MAX_OWNER)
            .map_err(|source| KeyFolderError::NoOwner { path: path.to_owned(), source })?;
        let guid = text.trim().parse().map_err(|source| KeyFolderError::Owner { path: owner, source })?;
        let certificate = |variable: Variable| {
            let path = path.join(format!("{variable}.pem"));
            let bytes = read_limited(&path, MAX_CERTIFICATE)?;
            let all = Certificate::read_all(&bytes);
            let first = all.and_then(|all| all.into_iter().next().ok_or(CertificateError::None));
            first.map_err(|source| KeyFolderError::Certificate { path, source })
        };
        let keys = OwnerKeys {
            guid,
            pk: certificate(Variable::PK)?,
            kek: certificate(Variable::KEK)?,
            db: certificate(Variable::DB)?,
        };
        Ok(Self { path: path.to_owned(), keys })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A time behind the last change of variables that was signed with this folder, as far as it
    /// shows: that of the way back, which is signed last.
    pub fn last_change(&self) -> Option<Time> {
        let bytes = read_limited(&self.path.join(REMOVAL), MAX_CHANGE).ok()?;
        Some(Authenticated::read(&bytes).ok()?.time)
    }

    /// The owner and the certificates.
    pub fn keys(&self) -> &OwnerKeys {
        &self.keys
    }

    /// Checks that the private key of PK, KEK or db belongs to its certificate. A key that is kept
    /// elsewhere cannot be checked, and other variables have none.
    pub fn check_pair(&self, variable: Variable, passphrase: &SecretSource) -> Result<(), KeyFolderError> {
        let of = match variable {
            Variable::PK => &self.keys.pk,
            Variable::KEK => &self.keys.kek,
            Variable::DB => &self.keys.db,
            _ => return Ok(()),
        };
        let [key, certificate] = ["key", "pem"].map(|ending| self.path.join(format!("{variable}.{ending}")));
        if !key.exists() {
            return Ok(());
        }
        let belongs = self.private_key(variable, passphrase)?.is_of(of);
        if !belongs.map_err(|source| KeyFolderError::PublicKey { path: certificate.clone(), source })? {
            return Err(KeyFolderError::OtherKey { key, certificate });
        }
        Ok(())
    }

    /// The files of private keys that everybody on the machine may read, with their permissions.
    pub fn readable_by_all(&self) -> Vec<(PathBuf, u32)> {
        let paths = ROLES.map(|(variable, _)| self.path.join(format!("{variable}.key")));
        let open = |path: PathBuf| readable_by_all(&path).map(|mode| (path, mode));
        paths.into_iter().filter_map(open).collect()
    }

    /// The private key of PK, KEK or db.
    pub fn private_key(
        &self,
        variable: Variable,
        passphrase: &SecretSource,
    ) -> Result<PrivateKey, KeyFolderError> {
        Ok(read_key(&self.path.join(format!("{variable}.key")), passphrase)?)
    }

    /// Replaces the authorised change that takes the platform key out.
    pub fn replace_removal(&self, change: &[u8]) -> Result<(), KeyFolderError> {
        Ok(replace_bytes(&self.path.join(REMOVAL), change)?)
    }
}

fn fill(
    inside: &Path,
    owner: Guid,
    keys: &[ExistingKey],
    now: Time,
    more: &[(&str, Vec<u8>)],
) -> Result<(), KeyFolderError> {
    let write = |name: &str, mode, bytes: &[u8]| create_new(&inside.join(name), mode, bytes);
    write(OWNER, 0o644, format!("{owner}\n").as_bytes())?;
    for key in keys {
        let ExistingKey { variable, file: secret, private, certificate } = key;
        let file = |ending: &str| format!("{variable}.{ending}");
        write(&file("key"), 0o600, secret.as_bytes())?;
        write(&file("pem"), 0o644, to_pem(certificate).as_bytes())?;
        write(&file("der"), 0o644, certificate.der())?;
        let list = SignatureList::single(SignatureListKind::X509, owner, certificate.der().to_vec());
        let list = lists::write(&[list]);
        write(&file("esl"), 0o644, &list)?;
        let by = if *variable == Variable::DB { Variable::KEK } else { Variable::PK };
        let signer = keys.iter().find(|key| key.variable == by).unwrap_or(key);
        let change = authorise(*variable, now, &list, &signer.private, &signer.certificate)?;
        write(&file("auth"), 0o644, &change)?;
        if *variable == Variable::PK {
            // A second later: firmware takes newer changes only. Enrolling signs again, and
            // replaces this one.
            let after = now.plus_seconds(1).ok_or(KeyFolderError::Time)?;
            write(REMOVAL, 0o644, &authorise(*variable, after, &[], private, certificate)?)?;
        }
    }
    for (name, bytes) in more {
        write(name, 0o644, bytes)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use getrandom::SysRng;
    use getrandom::rand_core::UnwrapErr;

    #[test]
    fn what_is_made_is_opened_and_never_overwritten() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("keys");
        let owner = Guid::from_bytes([7; 16]);
        let valid = [0, 86400].map(|after| Time::from_unix(1_800_000_000 + after).unwrap());
        let new = NewKeys { name: "Test", owner, kind: KeyType::P256, valid, passphrase: None };
        KeyFolder::create(&path, &new, &mut UnwrapErr(SysRng)).unwrap();
        let folder = KeyFolder::open(&path).unwrap();
        assert_eq!(folder.keys().guid, owner);
        assert_eq!(folder.keys().kek.subject(), "CN=Test key exchange key");
        assert!(folder.private_key(Variable::PK, &SecretSource::None).is_ok());
        let again = KeyFolder::create(&path, &new, &mut UnwrapErr(SysRng));
        assert!(matches!(again, Err(KeyFolderError::Exists { .. })));
        std::fs::remove_file(path.join(OWNER)).unwrap();
        assert!(matches!(KeyFolder::open(&path), Err(KeyFolderError::NoOwner { .. })));
        // Nothing temporary is left.
        assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 1);
    }
}
