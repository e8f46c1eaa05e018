//! Which origins have a source, without taking it.

use super::error::{OriginError, SourceError};
use super::local::check;
use super::origin::SourceOrigin;
use super::{crates, debian, upstream};
use crate::steps::{Certainty, SourceArchive};
use crate::store::Store;
use http::Client;

/// What an origin says of a source.
#[derive(Debug)]
pub struct ProbeAnswer {
    /// The origin.
    pub origin: SourceOrigin,
    /// The address there, where origins have several.
    pub address: Option<String>,
    /// That it has the source, as far as can be known without taking it; or why not.
    pub found: Result<Certainty, OriginError>,
}

/// Asks each origin.
pub fn probe(
    store: &Store,
    source: &SourceArchive,
    origins: &[SourceOrigin],
) -> Result<Vec<ProbeAnswer>, SourceError> {
    let mut answers = Vec::new();
    for origin in origins {
        let mut answer = |address: Option<String>, found| {
            answers.push(ProbeAnswer { origin: origin.clone(), address, found });
        };
        match origin {
            SourceOrigin::Mirror(folder) => {
                let file = folder.join(&source.file);
                let found = if file.is_file() {
                    check(source, &file).map(|()| Certainty::Hash)
                } else {
                    Err(OriginError::NoFile(source.file.clone()))
                };
                answer(None, found);
            }
            SourceOrigin::Debian => {
                let work = store.work(&source.name)?;
                match debian::address(source, &store.lists()?, &work) {
                    // What is in Debian's lists need not be in its archive.
                    Ok(url) if http::is_url(&url) => {
                        let found = size(&Client::new(None), source, &url).map(|_| Certainty::Hash);
                        answer(Some(url), found);
                    }
                    Ok(url) => answer(Some(url), Ok(Certainty::Hash)),
                    Err(problem) => answer(None, Err(problem)),
                }
                files::remove_tree(&work)?;
            }
            SourceOrigin::Upstream { certificates } => {
                let client = Client::new(certificates.as_deref());
                for url in &source.urls {
                    answer(Some(url.clone()), size(&client, source, url));
                }
                if source.urls.is_empty() {
                    answer(None, Err(OriginError::NoAddress));
                }
            }
            SourceOrigin::Crates => {
                let work = store.work(&source.name)?;
                answer(None, crates::probe(source, &work).map(|()| Certainty::Hash));
                files::remove_tree(&work)?;
            }
        }
    }
    Ok(answers)
}

fn size(client: &Client, source: &SourceArchive, url: &str) -> Result<Certainty, OriginError> {
    match upstream::size(client, url)? {
        Some(found) if found == source.size => Ok(Certainty::Size),
        Some(found) => Err(OriginError::RemoteSize { found, expected: source.size }),
        None => Ok(Certainty::Name),
    }
}
