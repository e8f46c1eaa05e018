//! Many keys looked up, or many rows written, by one statement: a server that is a round trip away
//! is asked hundreds of times less often.

use super::{Connection, DatabaseError, Row, Value};
use std::fmt::Write as _;

/// How many rows a statement takes. Few sizes, so that all statements stay prepared.
const SIZES: [usize; 4] = [256, 32, 4, 1];

impl Connection {
    /// Runs a statement for many rows of parameters. `{rows}` in it stands for them: for rows of
    /// one parameter `$1, $2`, as `IN (…)` wants them, else `($1, $2), ($3, $4)`, as `VALUES` does.
    /// `fixed` come first and are the same for all: `$1` is the first of them.
    ///
    /// `values` holds the rows one after the other. With many of them, several statements run.
    ///
    /// # Errors
    /// Those of the database and of `read`.
    pub fn query_many<T, E: From<DatabaseError>>(
        &mut self,
        sql: &str,
        fixed: &[Value<'_>],
        width: usize,
        values: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T, E>,
    ) -> Result<Vec<T>, E> {
        let width = width.max(1);
        let mut found = Vec::new();
        let mut rest = values;
        while !rest.is_empty() {
            let rows = rest.len() / width;
            let size = SIZES.into_iter().find(|size| *size <= rows).unwrap_or(1);
            let (now, later) = rest.split_at_checked(size * width).unwrap_or((rest, &[]));
            let sql = sql.replace("{rows}", &places(fixed.len(), width, size));
            let params: Vec<Value<'_>> = fixed.iter().chain(now).cloned().collect();
            self.for_each(&sql, &params, |row| {
                found.push(read(row)?);
                Ok::<(), E>(())
            })?;
            rest = later;
        }
        Ok(found)
    }

    /// As [`query_many`](Self::query_many), for statements that give nothing.
    ///
    /// # Errors
    /// Those of the database.
    pub fn execute_many(
        &mut self,
        sql: &str,
        fixed: &[Value<'_>],
        width: usize,
        values: &[Value<'_>],
    ) -> Result<(), DatabaseError> {
        self.query_many(sql, fixed, width, values, |_| Ok::<(), DatabaseError>(())).map(drop)
    }
}

fn places(fixed: usize, width: usize, rows: usize) -> String {
    let mut text = String::new();
    for row in 0..rows {
        text.push_str(if row > 0 { ", " } else { "" });
        text.push_str(if width > 1 { "(" } else { "" });
        for column in 0..width {
            text.push_str(if column > 0 { ", " } else { "" });
            // A text takes everything.
            let _ = write!(text, "${}", fixed + row * width + column + 1);
        }
        text.push_str(if width > 1 { ")" } else { "" });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::places;

    #[test]
    fn places_count_on() {
        assert_eq!(places(0, 1, 3), "$1, $2, $3");
        assert_eq!(places(2, 2, 2), "($3, $4), ($5, $6)");
    }
}
