//! What the pages for everybody list: rows as they are shown, read without touching records or
//! history more than a page needs.

pub mod channels;
pub mod cves;
pub mod jobs;
pub mod packages;
