//! What the service does by itself, for those who run it.

use super::failure::Failure;
use super::visitor::Visitor;
use crate::models::listing::jobs;
use crate::views::service::Jobs;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

/// `/jobs`
pub(super) async fn jobs(visitor: Visitor) -> Result<Response, Failure> {
    let now = visitor.app.now();
    let jobs = visitor.app.database.reading(move |connection| jobs::list(connection, now)).await?;
    visitor.page(&Jobs { jobs })
}

/// `/metrics`, in OpenMetrics' text.
pub(super) async fn metrics(visitor: Visitor) -> Result<Response, Failure> {
    let text = visitor.app.metrics.text().map_err(|error| Failure::internal(&error))?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(CONTENT_TYPE, kind)], text).into_response())
}
