//! `cargo xtask quality`: how good is the matching? Pairs of a record and a package, drawn by a
//! fixed seed and labelled by reading, and the score of a matcher against these labels.
//!
//! Nothing here uses the crates that it judges: records and packages are read with code of its own.

pub(crate) mod data;
pub(crate) mod fixes;
pub(crate) mod labels;
pub(crate) mod sample;
#[cfg(any(test, feature = "bench"))]
pub(crate) mod score;

use anyhow::Context;
use fixes::FixSet;
use sample::{SETS, Set};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Arguments of `cargo xtask quality`.
#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Draw the candidate pairs of a set from the real records and evaluations, as tab-separated
    /// lines
    Sample {
        /// Which set: `tuned`, `hold-out`, `third`, or the records of `at-the-fix` or `fresh`
        #[arg(long, default_value = "tuned")]
        set: String,
        /// Another draw of the same size, as for a new set
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Check that the files of labels hold exactly what is drawn for their sets
    Check {
        /// Only this set, `at-the-fix` and `fresh` included
        #[arg(long)]
        set: Option<String>,
    },
    /// Count the pairs that there are to draw from, which is what the weights of the strata come
    /// from
    Population,
    /// Print what is known of the pairs of a range of lines, for labelling
    Show {
        /// Which set: `tuned`, `hold-out` or `third`
        #[arg(long, default_value = "tuned")]
        set: String,
        /// First pair, from 1
        first: usize,
        /// Last pair
        last: usize,
    },
}

/// The set of this name.
fn set_called(name: &str) -> anyhow::Result<&'static Set> {
    SETS.iter().find(|set| set.name == name).with_context(|| {
        let names: Vec<&str> = SETS.iter().map(|set| set.name).collect();
        format!("there is no set `{name}`, only {}", names.join(" and "))
    })
}

impl Set {
    /// Where its labels are.
    pub(crate) fn path(&self) -> PathBuf {
        crate::workspace::root().join(self.file)
    }
}

/// Runs the command.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let data = data::Data::read()?;
    match &options.command {
        Command::Sample { set, .. } if FixSet::called(set).is_some() => {
            for (cve, stratum) in FixSet::called(set).context("a set")?.drawn(&data)? {
                println!("{cve}\t{stratum}");
            }
        }
        Command::Sample { set, seed } => {
            let set = set_called(set)?;
            println!("{}", labels::HEADER);
            let pairs = match seed {
                Some(seed) => sample::draw(&data, *seed, set.counts, &BTreeSet::new()),
                None => sample::draw_set(&data, set),
            };
            for pair in pairs {
                println!("{}", pair.line());
            }
        }
        Command::Check { set } => {
            let wanted = |name: &str| set.as_deref().is_none_or(|set| set == name);
            for set in SETS.iter().filter(|set| wanted(set.name)) {
                check(&data, set)?;
            }
            for set in fixes::SETS.iter().filter(|set| wanted(set.name)) {
                set.check(&data)?;
            }
            if let Some(set) = set.as_deref().filter(|set| FixSet::called(set).is_none()) {
                set_called(set)?;
            }
        }
        Command::Population => {
            for (stratum, pairs) in sample::population(&data) {
                println!("{stratum}\t{pairs}");
            }
        }
        Command::Show { set, first, last } => {
            let drawn = sample::draw_set(&data, set_called(set)?);
            let chosen =
                drawn.get(first.saturating_sub(1)..(*last).min(drawn.len())).context("no such pairs")?;
            for (index, pair) in chosen.iter().enumerate() {
                println!("===== {} =====", first + index);
                data.show(&pair.cve, &pair.package);
            }
        }
    }
    Ok(())
}

/// Is every label of a set of a drawn pair, in the same order?
fn check(data: &data::Data, set: &Set) -> anyhow::Result<()> {
    let labels = labels::read(&set.path())?;
    let drawn = sample::draw_set(data, set);
    anyhow::ensure!(
        labels.len() == drawn.len(),
        "{} has {} labels, the draw {} pairs",
        set.file,
        labels.len(),
        drawn.len()
    );
    for (line, (label, pair)) in labels.iter().zip(&drawn).enumerate() {
        let same = label.cve == pair.cve && label.package == pair.package && label.stratum == pair.stratum;
        anyhow::ensure!(
            same,
            "{}: label {} is of {} and {}, the draw has {} and {}",
            set.file,
            line + 1,
            label.cve,
            label.package,
            pair.cve,
            pair.package
        );
    }
    println!("{}: {} labels, each of a drawn pair", set.file, labels.len());
    Ok(())
}
