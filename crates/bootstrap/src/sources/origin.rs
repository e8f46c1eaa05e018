//! Where sources may come from.

use std::fmt;
use std::path::PathBuf;

/// Where a source may come from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceOrigin {
    /// A folder that has the file under its name.
    Mirror(PathBuf),
    /// Debian's archive, through the host's apt.
    Debian,
    /// The addresses at which its authors publish it.
    Upstream {
        /// A file with the certificates to trust, in PEM, instead of Mozilla's.
        certificates: Option<PathBuf>,
    },
    /// The registry of Rust's crates, through the host's cargo.
    Crates,
}

impl fmt::Display for SourceOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mirror(folder) => write!(f, "{}", folder.display()),
            Self::Debian => f.write_str("Debian"),
            Self::Upstream { .. } => f.write_str("upstream"),
            Self::Crates => f.write_str("crates"),
        }
    }
}
