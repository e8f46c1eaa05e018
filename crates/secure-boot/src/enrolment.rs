//! Which variables have to be written so that a machine has new owner's keys.

use crate::state::{MICROSOFT, SecureBootState};
use authenticode::Guid;
use authenticode::certificate::Certificate;
use authenticode::lists::{ListError, SignatureData, SignatureDatabase, SignatureList, SignatureListKind};
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
}

/// Whether a certificate signs programs in option ROMs of cards. Microsoft signed those with the
/// UEFI CA of 2011; since 2023 they have an authority of their own, and "Microsoft UEFI CA 2023"
/// signs none of them, nor does an authority for Windows.
fn signs_option_roms(certificate: &Certificate) -> bool {
    let subject = certificate.subject();
    ["Microsoft Corporation UEFI CA 2011", "Microsoft Option ROM UEFI CA 2023"]
        .iter()
        .any(|name| subject.contains(name))
}

/// Further lists that are enrolled too: the vendor's, digests of option ROMs, what somebody names.
#[derive(Debug, Clone, Default)]
pub struct MoreLists {
    /// For KEK.
    pub kek: Vec<SignatureList>,
    /// For db.
    pub db: Vec<SignatureList>,
    /// For dbx.
    pub dbx: Vec<SignatureList>,
    /// Whether those for db hold the digests of all programs in option ROMs.
    pub option_roms: bool,
}

/// What is to be enrolled.
#[derive(Debug, Clone)]
pub struct Enrolment<'a> {
    /// The owner's keys.
    pub owner: &'a OwnerKeys,
    /// Certificates of others.
    pub others: &'a ThirdPartyKeys,
    /// Further lists.
    pub more: &'a MoreLists,
    /// Whether what is enrolled already stays.
    pub append: bool,
    /// The variables to be written: of PK, KEK, db and dbx. Empty: all for which there is
    /// something.
    pub only: &'a [Variable],
}

/// A variable that has to be written, and the key that authorises it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariableChange {
    /// The variable.
    pub variable: Variable,
    /// Its new value, or what is added to it.
    pub lists: Vec<SignatureList>,
    /// Whether the lists go behind what is there.
    pub append: bool,
    /// The variable whose key signs the change.
    pub by: Variable,
}

/// Why keys cannot be enrolled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnrolmentRefused {
    /// There is a platform key already, and it is another one.
    #[error("the machine is not in setup mode, so only its platform key may change keys")]
    OwnedByAnother,
    /// Firmware without Secure Boot.
    #[error("the firmware does not say whether it is in setup mode: it may not know Secure Boot")]
    Unknown,
    /// The machine does not take changes by the folder's KEK.
    #[error("the machine is not in setup mode, and its KEK is not the one of these keys")]
    OtherKek,
    /// What is there cannot be read, and so not be kept.
    #[error("what {variable} holds cannot be kept")]
    Unreadable {
        /// The variable.
        variable: Variable,
        /// What is wrong with it.
        source: ListError,
    },
}

impl EnrolmentRefused {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::OwnedByAnother | Self::OtherKek => Some("clear the keys in the firmware's setup first"),
            Self::Unreadable { .. } => Some("without --append it is replaced"),
            Self::Unknown => None,
        }
    }
}

/// What to write, in this order. In setup mode the platform key comes last, because it ends setup
/// mode: stopped anywhere before, a machine starts as it did. Later KEK comes first, because it may
/// have to authorise the rest.
pub fn plan(
    state: &SecureBootState,
    wanted: &Enrolment<'_>,
) -> Result<Vec<VariableChange>, EnrolmentRefused> {
    let setup = state.setup_mode.ok_or(EnrolmentRefused::Unknown)?;
    let holds = |variable: Variable, certificate: &Certificate| {
        let lists = state.lists.iter().filter(|(found, _)| *found == variable);
        let databases = lists.filter_map(|(_, database)| database.as_ref().ok());
        databases.flat_map(SignatureDatabase::certificates).any(|(_, found)| found == certificate)
    };
    let owner = wanted.owner;
    let owns = holds(Variable::PK, &owner.pk);
    let mut has_kek = holds(Variable::KEK, &owner.kek);
    let order = if setup {
        [Variable::DBX, Variable::DB, Variable::KEK, Variable::PK]
    } else {
        [Variable::KEK, Variable::DBX, Variable::DB, Variable::PK]
    };
    let mut changes = Vec::new();
    for variable in order {
        if !wanted.only.is_empty() && !wanted.only.contains(&variable) {
            continue;
        }
        let lists = wanted.lists(variable);
        // Emptying dbx is nothing that somebody wants who enrols keys.
        if variable == Variable::DBX && lists.is_empty() {
            continue;
        }
        // There is one platform key, so nothing is added to it.
        let append = wanted.append && variable != Variable::PK;
        let lists = if wanted.append { missing(state, variable, lists)? } else { lists };
        if lists.is_empty() {
            continue;
        }
        let by = if matches!(variable, Variable::PK | Variable::KEK) { Variable::PK } else { Variable::KEK };
        if !setup && by == Variable::PK && !owns {
            return Err(EnrolmentRefused::OwnedByAnother);
        }
        if !setup && by == Variable::KEK && !has_kek {
            return Err(if owns { EnrolmentRefused::OtherKek } else { EnrolmentRefused::OwnedByAnother });
        }
        has_kek |= variable == Variable::KEK;
        changes.push(VariableChange { variable, lists, append, by });
    }
    Ok(changes)
}

impl Enrolment<'_> {
    /// Whether db then lets programs in option ROMs of cards through: by who signs them, or by
    /// their digests.
    pub fn lets_option_roms_through(&self, state: &SecureBootState) -> bool {
        let mut database = SignatureDatabase::default();
        database.add_lists("", &self.lists(Variable::DB));
        let there = state.lists.iter().filter(|(variable, _)| self.append && *variable == Variable::DB);
        let there = there.filter_map(|(_, database)| database.as_ref().ok());
        let all = there.chain([&database]).flat_map(SignatureDatabase::certificates);
        self.more.option_roms || all.map(|(_, certificate)| certificate).any(signs_option_roms)
    }

    /// What a variable is to hold of it.
    fn lists(&self, variable: Variable) -> Vec<SignatureList> {
        let Self { owner, others, more, .. } = self;
        let (own, certificates, more) = match variable {
            Variable::PK => (Some(&owner.pk), &[][..], &[][..]),
            Variable::KEK => (Some(&owner.kek), others.kek.as_slice(), more.kek.as_slice()),
            Variable::DB => (Some(&owner.db), others.db.as_slice(), more.db.as_slice()),
            _ => (None, &[][..], more.dbx.as_slice()),
        };
        let list = |guid: Guid, certificate: &Certificate| {
            SignatureList::single(SignatureListKind::X509, guid, certificate.der().to_vec())
        };
        let own = own.into_iter().map(|own| list(owner.guid, own));
        let certificates = certificates.iter().map(|(guid, certificate)| list(*guid, certificate));
        let all = own.chain(certificates).chain(more.iter().cloned());
        let mut seen: Vec<(SignatureListKind, Vec<u8>)> = Vec::new();
        without(all, |kind, entry| {
            let entry = (kind, entry.data.clone());
            let known = seen.contains(&entry);
            if !known {
                seen.push(entry);
            }
            known
        })
    }
}

/// The entries that a variable does not hold yet.
fn missing(
    state: &SecureBootState,
    variable: Variable,
    lists: Vec<SignatureList>,
) -> Result<Vec<SignatureList>, EnrolmentRefused> {
    let Some((_, found)) = state.lists.iter().find(|(found, _)| *found == variable) else { return Ok(lists) };
    let found =
        found.as_ref().map_err(|source| EnrolmentRefused::Unreadable { variable, source: *source })?;
    let known = |kind, entry: &SignatureData| {
        found.entries.iter().any(|known| (known.kind, &known.data) == (kind, &entry.data))
    };
    Ok(without(lists, known))
}

/// Lists without some of their entries, and without those that become empty.
pub(crate) fn without(
    lists: impl IntoIterator<Item = SignatureList>,
    mut drop: impl FnMut(SignatureListKind, &SignatureData) -> bool,
) -> Vec<SignatureList> {
    let keep = |mut list: SignatureList| {
        list.signatures.retain(|entry| !drop(list.kind, entry));
        list
    };
    lists.into_iter().map(keep).filter(|list| !list.signatures.is_empty()).collect()
}
