//! Signing an enrolment, and writing it.

use crate::authorise::{AuthoriseError, authorise};
use crate::efivars::{Efivars, EfivarsError};
use crate::enrolment::{ThirdPartyKeys, VariableChange};
use crate::key_folder::{KeyFolder, KeyFolderError};
use authenticode::Time;
use authenticode::lists::{self, SignatureDatabase};
use authenticode::sign::SecretSource;
use authenticode::variable::{Variable, VariableContent, attributes};

/// Why keys were not enrolled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnrolError {
    /// A key of the folder cannot be used.
    #[error(transparent)]
    Key(#[from] KeyFolderError),
    /// A change cannot be signed.
    #[error("cannot authorise the change of {variable}")]
    Authorise {
        /// The variable that was to be changed.
        variable: Variable,
        /// What is wrong.
        source: AuthoriseError,
    },
    /// The clock is beyond what `EFI_TIME` is compared with here.
    #[error("the clock is after 9999")]
    Time,
    /// The way back cannot be written, so nothing was enrolled.
    #[error("nothing was enrolled")]
    Removal(#[source] KeyFolderError),
    /// A variable cannot be read or written.
    #[error(transparent)]
    Variable(#[from] EfivarsError),
    /// The vendor put none there, or somebody removed them.
    #[error("the firmware's variables hold no certificates of Microsoft")]
    NoMicrosoft,
}

impl EnrolError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Key(error) => error.hint(),
            Self::Variable(error) => error.hint(),
            Self::NoMicrosoft => Some("give a folder with them: --microsoft PATH"),
            _ => None,
        }
    }
}

/// The certificates of Microsoft that a machine's firmware brought, or that are enrolled.
pub fn microsoft_of_machine(variables: &Efivars) -> Result<ThirdPartyKeys, EnrolError> {
    let mut databases = Vec::new();
    for variable in [Variable::DB_DEFAULT, Variable::KEK_DEFAULT, Variable::DB, Variable::KEK] {
        if let Some(lists) = variables.lists(variable)? {
            let mut database = SignatureDatabase::default();
            database.add_lists(variable.name, &lists);
            databases.push((variable, database));
        }
    }
    let keys = ThirdPartyKeys::of_microsoft(&databases);
    if keys.db.is_empty() { Err(EnrolError::NoMicrosoft) } else { Ok(keys) }
}

/// A plan whose changes are all signed, with a new way back.
#[derive(Debug)]
pub struct SignedEnrolment {
    changes: Vec<(Variable, VariableContent)>,
    removal: Vec<u8>,
}

impl SignedEnrolment {
    /// Signs the changes of a plan with the keys of a folder, each of which belongs to its
    /// certificate. Nothing is written.
    pub fn sign(
        plan: &[VariableChange],
        folder: &KeyFolder,
        passphrase: &SecretSource,
        now: Time,
    ) -> Result<Self, EnrolError> {
        folder.check_pairs(passphrase)?;
        let sign = |change: &VariableChange, time| {
            let key = folder.private_key(change.by, passphrase)?;
            let keys = folder.keys();
            let certificate = if change.by == Variable::PK { &keys.pk } else { &keys.kek };
            authorise(change.variable, time, &lists::write(&change.lists), &key, certificate)
                .map_err(|source| EnrolError::Authorise { variable: change.variable, source })
        };
        let changes = plan.iter().map(|change| {
            let data = sign(change, now)?;
            Ok((change.variable, VariableContent { attributes: attributes::KEYS, data }))
        });
        let changes = changes.collect::<Result<_, EnrolError>>()?;
        let removal = VariableChange { variable: Variable::PK, lists: Vec::new(), by: Variable::PK };
        let removal = sign(&removal, now.plus_seconds(1).ok_or(EnrolError::Time)?)?;
        Ok(Self { changes, removal })
    }

    /// Writes the way back into the folder, then the variables in the order of the plan.
    ///
    /// Firmware takes nothing older than what it has (UEFI specification, section 8.2.2), so the
    /// way back that the folder was made with is of no use from now on. The new one is there before
    /// it can be needed.
    pub fn apply(&self, folder: &KeyFolder, variables: &Efivars) -> Result<(), EnrolError> {
        folder.replace_removal(&self.removal).map_err(EnrolError::Removal)?;
        for (variable, content) in &self.changes {
            variables.write(*variable, content)?;
        }
        Ok(())
    }
}
