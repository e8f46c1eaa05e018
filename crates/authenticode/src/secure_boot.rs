//! Secure Boot of a machine: what its variables say, and what has to be written to make it ours.
//!
//! Decisions only: whoever has the variables reads and writes them.

use crate::certificate::Certificate;
use crate::guid::Guid;
use crate::lists::{self, ListError, SignatureDatabase, SignatureList, SignatureListKind};
use crate::sbat::{SbatError, SbatLevel};
use crate::variable::{Variable, VariableContent};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The owner of what Microsoft puts into lists.
pub const MICROSOFT: Guid =
    Guid::new(0x77fa_9abd, 0x0359, 0x4d32, [0xbd, 0x60, 0x28, 0xf4, 0xe7, 0x8f, 0x78, 0x4b]);

/// Owners who are known.
pub fn owner_name(owner: Guid) -> Option<&'static str> {
    const SHIM: Guid = crate::variable::SHIM;
    match owner {
        MICROSOFT => Some("Microsoft"),
        SHIM => Some("shim"),
        _ => None,
    }
}

/// What a machine's variables say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Whether anybody may set keys; `None` if the firmware does not say.
    pub setup_mode: Option<bool>,
    /// Whether firmware starts only what db lets through.
    pub secure_boot: Option<bool>,
    /// Whether everything starts and what would not have is noted.
    pub audit_mode: Option<bool>,
    /// Whether the other modes cannot be reached from within.
    pub deployed_mode: Option<bool>,
    /// Whether only the vendor's keys were ever used.
    pub vendor_keys: Option<bool>,
    /// The lists that are there.
    pub lists: Vec<(Variable, Result<SignatureDatabase, ListError>)>,
    /// What shim enforces.
    pub sbat_level: Option<Result<SbatLevel, SbatError>>,
}

impl State {
    /// Reads it; `read` gives the content of a variable, if there is one.
    pub fn read<E>(mut read: impl FnMut(Variable) -> Result<Option<VariableContent>, E>) -> Result<Self, E> {
        let mut flag = |variable| {
            let content = read(variable)?;
            Ok(content.and_then(|content| content.data.first().map(|byte| *byte == 1)))
        };
        let setup_mode = flag(Variable::SETUP_MODE)?;
        let secure_boot = flag(Variable::SECURE_BOOT)?;
        let audit_mode = flag(Variable::AUDIT_MODE)?;
        let deployed_mode = flag(Variable::DEPLOYED_MODE)?;
        let vendor_keys = flag(Variable::VENDOR_KEYS)?;
        let mut found = Vec::new();
        for variable in Variable::LISTS {
            if let Some(content) = read(variable)? {
                let database = lists::read(&content.data).map(|lists| {
                    let mut database = SignatureDatabase::default();
                    database.add_lists(variable.name, &lists);
                    database
                });
                found.push((variable, database));
            }
        }
        let sbat_level = read(Variable::SBAT_LEVEL)?.map(|content| SbatLevel::read(&content.data));
        Ok(Self { setup_mode, secure_boot, audit_mode, deployed_mode, vendor_keys, lists: found, sbat_level })
    }
}

/// Keys that are to own a machine.
#[derive(Debug, Clone)]
pub struct Owner {
    /// Who puts them there.
    pub guid: Guid,
    /// The platform key's certificate.
    pub pk: Certificate,
    /// The key that may change db and dbx.
    pub kek: Certificate,
    /// The key that signs programs.
    pub db: Certificate,
}

/// Others who are trusted besides, with who they are.
#[derive(Debug, Clone, Default)]
pub struct Others {
    /// They may change db and dbx.
    pub kek: Vec<(Guid, Certificate)>,
    /// They let programs through.
    pub db: Vec<(Guid, Certificate)>,
}

impl Others {
    /// Takes what Microsoft has in the vendor's lists or in those that are enrolled.
    pub fn of_microsoft(databases: &[(Variable, SignatureDatabase)]) -> Self {
        let mut others = Self::default();
        for (variable, database) in databases {
            let to = match variable.name {
                "KEK" | "KEKDefault" => &mut others.kek,
                "db" | "dbDefault" => &mut others.db,
                _ => continue,
            };
            for (entry, certificate) in database.certificates().filter(|(entry, _)| entry.owner == MICROSOFT)
            {
                if !to.iter().any(|(_, known)| known == certificate) {
                    to.push((entry.owner, certificate.clone()));
                }
            }
        }
        others
    }

    /// Sorts certificates that stand in files: those whose names speak of a KEK are keys for changing, platform keys are nothing for
    /// anybody else's machine, and the others let programs through.
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

    /// Whether programs in option ROMs of cards are let through. Microsoft signed those with the UEFI CA of 2011; since 2023 they
    /// have an authority of their own, and "Microsoft UEFI CA 2023" signs none of them, nor does an authority for Windows.
    pub fn let_option_roms_through(&self) -> bool {
        self.db.iter().any(|(_, certificate)| {
            let subject = certificate.subject();
            ["Microsoft Corporation UEFI CA 2011", "Microsoft Option ROM UEFI CA 2023"]
                .iter()
                .any(|name| subject.contains(name))
        })
    }
}

/// A variable that has to be written, and by whose key its change is authorised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which.
    pub variable: Variable,
    /// Its new value.
    pub lists: Vec<SignatureList>,
    /// Whose key signs it.
    pub by: Variable,
}

/// Why a machine cannot be made ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnrolError {
    /// Only the owner may.
    #[error(
        "the machine is not in setup mode, so only its platform key may change keys: clear the keys in the firmware's setup first"
    )]
    NotSetupMode,
    /// Firmware without Secure Boot.
    #[error("the firmware does not say whether it is in setup mode: it may not know Secure Boot")]
    NoSetupMode,
}

/// What to write, in this order: the platform key comes last, because it ends setup mode. Stopped anywhere before, a machine
/// starts as it did.
pub fn plan(state: &State, owner: &Owner, others: &Others) -> Result<Vec<Change>, EnrolError> {
    match state.setup_mode {
        Some(true) => {}
        Some(false) => return Err(EnrolError::NotSetupMode),
        None => return Err(EnrolError::NoSetupMode),
    }
    let list = |guid: Guid, certificate: &Certificate| {
        SignatureList::single(SignatureListKind::X509, guid, certificate.der().to_vec())
    };
    let with = |own: &Certificate, others: &[(Guid, Certificate)]| {
        let own = core::iter::once(list(owner.guid, own));
        own.chain(others.iter().map(|(guid, certificate)| list(*guid, certificate))).collect()
    };
    Ok(Vec::from([
        Change { variable: Variable::DB, lists: with(&owner.db, &others.db), by: Variable::KEK },
        Change { variable: Variable::KEK, lists: with(&owner.kek, &others.kek), by: Variable::PK },
        Change { variable: Variable::PK, lists: with(&owner.pk, &[]), by: Variable::PK },
    ]))
}

/// A certificate of a list in a few words.
pub fn describe(owner: Guid, certificate: &Certificate) -> String {
    let who = owner_name(owner).map_or_else(|| owner.to_string(), ToString::to_string);
    alloc::format!("{} (of {who})", certificate.subject())
}
