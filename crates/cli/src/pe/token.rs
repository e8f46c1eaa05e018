//! Keys and certificates in tokens, named by PKCS #11 URIs.

use anyhow::Context;
use authenticode::certificate::Certificate;
use authenticode::pkcs11::{DEFAULT_MODULE, Pin, Pkcs11Module, Pkcs11Uri};
use authenticode::sign::Signer;
use clap::Args;
use std::path::{Path, PathBuf};

/// The variable with the PIN.
const PIN: &str = "SNOWGUARD_PIN";

/// What tokens need besides the URI.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct TokenOptions {
    /// The PKCS #11 module for keys in tokens, unless the URI has module-path=; without it, p11-kit-proxy.so
    #[arg(long, value_name = "FILE")]
    pkcs11_module: Option<PathBuf>,
    /// A file with the token's PIN, unless the URI has pin-source= or pin-value=; without it, the variable SNOWGUARD_PIN
    #[arg(long, value_name = "FILE")]
    pin_file: Option<PathBuf>,
}

/// A place that is named by a URI.
pub(super) struct Place {
    uri: Pkcs11Uri,
    module: Pkcs11Module,
    pin: Option<Pin>,
}

impl Place {
    /// The place that an argument names; `None` if it is a path.
    pub(super) fn of(argument: &Path, options: &TokenOptions) -> anyhow::Result<Option<Self>> {
        let Some(text) = argument.to_str().filter(|text| Pkcs11Uri::is_uri(text)) else { return Ok(None) };
        // The text itself is not shown: it may hold a PIN.
        let mut uri = Pkcs11Uri::parse(text).context("the PKCS #11 URI")?;
        let file = uri.module_path.as_ref().or(options.pkcs11_module.as_ref());
        let module = Pkcs11Module::load(file.map_or(Path::new(DEFAULT_MODULE), PathBuf::as_path)).with_context(|| {
            if file.is_none() {
                "no module is named (module-path= in the URI, or --pkcs11-module), and the default does not work"
            } else {
                "PKCS #11"
            }
        })?;
        let pin = match (uri.pin_value.take(), uri.pin_source.as_ref().or(options.pin_file.as_ref())) {
            (Some(pin), _) => Some(pin),
            (None, Some(file)) => {
                let bytes = super::signer::read_passphrase(file)?;
                let text = String::from_utf8(bytes).ok();
                Some(Pin::from(
                    text.with_context(|| format!("{} holds no PIN: it is not UTF-8", file.display()))?,
                ))
            }
            (None, None) => match std::env::var(PIN) {
                Ok(pin) => Some(Pin::from(pin)),
                Err(std::env::VarError::NotPresent) => None,
                Err(std::env::VarError::NotUnicode(_)) => anyhow::bail!("the variable {PIN} is not UTF-8"),
            },
        };
        Ok(Some(Self { uri, module, pin }))
    }

    pub(super) fn certificate(&self) -> anyhow::Result<Certificate> {
        Ok(self.module.certificate(&self.uri, self.pin.as_ref())?)
    }

    pub(super) fn signer(
        self,
        certificate: Certificate,
        chain: Vec<Certificate>,
    ) -> anyhow::Result<Box<dyn Signer>> {
        Ok(Box::new(self.module.signer(&self.uri, self.pin, certificate, chain)?))
    }
}
