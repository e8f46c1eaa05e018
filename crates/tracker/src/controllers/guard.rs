//! What stands before every handler: the permission table, and the proof that a form is from here.

use super::failure::Failure;
use super::visitor::{Credential, Visitor};
use crate::models::permission::{Action, Roles};
use crate::secret;
use axum::Form;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// The most bytes of a form.
const FORM: usize = 256 << 10;

/// Lets through who may.
pub(super) async fn check(action: Action, request: Request, next: Next) -> Response {
    match allowed(action, request).await {
        Ok(request) => next.run(request).await,
        Err(failure) => failure.into_response(),
    }
}

async fn allowed(action: Action, request: Request) -> Result<Request, Failure> {
    let visitor = request.extensions().get::<Visitor>().cloned().ok_or(Failure::Internal)?;
    if !visitor.may(action) {
        let stranger = visitor.roles() == Roles::ANONYMOUS;
        return Err(if stranger { Failure::SignIn } else { Failure::Forbidden });
    }
    // A token is sent by a program, never by a browser on its own; a delivery is signed.
    if request.method().is_safe()
        || action == Action::Deliver
        || matches!(visitor.credential, Credential::Token(_))
    {
        return Ok(request);
    }
    from_here(&visitor, request).await
}

/// A form must come from a page of this site that was made for this browser.
async fn from_here(visitor: &Visitor, request: Request) -> Result<Request, Failure> {
    let (parts, body) = request.into_parts();
    let field = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    if field("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return Err(Failure::Forged);
    }
    let key = visitor.form_key().ok_or(Failure::Forged)?;
    if let Some(token) = field("x-form-token") {
        let right = secret::is_form_token(key, token);
        return if right { Ok(Request::from_parts(parts, body)) } else { Err(Failure::Forged) };
    }
    let bytes =
        to_bytes(body, FORM).await.map_err(|_| Failure::Invalid("The form is too large".to_owned()))?;
    let copy = Request::from_parts(parts.clone(), Body::from(bytes.clone()));
    let Form(fields) = Form::<Vec<(String, String)>>::from_request(copy, &()).await.map_err(Failure::from)?;
    let token = fields.iter().find(|(name, _)| name == "form_token").map(|(_, token)| token.as_str());
    if !token.is_some_and(|token| secret::is_form_token(key, token)) {
        return Err(Failure::Forged);
    }
    Ok(Request::from_parts(parts, Body::from(bytes)))
}
