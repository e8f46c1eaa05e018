//! Tables of measurements, for people and as JSON.

use serde_json::{Value, json};
use std::fmt::{self, Write as _};

/// One value of a table.
#[derive(Clone, Debug)]
pub(super) enum Cell {
    /// Text; left-aligned.
    Text(String),
    /// A measurement with its unit.
    Number(f64, &'static str),
    /// How many times one thing is the other, printed as `12.3 x`.
    Ratio(f64),
    /// Not measured, or it would mean nothing.
    None,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(value, "") => f.write_str(&significant(*value)),
            Self::Number(value, unit) => write!(f, "{} {unit}", significant(*value)),
            Self::Ratio(value) => write!(f, "{} x", significant(*value)),
            Self::None => f.write_str("-"),
        }
    }
}

/// Three significant digits, whole numbers from 1000 on in groups of three.
fn significant(value: f64) -> String {
    let size = value.abs();
    if size >= 1000.0 || value.fract().abs() < f64::EPSILON {
        let digits = format!("{size:.0}");
        let mut grouped = String::new();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place) % 3 == 0 {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        return if value < 0.0 { format!("-{grouped}") } else { grouped };
    }
    let decimals = if size >= 100.0 {
        0
    } else if size >= 10.0 {
        1
    } else if size >= 1.0 {
        2
    } else {
        3
    };
    format!("{value:.decimals$}")
}

/// A table with a title, and notes below that say how to read it.
pub(super) struct Table {
    title: String,
    columns: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
    notes: Vec<String>,
}

impl Table {
    /// A table without rows.
    pub(super) fn new(title: impl Into<String>, columns: &[&'static str]) -> Self {
        Self { title: title.into(), columns: columns.to_vec(), rows: Vec::new(), notes: Vec::new() }
    }

    /// Adds a row; missing cells at its end are left empty.
    pub(super) fn row(&mut self, mut cells: Vec<Cell>) -> &mut Self {
        cells.resize(self.columns.len(), Cell::None);
        self.rows.push(cells);
        self
    }

    /// Adds a line below the table.
    pub(super) fn note(&mut self, note: impl Into<String>) -> &mut Self {
        self.notes.push(note.into());
        self
    }

    /// The table as an object; numbers keep their full precision.
    pub(super) fn to_json(&self, section: &str) -> Value {
        let rows: Vec<Value> = self
            .rows
            .iter()
            .map(|row| {
                let cells = self.columns.iter().zip(row).map(|(column, cell)| {
                    let value = match cell {
                        Cell::Text(text) => json!(text),
                        Cell::Number(value, unit) => json!({ "value": value, "unit": unit }),
                        Cell::Ratio(value) => json!({ "value": value, "unit": "ratio" }),
                        Cell::None => Value::Null,
                    };
                    ((*column).to_owned(), value)
                });
                Value::Object(cells.collect())
            })
            .collect();
        json!({ "section": section, "title": self.title, "rows": rows, "notes": self.notes })
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<Vec<String>> =
            self.rows.iter().map(|row| row.iter().map(ToString::to_string).collect()).collect();
        let widths: Vec<usize> = self
            .columns
            .iter()
            .enumerate()
            .map(|(place, column)| {
                let cells = texts.iter().filter_map(|row| row.get(place)).map(|text| text.chars().count());
                cells.max().unwrap_or(0).max(column.chars().count())
            })
            .collect();
        writeln!(f, "{}", self.title)?;
        let mut line = String::new();
        for (column, width) in self.columns.iter().zip(&widths) {
            write!(line, "{column:<width$}  ")?;
        }
        writeln!(f, "  {}", line.trim_end())?;
        let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        writeln!(f, "  {}", rule.join("  "))?;
        for (row, cells) in texts.iter().zip(&self.rows) {
            line.clear();
            for ((text, cell), width) in row.iter().zip(cells).zip(&widths) {
                if matches!(cell, Cell::Text(_)) {
                    write!(line, "{text:<width$}  ")?;
                } else {
                    write!(line, "{text:>width$}  ")?;
                }
            }
            writeln!(f, "  {}", line.trim_end())?;
        }
        for note in &self.notes {
            writeln!(f, "  {note}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_three_digits() {
        for (value, text) in [
            (0.01234, "0.012"),
            (1.0, "1"),
            (3.456, "3.46"),
            (45.67, "45.7"),
            (456.7, "457"),
            (1_234_567.0, "1,234,567"),
        ] {
            assert_eq!(significant(value), text);
        }
    }

    #[test]
    fn columns_are_aligned() {
        let mut table = Table::new("t", &["what", "time"]);
        table.row(vec!["a".into(), Cell::Number(1.5, "s")]).row(vec!["longer".into()]).note("n");
        assert_eq!(
            table.to_string(),
            "t\n  what    time\n  ------  ------\n  a       1.50 s\n  longer       -\n  n\n"
        );
    }
}
