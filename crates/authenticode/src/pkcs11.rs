//! Keys in tokens: smart cards, security modules, SoftHSM, through PKCS #11 (OASIS, version 2.40 or
//! newer).
//!
//! The key never leaves the token. One login is enough for any number of signatures, unless the key
//! wants its PIN for each (`CKA_ALWAYS_AUTHENTICATE`). A PIN that was wrong is never tried again:
//! tokens lock themselves after a few.

mod module;
mod pin;
mod uri;

pub use pin::Pin;
pub use uri::{ObjectKind, Pkcs11Uri, Pkcs11UriError};

use crate::asn1::element;
use crate::certificate::{Certificate, CertificateError, KeyKind, PublicKeyError, digest_oid, identifier};
use crate::digest::DigestAlgorithm;
use crate::foreign::ForeignError;
use crate::sign::{Signer, SignerCertificates, SignerError};
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Function, Pkcs11};
use cryptoki::error::{Error as TokenError, RvError};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use der::Tag;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// What knows all tokens of a machine, if p11-kit is installed.
pub const DEFAULT_MODULE: &str = "p11-kit-proxy.so";

/// Why a token cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Pkcs11Error {
    /// The module cannot be loaded.
    #[error("cannot load the PKCS #11 module {}", path.display())]
    Module {
        /// Its file.
        path: PathBuf,
        /// What is wrong.
        source: ForeignError,
    },
    /// No token is what the URI names.
    #[error("no token matches {uri}; there are: {there}")]
    NoToken {
        /// The URI without its PIN.
        uri: String,
        /// The tokens that are there.
        there: String,
    },
    /// Several are.
    #[error("{count} tokens match {uri}: {there}")]
    ManyTokens {
        /// How many.
        count: usize,
        /// The URI without its PIN.
        uri: String,
        /// The tokens that match.
        there: String,
    },
    /// The URI names no object of the right kind, or several.
    #[error("{count} {what} match {uri}")]
    Objects {
        /// How many.
        count: usize,
        /// Of what.
        what: &'static str,
        /// The URI without its PIN.
        uri: String,
    },
    /// The URI asks for another kind of object.
    #[error("{uri} names no {wanted}: its `type` says otherwise")]
    Kind {
        /// The URI without its PIN.
        uri: String,
        /// What is needed.
        wanted: &'static str,
    },
    /// The token wants a PIN.
    #[error("the token wants a PIN")]
    PinNeeded,
    /// It is wrong.
    #[error("the PIN is wrong")]
    PinIncorrect,
    /// The token has locked itself.
    #[error("the token has locked its PIN")]
    PinLocked,
    /// Its public half is not the certificate's.
    #[error("the key in the token and the certificate do not belong together")]
    OtherKey,
    /// An object that is no certificate.
    #[error("the certificate in the token")]
    Certificate(#[from] CertificateError),
    /// The certificate's key is of a kind that is not known here.
    #[error("the key of the certificate cannot be used")]
    Key(#[from] PublicKeyError),
    /// The token has no mechanism for this.
    #[error("the token cannot sign {0} with this key")]
    Mechanism(String),
    /// ECDSA signatures are two numbers of equal length.
    #[error("the token gave a signature of {0} bytes, which is none of ECDSA")]
    Signature(usize),
    /// Something else.
    #[error("the token")]
    Token(#[source] ForeignError),
}

impl Pkcs11Error {
    fn of(error: TokenError) -> Self {
        match error {
            TokenError::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _) => {
                Self::PinIncorrect
            }
            TokenError::Pkcs11(RvError::PinLocked, _) => Self::PinLocked,
            TokenError::Pkcs11(RvError::UserNotLoggedIn, _) => Self::PinNeeded,
            other => Self::Token(ForeignError::new(other)),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::ManyTokens { .. } => Some("name one by token=, serial= or slot-id="),
            Self::Objects { count: 0, .. } => {
                Some("`pkcs11-tool --module MODULE --login --list-objects` shows what is there")
            }
            Self::Objects { .. } => Some("name one by object= or id="),
            Self::PinNeeded => {
                Some("give pin-source=file:/… in the URI, --pin-file, or the variable SNOWGUARD_PIN")
            }
            Self::PinIncorrect => Some("it is not tried again, because tokens lock themselves after a few"),
            Self::PinLocked => Some("unlock it with the SO PIN or the PUK, with the tool of its maker"),
            _ => None,
        }
    }
}

/// A PKCS #11 module, loaded. Its code runs in this process.
#[derive(Debug)]
pub struct Pkcs11Module(Pkcs11);

impl Pkcs11Module {
    /// Loads one: a file, or a name that the dynamic linker finds.
    pub fn load(path: &Path) -> Result<Self, Pkcs11Error> {
        let failed = |error| Pkcs11Error::Module { path: path.to_owned(), source: ForeignError::new(error) };
        let module = Pkcs11::new(path).map_err(failed)?;
        match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            Ok(()) | Err(TokenError::Pkcs11(RvError::CryptokiAlreadyInitialized, Function::Initialize)) => {
                Ok(Self(module))
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// The module that a URI names, if it names one.
    pub fn named(uri: &Pkcs11Uri) -> Option<PathBuf> {
        module::named(uri)
    }

    /// Whether this module is the one that a URI describes.
    fn is_described(&self, uri: &Pkcs11Uri) -> Result<bool, Pkcs11Error> {
        let info = self.0.get_library_info().map_err(Pkcs11Error::of)?;
        let version = info.library_version();
        // A minor version that is not named is 0 (RFC 7512, section 2.4).
        let wanted =
            uri.library_version.as_deref().map(|wanted| wanted.split_once('.').unwrap_or((wanted, "0")));
        let number = |text: &str| text.parse::<u8>().ok();
        Ok(is(uri.library_manufacturer.as_ref(), info.manufacturer_id())
            && is(uri.library_description.as_ref(), info.library_description())
            && wanted.is_none_or(|(major, minor)| {
                (number(major), number(minor)) == (Some(version.major()), Some(version.minor()))
            }))
    }

    /// The one token that a URI names.
    fn token(&self, uri: &Pkcs11Uri) -> Result<Slot, Pkcs11Error> {
        let (mut matching, mut all) = (Vec::new(), Vec::new());
        let described = self.is_described(uri)?;
        for slot in self.0.get_slots_with_initialized_token().map_err(Pkcs11Error::of)? {
            let info = self.0.get_token_info(slot).map_err(Pkcs11Error::of)?;
            let place = self.0.get_slot_info(slot).map_err(Pkcs11Error::of)?;
            let name = format!("`{}` (serial {}, slot {})", info.label(), info.serial_number(), slot.id());
            if described
                && is(uri.token.as_ref(), info.label())
                && is(uri.manufacturer.as_ref(), info.manufacturer_id())
                && is(uri.serial.as_ref(), info.serial_number())
                && is(uri.model.as_ref(), info.model())
                && is(uri.slot_manufacturer.as_ref(), place.manufacturer_id())
                && is(uri.slot_description.as_ref(), place.slot_description())
                && uri.slot_id.is_none_or(|id| id == slot.id())
            {
                matching.push((slot, name.clone()));
            }
            all.push(name);
        }
        match matching.as_slice() {
            [(slot, _)] => Ok(*slot),
            [] => {
                let there = if all.is_empty() { "none".to_owned() } else { all.join(", ") };
                Err(Pkcs11Error::NoToken { uri: uri.to_string(), there })
            }
            many => {
                let there: Vec<&str> = many.iter().map(|(_, name)| name.as_str()).collect();
                let (uri, there) = (uri.to_string(), there.join(", "));
                Err(Pkcs11Error::ManyTokens { count: many.len(), uri, there })
            }
        }
    }

    /// Opens the token that a URI names, and logs in if there is a PIN, or if the token has a
    /// keypad for it.
    fn session(&self, uri: &Pkcs11Uri, pin: Option<&Pin>) -> Result<(Session, Slot), Pkcs11Error> {
        let slot = self.token(uri)?;
        let session = self.0.open_ro_session(slot).map_err(Pkcs11Error::of)?;
        let info = self.0.get_token_info(slot).map_err(Pkcs11Error::of)?;
        let pin = if info.protected_authentication_path() { None } else { pin };
        if info.login_required() && (pin.is_some() || info.protected_authentication_path()) {
            match session.login(UserType::User, pin.map(Pin::auth)) {
                Ok(()) | Err(TokenError::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {}
                Err(error) => return Err(Pkcs11Error::of(error)),
            }
        }
        Ok((session, slot))
    }

    /// The certificate that a URI names.
    pub fn certificate(&self, uri: &Pkcs11Uri, pin: Option<&Pin>) -> Result<Certificate, Pkcs11Error> {
        let (session, _) = self.session(uri, pin)?;
        let object = one(&session, uri, ObjectKind::Certificate, ObjectClass::CERTIFICATE, "certificates")?;
        let found = session.get_attributes(object, &[AttributeType::Value]).map_err(Pkcs11Error::of)?;
        let value = found.into_iter().find_map(|attribute| match attribute {
            Attribute::Value(value) => Some(value),
            _ => None,
        });
        Ok(Certificate::from_der(&value.unwrap_or_default())?)
    }

    /// The private key that a URI names, ready to sign for its certificate.
    pub fn signer(
        &self,
        uri: &Pkcs11Uri,
        pin: Option<Pin>,
        certificates: SignerCertificates,
    ) -> Result<TokenSigner, Pkcs11Error> {
        let (session, slot) = self.session(uri, pin.as_ref())?;
        if pin.is_none()
            && self.0.get_token_info(slot).map_err(Pkcs11Error::of)?.login_required()
            && !self.has_keypad(slot)?
        {
            // Private keys are not even seen without it.
            return Err(Pkcs11Error::PinNeeded);
        }
        let key = one(&session, uri, ObjectKind::Private, ObjectClass::PRIVATE_KEY, "private keys")?;
        if !belongs(&session, key, &certificates.signer)? {
            return Err(Pkcs11Error::OtherKey);
        }
        // Tokens that do not know the attribute have no such keys.
        let always = session.get_attributes(key, &[AttributeType::AlwaysAuthenticate]).unwrap_or_default();
        let always = always.contains(&Attribute::AlwaysAuthenticate(true));
        let keypad = self.has_keypad(slot)?;
        let mechanisms = self.0.get_mechanism_list(slot).map_err(Pkcs11Error::of)?;
        let pin = pin.filter(|_| !keypad);
        let state = Mutex::new(State { session, refused: false });
        Ok(TokenSigner { state, key, always, pin, mechanisms, certificates })
    }

    fn has_keypad(&self, slot: Slot) -> Result<bool, Pkcs11Error> {
        Ok(self.0.get_token_info(slot).map_err(Pkcs11Error::of)?.protected_authentication_path())
    }
}

/// Whether something is what a URI wants; what it does not name may be anything.
fn is(wanted: Option<&String>, found: &str) -> bool {
    wanted.is_none_or(|wanted| wanted == found)
}

/// The one object of a class that a URI names.
fn one(
    session: &Session,
    uri: &Pkcs11Uri,
    kind: ObjectKind,
    class: ObjectClass,
    what: &'static str,
) -> Result<ObjectHandle, Pkcs11Error> {
    if uri.kind.is_some_and(|found| found != kind) {
        let wanted = what.trim_end_matches('s');
        return Err(Pkcs11Error::Kind { uri: uri.to_string(), wanted });
    }
    let mut template = vec![Attribute::Class(class)];
    template.extend(uri.object.clone().map(Attribute::Label));
    template.extend(uri.id.clone().map(Attribute::Id));
    let found = session.find_objects(&template).map_err(Pkcs11Error::of)?;
    match found.as_slice() {
        [object] => Ok(*object),
        other => Err(Pkcs11Error::Objects { count: other.len(), what, uri: uri.to_string() }),
    }
}

/// Whether a key can be that of a certificate, as far as the token says. Tokens crash when a key of
/// one kind is used as another.
fn belongs(session: &Session, key: ObjectHandle, certificate: &Certificate) -> Result<bool, Pkcs11Error> {
    let public = certificate.public_key()?;
    let wanted = match public.kind() {
        KeyKind::Rsa => KeyType::RSA,
        KeyKind::Ecdsa => KeyType::EC,
    };
    let found = session.get_attributes(key, &[AttributeType::KeyType]).map_err(Pkcs11Error::of)?;
    if !found.contains(&Attribute::KeyType(wanted)) {
        return Ok(false);
    }
    let Some(modulus) = public.modulus() else { return Ok(true) };
    // Not every token gives it for a private key.
    let found = session.get_attributes(key, &[AttributeType::Modulus]).unwrap_or_default();
    Ok(found.iter().all(|attribute| match attribute {
        Attribute::Modulus(found) => {
            let zeros = found.iter().take_while(|byte| **byte == 0).count();
            found.get(zeros..) == Some(modulus.as_slice())
        }
        _ => true,
    }))
}

struct State {
    session: Session,
    /// The PIN was refused.
    refused: bool,
}

/// A private key in a token.
pub struct TokenSigner {
    state: Mutex<State>,
    key: ObjectHandle,
    /// It wants the PIN for each signature.
    always: bool,
    pin: Option<Pin>,
    mechanisms: Vec<MechanismType>,
    certificates: SignerCertificates,
}

impl fmt::Debug for TokenSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSigner")
            .field("key", &self.key)
            .field("certificates", &self.certificates)
            .finish_non_exhaustive()
    }
}

impl TokenSigner {
    /// How to sign, and what to give: the message if the token hashes it, otherwise what stands for
    /// it.
    fn mechanism(
        &self,
        kind: KeyKind,
        algorithm: DigestAlgorithm,
        message: &[u8],
    ) -> Result<(Mechanism<'static>, Vec<u8>), Pkcs11Error> {
        let has = |mechanism| self.mechanisms.contains(&mechanism);
        let unable = || Pkcs11Error::Mechanism(format!("{algorithm} digests by {}", kind.name()));
        let hashing = match (kind, algorithm) {
            (_, DigestAlgorithm::Sha1) => return Err(unable()),
            (KeyKind::Rsa, DigestAlgorithm::Sha256) => {
                (MechanismType::SHA256_RSA_PKCS, Mechanism::Sha256RsaPkcs)
            }
            (KeyKind::Rsa, DigestAlgorithm::Sha384) => {
                (MechanismType::SHA384_RSA_PKCS, Mechanism::Sha384RsaPkcs)
            }
            (KeyKind::Rsa, DigestAlgorithm::Sha512) => {
                (MechanismType::SHA512_RSA_PKCS, Mechanism::Sha512RsaPkcs)
            }
            (KeyKind::Ecdsa, DigestAlgorithm::Sha256) => {
                (MechanismType::ECDSA_SHA256, Mechanism::EcdsaSha256)
            }
            (KeyKind::Ecdsa, DigestAlgorithm::Sha384) => {
                (MechanismType::ECDSA_SHA384, Mechanism::EcdsaSha384)
            }
            (KeyKind::Ecdsa, DigestAlgorithm::Sha512) => {
                (MechanismType::ECDSA_SHA512, Mechanism::EcdsaSha512)
            }
        };
        let digest = algorithm.digest(message);
        match kind {
            // The token sees what it signs, and some refuse anything else.
            KeyKind::Rsa if has(hashing.0) => Ok((hashing.1, message.to_vec())),
            KeyKind::Rsa if has(MechanismType::RSA_PKCS) => {
                let octets = element(Tag::OctetString, &[&digest]);
                let info = element(Tag::Sequence, &[&identifier(digest_oid(algorithm), true), &octets]);
                Ok((Mechanism::RsaPkcs, info))
            }
            // Signing in parts, which the PIN for each signature needs, is for mechanisms that
            // hash.
            KeyKind::Ecdsa if has(hashing.0) && self.always => Ok((hashing.1, message.to_vec())),
            KeyKind::Ecdsa if has(MechanismType::ECDSA) => Ok((Mechanism::Ecdsa, digest)),
            KeyKind::Ecdsa if has(hashing.0) => Ok((hashing.1, message.to_vec())),
            _ => Err(unable()),
        }
    }

    fn signature(&self, algorithm: DigestAlgorithm, message: &[u8]) -> Result<Vec<u8>, Pkcs11Error> {
        let kind = self.certificates.signer.public_key()?.kind();
        let (mechanism, data) = self.mechanism(kind, algorithm, message)?;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.refused {
            return Err(Pkcs11Error::PinIncorrect);
        }
        let session = &state.session;
        let signature = if self.always {
            session.sign_init(&mechanism, self.key).map_err(Pkcs11Error::of)?;
            if let Err(error) = session.login(UserType::ContextSpecific, self.pin.as_ref().map(Pin::auth)) {
                state.refused = true;
                return Err(Pkcs11Error::of(error));
            }
            session.sign_update(&data).map_err(Pkcs11Error::of)?;
            session.sign_final().map_err(Pkcs11Error::of)?
        } else {
            session.sign(&mechanism, self.key, &data).map_err(Pkcs11Error::of)?
        };
        if kind == KeyKind::Rsa { Ok(signature) } else { ecdsa_signature(&signature) }
    }
}

/// PKCS #11 gives r and s one behind the other, each as long as the curve's order;
/// `ECDSA-Sig-Value` (RFC 3279, section 2.2.3) is a SEQUENCE of two INTEGERs.
fn ecdsa_signature(both: &[u8]) -> Result<Vec<u8>, Pkcs11Error> {
    let half = both.len() / 2;
    let (Some((r, s)), true) = (both.split_at_checked(half), half > 0 && both.len().is_multiple_of(2)) else {
        return Err(Pkcs11Error::Signature(both.len()));
    };
    let integer = |number: &[u8]| {
        let zeros = number.iter().take_while(|byte| **byte == 0).count();
        let digits = number.get(zeros..).unwrap_or_default();
        let sign: &[u8] = if digits.first().is_none_or(|byte| *byte >= 0x80) { &[0] } else { &[] };
        element(Tag::Integer, &[sign, digits])
    };
    Ok(element(Tag::Sequence, &[&integer(r), &integer(s)]))
}

impl Signer for TokenSigner {
    fn certificates(&self) -> &SignerCertificates {
        &self.certificates
    }

    fn sign(&self, algorithm: DigestAlgorithm, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        Ok(self.signature(algorithm, message)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn signatures_are_read_by_others(r in prop::array::uniform32(1u8..), s in prop::array::uniform32(1u8..),
                                         zeros in 0usize..31) {
            let (mut r, s) = (r, s);
            r[..zeros].fill(0);
            let der = ecdsa_signature(&[r, s].concat()).unwrap();
            if let Ok(found) = p256::ecdsa::Signature::from_der(&der) {
                prop_assert_eq!(found.to_bytes().to_vec(), [r, s].concat());
            } else {
                // Numbers that are no scalars of the curve.
                prop_assert!(p256::ecdsa::Signature::from_slice(&[r, s].concat()).is_err());
            }
        }
    }

    #[test]
    fn odd_lengths_are_no_signatures() {
        assert!(ecdsa_signature(&[]).is_err());
        assert!(ecdsa_signature(&[1; 63]).is_err());
    }
}
