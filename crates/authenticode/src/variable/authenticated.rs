//! Authorised changes of variables: `EFI_VARIABLE_AUTHENTICATION_2` (UEFI specification, section
//! 8.2.2), what files with the ending `.auth` hold.

use super::Variable;
use crate::certificate::Certificate;
use crate::cms::{
    self, CmsBuildError, CmsReadError, CmsVerifyError, Profile, SignedData, SignedDataRequest, ToBeSigned,
};
use crate::digest::DigestAlgorithm;
use crate::guid::Guid;
use crate::path::{Chain, PathError, first_without_rsa};
use crate::time::Time;
use alloc::string::String;
use alloc::vec::Vec;

/// Firmware gives variables some hundred kilobytes at most.
const MAX_SIZE: usize = 16 << 20;
/// `WIN_CERT_TYPE_EFI_GUID`.
const GUID_CERTIFICATE: u16 = 0x0ef1;
/// `wRevision`.
const REVISION: u16 = 0x0200;
/// `EFI_CERT_TYPE_PKCS7_GUID`.
const PKCS7: Guid = Guid::new(0x4aaf_d29d, 0x68df, 0x49ee, [0x8a, 0xa9, 0x34, 0x7d, 0x37, 0x56, 0x65, 0xa7]);
/// `EFI_TIME`.
const TIME: usize = 16;
/// `WIN_CERTIFICATE_UEFI_GUID` without what is signed: length, revision, type, GUID.
const HEADER: usize = 24;

/// Why octets are no authorised change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthenticatedError {
    /// It is larger than anything real.
    #[error("it has more than {MAX_SIZE} bytes")]
    TooLarge,
    /// The end came too early.
    #[error("it ends inside of {0}")]
    Truncated(&'static str),
    /// A field.
    #[error("{field} is {value:#x}: {problem}")]
    Field {
        /// Which.
        field: &'static str,
        /// Its value.
        value: u32,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// `CertType`.
    #[error("CertType is {0}, which is not PKCS #7")]
    Type(Guid),
}

/// Why a change is not authorised.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VariableError {
    /// The signature cannot be read.
    #[error(transparent)]
    Read(#[from] CmsReadError),
    /// The signature does not hold.
    #[error(transparent)]
    Verify(#[from] CmsVerifyError),
    /// Firmware verifies SHA-256 only, in older versions.
    #[error("it is signed with a {0} digest; firmware wants sha256")]
    Digest(DigestAlgorithm),
    /// A key that is no RSA key.
    #[error("the key of {0} is no RSA key: not by EDK2, which enrols RSA keys only")]
    EllipticCurve(String),
    /// The signer may not change this variable.
    #[error(transparent)]
    Path(#[from] PathError),
}

/// A change of a variable with the signature that authorises it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticated {
    /// Firmware takes only changes that are newer than the last one, except when something is
    /// added.
    pub time: Time,
    /// The signature: signed data, usually bare, without a `ContentInfo` around it.
    pub signature: Vec<u8>,
    /// The new value, or what is added to it.
    pub data: Vec<u8>,
}

/// The octets that are signed: name without its end, vendor, attributes, time, value.
pub(super) fn message(variable: Variable, attributes: u32, time: Time, data: &[u8]) -> Vec<u8> {
    let mut message: Vec<u8> = variable.name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    message.extend(variable.vendor.to_bytes());
    message.extend(attributes.to_le_bytes());
    message.extend(time.to_efi());
    message.extend(data);
    message
}

/// Works out what has to be signed to change a variable; [`ToBeSigned::complete_bare`] then gives
/// the signature. What the key signs is the second value, hashed with SHA-256.
pub fn prepare(
    variable: Variable,
    attributes: u32,
    time: Time,
    data: &[u8],
    signer: &Certificate,
) -> Result<(ToBeSigned, Vec<u8>), CmsBuildError> {
    let message = message(variable, attributes, time, data);
    let algorithm = DigestAlgorithm::Sha256;
    let content = cms::SignedContent::Data(algorithm.digest(&message));
    let wanted =
        cms::prepare(&SignedDataRequest { content, algorithm, signer, chain: &[], signing_time: None })?;
    Ok((wanted, message))
}

impl Authenticated {
    /// Reads a file.
    pub fn read(octets: &[u8]) -> Result<Self, AuthenticatedError> {
        if octets.len() > MAX_SIZE {
            return Err(AuthenticatedError::TooLarge);
        }
        let truncated = AuthenticatedError::Truncated;
        let (time, rest) = octets.split_first_chunk::<TIME>().ok_or(truncated("TimeStamp"))?;
        // Pad1, Nanosecond, TimeZone, Daylight, Pad2: EDK2 wants zeros.
        if let Some(odd) = time.iter().skip(7).find(|byte| **byte != 0) {
            return Err(AuthenticatedError::Field {
                field: "TimeStamp",
                value: u32::from(*odd),
                problem: "fractions of seconds, time zone and padding have to be zero",
            });
        }
        let (header, _) = rest.split_first_chunk::<HEADER>().ok_or(truncated("AuthInfo"))?;
        let [l0, l1, l2, l3, r0, r1, t0, t1, kind @ ..] = *header;
        let length = u32::from_le_bytes([l0, l1, l2, l3]);
        let field = |field, value, problem| Err(AuthenticatedError::Field { field, value, problem });
        let revision = u16::from_le_bytes([r0, r1]);
        if revision != REVISION {
            return field("wRevision", revision.into(), "it has to be 0x200");
        }
        let certificate = u16::from_le_bytes([t0, t1]);
        if certificate != GUID_CERTIFICATE {
            return field("wCertificateType", certificate.into(), "it has to be 0xef1");
        }
        let kind = Guid::from_bytes(kind);
        if kind != PKCS7 {
            return Err(AuthenticatedError::Type(kind));
        }
        let size = usize::try_from(length).unwrap_or(usize::MAX);
        if size <= HEADER {
            return field("dwLength", length, "it leaves no room for a signature");
        }
        let (entry, data) = rest.split_at_checked(size).ok_or(truncated("CertData"))?;
        let signature = entry.get(HEADER..).unwrap_or_default().to_vec();
        Ok(Self { time: Time::from_efi(*time), signature, data: data.to_vec() })
    }

    /// The octets of a file, and of what efivarfs wants behind the attributes.
    pub fn write(&self) -> Vec<u8> {
        let length = u32::try_from(HEADER + self.signature.len()).unwrap_or(u32::MAX);
        let mut octets = self.time.to_efi().to_vec();
        octets.extend(length.to_le_bytes());
        octets.extend(REVISION.to_le_bytes());
        octets.extend(GUID_CERTIFICATE.to_le_bytes());
        octets.extend(PKCS7.to_bytes());
        octets.extend(&self.signature);
        octets.extend(&self.data);
        octets
    }

    /// Checks that one of `authorities` authorised this change: of PK for PK and KEK, of PK and KEK
    /// for db and dbx. While a machine is in setup mode, firmware demands only that PK is signed by
    /// itself.
    ///
    /// # Errors
    /// What does not fit.
    pub fn verify<'c>(
        &self,
        variable: Variable,
        attributes: u32,
        authorities: impl IntoIterator<Item = &'c Certificate>,
    ) -> Result<Certificate, VariableError> {
        let signed = SignedData::read_bare(&self.signature, Profile::Data)?;
        if signed.signer.digest != DigestAlgorithm::Sha256 {
            return Err(VariableError::Digest(signed.signer.digest));
        }
        let message = message(variable, attributes, self.time, &self.data);
        let signer = signed.verify(Some(&message), false)?.clone();
        let authorities: Vec<Certificate> = authorities.into_iter().cloned().collect();
        let chain = Chain::new(&signer, &signed.certificates, false);
        let ((), path) = chain.path_to_any(authorities.iter().map(|authority| ((), authority)))?;
        if let Some(other) = first_without_rsa(&path) {
            return Err(VariableError::EllipticCurve(other.subject()));
        }
        Ok(path.last().map_or_else(|| signer.clone(), |authority| (*authority).clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(
            second in 0u8..60,
            signature in prop::collection::vec(any::<u8>(), 1..40),
            data in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let time = Time { year: 2026, month: 2, day: 3, hour: 4, minute: 5, second };
            let change = Authenticated { time, signature, data };
            prop_assert_eq!(Authenticated::read(&change.write()).unwrap(), change);
        }

        #[test]
        fn what_is_read_is_written(octets in prop::collection::vec(any::<u8>(), 0..100)) {
            if let Ok(change) = Authenticated::read(&octets) {
                prop_assert_eq!(change.write(), octets);
            }
        }
    }

    #[test]
    fn what_is_refused() {
        let time = Time { year: 2026, month: 2, day: 3, ..Time::default() };
        let good = Authenticated { time, signature: alloc::vec![1; 8], data: alloc::vec![2; 4] }.write();
        let changed = |at: usize, value: u8| {
            let mut octets = good.clone();
            octets[at] = value;
            std::string::ToString::to_string(&Authenticated::read(&octets).unwrap_err())
        };
        assert!(changed(8, 1).contains("have to be zero"));
        assert_eq!(
            changed(15, 7),
            "TimeStamp is 0x7: fractions of seconds, time zone and padding have to be zero"
        );
        assert_eq!(changed(16, 24), "dwLength is 0x18: it leaves no room for a signature");
        assert_eq!(changed(16, 99), "it ends inside of CertData");
        assert_eq!(changed(20, 1), "wRevision is 0x201: it has to be 0x200");
        assert_eq!(changed(22, 2), "wCertificateType is 0xe02: it has to be 0xef1");
        assert!(changed(24, 0).contains("which is not PKCS #7"));
        for length in 0..good.len() - 4 {
            assert!(Authenticated::read(&good[..length]).is_err(), "{length}");
        }
    }
}
