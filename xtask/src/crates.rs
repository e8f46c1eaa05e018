//! `cargo xtask crates`: how large each crate is, how much it shows, and what it brings along.

use crate::modules::Modules;
use crate::{metadata, workspace};
use anyhow::Context;
use std::fs;
use std::path::{Path, PathBuf};

/// Arguments of `cargo xtask crates`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The folder of another workspace, such as an older checkout
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

/// Prints the table, in Markdown.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let root = options.root.as_deref().unwrap_or(workspace::root());
    println!(
        "| crate | lines of Rust in src | in tests | public items | packages linked | without features | cycles |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|");
    for package in metadata::packages(root)? {
        let source = package.root_file.parent().context("a file without a folder")?;
        let modules = Modules::read(&package.root_file)?;
        let has_default = package.features.contains_key("default");
        let default: &[&str] = if has_default { &["default"] } else { &[] };
        let linked = metadata::linked(root, &package.name, default)?.len();
        let bare = metadata::linked(root, &package.name, &[])?.len();
        println!(
            "| {} | {} | {} | {} | {linked} | {} | {} |",
            package.name,
            lines(source)?,
            lines(&source.with_file_name("tests"))?,
            if package.root_file.ends_with("lib.rs") {
                modules.public_items().to_string()
            } else {
                "-".into()
            },
            if has_default { bare.to_string() } else { "-".into() },
            modules.cycles().len(),
        );
    }
    println!(
        "\nPublic items are what other crates can name, with the public functions of types; cycles are among modules."
    );
    Ok(())
}

/// Lines of all Rust files below a folder; 0 when there is none.
fn lines(folder: &Path) -> anyhow::Result<usize> {
    if !folder.is_dir() {
        return Ok(0);
    }
    let mut count = 0;
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            count += lines(&path)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text =
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            count += text.lines().count();
        }
    }
    Ok(count)
}
