//! `/assets/…`: what pages are made with. And what robots are told.

use super::failure::Failure;
use crate::assets;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;

/// A file. Its name has its hash: it never changes.
pub(super) async fn show(name: Result<Path<String>, PathRejection>) -> Result<impl IntoResponse, Failure> {
    let Path(name) = name?;
    let asset = assets::find(&name).ok_or_else(|| Failure::Missing("such file".to_owned()))?;
    let fields = [(CONTENT_TYPE, asset.kind), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
    Ok((fields, asset.content))
}

/// Pages with endless filters are not for robots; what they list is.
pub(super) async fn robots() -> &'static str {
    "User-agent: *\nDisallow: /search\nDisallow: /sign-in\nDisallow: /account\nDisallow: /*?\n"
}
