//! What is known of records, statements, products and packages, in the form that rules compare.
//!
//! Facts are made once and know no rule: [`identity`](crate::identity), [`status`](crate::status)
//! and [`corrections`](crate::corrections) read them, never the other way round.

pub(crate) mod cpe;
pub(crate) mod owners;
pub(crate) mod package;
pub(crate) mod product;
pub(crate) mod record;
pub(crate) mod statement;

pub(crate) use package::PackageFacts;
pub(crate) use record::RecordFacts;
pub(crate) use statement::{FactsReader, StatementFacts};
