//! One certificate, and whether one issued another.

use super::error::{CertificateError, IssueError};
use super::key::{PublicKey, PublicKeyError, Scheme};
use super::validity::{self, Validity};
use crate::asn1::{DerProblem, Elements, element};
use crate::digest::DigestAlgorithm;
use crate::foreign::ForeignError;
use crate::oid::Oid;
use crate::openssl;
use crate::time::Time;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;
use der::asn1::ObjectIdentifier;
use der::{Decode, Encode, Tag};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectKeyIdentifier,
};

/// Real certificates have one to three kilobytes.
pub const MAX_CERTIFICATE: usize = 64 << 10;
/// `id-kp-codeSigning`.
pub const CODE_SIGNING: Oid = Oid::new("1.3.6.1.5.5.7.3.3");
/// `id-kp-timeStamping`.
pub const TIME_STAMPING: Oid = Oid::new("1.3.6.1.5.5.7.3.8");
/// What marks a certificate for signing kernel modules only; shim passes over such ones in its
/// lists.
pub const MODULE_SIGNING: Oid = Oid::new("1.3.6.1.4.1.2312.16.1.2");

/// A certificate: its octets, and what they say.
#[derive(Clone)]
pub struct Certificate {
    der: Vec<u8>,
    tbs: Range<usize>,
    issuer: Vec<u8>,
    subject: Vec<u8>,
    /// The same two in canonical form.
    canonical: [Vec<u8>; 2],
    validity: Validity,
    key: Vec<u8>,
    /// With other dates: see [`Validity`].
    inner: x509_cert::Certificate,
    extensions: Extensions,
}

/// What we know to read among the extensions.
#[derive(Debug, Clone, Default)]
struct Extensions {
    constraints: Option<BasicConstraints>,
    usage: Option<KeyUsage>,
    extended: Option<Vec<Oid>>,
    subject_key: Option<Vec<u8>>,
    authority_key: Option<Vec<u8>>,
    authority_serial: Option<Vec<u8>>,
    /// In canonical form.
    authority_name: Option<Vec<u8>>,
    unjudged: Option<Oid>,
}

impl Certificate {
    /// Reads one from DER; nothing may stand behind it.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > MAX_CERTIFICATE {
            return Err(DerProblem::TooLarge(MAX_CERTIFICATE).at("Certificate").into());
        }
        let mut outer = Elements::new(der, "Certificate");
        let whole = outer.expect("Certificate", Tag::Sequence)?;
        outer.finish()?;
        let tbs = whole.inside().expect("tbsCertificate", Tag::Sequence)?;
        let start = whole.whole.len() - whole.value.len();
        // Names and key as they stand: signatures of others refer to these octets.
        let mut fields = tbs.inside();
        fields.optional("version", 0)?;
        fields.expect("serialNumber", Tag::Integer)?;
        fields.expect("signature", Tag::Sequence)?;
        let issuer = fields.expect("issuer", Tag::Sequence)?.whole.to_vec();
        let before = tbs.value.get(..tbs.value.len() - fields.rest.len()).unwrap_or_default();
        let validity = Validity::read(fields.expect("validity", Tag::Sequence)?)?;
        let after = fields.rest;
        let subject = fields.expect("subject", Tag::Sequence)?.whole.to_vec();
        let key = fields.expect("subjectPublicKeyInfo", Tag::Sequence)?.whole.to_vec();
        // Which dates there are is read here alone.
        let plain = element(Tag::Sequence, &[before, &validity::plain(), after]);
        let behind = whole.value.get(tbs.whole.len()..).unwrap_or_default();
        let plain = element(Tag::Sequence, &[&plain, behind]);
        let inner = x509_cert::Certificate::from_der(&plain)
            .map_err(|e| CertificateError::X509(ForeignError::new(e)))?;
        // RFC 5280, section 4.1.1.2; OpenSSL refuses a difference too.
        if inner.signature_algorithm() != inner.tbs_certificate().signature() {
            return Err(CertificateError::SignatureAlgorithm);
        }
        let canonical = openssl::certificate(whole)?;
        let extensions = Extensions::read(&inner)?;
        let tbs = start..start + tbs.whole.len();
        Ok(Self { der: der.to_vec(), tbs, issuer, subject, canonical, validity, key, inner, extensions })
    }

    /// Reads the one that an entry of a signature list begins with: firmware passes over what
    /// stands behind it. Gives the number of those octets as well.
    pub fn from_entry(entry: &[u8]) -> Result<(Self, usize), CertificateError> {
        let first = Elements::new(entry, "Certificate").next("Certificate")?.whole;
        Ok((Self::from_der(first)?, entry.len() - first.len()))
    }

    /// The octets that it was read from.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The octets of `tbsCertificate`, which its signature is over.
    pub fn tbs(&self) -> &[u8] {
        self.der.get(self.tbs.clone()).unwrap_or_default()
    }

    /// What stands behind `tbsCertificate`: algorithm and signature.
    pub(crate) fn behind_tbs(&self) -> &[u8] {
        self.der.get(self.tbs.end..).unwrap_or_default()
    }

    /// The issuer in the form that names are compared in.
    pub(crate) fn canonical_issuer(&self) -> &[u8] {
        let [issuer, _] = &self.canonical;
        issuer
    }

    /// The subject in the form that names are compared in.
    pub(crate) fn canonical_subject(&self) -> &[u8] {
        let [_, subject] = &self.canonical;
        subject
    }

    /// Digest of `tbsCertificate`: how dbx names it.
    pub fn tbs_digest(&self, algorithm: DigestAlgorithm) -> Vec<u8> {
        algorithm.digest(self.tbs())
    }

    /// Digest of the whole certificate: how people name it.
    pub fn fingerprint(&self, algorithm: DigestAlgorithm) -> Vec<u8> {
        algorithm.digest(&self.der)
    }

    /// The subject, for people (RFC 4514).
    pub fn subject(&self) -> String {
        self.inner.tbs_certificate().subject().to_string()
    }

    /// The issuer, for people (RFC 4514).
    pub fn issuer(&self) -> String {
        self.inner.tbs_certificate().issuer().to_string()
    }

    /// The subject in DER.
    pub fn subject_der(&self) -> &[u8] {
        &self.subject
    }

    /// The issuer in DER.
    pub fn issuer_der(&self) -> &[u8] {
        &self.issuer
    }

    /// The serial number: content octets of the INTEGER.
    pub fn serial(&self) -> &[u8] {
        self.inner.tbs_certificate().serial_number().as_bytes()
    }

    /// From when on it is valid; all zeros if that is no date.
    pub fn not_before(&self) -> Time {
        self.validity.not_before.unwrap_or_default()
    }

    /// Until when it is valid; all zeros if that is no date.
    pub fn not_after(&self) -> Time {
        self.validity.not_after.unwrap_or_default()
    }

    /// Whether its dates are dates.
    pub fn has_dates(&self) -> bool {
        self.validity.not_before.is_some() && self.validity.not_after.is_some()
    }

    /// Whether it is valid at a time.
    pub fn is_valid_at(&self, time: Time) -> bool {
        self.validity.contains(time)
    }

    /// Its public key.
    pub fn public_key(&self) -> Result<PublicKey, PublicKeyError> {
        PublicKey::read(self.inner.tbs_certificate().subject_public_key_info())
    }

    /// Its `SubjectPublicKeyInfo` in DER.
    pub fn public_key_der(&self) -> &[u8] {
        &self.key
    }

    /// How it was signed.
    pub fn scheme(&self) -> Result<Scheme, PublicKeyError> {
        Scheme::read(self.inner.signature_algorithm())
    }

    /// Whether subject and issuer are the same.
    pub fn is_self_issued(&self) -> bool {
        self.canonical_subject() == self.canonical_issuer()
    }

    /// `cA` of the basic constraints, if it has any.
    pub fn is_authority(&self) -> Option<bool> {
        self.extensions.constraints.as_ref().map(|c| c.ca)
    }

    /// `pathLenConstraint`: how many authorities may stand below this one.
    pub fn path_length(&self) -> Option<u8> {
        self.extensions.constraints.as_ref().filter(|c| c.ca).and_then(|c| c.path_len_constraint)
    }

    /// The key usages, by their names in RFC 5280; `None` if it is not restricted.
    pub fn key_usage(&self) -> Option<Vec<&'static str>> {
        let usage = self.extensions.usage.as_ref()?;
        let all = [
            (usage.digital_signature(), "digitalSignature"),
            (usage.non_repudiation(), "nonRepudiation"),
            (usage.key_encipherment(), "keyEncipherment"),
            (usage.data_encipherment(), "dataEncipherment"),
            (usage.key_agreement(), "keyAgreement"),
            (usage.key_cert_sign(), "keyCertSign"),
            (usage.crl_sign(), "cRLSign"),
            (usage.encipher_only(), "encipherOnly"),
            (usage.decipher_only(), "decipherOnly"),
        ];
        Some(all.iter().filter(|(set, _)| *set).map(|(_, name)| *name).collect())
    }

    /// The extended key usages; `None` if it is not restricted.
    pub fn extended_key_usage(&self) -> Option<&[Oid]> {
        self.extensions.extended.as_deref()
    }

    /// Whether whoever does not know the extended key usages has to refuse it.
    pub fn extended_key_usage_is_critical(&self) -> bool {
        let extensions = self.inner.tbs_certificate().extensions();
        let usage = ObjectIdentifier::new_unwrap("2.5.29.37");
        extensions.is_some_and(|all| all.iter().any(|found| found.extn_id == usage && found.critical))
    }

    /// The key identifier that it gives itself.
    pub fn subject_key_identifier(&self) -> Option<&[u8]> {
        self.extensions.subject_key.as_deref()
    }

    /// An extension that restricts it in a way that we cannot judge: critical ones that we do not
    /// know, and always constraints on names and proxies, which OpenSSL (so EDK2 and shim) judges.
    /// A path with such a certificate is refused.
    pub fn unjudged_extension(&self) -> Option<Oid> {
        self.extensions.unjudged
    }

    /// Whether its key usage, if it has one, allows to sign certificates.
    pub(crate) fn may_sign_certificates(&self) -> bool {
        self.extensions.usage.as_ref().is_none_or(KeyUsage::key_cert_sign)
    }

    /// Why it may not issue certificates at the end of a path, as OpenSSL's `X509_check_ca` sees it
    /// (purpose *any*, which EDK2 sets): basic constraints with `cA`; without basic constraints
    /// only a key usage with `keyCertSign`, or a self-issued certificate of version 1. A key usage
    /// without `keyCertSign` rules it out in any case. Extended key usages do not matter.
    pub fn not_authority(&self) -> Option<&'static str> {
        if self.extensions.usage.as_ref().is_some_and(|usage| !usage.key_cert_sign()) {
            return Some("its key usage lacks keyCertSign");
        }
        let first_version = self.inner.tbs_certificate().version() == x509_cert::Version::V1;
        match self.is_authority() {
            Some(true) => None,
            Some(false) => Some("its basic constraints say that it is no CA"),
            None if self.extensions.usage.is_some() || (first_version && self.is_self_issued()) => None,
            None => Some("it has no basic constraints"),
        }
    }

    /// Whether the names, and the key identifiers where both are there, say that `issuer` issued
    /// this one.
    pub fn names_issuer(&self, issuer: &Self) -> bool {
        let names = self.canonical_issuer() == issuer.canonical_subject();
        let keys = match (&self.extensions.authority_key, &issuer.extensions.subject_key) {
            (Some(wanted), Some(found)) => wanted == found,
            _ => true,
        };
        let serials =
            self.extensions.authority_serial.as_ref().is_none_or(|wanted| wanted == issuer.serial());
        let above = self.extensions.authority_name.as_deref();
        names && keys && serials && above.is_none_or(|wanted| wanted == issuer.canonical_issuer())
    }

    /// Checks that `issuer` issued this certificate: names, key identifiers, the right to issue,
    /// and the signature.
    pub fn verify_signed_by(&self, issuer: &Self, sha1: bool) -> Result<(), IssueError> {
        if !self.names_issuer(issuer) {
            return Err(IssueError::NotIssuer { subject: self.subject(), issuer: issuer.subject() });
        }
        if let Some(why) = issuer.not_authority() {
            return Err(IssueError::NotAuthority { issuer: issuer.subject(), why });
        }
        self.verify_signature_by(issuer, sha1)
    }

    /// Checks the signature alone: whether whoever has `issuer`'s key signed this, allowed to or
    /// not.
    pub fn verify_signature_by(&self, issuer: &Self, sha1: bool) -> Result<(), IssueError> {
        let failed = |source| IssueError::Signature { subject: self.subject(), source };
        let scheme = self.scheme().map_err(failed)?;
        let algorithm =
            scheme.digest.ok_or_else(|| failed(PublicKeyError::Scheme("without a digest".into())))?;
        if algorithm == DigestAlgorithm::Sha1 && !sha1 {
            return Err(IssueError::Sha1 { subject: self.subject() });
        }
        let signature = self.inner.signature().as_bytes().ok_or_else(|| failed(PublicKeyError::Invalid))?;
        let key = issuer.public_key().map_err(failed)?;
        key.verify(scheme.kind, algorithm, &algorithm.digest(self.tbs()), signature).map_err(failed)
    }
}

impl Extensions {
    fn read(certificate: &x509_cert::Certificate) -> Result<Self, CertificateError> {
        let mut found = Self::default();
        let Some(extensions) = certificate.tbs_certificate().extensions() else { return Ok(found) };
        for (index, extension) in extensions.iter().enumerate() {
            let value = extension.extn_value.as_bytes();
            let oid = Oid(extension.extn_id);
            let failed = |error: der::Error| CertificateError::Extension {
                extension: oid,
                source: ForeignError::new(error),
            };
            if extensions.iter().take(index).any(|other| other.extn_id == extension.extn_id) {
                return Err(CertificateError::TwoExtensions(oid));
            }
            match oid.to_string().as_str() {
                "2.5.29.19" => found.constraints = Some(BasicConstraints::from_der(value).map_err(failed)?),
                "2.5.29.15" => found.usage = Some(KeyUsage::from_der(value).map_err(failed)?),
                "2.5.29.37" => {
                    let usages = ExtendedKeyUsage::from_der(value).map_err(failed)?.0;
                    found.extended = Some(usages.into_iter().map(Oid).collect());
                }
                "2.5.29.14" => {
                    let id = SubjectKeyIdentifier::from_der(value).map_err(failed)?;
                    found.subject_key = Some(id.0.as_bytes().to_vec());
                }
                "2.5.29.35" => {
                    let id = AuthorityKeyIdentifier::from_der(value).map_err(failed)?;
                    found.authority_key = id.key_identifier.map(|id| id.as_bytes().to_vec());
                    found.authority_serial = id.authority_cert_serial_number.map(|n| n.as_bytes().to_vec());
                    // OpenSSL looks at the first of the names that is a directory's.
                    let names = id.authority_cert_issuer.unwrap_or_default();
                    let name = names.into_iter().find_map(|name| match name {
                        GeneralName::DirectoryName(name) => Some(name),
                        _ => None,
                    });
                    let name = name.map(|name| name.to_der()).transpose().map_err(failed)?;
                    found.authority_name = name.map(|name| openssl::name_of(&name)).transpose()?;
                }
                // nameConstraints, proxyCertInfo.
                "2.5.29.30" | "1.3.6.1.5.5.7.1.14" => found.unjudged = Some(oid),
                // subjectAltName, certificatePolicies, cRLDistributionPoints, Netscape's type: they
                // restrict nothing here.
                "2.5.29.17" | "2.5.29.32" | "2.5.29.31" | "2.16.840.1.113730.1.1" => {}
                _ if extension.critical => found.unjudged = Some(oid),
                _ => {}
            }
        }
        Ok(found)
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({})", self.subject())
    }
}
