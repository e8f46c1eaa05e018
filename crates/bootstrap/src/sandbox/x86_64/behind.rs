//! What stands behind an error number of the kernel: what was tried, the number, and a few settings
//! of the machine together tell it.

use crate::obstacle::Obstacle;
use std::io;

/// What was tried when the kernel refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attempt {
    /// To make the namespaces.
    Namespaces,
    /// To use the rights that one has in them.
    Rights,
}

/// The namespaces that a sandbox has, as the settings of the kernel call them.
const NAMESPACES: [&str; 7] = ["user", "mnt", "pid", "net", "uts", "ipc", "cgroup"];

/// What stands behind an error of the kernel, if it can be told. `read` gives the text of a file
/// below `/proc`, if there is one.
pub(super) fn behind(
    attempt: Attempt,
    error: &io::Error,
    root: bool,
    read: &dyn Fn(&str) -> Option<String>,
) -> Option<Obstacle> {
    // The numbers are those of Linux on all machines (errno-base.h).
    const EPERM: i32 = 1;
    const EACCES: i32 = 13;
    const EINVAL: i32 = 22;
    const ENOSPC: i32 = 28;
    const EUSERS: i32 = 87;
    let setting = |name: &str| read(name).map(|text| text.trim().to_owned());
    let is = |name: &str, value: &str| setting(name).is_some_and(|text| text == value);
    let app_armor = is("sys/kernel/apparmor_restrict_unprivileged_userns", "1") && !root;
    match (attempt, error.raw_os_error()?) {
        (Attempt::Namespaces, ENOSPC | EUSERS) => {
            let off = NAMESPACES.iter().find(|name| is(&format!("sys/user/max_{name}_namespaces"), "0"));
            Some(off.map_or(Obstacle::Limit, |name| Obstacle::SwitchedOff((*name).to_owned())))
        }
        (Attempt::Namespaces, EINVAL) => Some(Obstacle::NoKernelSupport),
        (Attempt::Namespaces, EPERM) if !root && is("sys/kernel/unprivileged_userns_clone", "0") => {
            Some(Obstacle::OnlyRoot)
        }
        (_, EPERM | EACCES) if app_armor => Some(Obstacle::AppArmor),
        (Attempt::Namespaces, EPERM)
            if root && setting("self/status").is_some_and(|status| !administers(&status)) =>
        {
            Some(Obstacle::NoRights)
        }
        (Attempt::Namespaces, EPERM) => {
            let filtered = setting("self/status").is_some_and(|status| {
                status
                    .lines()
                    .any(|line| line.strip_prefix("Seccomp:").is_some_and(|mode| mode.trim() == "2"))
            });
            // Mounts are listed as seen from the root folder, and that of a chroot is seldom one.
            let outside = setting("self/mountinfo")
                .is_some_and(|mounts| !mounts.lines().any(|line| line.split(' ').nth(4) == Some("/")));
            Some(if filtered && !outside { Obstacle::Filter } else { Obstacle::Chroot })
        }
        _ => None,
    }
}

/// Whether a process has CAP_SYS_ADMIN, by its `/proc/PID/status`. It has if it does not say.
fn administers(status: &str) -> bool {
    const SYS_ADMIN: u32 = 21;
    let sets = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let sets = sets.and_then(|sets| u64::from_str_radix(sets.trim(), 16).ok());
    sets.is_none_or(|sets| sets >> SYS_ADMIN & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told on a machine with these settings.
    fn told(attempt: Attempt, errno: i32, root: bool, settings: &[(&str, &str)]) -> Option<Obstacle> {
        let read = |name: &str| {
            settings.iter().find(|(known, _)| *known == name).map(|(_, text)| format!("{text}\n"))
        };
        behind(attempt, &io::Error::from_raw_os_error(errno), root, &read)
    }

    #[test]
    fn each_machine_is_told_what_it_has() {
        use Attempt::{Namespaces, Rights};
        let off = |name: &str| Some(Obstacle::SwitchedOff(name.into()));
        let (armor, debian) = (
            ("sys/kernel/apparmor_restrict_unprivileged_userns", "1"),
            ("sys/kernel/unprivileged_userns_clone", "0"),
        );
        for root in [false, true] {
            assert_eq!(told(Namespaces, 28, root, &[("sys/user/max_user_namespaces", "0")]), off("user"));
            let settings = [("sys/user/max_user_namespaces", "10"), ("sys/user/max_net_namespaces", "0")];
            assert_eq!(told(Namespaces, 28, root, &settings), off("net"));
            assert_eq!(told(Namespaces, 28, root, &[]), Some(Obstacle::Limit));
            assert_eq!(told(Namespaces, 22, root, &[]), Some(Obstacle::NoKernelSupport));
            assert_eq!(told(Namespaces, 1, root, &[]), Some(Obstacle::Chroot));
            let filter = ("self/status", "Name:\tx\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1");
            assert_eq!(told(Namespaces, 1, root, &[filter]), Some(Obstacle::Filter));
            let mounts = (
                "self/mountinfo",
                "22 1 8:1 / / rw shared:1 - ext4 /dev/a rw\n23 22 0:5 / /proc rw - proc proc rw",
            );
            assert_eq!(told(Namespaces, 1, root, &[filter, mounts]), Some(Obstacle::Filter));
            let inside = ("self/mountinfo", "23 22 0:5 / /proc rw - proc proc rw");
            assert_eq!(told(Namespaces, 1, root, &[filter, inside]), Some(Obstacle::Chroot));
            assert_eq!(told(Rights, 28, root, &[armor, debian]), None);
        }
        assert_eq!(told(Namespaces, 1, false, &[debian]), Some(Obstacle::OnlyRoot));
        let docker = ("self/status", "Name:\tx\nCapEff:\t00000000a80425fb\nSeccomp:\t2");
        assert_eq!(told(Namespaces, 1, true, &[docker]), Some(Obstacle::NoRights));
        let all = ("self/status", "CapEff:\t000001ffffffffff\nSeccomp:\t2");
        assert_eq!(told(Namespaces, 1, true, &[all]), Some(Obstacle::Filter));
        assert_eq!(told(Namespaces, 1, true, &[debian]), Some(Obstacle::Chroot));
        for (attempt, errno) in [(Namespaces, 13), (Rights, 1), (Rights, 13)] {
            assert_eq!(told(attempt, errno, false, &[armor]), Some(Obstacle::AppArmor));
            assert_eq!(told(attempt, errno, true, &[armor]), None);
        }
    }
}
