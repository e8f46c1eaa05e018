//! Requests for signatures by a key on another machine, as files in a folder.
//!
//! For the image `NAME` there are `NAME.tbs` (the octets to sign), `NAME.json` (what they are
//! about, for people and for a better message), and, once the other machine has signed, `NAME.sig`
//! (the signature: PKCS #1 v1.5, or ECDSA in DER).

use super::image::Signing;
use crate::digest::DigestAlgorithm;
use crate::foreign::ForeignError;
use files::{FileError, ReadError, read_limited, replace_bytes};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// No signature is larger: RSA of 4096 bits has 512 bytes.
const MAX_SIGNATURE: u64 = 4 << 10;
/// Ours have less than one kilobyte.
const MAX_DESCRIPTION: u64 = 1 << 20;

/// Why a request cannot be written, or its answer not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// A path like `..`.
    #[error("{} names no file", path.display())]
    NoName {
        /// The path of the image.
        path: PathBuf,
    },
    /// A file of the request cannot be written.
    #[error(transparent)]
    Write(#[from] FileError),
    /// There is no signature yet, or it cannot be read.
    #[error("cannot read the signature {}", path.display())]
    Signature {
        /// `NAME.sig`.
        path: PathBuf,
        /// What is wrong.
        source: ReadError,
    },
    /// `NAME.json` is not what was written.
    #[error("{}: not the description of a request", path.display())]
    Description {
        /// `NAME.json`.
        path: PathBuf,
        /// What is wrong.
        source: ForeignError,
    },
    /// The request is of another digest.
    #[error("{}: the request was made with the digest {algorithm}", path.display())]
    OtherDigest {
        /// The image.
        path: PathBuf,
        /// The digest of the request.
        algorithm: String,
    },
    /// The image is not the one that the request was made for.
    #[error("{}: the program changed since the request was made", path.display())]
    Changed {
        /// The image.
        path: PathBuf,
    },
}

impl RequestError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::OtherDigest { algorithm, .. } => Some(format!("complete it with --digest {algorithm}")),
            Self::Changed { .. } => Some("prepare the request again".to_owned()),
            _ => None,
        }
    }
}

/// A folder of requests.
#[derive(Debug, Clone, Copy)]
pub struct RequestFolder<'a>(&'a Path);

impl<'a> RequestFolder<'a> {
    /// The folder at this path; [`RequestFolder::write`] makes it if there is none.
    pub const fn new(path: &'a Path) -> Self {
        Self(path)
    }

    fn file(self, image: &Path, ending: &str) -> Result<PathBuf, RequestError> {
        let name = image.file_name().ok_or_else(|| RequestError::NoName { path: image.to_owned() })?;
        let mut name = name.to_owned();
        name.push(ending);
        Ok(self.0.join(name))
    }

    /// Writes what the key has to sign for the image at `image`.
    pub fn write(self, image: &Path, signing: &Signing) -> Result<(), RequestError> {
        let wanted = signing.wanted();
        let message = wanted.attributes.as_deref().unwrap_or_default();
        let description = json!({
            "file": image.to_string_lossy(),
            "digest": { "algorithm": wanted.algorithm.name(), "image": hex(signing.digest()) },
            "certificate": {
                "subject": wanted.signer().subject(),
                "sha256": hex(&wanted.signer().fingerprint(DigestAlgorithm::Sha256)),
            },
            "sign": { "algorithm": wanted.algorithm.name(), "digestOfTbs": hex(&wanted.digest) },
        });
        let description = format!("{description:#}\n");
        std::fs::create_dir_all(self.0).map_err(FileError::on("create", self.0))?;
        for (ending, bytes) in [(".json", description.as_bytes()), (".tbs", message)] {
            replace_bytes(&self.file(image, ending)?, bytes)?;
        }
        Ok(())
    }

    /// Where the signature for the image at `image` has to be.
    pub fn signature_path(self, image: &Path) -> Result<PathBuf, RequestError> {
        self.file(image, ".sig")
    }

    /// The signature that the key made for the image at `image`. Nothing else that the folder holds
    /// is believed.
    pub fn signature(self, image: &Path) -> Result<Vec<u8>, RequestError> {
        let path = self.signature_path(image)?;
        read_limited(&path, MAX_SIGNATURE).map_err(|source| RequestError::Signature { path, source })
    }

    /// Whether the request was made for this image. A signature that does not fit says less clearly
    /// what is wrong; but the description may be gone.
    pub fn check(self, image: &Path, signing: &Signing) -> Result<(), RequestError> {
        let path = self.file(image, ".json")?;
        let Ok(bytes) = read_limited(&path, MAX_DESCRIPTION) else { return Ok(()) };
        let description: Value = serde_json::from_slice(&bytes)
            .map_err(|error| RequestError::Description { path, source: ForeignError::new(error) })?;
        let digest = &description["digest"];
        if digest["image"] == hex(signing.digest()) {
            return Ok(());
        }
        match digest["algorithm"].as_str() {
            Some(algorithm) if algorithm != signing.wanted().algorithm.name() => {
                Err(RequestError::OtherDigest { path: image.to_owned(), algorithm: algorithm.to_owned() })
            }
            _ => Err(RequestError::Changed { path: image.to_owned() }),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
