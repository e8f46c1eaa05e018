//! `/healthz`: whether this process can serve.

use crate::app::App;
use axum::extract::State;
use axum::http::StatusCode;

/// 200 if the database answers, else 503.
pub(super) async fn show(State(app): State<App>) -> (StatusCode, &'static str) {
    match app.database.ping().await {
        Ok(()) => (StatusCode::OK, "ok\n"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
    }
}
