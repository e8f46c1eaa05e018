//! The first page.

use super::cves::CveRow;
use super::{page, parts, time};
use crate::models::channel::ChannelRow;
use serde::Serialize;

/// What is new.
#[derive(Debug, Serialize)]
pub(crate) struct Home {
    pub(crate) channels: Vec<ChannelRow>,
    pub(crate) cves: Vec<CveRow>,
}

page!(Home, "home.html");
