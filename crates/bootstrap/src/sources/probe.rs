//! Which places have a source, without taking it.

use super::{Place, SourceError, crates, debian, upstream};
use crate::steps::Source;
use crate::store::Store;
use std::path::Path;

/// What a place says of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The place.
    pub place: Place,
    /// The address there, where places have several.
    pub address: Option<String>,
    /// That it has the source, as far as can be known without taking it; or why not.
    pub found: Result<Sure, String>,
}

/// How sure it is that what a place has is the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sure {
    /// The hash is the same.
    Hash,
    /// The size is the same.
    Size,
    /// It has something at that address.
    Name,
}

/// Asks each place.
pub fn probe(store: &Store, source: &Source, places: &[Place]) -> Result<Vec<Answer>, SourceError> {
    let mut answers = Vec::new();
    for place in places {
        let mut answer = |address: Option<String>, found| {
            answers.push(Answer { place: place.clone(), address, found });
        };
        match place {
            Place::Mirror(folder) => {
                let file = folder.join(&source.file);
                let found = if file.is_file() {
                    super::right(source, &file).map(|()| Sure::Hash)
                } else {
                    Err(format!("there is no {}", source.file))
                };
                answer(None, found);
            }
            Place::Debian => {
                let work = store.work(&source.name)?;
                match debian::address(source, &store.lists()?, &work) {
                    // What is in Debian's lists need not be in its archive.
                    Ok(url) if url.starts_with("http") => {
                        let found = size(source, &url, None).map(|_| Sure::Hash);
                        answer(Some(url), found);
                    }
                    Ok(url) => answer(Some(url), Ok(Sure::Hash)),
                    Err(problem) => answer(None, Err(problem)),
                }
                crate::store::remove(&work)?;
            }
            Place::Upstream { certificates } => {
                for url in &source.urls {
                    answer(Some(url.clone()), size(source, url, certificates.as_deref()));
                }
                if source.urls.is_empty() {
                    answer(None, Err("no address is known".into()));
                }
            }
            Place::Crates => {
                let work = store.work(&source.name)?;
                answer(None, crates::probe(source, &work).map(|()| Sure::Hash));
                crate::store::remove(&work)?;
            }
        }
    }
    Ok(answers)
}

fn size(source: &Source, url: &str, certificates: Option<&Path>) -> Result<Sure, String> {
    match upstream::probe(url, certificates)? {
        Some(size) if size == source.size => Ok(Sure::Size),
        Some(size) => Err(format!("it has {size} bytes there, not {}", source.size)),
        None => Ok(Sure::Name),
    }
}
