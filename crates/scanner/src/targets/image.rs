//! Container images, read without unpacking anything: archives as `docker save` and nixpkgs'
//! dockerTools make them, archives of OCI, and folders in the layout of OCI.
//!
//! All that matters is which store paths the layers hold once they are put upon each other. An
//! archive is read once, from front to back, so that it may be compressed or come through a pipe;
//! what its layers hold is kept by name until the manifest, wherever it stands, says which of them
//! make up the image.

mod error;
mod layer;
mod manifest;

pub use error::ImageError;

use super::bytes;
use super::closure::Member;
use super::compression::Compression;
use super::image_signs::is_layout;
use super::listed;
use super::store::ReadOptions;
use super::tar_stream::{Budget, Entry, MAXIMUM_BYTES, TarReader, fill, is_tar};
use super::{MAXIMUM_PACKAGES, TargetContents, TargetError};
use layer::Layer;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::rc::Rc;

/// The most bytes of a manifest.
const MAXIMUM_JSON: u64 = 16 << 20;
/// The most bytes of all manifests and configurations of an archive.
const MAXIMUM_KEPT: u64 = 128 << 20;

/// Counts what is read.
struct Counted<'b, R> {
    inner: R,
    budget: &'b Budget,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        if self.budget.take_bytes(count as u64) {
            Ok(count)
        } else {
            Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("more than {MAXIMUM_BYTES} bytes")))
        }
    }
}

/// A part of an image.
#[derive(Debug)]
enum Blob {
    Layer(Rc<Layer>),
    /// A manifest, or anything else in JSON.
    Json(Vec<u8>),
    /// It looks like a layer and cannot be read.
    Broken(ImageError),
    Other,
}

/// Where the parts of an image come from.
trait Blobs {
    /// A part by its path in the image; `None` if it is not there.
    fn get(&mut self, name: &str) -> Result<Option<&Blob>, ImageError>;
}

/// Reads an image.
pub(super) fn read(path: &Path, options: &ReadOptions) -> Result<TargetContents, TargetError> {
    let fail = |source| TargetError::Image { path: path.to_owned(), source };
    if is_layout(path) {
        let budget = Budget::new();
        let folder = Folder { root: path, budget: &budget, options, blobs: BTreeMap::new() };
        return contents(folder, options).map_err(fail);
    }
    read_from(bytes::open(path)?, options).map_err(fail)
}

/// Reads the archive of an image, not compressed as a whole.
pub fn read_from(archive: impl Read, options: &ReadOptions) -> Result<TargetContents, ImageError> {
    let budget = Budget::new();
    let mut blobs = Archive { blobs: BTreeMap::new(), links: BTreeMap::new() };
    let mut kept = 0;
    let archive = Counted { inner: archive, budget: &budget };
    let mut reader = TarReader::new(BufReader::with_capacity(128 << 10, archive), &budget);
    while let Some(entry) = reader.next_entry().map_err(ImageError::archive)? {
        let Some(name) = layer::normal(&entry.path) else { continue };
        let Entry { kind, link, .. } = entry;
        if kind.is_symlink() || kind.is_hard_link() {
            let folder = if kind.is_symlink() { name.rsplit_once('/').map_or("", |(f, _)| f) } else { "" };
            blobs.blobs.remove(&name);
            if let Some(target) = layer::normal_link(folder, &link) {
                blobs.links.insert(name, target);
            }
        } else if kind.is_file() || kind.is_contiguous() || kind.is_gnu_sparse() {
            let blob = blob(reader.contents(), &name, options, &budget);
            if let Blob::Json(json) = &blob {
                kept += json.len() as u64;
            }
            if kept > MAXIMUM_KEPT {
                return Err(ImageError::TooLarge { name, maximum: MAXIMUM_KEPT });
            }
            blobs.links.remove(&name);
            blobs.blobs.insert(name, blob);
        }
    }
    contents(blobs, options)
}

/// What a part is, going by its first bytes; its media type may be missing or wrong.
fn blob(reader: impl Read, name: &str, options: &ReadOptions, budget: &Budget) -> Blob {
    let broken = |source| Blob::Broken(ImageError::Part { name: name.to_owned(), source });
    let mut reader = reader;
    let mut start = [0; 512];
    let length = match fill(&mut reader, &mut start) {
        Ok(length) => length,
        Err(error) => return broken(error),
    };
    let start = start.get(..length).unwrap_or_default();
    let whole = BufReader::new(io::Cursor::new(start.to_vec()).chain(reader));
    let plain: Box<dyn Read + '_> = match Compression::of(start) {
        Compression::None if is_tar(start) => Box::new(whole),
        Compression::None if matches!(start.trim_ascii_start().first(), Some(b'{' | b'[')) => {
            let mut json = Vec::new();
            return match whole.take(MAXIMUM_JSON + 1).read_to_end(&mut json) {
                Ok(_) if json.len() as u64 > MAXIMUM_JSON => Blob::Other,
                Ok(_) => Blob::Json(json),
                Err(error) => broken(error),
            };
        }
        Compression::None => return Blob::Other,
        // Of one that cannot be read nothing is said before it is found to be a layer.
        compression => match compression.open(whole) {
            Ok(plain) => plain,
            Err(error) => return broken(error),
        },
    };
    let counted = BufReader::with_capacity(128 << 10, Counted { inner: plain, budget });
    match layer::read(counted, &options.store_dir, budget) {
        Ok(layer) => Blob::Layer(Rc::new(layer)),
        Err(error) => broken(error),
    }
}

/// The parts of an archive, and the links between them: layers that are the same are stored once.
struct Archive {
    blobs: BTreeMap<String, Blob>,
    links: BTreeMap<String, String>,
}

impl Blobs for Archive {
    fn get(&mut self, name: &str) -> Result<Option<&Blob>, ImageError> {
        let mut name = name;
        // A link to a link is possible, a cycle is not of use.
        for _ in 0..8 {
            match self.links.get(name) {
                Some(target) => name = target,
                None => break,
            }
        }
        Ok(self.blobs.get(name))
    }
}

/// The parts of a folder in the layout of OCI.
struct Folder<'a> {
    root: &'a Path,
    budget: &'a Budget,
    options: &'a ReadOptions,
    blobs: BTreeMap<String, Option<Blob>>,
}

impl Blobs for Folder<'_> {
    fn get(&mut self, name: &str) -> Result<Option<&Blob>, ImageError> {
        if !self.blobs.contains_key(name) {
            let read = self.read(name)?;
            self.blobs.insert(name.to_owned(), read);
        }
        Ok(self.blobs.get(name).and_then(Option::as_ref))
    }
}

impl Folder<'_> {
    fn read(&self, name: &str) -> Result<Option<Blob>, ImageError> {
        let path = self.root.join(name);
        let fail = |source| ImageError::Part { name: name.to_owned(), source };
        match path.metadata() {
            // A pipe or a device would be waited for.
            Ok(found) if !found.is_file() => return Ok(Some(Blob::Other)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(fail(error)),
            Ok(_) => {}
        }
        let file = Counted { inner: File::open(&path).map_err(fail)?, budget: self.budget };
        Ok(Some(blob(file, name, self.options, self.budget)))
    }
}

/// Puts the layers of all images upon each other.
fn contents(mut blobs: impl Blobs, options: &ReadOptions) -> Result<TargetContents, ImageError> {
    let mut contents = TargetContents::default();
    let images = manifest::images(&mut blobs, &mut contents)?;
    let mut all = BTreeSet::new();
    for layers in images {
        let mut paths = BTreeSet::new();
        for name in layers {
            match blobs.get(&name)? {
                Some(Blob::Layer(layer)) => layer.apply(&mut paths),
                // The error is not needed again: nothing is read after it.
                Some(Blob::Broken(error)) => return Err(error.again()),
                Some(Blob::Json(_) | Blob::Other) => {
                    contents.warn(name, "is in no known form of a layer; it is not scanned");
                }
                None => return Err(ImageError::NoLayer { name }),
            }
        }
        all.append(&mut paths);
        if all.len() > MAXIMUM_PACKAGES {
            return Err(ImageError::TooManyPaths);
        }
    }
    if all.is_empty() {
        return Err(ImageError::NoStore { store: options.store_dir.clone() });
    }
    let members = all.into_iter().map(|path| Member { path, deriver: None }).collect();
    // What is next to this machine's store is not about the image.
    let options = ReadOptions { use_derivations: false, ..options.clone() };
    listed::add(members, &options, &mut contents);
    Ok(contents)
}
