//! The audit for people.

use super::{Audit, written};
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

    writeln!(out, "\nWRITTEN BY PEOPLE, read at {} lines an hour\n", written::LINES_PER_HOUR)?;
    writeln!(out, "{:<12} {:>6} {:>8} {:>10} {:>10}", "part", "files", "lines", "bytes", "reading")?;
    let mut sum = (0, 0, 0, 0);
    for part in &audit.written {
        sum = (sum.0 + part.files, sum.1 + part.lines, sum.2 + part.bytes, sum.3 + part.minutes());
        let time = reading(part.minutes());
        writeln!(out, "{:<12} {:>6} {:>8} {:>10} {time:>10}", part.name, part.files, part.lines, part.bytes)?;
    }
    writeln!(out, "{:<12} {:>6} {:>8} {:>10} {:>10}", "all", sum.0, sum.1, sum.2, reading(sum.3))?;

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
                "its first bytes".to_owned()
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

    writeln!(out, "\nSTILL TRUSTED")?;
    for (number, trusted) in audit.trusted.iter().enumerate() {
        writeln!(out, "\n{}. {}", number + 1, trusted.what)?;
        writeln!(out, "   {}", trusted.why)?;
        writeln!(out, "   Instead: {}", trusted.instead)?;
    }
    Ok(())
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
    path.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect()
}
