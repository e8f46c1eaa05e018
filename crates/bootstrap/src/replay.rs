//! The chain as a list of commands, for a person without this driver.
//!
//! Somebody who has the seed, the folder of the chain and a way to start programs, be it a
//! debugger, can follow the list: each line is one program with its arguments, and nothing else is
//! needed, no shell, no redirection, no variable. Files are named from the folder in which the list
//! is followed.

use crate::arguments::{ArgumentPart, parts};
use crate::steps::{InputOrigin, Plan, Step};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// A step as commands to follow by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayStep {
    /// The step's name.
    pub step: String,
    /// What it is for.
    pub summary: String,
    /// Programs with their arguments. None of the words has a blank.
    pub commands: Vec<Vec<String>>,
    /// What it leaves: the file or folder's name, with its pin.
    pub outputs: Vec<(String, Option<String>)>,
}

/// Why a step cannot be followed by hand.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// An argument cannot be written on a line of words.
    #[error(
        "step {step}: the argument {argument:?} has a blank or is empty, so it cannot stand in a list of words"
    )]
    Blank {
        /// The step.
        step: String,
        /// The argument.
        argument: String,
    },
    /// It needs variables or `/proc`.
    #[error("step {step} needs more than its commands: it has variables of its own, or /proc")]
    Needs {
        /// The step.
        step: String,
    },
}

/// What the seed is called before the chain has made it again.
pub const SEED: &str = "seed0";

/// The list for all steps of a plan. `folder` is what the folder of the chain is called there.
///
/// Outputs get the name of their step, or STEP-OUTPUT if there are several; unpacked sources are
/// expected in `sources/NAME`.
pub fn lines(plan: &Plan, folder: &str) -> Result<Vec<ReplayStep>, ReplayError> {
    let by_name: BTreeMap<&str, &Step> = plan.steps.iter().map(|step| (step.name.as_str(), step)).collect();
    plan.steps.iter().map(|step| lines_of(step, &by_name, folder)).collect()
}

/// What an output is called.
fn output_name(step: &Step, output: &str) -> String {
    if step.outputs.len() == 1 { step.name.clone() } else { format!("{}-{output}", step.name) }
}

fn lines_of(step: &Step, steps: &BTreeMap<&str, &Step>, folder: &str) -> Result<ReplayStep, ReplayError> {
    if !step.environment.is_empty() || step.proc {
        return Err(ReplayError::Needs { step: step.name.clone() });
    }
    let place = |origin: &InputOrigin| match origin {
        InputOrigin::Seed => SEED.to_owned(),
        InputOrigin::Step { step, output } => match steps.get(step.as_str()) {
            Some(step) => output_name(step, output),
            None => step.clone(),
        },
        InputOrigin::File(path) => format!("{folder}/{}", path.display()),
        InputOrigin::Source(name) => format!("sources/{name}.archive"),
        InputOrigin::Unpacked { source, path } if path.as_os_str().is_empty() => format!("sources/{source}"),
        InputOrigin::Unpacked { source, path } => format!("sources/{source}/{}", path.display()),
    };
    let mut commands = Vec::new();
    for argv in &step.run {
        let mut words: Vec<String> = Vec::new();
        for argument in argv {
            let mut word = String::new();
            for part in parts(step, argument) {
                match part {
                    ArgumentPart::Text(text) => word.push_str(text),
                    ArgumentPart::Input(name) => {
                        word.push_str(&step.inputs.get(name).map(place).unwrap_or_default());
                    }
                    ArgumentPart::Output(name) => word.push_str(&output_name(step, name)),
                    ArgumentPart::Build => word.push_str("./"),
                }
            }
            // A path without a slash is looked for elsewhere by those who start programs.
            if words.is_empty() && !word.contains('/') {
                word.insert_str(0, "./");
            }
            if word.is_empty() || word.contains(char::is_whitespace) {
                return Err(ReplayError::Blank { step: step.name.clone(), argument: argument.clone() });
            }
            words.push(word);
        }
        commands.push(words);
    }
    let outputs = step
        .outputs
        .iter()
        .map(|(name, pin)| (output_name(step, name), pin.map(|pin| pin.to_string())))
        .collect();
    Ok(ReplayStep { step: step.name.clone(), summary: step.summary.clone(), commands, outputs })
}

/// Writes the list: a command a line; lines that begin with `#` are for people.
pub fn write(
    out: &mut (impl Write + ?Sized),
    plan: &Plan,
    list: &[ReplayStep],
    folder: &str,
) -> io::Result<()> {
    writeln!(
        out,
        "# Every line below is a program and its arguments, to be started in this folder, one after the other."
    )?;
    writeln!(
        out,
        "# Needed here: the folder {folder}, and the bytes of {folder}/seed/seed.hex0 as an executable file {SEED}."
    )?;
    let unpacked = |step: &Step| {
        step.inputs
            .values()
            .filter_map(|origin| match origin {
                InputOrigin::Unpacked { source, .. } => Some(source.clone()),
                _ => None,
            })
            .collect::<Vec<_>>()
    };
    let mut sources: Vec<String> = plan.steps.iter().flat_map(unpacked).collect();
    sources.sort();
    sources.dedup();
    for source in sources.iter().filter_map(|name| plan.sources.get(name)) {
        writeln!(
            out,
            "# Also: sources/{}, unpacked from {} (sha256 {}).",
            source.name, source.file, source.sha256
        )?;
    }
    for lines in list {
        writeln!(out, "\n# {}: {}", lines.step, lines.summary)?;
        for words in &lines.commands {
            writeln!(out, "{}", words.join(" "))?;
        }
        for (name, pin) in &lines.outputs {
            if let Some(pin) = pin {
                writeln!(out, "# {pin}  {name}")?;
            }
        }
    }
    Ok(())
}
