//! What firmware and shim both demand of a signature.

use super::policy::{TrustList, TrustPolicy};
use super::revocation::{all_who_vouch, of_signer};
use super::subject::Subject;
use super::verdict::{Notice, SignatureFinding, SignatureProblem, Trust, TrustedBy};
use crate::certificate::{CODE_SIGNING, Certificate};
use crate::cms::Authenticode;
use crate::digest::DigestAlgorithm;
use crate::lists::{DatabaseEntry, SignatureDatabase};
use crate::path::{Chain, Effort, first_without_rsa};
use crate::time::Time;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// The finding about a signature.
pub(super) fn finding(
    index: usize,
    signature: &Authenticode,
    result: Result<Trust, SignatureProblem>,
    policy: &TrustPolicy,
    now: Option<Time>,
) -> SignatureFinding {
    let stamps = signature.timestamps(policy.sha1).into_iter().flatten();
    SignatureFinding {
        index,
        signer: signature.signed.signer_certificate().ok().map(Certificate::subject),
        algorithm: Some(signature.image.algorithm),
        timestamp: stamps.map(|stamp| stamp.info.time).min(),
        notices: result.as_ref().map(|trust| notices(trust, now)).unwrap_or_default(),
        result,
        fatal: false,
    }
}

/// The finding about an entry that cannot be looked into.
pub(super) fn unread(index: usize, problem: SignatureProblem) -> SignatureFinding {
    SignatureFinding {
        index,
        signer: None,
        algorithm: None,
        timestamp: None,
        result: Err(problem),
        fatal: false,
        notices: Vec::new(),
    }
}

/// Whether the signature is the signer's, and for this image.
pub(super) fn holds<'s>(
    signature: &'s Authenticode,
    subject: &Subject,
    policy: &TrustPolicy,
) -> Result<&'s Certificate, SignatureProblem> {
    // Subjects have the digests that their signatures are of.
    let digest = subject.digests.get(signature.image.algorithm).unwrap_or_default();
    signature.verify(digest, policy.sha1).map_err(SignatureProblem::Verify)
}

/// Whether a digest is too old to be believed.
pub(super) fn outdated(signature: &Authenticode, policy: &TrustPolicy) -> Option<SignatureProblem> {
    (signature.image.algorithm == DigestAlgorithm::Sha1 && !policy.sha1).then_some(SignatureProblem::Sha1)
}

/// The lists that allow and the lists that forbid.
pub(super) struct Lists<'p> {
    pub(super) allow: Vec<(TrustList, &'p SignatureDatabase)>,
    pub(super) deny: Vec<(TrustList, &'p SignatureDatabase)>,
}

/// Looks for a path from the signer to a certificate of a list that nobody forbids.
pub(super) fn trust(
    signer: &Certificate,
    signature: &Authenticode,
    lists: &Lists<'_>,
    usable: impl Fn(&DatabaseEntry, &Certificate) -> bool,
    policy: &TrustPolicy,
    effort: &Effort,
) -> Result<Trust, SignatureProblem> {
    let chain = Chain::new(signer, &signature.signed.certificates, policy.sha1);
    let anchors = lists.allow.iter().flat_map(|(list, database)| {
        let usable = database.certificates().filter(|(entry, certificate)| usable(entry, certificate));
        usable.map(|(entry, certificate)| ((*list, entry), certificate))
    });
    let ((list, entry), path) = chain.path_to_any(anchors).map_err(SignatureProblem::Path)?;
    if let Some(other) = first_without_rsa(&path) {
        return Err(SignatureProblem::EllipticCurve(other.subject()));
    }
    // Whoever is forbidden stays so when the certificate in between is not sent along, but comes
    // from a list.
    let databases: Vec<&SignatureDatabase> = lists.allow.iter().map(|(_, database)| *database).collect();
    let everybody = all_who_vouch(signer, signature, &databases, effort);
    for (deny, database) in &lists.deny {
        if let Some(forbidden) = of_signer(signature, &everybody, *deny, database, policy) {
            return Err(SignatureProblem::Forbidden(Box::new(forbidden)));
        }
    }
    if let Some(time) = policy.valid_at
        && let Some(certificate) = path.iter().find(|certificate| !certificate.is_valid_at(time))
    {
        return Err(SignatureProblem::Validity {
            subject: certificate.subject(),
            from: certificate.not_before(),
            until: certificate.not_after(),
        });
    }
    let path = path.into_iter().cloned().collect();
    Ok(Trust { list, entry: entry.clone(), by: TrustedBy::Path(path) })
}

/// What is worth knowing of a path although it decides nothing.
fn notices(trust: &Trust, now: Option<Time>) -> Vec<Notice> {
    let TrustedBy::Path(path) = &trust.by else { return Vec::new() };
    let mut notices = Vec::new();
    if let Some(signer) = path.first() {
        let purpose = |extension| Notice::Purpose { subject: signer.subject(), extension };
        if signer.key_usage().is_some_and(|usages| !usages.contains(&"digitalSignature")) {
            notices.push(purpose("keyUsage"));
        }
        if signer.extended_key_usage().is_some_and(|usages| !usages.contains(&CODE_SIGNING)) {
            notices.push(purpose("extendedKeyUsage"));
        }
    }
    if let Some(now) = now {
        notices.extend(path.iter().filter(|certificate| !certificate.is_valid_at(now)).map(|certificate| {
            Notice::Validity {
                subject: certificate.subject(),
                from: certificate.not_before(),
                until: certificate.not_after(),
            }
        }));
    }
    notices
}
