//! Authorised changes of variables: whatever is read is written again, byte for byte, and verified
//! or refused.
#![no_main]

use authenticode::cms::{Profile, SignedData};
use authenticode::variable::{Authenticated, Variable, VariableContent, attributes};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Some(content) = VariableContent::read(data) {
        assert_eq!(content.write(), data);
    }
    let Ok(change) = Authenticated::read(data) else { return };
    assert_eq!(change.write(), data);
    let certificates =
        SignedData::read_bare(&change.signature, Profile::Data).map(|signed| signed.certificates);
    for variable in Variable::LISTS {
        let _ = change.verify(variable, attributes::KEYS, certificates.iter().flatten());
    }
});
