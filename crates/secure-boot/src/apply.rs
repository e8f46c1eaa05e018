//! Signing an enrolment, and writing it.

use crate::authorise::{AuthoriseError, authorise_with};
use crate::efivars::{Efivars, EfivarsError};
use crate::enrolment::{EnrolmentRefused, MoreLists, ThirdPartyKeys, VariableChange};
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
    /// The changes cannot be made.
    #[error(transparent)]
    Refused(#[from] EnrolmentRefused),
    /// The vendor put none there, or somebody removed them.
    #[error("the firmware's variables hold no certificates of Microsoft")]
    NoMicrosoft,
    /// The vendor has no such variables.
    #[error("the firmware has no lists of its vendor (dbDefault)")]
    NoVendor,
}

impl EnrolError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Key(error) => error.hint(),
            Self::Variable(error) => error.hint(),
            Self::Refused(error) => error.hint(),
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

/// The lists that the vendor brought, for going back to them: KEKDefault, dbDefault, dbxDefault.
pub fn vendor_of_machine(variables: &Efivars) -> Result<MoreLists, EnrolError> {
    let lists = |variable| Ok::<_, EnrolError>(variables.lists(variable)?.unwrap_or_default());
    let more = MoreLists {
        kek: lists(Variable::KEK_DEFAULT)?,
        db: lists(Variable::DB_DEFAULT)?,
        dbx: lists(Variable::DBX_DEFAULT)?,
        option_roms: false,
    };
    if more.db.is_empty() { Err(EnrolError::NoVendor) } else { Ok(more) }
}

/// A plan whose changes are all signed, with a new way back if it replaces the platform key.
#[derive(Debug)]
pub struct SignedEnrolment {
    changes: Vec<(Variable, VariableContent)>,
    removal: Option<Vec<u8>>,
}

impl SignedEnrolment {
    /// Signs the changes of a plan with the keys of a folder, each of which belongs to its
    /// certificate. Nothing is written.
    ///
    /// Firmware takes nothing that is not newer than what it has (UEFI specification, section
    /// 8.2.2). If the clock went back, the changes are dated behind the last one that this folder
    /// knows of.
    pub fn sign(
        plan: &[VariableChange],
        folder: &KeyFolder,
        passphrase: &SecretSource,
        now: Time,
    ) -> Result<Self, EnrolError> {
        for change in plan.iter().filter(|change| !change.lists.is_empty()) {
            folder.check_pair(change.variable, passphrase)?;
        }
        let time = folder.last_change().map_or(now, |last| last.max(now));
        let changes = plan.iter().map(|change| sign(change, folder, passphrase, time));
        let changes = changes.collect::<Result<Vec<_>, EnrolError>>()?;
        let enrols = |change: &VariableChange| change.variable == Variable::PK && !change.lists.is_empty();
        let removal = if plan.iter().any(enrols) {
            let after = time.plus_seconds(1).ok_or(EnrolError::Time)?;
            Some(sign(&VariableChange::removal(), folder, passphrase, after)?.1.data)
        } else {
            None
        };
        Ok(Self { changes, removal })
    }

    /// What is written, in this order.
    pub fn changes(&self) -> &[(Variable, VariableContent)] {
        &self.changes
    }

    /// Writes the way back into the folder, then the variables in the order of the plan.
    ///
    /// The way back that the folder was made with is older than the new platform key, and of no use
    /// from now on. The new one is there before it can be needed.
    pub fn apply(&self, folder: &KeyFolder, variables: &Efivars) -> Result<(), EnrolError> {
        if let Some(removal) = &self.removal {
            folder.replace_removal(removal).map_err(EnrolError::Removal)?;
        }
        for (variable, content) in &self.changes {
            variables.write(*variable, content)?;
        }
        Ok(())
    }
}

/// Signs one change with the keys of a folder.
pub(crate) fn sign(
    change: &VariableChange,
    folder: &KeyFolder,
    passphrase: &SecretSource,
    time: Time,
) -> Result<(Variable, VariableContent), EnrolError> {
    let VariableChange { variable, lists, append, by } = change;
    let key = folder.private_key(*by, passphrase)?;
    let keys = folder.keys();
    let certificate = if *by == Variable::PK { &keys.pk } else { &keys.kek };
    let attributes = if *append { attributes::KEYS | attributes::APPEND } else { attributes::KEYS };
    let data = authorise_with(*variable, attributes, time, &lists::write(lists), &key, certificate)
        .map_err(|source| EnrolError::Authorise { variable: *variable, source })?;
    Ok((*variable, VariableContent { attributes, data }))
}

impl VariableChange {
    /// Takes the platform key out, which leads back to setup mode.
    pub fn removal() -> Self {
        Self { variable: Variable::PK, lists: Vec::new(), append: false, by: Variable::PK }
    }
}
