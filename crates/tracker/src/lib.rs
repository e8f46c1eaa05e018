//! The tracker: a web service that takes in vulnerabilities and package sets, matches them, and
//! lets people decide, publish and look things up.
//!
//! [`database`] keeps everything, [`models`] says what it means, [`jobs`] bring it up to date,
//! [`controllers`] and `views` show it. This is the only crate with asynchronous code.

pub mod app;
mod assets;
pub mod config;
pub mod controllers;
pub mod database;
mod hex;
pub mod jobs;
mod json;
pub mod local_records;
pub mod log;
pub mod metrics;
pub mod models;
pub mod package_set;
pub mod rates;
mod secret;
pub mod serve;
mod views;
