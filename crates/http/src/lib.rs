//! HTTP, with all limits.
//!
//! One [`Client`] for everything: [`get_to`](Client::get_to) downloads, [`size`](Client::size) asks
//! how large something is, and [`post`](Client::post) asks a question. Each has a limit on time and
//! size, follows a few redirects at most, and what begins encrypted stays so. Downloads are tried
//! again where that is safe ([`RetryPolicy`]). Proxies come from the environment (`HTTPS_PROXY`,
//! `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`).
//!
//! What comes of a request is for the caller to check: whether it is what was wanted.

mod certificates;
mod client;
mod clock;
mod error;
mod limits;
mod retry;

pub use certificates::CertificatesError;
pub use client::{Client, GetEvent, GetOptions, PostRequest};
pub use clock::{Clock, SystemClock};
pub use error::{HttpError, HttpErrorKind};
pub use retry::RetryPolicy;

/// Whether a text is a URL that a [`Client`] can be asked for, and not a path.
pub fn is_url(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}
