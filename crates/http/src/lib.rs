//! HTTP, with all limits.
//!
//! One [`Client`] for everything: [`get_to`](Client::get_to) and [`download`](Client::download) get
//! what is there, [`size`](Client::size) asks how large something is, and [`post`](Client::post)
//! asks a question. Each has a limit on time and size, follows a few redirects at most, and what
//! begins encrypted stays so. A server that sends nothing for a while is given up. Downloads are
//! tried again where that is safe ([`RetryPolicy`]), and go on where they broke off. Proxies come
//! from the environment ([`Proxies`]). User names, passwords and other secrets in URLs are never
//! part of a message ([`redacted`]).
//!
//! What comes of a request is for the caller to check: whether it is what was wanted.

mod absolute_form;
mod certificates;
mod client;
mod clock;
mod download;
mod error;
mod event;
mod limits;
mod proxy;
mod retry;
mod text;
mod url;

pub use certificates::CertificatesError;
pub use client::{Client, PostRequest};
pub use clock::{Clock, SystemClock};
pub use download::{DownloadRequest, Downloaded, GetOptions};
pub use error::{HttpError, HttpErrorKind};
pub use event::{GetEvent, Validators};
pub use proxy::Proxies;
pub use retry::RetryPolicy;
pub use text::{is_url, redacted, scheme};
