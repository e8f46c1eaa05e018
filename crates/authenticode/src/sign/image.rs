//! Signing one image.

use super::done::WantedSignature;
use super::error::SignError;
use super::signer::{Countersigner, Signer, SignerCertificates};
use crate::attach::{Attachment, Summed, attach_summed, padding};
use crate::cms::{CmsBuildError, SignedContent, SignedDataRequest, ToBeSigned, prepare};
use crate::digest::DigestAlgorithm;
use crate::file::{self, ImageFile};
use crate::pe::{self, CertificateTableEntry, Layout};
use crate::source::FileSource;
use files::FileError;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// How an image is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignOptions {
    /// The digest of the image and of all else.
    pub algorithm: DigestAlgorithm,
    /// Whether the signatures that are there stay, in front of the new one.
    pub keep: bool,
    /// Whether an image that this key signed already is signed once more.
    pub again: bool,
}

/// What became of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignOutcome {
    /// It has a new signature.
    Signed,
    /// It had this signature before, so nothing was signed.
    AlreadySigned,
}

/// An image that is being signed.
#[derive(Debug)]
pub struct Signing {
    source: FileSource,
    layout: Layout,
    there: Vec<CertificateTableEntry>,
    certificates: SignerCertificates,
    options: SignOptions,
    summed: Summed,
    digest: Vec<u8>,
    wanted: ToBeSigned,
}

impl Signing {
    /// Reads an image, in one pass, and works out what has to be signed.
    pub fn begin(
        image: ImageFile,
        certificates: &SignerCertificates,
        options: SignOptions,
    ) -> Result<Self, SignError> {
        let ImageFile { source, layout } = image;
        let algorithm = options.algorithm;
        let there = pe::certificates(&source, &layout)?;
        let (digest, summed) = file::digest_and_sum(&source, &layout, padding(&layout), algorithm)
            .map_err(pe::ImageError::Source)?;
        let content = SignedContent::Image(digest.clone());
        let SignerCertificates { signer, chain } = certificates;
        let wanted = prepare(&SignedDataRequest { content, algorithm, signer, chain, signing_time: None })?;
        let certificates = certificates.clone();
        Ok(Self { source, layout, there, certificates, options, summed, digest, wanted })
    }

    /// Whether there is nothing to do: a good signature by this key over this digest is there, with
    /// the same certificates, and with a timestamp if one is wanted. Where the other signatures are
    /// to go, it has to be the only one.
    ///
    /// A certificate table that firmware does not take (its size is no multiple of 8) has to be
    /// written again in any case.
    pub fn is_done(&self, timestamp: bool) -> bool {
        let Self { certificates, digest, options, .. } = self;
        let padded = self.layout.certificate_table.as_ref().is_some_and(|t| (t.end - t.start) % 8 == 0);
        if options.again || !padded || !(options.keep || self.there.len() == 1) {
            return false;
        }
        let wanted = WantedSignature { certificates, digest, algorithm: options.algorithm, timestamp };
        self.there.iter().any(|entry| wanted.is(entry))
    }

    /// Writes the image as it is to `output`. If that is the image itself, nothing is written.
    pub fn copy_to(&self, output: &Path) -> Result<(), SignError> {
        let found = match fs::metadata(output) {
            Ok(found) => Some(found),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(FileError::new("write", output, error).into()),
        };
        let own = self.source.file().metadata().map_err(FileError::on("write", output))?;
        if found.is_some_and(|found| (found.dev(), found.ino()) == (own.dev(), own.ino())) {
            return Ok(());
        }
        Ok(file::write_attached(&self.source, &Attachment::unchanged(&self.layout), output)?)
    }

    /// What has to be signed.
    pub fn wanted(&self) -> &ToBeSigned {
        &self.wanted
    }

    /// The digest of the image.
    pub fn digest(&self) -> &[u8] {
        &self.digest
    }

    /// Verifies the signature, attaches it with what `countersigner` adds to it, and writes the
    /// file, which may be the image itself.
    pub fn complete(
        &self,
        signature: &[u8],
        countersigner: Option<&dyn Countersigner>,
        output: &Path,
    ) -> Result<(), SignError> {
        // Before anyone is requested to add something to what is no signature.
        self.wanted.complete(signature, &[])?;
        let unsigned = match countersigner {
            Some(countersigner) => countersigner.attributes(signature).map_err(SignError::Countersigner)?,
            None => Vec::new(),
        };
        let signature = self.wanted.complete(signature, &unsigned)?;
        let kept = self.there.iter().filter(|_| self.options.keep).map(|entry| &entry.content);
        let all = kept.chain([&signature]).map(Vec::as_slice);
        let attachment = attach_summed(&self.layout, &self.summed, all)?;
        Ok(file::write_attached(&self.source, &attachment, output)?)
    }
}

/// Signs an image and writes it to `output`, which may be the image itself. An image that has this
/// signature already is only written to `output`.
pub fn sign(
    image: ImageFile,
    signer: &dyn Signer,
    countersigner: Option<&dyn Countersigner>,
    options: SignOptions,
    output: &Path,
) -> Result<SignOutcome, SignError> {
    let signing = Signing::begin(image, signer.certificates(), options)?;
    if signing.is_done(countersigner.is_some()) {
        signing.copy_to(output)?;
        return Ok(SignOutcome::AlreadySigned);
    }
    let message = signing.wanted.attributes.as_deref().unwrap_or_default();
    let signature = signer.sign(options.algorithm, message).map_err(SignError::Signer)?;
    signing.complete(&signature, countersigner, output).map_err(|error| match error {
        SignError::Build(CmsBuildError::Signature(_)) => SignError::OtherKey,
        error => error,
    })?;
    Ok(SignOutcome::Signed)
}
