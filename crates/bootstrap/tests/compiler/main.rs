//! The C compiler of `bootstrap/cc`, judged by the host's gcc: its own test programs, generated
//! ones, and spoiled ones.

#![allow(clippy::unwrap_used)]

mod chain;
mod generated;
mod host;
mod programs;
mod spoiled;
