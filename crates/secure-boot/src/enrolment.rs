//! Which variables have to be written so that a machine has new owner's keys.

use crate::state::{MICROSOFT, SecureBootState};
use authenticode::Guid;
use authenticode::certificate::Certificate;
use authenticode::lists::{SignatureDatabase, SignatureList, SignatureListKind};
use authenticode::variable::Variable;

/// Keys that are to own a machine.
#[derive(Debug, Clone)]
pub struct OwnerKeys {
    /// The owner in the signature lists.
    pub guid: Guid,
    /// The platform key's certificate.
    pub pk: Certificate,
    /// The key that may change db and dbx.
    pub kek: Certificate,
    /// The key that signs programs.
    pub db: Certificate,
}

/// Certificates of others that are enrolled too, each with its owner.
#[derive(Debug, Clone, Default)]
pub struct ThirdPartyKeys {
    /// They may change db and dbx.
    pub kek: Vec<(Guid, Certificate)>,
    /// They let programs through.
    pub db: Vec<(Guid, Certificate)>,
}

impl ThirdPartyKeys {
    /// Takes what Microsoft has in the vendor's lists or in those that are enrolled.
    pub fn of_microsoft(databases: &[(Variable, SignatureDatabase)]) -> Self {
        let mut keys = Self::default();
        for (variable, database) in databases {
            let to = match variable.name {
                "KEK" | "KEKDefault" => &mut keys.kek,
                "db" | "dbDefault" => &mut keys.db,
                _ => continue,
            };
            for (entry, certificate) in database.certificates().filter(|(entry, _)| entry.owner == MICROSOFT)
            {
                if !to.iter().any(|(_, known)| known == certificate) {
                    to.push((entry.owner, certificate.clone()));
                }
            }
        }
        keys
    }

    /// Sorts certificates that stand in files: those named as a KEK may change db and dbx, platform
    /// keys are of no use on another machine, and the rest let programs through.
    pub fn add_certificates<'c>(
        &mut self,
        owner: Guid,
        certificates: impl IntoIterator<Item = &'c Certificate>,
    ) {
        for certificate in certificates {
            let subject = certificate.subject();
            // Microsoft's `Windows OEM Devices PK`, for instance.
            if subject.split([',', ' ', '=']).any(|word| word == "PK") {
                continue;
            }
            let to = if subject.contains("KEK") || subject.contains("Key Exchange") {
                &mut self.kek
            } else {
                &mut self.db
            };
            to.push((owner, certificate.clone()));
        }
    }

    /// Whether programs in option ROMs of cards are let through. Microsoft signed those with the
    /// UEFI CA of 2011; since 2023 they have an authority of their own, and "Microsoft UEFI CA
    /// 2023" signs none of them, nor does an authority for Windows.
    pub fn let_option_roms_through(&self) -> bool {
        self.db.iter().any(|(_, certificate)| {
            let subject = certificate.subject();
            ["Microsoft Corporation UEFI CA 2011", "Microsoft Option ROM UEFI CA 2023"]
                .iter()
                .any(|name| subject.contains(name))
        })
    }
}

/// A variable that has to be written, and the key that authorises it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariableChange {
    /// The variable.
    pub variable: Variable,
    /// Its new value.
    pub lists: Vec<SignatureList>,
    /// The variable whose key signs the change.
    pub by: Variable,
}

/// Why keys cannot be enrolled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotInSetupMode {
    /// There is a platform key already.
    #[error("the machine is not in setup mode, so only its platform key may change keys")]
    OwnedByAnother,
    /// Firmware without Secure Boot.
    #[error("the firmware does not say whether it is in setup mode: it may not know Secure Boot")]
    Unknown,
}

impl NotInSetupMode {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::OwnedByAnother => Some("clear the keys in the firmware's setup first"),
            Self::Unknown => None,
        }
    }
}

/// What to write, in this order: the platform key comes last, because it ends setup mode. Stopped
/// anywhere before, a machine starts as it did.
pub fn plan(
    state: &SecureBootState,
    owner: &OwnerKeys,
    others: &ThirdPartyKeys,
) -> Result<Vec<VariableChange>, NotInSetupMode> {
    match state.setup_mode {
        Some(true) => {}
        Some(false) => return Err(NotInSetupMode::OwnedByAnother),
        None => return Err(NotInSetupMode::Unknown),
    }
    let list = |guid: Guid, certificate: &Certificate| {
        SignatureList::single(SignatureListKind::X509, guid, certificate.der().to_vec())
    };
    let with = |own: &Certificate, others: &[(Guid, Certificate)]| {
        let own = std::iter::once(list(owner.guid, own));
        own.chain(others.iter().map(|(guid, certificate)| list(*guid, certificate))).collect()
    };
    Ok(Vec::from([
        VariableChange { variable: Variable::DB, lists: with(&owner.db, &others.db), by: Variable::KEK },
        VariableChange { variable: Variable::KEK, lists: with(&owner.kek, &others.kek), by: Variable::PK },
        VariableChange { variable: Variable::PK, lists: with(&owner.pk, &[]), by: Variable::PK },
    ]))
}
