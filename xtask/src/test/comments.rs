//! The width of comments, which rustfmt leaves alone.

use crate::{process, workspace};
use anyhow::{Context, bail};
use std::fs;

/// The most columns of a comment that has a line of its own.
const WIDTH: usize = 100;

/// Names the comments of the project that are too wide.
pub(super) fn check() -> anyhow::Result<()> {
    let mut list = std::process::Command::new("git");
    list.current_dir(workspace::root()).args(["ls-files", "--", "*.rs"]);
    let mut wide = Vec::new();
    for file in process::output(&mut list)?.lines() {
        let path = workspace::root().join(file);
        // Git lists what was deleted until that is committed.
        if path.exists() {
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {file}"))?;
            wide.extend(lines(&text).map(|line| format!("{file}:{line}")));
        }
    }
    if wide.is_empty() { Ok(()) } else { bail!("comments beyond {WIDTH} columns:\n{}", wide.join("\n")) }
}

/// The numbers of lines with a comment that is too wide and can be broken: not tables, examples and
/// lone links.
fn lines(text: &str) -> impl Iterator<Item = usize> {
    let mut example = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let comment = line.trim_start().strip_prefix("//")?.trim_start_matches(['/', '!']).trim_start();
        example ^= comment.starts_with("```");
        let breakable = comment.split_whitespace().count() > 1 && !comment.starts_with(['|', '[']);
        (!example && breakable && line.chars().count() > WIDTH).then_some(index + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_that_are_too_wide() {
        let long = "word ".repeat(20);
        let text = format!(
            "/// {long}\n// short\nlet x = 1; // {long}\n    //! {long}\n/// | {long} |\n\
             /// ```\n/// {long}\n/// ```\n/// {long}\n// https://{}\n",
            "x".repeat(100)
        );
        assert_eq!(lines(&text).collect::<Vec<_>>(), [1, 4, 9]);
    }
}
