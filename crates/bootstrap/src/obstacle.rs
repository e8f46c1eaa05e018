//! Why a machine does not let the sandbox be made.
//!
//! The kernel answers with an error number, which says little: "No space left on device" where
//! namespaces are switched off.

use serde::{Deserialize, Serialize};

/// What a machine has against namespaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Obstacle {
    /// A limit for namespaces is 0.
    #[error("namespaces are switched off on this machine: user.max_{0}_namespaces is 0")]
    SwitchedOff(String),
    /// There are as many namespaces as are allowed, or they are nested too deeply.
    #[error("this machine allows no more namespaces (the limits user.max_*_namespaces, or 32 in each other)")]
    Limit,
    /// Debian's setting.
    #[error("only root may make namespaces on this machine: kernel.unprivileged_userns_clone is 0")]
    OnlyRoot,
    /// Ubuntu's setting.
    #[error(
        "AppArmor takes all rights in namespaces from programs that it does not know: kernel.apparmor_restrict_unprivileged_userns is 1"
    )]
    AppArmor,
    /// A filter of a container.
    #[error("a filter of system calls (seccomp), such as a container has, forbids namespaces")]
    Filter,
    /// Root, but without the right to administer the system.
    #[error("this is root without the capability CAP_SYS_ADMIN")]
    NoRights,
    /// The root folder is not that of the mount namespace.
    #[error("the kernel makes no user namespace for a process in a chroot")]
    Chroot,
    /// The kernel was built without them.
    #[error("this kernel has no user namespaces (CONFIG_USER_NS)")]
    NoKernelSupport,
}

impl Obstacle {
    /// What can be done about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::SwitchedOff(_) => {
                "as root: sysctl user.max_user_namespaces=10000 (and likewise those for mnt, pid, net, uts, ipc and cgroup)"
            }
            Self::Limit => {
                "raise the limits user.max_*_namespaces, or start it in fewer containers inside each other"
            }
            Self::OnlyRoot => "as root: sysctl kernel.unprivileged_userns_clone=1; or build as root",
            Self::AppArmor => {
                "give the program a profile with the rule `userns,` in /etc/apparmor.d; or, as root: \
                 sysctl kernel.apparmor_restrict_unprivileged_userns=0; or build as root"
            }
            Self::Filter => {
                "start the container with a filter that allows unshare and mount (docker, podman: --security-opt \
                 seccomp=unconfined), or build outside of it"
            }
            Self::NoRights => {
                "build as an ordinary user, or give the container that capability (docker, podman: --cap-add SYS_ADMIN)"
            }
            Self::Chroot => {
                "build as root, or enter the folder by other means: as root `unshare --mount` and pivot_root(8), or `bwrap --bind FOLDER / …`; \
                 or build outside of it"
            }
            Self::NoKernelSupport => "build on a machine whose kernel has them",
        }
    }
}
