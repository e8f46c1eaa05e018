//! Real images against the certificates that real machines trust: Microsoft's, and Debian's in
//! shim.

#![allow(clippy::unwrap_used)]

mod forge;

use authenticode::DigestAlgorithm;
use authenticode::Time;
use authenticode::certificate::Certificate;
use authenticode::image_digest;
use authenticode::lists::{SignatureDatabase, SignatureList, SignatureListKind, revocation_data};
use authenticode::pe::{Layout, section_name};
use authenticode::sbat::{SHIM_SECTION, SbatLevel};
use authenticode::trust_file;
use authenticode::verify::{Loader, TrustList, TrustPolicy, TrustedBy};
use forge::{complaint, database, trusting, verdict};
use std::path::Path;
use test_support::{data, efi_files, toolbox};

fn certificate(path: &Path) -> Certificate {
    Certificate::read_all(&std::fs::read(path).unwrap()).unwrap().remove(0)
}

/// A certificate of Microsoft, as the package python3-virt-firmware ships it.
fn microsoft(name: &str) -> Certificate {
    let folder = "usr/lib/python3/dist-packages/virt/firmware/certs/microsoft.com";
    certificate(&toolbox().join(folder).join(format!("{name}.pem")))
}

fn debian() -> Certificate {
    certificate(&toolbox().join("usr/share/shim/debian-uefi-ca.der"))
}

fn shim() -> Vec<u8> {
    std::fs::read(toolbox().join("usr/lib/shim/shimx64.efi.signed")).unwrap()
}

fn listed(kind: SignatureListKind, data: Vec<u8>) -> SignatureDatabase {
    let owner = "12345678-9abc-def0-1234-56789abcdef0".parse().unwrap();
    let mut database = SignatureDatabase::default();
    database.add_lists("list", &[SignatureList::single(kind, owner, data)]);
    database
}

#[test]
fn debians_shim_is_microsofts() {
    let (old, new) = (microsoft("ms-uefi-2011"), microsoft("ms-uefi-2023"));
    for trusted in [&old, &new] {
        let trust = verdict(&shim(), &trusting([trusted])).outcome.unwrap();
        let TrustedBy::Path(path) = trust.by else { panic!("{trust:?}") };
        assert_eq!(path.last(), Some(trusted));
    }
    // The one for Windows did not sign it, nor did Debian.
    for other in [microsoft("windows-2011"), microsoft("windows-2023"), debian()] {
        assert!(complaint(&shim(), &trusting([&other])).contains("no signature is trusted"), "{other:?}");
    }
    // What a laptop trusts, and what it forbids.
    let mut policy = TrustPolicy::default();
    let variable = |name: &str| {
        std::fs::read(data(&format!("uefi/efivars-laptop/{name}-d719b2cb-3d3a-4596-a3bc-dad00e67656f")))
            .unwrap()
    };
    trust_file::add_to(&mut policy.db, "db", &variable("db")).unwrap();
    trust_file::add_to(&mut policy.dbx, "dbx", &variable("dbx")).unwrap();
    let trust = verdict(&shim(), &policy).outcome.unwrap();
    assert_eq!((trust.list, trust.entry.origin.as_str()), (TrustList::Db, "db"));
}

#[test]
fn a_dbx_that_lists_it_stops_it() {
    let (old, new) = (microsoft("ms-uefi-2011"), microsoft("ms-uefi-2023"));
    let policy = trusting([&old, &new]);
    let image = shim();
    let layout = Layout::read(image.as_slice()).unwrap();
    let digests = image_digest::digests(image.as_slice(), &layout, 0, &[DigestAlgorithm::Sha256]).unwrap();
    let digest = digests.get(DigestAlgorithm::Sha256).unwrap().to_vec();
    let stopped = |dbx: SignatureDatabase| complaint(&image, &TrustPolicy { dbx, ..policy.clone() });
    assert!(stopped(listed(SignatureListKind::Sha256, digest)).contains("its sha256 digest is in dbx"));
    // It is signed by two; that one is forbidden is enough for firmware.
    for forbidden in [&old, &new] {
        assert!(stopped(database([forbidden])).contains("dbx forbids"), "{forbidden:?}");
        let tbs = revocation_data(&forbidden.tbs_digest(DigestAlgorithm::Sha256), Time::default());
        let alone = TrustPolicy { dbx: listed(SignatureListKind::X509Sha256, tbs), ..trusting([forbidden]) };
        assert!(complaint(&image, &alone).contains("dbx revokes"), "{forbidden:?}");
    }
}

#[test]
fn shim_starts_what_debian_signed() {
    let image = shim();
    let layout = Layout::read(image.as_slice()).unwrap();
    let section = layout
        .sections
        .iter()
        .find(|s| section_name(image.as_slice(), &layout, s).unwrap() == SHIM_SECTION.as_bytes())
        .unwrap();
    let range = section.content_range();
    let content = &image[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()];
    let [automatic, latest] = SbatLevel::read_shim(content).unwrap().unwrap();
    assert!(automatic.date < latest.date);
    let policy = TrustPolicy {
        loader: Loader::Shim,
        vendor: database([&debian()]),
        sbat_level: Some(latest),
        ..TrustPolicy::default()
    };
    let mut started = 0;
    for path in efi_files() {
        let bytes = std::fs::read(&path).unwrap();
        let told = complaint(&bytes, &policy);
        // Debian signs its kernels; they have no .sbat, and boot loaders load them.
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("vmlinuz")) {
            assert_eq!(told, "", "{}", path.display());
            continue;
        }
        let signed = path.to_string_lossy().ends_with(".signed") && !path.ends_with("shimx64.efi.signed");
        assert_eq!(told.is_empty(), signed, "{}: {told}", path.display());
        started += usize::from(signed);
        // A level that wants more than there is stops all of them.
        let strict = SbatLevel::read(b"sbat,2\n").unwrap();
        let told = complaint(&bytes, &TrustPolicy { sbat_level: Some(strict), ..policy.clone() });
        assert_eq!(told.contains("sbat is of generation 1, and the level wants 2 or more"), signed, "{told}");
    }
    assert!(started >= 7, "{started}");
}
