//! Whole images, decided about by firmware's and by shim's rules, with what they hold themselves
//! trusted and forbidden.
#![no_main]

use authenticode::Time;
use authenticode::lists::SignatureDatabase;
use authenticode::pe::Layout;
use authenticode::sbat::SbatLevel;
use authenticode::verify::Attached;
use authenticode::verify::{Loader, Subject, TrustPolicy, decide};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(layout) = Layout::read(data) else { return };
    let mut policy = TrustPolicy { sbat_level: SbatLevel::read(b"sbat,1\n").ok(), ..TrustPolicy::default() };
    let Ok(subject) = Subject::read(data, &layout, &policy) else { return };
    let mut own = SignatureDatabase::default();
    for attached in &subject.signatures {
        if let Attached::Signature(signature) = attached {
            for certificate in &signature.signed.certificates {
                own.add_certificate("fuzz", certificate);
            }
        }
    }
    for loader in [Loader::Firmware, Loader::Shim] {
        policy = TrustPolicy { loader, db: own.clone(), sha1: true, ..policy };
        let now = Time::from_unix(1_800_000_000);
        let trusting = decide(&subject, &policy, now);
        for finding in &trusting.findings {
            let _ = finding.result.as_ref().map_err(ToString::to_string);
        }
        // Whoever is forbidden lets nothing through, trusted or not.
        let forbidding = TrustPolicy { dbx: own.clone(), ..policy.clone() };
        assert!(decide(&subject, &forbidding, now).outcome.is_err());
    }
});
