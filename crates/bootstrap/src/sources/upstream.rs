//! Addresses of the web. A source's hash protects it, so that it may come without encryption; its
//! size says when to stop.

use super::error::OriginError;
use super::local::check;
use crate::steps::SourceArchive;
use files::FileError;
use http::{Client, GetEvent, GetOptions, HttpError, HttpErrorKind};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;
use terminal::Progress;

/// The slowest server that is waited for, in bytes a second.
const SLOWEST: u64 = 20_000;
/// How long a server may take to say how large something is.
const SIZE_TIMEOUT: Duration = Duration::from_mins(1);

/// Downloads from the first address that has it.
pub(super) fn fetch(
    source: &SourceArchive,
    certificates: Option<&Path>,
    work: &Path,
    progress: &dyn Progress,
) -> Result<PathBuf, OriginError> {
    let client = Client::new(certificates);
    let path = work.join("upstream");
    let mut problems = Vec::new();
    for url in &source.urls {
        let downloaded = download(&client, url, source, &path, progress);
        match downloaded.and_then(|()| check(source, &path)) {
            Ok(()) => return Ok(path),
            Err(problem) => problems.push((url.clone(), problem)),
        }
    }
    Err(if problems.is_empty() { OriginError::NoAddress } else { OriginError::Addresses(problems) })
}

fn download(
    client: &Client,
    url: &str,
    source: &SourceArchive,
    path: &Path,
    progress: &dyn Progress,
) -> Result<(), OriginError> {
    let mut out = File::create(path).map_err(FileError::on("make", path))?;
    let timeout = Duration::from_secs(2 * 60 + source.size / SLOWEST);
    let options = GetOptions { limit: source.size, timeout, length_required: false };
    let received = client.get_to(url, &mut out, &options, &mut |event| {
        if let GetEvent::Received { bytes } = event {
            progress.advance(bytes);
        }
    });
    received.map(drop).map_err(|error| problem(error, source))
}

/// The size of what is at an address, if the server says it.
pub(super) fn size(client: &Client, url: &str) -> Result<Option<u64>, OriginError> {
    client.size(url, SIZE_TIMEOUT).map_err(OriginError::Http)
}

fn problem(error: HttpError, source: &SourceArchive) -> OriginError {
    if matches!(error.kind(), HttpErrorKind::TooLarge { .. }) {
        OriginError::TooLarge(source.size)
    } else {
        OriginError::Http(error)
    }
}
