//! What an advisory says of each version that a channel has.
//!
//! A channel's status is that of its worst version; documents name versions, so each gets its own.
//! A person's word is about the package in the channel: it counts for the versions that would be
//! affected, and for all of them where none would.

use super::{Build, InChannel, Package, Published};
use crate::models::advisory::status::{Held, Justification, Ranges, Status, View, compute};
use std::collections::BTreeMap;

/// The status of a package in a channel: what counts, and whether a person said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// The status.
    pub status: Status,
    /// VEX's reason.
    pub justification: Option<Justification>,
    /// Why.
    pub why: String,
    /// Whether it is a person's word.
    pub stated: bool,
}

/// How each version stands that a channel has. The first text of a pair is the name without the
/// version.
pub fn builds(ranges: &Ranges, counted: &Counted, held: &[(String, Held)]) -> Vec<Build> {
    let alone = |held: &Held| {
        let view = View { channel: std::slice::from_ref(held), branch: None, maintained: true };
        compute(ranges, &view)
    };
    let computed: Vec<_> = held.iter().map(|(_, held)| alone(held)).collect();
    let settled = |status| matches!(status, Status::Fixed | Status::NotAffected);
    let all_settled = computed.iter().all(|computed| settled(computed.status));
    let with = |((pname, held), computed): (&(String, Held), _)| {
        let crate::models::advisory::status::Computed { status, justification, why } = computed;
        let of_channel = if counted.stated {
            all_settled || !settled(status)
        } else {
            status == Status::Affected && counted.status.is_exposed()
        };
        let (status, justification, why) = if of_channel {
            (counted.status, counted.justification, counted.why.clone())
        } else {
            (status, justification, why)
        };
        Build {
            attribute: held.attribute.clone(),
            pname: pname.clone(),
            version: held.version.clone(),
            status,
            justification,
            why,
        }
    };
    held.iter().zip(computed).map(with).collect()
}

/// What is said of a version wherever it is: the worst of the channels counts, because whoever
/// reads it has only the version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfVersion<'p> {
    /// The build that decided.
    pub build: &'p Build,
    /// The channels that have the version.
    pub channels: Vec<&'p str>,
}

/// What an advisory says of each version, by name and version. Builds without a name or a version
/// are left out: what they are called names everything.
pub fn of_versions(published: &Published) -> BTreeMap<(&str, &str), OfVersion<'_>> {
    let mut found: BTreeMap<(&str, &str), OfVersion<'_>> = BTreeMap::new();
    for (channel, build) in published.packages.iter().flat_map(of_package) {
        if build.pname.is_empty() || build.version.is_empty() {
            continue;
        }
        let key = (build.pname.as_str(), build.version.as_str());
        let entry = found.entry(key).or_insert_with(|| OfVersion { build, channels: Vec::new() });
        let rank = |build: &Build| (Verdict::of(build.status, false), build.status);
        if rank(build) < rank(entry.build) {
            entry.build = build;
        }
        if !entry.channels.contains(&channel.channel.as_str()) {
            entry.channels.push(&channel.channel);
        }
    }
    found
}

fn of_package(package: &Package) -> impl Iterator<Item = (&InChannel, &Build)> {
    package.channels.iter().flat_map(|channel| channel.builds.iter().map(move |build| (channel, build)))
}

/// What a reader of VEX distinguishes, what counts most first: nobody wants to hear that something
/// is safe where somebody says the opposite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It has the vulnerability.
    Affected,
    /// It is not known, or the advisory was withdrawn.
    UnderInvestigation,
    /// It never had it.
    NotAffected,
    /// It had it.
    Fixed,
}

impl Verdict {
    /// The verdict of a status. What a withdrawn advisory said is said no more.
    pub const fn of(status: Status, withdrawn: bool) -> Self {
        if withdrawn {
            return Self::UnderInvestigation;
        }
        match status {
            Status::Affected
            | Status::FixedInBranch
            | Status::WontFix
            | Status::Postponed
            | Status::EndOfLife => Self::Affected,
            Status::UnderInvestigation | Status::Unknown => Self::UnderInvestigation,
            Status::Fixed => Self::Fixed,
            Status::NotAffected => Self::NotAffected,
        }
    }
}

/// What a user of an affected version can do.
pub const fn action(status: Status) -> &'static str {
    match status {
        Status::FixedInBranch => {
            "The fix is in the channel\u{2019}s branch: update when the channel has advanced to it."
        }
        Status::WontFix => "No fix is planned: replace the package, or keep it from untrusted input.",
        Status::Postponed => "The fix is postponed: keep the package from untrusted input until then.",
        Status::EndOfLife => "The channel gets no fixes any more: change to one that is maintained.",
        _ => "No fix is there yet: keep the package from untrusted input, and update when it is.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::advisory::status::Range;

    fn held(version: &str, patch: Option<&str>) -> (String, Held) {
        let held =
            Held { attribute: "curl".into(), version: version.into(), patch: patch.map(str::to_owned) };
        ("curl".into(), held)
    }

    fn statuses(status: Status, stated: bool, held: &[(String, Held)]) -> Vec<Status> {
        let range = Range { introduced: Some("2".into()), fixed: Some("4".into()), last_affected: None };
        let justification =
            (status == Status::NotAffected).then_some(Justification::InlineMitigationsAlreadyExist);
        let counted = Counted { status, justification, why: "x".into(), stated };
        let builds = builds(&Ranges(vec![range]), &counted, held);
        // VEX demands a reason exactly where something is not affected.
        assert!(builds.iter().all(|b| (b.status == Status::NotAffected) == b.justification.is_some()));
        builds.into_iter().map(|build| build.status).collect()
    }

    #[test]
    fn each_version_has_its_own_status() {
        let all = [held("1", None), held("3", None), held("3", Some("CVE-2026-1.patch")), held("4", None)];
        let (not, fixed) = (Status::NotAffected, Status::Fixed);
        for status in [Status::Affected, Status::FixedInBranch, Status::EndOfLife] {
            assert_eq!(statuses(status, false, &all), [not, status, fixed, fixed]);
        }
        // A word about the package is about what would be affected.
        for status in [Status::WontFix, Status::Postponed, not, Status::UnderInvestigation] {
            assert_eq!(statuses(status, true, &all), [not, status, fixed, fixed]);
        }
        // And about all of it where that is nothing: the computation is wrong then.
        assert_eq!(statuses(Status::Affected, true, &[held("4", None)]), [Status::Affected]);
        assert_eq!(statuses(Status::Fixed, false, &[]), []);
    }
}
