//! Who vouches for a signer, whether or not firmware would believe it.

use crate::certificate::{Certificate, ListedCertificate};
use alloc::vec;
use alloc::vec::Vec;
use core::cell::{Cell, OnceCell};

/// How many signatures are verified to find out who is distrusted; all of an image share them.
///
/// Real certificates have one issuer of a name. Whoever brings along so many of one name that more
/// would be needed is not believed: those that remain are taken for issuers.
#[derive(Debug)]
pub struct Effort(Cell<u32>);

impl Default for Effort {
    fn default() -> Self {
        Self(Cell::new(512))
    }
}

impl Effort {
    /// Whether one more may be verified.
    fn spend(&self) -> bool {
        let left = self.0.get();
        self.0.set(left.saturating_sub(1));
        left > 0
    }
}

/// A signer, and all who vouch for it by the certificates that are at hand.
#[derive(Debug)]
pub struct Vouchers<'c> {
    /// The signer first; then those who have the name of an issuer.
    nodes: Vec<&'c Certificate>,
    /// Which of them issued what leads to the signer; found out when somebody asks.
    vouch: OnceCell<Vec<bool>>,
    effort: &'c Effort,
}

impl<'c> Vouchers<'c> {
    /// Follows the names of issuers through `others`.
    pub fn new(
        signer: &'c Certificate,
        others: &(impl Iterator<Item = &'c Certificate> + Clone),
        effort: &'c Effort,
    ) -> Self {
        let mut nodes = Vec::from([signer]);
        let (mut at, mut names) = (0, Vec::new());
        while let Some(name) = nodes.get(at).map(|node| node.canonical_issuer()) {
            at += 1;
            if names.contains(&name) {
                continue;
            }
            names.push(name);
            for other in others.clone().filter(|other| other.canonical_subject() == name) {
                if !nodes.contains(&other) {
                    nodes.push(other);
                }
            }
        }
        Self { nodes, vouch: OnceCell::new(), effort }
    }

    /// Whether this certificate is one of them, or issued one.
    pub fn are_forbidden_by(&self, listed: &ListedCertificate) -> bool {
        self.nodes.iter().enumerate().any(|(at, node)| {
            (listed.is(node) && self.vouches(at))
                || (listed.names(node)
                    && self.vouches(at)
                    && (!self.effort.spend() || listed.may_have_signed(node)))
        })
    }

    /// The certificates that vouch for the signer, itself first, among those that interest.
    pub fn find<T>(&self, mut interest: impl FnMut(&'c Certificate) -> Option<T>) -> Option<T> {
        self.nodes.iter().enumerate().find_map(|(at, node)| interest(node).filter(|_| self.vouches(at)))
    }

    fn vouches(&self, at: usize) -> bool {
        at == 0 || self.vouch.get_or_init(|| self.verify()).get(at).copied().unwrap_or_default()
    }

    fn verify(&self) -> Vec<bool> {
        let mut vouch = vec![false; self.nodes.len()];
        let mut open = Vec::from([0]);
        while let Some(certificate) = open.pop().and_then(|at: usize| self.nodes.get(at)) {
            for (at, (issuer, vouches)) in self.nodes.iter().zip(&mut vouch).enumerate() {
                if !*vouches
                    && issuer.canonical_subject() == certificate.canonical_issuer()
                    && (!self.effort.spend() || certificate.may_be_signed_by(issuer))
                {
                    *vouches = true;
                    open.push(at);
                }
            }
        }
        vouch
    }
}
