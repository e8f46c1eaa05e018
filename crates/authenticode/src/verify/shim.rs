//! The order in which shim decides about what it starts (`verify.c`).
//!
//! The image's digest first: forbidden in dbx or the owner's deny list, or allowed in db or the
//! owner's list. Then each signature, of SHA-256 only: forbidden by a certificate, or allowed by
//! one of db, of the owner's list or of shim itself. A forbidden signature does not spoil another
//! that is good.

use super::policy::{TrustList, TrustPolicy};
use super::revocation::{of_image, of_signer, unknown};
use super::signature::{Lists, finding, holds, trust, unread};
use super::subject::Attached;
use super::subject::Subject;
use super::verdict::{Refusal, SignatureFinding, SignatureProblem, Trust, TrustedBy};
use crate::certificate::{Certificate, MODULE_SIGNING};
use crate::cms::Authenticode;
use crate::digest::DigestAlgorithm;
use crate::lists::DatabaseEntry;
use crate::path::{Effort, Vouchers};
use crate::time::Time;
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

pub(super) fn decide(
    subject: &Subject,
    policy: &TrustPolicy,
    now: Option<Time>,
) -> (Result<Trust, Refusal>, Vec<SignatureFinding>) {
    let effort = Effort::default();
    let findings: Vec<SignatureFinding> = subject
        .signatures
        .iter()
        .enumerate()
        .map(|(index, attached)| match attached {
            Attached::Signature(signature) => {
                finding(index, signature, judge(signature, subject, policy, &effort), policy, now)
            }
            Attached::Unreadable(error) => unread(index, SignatureProblem::Read(error.clone())),
            Attached::Other(revision, kind) => {
                unread(index, SignatureProblem::Kind { revision: *revision, kind: *kind })
            }
        })
        .collect();
    (outcome(subject, policy, &findings), findings)
}

fn outcome(subject: &Subject, policy: &TrustPolicy, findings: &[SignatureFinding]) -> Result<Trust, Refusal> {
    for (list, database) in lists(policy).deny {
        if let Some(forbidden) = of_image(subject, list, database) {
            return Err(Refusal::Forbidden(Box::new(forbidden)));
        }
    }
    // SHA-1 counts in db only, and only because shim does so.
    let digests = [
        (TrustList::Db, &policy.db, DigestAlgorithm::Sha256),
        (TrustList::Db, &policy.db, DigestAlgorithm::Sha1),
        (TrustList::Mok, &policy.mok, DigestAlgorithm::Sha256),
    ];
    for (list, database, algorithm) in digests {
        let digest =
            subject.digests.get(algorithm).filter(|_| algorithm != DigestAlgorithm::Sha1 || policy.sha1);
        if let Some(entry) = digest.and_then(|digest| database.find_image(algorithm, digest)) {
            return Ok(Trust { list, entry: entry.clone(), by: TrustedBy::Digest(algorithm) });
        }
    }
    if !subject.signed {
        return Err(Refusal::NotSigned);
    }
    for (list, database) in lists(policy).deny {
        unknown(list, database, policy)?;
    }
    let mut trusted = findings.iter().filter_map(|finding| finding.result.as_ref().ok());
    trusted.next().cloned().ok_or(Refusal::NothingTrusted)
}

fn lists(policy: &TrustPolicy) -> Lists<'_> {
    Lists {
        allow: vec![
            (TrustList::Db, &policy.db),
            (TrustList::Mok, &policy.mok),
            (TrustList::Vendor, &policy.vendor),
        ],
        deny: vec![(TrustList::Dbx, &policy.dbx), (TrustList::Mokx, &policy.mokx)],
    }
}

fn judge(
    signature: &Authenticode,
    subject: &Subject,
    policy: &TrustPolicy,
    effort: &Effort,
) -> Result<Trust, SignatureProblem> {
    if !signature.in_place {
        return Err(SignatureProblem::Size);
    }
    let algorithm = signature.image.algorithm;
    if algorithm != DigestAlgorithm::Sha256 {
        return Err(SignatureProblem::Digest(algorithm));
    }
    let signer = holds(signature, subject, policy)?;
    let lists = lists(policy);
    let vouchers = Vouchers::new(signer, &signature.signed.certificates.iter(), effort);
    for (list, database) in &lists.deny {
        if let Some(forbidden) = of_signer(signature, &vouchers, *list, database, policy) {
            return Err(SignatureProblem::Forbidden(Box::new(forbidden)));
        }
    }
    trust(signer, signature, &lists, usable, policy, effort)
}

/// Shim takes the first certificate of a list only, none that is for kernel modules, and none that
/// does not fill its entry (`verify_x509`).
fn usable(entry: &DatabaseEntry, certificate: &Certificate) -> bool {
    let modules = certificate.extended_key_usage().is_some_and(|usages| usages.contains(&MODULE_SIGNING));
    let fills = entry.behind == 0 && certificate.der().starts_with(&[0x30, 0x82]);
    entry.place == 0 && fills && !modules
}
