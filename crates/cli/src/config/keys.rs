//! What `snowguard.toml` may hold.

use crate::scan::ConfidenceName;
use scanner::FailOn;
use scanner::report::ReportFormat;

/// A key of the file: the option that it is the default of.
pub(super) struct Key {
    /// In the file.
    pub(super) name: &'static str,
    /// As clap knows the option.
    pub(super) id: &'static str,
    pub(super) kind: Kind,
    /// What is in force without it.
    pub(super) default: &'static str,
}

/// What a value is.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// A text, which the option itself checks.
    Text(fn(&str) -> Result<(), String>),
    /// A file or folder, from the folder of the configuration.
    Path,
    /// Several files.
    Paths,
    /// A URL to fetch from, and the variable that comes before it.
    Mirror(&'static str),
}

pub(super) const KEYS: &[Key] = &[
    Key { name: "db", id: "db", kind: Kind::Path, default: "your own, else /var/lib/snowguard" },
    Key { name: "format", id: "format", kind: Kind::Text(check_format), default: "table" },
    Key { name: "fail-on", id: "fail_on", kind: Kind::Text(check_fail_on), default: "" },
    Key {
        name: "min-confidence",
        id: "min_confidence",
        kind: Kind::Text(check_confidence),
        default: "medium",
    },
    Key { name: "suppress", id: "suppress", kind: Kind::Paths, default: "" },
    Key { name: "vex", id: "vex", kind: Kind::Paths, default: "" },
    Key { name: "knowledge", id: "knowledge", kind: Kind::Paths, default: "" },
    Key { name: "cve-url", id: "", kind: Kind::Mirror("SNOWGUARD_CVE_URL"), default: "" },
    Key { name: "cve-releases-url", id: "", kind: Kind::Mirror("SNOWGUARD_CVE_RELEASES_URL"), default: "" },
    Key { name: "nvd-url", id: "", kind: Kind::Mirror("SNOWGUARD_NVD_URL"), default: "" },
    Key { name: "kev-url", id: "", kind: Kind::Mirror("SNOWGUARD_KEV_URL"), default: "" },
    Key { name: "epss-url", id: "", kind: Kind::Mirror("SNOWGUARD_EPSS_URL"), default: "" },
];

fn check_format(text: &str) -> Result<(), String> {
    text.parse::<ReportFormat>().map(drop).map_err(|error| error.to_string())
}

fn check_fail_on(text: &str) -> Result<(), String> {
    text.parse::<FailOn>().map(drop).map_err(|error| error.to_string())
}

fn check_confidence(text: &str) -> Result<(), String> {
    text.parse::<ConfidenceName>().map(drop)
}
