//! `cargo xtask bench --with PROGRAM`: this checkout and another build of `snowguard`, in one run
//! on one machine.
//!
//! Both do the same work in turns, so what disturbs one round disturbs both. A ratio is taken
//! within each round; the table has its median and its quartiles. Where the quartiles have 1
//! between them, nothing was measured but noise.

use super::chain::Chain;
use super::images::Images;
use super::inputs;
use super::measure::{self, Run};
use super::ours::Snowguard;
use super::table::{Cell, Table};
use anyhow::Context;
use std::fs;
use std::path::Path;
use std::process::Command;

/// How many images are signed in one call.
const IMAGES: usize = 20;

/// One kind of work.
struct Case<'a> {
    what: &'static str,
    /// Whether it runs under valgrind: not what makes sandboxes.
    countable: bool,
    /// Whether the same input always gives the same output.
    repeatable: bool,
    /// Brings everything into the state before, and gives the command.
    #[expect(clippy::type_complexity, reason = "it is written once")]
    prepare: Box<dyn Fn(&Snowguard) -> anyhow::Result<Command> + 'a>,
}

/// What was measured of one program.
#[derive(Default)]
struct Runs(Vec<Run>);

/// Measures all cases.
///
/// # Errors
/// When a program cannot be had or fails.
pub(super) fn run(other: &Path, rounds: usize, instructions: bool) -> anyhow::Result<Table> {
    let theirs = Snowguard::at(other, "other")?;
    let ours = Snowguard::build("snowguard")?;
    let archives = inputs::cve_archives();
    let root = inputs::system(&inputs::scratch()?.join("system"), inputs::PATHS)?;
    let evaluation = inputs::evaluation();
    let images = Images::prepare(&ours)?;
    let signed = tempfile::Builder::new().prefix("bench-").tempdir_in("/dev/shm")?;
    let names: Vec<String> = (0..IMAGES).map(|number| format!("image{number}.efi")).collect();
    for name in &names {
        fs::hard_link(images.path("large"), images.path(name))?;
    }
    let chain = Chain::prepare(&ours)?;

    let sign = |program: &Snowguard| {
        for entry in fs::read_dir(signed.path())? {
            fs::remove_file(entry?.path())?;
        }
        let mut command = program.command(images.folder(), &["pe", "sign", "--key", "key", "--cert", "cert"]);
        command.arg("--output-dir").arg(signed.path()).args(&names);
        Ok(command)
    };
    let verify = ["pe", "verify", "--db", "cert", "huge-signed"];
    let cases = [
        // First, because it makes the database that scans read.
        Case::new("db update, all shared records", |program| program.update_command(&archives)).varying(),
        Case::new("scan of a closure", |program| Ok(program.scan_system_command(&root))),
        Case::new("scan of an evaluation", |program| Ok(program.scan_target_command(&evaluation))),
        Case::new("pe sign, 20 images of 63 MB, in memory", sign),
        Case::new("pe verify, 630 MB", |program| Ok(program.command(images.folder(), &verify))),
        Case::new("bootstrap build, from the seed", |p| chain.build_from_nothing(p)).varying().sandboxed(),
        Case::new("bootstrap build, everything known", |p| Ok(chain.build(p))).varying().sandboxed(),
        Case::new("help", |program| Ok(program.command(Path::new("/"), &["--help"]))).varying(),
    ];

    let mut table = Table::new(
        format!("this checkout compared with {}, {rounds} rounds", other.display()),
        &["what", "other", "this", "this / other", "quartiles", "memory", "instructions", "output"],
    );
    for case in &cases {
        eprintln!("== {}", case.what);
        table.row(case.measure(&theirs, &ours, rounds, instructions)?);
    }
    table.note("Medians of wall times; the ratio is the median of the rounds' ratios. Memory: the largest of all rounds, this / other.");
    table.note("Instructions: this / other, counted once by valgrind. Output: whether standard output is the same byte for byte, but for a report's id and time.");
    Ok(table)
}

impl<'a> Case<'a> {
    fn new(what: &'static str, prepare: impl Fn(&Snowguard) -> anyhow::Result<Command> + 'a) -> Self {
        Self { what, countable: true, repeatable: true, prepare: Box::new(prepare) }
    }

    fn varying(self) -> Self {
        Self { repeatable: false, ..self }
    }

    fn sandboxed(self) -> Self {
        Self { countable: false, ..self }
    }

    fn measure(
        &self,
        theirs: &Snowguard,
        ours: &Snowguard,
        rounds: usize,
        instructions: bool,
    ) -> anyhow::Result<Vec<Cell>> {
        let zero = |status| status == 0;
        let once = |program: &Snowguard| measure::once(&(self.prepare)(program)?, zero);
        let (mut other, mut this) = (Runs::default(), Runs::default());
        for round in 0..rounds.max(1) {
            // Who comes first changes, so that neither always finds what the other one left in
            // caches.
            if round % 2 == 0 {
                other.0.push(once(theirs)?);
                this.0.push(once(ours)?);
            } else {
                this.0.push(once(ours)?);
                other.0.push(once(theirs)?);
            }
        }
        let ratios = sorted(this.seconds().zip(other.seconds()).map(|(this, other)| this / other));
        let counted = if instructions && self.countable {
            let count = |program| measure::instructions(&(self.prepare)(program)?, zero);
            Cell::Ratio(count(ours)? as f64 / count(theirs)? as f64)
        } else {
            Cell::None
        };
        let same = if this.output() == other.output() { "same" } else { "differs" };
        Ok(vec![
            self.what.into(),
            Cell::Number(quartile(&sorted(other.seconds()), 2)? * 1e3, "ms"),
            Cell::Number(quartile(&sorted(this.seconds()), 2)? * 1e3, "ms"),
            Cell::Ratio(quartile(&ratios, 2)?),
            format!("{:.3} to {:.3}", quartile(&ratios, 1)?, quartile(&ratios, 3)?).into(),
            Cell::Ratio(this.memory() as f64 / other.memory() as f64),
            counted,
            if self.repeatable { same.into() } else { Cell::None },
        ])
    }
}

impl Runs {
    fn seconds(&self) -> impl Iterator<Item = f64> {
        self.0.iter().map(|run| run.wall.as_secs_f64())
    }

    /// What the last run printed, without the lines of a report that name the run: its identifier
    /// and time.
    fn output(&self) -> Vec<&[u8]> {
        let output = self.0.last().map_or(&[][..], |run| &run.output);
        let names_the_run =
            |line: &[u8]| [&b"  \"id\": "[..], b"  \"time\": "].iter().any(|key| line.starts_with(key));
        output.split_inclusive(|byte| *byte == b'\n').filter(|line| !names_the_run(line)).collect()
    }

    fn memory(&self) -> u64 {
        self.0.iter().map(|run| run.memory).max().unwrap_or(0)
    }
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

/// A quartile (0 to 4) of sorted values, between two of them when it falls there.
fn quartile(sorted: &[f64], number: usize) -> anyhow::Result<f64> {
    let quarters = number * sorted.len().saturating_sub(1);
    let value = |at: usize| sorted.get(at).copied().context("nothing was measured");
    let (low, high) = (value(quarters / 4)?, value(quarters.div_ceil(4))?);
    Ok(low + (high - low) * (quarters % 4) as f64 / 4.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles() {
        let odd = sorted([4.0, 1.0, 3.0, 2.0, 5.0].into_iter());
        let even = sorted([10.0, 20.0].into_iter());
        for (values, number, expected) in [
            (&odd, 0, 1.0),
            (&odd, 1, 2.0),
            (&odd, 2, 3.0),
            (&odd, 4, 5.0),
            (&even, 1, 12.5),
            (&even, 2, 15.0),
        ] {
            assert!((quartile(values, number).unwrap() - expected).abs() < 1e-9, "{number}");
        }
        assert!(quartile(&[], 2).is_err());
    }
}
