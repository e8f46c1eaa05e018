//! Signed data of all profiles: whatever is read is verified or refused, by itself and against
//! itself as the trusted one.
#![no_main]

use authenticode::certificate::ListedCertificate;
use authenticode::cms::{Authenticode, Profile, SignedData, Timestamp};
use authenticode::path::{Chain, Effort, Vouchers};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for profile in [Profile::Authenticode, Profile::Data, Profile::Timestamp] {
        for read in [SignedData::read(data, profile), SignedData::read_bare(data, profile)] {
            let Ok(signed) = read else { continue };
            let _ = signed.signer.signing_time();
            let detached = (profile == Profile::Data).then_some(data);
            let Ok(signer) = signed.verify(detached, true) else { continue };
            let chain = Chain::new(signer, &signed.certificates, true);
            let found = chain.path_to_any(signed.certificates.iter().map(|certificate| ((), certificate)));
            // Whoever is trusted by a certificate is distrusted by it, too.
            let effort = Effort::default();
            let vouchers = Vouchers::new(signer, &signed.certificates.iter(), &effort);
            if let Ok(((), path)) = found {
                let top = path.last().map(|top| ListedCertificate::read(top.der()).unwrap());
                assert!(top.is_some_and(|top| vouchers.are_forbidden_by(&top)));
            }
        }
    }
    if let Ok(signature) = Authenticode::read(data) {
        let _ = signature.verify(&signature.image.digest, true);
        let _ = signature.timestamps(true);
        let _ = signature.nested().count();
        let _ = signature.image.write();
    }
    let _ = Timestamp::verify(data, b"signature", true);
});
