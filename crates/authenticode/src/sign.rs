//! Signing images: what has to be read of an image, the request, the signature, and the file that is written.
//!
//! Three steps, so that the key may be anywhere: [`Signing::begin`] reads the image once, whoever has the key signs
//! [`ToBeSigned`], and [`Signing::finish`] verifies that signature and writes the file. [`sign`] does all of it with a [`Signer`].

use crate::attach::{AttachError, Summed, attach_summed, padding};
use crate::certificate::Certificate;
use crate::cms::{Attribute, CmsBuildError, SignedContent, SignedDataRequest, ToBeSigned, prepare};
use crate::digest::DigestAlgorithm;
use crate::file;
use crate::key::PrivateKey;
use crate::pe::{self, Layout, certificates};
use crate::source::FileSource;
use std::error::Error;
use std::io;
use std::path::Path;

/// Whoever has a key: a file, a token, a machine elsewhere.
pub trait Signer: Send + Sync {
    /// The certificate of the key.
    fn certificate(&self) -> &Certificate;

    /// Certificates between it and the one that is trusted; they come along.
    fn chain(&self) -> &[Certificate];

    /// Signs a message, which is hashed with `algorithm`: PKCS #1 v1.5, or ECDSA in DER.
    fn sign(&self, algorithm: DigestAlgorithm, message: &[u8]) -> Result<Vec<u8>, SignerError>;
}

/// Why whoever has the key did not sign.
pub type SignerError = Box<dyn Error + Send + Sync>;

/// A key from a file, with its certificates.
#[derive(Debug)]
pub struct FileSigner {
    /// The key.
    pub key: PrivateKey,
    /// Its certificate.
    pub certificate: Certificate,
    /// Those that come along.
    pub chain: Vec<Certificate>,
}

impl FileSigner {
    /// Checks that the key and the certificate belong together, which otherwise every file would tell anew.
    ///
    /// # Errors
    /// [`SignError::OtherKey`], or that the certificate has a key that we do not know.
    pub fn check(self) -> Result<Self, SignError> {
        let public = self.certificate.public_key().map_err(CmsBuildError::Key)?;
        let algorithm = if public.bits() == 384 { DigestAlgorithm::Sha384 } else { DigestAlgorithm::Sha256 };
        let probe = b"does the key belong to the certificate?";
        // A key on another curve does not even sign this digest.
        let signature = self.key.sign(algorithm, probe).map_err(|_| SignError::OtherKey)?;
        let digest = algorithm.digest(probe);
        public.verify(public.kind(), algorithm, &digest, &signature).map_err(|_| SignError::OtherKey)?;
        Ok(self)
    }
}

impl Signer for FileSigner {
    fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    fn sign(&self, algorithm: DigestAlgorithm, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        Ok(self.key.sign(algorithm, message)?)
    }
}

/// What a signature is given besides, for instance a timestamp: unauthenticated attributes, made of the signature.
pub trait Countersigner: Send + Sync {
    /// The attributes for a signature.
    fn attributes(&self, signature: &[u8]) -> Result<Vec<Attribute>, SignerError>;
}

/// How to sign.
#[derive(Debug, Clone, Copy)]
pub struct SignOptions {
    /// The digest of the image and of all else.
    pub algorithm: DigestAlgorithm,
    /// Whether the signatures that are there stay, in front of the new one.
    pub keep: bool,
}

/// Why an image cannot be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The image cannot be read.
    #[error("{0}")]
    Image(#[from] pe::ImageError<io::Error>),
    /// There is no request for it.
    #[error("{0}")]
    Build(#[from] CmsBuildError),
    /// Whoever has the key refused.
    #[error("cannot sign: {0}")]
    Signer(SignerError),
    /// The signature is not by the certificate's key.
    #[error("the key and the certificate do not belong together")]
    OtherKey,
    /// A timestamp could not be had.
    #[error("no timestamp: {0}")]
    Countersigner(SignerError),
    /// The signature has no place.
    #[error("{0}")]
    Attach(#[from] AttachError<io::Error>),
    /// The file cannot be written.
    #[error("cannot write {path}: {error}")]
    Write {
        /// Which.
        path: String,
        /// Why.
        error: io::Error,
    },
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
        source: FileSource,
        layout: Layout,
        signer: &Certificate,
        chain: &[Certificate],
        options: SignOptions,
    ) -> Result<Self, SignError> {
        let algorithm = options.algorithm;
        let there = certificates(&source, &layout)?;
        let kept =
            if options.keep { there.into_iter().map(|entry| entry.content).collect() } else { Vec::new() };
        let (digest, summed) = file::digest_and_sum(&source, &layout, padding(&layout), algorithm)
            .map_err(pe::ImageError::Source)?;
        let content = SignedContent::Image(digest.clone());
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

    /// Verifies the signature, attaches it, and writes the file, which may be the image itself.
    pub fn finish(&self, signature: &[u8], unsigned: &[Attribute], output: &Path) -> Result<(), SignError> {
        let signature = self.wanted.complete(signature, unsigned)?;
        let all = self.kept.iter().chain([&signature]).map(Vec::as_slice);
        let attachment = attach_summed(&self.layout, &self.summed, all)?;
        file::write_attached(&self.source, &attachment, output)
            .map_err(|error| SignError::Write { path: output.display().to_string(), error })
    }
}

/// Signs an image and writes it to `output`, which may be the image itself.
pub fn sign(
    source: FileSource,
    layout: Layout,
    signer: &dyn Signer,
    countersigner: Option<&dyn Countersigner>,
    options: SignOptions,
    output: &Path,
) -> Result<(), SignError> {
    let signing = Signing::begin(source, layout, signer.certificate(), signer.chain(), options)?;
    let message = signing.wanted.attributes.as_deref().unwrap_or_default();
    let signature = signer.sign(options.algorithm, message).map_err(SignError::Signer)?;
    // Before anyone is asked for a timestamp on what is no signature.
    signing.wanted.complete(&signature, &[]).map_err(|error| match error {
        CmsBuildError::Signature(_) => SignError::OtherKey,
        error => error.into(),
    })?;
    let unsigned = match countersigner {
        Some(countersigner) => countersigner.attributes(&signature).map_err(SignError::Countersigner)?,
        None => Vec::new(),
    };
    signing.finish(&signature, &unsigned, output)
}
