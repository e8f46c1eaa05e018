//! What the service knows, and what may be done with it: one module an idea, each with its types
//! and its queries. Decisions are pure functions over these types; queries are thin.

pub mod account;
pub mod advisory;
pub mod channel;
pub mod cve;
pub mod evaluation;
pub mod finding;
pub mod history;
pub mod ids;
pub mod intake;
mod interned;
pub mod job;
pub mod knowledge;
pub mod maintainer;
pub mod package;
pub mod permission;
pub mod publication;
pub mod record;
pub mod rematch;
pub mod session;
pub mod suggestion;
pub mod token;
