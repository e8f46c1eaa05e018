//! What manual, README and help tell a user to type is what the program accepts.

use crate::{Cli, help};
use clap::{Command, CommandFactory};
use std::path::{Path, PathBuf};
use test_support::project;

/// The pages that users read.
fn pages() -> Vec<PathBuf> {
    let mut pages = test_support::files(&project().join("docs"), "md");
    for page in ["README.md", "bootstrap/README.md", "quality/README.md", "RELEASING.md", "CONTRIBUTING.md"] {
        pages.push(project().join(page));
    }
    pages
}

/// Lines of code with their page and number, of blocks in these languages.
fn code(languages: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        let mut language = None;
        for (number, line) in text.lines().enumerate() {
            match (line.trim_start().strip_prefix("```"), language) {
                (Some(name), None) => language = Some(name),
                (Some(_), Some(_)) => language = None,
                (None, Some(name)) if languages.contains(&name) => {
                    found.push((format!("{}:{}", shown(&page), number + 1), line.to_owned()));
                }
                (None, _) => {}
            }
        }
    }
    found
}

fn shown(page: &Path) -> String {
    page.strip_prefix(project()).unwrap_or(page).display().to_string()
}

/// The words of a shell's line up to a comment, a pipe or a redirection.
fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let (mut word, mut quote, mut depth) = (None::<String>, None, 0);
    for character in line.chars() {
        match (character, quote) {
            (c, Some(open)) if c == open => quote = None,
            ('"' | '\'', None) if depth == 0 => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (' ', None) if depth == 0 => words.extend(word.take()),
            ('#' | '|' | '>' | '<' | ';' | '&', None) if depth == 0 && word.is_none() => break,
            (c, _) => {
                // A command in a command stands for some word.
                depth += i32::from(c == '(') - i32::from(c == ')');
                word.get_or_insert_default().push(c);
            }
        }
    }
    words.extend(word);
    words
}

/// The call of this program in a line, if there is one.
fn call(line: &str) -> Option<Vec<String>> {
    let mut words = words(line.trim_start_matches("$ "));
    let begins = |words: &[String], with: &[&str]| {
        words.len() >= with.len() && words.iter().zip(with).all(|(word, with)| word == with)
    };
    for (prefix, after) in [
        (&["snowguard"][..], 0),
        (&["sudo", "snowguard"], 1),
        (&["result/bin/snowguard"], 0),
        (&["cargo", "run", "--release", "--"], 3),
        (&["-", "nix", "run", "$SNOWGUARD", "--"], 4),
        (&["nix", "run", "$SNOWGUARD", "--"], 3),
        (&["run:", "nix", "run", "$SNOWGUARD", "--"], 4),
    ] {
        if begins(&words, prefix) {
            return Some(words.split_off(after));
        }
    }
    None
}

/// What is wrong with a call; help and version are no mistakes.
fn problem(call: &[String]) -> Option<String> {
    let error = help::command::<Cli>().try_get_matches_from(call).err()?;
    error.use_stderr().then(|| error.to_string())
}

#[test]
fn every_command_of_the_manual_is_one() {
    let mut calls = 0;
    let mut problems = Vec::new();
    for (place, line) in code(&["console", "yaml"]) {
        if let Some(call) = call(line.trim()) {
            calls += 1;
            problems.extend(problem(&call).map(|problem| format!("{place}: {line}\n{problem}")));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(calls >= 45, "only {calls} calls were found");
}

#[test]
fn every_example_of_the_help_is_one() {
    let (mut calls, mut problems) = (0, Vec::new());
    let mut root = Cli::command();
    root.build();
    let mut open = vec![root];
    while let Some(command) = open.pop() {
        let texts = [command.get_after_help(), command.get_after_long_help()];
        for line in texts
            .into_iter()
            .flatten()
            .flat_map(|text| text.to_string().lines().map(str::to_owned).collect::<Vec<_>>())
        {
            // What follows after two blanks is for people.
            let Some(call) = call(line.trim().split("  ").next().unwrap_or_default()) else { continue };
            calls += 1;
            let name = command.get_display_name().unwrap_or(command.get_name());
            problems.extend(problem(&call).map(|problem| format!("{name}: {line}\n{problem}")));
        }
        open.extend(command.get_subcommands().cloned());
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(calls >= 10, "only {calls} calls were found");
}

/// `snowguard pe sign --digest` in a sentence: the command and its options exist.
#[test]
fn every_option_in_the_text_is_one() {
    let mut root = Cli::command();
    root.build();
    let (mut options, mut problems) = (0, Vec::new());
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for piece in text.split('`').skip(1).step_by(2) {
            let mut words = piece.split_whitespace().peekable();
            if words.next() != Some("snowguard") || piece.contains('\n') {
                continue;
            }
            let mut command: &Command = &root;
            while let Some(found) = words.peek().and_then(|word| command.find_subcommand(word)) {
                command = found;
                words.next();
            }
            if command.get_name() == "snowguard" && words.peek().is_some_and(|word| is_name(word)) {
                problems.push(format!("{}: no such command: `{piece}`", shown(&page)));
            }
            for word in words {
                let Some(long) = word.strip_prefix("--") else { continue };
                let long = long.split_once('=').map_or(long, |(name, _)| name);
                options += 1;
                let known = command.get_arguments().any(|argument| argument.get_long() == Some(long));
                if !known && !["help", "version"].contains(&long) {
                    problems.push(format!("{}: no such option: `{piece}`", shown(&page)));
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(options >= 10, "only {options} options were found");
}

/// A word that could be a command, and no placeholder.
fn is_name(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !word.starts_with('-')
}

#[test]
fn lines_are_taken_apart_as_by_a_shell() {
    let call = |line| call(line).unwrap_or_default().join("|");
    assert_eq!(call("$ snowguard scan 'a b' $(x -y z) > out # why"), "snowguard|scan|a b|$(x -y z)");
    assert_eq!(call("$ sudo snowguard keys enroll"), "snowguard|keys|enroll");
    assert_eq!(call("- nix run \"$SNOWGUARD\" -- db update"), "--|db|update");
    assert_eq!(call("$ snow scan"), "");
    assert!(problem(&["snowguard".to_owned(), "scan".to_owned(), "--fial-on".to_owned()]).is_some());
    assert!(problem(&["snowguard".to_owned(), "--help".to_owned()]).is_none());
}
