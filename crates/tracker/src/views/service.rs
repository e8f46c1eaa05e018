//! What the service does by itself.

use super::{page, parts, time};
use crate::models::listing::jobs::JobRow;
use serde::Serialize;

/// The jobs.
#[derive(Debug, Serialize)]
pub(crate) struct Jobs {
    pub(crate) jobs: Vec<JobRow>,
}

page!(Jobs, "jobs.html");
