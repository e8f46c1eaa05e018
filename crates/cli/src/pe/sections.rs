//! `snowguard pe sections`

use crate::exit;
use anyhow::{Context, anyhow};
use authenticode::file::ImageFile;
use authenticode::pe::{Editor, Layout, NewSection};
use clap::Args;
use files::{Replacement, read_limited, replace_bytes};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use terminal::clean;

/// List the sections of an EFI program, take them out, or change them.
///
/// Changes are made in the order: remove, replace, add. A changed program has no signatures: sign
/// it again. Sections keep their addresses; the entry point and what the headers refer to cannot be
/// removed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// The EFI program
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Write a section's content to a file
    #[arg(long, value_name = "NAME=FILE", value_parser = named)]
    extract: Vec<(String, PathBuf)>,
    /// Remove a section
    #[arg(long, value_name = "NAME", requires = "output")]
    remove: Vec<String>,
    /// Replace a section's content
    #[arg(long, value_name = "NAME=FILE", value_parser = named, requires = "output")]
    replace: Vec<(String, PathBuf)>,
    /// Add a section
    #[arg(long, value_name = "NAME=FILE", value_parser = named, requires = "output")]
    add: Vec<(String, PathBuf)>,
    /// Where the changed program goes; it may be the same file
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  snowguard pe sections linux.efi
  snowguard pe sections linux.efi --extract .cmdline=cmdline.txt
  snowguard pe sections stub.efi --add .linux=bzImage --add .initrd=initrd --output linux.efi";

/// Programs are changed in memory, so no program and no section may be larger.
const LARGEST: u64 = 2 << 30;

fn named(text: &str) -> Result<(String, PathBuf), String> {
    let (name, path) = text.split_once('=').ok_or("it is not NAME=FILE")?;
    Ok((name.to_owned(), PathBuf::from(path)))
}

pub(super) fn run(options: &Options) -> Result<ExitCode, exit::Failure> {
    act(options).map_err(exit::Failure::failed)?;
    Ok(ExitCode::SUCCESS)
}

fn act(options: &Options) -> anyhow::Result<()> {
    let image = ImageFile::open(&options.file)?;
    if options.extract.is_empty() && options.output.is_none() {
        return list(&image.layout);
    }
    drop(image);
    let bytes = read_limited(&options.file, LARGEST)?;
    for (name, path) in &options.extract {
        let content = content(&bytes, name).with_context(|| options.file.display().to_string())?;
        replace_bytes(path, content)?;
    }
    let Some(output) = &options.output else { return Ok(()) };
    let load = |(name, path): &(String, PathBuf)| Ok((name.clone(), read_limited(path, LARGEST)?));
    let replaced = options.replace.iter().map(load).collect::<anyhow::Result<Vec<_>>>()?;
    let added = options.add.iter().map(load).collect::<anyhow::Result<Vec<_>>>()?;
    let changed = change(&bytes, &options.remove, &replaced, &added)
        .with_context(|| format!("cannot change {}", options.file.display()))?;
    let permissions = std::fs::metadata(&options.file)?.permissions();
    let replacement = Replacement::new(output).permissions_if_new(&permissions).refuse_other_names();
    replacement.write(|out| out.write_all(&changed))?;
    Ok(())
}

fn change(
    image: &[u8],
    removed: &[String],
    replaced: &[(String, Vec<u8>)],
    added: &[(String, Vec<u8>)],
) -> anyhow::Result<Vec<u8>> {
    let mut editor = Editor::new(image)?;
    for name in removed {
        editor.remove(name)?;
    }
    for (name, content) in replaced {
        editor.replace(&NewSection { name, content })?;
    }
    for (name, content) in added {
        editor.add(&NewSection { name, content })?;
    }
    Ok(editor.finish()?)
}

fn content<'a>(image: &'a [u8], name: &str) -> anyhow::Result<&'a [u8]> {
    let layout = Layout::read(image)?;
    let section =
        layout.section(name.as_bytes()).ok_or_else(|| anyhow!("there is no section {}", clean(name)))?;
    if section.raw_size == 0 {
        return Ok(&[]);
    }
    let range = section.content_range();
    let (start, end) = (usize::try_from(range.start)?, usize::try_from(range.end)?);
    image.get(start..end).ok_or_else(|| anyhow!("section {} lies outside of the file", clean(name)))
}

fn list(layout: &Layout) -> anyhow::Result<()> {
    let mut out = terminal::stdout();
    for section in &layout.sections {
        let size = section.content_range().end - section.content_range().start;
        writeln!(out, "{:<8}  {size:>10} bytes at {:#x}", clean(&section.name()), section.virtual_address)?;
    }
    Ok(())
}
