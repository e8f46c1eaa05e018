//! `snowguard completions` and `snowguard man`: made from the same definitions as the help texts.

use crate::exit;
use anyhow::Context;
use clap::CommandFactory;
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
pub(crate) fn completions<P: CommandFactory>(options: &CompletionOptions) -> ExitCode {
    let mut script = Vec::new();
    let mut command = P::command();
    let name = command.get_name().to_owned();
    clap_complete::generate(options.shell, &mut command, name, &mut script);
    print(&script)
}

/// Prints or writes manual pages.
pub(crate) fn man<P: CommandFactory>(options: &ManOptions) -> ExitCode {
    if let Some(folder) = &options.dir {
        return match write_all::<P>(folder) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => exit::Failure::scan(error).report(),
        };
    }
    let mut page = Vec::new();
    match clap_mangen::Man::new(P::command()).render(&mut page) {
        Ok(()) => print(&page),
        Err(error) => exit::Failure::scan(error).report(),
    }
}

fn write_all<P: CommandFactory>(folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut command = P::command();
    command.build();
    let mut open = vec![command];
    while let Some(command) = open.pop() {
        let man = clap_mangen::Man::new(command.clone());
        let path = folder.join(man.get_filename());
        let mut page = Vec::new();
        man.render(&mut page)?;
        scanner::output::replace(&path, |out| out.write_all(&page))
            .with_context(|| format!("cannot write {}", path.display()))?;
        let children = command.get_subcommands().filter(|c| !c.is_hide_set() && c.get_name() != "help");
        open.extend(children.cloned());
    }
    Ok(())
}

fn print(text: &[u8]) -> ExitCode {
    match io::stdout().lock().write_all(text) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => exit::Failure::scan(error).report(),
        _ => ExitCode::SUCCESS,
    }
}
