//! The first page, and the search field.

use super::failure::Failure;
use super::visitor::Visitor;
use crate::database::DatabaseError;
use crate::models::{channel, cve};
use crate::views::home::Home;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::response::Response;
use serde::Deserialize;
use vulnerability::CveId;

/// `/`
pub(super) async fn show(visitor: Visitor) -> Result<Response, Failure> {
    let read = visitor.app.database.reading(|connection| {
        let severe = cve::Filter { level: Some(3), ..cve::Filter::default() };
        let found = cve::list(connection, &severe, cve::Order::Published, None, 12)?;
        let cves = found.rows.into_iter().map(Into::into).collect();
        Ok::<_, DatabaseError>(Home { channels: channel::rows(connection)?, cves })
    });
    visitor.page(&read.await?)
}

#[derive(Debug, Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    q: String,
}

/// `/search`: an id leads to its page, anything else to packages of that name.
pub(super) async fn search(
    visitor: Visitor,
    query: Result<Query<Search>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(Search { q }) = query?;
    let text = q.trim();
    if let Ok(id) = text.to_ascii_uppercase().parse::<CveId>() {
        return Ok(visitor.go(&format!("/cves/{id}"), None));
    }
    let encoded: String = text.bytes().take(200).map(encoded).collect();
    Ok(visitor.go(&format!("/packages?q={encoded}"), None))
}

/// A byte of a query.
pub(super) fn encoded(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}
