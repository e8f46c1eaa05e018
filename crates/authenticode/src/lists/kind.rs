//! The types of signature lists.

use crate::digest::DigestAlgorithm;
use crate::guid::Guid;

/// What the entries of a list are (UEFI specification, section 32.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SignatureListKind {
    /// `EFI_CERT_SHA1_GUID`: digest of an image.
    Sha1,
    /// `EFI_CERT_SHA224_GUID`: digest of an image; nothing makes such.
    Sha224,
    /// `EFI_CERT_SHA256_GUID`: digest of an image.
    Sha256,
    /// `EFI_CERT_SHA384_GUID`: digest of an image.
    Sha384,
    /// `EFI_CERT_SHA512_GUID`: digest of an image.
    Sha512,
    /// `EFI_CERT_RSA2048_GUID`: a big-endian modulus.
    Rsa2048,
    /// `EFI_CERT_X509_GUID`: a certificate in DER.
    X509,
    /// `EFI_CERT_X509_SHA256_GUID`: digest of `tbsCertificate`, and a time of revocation.
    X509Sha256,
    /// `EFI_CERT_X509_SHA384_GUID`: the same with SHA-384.
    X509Sha384,
    /// `EFI_CERT_X509_SHA512_GUID`: the same with SHA-512.
    X509Sha512,
    /// Another type, which nobody here looks into.
    Other(Guid),
}

const KNOWN: [(SignatureListKind, Guid); 10] = [
    (
        SignatureListKind::Sha1,
        Guid::new(0x826c_a512, 0xcf10, 0x4ac9, [0xb1, 0x87, 0xbe, 0x01, 0x49, 0x66, 0x31, 0xbd]),
    ),
    (
        SignatureListKind::Sha224,
        Guid::new(0x0b6e_5233, 0xa65c, 0x44c9, [0x94, 0x07, 0xd9, 0xab, 0x83, 0xbf, 0xc8, 0xbd]),
    ),
    (
        SignatureListKind::Sha256,
        Guid::new(0xc1c4_1626, 0x504c, 0x4092, [0xac, 0xa9, 0x41, 0xf9, 0x36, 0x93, 0x43, 0x28]),
    ),
    (
        SignatureListKind::Sha384,
        Guid::new(0xff3e_5307, 0x9fd0, 0x48c9, [0x85, 0xf1, 0x8a, 0xd5, 0x6c, 0x70, 0x1e, 0x01]),
    ),
    (
        SignatureListKind::Sha512,
        Guid::new(0x093e_0fae, 0xa6c4, 0x4f50, [0x9f, 0x1b, 0xd4, 0x1e, 0x2b, 0x89, 0xc1, 0x9a]),
    ),
    (
        SignatureListKind::Rsa2048,
        Guid::new(0x3c57_66e8, 0x269c, 0x4e34, [0xaa, 0x14, 0xed, 0x77, 0x6e, 0x85, 0xb3, 0xb6]),
    ),
    (
        SignatureListKind::X509,
        Guid::new(0xa5c0_59a1, 0x94e4, 0x4aa7, [0x87, 0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72]),
    ),
    (
        SignatureListKind::X509Sha256,
        Guid::new(0x3bd2_a492, 0x96c0, 0x4079, [0xb4, 0x20, 0xfc, 0xf9, 0x8e, 0xf1, 0x03, 0xed]),
    ),
    (
        SignatureListKind::X509Sha384,
        Guid::new(0x7076_876e, 0x80c2, 0x4ee6, [0xaa, 0xd2, 0x28, 0xb3, 0x49, 0xa6, 0x86, 0x5b]),
    ),
    (
        SignatureListKind::X509Sha512,
        Guid::new(0x446d_bf63, 0x2502, 0x4cda, [0xbc, 0xfa, 0x24, 0x65, 0xd2, 0xb0, 0xfe, 0x9d]),
    ),
];

impl SignatureListKind {
    /// From `SignatureType`.
    pub fn from_guid(guid: Guid) -> Self {
        KNOWN.iter().find(|(_, known)| *known == guid).map_or(Self::Other(guid), |(kind, _)| *kind)
    }

    /// `SignatureType`.
    pub fn guid(self) -> Guid {
        match self {
            Self::Other(guid) => guid,
            _ => KNOWN
                .iter()
                .find(|(kind, _)| *kind == self)
                .map_or(Guid::from_bytes([0; 16]), |(_, guid)| *guid),
        }
    }

    /// Bytes of an entry without its owner, if the type has a fixed size.
    pub fn data_size(self) -> Option<usize> {
        match self {
            Self::Sha1 => Some(20),
            Self::Sha224 => Some(28),
            Self::Sha256 => Some(32),
            Self::Sha384 => Some(48),
            Self::Sha512 => Some(64),
            Self::Rsa2048 => Some(256),
            Self::X509Sha256 | Self::X509Sha384 | Self::X509Sha512 => {
                self.tbs_algorithm().map(|algorithm| algorithm.size() + 16)
            }
            Self::X509 | Self::Other(_) => None,
        }
    }

    /// The algorithm, if entries are digests of images.
    pub fn image_algorithm(self) -> Option<DigestAlgorithm> {
        match self {
            Self::Sha1 => Some(DigestAlgorithm::Sha1),
            Self::Sha256 => Some(DigestAlgorithm::Sha256),
            Self::Sha384 => Some(DigestAlgorithm::Sha384),
            Self::Sha512 => Some(DigestAlgorithm::Sha512),
            _ => None,
        }
    }

    /// The algorithm, if entries are digests of `tbsCertificate`.
    pub fn tbs_algorithm(self) -> Option<DigestAlgorithm> {
        match self {
            Self::X509Sha256 => Some(DigestAlgorithm::Sha256),
            Self::X509Sha384 => Some(DigestAlgorithm::Sha384),
            Self::X509Sha512 => Some(DigestAlgorithm::Sha512),
            _ => None,
        }
    }

    /// The type for digests of images with this algorithm.
    pub const fn of_image(algorithm: DigestAlgorithm) -> Self {
        match algorithm {
            DigestAlgorithm::Sha1 => Self::Sha1,
            DigestAlgorithm::Sha256 => Self::Sha256,
            DigestAlgorithm::Sha384 => Self::Sha384,
            DigestAlgorithm::Sha512 => Self::Sha512,
        }
    }

    /// The name for people, `x509-sha256` for instance.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha224 => "sha224",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
            Self::Rsa2048 => "rsa2048",
            Self::X509 => "x509",
            Self::X509Sha256 => "x509-sha256",
            Self::X509Sha384 => "x509-sha384",
            Self::X509Sha512 => "x509-sha512",
            Self::Other(_) => "unknown",
        }
    }
}
