//! Where the links of a finished site lead.

use anyhow::Context;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What was found.
pub(super) struct Found {
    pub(super) pages: usize,
    pub(super) links: usize,
    pub(super) problems: Vec<String>,
}

/// Looks at all links of all pages below a folder.
pub(super) fn check(site: &Path) -> anyhow::Result<Found> {
    let mut pages = BTreeMap::new();
    for path in files(site)?.into_iter().filter(|p| p.extension().is_some_and(|e| e == "html")) {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        pages.insert(path, text);
    }
    let anchors: BTreeMap<&Path, BTreeSet<&str>> =
        pages.iter().map(|(path, text)| (path.as_path(), attributes(text, " id=\"").collect())).collect();
    let mut found = Found { pages: pages.len(), links: 0, problems: Vec::new() };
    for (path, text) in &pages {
        let folder = path.parent().unwrap_or(site);
        for link in attributes(text, " href=\"").chain(attributes(text, " src=\"")) {
            if link.contains("://") || link.starts_with("data:") {
                continue;
            }
            found.links += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { path.clone() } else { normal(&folder.join(file)) };
            let leads = match anchors.get(target.as_path()) {
                Some(there) => anchor.is_empty() || there.contains(anchor),
                None => anchor.is_empty() && target.exists(),
            };
            if !leads {
                let page = path.strip_prefix(site).unwrap_or(path);
                found.problems.push(format!("{}: `{link}` leads nowhere", page.display()));
            }
        }
    }
    Ok(found)
}

/// The values of an attribute in a page that mdBook wrote.
fn attributes<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(name).skip(1).filter_map(|rest| Some(rest.split_once('"')?.0))
}

/// A path without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => drop(out.pop()),
            std::path::Component::CurDir => {}
            _ => out.push(part),
        }
    }
    out
}

fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() { found.extend(files(&path)?) } else { found.push(path) }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_that_lead_nowhere_are_found() {
        let folder = workspace_scratch();
        let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
        write("a.html", r##"<a href="b.html#there"></a> <a href="b.html#gone"></a> <a href="#me" id="me">"##);
        write(
            "b.html",
            r#"<h1 id="there"></h1> <a href="c.html"></a> <img src="d.png"> <a href="https://x.example/">"#,
        );
        write("d.png", "");
        let found = check(&folder).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!((found.pages, found.links), (2, 5));
        let expected = ["a.html: `b.html#gone` leads nowhere", "b.html: `c.html` leads nowhere"];
        assert_eq!(found.problems, expected);
    }

    fn workspace_scratch() -> PathBuf {
        let folder = std::env::temp_dir().join(format!("snowguard-site-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder
    }
}
