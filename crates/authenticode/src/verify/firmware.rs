//! The order in which EDK2 decides (`DxeImageVerificationHandler`).
//!
//! An unsigned image needs its SHA-256 digest in db. Of a signed one every signature is looked at:
//! one that dbx forbids, or that does not show its signer, stops the image; one that leads to a
//! certificate of db lets it through, and so does the image's digest in db, in the algorithm of the
//! signature. The image's digest in dbx stops it in any case.

use super::policy::{TrustList, TrustPolicy};
use super::revocation::{of_image, of_signer, unknown};
use super::signature::{Lists, finding, holds, outdated, trust, unread};
use super::subject::Attached;
use super::subject::Subject;
use super::verdict::{Refusal, SignatureFinding, SignatureProblem, Trust, TrustedBy};
use crate::cms::Authenticode;
use crate::digest::DigestAlgorithm;
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
            Attached::Signature(signature) => look(index, signature, subject, policy, now, &effort),
            // EDK2 may read it nevertheless, and find its signer in dbx.
            Attached::Unreadable(error) => {
                SignatureFinding { fatal: true, ..unread(index, SignatureProblem::Read(error.clone())) }
            }
            // EDK2 looks into the two types that may hold a signature, whatever the revision;
            // nothing makes such, and here nobody looks into them, so they must not stand next to a
            // good one.
            Attached::Other(revision, kind) => SignatureFinding {
                fatal: matches!(kind, 2 | 0x0ef1),
                ..unread(index, SignatureProblem::Kind { revision: *revision, kind: *kind })
            },
        })
        .collect();
    (outcome(subject, policy, &findings), findings)
}

fn outcome(subject: &Subject, policy: &TrustPolicy, findings: &[SignatureFinding]) -> Result<Trust, Refusal> {
    if let Some(forbidden) = of_image(subject, TrustList::Dbx, &policy.dbx) {
        return Err(Refusal::Forbidden(Box::new(forbidden)));
    }
    if !subject.padded {
        return Err(Refusal::Table);
    }
    if subject.signed {
        unknown(TrustList::Dbx, &policy.dbx, policy)?;
    }
    let fatal = findings.iter().filter(|finding| finding.fatal);
    let mut fatal = fatal.filter_map(|finding| Some((finding.index, finding.result.as_ref().err()?)));
    if let Some((index, problem)) = fatal.next() {
        return Err(Refusal::Fatal { index, problem: Box::new(problem.clone()) });
    }
    if !subject.signed {
        return by_digest(subject, policy, DigestAlgorithm::Sha256).ok_or(Refusal::NotSigned);
    }
    let mut trusted = findings.iter().filter_map(|finding| finding.result.as_ref().ok());
    trusted.next().cloned().ok_or(Refusal::NothingTrusted)
}

fn look(
    index: usize,
    signature: &Authenticode,
    subject: &Subject,
    policy: &TrustPolicy,
    now: Option<Time>,
    effort: &Effort,
) -> SignatureFinding {
    let (result, fatal) = if !signature.in_place {
        // EDK2 passes over it, and does not look for its digest either.
        (Err(SignatureProblem::Size), false)
    } else if let Some((problem, fatal)) = forbidden(signature, policy, effort) {
        (Err(problem), fatal)
    } else {
        (judge(signature, subject, policy, effort), false)
    };
    SignatureFinding { fatal, ..finding(index, signature, result, policy, now) }
}

/// Why the signature counts for nothing, and whether it stops the whole image.
fn forbidden(
    signature: &Authenticode,
    policy: &TrustPolicy,
    effort: &Effort,
) -> Option<(SignatureProblem, bool)> {
    let signer = match signature.signed.signer_certificate() {
        Ok(signer) => signer,
        Err(error) => return Some((SignatureProblem::Verify(error), true)),
    };
    if let Some(problem) = outdated(signature, policy) {
        return Some((problem, false));
    }
    let vouchers = Vouchers::new(signer, &signature.signed.certificates.iter(), effort);
    let found = of_signer(signature, &vouchers, TrustList::Dbx, &policy.dbx, policy)?;
    Some((SignatureProblem::Forbidden(Box::new(found)), true))
}

fn judge(
    signature: &Authenticode,
    subject: &Subject,
    policy: &TrustPolicy,
    effort: &Effort,
) -> Result<Trust, SignatureProblem> {
    let lists = Lists { allow: vec![(TrustList::Db, &policy.db)], deny: vec![(TrustList::Dbx, &policy.dbx)] };
    holds(signature, subject, policy)
        .and_then(|signer| trust(signer, signature, &lists, |_, _| true, policy, effort))
        .or_else(|problem| by_digest(subject, policy, signature.image.algorithm).ok_or(problem))
}

fn by_digest(subject: &Subject, policy: &TrustPolicy, algorithm: DigestAlgorithm) -> Option<Trust> {
    let entry = policy.db.find_image(algorithm, subject.digests.get(algorithm)?)?;
    Some(Trust { list: TrustList::Db, entry: entry.clone(), by: TrustedBy::Digest(algorithm) })
}
