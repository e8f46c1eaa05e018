//! Packages and channels.

use super::cves::{CveRow, InChannel};
use super::lane::Lanes;
use super::{page, parts, time};
use crate::models::channel::ChannelRow;
use crate::models::finding::Status;
use crate::models::package::rows::{Held, Keeper, PackageRow};
use serde::Serialize;

/// The list.
#[derive(Debug, Serialize)]
pub(crate) struct PackageList {
    pub(crate) packages: Vec<PackageRow>,
    /// What names begin with.
    pub(crate) prefix: String,
    pub(crate) next: Option<String>,
}

page!(PackageList, "packages.html");

/// A CVE that touches a package.
#[derive(Debug, Serialize)]
pub(crate) struct Touched {
    #[serde(flatten)]
    pub(crate) cve: CveRow,
    pub(crate) status: Status,
    pub(crate) channels: Vec<InChannel>,
}

/// One package.
#[derive(Debug, Serialize)]
pub(crate) struct PackagePage {
    #[serde(flatten)]
    pub(crate) package: PackageRow,
    pub(crate) answer: String,
    pub(crate) open: Vec<Touched>,
    pub(crate) closed: Vec<Touched>,
    pub(crate) versions: Vec<Held>,
    pub(crate) keepers: Vec<Keeper>,
    #[serde(skip)]
    pub(crate) lanes: Lanes,
}

page!(PackagePage, "package.html");

/// The channels.
#[derive(Debug, Serialize)]
pub(crate) struct ChannelList {
    pub(crate) channels: Vec<ChannelRow>,
}

page!(ChannelList, "channels.html");
