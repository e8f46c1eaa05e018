//! Packages: one software each, over its attribute paths and branches.

pub mod identity;
