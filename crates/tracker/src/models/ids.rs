//! Numbers of rows, one type for each table, so that none is taken for another.

use crate::database::{DatabaseError, FromColumn, Row, Value};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
            #[serde(transparent)]
            pub struct $name(pub i64);

            impl From<$name> for Value<'_> {
                fn from(id: $name) -> Self {
                    Self::Integer(id.0)
                }
            }

            impl FromColumn for $name {
                fn from_column(row: &Row<'_>, column: usize) -> Result<Self, DatabaseError> {
                    row.get(column).map(Self)
                }
            }

            impl FromColumn for Option<$name> {
                fn from_column(row: &Row<'_>, column: usize) -> Result<Self, DatabaseError> {
                    Ok(row.get::<Option<i64>>(column)?.map($name))
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    self.0.fmt(f)
                }
            }

            impl FromStr for $name {
                type Err = std::num::ParseIntError;

                fn from_str(text: &str) -> Result<Self, Self::Err> {
                    text.parse().map(Self)
                }
            }
        )*
    };
}

ids! {
    /// An account.
    AccountId;
    /// A channel, or a branch.
    ChannelId;
    /// An evaluation of a channel.
    EvaluationId;
    /// A package: one software.
    PackageId;
    /// A maintainer.
    MaintainerId;
    /// A team of maintainers.
    TeamId;
    /// A suggestion.
    SuggestionId;
    /// An advisory.
    AdvisoryId;
    /// A comment.
    CommentId;
    /// A rule that closes suggestions.
    RuleId;
    /// An entry of the curated knowledge.
    KnowledgeId;
}
