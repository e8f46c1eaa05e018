//! The addresses of the service. None is without an action: the permission table decides before a
//! handler is called, and a test walks the list.

use super::guard;
use crate::app::App;
use crate::models::permission::Action;
use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::routing::{MethodFilter, on};

/// An address, and what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// The method.
    pub method: Method,
    /// The path, with names of its variable parts in braces.
    pub path: &'static str,
    /// What it does.
    pub action: Action,
}

/// Addresses, declared one after the other.
#[derive(Debug, Default)]
pub struct Routes {
    pub(super) router: Router<App>,
    declared: Vec<Declared>,
}

impl Routes {
    /// A page, or what else is read.
    #[must_use]
    pub(crate) fn get<T: 'static, H: Handler<T, App>>(
        self,
        path: &'static str,
        action: Action,
        handler: H,
    ) -> Self {
        self.add(&Method::GET, path, action, handler)
    }

    /// What changes something.
    #[must_use]
    pub(crate) fn post<T: 'static, H: Handler<T, App>>(
        self,
        path: &'static str,
        action: Action,
        handler: H,
    ) -> Self {
        self.add(&Method::POST, path, action, handler)
    }

    fn add<T: 'static, H: Handler<T, App>>(
        mut self,
        method: &Method,
        path: &'static str,
        action: Action,
        handler: H,
    ) -> Self {
        let filter = if method == Method::GET { MethodFilter::GET } else { MethodFilter::POST };
        let guarded = on(filter, handler)
            .layer(from_fn(move |request: Request, next: Next| guard::check(action, request, next)));
        self.declared.push(Declared { method: method.clone(), path, action });
        self.router = self.router.route(path, guarded);
        self
    }

    /// All of them.
    pub fn declared(&self) -> &[Declared] {
        &self.declared
    }

    pub(super) fn finish(self) -> Router<App> {
        self.router.fallback(async || StatusCode::NOT_FOUND)
    }
}
