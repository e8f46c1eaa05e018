//! Signatures as others make them and as others read them: Microsoft's and Debian's on the EFI
//! files of the toolbox, and those of sbsign, osslsigncode and openssl.

#![allow(clippy::unwrap_used)]

use authenticode::DigestAlgorithm;
use authenticode::cms::Authenticode;
use authenticode::image_digest;
use authenticode::pe::{Layout, certificates};
use std::path::Path;
use test_support::efi_files;

fn signatures(image: &[u8]) -> (Layout, Vec<Vec<u8>>) {
    let layout = Layout::read(image).unwrap();
    let entries = certificates(image, &layout).unwrap();
    (layout, entries.into_iter().map(|entry| entry.content).collect())
}

fn image_digest(image: &[u8], layout: &Layout, algorithm: DigestAlgorithm) -> Vec<u8> {
    let digests = image_digest::digests(image, layout, 0, &[algorithm]).unwrap();
    digests.get(algorithm).unwrap().to_vec()
}

fn issuers(path: &Path) -> Vec<String> {
    let image = std::fs::read(path).unwrap();
    let (layout, signatures) = signatures(&image);
    let read = |signature: &Vec<u8>| {
        let signature = Authenticode::read(signature).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let digest = image_digest(&image, &layout, signature.image.algorithm);
        let signer = signature.verify(&digest, false).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        signer.issuer()
    };
    signatures.iter().map(read).collect()
}

#[test]
fn every_signature_of_the_toolbox_holds() {
    let mut signed = 0;
    let (mut microsoft, mut debian) = (0, 0);
    for path in efi_files() {
        let issuers = issuers(&path);
        let says_so = |name: &str| name.ends_with(".signed") || name.ends_with("/vmlinuz");
        assert_eq!(says_so(&path.to_string_lossy()), !issuers.is_empty(), "{}", path.display());
        for issuer in issuers {
            signed += 1;
            microsoft += usize::from(issuer.contains("CN=Microsoft"));
            debian += usize::from(issuer.contains("CN=Debian Secure Boot CA"));
        }
    }
    println!("{signed} signatures: {microsoft} by Microsoft, {debian} by Debian");
    assert!(microsoft >= 1 && debian >= 7 && microsoft + debian == signed, "{microsoft} {debian} {signed}");
}
