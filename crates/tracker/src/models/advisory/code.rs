//! What people call an advisory: `NIXPKGS-2026-0001`, as the reference does.

use crate::database::{DatabaseError, Transaction};
use crate::params;
use serde::{Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// The prefix of the reference's numbers.
pub const NIXPKGS: &str = "NIXPKGS";
/// The longest prefix.
const MAXIMUM_PREFIX: usize = 20;

/// A code: a prefix, a year, a number of at least four digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code {
    prefix: String,
    year: i16,
    number: i64,
}

/// Why a text is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a code is a prefix of capital letters, a year and a number of at least four digits")]
pub struct CodeError;

impl FromStr for Code {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        let mut parts = text.rsplitn(3, '-');
        let (Some(number), Some(year), Some(prefix)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(CodeError);
        };
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let letters = prefix.len() <= MAXIMUM_PREFIX
            && prefix.starts_with(|first: char| first.is_ascii_uppercase())
            && prefix.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-');
        // A leading zero stands only to fill up four digits: one code has one spelling.
        let filled = number.len() == 4 || (number.len() > 4 && !number.starts_with('0'));
        if !(letters && digits(year) && year.len() == 4 && digits(number) && filled) {
            return Err(CodeError);
        }
        let (year, number) = (year.parse().map_err(|_| CodeError)?, number.parse().map_err(|_| CodeError)?);
        Ok(Self { prefix: prefix.to_owned(), year, number })
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:04}-{:04}", self.prefix, self.year, self.number)
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Code {
    /// The next code of a year. Codes have no gaps: the number is given back if the transaction
    /// fails.
    ///
    /// # Errors
    /// Those of the database.
    pub fn next(transaction: &mut Transaction<'_>, prefix: &str, year: i16) -> Result<Self, DatabaseError> {
        let number = transaction.query_one(
            "INSERT INTO counter (name, value) VALUES ($1, 1)
             ON CONFLICT (name) DO UPDATE SET value = counter.value + 1 RETURNING value",
            params![format!("advisory {prefix} {year}")],
            |row| row.get::<i64>(0),
        )?;
        Ok(Self { prefix: prefix.to_owned(), year, number })
    }

    /// Notes that a code is taken, as by an import, so that it is not given again.
    ///
    /// # Errors
    /// Those of the database.
    pub fn taken(&self, transaction: &mut Transaction<'_>) -> Result<(), DatabaseError> {
        transaction
            .execute(
                "INSERT INTO counter (name, value) VALUES ($1, $2)
                 ON CONFLICT (name) DO UPDATE SET value = CASE
                     WHEN counter.value > excluded.value THEN counter.value ELSE excluded.value END",
                params![format!("advisory {} {}", self.prefix, self.year), self.number],
            )
            .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_code_has_one_spelling() {
        for good in ["NIXPKGS-2026-0001", "NIXPKGS-2026-12345", "NIX-PKGS-0999-9999"] {
            assert_eq!(good.parse::<Code>().unwrap().to_string(), good);
        }
        let wrong = [
            "",
            "NIXPKGS",
            "NIXPKGS-2026",
            "NIXPKGS-2026-1",
            "NIXPKGS-2026-00001",
            "NIXPKGS-2026-+001",
            "nixpkgs-2026-0001",
            "NIXPKGS-26-0001",
            "-2026-0001",
            "NIXPKGS-2026-99999999999999999999",
            "NIXPKGS-2026-0001 ",
            "NIXPKGS-2026-٠٠٠١",
            "X-2026-0001-0001",
        ];
        for wrong in wrong {
            assert_eq!(wrong.parse::<Code>(), Err(CodeError), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_parses_prints_the_same(text in "\\PC{0,30}|[A-Z-]{1,9}-[0-9]{3,5}-[0-9]{3,7}") {
            if let Ok(code) = text.parse::<Code>() {
                prop_assert_eq!(code.to_string(), text);
            }
        }
    }
}
