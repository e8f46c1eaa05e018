//! The tests of the service. All of them run on SQLite and on PostgreSQL.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod accounts;
mod advisories;
mod database;
mod evaluations;
mod history;
mod jobs;
mod pages;
mod permissions;
mod publication;
mod queue_pages;
mod records;
mod rematch;
mod support;
mod triage;
