//! What each address answers. A controller reads the request, asks the models, and hands the answer
//! to a view; it decides nothing itself.
//!
//! An address is declared with its action ([`routes::Routes`]). Before the handler runs, the
//! permission table was asked and the form's token checked; a handler takes a
//! `Visitor`, and answers with `Visitor::page`, which
//! gives the same answer as a page or as JSON.

mod account;
mod assets;
mod cookies;
mod cves;
mod entry;
mod failure;
mod flash;
mod guard;
mod health;
mod home;
mod packages;
mod publication;
pub mod routes;
mod service;
mod sign_in;
mod suggestions;
pub(crate) mod visitor;

use crate::app::App;
use crate::models::permission::Action;
use axum::Router;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use routes::Routes;
use std::time::Duration;
use tower::util::MapRequestLayer;
use tower::{Layer as _, ServiceBuilder};
use tower_http::compression::CompressionLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

/// The most bytes of a request's body.
const BODY: usize = 4 << 20;
/// How long an answer may take.
const TIME: Duration = Duration::from_secs(30);

/// All addresses, each with its action.
pub fn routes() -> Routes {
    publication::add(Routes::default())
        .get("/healthz", Action::Read, health::show)
        .get("/assets/{name}", Action::Read, assets::show)
        .get("/robots.txt", Action::Read, assets::robots)
        .get("/metrics", Action::SeeMetrics, service::metrics)
        .get("/", Action::Read, home::show)
        .get("/search", Action::Read, home::search)
        .get("/cves", Action::Read, cves::list)
        .get("/cves/{id}", Action::Read, cves::show)
        .get("/packages", Action::Read, packages::list)
        .get("/packages/{name}", Action::Read, packages::show)
        .get("/channels", Action::Read, packages::channels)
        .get("/suggestions", Action::SeeQueue, suggestions::list)
        .get("/suggestions/{id}", Action::SeeQueue, suggestions::show)
        .post("/suggestions/decide", Action::Triage, suggestions::decide)
        .post("/suggestions/undo", Action::Triage, suggestions::undo)
        .get("/jobs", Action::SeeJobs, service::jobs)
        .get("/sign-in", Action::SignIn, sign_in::show)
        .post("/sign-in", Action::SignIn, sign_in::sign_in)
        .get("/sign-in/code", Action::SignIn, sign_in::show_code)
        .post("/sign-in/code", Action::SignIn, sign_in::take_code)
        .post("/sign-out", Action::OwnAccount, sign_in::sign_out)
        .get("/account", Action::OwnAccount, account::show)
        .post("/account/password", Action::OwnAccount, account::set_password)
        .post("/account/sessions/{number}/end", Action::OwnAccount, account::end_session)
        .post("/account/sessions/end-others", Action::OwnAccount, account::end_others)
        .post("/account/tokens", Action::OwnAccount, account::create_token)
        .post("/account/tokens/{id}/revoke", Action::OwnAccount, account::revoke_token)
        .get("/account/code", Action::OwnAccount, account::show_code)
        .post("/account/code", Action::OwnAccount, account::confirm_code)
        .post("/account/code/remove", Action::OwnAccount, account::remove_code)
}

/// The service.
pub fn router(app: App) -> Router {
    let layers = ServiceBuilder::new()
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(app.clone(), entry::enter))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, TIME))
        .layer(RequestBodyLimitLayer::new(BODY));
    let inner = routes().finish().layer(layers).with_state(app);
    // Before any address is chosen.
    Router::new().fallback_service(MapRequestLayer::new(entry::without_ending).layer(inner))
}

/// Whether an address is one of this site: it begins with one slash, and no browser can read it as
/// another host.
fn is_local(address: &str) -> bool {
    address.starts_with('/')
        && !address.starts_with("//")
        && !address.contains('\\')
        && address.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::is_local;

    #[test]
    fn addresses_of_this_site() {
        for good in ["/", "/a?b=c#d", "/packages/python%3Arequests"] {
            assert!(is_local(good), "{good}");
        }
        for bad in
            ["", "a", "//example.org", "/\\example.org", "https://example.org/", "/a\r\nb", "/ b", "/é"]
        {
            assert!(!is_local(bad), "{bad}");
        }
    }
}
