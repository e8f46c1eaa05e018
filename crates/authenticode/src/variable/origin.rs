//! What an authorised change is for. Files with the ending `.auth` do not say it, but their
//! signature covers the variable's name and attributes: the ones that it fits are those.

use super::authenticated::message;
use super::{Authenticated, Variable, VariableError, attributes};
use crate::certificate::Certificate;
use crate::cms::{CmsVerifyError, Profile, SignedData};
use alloc::vec::Vec;

/// What an authorised change is for, and who signed it. Whether a machine takes it from them is
/// another question: [`Authenticated::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedFor {
    /// The variable.
    pub variable: Variable,
    /// Its attributes, with [`attributes::APPEND`] if the value goes behind what is there.
    pub attributes: u32,
    /// The signer's certificate.
    pub signer: Certificate,
    /// All certificates that came along.
    pub certificates: Vec<Certificate>,
}

impl SignedFor {
    /// Whether the value goes behind what is there.
    pub fn appends(&self) -> bool {
        self.attributes & attributes::APPEND != 0
    }
}

/// What changes are for, the most usual first.
const VARIABLES: [Variable; 5] = [Variable::DBX, Variable::DB, Variable::KEK, Variable::PK, Variable::DBT];

impl Authenticated {
    /// Finds out what it is for; `None` if the signature fits none of PK, KEK, db, dbx and dbt.
    ///
    /// # Errors
    /// If the signature cannot be read, or does not even show its signer.
    pub fn signed_for(&self) -> Result<Option<SignedFor>, VariableError> {
        let signed = SignedData::read_bare(&self.signature, Profile::Data)?;
        for variable in VARIABLES {
            for attributes in [attributes::KEYS | attributes::APPEND, attributes::KEYS] {
                let message = message(variable, attributes, self.time, &self.data);
                match signed.verify(Some(&message), false) {
                    Ok(signer) => {
                        let (signer, certificates) = (signer.clone(), signed.certificates.clone());
                        return Ok(Some(SignedFor { variable, attributes, signer, certificates }));
                    }
                    // It is over something else.
                    Err(CmsVerifyError::Key(_) | CmsVerifyError::MessageDigest) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(None)
    }
}
