//! What the service does by itself, for those who run it.

use super::failure::Failure;
use super::visitor::Visitor;
use crate::models::job;
use crate::views::service::{JobRow, Jobs};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

/// `/jobs`
pub(super) async fn jobs(visitor: Visitor) -> Result<Response, Failure> {
    let now = visitor.app.now();
    let found = visitor.app.database.reading(job::all_with_last_run).await?;
    let jobs = found.into_iter().map(|(job, last_run)| JobRow { job, last_run, now }).collect();
    visitor.page(&Jobs { jobs })
}

/// `/metrics`, in OpenMetrics' text.
pub(super) async fn metrics(visitor: Visitor) -> Result<Response, Failure> {
    let text = visitor.app.metrics.text().map_err(|error| Failure::internal(&error))?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(CONTENT_TYPE, kind)], text).into_response())
}
