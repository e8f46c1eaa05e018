//! `cargo xtask quality`: how good is the matching? Pairs of a record and a package, drawn by a fixed seed and labelled by
//! reading, and the score of a matcher against these labels.
//!
//! Nothing here uses the crates that it judges: records and packages are read with code of its own.

pub(crate) mod data;
pub(crate) mod labels;
pub(crate) mod sample;
#[cfg(any(test, feature = "bench"))]
pub(crate) mod score;

use std::path::PathBuf;

use anyhow::Context;

/// Arguments of `cargo xtask quality`.
#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Draw candidate pairs from the real records and evaluations, as tab-separated lines
    Sample {
        /// Which draw; the labels in `quality/labels.tsv` belong to the default
        #[arg(long, default_value_t = sample::SEED)]
        seed: u64,
        /// How many pairs
        #[arg(long, default_value_t = 400)]
        count: usize,
    },
    /// Check that `quality/labels.tsv` labels exactly the pairs that the default seed draws
    Check,
    /// Count the pairs that there are to draw from, which is what the weights of the strata come from
    Population,
    /// Print what is known of the pairs of a range of lines, for labelling
    Show {
        /// First pair, from 1
        first: usize,
        /// Last pair
        last: usize,
    },
}

/// Where the labels are.
pub(crate) fn labels_file() -> PathBuf {
    crate::workspace::root().join("quality/labels.tsv")
}

/// Runs the command.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let data = data::Data::read()?;
    match options.command {
        Command::Sample { seed, count } => {
            println!("{}", labels::HEADER);
            for pair in sample::draw(&data, seed, count) {
                println!("{}", pair.line());
            }
        }
        Command::Check => {
            let labels = labels::read(&labels_file())?;
            let drawn = sample::draw(&data, sample::SEED, labels.len());
            for (line, (label, pair)) in labels.iter().zip(&drawn).enumerate() {
                let same =
                    label.cve == pair.cve && label.package == pair.package && label.stratum == pair.stratum;
                anyhow::ensure!(
                    same,
                    "label {} is of {} and {}, the draw has {} and {}",
                    line + 1,
                    label.cve,
                    label.package,
                    pair.cve,
                    pair.package
                );
            }
            println!("{} labels, each of a drawn pair", labels.len());
        }
        Command::Population => {
            for (stratum, pairs) in sample::population(&data) {
                println!("{stratum}\t{pairs}");
            }
        }
        Command::Show { first, last } => {
            let drawn = sample::draw(&data, sample::SEED, 400);
            let chosen =
                drawn.get(first.saturating_sub(1)..last.min(drawn.len())).context("no such pairs")?;
            for (index, pair) in chosen.iter().enumerate() {
                println!("===== {} =====", first + index);
                data.show(pair);
            }
        }
    }
    Ok(())
}
