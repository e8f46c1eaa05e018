//! Certificates in DER and PEM: whatever is read gives back its octets, and can be asked about.
#![no_main]

use authenticode::DigestAlgorithm;
use authenticode::certificate::{Certificate, ListedCertificate};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    // As an entry of a deny list, whatever stands behind it.
    if let Ok(listed) = ListedCertificate::read(data) {
        assert_eq!(ListedCertificate::read(&[data, &[0x80]].concat()), Ok(listed.clone()));
        let _ = listed.subject().len();
    }
    let Ok(certificates) = Certificate::read_all(data) else { return };
    for certificate in certificates {
        // What begins with this octet and is no DER is text that begins with a zero.
        assert!(data.first() != Some(&0x30) || data.starts_with(certificate.der()) || data.contains(&b'-'));
        assert!(certificate.der().windows(certificate.tbs().len()).any(|window| window == certificate.tbs()));
        let listed = ListedCertificate::read(certificate.der()).unwrap();
        assert!(listed.is(&certificate));
        let _ = (certificate.subject(), certificate.issuer(), certificate.serial().len());
        let _ = (certificate.key_usage(), certificate.not_authority(), certificate.path_length());
        let _ = certificate.public_key().map(|key| (key.bits(), key.modulus()));
        let _ = certificate.tbs_digest(DigestAlgorithm::Sha256);
        let _ = certificate.verify_signed_by(&certificate, true);
        let _ = (certificate.not_before().to_unix(), certificate.not_after().to_string());
    }
});
