//! Authorised changes that somebody else signed (`.auth`, for instance an update of dbx): what they
//! are for, what they change on a machine, and which programs would not start any more.

use crate::efivars::{Efivars, EfivarsError};
use crate::programs::FoundPrograms;
use crate::trust::{TrustError, add_variables};
use authenticode::Time;
use authenticode::certificate::{Certificate, KeyKind};
use authenticode::file::{self, ImageFile, ImageFileError};
use authenticode::lists::{self, DatabaseEntry, ListError, SignatureDatabase};
use authenticode::pe::ImageError;
use authenticode::sign::SignError;
use authenticode::variable::{
    Authenticated, AuthenticatedError, SignedFor, Variable, VariableContent, VariableError,
};
use authenticode::verify::{ImageVerdict, Refusal, SignatureProblem, TrustPolicy, decide};
use files::{ReadError, read_limited};
use std::path::{Path, PathBuf};

/// Firmware gives variables some hundred kilobytes at most.
const MAX_UPDATE: u64 = 16 << 20;

/// Why a change cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpdateError {
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The file is no authorised change.
    #[error("{} is no authorised change of a variable", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: AuthenticatedError,
    },
    /// The value is no signature lists.
    #[error("the value in {}", path.display())]
    Lists {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ListError,
    },
    /// The signature cannot be read.
    #[error("the signature of {}", path.display())]
    Signature {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<VariableError>,
    },
    /// The signature is damaged, or for a variable that nobody here knows.
    #[error("the signature of {} fits none of PK, KEK, db, dbx and dbt", path.display())]
    NoVariable {
        /// The file.
        path: PathBuf,
    },
    /// A variable cannot be read or written.
    #[error(transparent)]
    Variable(#[from] EfivarsError),
    /// What the machine trusts cannot be read.
    #[error(transparent)]
    Trust(#[from] TrustError),
}

impl UpdateError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Form { .. } => Some("`snowguard keys apply` takes what is signed as a whole: `.auth`"),
            Self::Variable(error) => error.hint(),
            Self::Trust(error) => error.hint(),
            _ => None,
        }
    }
}

/// Why a machine does not take a change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeRefused {
    /// None of its keys authorises it.
    #[error("no key of this machine authorises the change: {0}")]
    Unauthorised(VariableError),
    /// It would enrol a key that is no RSA key.
    #[error("the change holds {0}, whose key is no RSA key: not by EDK2, which enrols RSA keys only")]
    EllipticCurve(String),
}

/// An authorised change, with what it is for.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Update {
    /// What it is for, and who signed it.
    pub signed_for: SignedFor,
    /// When it was made; firmware takes only what is newer, unless something is added.
    pub time: Time,
    /// The entries of its value.
    pub entries: SignatureDatabase,
    change: Authenticated,
}

impl Update {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, UpdateError> {
        let bytes = read_limited(path, MAX_UPDATE)?;
        let here = || path.to_owned();
        let change =
            Authenticated::read(&bytes).map_err(|source| UpdateError::Form { path: here(), source })?;
        let lists =
            lists::read(&change.data).map_err(|source| UpdateError::Lists { path: here(), source })?;
        let signed_for = change.signed_for();
        let signed_for =
            signed_for.map_err(|source| UpdateError::Signature { path: here(), source: Box::new(source) })?;
        let signed_for = signed_for.ok_or_else(|| UpdateError::NoVariable { path: here() })?;
        let mut entries = SignatureDatabase::default();
        entries.add_lists(signed_for.variable.name, &lists);
        Ok(Self { signed_for, time: change.time, entries, change })
    }

    /// The certificate of the machine by which it would take the change; `None` in setup mode,
    /// where nobody has to authorise it.
    ///
    /// EDK2 lets PK change PK and KEK, and KEK change db, dbx and dbt; and it takes nothing that
    /// would enrol a key other than RSA, from anybody.
    pub fn authority(
        &self,
        variables: &Efivars,
    ) -> Result<Option<Result<Certificate, ChangeRefused>>, UpdateError> {
        let other =
            |certificate: &&Certificate| certificate.public_key().is_ok_and(|key| key.kind() != KeyKind::Rsa);
        let mut enrolled = self.entries.certificates().map(|(_, certificate)| certificate);
        if let Some(other) = enrolled.find(other) {
            return Ok(Some(Err(ChangeRefused::EllipticCurve(other.subject()))));
        }
        let by = match self.signed_for.variable {
            Variable::PK | Variable::KEK => Variable::PK,
            _ => Variable::KEK,
        };
        let setup = variables.read(Variable::SETUP_MODE)?;
        if setup.is_some_and(|content| content.data.first() == Some(&1)) {
            return Ok(None);
        }
        let mut authorities = SignatureDatabase::default();
        variables.add_to(by, &mut authorities)?;
        let certificates = authorities.certificates().map(|(_, certificate)| certificate);
        let SignedFor { variable, attributes, .. } = self.signed_for;
        Ok(Some(self.change.verify(variable, attributes, certificates).map_err(ChangeRefused::Unauthorised)))
    }

    /// What it changes, given what the variable holds now.
    pub fn effect(&self, current: &SignatureDatabase) -> UpdateEffect {
        let holds = |database: &SignatureDatabase, wanted: &DatabaseEntry| {
            // Who put it there changes nothing.
            database.entries.iter().any(|entry| (entry.kind, &entry.data) == (wanted.kind, &wanted.data))
        };
        let (present, added): (Vec<_>, Vec<_>) =
            self.entries.entries.iter().cloned().partition(|entry| holds(current, entry));
        let removed = if self.signed_for.appends() {
            Vec::new()
        } else {
            current.entries.iter().filter(|entry| !holds(&self.entries, entry)).cloned().collect()
        };
        UpdateEffect { added, present: present.len(), removed }
    }

    /// The policy of a machine once the change is made.
    pub fn policy_after(&self, policy: &TrustPolicy) -> TrustPolicy {
        let mut after = policy.clone();
        let list = match self.signed_for.variable {
            Variable::DB => &mut after.db,
            Variable::DBX => &mut after.dbx,
            Variable::DBT => &mut after.dbt,
            _ => return after,
        };
        if !self.signed_for.appends() {
            list.entries.clear();
        }
        list.entries.extend(self.entries.entries.iter().cloned());
        after
    }

    /// Gives it to the firmware, which decides.
    pub fn apply(&self, variables: &Efivars) -> Result<(), UpdateError> {
        let SignedFor { variable, attributes, .. } = self.signed_for;
        let content = VariableContent { attributes, data: self.change.write() };
        Ok(variables.write(variable, &content)?)
    }
}

/// What a change does to a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UpdateEffect {
    /// Entries that are new.
    pub added: Vec<DatabaseEntry>,
    /// How many entries of the change are there already.
    pub present: usize,
    /// Entries that go.
    pub removed: Vec<DatabaseEntry>,
}

impl UpdateEffect {
    /// Whether the variable stays as it is.
    pub fn is_nothing(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}

/// A program that starts now and would not start then.
#[derive(Debug)]
#[non_exhaustive]
pub struct RefusedProgram {
    /// The program.
    pub path: PathBuf,
    /// What would stop it.
    pub reason: Refusal,
}

/// Why a program cannot be judged or signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProgramError {
    /// It cannot be read.
    #[error(transparent)]
    Image(#[from] ImageFileError),
    /// Its signatures cannot be read.
    #[error("{}", path.display())]
    Signatures {
        /// The program.
        path: PathBuf,
        /// What is wrong.
        source: ImageError<std::io::Error>,
    },
    /// It cannot be signed, or a signature cannot be removed.
    #[error("{}", path.display())]
    Sign {
        /// The program.
        path: PathBuf,
        /// Why not.
        source: SignError,
    },
    /// A part of a folder cannot be looked into.
    #[error(transparent)]
    Folder(#[from] files::FileError),
}

/// What a change of lists means for programs.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Consequences {
    /// Programs that were judged.
    pub judged: usize,
    /// Those that would not start any more.
    pub refused: Vec<RefusedProgram>,
    /// What cannot be judged.
    pub unreadable: Vec<ProgramError>,
}

impl Consequences {
    /// Judges the programs below a folder by two policies. Programs that firmware does not start
    /// but shim does (a boot loader behind shim) count as well: what dbx forbids, shim forbids.
    pub fn below(folder: &Path, before: &TrustPolicy, after: &TrustPolicy) -> Self {
        let found = FoundPrograms::below(folder);
        let mut all = Self::default();
        all.unreadable.extend(found.unreadable.into_iter().map(Into::into));
        for path in found.programs {
            match newly_refused(&path, before, after) {
                Ok(None) => all.judged += 1,
                Ok(Some(reason)) => {
                    all.judged += 1;
                    all.refused.push(RefusedProgram { path, reason });
                }
                Err(error) => all.unreadable.push(error),
            }
        }
        all
    }
}

fn newly_refused(
    path: &Path,
    before: &TrustPolicy,
    after: &TrustPolicy,
) -> Result<Option<Refusal>, ProgramError> {
    let image = ImageFile::open(path)?;
    let verdict = |policy| {
        let subject = file::subject(&image.source, &image.layout, policy);
        let subject = subject.map_err(|source| ProgramError::Signatures { path: path.to_owned(), source })?;
        Ok::<ImageVerdict, ProgramError>(decide(&subject, policy, None))
    };
    let (before, after) = (verdict(before)?.outcome, verdict(after)?.outcome);
    let Err(reason) = after else { return Ok(None) };
    let was_forbidden = before.as_ref().err().is_some_and(is_forbidden);
    let worse = before.is_ok() || is_forbidden(&reason) && !was_forbidden;
    Ok(worse.then_some(reason))
}

/// Whether a deny list is the reason.
fn is_forbidden(refusal: &Refusal) -> bool {
    match refusal {
        Refusal::Forbidden(_) => true,
        Refusal::Fatal { problem, .. } => matches!(**problem, SignatureProblem::Forbidden(_)),
        _ => false,
    }
}

/// What a machine's firmware trusts now.
pub fn machine_policy(variables: &Efivars) -> Result<TrustPolicy, TrustError> {
    let mut policy = TrustPolicy::default();
    add_variables(&mut policy, variables)?;
    Ok(policy)
}
