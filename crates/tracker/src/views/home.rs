//! The first page.

use super::{page, parts, time};
use crate::models::listing::channels::ChannelRow;
use crate::models::listing::cves::CveRow;
use serde::Serialize;

/// What is new.
#[derive(Debug, Serialize)]
pub(crate) struct Home {
    pub(crate) channels: Vec<ChannelRow>,
    pub(crate) cves: Vec<CveRow>,
}

page!(Home, "home.html");
