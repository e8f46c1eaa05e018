//! What the service does by itself, for those who run it.

use super::failure::Failure;
use super::visitor::Visitor;
use crate::database::DatabaseError;
use crate::models::job;
use crate::views::service::{JobRow, Jobs};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

/// `/jobs`
pub(super) async fn jobs(visitor: Visitor) -> Result<Response, Failure> {
    let now = visitor.app.now();
    let read = visitor.app.database.reading(move |connection| {
        let mut jobs = Vec::new();
        for job in job::all(connection)? {
            let last_run = job::runs(connection, &job.name, None, 1)?.pop();
            jobs.push(JobRow { job, last_run, now });
        }
        Ok::<_, DatabaseError>(jobs)
    });
    visitor.page(&Jobs { jobs: read.await? })
}

/// `/metrics`, in OpenMetrics' text.
pub(super) async fn metrics(visitor: Visitor) -> Result<Response, Failure> {
    let text = visitor.app.metrics.text().map_err(|error| Failure::internal(&error))?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(CONTENT_TYPE, kind)], text).into_response())
}
