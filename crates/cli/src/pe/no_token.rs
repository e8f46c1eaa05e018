//! Without the feature `pkcs11`, keys are in files only.

use anyhow::bail;
use authenticode::certificate::Certificate;
use authenticode::sign::Signer;
use clap::Args;
use std::convert::Infallible;
use std::path::Path;

/// Nothing.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct TokenOptions {}

/// A place that there is not.
pub(super) struct Place(Infallible);

impl Place {
    pub(super) fn of(argument: &Path, _: &TokenOptions) -> anyhow::Result<Option<Self>> {
        if argument.to_str().is_some_and(|text| text.starts_with("pkcs11:")) {
            bail!("this program was built without PKCS #11: build it with the feature `pkcs11`");
        }
        Ok(None)
    }

    pub(super) fn certificate(&self) -> anyhow::Result<Certificate> {
        match self.0 {}
    }

    pub(super) fn signer(self, _: Certificate, _: Vec<Certificate>) -> anyhow::Result<Box<dyn Signer>> {
        match self.0 {}
    }
}
