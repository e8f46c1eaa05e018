//! Making keys with certificates that sign themselves: what PK, KEK and db are made of.

/// Where random numbers come from: the trait of the crate `rand_core`, which all sources of them
/// implement.
pub use signature::rand_core::CryptoRng;

use crate::certificate::{Certificate, CertificateError};
use crate::foreign::ForeignError;
use crate::sign::{PrivateKey, PrivateKeyError, Secret};
use crate::time::Time;
use p256::ecdsa;
use pkcs8::{EncodePrivateKey, PrivateKeyInfoRef, SecretDocument};
use rsa::pkcs1v15;
use sha2::Sha256;
use signature::{Keypair, Signer};
use spki::{
    DynSignatureAlgorithmIdentifier, EncodePublicKey, SignatureBitStringEncoding, SubjectPublicKeyInfoOwned,
    SubjectPublicKeyInfoRef,
};
use std::error::Error;
use std::str::FromStr;
use x509_cert::TbsCertificate;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::builder::{Builder, CertificateBuilder};
use x509_cert::der::asn1::{BitString, OctetString};
use x509_cert::der::{self, Encode};
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage, KeyUsages, SubjectKeyIdentifier};
use x509_cert::ext::{Extension, ToExtension};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::Validity;

/// A kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyType {
    /// RSA; what all firmware understands.
    Rsa {
        /// 2048, 3072 or 4096 bits.
        bits: usize,
    },
    /// ECDSA on P-256; little firmware understands it.
    P256,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateError {
    /// The name cannot stand in a certificate.
    #[error("{0:?} is no name for a certificate: one to 64 characters, none of them a control character")]
    Name(String),
    /// It would protect nothing.
    #[error("the passphrase is empty, and would protect nothing")]
    EmptyPassphrase,
    /// The key cannot be made, or not be written.
    #[error("cannot make a key")]
    Key(#[source] ForeignError),
    /// The certificate cannot be made.
    #[error("cannot make a certificate")]
    Certificate(#[source] ForeignError),
    /// What we made ourselves cannot be read.
    #[error(transparent)]
    Read(#[from] CertificateError),
}

/// A new key and its certificate.
pub struct CreatedKey {
    /// PKCS #8 in DER.
    key: SecretDocument,
    certificate: Certificate,
}

impl CreatedKey {
    /// The certificate, which the key signed itself.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The key, ready to sign.
    pub fn private_key(&self) -> Result<PrivateKey, PrivateKeyError> {
        PrivateKey::read(self.key.as_bytes(), None)
    }

    /// The private key in PEM, encrypted if there is a passphrase (PBES2 with scrypt and AES-256).
    pub fn key_pem(&self, passphrase: Option<&Secret>) -> Result<Secret, CreateError> {
        let ending = pkcs8::LineEnding::LF;
        if passphrase.is_some_and(Secret::is_empty) {
            return Err(CreateError::EmptyPassphrase);
        }
        let pem = match passphrase {
            None => self.key.to_pem("PRIVATE KEY", ending),
            Some(passphrase) => {
                let info = PrivateKeyInfoRef::try_from(self.key.as_bytes()).map_err(key_failed)?;
                let encrypted = info.encrypt(passphrase.as_bytes()).map_err(key_failed)?;
                encrypted.to_pem("ENCRYPTED PRIVATE KEY", ending)
            }
        };
        pem.map(|text| Secret::from(text.as_bytes().to_vec())).map_err(key_failed)
    }
}

fn key_failed(error: impl Error + Send + Sync + 'static) -> CreateError {
    CreateError::Key(ForeignError::new(error))
}

fn certificate_failed(error: impl Error + Send + Sync + 'static) -> CreateError {
    CreateError::Certificate(ForeignError::new(error))
}

/// Makes a key and a certificate that it signs itself: for signatures, no authority, valid between
/// the two times.
pub fn create(
    kind: KeyType,
    common_name: &str,
    valid: [Time; 2],
    random: &mut impl CryptoRng,
) -> Result<CreatedKey, CreateError> {
    match kind {
        KeyType::Rsa { bits } => {
            let key = pkcs1v15::SigningKey::<Sha256>::random(random, bits).map_err(key_failed)?;
            let document = key.to_pkcs8_der().map_err(key_failed)?;
            certify::<_, pkcs1v15::Signature>(&key, document, common_name, valid, random)
        }
        KeyType::P256 => {
            use p256::elliptic_curve::Generate as _;
            let key = ecdsa::SigningKey::generate_from_rng(random);
            let document = key.to_pkcs8_der().map_err(key_failed)?;
            certify::<_, ecdsa::DerSignature>(&key, document, common_name, valid, random)
        }
    }
}

fn certify<S, Signature>(
    key: &S,
    document: SecretDocument,
    common_name: &str,
    [from, until]: [Time; 2],
    random: &mut impl CryptoRng,
) -> Result<CreatedKey, CreateError>
where
    S: Signer<Signature> + Keypair + DynSignatureAlgorithmIdentifier,
    S::VerifyingKey: EncodePublicKey,
    Signature: SignatureBitStringEncoding,
{
    let time = |time: Time| {
        der::DateTime::new(time.year, time.month, time.day, time.hour, time.minute, time.second)
            .map(|time| x509_cert::time::Time::GeneralTime(der::asn1::GeneralizedTime::from_date_time(time)))
            .map_err(certificate_failed)
    };
    let public = SubjectPublicKeyInfoOwned::from_key(&key.verifying_key()).map_err(certificate_failed)?;
    // A positive number of at most 20 octets (RFC 5280, section 4.1.2.2).
    let mut serial = [0; 16];
    random.fill_bytes(&mut serial);
    serial[0] = serial[0] & 0x7f | 0x40;
    let builder = CertificateBuilder::new(
        SelfSigned(name(common_name)?),
        SerialNumber::new(&serial).map_err(certificate_failed)?,
        Validity::new(time(from)?, time(until)?),
        public,
    );
    let certificate = builder.and_then(|b| b.build::<_, Signature>(key)).map_err(certificate_failed)?;
    let der = certificate.to_der().map_err(certificate_failed)?;
    Ok(CreatedKey { key: document, certificate: Certificate::from_der(&der)? })
}

/// The name `CN=…`, with what RFC 4514 wants escaped.
fn name(common_name: &str) -> Result<Name, CreateError> {
    let wrong = || CreateError::Name(common_name.to_owned());
    let length = common_name.chars().count();
    // ub-common-name (RFC 5280, appendix A.1).
    if length == 0 || length > 64 || common_name.chars().any(char::is_control) {
        return Err(wrong());
    }
    let mut text = "CN=".to_owned();
    for (at, character) in common_name.chars().enumerate() {
        let edge = at == 0 || at + 1 == length;
        if r#",+"\<>;="#.contains(character) || (edge && character == ' ') || (at == 0 && character == '#') {
            text.push('\\');
        }
        text.push(character);
    }
    Name::from_str(&text).map_err(|_| wrong())
}

/// What is in such a certificate.
struct SelfSigned(Name);

impl BuilderProfile for SelfSigned {
    fn get_issuer(&self, subject: &Name) -> Name {
        subject.clone()
    }

    fn get_subject(&self) -> Name {
        self.0.clone()
    }

    fn build_extensions(
        &self,
        key: SubjectPublicKeyInfoRef<'_>,
        _: SubjectPublicKeyInfoRef<'_>,
        tbs: &TbsCertificate,
    ) -> x509_cert::builder::Result<Vec<Extension>> {
        // RFC 5280, section 4.2.1.2: the SHA-1 digest of the key's bits names it. Nothing trusts
        // it.
        let bits: &BitString = &BitString::from_bytes(key.subject_public_key.raw_bytes())?;
        let id = crate::digest::DigestAlgorithm::Sha1.digest(bits.raw_bytes());
        let id = SubjectKeyIdentifier(OctetString::new(id)?);
        let subject = tbs.subject();
        let extensions = Vec::new();
        Ok(vec![
            BasicConstraints { ca: false, path_len_constraint: None }.to_extension(subject, &extensions)?,
            KeyUsage(KeyUsages::DigitalSignature.into()).to_extension(subject, &extensions)?,
            id.to_extension(subject, &extensions)?,
        ])
    }
}
