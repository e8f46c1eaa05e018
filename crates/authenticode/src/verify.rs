//! Would firmware, or shim, start this image? And which certificate of which list lets it through,
//! or what stops it?
//!
//! | module | what | document |
//! |---|---|---|
//! | `policy` | what is trusted, and who decides | |
//! | `subject` | what has to be known of an image, read in one pass | |
//! | [`path`](crate::path) | paths of certificates from a signer to one that is trusted | RFC 5280, section 6; OpenSSL's `check_extensions` |
//! | `loadable` | whether what is let through is a program at all | EDK2's `Image.c` |
//! | `revocation` | what forbids a signer | UEFI specification, section 32.5.1 |
//! | `firmware` | the order in which EDK2 decides | `DxeImageVerificationLib` |
//! | `shim` | the order in which shim decides | shim's `verify.c` |
//! | `verdict` | the decision, with what it rests on | |
//!
//! [`decide`] is a pure function of an image's [`Subject`] and a [`TrustPolicy`]. Where firmware
//! and shim are laxer than is prudent, it refuses; it is to let through nothing that they would
//! refuse because of the signature or the lists. (The manual, `docs/verifying.md`, lists the
//! differences.)

mod firmware;
mod loadable;
mod policy;
mod revocation;
mod shim;
mod signature;
mod subject;
mod verdict;

pub use policy::{LoadedBy, Loader, TrustList, TrustPolicy};
pub use subject::{Attached, SbatData, Subject, algorithms};
pub use verdict::{
    Forbidden, ForbiddenBy, ImageVerdict, Notice, Refusal, SignatureFinding, SignatureProblem, Trust,
    TrustedBy,
};

use crate::time::Time;

/// Decides. `now` is for [`Notice`]s only.
pub fn decide(subject: &Subject, policy: &TrustPolicy, now: Option<Time>) -> ImageVerdict {
    let (outcome, findings) = match policy.loader {
        Loader::Firmware => firmware::decide(subject, policy, now),
        Loader::Shim => shim::decide(subject, policy, now),
    };
    let outcome = outcome.and_then(|trust| match &subject.unloadable {
        None => Ok(trust),
        Some(problem) => Err(Refusal::Unloadable(problem.clone())),
    });
    let outcome = outcome.and_then(|trust| check_sbat(subject, policy).map(|()| trust));
    ImageVerdict { outcome, findings }
}

/// Shim looks at SBAT last (`verify_buffer`).
fn check_sbat(subject: &Subject, policy: &TrustPolicy) -> Result<(), Refusal> {
    let Some(level) = &policy.sbat_level else { return Ok(()) };
    match &subject.sbat {
        SbatData::Missing if may_lack_sbat(subject, policy) => Ok(()),
        SbatData::Missing => Err(Refusal::NoSbat),
        SbatData::Odd(problem) => Err(Refusal::SbatSection(problem)),
        SbatData::Read(Err(error)) => Err(Refusal::Sbat(error.clone())),
        SbatData::Read(Ok(sbat)) => level.revokes(sbat).map_or(Ok(()), |why| Err(Refusal::Revoked(why))),
    }
}

/// Whether an image without `.sbat` starts.
fn may_lack_sbat(subject: &Subject, policy: &TrustPolicy) -> bool {
    match (policy.loader, policy.loaded_by) {
        // It does not know SBAT.
        (Loader::Firmware, _) | (Loader::Shim, LoadedBy::Program) => true,
        (Loader::Shim, LoadedBy::Usual) => subject.linux_kernel,
        (Loader::Shim, LoadedBy::Shim) => false,
    }
}
