//! The pages of the manual as mdBook wants them: all below one folder.

use anyhow::{Context, ensure};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Where the manual is.
const MANUAL: &str = "docs";
/// Its table of contents, which names all pages.
const SUMMARY: &str = "docs/SUMMARY.md";
/// What belongs to the site and is no page.
const FILES: [&str; 3] = ["docs/book.toml", "docs/site.css", "docs/schema/scan-report-1.json"];

/// Copies the pages of the manual from the project at `root` to the new folder `target`.
pub(super) fn lay_out(root: &Path, target: &Path) -> anyhow::Result<()> {
    let summary = read(root, SUMMARY)?;
    let mut places = BTreeMap::from([(SUMMARY.to_owned(), place(SUMMARY))]);
    for link in targets(&summary) {
        let page = resolve(SUMMARY, link).with_context(|| format!("{SUMMARY}: `{link}` is outside"))?;
        places.insert(page.clone(), place(&page));
    }
    for file in FILES {
        places.insert(file.to_owned(), place(file));
    }
    for (page, place) in &places {
        let text = read(root, page)?;
        let text = if is_page(page) { relinked(&text, page, &places) } else { text };
        let path = target.join(place);
        fs::create_dir_all(path.parent().unwrap_or(target))?;
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    // A page that nobody finds is as good as none.
    for entry in fs::read_dir(root.join(MANUAL))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let page = format!("{MANUAL}/{name}");
        ensure!(!is_page(&page) || places.contains_key(&page), "{SUMMARY} does not list {name}");
    }
    Ok(())
}

fn read(root: &Path, file: &str) -> anyhow::Result<String> {
    fs::read_to_string(root.join(file)).with_context(|| format!("cannot read {file}"))
}

fn is_page(file: &str) -> bool {
    Path::new(file).extension().is_some_and(|extension| extension == "md")
}

/// Where a file of the project is in the site. mdBook makes an index of each README.
fn place(file: &str) -> String {
    let file = file.strip_prefix("docs/").unwrap_or(file);
    match file.strip_suffix("README.md") {
        Some(folder) => format!("{folder}index.md"),
        None => file.to_owned(),
    }
}

/// The targets of all links in a text.
fn targets(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0))
}

/// The file that a link on a page leads to, from the project's root; `None` if that is outside.
fn resolve(page: &str, link: &str) -> Option<String> {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The way from one file of the site to another.
fn way(from: &str, to: &str) -> String {
    format!("{}{to}", "../".repeat(from.matches('/').count()))
}

/// A page with links as they have to be in the site. What a link leads to that is no part of the
/// site remains as text.
fn relinked(text: &str, page: &str, places: &BTreeMap<String, String>) -> String {
    let here = place(page);
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("](") {
        let (Some(open), Some((target, next))) = (before.rfind('['), after.split_once(')')) else {
            out.extend([before, "]("]);
            rest = after;
            continue;
        };
        let (path, anchor) = target.split_once('#').map_or((target, ""), |(path, anchor)| (path, anchor));
        let hash = if anchor.is_empty() { "" } else { "#" };
        if path.is_empty() || target.contains("://") {
            out.extend([before, "](", target, ")"]);
        } else if let Some(there) = resolve(page, path).and_then(|file| places.get(&file)) {
            let way = way(&here, there);
            out.extend([before, "](", &way, hash, anchor, ")"]);
        } else {
            let (start, label) = before.split_at(open);
            out.push_str(start);
            out.push_str(label.trim_start_matches('['));
        }
        rest = next;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linked(text: &str, page: &str) -> String {
        let files = ["docs/SUMMARY.md", "docs/scanning.md", "GLOSSARY.md", "quality/README.md"];
        let places = files.iter().map(|file| ((*file).to_owned(), place(file))).collect();
        relinked(text, page, &places)
    }

    #[test]
    fn links_follow_their_pages() {
        for (page, link, expected) in [
            ("docs/scanning.md", "[a](../GLOSSARY.md#x)", "[a](GLOSSARY.md#x)"),
            ("docs/scanning.md", "[a](#x) [b](https://x.example/y)", "[a](#x) [b](https://x.example/y)"),
            ("quality/README.md", "[a](../docs/scanning.md)", "[a](../scanning.md)"),
            ("quality/README.md", "[a](labels.tsv), [b](../GLOSSARY.md)", "a, [b](../GLOSSARY.md)"),
            ("GLOSSARY.md", "a [b](docs/scanning.md#c) d", "a [b](scanning.md#c) d"),
            ("docs/scanning.md", "a (b) [c](../quality/README.md)", "a (b) [c](quality/index.md)"),
        ] {
            assert_eq!(linked(link, page), expected, "{page}");
        }
    }

    #[test]
    fn nothing_is_above_the_project() {
        assert_eq!(resolve("docs/scanning.md", "../../secret.md"), None);
        assert_eq!(resolve("docs/scanning.md", "./a/../b.md").as_deref(), Some("docs/b.md"));
    }
}
