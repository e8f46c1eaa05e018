//! What may help where something failed: the errors of libraries know it, this only asks them.

/// The hint of the outermost error of a chain that has one.
pub(crate) fn of(error: &anyhow::Error) -> Option<String> {
    error.chain().find_map(known)
}

/// Errors in fields that are `#[error(transparent)]` are not in the chain: the error around them
/// has to ask them.
fn known(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    macro_rules! ask {
        ($($kind:ty),* $(,)?) => {
            $(if let Some(error) = error.downcast_ref::<$kind>() {
                return error.hint().map(Into::into);
            })*
        };
    }
    ask!(
        authenticode::key_location::KeyLocationError,
        authenticode::sign::PrivateKeyError,
        authenticode::sign::RequestError,
        bootstrap::BuildError,
        bootstrap::StoreError,
        bootstrap::ddc::DdcError,
        bootstrap::export::ExportError,
        bootstrap::provenance::ProvenanceError,
        bootstrap::sources::SourceError,
        http::HttpError,
        scanner::DocumentError,
        scanner::targets::TargetError,
        secure_boot::EfivarsError,
        secure_boot::EnrolError,
        secure_boot::EnrolmentRefused,
        secure_boot::KeyFolderError,
        secure_boot::OptionRomError,
        secure_boot::RotateError,
        secure_boot::SbctlError,
        secure_boot::TrustError,
        secure_boot::UpdateError,
        vulnerability_db::DatabaseError,
        vulnerability_db::IngestError,
    );
    if let Some(lacks) = error.downcast_ref::<scanner::Lacks>() {
        return Some(lacks.hint().to_owned());
    }
    #[cfg(feature = "pkcs11")]
    ask!(authenticode::pkcs11::Pkcs11Error);
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context as _;
    use std::path::Path;
    use std::time::Duration;

    #[test]
    fn hints_are_found_below_context() {
        assert_eq!(of(&anyhow::anyhow!("x").context("y")), None);
        let missing = vulnerability_db::Database::open(Path::new("/nowhere"));
        let hint = of(&missing.context("no records").unwrap_err());
        assert!(hint.is_some_and(|hint| hint.contains("snowguard db update")));
        // An error that could have a hint, and has none.
        let client = http::Client::new(Some(Path::new("/nowhere.pem")));
        let failed = client.size("https://localhost:1/", Duration::from_secs(1));
        assert_eq!(of(&failed.context("no timestamp").unwrap_err()), None);
    }
}
