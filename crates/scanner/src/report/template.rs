//! Reports in a form of the user's own: a template over what the JSON report holds.

use super::{ReportError, ReportFormat, ReportOptions, Selection};
use crate::result::Scan;
use files::ReadError;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The most bytes of a template.
const MAXIMUM: u64 = 1 << 20;

/// Steps that a template may take: some hundred for each finding of a large report.
const FUEL: u64 = 20_000_000;

/// Why a template gave no report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// It cannot be read, or is too large.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It is wrong, or uses what the report does not have.
    #[error("{}: line {line}: {problem}", path.display())]
    Template {
        /// The template.
        path: PathBuf,
        /// From 1; 0 if it is not known.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// The report that it is filled with cannot be made.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The report that it is filled with cannot be read back.
    #[error("cannot fill the template")]
    Json(#[from] serde_json::Error),
}

/// The text of a template, filled with the findings of a scan that are selected. What is put into
/// one whose name ends in `.html` or `.xml` is escaped.
pub fn fill_template(path: &Path, scan: &Scan, selection: Selection) -> Result<String, TemplateError> {
    let text = files::read_text(path, MAXIMUM)?;
    let mut options = ReportOptions::new(ReportFormat::Json);
    options.selection = selection;
    let mut json = Vec::new();
    super::write(&mut json, scan, &options)?;
    let report: Value = serde_json::from_slice(&json)?;
    drop(json);
    fill(path, &text, &report)
}

fn fill(path: &Path, text: &str, report: &Value) -> Result<String, TemplateError> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    // A misspelt name would leave something out without a word.
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|name| match name.rsplit('.').next() {
        Some("html" | "htm" | "xml") => AutoEscape::Html,
        _ => AutoEscape::None,
    });
    let name = path.display().to_string();
    let fail = |error: minijinja::Error| TemplateError::Template {
        path: path.to_owned(),
        line: error.line().unwrap_or_default(),
        problem: error.detail().map_or_else(|| error.kind().to_string(), str::to_owned),
    };
    let template = environment.template_from_named_str(&name, text).map_err(fail)?;
    template.render(Serde(report)).map_err(fail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn filled(name: &str, text: &str) -> Result<String, TemplateError> {
        let report = json!({"findings": [{"cve": "CVE-2023-38545", "fixedIn": null}, {"cve": "<b>"}]});
        fill(Path::new(name), text, &report)
    }

    #[test]
    fn values_and_loops() {
        let text = "{% for f in findings %}{{ f.cve }};{% endfor %} {{ findings|length }}\n";
        assert_eq!(filled("x.txt", text).unwrap(), "CVE-2023-38545;<b>; 2");
        assert!(filled("x.html", text).unwrap().contains("&lt;b&gt;"));
    }

    #[test]
    fn what_is_wrong_has_a_line() {
        for (text, expected) in [
            ("a\n{{ nothing }}", "x.txt: line 2: "),
            ("a\n\n{% for %}", "x.txt: line 3: "),
            ("{{ findings|unknown }}", "unknown"),
            ("{% include '/etc/passwd' %}", "line 1"),
            (
                "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}{{ c }}{% endfor %}{% endfor %}{% endfor %}",
                "fuel",
            ),
        ] {
            let problem = filled("x.txt", text).unwrap_err().to_string();
            assert!(problem.contains(expected), "{text}: {problem}");
        }
    }
}
