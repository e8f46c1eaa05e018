//! What has to be known of an image, read in one pass: digests, signatures, SBAT.

use super::loadable;
use super::policy::TrustPolicy;
use crate::cms::{Authenticode, CmsReadError};
use crate::digest::DigestAlgorithm;
use crate::image_digest::{self, ImageDigests};
use crate::pe::{self, CertificateTableKind, Layout, PeError, Section};
use crate::sbat::{self, Sbat, SbatError};
use crate::source::ImageSource;
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

/// An image that is to be decided about.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Subject {
    /// Its digests: [`algorithms`].
    pub digests: ImageDigests,
    /// Whether it has a certificate table.
    pub signed: bool,
    /// Whether the size of that table is a multiple of 8, with the padding behind the last entry.
    pub padded: bool,
    /// The entries of that table.
    pub signatures: Vec<Attached>,
    /// Its section `.sbat`.
    pub sbat: SbatData,
    /// Whether it is a bare Linux kernel.
    pub linux_kernel: bool,
    /// What keeps firmware, or shim, from loading it, whoever signed it.
    pub unloadable: Option<PeError>,
}

/// An entry of the certificate table.
#[derive(Debug, Clone)]
pub enum Attached {
    /// A signature.
    Signature(Box<Authenticode>),
    /// What should be one.
    Unreadable(CmsReadError),
    /// Something else, by revision and type.
    Other(u16, u16),
}

/// The section `.sbat`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SbatData {
    /// There is none.
    Missing,
    /// There is one that shim would not look at.
    Odd(&'static str),
    /// What is in it.
    Read(Result<Sbat, SbatError>),
}

/// The digests that a policy needs of an image with these signatures.
pub fn algorithms(signatures: &[Attached], policy: &TrustPolicy) -> Vec<DigestAlgorithm> {
    let lists = [&policy.db, &policy.dbx, &policy.mok, &policy.mokx, &policy.vendor];
    let listed = lists.into_iter().flat_map(|l| &l.entries).filter_map(|e| e.kind.image_algorithm());
    let signed = signatures.iter().filter_map(|attached| match attached {
        Attached::Signature(signature) => Some(signature.image.algorithm),
        Attached::Unreadable(_) | Attached::Other(..) => None,
    });
    let mut all: Vec<DigestAlgorithm> =
        [DigestAlgorithm::Sha256].into_iter().chain(listed).chain(signed).collect();
    all.sort_unstable();
    all.dedup();
    all
}

impl Subject {
    /// Reads one with [`image_digest::digests`].
    pub fn read<S: ImageSource + ?Sized>(
        source: &S,
        layout: &Layout,
        policy: &TrustPolicy,
    ) -> Result<Self, pe::ImageError<S::Error>> {
        Self::read_with(source, layout, policy, |algorithms| {
            image_digest::digests(source, layout, 0, algorithms)
        })
    }

    /// Reads one; `digests` computes the digests of the file as it is.
    pub fn read_with<S: ImageSource + ?Sized>(
        source: &S,
        layout: &Layout,
        policy: &TrustPolicy,
        digests: impl FnOnce(&[DigestAlgorithm]) -> Result<ImageDigests, S::Error>,
    ) -> Result<Self, pe::ImageError<S::Error>> {
        let entries = pe::certificates(source, layout)?;
        let signatures: Vec<Attached> = entries
            .into_iter()
            .map(|entry| match entry.kind {
                CertificateTableKind::SignedData => Authenticode::read(&entry.content)
                    .map_or_else(Attached::Unreadable, |signature| Attached::Signature(Box::new(signature))),
                CertificateTableKind::Other { revision, kind } => Attached::Other(revision, kind),
            })
            .collect();
        let sbat = SbatData::read(source, layout).map_err(pe::ImageError::Source)?;
        let linux_kernel = pe::is_linux_kernel(source).map_err(pe::ImageError::Source)?;
        let unloadable = loadable::problem(source, layout, policy.loader).map_err(pe::ImageError::Source)?;
        let digests = digests(&algorithms(&signatures, policy)).map_err(pe::ImageError::Source)?;
        let table = layout.certificate_table.clone();
        let padded = table.as_ref().is_none_or(|table| (table.end - table.start) % 8 == 0);
        Ok(Self { digests, signed: table.is_some(), padded, signatures, sbat, linux_kernel, unloadable })
    }
}

impl SbatData {
    /// Reads it as shim does (`verify_buffer_sbat`); a second section of the name is refused when
    /// the layout is read.
    pub fn read<S: ImageSource + ?Sized>(source: &S, layout: &Layout) -> Result<Self, S::Error> {
        let Some(section) = layout.section(sbat::SECTION.as_bytes()) else { return Ok(Self::Missing) };
        if section.has_relocations() {
            return Ok(Self::Odd("the section has relocations"));
        }
        if section.raw_size == 0 || section.raw_size < section.virtual_size {
            return Ok(Self::Odd("the section has fewer bytes in the file than in memory"));
        }
        read_section(source, section).map(|bytes| Self::Read(Sbat::read(&bytes)))
    }
}

/// At most one byte more than is allowed, so that too much is noticed without being read.
fn read_section<S: ImageSource + ?Sized>(source: &S, section: &Section) -> Result<Vec<u8>, S::Error> {
    let size = usize::try_from(section.raw_size).unwrap_or(usize::MAX).min(sbat::MAX_SIZE + 1);
    let mut bytes = vec![0; size];
    source.read_at(section.file_range().start, &mut bytes)?;
    Ok(bytes)
}
