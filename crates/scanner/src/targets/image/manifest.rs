//! Which layers make up an image: `manifest.json` of `docker save`, `index.json` of OCI.

use super::super::TargetContents;
use super::{Blob, Blobs, ImageError};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The most manifests that are followed, over all indexes.
const MOST: usize = 1000;

#[derive(Deserialize)]
struct Docker {
    #[serde(rename = "Layers", default)]
    layers: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Oci {
    /// Of an index.
    manifests: Option<Vec<Descriptor>>,
    /// Of a manifest.
    layers: Option<Vec<Descriptor>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    #[serde(default)]
    media_type: String,
    digest: String,
}

/// The images, each as the paths of its layers, the lowest first.
pub(super) fn images(
    blobs: &mut impl Blobs,
    contents: &mut TargetContents,
) -> Result<Vec<Vec<String>>, ImageError> {
    if let Some(images) = json::<Vec<Docker>>(blobs, "manifest.json")?
        && !images.is_empty()
    {
        return Ok(images
            .into_iter()
            .map(|image| image.layers.iter().filter_map(|l| super::layer::normal(l.as_bytes())).collect())
            .collect());
    }
    let mut images = Vec::new();
    // Indexes may name indexes.
    let mut open = vec!["index.json".to_owned()];
    let mut seen = 0;
    while let Some(name) = open.pop() {
        seen += 1;
        if seen > MOST || open.len() > MOST {
            return Err(ImageError::TooManyManifests { name, limit: MOST });
        }
        let Some(oci) = json::<Oci>(blobs, &name)? else {
            if seen == 1 {
                return Err(ImageError::NoManifest);
            }
            // An archive of one platform often keeps the index of all.
            contents.warn(name, "the image of this manifest is not in it; it is not scanned");
            continue;
        };
        for manifest in oci.manifests.iter().flatten() {
            open.push(place(&manifest.digest, &name)?);
        }
        if let Some(layers) = oci.layers {
            // Attestations have layers that are no archives.
            let layers = layers.iter().filter(|l| l.media_type.is_empty() || l.media_type.contains("tar"));
            let layers = layers.map(|layer| place(&layer.digest, &name)).collect::<Result<Vec<_>, _>>()?;
            if !layers.is_empty() {
                images.push(layers);
            }
        }
    }
    Ok(images)
}

/// Where the part with a digest is. What is in a digest becomes part of a path.
fn place(digest: &str, manifest: &str) -> Result<String, ImageError> {
    let wrong = || ImageError::Digest { name: manifest.to_owned(), digest: super::super::cut(digest) };
    let (algorithm, hash) = digest.split_once(':').ok_or_else(wrong)?;
    let plain = |text: &str| {
        !text.is_empty()
            && text.len() <= 256
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'+' | b'-' | b'='))
    };
    if plain(algorithm) && plain(hash) { Ok(format!("blobs/{algorithm}/{hash}")) } else { Err(wrong()) }
}

/// Reads a part that should be JSON.
fn json<T: DeserializeOwned>(blobs: &mut impl Blobs, name: &str) -> Result<Option<T>, ImageError> {
    match blobs.get(name)? {
        Some(Blob::Json(bytes)) => vulnerability::json::from_slice(bytes, bytes.len())
            .map(Some)
            .map_err(|source| ImageError::Manifest { name: name.to_owned(), source }),
        _ => Ok(None),
    }
}
