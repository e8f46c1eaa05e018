//! What each address answers. A controller reads the request, asks the models, and hands the answer
//! to a view; it decides nothing itself.

mod health;
mod publication;

use crate::app::App;
use axum::Router;
use axum::routing::get;

/// All addresses.
pub fn router(app: App) -> Router {
    Router::new().route("/healthz", get(health::show)).merge(publication::routes()).with_state(app)
}
