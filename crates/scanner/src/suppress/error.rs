//! What can be wrong with suppression rules.

use crate::document::YamlError;
use matching::TomlProblem;

/// Why rules cannot be used: what is wrong, and where.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RuleError {
    /// They are not TOML, or not of the expected form.
    #[error("{0}")]
    Toml(TomlProblem),
    /// They are not YAML, or not of the expected form.
    #[error(transparent)]
    Yaml(#[from] YamlError),
    /// A rule is wrong.
    #[error("{place}: {problem}")]
    Rule {
        /// The rule, such as `suppress[2]`.
        place: String,
        /// What is wrong with it.
        problem: RuleProblem,
    },
}

/// What is wrong with a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleProblem {
    /// What should be the identifier of a CVE is none.
    #[error("`{0}` is not a CVE identifier")]
    NotACve(String),
    /// An empty list would be read as any CVE.
    #[error("`cve` is an empty list")]
    NoCve,
    /// The rule would hide everything.
    #[error("needs `cve`, `package`, or both")]
    Boundless,
    /// A version without a package.
    #[error("`version` needs `package`")]
    VersionAlone,
    /// Nobody would know why.
    #[error("needs a `reason`")]
    NoReason,
    /// What should be a date is none.
    #[error("`until`: `{0}` is not a date such as 2026-12-31")]
    NotADate(String),
    /// The day before is not in any calendar.
    #[error("`until` is out of range")]
    DateOutOfRange,
    /// An entry of a whitelist is not a table.
    #[error(
        "neither `[[suppress]]` rules nor a whitelist of vulnix, where every entry is a table, nor `[[IgnoredVulns]]`"
    )]
    NotATable,
    /// A name with a dot that is not quoted.
    #[error("a table within: the name must stand in quotation marks")]
    TableWithin,
    /// What should be a package URL is none.
    #[error("`{0}` is not a package URL")]
    NotAPurl(String),
    /// A field of the wrong type.
    #[error("must be {0}")]
    MustBe(&'static str),
    /// A field that neither form of whitelists has.
    #[error("there is no field `{0}`")]
    UnknownField(String),
    /// A field of the wrong type.
    #[error("`{0}` must be a text or a list of texts")]
    NotTexts(String),
}

impl RuleProblem {
    pub(super) fn at(self, place: impl Into<String>) -> RuleError {
        RuleError::Rule { place: place.into(), problem: self }
    }
}
