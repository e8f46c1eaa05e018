//! `cargo xtask site`: the manual as a site, by mdBook.
//!
//! In the repository the manual links to pages outside `docs/` (the glossary, the chain's README),
//! which mdBook cannot. So the pages that `docs/SUMMARY.md` lists are laid out again below
//! `target/site`, and their links follow. In the finished site every link of every page must lead
//! to a file and to an anchor that are there.

mod links;
mod pages;

use crate::tools::Tool;
use crate::{process, workspace};
use anyhow::{Context, bail};
use std::fs;
use std::process::Command;

const MDBOOK: Tool = Tool { name: "mdbook", version: "0.5.4" };

/// Builds the site and checks it.
pub(crate) fn run() -> anyhow::Result<()> {
    let mdbook = MDBOOK.ensure()?;
    let folder = workspace::target().join("site");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    let source = folder.join("source");
    pages::lay_out(workspace::root(), &source)?;
    let site = folder.join("html");
    process::run(Command::new(mdbook).arg("build").arg("--dest-dir").arg(&site).arg(&source))?;
    let found = links::check(&site)?;
    for problem in &found.problems {
        eprintln!("{problem}");
    }
    if !found.problems.is_empty() {
        bail!("{} links of the manual lead nowhere", found.problems.len());
    }
    eprintln!(
        "site: {} pages, {} links checked: {}",
        found.pages,
        found.links,
        site.join("index.html").display()
    );
    Ok(())
}
