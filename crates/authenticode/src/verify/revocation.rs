//! What forbids a signer.

use super::policy::{TrustList, TrustPolicy};
use super::subject::Subject;
use super::verdict::{Forbidden, ForbiddenBy, Refusal};
use crate::certificate::Certificate;
use crate::cms::Authenticode;
use crate::lists::SignatureDatabase;
use crate::path::{Chain, Effort, Vouchers};
use crate::time::Time;
use alloc::boxed::Box;
use alloc::string::ToString;
use core::cell::LazyCell;

/// Whether a list has the image's digest, in whichever algorithm.
pub(super) fn of_image(
    subject: &Subject,
    list: TrustList,
    database: &SignatureDatabase,
) -> Option<Forbidden> {
    subject.digests.digests.iter().find_map(|(algorithm, digest)| {
        let entry = database.find_image(*algorithm, digest)?;
        Some(Forbidden { list, entry: entry.clone(), why: ForbiddenBy::Digest(*algorithm) })
    })
}

/// Whether a deny list has an entry of which it is not known what it forbids.
pub(super) fn unknown(
    list: TrustList,
    database: &SignatureDatabase,
    policy: &TrustPolicy,
) -> Result<(), Refusal> {
    match database.unknown().filter(|_| !policy.ignore_unreadable) {
        Some((entry, problem)) => Err(Refusal::Unknown { list, entry: Box::new(entry.clone()), problem }),
        None => Ok(()),
    }
}

/// Whether a list forbids the signer or anybody who vouches for it: with the list's certificates,
/// or by the digests of `tbsCertificate`.
///
/// EDK2 looks for digests of the signer's certificate and of the trusted one only; here those
/// between count as well.
pub(super) fn of_signer(
    signature: &Authenticode,
    vouchers: &Vouchers<'_>,
    list: TrustList,
    database: &SignatureDatabase,
    policy: &TrustPolicy,
) -> Option<Forbidden> {
    let by_certificate = database.forbidding().find_map(|(entry, listed)| {
        let why = ForbiddenBy::Certificate { subject: listed.subject().to_string() };
        vouchers.are_forbidden_by(listed).then(|| Forbidden { list, entry: entry.clone(), why })
    });
    by_certificate.or_else(|| {
        let stamped = LazyCell::new(|| trusted_time(signature, policy));
        vouchers.find(|certificate| {
            database.find_tbs(certificate).find_map(|(entry, since)| {
                let stamped = if since.is_zero() { None } else { *stamped };
                let before = stamped.is_some_and(|time| time <= since);
                let why = ForbiddenBy::Tbs { subject: certificate.subject(), since, stamped };
                (!before).then(|| Forbidden { list, entry: entry.clone(), why })
            })
        })
    })
}

/// When the signature was made, by the earliest timestamp of an authority that dbt trusts.
fn trusted_time(signature: &Authenticode, policy: &TrustPolicy) -> Option<Time> {
    let stamps = signature.timestamps(policy.sha1).into_iter().flatten().filter(|stamp| {
        let chain = Chain::new(&stamp.signer, &stamp.signed.certificates, policy.sha1);
        policy.dbt.certificates().any(|(_, anchor)| chain.path_to(anchor).is_ok())
    });
    stamps.map(|stamp| stamp.info.time).min()
}

/// Everybody who vouches for a signer: through the certificates that came along, and through those
/// of the lists.
pub(super) fn all_who_vouch<'c>(
    signer: &'c Certificate,
    signature: &'c Authenticode,
    lists: &'c [&'c SignatureDatabase],
    effort: &'c Effort,
) -> Vouchers<'c> {
    let listed = lists.iter().flat_map(|list| list.certificates().map(|(_, certificate)| certificate));
    let others = signature.signed.certificates.iter().chain(listed);
    Vouchers::new(signer, &others, effort)
}
