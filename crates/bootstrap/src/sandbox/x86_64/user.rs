//! Who a step is: never the user root of this machine.

use super::error::SetupError;
use nix::unistd::{Gid, Uid, getegid, geteuid};
use std::fs;

/// The user and group that every step sees as its own. Not 0: programs take that for the right to
/// give files to others.
pub(super) const INSIDE: u32 = 1000;

/// Whom the kernel takes a step for when root starts it. No distribution gives this number to a
/// person or a service (systemd's list of users and groups has 60706 to 61183 as unused), and
/// containers, which often have 65536 numbers, have it.
const DEDICATED: u32 = 61000;

/// Whom the kernel takes a step for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StepUser {
    pub(super) user: Uid,
    pub(super) group: Gid,
    /// Whether it is another user than the driver's, to whom files have to be given.
    pub(super) other: bool,
}

/// Root's steps are a user of their own; those of other users are these users.
pub(super) fn choose() -> Result<StepUser, SetupError> {
    let (user, group) = (geteuid(), getegid());
    if !user.is_root() {
        return Ok(StepUser { user, group, other: false });
    }
    // Without /proc there are no containers that map numbers either.
    let map = |name: &str| fs::read_to_string(name).unwrap_or_else(|_| "0 0 4294967295".into());
    let (users, groups) = (map("/proc/self/uid_map"), map("/proc/self/gid_map"));
    if outside(&users, DEDICATED).is_some() && outside(&groups, DEDICATED).is_some() {
        return Ok(StepUser { user: DEDICATED.into(), group: DEDICATED.into(), other: true });
    }
    match outside(&users, 0) {
        // An ordinary user who is root in a namespace of his own.
        Some(outside) if outside != 0 => Ok(StepUser { user, group, other: false }),
        _ => Err(SetupError::OnlyRoot { wanted: DEDICATED }),
    }
}

/// What a number is outside, by a map as user_namespaces(7) describes it.
fn outside(map: &str, number: u32) -> Option<u32> {
    map.lines().find_map(|line| {
        let fields: Vec<u32> = line.split_whitespace().filter_map(|field| field.parse().ok()).collect();
        let [inside, outside, count] = fields[..] else { return None };
        let place = number.checked_sub(inside)?;
        (place < count).then(|| outside.checked_add(place)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_are_read() {
        let whole = "         0          0 4294967295\n";
        assert_eq!(outside(whole, DEDICATED), Some(DEDICATED));
        let container = "0 1000 1\n1 100000 65536\n";
        assert_eq!(outside(container, 0), Some(1000));
        assert_eq!(outside(container, DEDICATED), Some(160_999));
        assert_eq!(outside(container, 65_537), None);
        assert_eq!(outside("0 0 1", DEDICATED), None);
        assert_eq!(outside("0 4294967295 9\nx", 5), None);
    }
}
