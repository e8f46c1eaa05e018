//! Signed data of all profiles: whatever is read is verified or refused, by itself and against
//! itself as the trusted one.
#![no_main]

use authenticode::cms::{Authenticode, Profile, SignedData, Timestamp};
use authenticode::path::{Reach, Strictness};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for profile in [Profile::Authenticode, Profile::Data, Profile::Timestamp] {
        for read in [SignedData::read(data, profile), SignedData::read_bare(data, profile)] {
            let Ok(signed) = read else { continue };
            let _ = signed.signer.signing_time();
            let detached = (profile == Profile::Data).then_some(data);
            let Ok(signer) = signed.verify(detached, true) else { continue };
            for strictness in [Strictness::Trust, Strictness::Distrust] {
                let reach = Reach::new(signer, &signed.certificates.iter(), strictness, true);
                let _ = reach.path_to_any(signed.certificates.iter().map(|certificate| ((), certificate)));
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
