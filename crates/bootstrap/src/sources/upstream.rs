//! Addresses of the web. A source's hash protects it, so that it may come without encryption; its size says when to stop.

use super::Watch;
use crate::steps::Source;
use std::error::Error as _;
use std::fs::File;
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use ureq::http::header::{CONTENT_LENGTH, CONTENT_RANGE, RANGE};
use web::{PATIENCE, describe};

/// The slowest server that is waited for, in bytes a second.
const SLOWEST: u64 = 20_000;

/// Downloads from the first address that has it.
pub(super) fn fetch(
    source: &Source,
    certificates: Option<&Path>,
    work: &Path,
    watch: &dyn Watch,
) -> Result<PathBuf, String> {
    let path = work.join("upstream");
    let mut problems = Vec::new();
    for url in &source.urls {
        let got = download(url, source, certificates, &path, watch);
        match got.and_then(|()| super::right(source, &path)) {
            Ok(()) => return Ok(path),
            Err(problem) => problems.push(format!("{url}: {problem}")),
        }
    }
    Err(if problems.is_empty() { "no address is known".into() } else { problems.join("; ") })
}

fn download(
    url: &str,
    source: &Source,
    certificates: Option<&Path>,
    path: &Path,
    watch: &dyn Watch,
) -> Result<(), String> {
    let time = Duration::from_secs(2 * 60 + source.size / SLOWEST);
    let mut response = client(url, certificates, time)?.get(url).call().map_err(|error| describe(&error))?;
    let too_large = || format!("it is larger than the {} bytes that it should have", source.size);
    if response.body().content_length().is_some_and(|length| length > source.size) {
        return Err(too_large());
    }
    let mut out = File::create(path).map_err(|error| error.to_string())?;
    let mut body = response.body_mut().with_config().limit(u64::MAX).reader();
    let mut buffer = vec![0; 1 << 16];
    let mut total = 0_u64;
    loop {
        let read = body.read(&mut buffer).map_err(|error| error.to_string())?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { return Ok(()) };
        total += bytes.len() as u64;
        if total > source.size {
            return Err(too_large());
        }
        out.write_all(bytes).map_err(|error| error.to_string())?;
        watch.received(bytes.len() as u64);
    }
}

/// Asks an address for the first byte of the source, and gives the size that it tells, if it tells one.
pub(super) fn probe(url: &str, certificates: Option<&Path>) -> Result<Option<u64>, String> {
    let request = client(url, certificates, 2 * PATIENCE)?.get(url).header(RANGE, "bytes=0-0");
    let response = request.call().map_err(|error| describe(&error))?;
    let field = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    // RFC 9110, section 14.4: `bytes 0-0/SIZE`. A server without ranges begins to send all of it, and is left alone.
    let size = match field(CONTENT_RANGE) {
        Some(range) => range.rsplit_once('/').and_then(|(_, size)| size.parse().ok()),
        None if response.status() == 200 => field(CONTENT_LENGTH).and_then(|size| size.parse().ok()),
        None => None,
    };
    Ok(size)
}

fn client(url: &str, certificates: Option<&Path>, time: Duration) -> Result<ureq::Agent, String> {
    web::client(url, time, certificates).map_err(|error| match error.source() {
        Some(why) => format!("{error}: {why}"),
        None => error.to_string(),
    })
}
