//! The program's own help: its commands in groups.

use clap::builder::StyledStr;
use clap::{Command, CommandFactory};
use std::fmt::Write as _;

/// The commands, by what they are for.
const GROUPS: [(&str, &[&str]); 4] = [
    ("Known vulnerabilities", &["scan", "diff", "explain", "show", "db", "demo", "tracker"]),
    ("What a machine boots", &["pe", "sbat", "keys"]),
    ("A compiler from bytes that you can read", &["bootstrap"]),
    ("This program", &["config", "completions", "man", "help"]),
];

/// The program's command with its own help.
pub(crate) fn command<P: CommandFactory>() -> Command {
    let command = P::command();
    let template = template(&command);
    command.help_template(template)
}

fn template(command: &Command) -> StyledStr {
    let heading = command.get_styles().get_header();
    let literal = command.get_styles().get_literal();
    let mut text = String::from("{about-with-newline}\n{usage-heading} {usage}\n");
    // Writing to a string cannot fail.
    for (title, names) in GROUPS {
        let _ = write!(text, "\n{heading}{title}:{heading:#}\n");
        for name in names {
            let about = match command.find_subcommand(name) {
                Some(found) => found.get_about().map(ToString::to_string).unwrap_or_default(),
                // Clap adds it later.
                None => "Print this message or the help of a command".to_owned(),
            };
            let about = about.trim_end_matches('.');
            let _ = writeln!(text, "  {literal}{name:<12}{literal:#} {about}");
        }
    }
    let _ = write!(text, "\n{heading}Options:{heading:#}\n{{options}}{{after-help}}");
    StyledStr::from(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cli;

    #[test]
    fn every_command_is_in_one_group() {
        let mut listed: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| *names).copied().collect();
        let command = Cli::command();
        let mut known: Vec<&str> =
            command.get_subcommands().filter(|c| !c.is_hide_set()).map(Command::get_name).collect();
        known.push("help");
        listed.sort_unstable();
        known.sort_unstable();
        assert_eq!(listed, known);
    }

    #[test]
    fn each_line_fits() {
        let help = command::<Cli>().render_help().to_string();
        for line in help.lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
        assert!(help.contains("\nWhat a machine boots:\n  pe "), "{help}");
    }
}
