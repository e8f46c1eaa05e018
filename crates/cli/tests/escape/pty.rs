//! A terminal of our own, and what is printed on it.

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, Winsize, tcgetattr, tcsetattr, tcsetwinsize};
use std::fs::File;
use std::io::Read as _;
use std::os::unix::ffi::OsStringExt as _;
use std::process::Command;

/// Runs a program with a terminal as its output, which passes every byte on as it is. Gives exit
/// code and bytes.
pub(crate) fn on_terminal(mut command: Command) -> (i32, Vec<u8>) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = std::ffi::OsString::from_vec(ptsname(&master, Vec::new()).unwrap().into_bytes());
    let slave = File::options().read(true).write(true).open(name).unwrap();
    let mut settings = tcgetattr(&slave).unwrap();
    settings.make_raw();
    tcsetattr(&slave, OptionalActions::Now, &settings).unwrap();
    let size = Winsize { ws_row: 50, ws_col: 120, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&slave, size).unwrap();

    command.env("TERM", "xterm-256color").env_remove("NO_COLOR");
    command.stdout(slave.try_clone().unwrap()).stderr(slave);
    let mut child = command.spawn().unwrap();
    // It has copies of the slave, and reading ends when the last one is closed.
    drop(command);
    let mut printed = Vec::new();
    let mut master = File::from(master);
    let mut buffer = [0; 4096];
    // The end of a terminal is an error (EIO).
    while let Ok(length @ 1..) = master.read(&mut buffer) {
        printed.extend_from_slice(&buffer[..length]);
    }
    (child.wait().unwrap().code().unwrap(), printed)
}

/// What stands in `printed` that could control the terminal, hide or forge something; nothing if it
/// is harmless.
///
/// Harmless are text, line ends, our colours, and what a progress bar draws itself with: to the
/// beginning of the line, up or down some lines, erase a line.
pub(crate) fn harm(printed: &[u8]) -> Option<String> {
    let plain = match plain(printed) {
        Ok(plain) => plain,
        Err(harm) => return Some(harm),
    };
    // A page has its own lines, and texts may go on over several.
    let page = plain.trim_start().starts_with("<!doctype html>");
    let forged = !page && plain.split(['\n', '\r']).any(|line| line.starts_with("FORGED"));
    forged.then(|| "a line that is not ours".to_owned())
}

/// The text without what is harmless; or what is not.
fn plain(printed: &[u8]) -> Result<String, String> {
    let Ok(text) = std::str::from_utf8(printed) else { return Err("bytes that are not UTF-8".to_owned()) };
    let mut plain = String::new();
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        rest = &rest[character.len_utf8()..];
        if character == '\u{1b}' {
            let sequence =
                rest.strip_prefix('[').and_then(|rest| rest.split_once(|c: char| c.is_ascii_alphabetic()));
            let Some((numbers, after)) = sequence else {
                return Err(format!("ESC before {:?}", head(rest)));
            };
            let letter = rest.as_bytes()[1 + numbers.len()];
            let ours = match letter {
                b'm' => numbers.split(';').all(|n| OUR_COLOURS.contains(&n)),
                b'A' | b'B' | b'K' => numbers.bytes().all(|byte| byte.is_ascii_digit()),
                _ => false,
            };
            if !ours {
                return Err(format!("ESC before {:?}", head(rest)));
            }
            rest = after;
        } else if character.is_control() && !matches!(character, '\n' | '\r' | '\t') {
            return Err(format!("{character:?} before {:?}", head(rest)));
        } else if matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            return Err(format!("{character:?}, which turns text round"));
        } else {
            plain.push(character);
        }
    }
    Ok(plain)
}

/// The numbers of the colours that we use: 45, which hostile texts have, is not among them.
const OUR_COLOURS: [&str; 14] = ["", "0", "1", "2", "3", "4", "7", "31", "32", "33", "34", "36", "39", "90"];

fn head(text: &str) -> String {
    text.chars().take(20).collect()
}

#[test]
fn harm_is_seen() {
    for bad in [
        "\u{1b}]0;x\u{7}",
        "\u{1b}[2J",
        "\u{1b}[45m",
        "\u{9b}2J",
        "\u{7}",
        "\u{202e}",
        "x\rFORGED",
        "\nFORGED",
        "\u{1b}",
    ] {
        assert!(harm(bad.as_bytes()).is_some(), "{bad:?}");
    }
    assert!(harm(b"\x9b2J").is_some());
    assert_eq!(harm(b"\r\x1b[2K\x1b[1A\x1b[1m\x1b[31merror:\x1b[0m evil FORGED\n"), None);
}
