//! The audit for people.

use super::Audit;
use super::driver::{DriverPart, DriverSources, NOT_COUNTED};
use super::written::{self, WrittenPart};
use std::io::{self, Write};

/// How many generated files of a source are named.
const SHOWN: usize = 40;

/// Writes the audit. `all` names every generated file.
pub fn write_text(out: &mut (impl Write + ?Sized), audit: &Audit, all: bool) -> io::Result<()> {
    let seed = &audit.seed;
    writeln!(out, "THE SEED: {} bytes, sha256 {}", seed.bytes, seed.sha256)?;
    match &seed.disassembler {
        Some(name) => {
            writeln!(out, "On the left its listing, on the right what {name} says of the same bytes.\n")?;
        }
        None => {
            writeln!(out, "This machine has no objdump, so there is no disassembly beside the listing.\n")?;
        }
    }
    for line in &seed.lines {
        let hex = if line.bytes.len() > 9 { format!("{} bytes", line.bytes.len()) } else { line.hex() };
        let meaning: String = line.meaning.chars().take(44).collect();
        let other = line.disassembly.as_deref().map(|text| format!("| {text}")).unwrap_or_default();
        writeln!(out, "{:>4}  {hex:<26}  {meaning:<44}  {other}", line.offset)?;
    }
    writeln!(out)?;
    for disagreement in &seed.disagreements {
        writeln!(out, "THEY DO NOT AGREE: {disagreement}")?;
    }
    if seed.disassembler.is_some() && seed.disagreements.is_empty() {
        writeln!(out, "Both say the same of every instruction: its bytes, and what it is.")?;
    }

    writeln!(out, "\nTO BE READ, at {} lines an hour\n", written::LINES_PER_HOUR)?;
    writeln!(out, "{:<34} {:>6} {:>8} {:>10} {:>12}", "part", "files", "lines", "bytes", "reading")?;
    for part in audit.written.iter().chain([&audit.steps]) {
        row(out, &part.name, part)?;
    }
    for source in &audit.sources {
        match &source.texts {
            Some(texts) => row(out, &format!("{}, by others, compiled", source.name), texts.to_read())?,
            None => writeln!(
                out,
                "{:<34} not in the store, so not counted",
                format!("{}, by others", source.name)
            )?,
        }
    }
    row(out, "all", &audit.to_read())?;
    for source in &audit.sources {
        let Some(texts) = &source.texts else { continue };
        writeln!(
            out,
            "\nOf {} that is what commands name and what is included from there, under any condition. All its\n\
             program texts have {} lines; with tests and documentation there are {}.",
            source.name, texts.programs.lines, texts.all.lines
        )?;
    }
    driver(out, &audit.driver)?;

    writeln!(out, "\nMADE BY PROGRAMS, in the sources of others")?;
    for source in &audit.sources {
        match source.files {
            None => {
                writeln!(out, "\n{}: not in the store; `snowguard bootstrap fetch` brings it", source.file)?;
            }
            Some(files) => writeln!(out, "\n{}: {} of {files} files", source.file, source.hits.len())?,
        }
        let shown = if all { source.hits.len() } else { SHOWN };
        for hit in source.hits.iter().take(shown) {
            let place = if hit.line == 0 {
                if hit.text.is_empty() { "its first bytes".to_owned() } else { hit.text.clone() }
            } else {
                format!("line {}: {}", hit.line, hit.text)
            };
            writeln!(out, "  {:<40} {:<12} {place}", plain(&hit.path), hit.rule)?;
        }
        if source.hits.len() > shown {
            writeln!(out, "  and {} more (--all)", source.hits.len() - shown)?;
        }
    }
    if audit.sources.is_empty() {
        writeln!(out, "\nThese steps use none.")?;
    }

    writeln!(out, "\nWHERE SOURCES CAN BE HAD, and when they were last there")?;
    for source in &audit.sources {
        writeln!(out, "\n{}:", source.file)?;
        for (place, tried) in &source.places {
            let when = match tried {
                Some(tried) => format!("{}: {}", tried.on, tried.found.described()),
                None => "never tried from here".to_owned(),
            };
            writeln!(out, "  {} ({when})", terminal::clean(place))?;
        }
        match source.keepers {
            (0, _) => {
                writeln!(out, "  A SINGLE POINT OF LOSS: no place is known, only copies that somebody has.")?;
            }
            (1, _) => {
                writeln!(out, "  A SINGLE POINT OF LOSS: one place only is known to have these bytes.")?;
            }
            (_, 0 | 1) => {
                writeln!(
                    out,
                    "  PERHAPS A SINGLE POINT OF LOSS: of these places fewer than two have been tried."
                )?;
            }
            _ => {}
        }
    }

    writeln!(out, "\nSTILL TRUSTED")?;
    for (number, trusted) in audit.trusted.iter().enumerate() {
        writeln!(out, "\n{}. {}", number + 1, trusted.what)?;
        writeln!(out, "   {}", trusted.why)?;
        writeln!(out, "   Instead: {}", trusted.instead)?;
    }
    Ok(())
}

fn row(out: &mut (impl Write + ?Sized), name: &str, part: &WrittenPart) -> io::Result<()> {
    let WrittenPart { files, lines, bytes, .. } = part;
    writeln!(out, "{name:<34} {files:>6} {lines:>8} {bytes:>10} {:>12}", reading(part.minutes()))
}

/// The driver, which nobody needs who follows the commands by hand.
fn driver(out: &mut (impl Write + ?Sized), driver: &DriverSources) -> io::Result<()> {
    writeln!(out, "\nTHE DRIVER, which does all of this, and which one can do without\n")?;
    if let Some(problem) = &driver.problem {
        writeln!(out, "Its sources are not counted: {}.", terminal::clean(problem))?;
    } else {
        writeln!(out, "{:<34} {:>6} {:>6} {:>8} {:>10}", "crates", "number", "files", "lines", "bytes")?;
        for DriverPart { crates, text } in &driver.parts {
            writeln!(
                out,
                "{:<34} {crates:>6} {:>6} {:>8} {:>10}",
                text.name, text.files, text.lines, text.bytes
            )?;
        }
    }
    if !driver.missing.is_empty() {
        writeln!(
            out,
            "Their sources are not on this machine, so not counted: {}.",
            driver.missing.join(", ")
        )?;
    }
    writeln!(out, "{NOT_COUNTED}")
}

fn reading(minutes: u64) -> String {
    if minutes < 60 {
        format!("{minutes} min")
    } else {
        format!("{} h {:02} min", minutes / 60, minutes % 60)
    }
}

/// A path of an archive is not for the terminal to obey.
fn plain(path: &str) -> String {
    terminal::clean(path)
}
