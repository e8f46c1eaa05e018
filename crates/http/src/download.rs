//! Downloads: to the end, over connections that break.

use crate::client::{Client, field, length};
use crate::url::Url;
use crate::{GetEvent, HttpError, HttpErrorKind, Validators};
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
use std::time::{Duration, Instant};
use ureq::Body;
use ureq::http::header::{
    CONTENT_RANGE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, LAST_MODIFIED, RANGE, TRANSFER_ENCODING,
};
use ureq::http::{HeaderName, Response};

/// Limits of a download.
#[derive(Debug, Clone, Copy)]
pub struct GetOptions {
    /// The most bytes.
    pub limit: u64,
    /// How long all of it may take.
    pub timeout: Duration,
    /// Whether an answer is refused that has no length, so that nobody would notice if its end were
    /// missing: over a connection that breaks, or that somebody cuts, which even TLS does not
    /// always show.
    pub length_required: bool,
}

/// A download into a file.
#[derive(Debug, Clone, Copy)]
pub struct DownloadRequest<'a> {
    /// What to get; `http://` or `https://`.
    pub url: &'a str,
    /// Limits.
    pub options: GetOptions,
    /// The state that is known: if the server still has it, there is nothing to download.
    pub known: Option<&'a Validators>,
    /// The state that the bytes in the file are the beginning of; without it they are not used.
    pub begun: Option<&'a Validators>,
    /// Only so many bytes from the beginning, where the server can give a part.
    pub only: Option<u64>,
}

/// What a download gave.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Downloaded {
    /// The server still has the state that is known.
    NotModified,
    /// The file has all of it.
    Whole {
        /// How the server knows this state.
        validators: Validators,
    },
    /// The file has the beginning that was asked for.
    Part {
        /// How the server knows this state.
        validators: Validators,
    },
}

/// Where a download goes.
trait Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Forgets what has been written; `false` if that cannot be.
    fn restart(&mut self) -> io::Result<bool>;
}

struct Stream<'s>(&'s mut dyn Write);

impl Target for Stream<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn restart(&mut self) -> io::Result<bool> {
        Ok(false)
    }
}

impl Target for &File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn restart(&mut self) -> io::Result<bool> {
        self.set_len(0)?;
        self.seek(SeekFrom::Start(0))?;
        Ok(true)
    }
}

/// How far a download is.
struct State {
    begin: Instant,
    /// Bytes in the target.
    held: u64,
    /// The state that they are the beginning of.
    validators: Validators,
}

/// Connections that break are made again; this many would be more than bad luck.
const MOST_ATTEMPTS: u32 = 200;

impl Client {
    /// Downloads what is at `url` into `out`, and gives how many bytes it has. `on` is called when
    /// something happens.
    ///
    /// If it fails, `out` may have got a part of it.
    pub fn get_to(
        &self,
        url: &str,
        out: &mut dyn Write,
        options: &GetOptions,
        on: &mut dyn FnMut(GetEvent<'_>),
    ) -> Result<u64, HttpError> {
        let request = DownloadRequest { url, options: *options, known: None, begun: None, only: None };
        let mut state = State { begin: self.clock.now(), held: 0, validators: Validators::default() };
        let done = self.try_download(&request, &mut state, &mut Stream(out), on);
        done.map_err(|kind| self.error("download", url, options.timeout, kind))?;
        Ok(state.held)
    }

    /// Downloads into a file, which may hold the beginning already. If it fails, the file has what
    /// has come so far; what that is the beginning of is known from [`GetEvent::Begins`].
    pub fn download(
        &self,
        request: &DownloadRequest<'_>,
        mut file: &File,
        on: &mut dyn FnMut(GetEvent<'_>),
    ) -> Result<Downloaded, HttpError> {
        let mut run = || {
            let mut state = State { begin: self.clock.now(), held: 0, validators: Validators::default() };
            if let Some(begun) = request.begun.filter(|begun| begun.strong().is_some()) {
                state.held = file.seek(SeekFrom::End(0)).map_err(HttpErrorKind::Output)?;
                state.validators.clone_from(begun);
            } else {
                file.restart().map_err(HttpErrorKind::Output)?;
            }
            self.try_download(request, &mut state, &mut file, on)
        };
        run().map_err(|kind| self.error("download", request.url, request.options.timeout, kind))
    }

    fn try_download(
        &self,
        request: &DownloadRequest<'_>,
        state: &mut State,
        target: &mut dyn Target,
        on: &mut dyn FnMut(GetEvent<'_>),
    ) -> Result<Downloaded, HttpErrorKind> {
        let url = Url::parse(request.url)?;
        let (mut attempt, mut attempts) = (1, 1);
        loop {
            let elapsed = self.clock.now().saturating_duration_since(state.begin);
            let left = request.options.timeout.saturating_sub(elapsed);
            let before = state.held;
            let problem = match self.attempt(&url, request, state, target, left, on) {
                Ok(done) => return Ok(done),
                // What is there is no beginning of what the server has.
                Err(HttpErrorKind::Status { status: 416, .. })
                    if state.held > 0 && restart(state, target)? =>
                {
                    attempts += 1;
                    continue;
                }
                Err(problem) => problem,
            };
            // A part that has been handed on cannot be taken back.
            if attempts >= MOST_ATTEMPTS
                || (state.held > 0 && state.validators.strong().is_none() && !restart(state, target)?)
            {
                return Err(problem);
            }
            if state.held > before {
                attempt = 1;
            }
            let elapsed = self.clock.now().saturating_duration_since(state.begin);
            self.wait(attempt, problem, request.options.timeout.saturating_sub(elapsed), on)?;
            attempt += 1;
            attempts += 1;
        }
    }

    /// One request.
    fn attempt(
        &self,
        url: &Url,
        request: &DownloadRequest<'_>,
        state: &mut State,
        target: &mut dyn Target,
        left: Duration,
        on: &mut dyn FnMut(GetEvent<'_>),
    ) -> Result<Downloaded, HttpErrorKind> {
        let range = match (state.held, request.only) {
            (0, None) => None,
            (0, Some(only)) => Some(format!("bytes=0-{}", only.saturating_sub(1))),
            (held, _) => Some(format!("bytes={held}-")),
        };
        let mut fields: Vec<(HeaderName, &str)> = Vec::new();
        fields.extend(range.as_deref().map(|range| (RANGE, range)));
        let begun = state.validators.clone();
        fields.extend(begun.strong().filter(|_| state.held > 0).map(|state| (IF_RANGE, state)));
        if let Some(known) = request.known {
            let etag = known.etag.as_deref().map(|etag| (IF_NONE_MATCH, etag));
            let time = || known.last_modified.as_deref().map(|time| (IF_MODIFIED_SINCE, time));
            fields.extend(etag.or_else(time));
        }
        let response = self.get(url, &fields, left)?;
        let current = validators(&response);
        match response.status().as_u16() {
            304 if request.known.is_some() => return Ok(Downloaded::NotModified),
            304 => return Err(HttpErrorKind::Redirected),
            206 if range.is_some() => {
                let part = field(&response, CONTENT_RANGE).and_then(part);
                let part = part.filter(|(first, _)| *first == state.held);
                let (_, total) = part.ok_or_else(|| {
                    HttpErrorKind::Other("the server gives another part than it was asked for".into())
                })?;
                if state.held == 0 {
                    state.validators = current;
                }
                self.receive(response, total, request, state, target, on)?;
            }
            200 => {
                if state.held > 0 && !restart(state, target)? {
                    let received = state.held;
                    return Err(HttpErrorKind::NotResumed { received });
                }
                state.validators = current;
                let total = length(&response);
                self.receive(response, total, request, state, target, on)?;
                return Ok(Downloaded::Whole { validators: state.validators.clone() });
            }
            status => return Err(HttpErrorKind::Status { status, retry_after: None }),
        }
        let validators = state.validators.clone();
        Ok(match request.only {
            Some(only) if state.held >= only => Downloaded::Part { validators },
            _ => Downloaded::Whole { validators },
        })
    }

    /// The content of one answer. `total` is the length of the whole, not of the answer.
    fn receive(
        &self,
        mut response: Response<Body>,
        total: Option<u64>,
        request: &DownloadRequest<'_>,
        state: &mut State,
        target: &mut dyn Target,
        on: &mut dyn FnMut(GetEvent<'_>),
    ) -> Result<(), HttpErrorKind> {
        let GetOptions { limit, timeout, length_required } = request.options;
        if total.is_some_and(|total| total > limit) {
            return Err(HttpErrorKind::TooLarge { limit });
        }
        let encoding = field(&response, TRANSFER_ENCODING).unwrap_or_default().to_ascii_lowercase();
        let expected = length(&response).map(|length| state.held.saturating_add(length));
        if length_required && expected.is_none() && !encoding.ends_with("chunked") {
            return Err(HttpErrorKind::UnknownLength);
        }
        on(GetEvent::Begins { length: total, held: state.held, validators: &state.validators });
        let mut body = response.body_mut().with_config().limit(u64::MAX).reader();
        let mut buffer = vec![0; 1 << 16];
        loop {
            let read = body.read(&mut buffer).map_err(|error| match (error.kind(), expected) {
                (io::ErrorKind::UnexpectedEof, Some(expected)) => {
                    HttpErrorKind::CutShort { received: state.held, expected }
                }
                _ => self.kind(error.into()),
            })?;
            let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
            if state.held.saturating_add(bytes.len() as u64) > limit {
                return Err(HttpErrorKind::TooLarge { limit });
            }
            if self.clock.now().saturating_duration_since(state.begin) > timeout {
                return Err(HttpErrorKind::Timeout { allowed: timeout });
            }
            target.write(bytes).map_err(HttpErrorKind::Output)?;
            state.held += bytes.len() as u64;
            on(GetEvent::Received { bytes: bytes.len() as u64 });
        }
        // A server may give less than the part that it was asked for.
        let whole = total.filter(|_| request.only.is_none_or(|only| state.held > only));
        match expected.filter(|expected| *expected != state.held).or(whole) {
            Some(expected) if expected != state.held => {
                Err(HttpErrorKind::CutShort { received: state.held, expected })
            }
            _ => Ok(()),
        }
    }
}

fn validators(response: &Response<Body>) -> Validators {
    let text = |name| field(response, name).map(str::to_owned);
    Validators { etag: text(ETAG), last_modified: text(LAST_MODIFIED) }
}

/// Begins again, if that can be.
fn restart(state: &mut State, target: &mut dyn Target) -> Result<bool, HttpErrorKind> {
    let can = target.restart().map_err(HttpErrorKind::Output)?;
    if can {
        state.held = 0;
        state.validators = Validators::default();
    }
    Ok(can)
}

/// The first byte, and the length of the whole: of `bytes 5-9/10` (RFC 9110, section 14.4).
fn part(value: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = value.trim().strip_prefix("bytes")?.trim().split_once('/')?;
    let first = range.split_once('-')?.0.trim().parse().ok()?;
    Some((first, total.trim().parse().ok()))
}
