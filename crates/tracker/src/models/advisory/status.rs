//! The status of a package in a channel: pure.

use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use vulnerability::model::VersionScheme;
use vulnerability::version;

/// A status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// A version is affected, and nothing better is on its way.
    Affected,
    /// Nobody has said yet which versions are affected.
    UnderInvestigation,
    /// It cannot be told.
    Unknown,
    /// The branch has the fix, the channel has not advanced to it.
    FixedInBranch,
    /// It is affected, and is left so.
    WontFix,
    /// It is affected, and waits for something.
    Postponed,
    /// It is affected, and the channel gets no fixes any more.
    EndOfLife,
    /// It has the fix.
    Fixed,
    /// It never was affected here.
    NotAffected,
}

impl Status {
    /// All of them, the worst first.
    pub const ALL: [Self; 9] = [
        Self::Affected,
        Self::UnderInvestigation,
        Self::Unknown,
        Self::FixedInBranch,
        Self::WontFix,
        Self::Postponed,
        Self::EndOfLife,
        Self::Fixed,
        Self::NotAffected,
    ];

    /// Its name in the database and in addresses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Affected => "affected",
            Self::UnderInvestigation => "under_investigation",
            Self::Unknown => "unknown",
            Self::FixedInBranch => "fixed_in_branch",
            Self::WontFix => "wont_fix",
            Self::Postponed => "postponed",
            Self::EndOfLife => "end_of_life",
            Self::Fixed => "fixed",
            Self::NotAffected => "not_affected",
        }
    }

    /// What people read.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Affected => "Affected",
            Self::UnderInvestigation => "Under investigation",
            Self::Unknown => "Unknown",
            Self::FixedInBranch => "Fixed in the branch, not yet in the channel",
            Self::WontFix => "Won\u{2019}t fix",
            Self::Postponed => "Postponed",
            Self::EndOfLife => "End of life",
            Self::Fixed => "Fixed",
            Self::NotAffected => "Not affected",
        }
    }

    /// The status of a name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// Whether a user of the channel has the vulnerability.
    pub const fn is_exposed(self) -> bool {
        matches!(
            self,
            Self::Affected | Self::FixedInBranch | Self::WontFix | Self::Postponed | Self::EndOfLife
        )
    }
}

/// Why something is not affected: the labels of VEX (CISA, "Vulnerability Exploitability eXchange:
/// Status Justifications", June 2022).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Justification {
    /// The channel does not have the package.
    ComponentNotPresent,
    /// The code is not in this version, or not built.
    VulnerableCodeNotPresent,
    /// The code is never run.
    VulnerableCodeNotInExecutePath,
    /// Nobody from outside can reach it.
    VulnerableCodeCannotBeControlledByAdversary,
    /// Something prevents it.
    InlineMitigationsAlreadyExist,
}

impl Justification {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::ComponentNotPresent,
        Self::VulnerableCodeNotPresent,
        Self::VulnerableCodeNotInExecutePath,
        Self::VulnerableCodeCannotBeControlledByAdversary,
        Self::InlineMitigationsAlreadyExist,
    ];

    /// Its name in VEX documents and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ComponentNotPresent => "component_not_present",
            Self::VulnerableCodeNotPresent => "vulnerable_code_not_present",
            Self::VulnerableCodeNotInExecutePath => "vulnerable_code_not_in_execute_path",
            Self::VulnerableCodeCannotBeControlledByAdversary => {
                "vulnerable_code_cannot_be_controlled_by_adversary"
            }
            Self::InlineMitigationsAlreadyExist => "inline_mitigations_already_exist",
        }
    }

    /// The justification of a name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|justification| justification.name() == name)
    }
}

/// Versions that are affected.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ranges(pub Vec<Range>);

/// One range.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Range {
    /// The first version that is affected; none is from the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introduced: Option<String>,
    /// The first version that is not affected any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed: Option<String>,
    /// The last version that is affected, where no fixed one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_affected: Option<String>,
}

/// Why a range makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RangeError {
    /// Too many ranges.
    #[error("more than {MOST_RANGES} ranges")]
    Many,
    /// Two upper ends.
    #[error("a range ends with a fixed version or with the last affected one, not with both")]
    TwoEnds,
    /// No version.
    #[error("{0:?} is no version")]
    NoVersion(String),
    /// It ends before it begins.
    #[error("a range from {introduced} ends at {end}")]
    Empty {
        /// Its beginning.
        introduced: String,
        /// Its end.
        end: String,
    },
}

const MOST_RANGES: usize = 200;
const MAXIMUM_VERSION: usize = 100;

impl Range {
    fn check(&self) -> Result<(), RangeError> {
        if self.fixed.is_some() && self.last_affected.is_some() {
            return Err(RangeError::TwoEnds);
        }
        for version in [&self.introduced, &self.fixed, &self.last_affected].into_iter().flatten() {
            let plain = version.bytes().all(|byte| byte.is_ascii_graphic());
            if version.is_empty() || version.len() > MAXIMUM_VERSION || !plain {
                return Err(RangeError::NoVersion(version.chars().take(MAXIMUM_VERSION).collect()));
            }
        }
        let end = self.fixed.as_ref().map(|end| (end, Ordering::Less));
        let end = end.or_else(|| self.last_affected.as_ref().map(|end| (end, Ordering::Equal)));
        if let (Some(introduced), Some((end, most))) = (&self.introduced, end)
            && compare(introduced, end).is_some_and(|order| order > most)
        {
            return Err(RangeError::Empty { introduced: introduced.clone(), end: end.clone() });
        }
        Ok(())
    }

    /// Where a version stands; none if it cannot be compared.
    fn place(&self, version: &str) -> Option<Place> {
        if let Some(introduced) = &self.introduced
            && compare(version, introduced)? == Ordering::Less
        {
            return Some(Place::Before);
        }
        let behind = match (&self.fixed, &self.last_affected) {
            (Some(fixed), _) => compare(version, fixed)? != Ordering::Less,
            (None, Some(last)) => compare(version, last)? == Ordering::Greater,
            (None, None) => false,
        };
        Some(if behind { Place::Behind } else { Place::Inside })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Before,
    Inside,
    Behind,
}

fn compare(a: &str, b: &str) -> Option<Ordering> {
    version::compare(VersionScheme::Generic, a, b)
}

impl Ranges {
    /// Whether all of them make sense.
    ///
    /// # Errors
    /// What does not.
    pub fn check(&self) -> Result<(), RangeError> {
        if self.0.len() > MOST_RANGES {
            return Err(RangeError::Many);
        }
        self.0.iter().try_for_each(Range::check)
    }

    /// Whether a version is affected; none if it cannot be compared.
    pub fn contains(&self, version: &str) -> Option<bool> {
        self.place(version).map(|place| place == Place::Inside)
    }

    /// Where a version stands with regard to all of them.
    fn place(&self, version: &str) -> Option<Place> {
        let mut last = Place::Before;
        for range in &self.0 {
            match range.place(version)? {
                Place::Inside => return Some(Place::Inside),
                Place::Behind => last = Place::Behind,
                Place::Before => {}
            }
        }
        Some(last)
    }
}

/// A version that a channel has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The attribute.
    pub attribute: String,
    /// The version.
    pub version: String,
    /// The patch that names a CVE of the advisory, if there is one.
    pub patch: Option<String>,
}

/// What a status rests on.
#[derive(Debug, Clone, Copy)]
pub struct View<'v> {
    /// What the channel has of the package.
    pub channel: &'v [Held],
    /// What the branch behind it has, where that is evaluated.
    pub branch: Option<&'v [Held]>,
    /// Whether the channel still gets fixes.
    pub maintained: bool,
}

/// A status, and why, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Computed {
    /// The status.
    pub status: Status,
    /// VEX's reason, where it is not affected.
    pub justification: Option<Justification>,
    /// Why.
    pub why: String,
}

/// How a set of versions stands.
enum Standing<'h> {
    Affected(&'h Held),
    Unknown(&'h Held),
    Patched(&'h Held),
    Behind(&'h Held),
    Before,
}

fn standing<'h>(ranges: &Ranges, held: &'h [Held]) -> Standing<'h> {
    let (mut unknown, mut patched, mut behind) = (None, None, None);
    for one in held {
        match ranges.place(&one.version) {
            Some(Place::Inside) | None if one.patch.is_some() => patched = patched.or(Some(one)),
            Some(Place::Inside) => return Standing::Affected(one),
            None => unknown = unknown.or(Some(one)),
            Some(Place::Behind) => behind = behind.or(Some(one)),
            Some(Place::Before) => {}
        }
    }
    match (unknown, patched, behind) {
        (Some(one), ..) => Standing::Unknown(one),
        (_, Some(one), _) => Standing::Patched(one),
        (.., Some(one)) => Standing::Behind(one),
        _ => Standing::Before,
    }
}

/// The status of a package in a channel.
pub fn compute(ranges: &Ranges, view: &View<'_>) -> Computed {
    let computed = |status, justification, why| Computed { status, justification, why };
    if view.channel.is_empty() {
        let justification = Some(Justification::ComponentNotPresent);
        return computed(Status::NotAffected, justification, "The channel does not have the package.".into());
    }
    if ranges.0.is_empty() {
        let why = "Nobody has said which versions are affected.".into();
        return computed(Status::UnderInvestigation, None, why);
    }
    match standing(ranges, view.channel) {
        Standing::Affected(Held { attribute, version, .. }) => {
            if !view.maintained {
                let why = format!("{attribute} has {version}, and the channel gets no fixes any more.");
                return computed(Status::EndOfLife, None, why);
            }
            let fixed =
                view.branch.filter(|held| !held.is_empty()).and_then(|held| match standing(ranges, held) {
                    Standing::Patched(one) | Standing::Behind(one) => Some(one),
                    Standing::Affected(_) | Standing::Unknown(_) | Standing::Before => None,
                });
            match fixed {
                Some(fixed) => computed(
                    Status::FixedInBranch,
                    None,
                    format!("The channel has {version}, its branch {}.", of(fixed)),
                ),
                None => computed(Status::Affected, None, format!("{attribute} has {version}.")),
            }
        }
        Standing::Unknown(Held { attribute, version, .. }) => {
            let why = format!("{attribute} has {version}, which cannot be compared with the ranges.");
            computed(Status::Unknown, None, why)
        }
        Standing::Patched(one) => {
            computed(Status::Fixed, None, format!("{} has {}.", one.attribute, of(one)))
        }
        Standing::Behind(one) => computed(Status::Fixed, None, format!("{} has {}.", one.attribute, of(one))),
        Standing::Before => {
            let why = "All versions are older than the first that is affected.".into();
            computed(Status::NotAffected, Some(Justification::VulnerableCodeNotPresent), why)
        }
    }
}

fn of(held: &Held) -> String {
    match &held.patch {
        Some(patch) => format!("{} with {patch}", held.version),
        None => held.version.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ranges(ends: &[(&str, &str)]) -> Ranges {
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let range = |(introduced, fixed): &(&str, &str)| Range {
            introduced: text(introduced),
            fixed: text(fixed),
            last_affected: None,
        };
        Ranges(ends.iter().map(range).collect())
    }

    fn held(versions: &[&str]) -> Vec<Held> {
        let one = |version: &&str| {
            let (version, patch) = version.split_once('+').map_or((*version, None), |(v, p)| (v, Some(p)));
            let patch = patch.map(str::to_owned);
            Held { attribute: "curl".into(), version: version.into(), patch }
        };
        versions.iter().map(one).collect()
    }

    fn status(ends: &[(&str, &str)], channel: &[&str], branch: Option<&[&str]>, maintained: bool) -> Status {
        let (channel, branch) = (held(channel), branch.map(held));
        let view = View { channel: &channel, branch: branch.as_deref(), maintained };
        let computed = compute(&ranges(ends), &view);
        // VEX demands a reason exactly where something is not affected.
        assert_eq!(computed.status == Status::NotAffected, computed.justification.is_some());
        assert!(computed.why.ends_with('.'));
        computed.status
    }

    #[test]
    fn the_border_of_a_range_decides() {
        let range = [("7.69.0", "8.4.0")];
        let of = |version: &str| status(&range, &[version], None, true);
        assert_eq!(of("7.68.9"), Status::NotAffected);
        assert_eq!(of("7.69.0"), Status::Affected);
        assert_eq!(of("8.3.99"), Status::Affected);
        assert_eq!(of("8.4.0-rc1"), Status::Affected);
        assert_eq!(of("8.4.0"), Status::Fixed);
        let last = Ranges(vec![Range { last_affected: Some("8.4.0".into()), ..Range::default() }]);
        assert_eq!(last.place("8.4.0"), Some(Place::Inside));
        assert_eq!(last.place("8.4.0.1"), Some(Place::Behind));
    }

    #[test]
    fn between_two_lines_there_is_a_fix() {
        let range = [("1.0", "1.5"), ("2.0", "2.3")];
        let of = |version: &str| status(&range, &[version], None, true);
        assert_eq!(of("0.9"), Status::NotAffected);
        assert_eq!(of("1.4"), Status::Affected);
        assert_eq!(of("1.9"), Status::Fixed);
        assert_eq!(of("2.2"), Status::Affected);
        assert_eq!(of("3"), Status::Fixed);
    }

    #[test]
    fn the_worst_version_of_a_channel_counts() {
        let range = [("", "2")];
        assert_eq!(status(&range, &["3", "1", "2"], None, true), Status::Affected);
        assert_eq!(status(&range, &["3", "1+CVE-2024-1.patch"], None, true), Status::Fixed);
        assert_eq!(status(&range, &[], None, true), Status::NotAffected);
        assert_eq!(status(&[], &["1"], None, true), Status::UnderInvestigation);
    }

    #[test]
    fn a_branch_helps_only_with_a_fix() {
        let range = [("1", "2")];
        for (branch, expected) in [
            (None, Status::Affected),
            (Some(&["2"][..]), Status::FixedInBranch),
            (Some(&["1+CVE-2024-1.patch"]), Status::FixedInBranch),
            (Some(&["1.5"]), Status::Affected),
            (Some(&["2", "1.5"]), Status::Affected),
            // A branch that lost the package, or went back, fixes nothing.
            (Some(&[]), Status::Affected),
            (Some(&["0.5"]), Status::Affected),
        ] {
            assert_eq!(status(&range, &["1"], branch, true), expected, "{branch:?}");
        }
        assert_eq!(status(&range, &["1"], Some(&["2"]), false), Status::EndOfLife);
        assert_eq!(status(&range, &["2"], None, false), Status::Fixed);
    }

    #[test]
    fn ranges_that_make_no_sense_are_refused() {
        let range = |introduced: Option<&str>, fixed: Option<&str>, last: Option<&str>| Range {
            introduced: introduced.map(str::to_owned),
            fixed: fixed.map(str::to_owned),
            last_affected: last.map(str::to_owned),
        };
        let check = |range| Ranges(vec![range]).check();
        assert_eq!(check(range(None, None, None)), Ok(()));
        assert_eq!(check(range(Some("1"), None, Some("1"))), Ok(()));
        assert_eq!(check(range(Some("1"), Some("2"), Some("3"))), Err(RangeError::TwoEnds));
        assert!(matches!(check(range(Some("2"), Some("2"), None)), Err(RangeError::Empty { .. })));
        assert!(matches!(check(range(Some("2"), None, Some("1"))), Err(RangeError::Empty { .. })));
        for wrong in ["", "1 2", "1\n", "\u{202e}1"] {
            assert!(matches!(check(range(Some(wrong), None, None)), Err(RangeError::NoVersion(_))));
        }
        assert_eq!(Ranges(vec![Range::default(); MOST_RANGES + 1]).check(), Err(RangeError::Many));
    }

    proptest! {
        /// A fix in one more version never makes a channel worse, an affected one never better.
        #[test]
        fn more_versions_are_never_better(versions in prop::collection::vec(0_u8..6, 1..5), more in 0_u8..6) {
            let text = |version: &u8| version.to_string();
            let mut all: Vec<String> = versions.iter().map(text).collect();
            let of = |all: &[String]| {
                let all: Vec<&str> = all.iter().map(String::as_str).collect();
                status(&[("2", "4")], &all, None, true)
            };
            let before = of(&all);
            all.push(text(&more));
            let after = of(&all);
            prop_assert!(after.is_exposed() || !before.is_exposed());
            prop_assert_eq!(after.is_exposed(), before.is_exposed() || (2..4).contains(&more));
        }
    }
}
