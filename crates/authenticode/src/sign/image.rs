//! Signing one image.

use super::error::SignError;
use super::signer::{Countersigner, Signer, SignerCertificates};
use crate::attach::{Summed, attach_summed, padding};
use crate::cms::{CmsBuildError, SignedContent, SignedDataRequest, ToBeSigned, prepare};
use crate::digest::DigestAlgorithm;
use crate::file::{self, ImageFile};
use crate::pe::{self, Layout};
use crate::source::FileSource;
use std::path::Path;

/// How an image is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignOptions {
    /// The digest of the image and of all else.
    pub algorithm: DigestAlgorithm,
    /// Whether the signatures that are there stay, in front of the new one.
    pub keep: bool,
}

/// An image that is being signed.
#[derive(Debug)]
pub struct Signing {
    source: FileSource,
    layout: Layout,
    kept: Vec<Vec<u8>>,
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
        let kept =
            if options.keep { there.into_iter().map(|entry| entry.content).collect() } else { Vec::new() };
        let (digest, summed) = file::digest_and_sum(&source, &layout, padding(&layout), algorithm)
            .map_err(pe::ImageError::Source)?;
        let content = SignedContent::Image(digest.clone());
        let SignerCertificates { signer, chain } = certificates;
        let wanted = prepare(&SignedDataRequest { content, algorithm, signer, chain, signing_time: None })?;
        Ok(Self { source, layout, kept, summed, digest, wanted })
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
        let all = self.kept.iter().chain([&signature]).map(Vec::as_slice);
        let attachment = attach_summed(&self.layout, &self.summed, all)?;
        Ok(file::write_attached(&self.source, &attachment, output)?)
    }
}

/// Signs an image and writes it to `output`, which may be the image itself.
pub fn sign(
    image: ImageFile,
    signer: &dyn Signer,
    countersigner: Option<&dyn Countersigner>,
    options: SignOptions,
    output: &Path,
) -> Result<(), SignError> {
    let signing = Signing::begin(image, signer.certificates(), options)?;
    let message = signing.wanted.attributes.as_deref().unwrap_or_default();
    let signature = signer.sign(options.algorithm, message).map_err(SignError::Signer)?;
    signing.complete(&signature, countersigner, output).map_err(|error| match error {
        SignError::Build(CmsBuildError::Signature(_)) => SignError::OtherKey,
        error => error,
    })
}
