//! `/healthz`: whether this process can serve.

use crate::app::App;
use crate::database::DatabaseError;
use crate::params;
use axum::extract::State;
use axum::http::StatusCode;

/// 200 if the database answers, else 503.
pub(super) async fn show(State(app): State<App>) -> (StatusCode, &'static str) {
    let asked: Result<i64, DatabaseError> = app
        .database
        .reading(|connection| connection.query_one("SELECT CAST(1 AS BIGINT)", params![], |row| row.get(0)))
        .await;
    match asked {
        Ok(_) => (StatusCode::OK, "ok\n"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
    }
}
