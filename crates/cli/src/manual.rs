//! `snowguard completions` and `snowguard man`: made from the same definitions as the help texts.

use crate::exit::Failure;
use anyhow::Context;
use clap::{Command, CommandFactory};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Print the completion script for a shell
///
/// For example: `snowguard completions bash > ~/.local/share/bash-completion/completions/snowguard`
#[derive(Debug, clap::Args)]
pub(crate) struct CompletionOptions {
    /// The shell
    shell: clap_complete::Shell,
}

/// Print the manual page, or write the pages of all commands to a folder
#[derive(Debug, clap::Args)]
pub(crate) struct ManOptions {
    /// Write one page a command into this folder, such as `share/man/man1`
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
}

/// Prints completions.
pub(crate) fn completions<P: CommandFactory>(options: &CompletionOptions) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    let mut command = P::command();
    let name = command.get_name().to_owned();
    clap_complete::generate(options.shell, &mut command, name, &mut script);
    print(&script)
}

/// Prints or writes manual pages.
pub(crate) fn man<P: CommandFactory>(options: &ManOptions) -> Result<ExitCode, Failure> {
    if let Some(folder) = &options.dir {
        write_all::<P>(folder)?;
        return Ok(ExitCode::SUCCESS);
    }
    let (_, text) = page(P::command().disable_help_subcommand(true)).map_err(Failure::failed)?;
    print(&text)
}

/// The page of a command and the name of its file.
fn page(command: Command) -> io::Result<(String, Vec<u8>)> {
    use clap::builder::Resettable::Reset;
    let notes = command.get_after_long_help().or(command.get_after_help()).map(ToString::to_string);
    let name = command.get_display_name().unwrap_or(command.get_name()).to_ascii_uppercase();
    let man = clap_mangen::Man::new(command.after_help(Reset).after_long_help(Reset))
        .title(name)
        .source(concat!("snowguard ", env!("CARGO_PKG_VERSION")))
        .manual("Snowguard");
    let mut text = Vec::new();
    man.render(&mut text)?;
    if let Some(notes) = notes {
        text.extend(verbatim("NOTES", &notes).into_bytes());
    }
    Ok((man.get_filename(), text))
}

/// A section in which lines stay lines: commands and addresses are no prose. Escapes as in
/// groff_man(7).
fn verbatim(title: &str, text: &str) -> String {
    let mut out = format!(".SH {title}\n.nf\n");
    for line in text.lines() {
        let line = line.replace('\\', "\\(rs").replace('-', "\\-");
        // A line that begins with a dot or an apostrophe would be a request.
        if line.starts_with(['.', '\'']) {
            out.push_str("\\&");
        }
        out.push_str(&line);
        out.push('\n');
    }
    out.push_str(".fi\n");
    out
}

fn write_all<P: CommandFactory>(folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    // `help` has no page of its own.
    let mut command = P::command().disable_help_subcommand(true);
    command.build();
    let mut open = vec![command];
    while let Some(command) = open.pop() {
        let (name, page) = page(command.clone())?;
        let path = folder.join(name);
        files::replace_bytes(&path, &page)?;
        let children = command.get_subcommands().filter(|c| !c.is_hide_set() && c.get_name() != "help");
        open.extend(children.cloned());
    }
    Ok(())
}

fn print(text: &[u8]) -> Result<ExitCode, Failure> {
    let mut out = terminal::stdout_bytes();
    out.write_all(text).and_then(|()| out.flush()).map_err(Failure::failed)?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_notes_is_a_request() {
        let text = verbatim("NOTES", ".so /etc/passwd\n'x\na\\-b\n");
        assert_eq!(text, ".SH NOTES\n.nf\n\\&.so /etc/passwd\n\\&'x\na\\(rs\\-b\n.fi\n");
    }
}
