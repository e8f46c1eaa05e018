//! Signing changes of variables.

use authenticode::Time;
use authenticode::certificate::Certificate;
use authenticode::cms::CmsBuildError;
use authenticode::sign::{PrivateKey, PrivateKeyError};
use authenticode::variable::{Authenticated, Variable, attributes, prepare};

/// Why a change cannot be signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthoriseError {
    /// The key cannot sign it.
    #[error(transparent)]
    Key(#[from] PrivateKeyError),
    /// The key is not that of the certificate, or of an unknown kind.
    #[error(transparent)]
    Build(#[from] CmsBuildError),
}

/// An authorised change of PK, KEK, db or dbx to the value `data`, signed by `key`: the octets of a
/// file `.auth`, and of the value that is written to the variable.
pub fn authorise(
    variable: Variable,
    time: Time,
    data: &[u8],
    key: &PrivateKey,
    certificate: &Certificate,
) -> Result<Vec<u8>, AuthoriseError> {
    authorise_with(variable, attributes::KEYS, time, data, key, certificate)
}

/// The same with other attributes: those of a change that adds to what is there.
pub(crate) fn authorise_with(
    variable: Variable,
    attributes: u32,
    time: Time,
    data: &[u8],
    key: &PrivateKey,
    certificate: &Certificate,
) -> Result<Vec<u8>, AuthoriseError> {
    let (wanted, message) = prepare(variable, attributes, time, data, certificate)?;
    let signature = key.sign(wanted.algorithm, &message)?;
    let signature = wanted.complete_bare(&signature, &[])?;
    Ok(Authenticated { time, signature, data: data.to_vec() }.write())
}
