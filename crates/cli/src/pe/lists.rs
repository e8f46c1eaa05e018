//! What is trusted, from files, folders and the firmware's variables.

use anyhow::{Context, bail};
use authenticode::certificate::CertificateError;
use authenticode::lists::{LoadError, SignatureDatabase};
use authenticode::pe::{Layout, section_name};
use authenticode::sbat::{self, SbatError, SbatLevel};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Firmware gives variables some hundred kilobytes at most.
const LARGEST: u64 = 16 << 20;
/// Files of a folder that are looked at.
const ENDINGS: [&str; 5] = ["pem", "crt", "cer", "der", "esl"];

/// A database from files and folders.
pub(crate) fn read(paths: &[PathBuf]) -> anyhow::Result<SignatureDatabase> {
    let mut database = SignatureDatabase::default();
    for path in paths {
        if path.is_dir() {
            add_folder(&mut database, path)?;
        } else {
            let bytes = read_file(path)?;
            let origin = path.display().to_string();
            database.add_file(&origin, &bytes).context("neither signature lists nor certificates")?;
        }
    }
    Ok(database)
}

fn add_folder(database: &mut SignatureDatabase, folder: &Path) -> anyhow::Result<()> {
    let failed = || format!("cannot read {}", folder.display());
    let entries: Vec<_> = std::fs::read_dir(folder).with_context(failed)?.collect::<Result<_, _>>()?;
    let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    paths
        .retain(|p| p.extension().is_some_and(|e| ENDINGS.iter().any(|known| e.eq_ignore_ascii_case(known))));
    paths.sort();
    let before = database.entries.len();
    for path in paths {
        let bytes = read_file(&path)?;
        match database.add_file(&path.display().to_string(), &bytes) {
            // A folder of keys has private ones beside the certificates.
            Err(LoadError::Neither { certificate, .. }) if *certificate == CertificateError::None => {}
            other => other.context("neither signature lists nor certificates")?,
        }
    }
    if database.entries.len() == before {
        bail!("{} holds no certificates and no signature lists ({})", folder.display(), ENDINGS.join(", "));
    }
    Ok(())
}

/// A level from a file of text, a variable of efivarfs, or shim itself (its latest).
pub(crate) fn level(path: &Path) -> anyhow::Result<SbatLevel> {
    if is_image(path)? {
        let [_, latest] = levels(path)?;
        return Ok(latest);
    }
    let bytes = read_file(path)?;
    // efivarfs puts four bytes of attributes before the text; no text has zeros there.
    let text = match bytes.split_first_chunk::<4>() {
        Some(([_, 0, 0, 0], text)) => text,
        _ => &bytes,
    };
    SbatLevel::read(text).with_context(|| path.display().to_string())
}

/// The levels that shim carries: the one that it sets by itself, and the latest.
pub(crate) fn levels(path: &Path) -> anyhow::Result<[SbatLevel; 2]> {
    let bytes = read_file(path)?;
    let layout = Layout::read(bytes.as_slice()).with_context(|| path.display().to_string())?;
    let levels = levels_of_shim(&bytes, &layout);
    let Some(levels) = levels else { bail!("{} carries no levels as shim does", path.display()) };
    levels.with_context(|| path.display().to_string())
}

/// Whether a file begins as images do.
pub(crate) fn is_image(path: &Path) -> anyhow::Result<bool> {
    let failed = || format!("cannot read {}", path.display());
    let mut start = Vec::new();
    File::open(path).and_then(|file| file.take(2).read_to_end(&mut start)).with_context(failed)?;
    Ok(start == b"MZ")
}

fn levels_of_shim(image: &[u8], layout: &Layout) -> Option<Result<[SbatLevel; 2], SbatError>> {
    let section = layout.sections.iter().find(|section| {
        section_name(image, layout, section).is_ok_and(|name| name == sbat::SHIM_SECTION.as_bytes())
    })?;
    let range = section.content_range();
    let content = image.get(usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?)?;
    SbatLevel::read_shim(content)
}

/// A file that is small enough to be what we look for.
pub(crate) fn read_file(path: &Path) -> anyhow::Result<Vec<u8>> {
    let failed = || format!("cannot read {}", path.display());
    let size = std::fs::metadata(path).with_context(failed)?.len();
    if size > LARGEST {
        bail!("{} has {size} bytes, too many for lists and certificates", path.display());
    }
    std::fs::read(path).with_context(failed)
}
