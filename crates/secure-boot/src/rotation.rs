//! New keys for a machine that has keys of its owner: which variables have to be written, in which
//! order, signed by which keys, so that the machine starts wherever it is stopped.
//!
//! | step | afterwards |
//! |---|---|
//! | add the new db key to db | what either key signed starts |
//! | sign the programs with the new db key, behind the old signature | the same |
//! | add the new KEK to KEK | either may change db |
//! | replace PK | the new PK may change KEK |
//! | take the old KEK out | |
//! | take the old db key out | only what the new key signed starts |
//!
//! Nothing is taken out before what replaces it is there. The plan is made from what the machine
//! holds, so a rotation that was stopped is finished by planning it again.

use crate::apply::{EnrolError, sign};
use crate::efivars::{Efivars, EfivarsError};
use crate::enrolment::{OwnerKeys, VariableChange, without};
use crate::file_list::FileListError;
use crate::key_folder::{KeyFolder, KeyFolderError};
use crate::trust::TrustError;
use authenticode::Time;
use authenticode::certificate::Certificate;
use authenticode::lists::{SignatureDatabase, SignatureList, SignatureListKind};
use authenticode::sign::{SecretSource, SignError};
use authenticode::variable::{Variable, VariableContent};
use authenticode::verify::TrustPolicy;
use files::FileError;

/// Why keys are not rotated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RotateError {
    /// A variable cannot be read or written.
    #[error(transparent)]
    Variable(#[from] EfivarsError),
    /// Setup mode, or no Secure Boot at all.
    #[error("the machine has no platform key, so there is nothing to rotate")]
    NoPlatformKey,
    /// Somebody else's machine.
    #[error("the platform key of the machine is neither the old nor the new one")]
    OwnedByAnother,
    /// Nobody could change db.
    #[error("the machine's KEK holds neither the old nor the new KEK")]
    NoKek,
    /// Both folders hold the same key.
    #[error("the old and the new {0} are the same")]
    SameKey(Variable),
    /// A change cannot be signed.
    #[error(transparent)]
    Sign(#[from] EnrolError),
    /// The new way back cannot be written, so nothing was changed.
    #[error("nothing was changed")]
    Removal(#[source] KeyFolderError),
    /// What the machine trusts cannot be read.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// A list of programs cannot be read.
    #[error(transparent)]
    List(#[from] FileListError),
    /// The list of programs cannot be written.
    #[error(transparent)]
    Write(#[from] FileError),
    /// The new db key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyFolderError),
    /// The new db key cannot sign programs.
    #[error(transparent)]
    Signer(SignError),
    /// Some programs could not be signed; which, was reported already.
    #[error("not all programs could be signed")]
    Programs,
}

impl RotateError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Variable(error) => error.hint(),
            Self::NoPlatformKey => Some("`snowguard keys enroll` enrols the new keys"),
            Self::Sign(error) => error.hint(),
            Self::Removal(error) | Self::Key(error) => error.hint(),
            Self::Trust(error) => error.hint(),
            _ => None,
        }
    }
}

/// The lists that a machine holds.
#[derive(Debug, Clone, Default)]
pub struct MachineLists {
    /// PK.
    pub pk: Vec<SignatureList>,
    /// KEK.
    pub kek: Vec<SignatureList>,
    /// db.
    pub db: Vec<SignatureList>,
}

impl MachineLists {
    /// Reads them.
    pub fn read(variables: &Efivars) -> Result<Self, EfivarsError> {
        let lists = |variable| Ok::<_, EfivarsError>(variables.lists(variable)?.unwrap_or_default());
        Ok(Self { pk: lists(Variable::PK)?, kek: lists(Variable::KEK)?, db: lists(Variable::DB)? })
    }
}

/// Which folder has the key that signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// The keys that go.
    Old,
    /// The keys that come.
    New,
}

/// A variable that has to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RotationStep {
    /// The change.
    pub change: VariableChange,
    /// Whose key signs it.
    pub with: Generation,
}

/// What has to be written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rotation {
    /// Before programs are signed with the new key: what lets them start.
    pub before: Vec<RotationStep>,
    /// Once they are: the new owner.
    pub owner: Vec<RotationStep>,
    /// Last, and only if every program is signed with the new key: what takes the old db key out.
    pub end: Vec<RotationStep>,
}

impl Rotation {
    /// What a machine that holds these lists still lacks.
    pub fn plan(machine: &MachineLists, old: &OwnerKeys, new: &OwnerKeys) -> Result<Self, RotateError> {
        let pairs = [
            (Variable::PK, &old.pk, &new.pk),
            (Variable::KEK, &old.kek, &new.kek),
            (Variable::DB, &old.db, &new.db),
        ];
        if let Some((variable, ..)) = pairs.into_iter().find(|(_, old, new)| old == new) {
            return Err(RotateError::SameKey(variable));
        }
        let owner = match () {
            () if machine.pk.is_empty() => return Err(RotateError::NoPlatformKey),
            () if holds(&machine.pk, &new.pk) => Generation::New,
            () if holds(&machine.pk, &old.pk) => Generation::Old,
            () => return Err(RotateError::OwnedByAnother),
        };
        let mut rotation = Self::default();
        let step = |variable, lists, append, by, with| RotationStep {
            change: VariableChange { variable, lists, append, by },
            with,
        };
        let own = |certificate: &Certificate| {
            SignatureList::single(SignatureListKind::X509, new.guid, certificate.der().to_vec())
        };
        let (old_kek, new_kek) = (holds(&machine.kek, &old.kek), holds(&machine.kek, &new.kek));
        let (kek_pk, db) = ((Variable::KEK, Variable::PK), Variable::DB);
        if !holds(&machine.db, &new.db) {
            let with = match (old_kek, new_kek) {
                (_, true) => Generation::New,
                (true, false) => Generation::Old,
                (false, false) => return Err(RotateError::NoKek),
            };
            rotation.before.push(step(db, Vec::from([own(&new.db)]), true, Variable::KEK, with));
        }
        if !new_kek {
            rotation.owner.push(step(kek_pk.0, Vec::from([own(&new.kek)]), true, kek_pk.1, owner));
        }
        if owner == Generation::Old {
            let lists = Vec::from([own(&new.pk)]);
            rotation.owner.push(step(Variable::PK, lists, false, Variable::PK, Generation::Old));
        }
        if old_kek {
            let lists = replaced(&machine.kek, &old.kek, own(&new.kek), &new.kek);
            rotation.owner.push(step(kek_pk.0, lists, false, kek_pk.1, Generation::New));
        }
        if holds(&machine.db, &old.db) {
            let lists = replaced(&machine.db, &old.db, own(&new.db), &new.db);
            rotation.end.push(step(db, lists, false, Variable::KEK, Generation::New));
        }
        Ok(rotation)
    }

    /// Whether everything is done.
    pub fn is_done(&self) -> bool {
        self.before.is_empty() && self.owner.is_empty() && self.end.is_empty()
    }

    /// Signs all steps. Nothing is written.
    ///
    /// Each is a second newer than the one before, because firmware takes nothing that is not newer
    /// than what it has; and the way back with the new keys is newer than all.
    pub fn sign(
        &self,
        old: &KeyFolder,
        new: &KeyFolder,
        passphrases: [&SecretSource; 2],
        now: Time,
    ) -> Result<SignedRotation, RotateError> {
        for variable in [Variable::PK, Variable::KEK, Variable::DB] {
            new.check_pair(variable, passphrases[1]).map_err(EnrolError::Key)?;
        }
        let known = [old.last_change(), new.last_change()].into_iter().flatten();
        let mut time = known.fold(now, Time::max);
        let mut sign_all = |steps: &[RotationStep]| {
            let mut signed = Vec::new();
            for step in steps {
                time = time.plus_seconds(1).ok_or(EnrolError::Time)?;
                let [of_old, of_new] = passphrases;
                let (folder, passphrase) = match step.with {
                    Generation::Old => (old, of_old),
                    Generation::New => (new, of_new),
                };
                signed.push(sign(&step.change, folder, passphrase, time)?);
            }
            Ok::<_, RotateError>(signed)
        };
        let (before, owner, end) = (sign_all(&self.before)?, sign_all(&self.owner)?, sign_all(&self.end)?);
        let after = time.plus_seconds(1).ok_or(EnrolError::Time)?;
        let removal = sign(&VariableChange::removal(), new, passphrases[1], after)?.1.data;
        Ok(SignedRotation { before, owner, end, removal })
    }
}

/// A rotation, signed.
#[derive(Debug)]
#[non_exhaustive]
pub struct SignedRotation {
    /// See [`Rotation::before`].
    pub before: Vec<(Variable, VariableContent)>,
    /// See [`Rotation::owner`].
    pub owner: Vec<(Variable, VariableContent)>,
    /// See [`Rotation::end`].
    pub end: Vec<(Variable, VariableContent)>,
    /// What takes the new platform key out.
    removal: Vec<u8>,
}

impl SignedRotation {
    /// Writes the way back into the folder of the new keys; to be done before anything else.
    pub fn prepare(&self, new: &KeyFolder) -> Result<(), RotateError> {
        new.replace_removal(&self.removal).map_err(RotateError::Removal)
    }
}

/// Writes variables in this order.
pub(crate) fn write_all(
    variables: &Efivars,
    changes: &[(Variable, VariableContent)],
) -> Result<(), EfivarsError> {
    changes.iter().try_for_each(|(variable, content)| variables.write(*variable, content))
}

/// The policy of a machine without a certificate in db.
pub(crate) fn policy_without(policy: &TrustPolicy, certificate: &Certificate) -> TrustPolicy {
    let mut after = policy.clone();
    after.db.entries.retain(|entry| entry.data != certificate.der());
    after
}

fn holds(lists: &[SignatureList], certificate: &Certificate) -> bool {
    let mut database = SignatureDatabase::default();
    database.add_lists("", lists);
    database.certificates().any(|(_, found)| found == certificate)
}

/// Lists without the old certificate, and with the new one.
fn replaced(
    lists: &[SignatureList],
    old: &Certificate,
    own: SignatureList,
    new: &Certificate,
) -> Vec<SignatureList> {
    let rest = without(lists.iter().cloned(), |_, entry| entry.data == old.der());
    if holds(&rest, new) { rest } else { std::iter::once(own).chain(rest).collect() }
}
