//! Limits for all processes of a step together: a control group, where this user may make one.

use crate::sandbox::{LimitKind, StepLimits};
use nix::sys::signal::kill;
use nix::unistd::Pid;
use std::fs;
use std::path::{Path, PathBuf};

/// How the folders of this program's groups are called, before the number of the process.
const NAME: &str = "snowguard-step-";

/// A control group of version 2, or one of version 1 for memory and one for processes.
#[derive(Debug)]
pub(super) struct Cgroup {
    folders: Vec<PathBuf>,
}

impl Cgroup {
    /// Makes one with these limits and puts a process into it, if the system lets this user do so.
    pub(super) fn enter(limits: &StepLimits, process: Pid) -> Option<Self> {
        let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
        let own = fs::read_to_string("/proc/self/cgroup").ok()?;
        // Init is one of the processes.
        let (memory, processes) =
            (limits.memory().to_string(), limits.processes.saturating_add(1).to_string());
        let unified = [
            ("memory.max", memory.as_str(), true),
            ("pids.max", &processes, true),
            ("memory.swap.max", "0", false),
            ("memory.oom.group", "1", false),
        ];
        // A group that has processes may not give limits to others below it, so it is the first
        // above it that can.
        if let Some((top, own)) = place(&mounts, &own, None) {
            let above = own.ancestors().take_while(|above| above.starts_with(&top));
            if let Some(folder) = above.into_iter().find_map(|above| make(above, &unified, process)) {
                return Some(Self { folders: vec![folder] });
            }
        }
        let old = [
            ("memory", [("memory.limit_in_bytes", memory.as_str(), true)]),
            ("pids", [("pids.max", processes.as_str(), true)]),
        ];
        let folders: Vec<_> = old
            .iter()
            .filter_map(|(controller, files)| {
                make(&place(&mounts, &own, Some(controller))?.1, files, process)
            })
            .collect();
        (!folders.is_empty()).then_some(Self { folders })
    }

    /// The limit that the step has reached, if it has.
    pub(super) fn reached(&self) -> Option<LimitKind> {
        let counted = |name: &str, what: &str| {
            self.folders.iter().filter_map(|folder| fs::read_to_string(folder.join(name)).ok()).any(|text| {
                let count = |line: &str| line.strip_prefix(what)?.trim().parse::<u64>().ok();
                text.lines().filter_map(count).any(|count| count > 0)
            })
        };
        if counted("memory.events", "oom_kill ") || counted("memory.oom_control", "oom_kill ") {
            return Some(LimitKind::Memory);
        }
        counted("pids.events", "max ").then_some(LimitKind::Processes)
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        for folder in &self.folders {
            // Its processes are gone. If it stays, the next step removes it.
            let _ = fs::remove_dir(folder);
        }
    }
}

/// Makes a group below another one. None if it cannot be made, or lacks what is required.
fn make(above: &Path, files: &[(&str, &str, bool)], process: Pid) -> Option<PathBuf> {
    remove_left_over(above);
    let folder = above.join(format!("{NAME}{process}"));
    fs::create_dir(&folder).ok()?;
    let set = |name: &str, value: &str| {
        let file = folder.join(name);
        // A file that is not there is a controller that is not, and must not be made.
        file.exists() && fs::write(file, value).is_ok()
    };
    let filled = files.iter().all(|(name, value, required)| set(name, value) || !required)
        && set("cgroup.procs", &process.to_string());
    if !filled {
        let _ = fs::remove_dir(&folder);
        return None;
    }
    Some(folder)
}

/// Removes groups of drivers that were killed.
fn remove_left_over(above: &Path) {
    for entry in fs::read_dir(above).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(NAME)?.parse().ok());
        if number.is_some_and(|number| kill(Pid::from_raw(number), None).is_err()) {
            let _ = fs::remove_dir(entry.path());
        }
    }
}

/// Where groups are mounted, and below it this process's: that of version 2, or that of a
/// controller of version 1. The files are described in proc_pid_mountinfo(5) and cgroups(7).
fn place(mounts: &str, own: &str, controller: Option<&str>) -> Option<(PathBuf, PathBuf)> {
    let path = own.lines().find_map(|line| {
        let mut fields = line.splitn(3, ':');
        let (number, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
        let fits = match controller {
            None => number == "0" && controllers.is_empty(),
            Some(name) => controllers.split(',').any(|other| other == name),
        };
        fits.then_some(path)
    })?;
    mounts.lines().find_map(|line| {
        let (place, kind) = line.split_once(" - ")?;
        let kind: Vec<&str> = kind.split(' ').collect();
        let fits = match (controller, &kind[..]) {
            (None, ["cgroup2", ..]) => true,
            (Some(name), ["cgroup", .., options]) => options.split(',').any(|option| option == name),
            _ => false,
        };
        let place: Vec<&str> = place.split(' ').collect();
        let [_, _, _, root, mounted, ..] = place[..] else { return None };
        let inner = Path::new(path).strip_prefix(root).ok()?;
        fits.then(|| (PathBuf::from(mounted), Path::new(mounted).join(inner)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_found() {
        let pair = |top: &str, own: &str| Some((top.into(), own.into()));
        let mounts = "24 30 0:21 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
        let own = "0::/user.slice/user-1000.slice\n";
        let found = pair("/sys/fs/cgroup", "/sys/fs/cgroup/user.slice/user-1000.slice");
        assert_eq!(place(mounts, own, None), found);
        assert_eq!(place(mounts, own, Some("memory")), None);
        let mounts = "31 28 0:26 / /c/unified rw - cgroup2 cgroup2 rw\n33 28 0:28 /a /c/memory rw - cgroup cgroup rw,memory\n";
        let own = "4:memory:/a/b\n1:name=systemd:/\n0::/\n";
        assert_eq!(place(mounts, own, Some("memory")), pair("/c/memory", "/c/memory/b"));
        assert_eq!(place(mounts, own, None), pair("/c/unified", "/c/unified"));
        assert_eq!(place("", own, None), None);
    }
}
