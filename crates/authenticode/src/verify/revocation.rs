//! What forbids a signer.

use super::policy::{TrustList, TrustPolicy};
use super::subject::Subject;
use super::verdict::{Forbidden, ForbiddenBy};
use crate::certificate::Certificate;
use crate::cms::Authenticode;
use crate::lists::SignatureDatabase;
use crate::path::{Reach, Strictness};
use crate::time::Time;

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

/// Whether a list forbids the signer or anybody who vouches for it: with the list's certificates,
/// or by the digests of `tbsCertificate`.
///
/// EDK2 looks for digests of the signer's certificate and of the trusted one only; here those
/// between count as well.
pub(super) fn of_signer(
    signature: &Authenticode,
    reach: &Reach<'_>,
    list: TrustList,
    database: &SignatureDatabase,
    policy: &TrustPolicy,
) -> Option<Forbidden> {
    let by_certificate = database.certificates().find_map(|(entry, certificate)| {
        reach.path_to(certificate).ok()?;
        let why = ForbiddenBy::Certificate { subject: certificate.subject() };
        Some(Forbidden { list, entry: entry.clone(), why })
    });
    by_certificate.or_else(|| {
        reach.certificates().find_map(|certificate| {
            database.find_tbs(certificate).find_map(|(entry, since)| {
                let stamped = trusted_time(signature, policy);
                let before = stamped.is_some_and(|time| !since.is_zero() && time <= since);
                let subject = certificate.subject();
                let why = ForbiddenBy::Tbs { subject, since, stamped };
                (!before).then(|| Forbidden { list, entry: entry.clone(), why })
            })
        })
    })
}

/// When the signature was made, by the earliest timestamp of an authority that dbt trusts.
pub(super) fn trusted_time(signature: &Authenticode, policy: &TrustPolicy) -> Option<Time> {
    let stamps = signature.timestamps(policy.sha1).into_iter().flatten().filter(|stamp| {
        let others = stamp.signed.certificates.iter();
        let reach = Reach::new(&stamp.signer, &others, Strictness::Trust, policy.sha1);
        policy.dbt.certificates().any(|(_, anchor)| reach.path_to(anchor).is_ok())
    });
    stamps.map(|stamp| stamp.info.time).min()
}

/// Everybody who vouches for a signer: through the certificates that came along, and through those
/// of the lists.
pub(super) fn all_who_vouch<'c>(
    signer: &'c Certificate,
    signature: &'c Authenticode,
    lists: &'c [&'c SignatureDatabase],
) -> Reach<'c> {
    let listed = lists.iter().flat_map(|list| list.certificates().map(|(_, certificate)| certificate));
    let others = signature.signed.certificates.iter().chain(listed);
    Reach::new(signer, &others, Strictness::Distrust, true)
}
