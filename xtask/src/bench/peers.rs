//! Programs that we compare with, and what they want to read.

mod loopback;
mod nvd_feed;
pub(super) mod vulnix;
