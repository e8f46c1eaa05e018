//! Why the sandbox could not be made.

use std::error::Error;

/// What the kernel refused. It goes to the driver as text, with its causes.
#[derive(Debug, thiserror::Error)]
pub(super) enum SetupError {
    /// The kernel refused something.
    #[error("cannot {action}")]
    System { action: String, source: Box<dyn Error + Send + Sync> },
    /// Init ended in another way than by its result.
    #[error("init ended without a result: {0}")]
    NoResult(String),
    /// An argument cannot be handed to a program.
    #[error("an argument holds a zero byte")]
    ZeroByte,
    /// There is nothing to run.
    #[error("a command without a program")]
    NoProgram,
}

/// What was tried when the system refused.
pub(super) fn cannot<E: Into<Box<dyn Error + Send + Sync>>>(
    action: impl std::fmt::Display,
) -> impl FnOnce(E) -> SetupError {
    move |error| SetupError::System { action: action.to_string(), source: error.into() }
}
