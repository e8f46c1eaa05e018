//! Why the sandbox could not be made.

use super::behind::{Attempt, behind};
use crate::obstacle::Obstacle;
use nix::errno::Errno;
use std::error::Error;
use std::io;

/// What the kernel refused. It goes to the driver as text, with its causes.
#[derive(Debug, thiserror::Error)]
pub(super) enum SetupError {
    /// The kernel refused something.
    #[error("cannot {action}")]
    System { action: String, source: Box<dyn Error + Send + Sync> },
    /// The kernel makes no namespaces.
    #[error("cannot make namespaces")]
    Namespaces(#[source] Errno),
    /// Root is the only user there is.
    #[error(
        "this is root in a user namespace without other users, and steps must not be root: let it have user and group {wanted} too, or start as another user"
    )]
    OnlyRoot { wanted: u32 },
    /// There is no `/proc` to work with.
    #[error("there is no /proc here: mount it first (in a chroot: mount -t proc proc /proc)")]
    NoProc,
    /// `/proc` cannot be mounted.
    #[error(
        "cannot mount /proc, which the step asks for: the kernel lets only those mount it who see the whole of it, which most containers do not (it needs Linux 5.8, too)"
    )]
    Proc(#[source] Errno),
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

impl SetupError {
    /// What the machine has against it, as far as that can be told. `root` is whether root started
    /// the sandbox.
    pub(super) fn obstacle(&self, root: bool) -> Option<Obstacle> {
        let (attempt, error) = match self {
            Self::Namespaces(error) => (Attempt::Namespaces, io::Error::from(*error)),
            Self::System { source, .. } => {
                let number = match source.downcast_ref::<Errno>() {
                    Some(error) => *error as i32,
                    None => source.downcast_ref::<io::Error>()?.raw_os_error()?,
                };
                (Attempt::Rights, io::Error::from_raw_os_error(number))
            }
            _ => return None,
        };
        let read = |name: &str| std::fs::read_to_string(format!("/proc/{name}")).ok();
        behind(attempt, &error, root, &read)
    }
}

/// What was tried when the system refused.
pub(super) fn cannot<E: Into<Box<dyn Error + Send + Sync>>>(
    action: impl std::fmt::Display,
) -> impl FnOnce(E) -> SetupError {
    move |error| SetupError::System { action: action.to_string(), source: error.into() }
}
