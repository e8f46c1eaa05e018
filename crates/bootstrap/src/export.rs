//! The chain as Nix derivations, so that Nix can build it: on its remote builders, into its binary
//! caches.
//!
//! [`nix()`] writes a folder that needs nothing else: `default.nix`, the chain's files, the seed as
//! a file of its own, and the unpacked sources. Every file and folder has its hash in
//! `default.nix`, and Nix refuses another one. Each step becomes one raw `derivation`, whose
//! builder is the program that the step runs: no shell and no package of Nix takes part. A
//! derivation has one builder only, so steps of several commands begin with the chain's own `run`
//! (see `bootstrap/run`).
//!
//! What is different from the sandbox of this driver: inputs are not `/in/NAME` but paths of Nix's
//! store, outputs not `/out/NAME` but where Nix wants them; so these places are replaced in the
//! arguments. Files keep their names, but outputs of steps have names of Nix's store (without a
//! suffix). And Nix adds variables of its own, and shows the time. The steps must not care; that
//! the bytes are the same is what the export is good for.

use crate::arguments::{ArgumentPart, parts};
use crate::built::{self, Built, BuiltError};
use crate::seed::{self, SeedError};
use crate::steps::{InputOrigin, Plan, Step};
use crate::store::Contents;
use files::{FileError, TreeLimits, copy_tree};
use nix_formats::nar::{NarError, NarLimits, hash_tree};
use nix_formats::{Hash, HashAlgorithm};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// The step and output of the program that runs commands one after the other.
const RUN: (&str, &str) = ("run", "run");

/// Why a chain is not exported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The system refuses.
    #[error(transparent)]
    File(#[from] FileError),
    /// The folder to write has something in it already.
    #[error("{} is not empty: an export goes into a folder of its own", .0.display())]
    NotEmpty(PathBuf),
    /// A hash cannot be computed.
    #[error("cannot hash {}", path.display())]
    Hash {
        /// Of what.
        path: PathBuf,
        /// Why it failed.
        source: NarError,
    },
    /// A source is not in the store.
    #[error("source {0} is not in the store")]
    Source(String),
    /// A step of several commands, and nothing that could run them.
    #[error(
        "step {0} runs several commands, but the plan has no step run, whose program could do that in a derivation"
    )]
    NoRun(String),
    /// A step sees `/proc`, which is not the same in Nix.
    #[error("step {0} wants /proc, which shows it something else in Nix than here")]
    Proc(String),
    /// It is not known what is built.
    #[error(transparent)]
    Built(#[from] BuiltError),
    /// The seed's listing is wrong.
    #[error(transparent)]
    Seed(#[from] SeedError),
}

impl ExportError {
    /// What can be done about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Source(_) => Some("fetch it first: snowguard bootstrap fetch"),
            _ => None,
        }
    }
}

/// Writes the plan for Nix into `to`, which is made or empty. Sources come from the store in the
/// folder `store`; of outputs that are built the hash is written, too, for `--arg pinned true`.
pub fn nix(plan: &Plan, built: &Built, store: &Contents, to: &Path) -> Result<(), ExportError> {
    fs::create_dir_all(to).map_err(FileError::on("make", to))?;
    if fs::read_dir(to).map_err(FileError::on("list", to))?.next().is_some() {
        return Err(ExportError::NotEmpty(to.to_owned()));
    }
    let mut inputs = Inputs::new();
    for (name, origin) in plan.steps.iter().flat_map(|step| &step.inputs) {
        let known = (origin.clone(), name.clone());
        if matches!(origin, InputOrigin::Step { .. }) || inputs.contains_key(&known) {
            continue;
        }
        let folder = folder_name(origin, name, &inputs);
        let around = to.join("inputs").join(&folder);
        fs::create_dir_all(&around).map_err(FileError::on("make", &around))?;
        let place = around.join(name);
        match origin {
            InputOrigin::Seed => {
                let bytes = seed::read(&plan.folder.join("seed/seed.hex0"))?;
                fs::write(&place, bytes).map_err(FileError::on("write", &place))?;
                let mode = fs::Permissions::from_mode(0o755);
                fs::set_permissions(&place, mode).map_err(FileError::on("make executable", &place))?;
            }
            InputOrigin::File(path) => copy(&plan.folder.join(path), &place)?,
            InputOrigin::Source(name) | InputOrigin::Unpacked { source: name, .. } => {
                let source = plan.sources.get(name).ok_or_else(|| ExportError::Source(name.clone()))?;
                if let InputOrigin::Unpacked { path, .. } = origin {
                    let unpacked =
                        built::unpacked(store, source)?.ok_or_else(|| ExportError::Source(name.clone()))?;
                    copy(&unpacked.path().join(path), &place)?;
                } else {
                    copy(&store.source(source.sha256), &place)?;
                }
            }
            InputOrigin::Step { .. } => {}
        }
        let hash = nar_hash(&around)?;
        inputs.insert(known, Input { folder, hash });
    }
    let text = expression(plan, built, store, &inputs)?;
    // The last, and not before everything that it names is on the disk.
    files::sync_tree(to)?;
    Ok(files::replace_bytes(&to.join("default.nix"), text.as_bytes())?)
}

fn copy(from: &Path, to: &Path) -> Result<(), FileError> {
    Ok(copy_tree(from, to, TreeLimits::default())?)
}

/// An input that no step makes: a folder of the export with nothing but it in it, under the name
/// that the step knows it by. A program can depend on the name of a file, so names stay.
struct Input {
    folder: String,
    hash: Hash,
}

/// By where they come from, and their name in `/in`.
type Inputs = BTreeMap<(InputOrigin, String), Input>;

/// A name for the folder around an input, which no other has.
fn folder_name(origin: &InputOrigin, name: &str, inputs: &Inputs) -> String {
    let text = if *origin == InputOrigin::Seed { "seed".to_owned() } else { origin.to_string() };
    let text =
        if text.ends_with(&format!("/{name}")) || text == name { text } else { format!("{text}-as-{name}") };
    let text: String = text.chars().map(|c| if is_of_names(c) { c } else { '-' }).take(150).collect();
    let taken = |wanted: &str| inputs.values().any(|input| input.folder == wanted);
    if !taken(&text) {
        return text;
    }
    (2..=inputs.len() + 2).map(|number| format!("{text}-{number}")).find(|text| !taken(text)).unwrap_or(text)
}

fn nar_hash(path: &Path) -> Result<Hash, ExportError> {
    let hashed = hash_tree(path, HashAlgorithm::Sha256, &NarLimits::default());
    hashed.map(|(hash, _)| hash).map_err(|source| ExportError::Hash { path: path.to_owned(), source })
}

/// `default.nix`.
fn expression(plan: &Plan, built: &Built, store: &Contents, inputs: &Inputs) -> Result<String, ExportError> {
    let mut text = String::from(
        "# The bootstrap chain as Nix derivations, written by `snowguard bootstrap export`.\n\
         #\n\
         #   nix-build -A STEP                    builds a step and all before it\n\
         #   nix-build -A STEP --arg pinned true  and Nix refuses outputs with other bytes than the driver built\n\
         #\n\
         # Every step is a raw derivation: its builder is a program that an earlier step has built, in the end the seed.\n\
         # Files are only taken with the hashes that are written here.\n\
         { pinned ? false, system ? \"x86_64-linux\" }:\n\
         let\n  \
           input = name: path: sha256: builtins.path { inherit name path sha256; };\n  \
           step = name: expected: attributes: derivation ({\n    \
             inherit name system;\n    \
             LC_ALL = \"C\";\n    \
             SOURCE_DATE_EPOCH = \"1\";\n    \
             TZ = \"UTC\";\n  \
           } // (if pinned && expected != null\n    \
             then { outputHashMode = \"recursive\"; outputHashAlgo = \"sha256\"; outputHash = expected; }\n    \
             else { }) // attributes);\n  \
           inputs = {\n",
    );
    for input in inputs.values() {
        let folder = quote(&input.folder);
        let path = quote(&format!("/{}", input.folder));
        let _ =
            writeln!(text, "    {folder} = input {folder} (./inputs + {path}) {};", quote(&input.hash.sri()));
    }
    text.push_str("  };\n  steps = {\n");
    for step in &plan.steps {
        if step.proc {
            return Err(ExportError::Proc(step.name.clone()));
        }
        let run_is_there =
            plan.step(RUN.0).is_some_and(|run| run.outputs.contains_key(RUN.1) && run.run.len() == 1);
        if step.run.len() > 1 && !run_is_there {
            return Err(ExportError::NoRun(step.name.clone()));
        }
        // A fixed output is one output.
        let known = built.steps.get(&step.name).filter(|_| step.outputs.len() == 1);
        let expected = match known.and_then(|known| known.outputs.values().next()) {
            Some(output) => quote(&nar_hash(&store.path(&output.object))?.sri()),
            None => "null".to_owned(),
        };
        let _ = writeln!(text, "\n    # {}", step.summary.replace(char::is_control, " "));
        let _ = writeln!(text, "    {} = step {} {expected} {{", quote(&step.name), quote(&step.name));
        if step.outputs.len() > 1 {
            let names: Vec<String> = step.outputs.keys().map(|name| quote(name)).collect();
            let _ = writeln!(text, "      outputs = [ {} ];", names.join(" "));
        }
        for (name, value) in &step.environment {
            let _ = writeln!(text, "      {} = {};", quote(name), rewritten(plan, inputs, step, value));
        }
        let mut words: Vec<String> = Vec::new();
        for (number, argv) in step.run.iter().enumerate() {
            if number > 0 {
                words.push("\";\"".to_owned());
            }
            words.extend(argv.iter().map(|argument| rewritten(plan, inputs, step, argument)));
        }
        let (builder, arguments) = if step.run.len() > 1 {
            (format!("\"${{{}}}\"", reference(plan, RUN.0, RUN.1)), words.as_slice())
        } else {
            let Some((first, rest)) = words.split_first() else { continue };
            (first.clone(), rest)
        };
        let _ = writeln!(text, "      builder = {builder};");
        text.push_str("      args = [\n");
        for word in arguments {
            let _ = writeln!(text, "        {word}");
        }
        text.push_str("      ];\n    };\n");
    }
    text.push_str("  };\nin steps\n");
    Ok(text)
}

/// An output of another step, as an expression of Nix's language.
fn reference(plan: &Plan, step: &str, output: &str) -> String {
    let several = plan.step(step).is_some_and(|step| step.outputs.len() > 1);
    let output = if several { format!(".{}", quote(output)) } else { String::new() };
    format!("steps.{}{output}", quote(step))
}

/// An argument, with the paths of the sandbox replaced by those of Nix, as text of Nix's language.
fn rewritten(plan: &Plan, inputs: &Inputs, step: &Step, argument: &str) -> String {
    let mut text = String::from("\"");
    for part in parts(step, argument) {
        match part {
            ArgumentPart::Text(plain) => text.push_str(&escape(plain)),
            ArgumentPart::Build => text.push_str("./"),
            ArgumentPart::Output(name) => {
                let name = if step.outputs.len() > 1 { name } else { "out" };
                let _ = write!(text, "${{builtins.placeholder {}}}", quote(name));
            }
            ArgumentPart::Input(name) => match step.inputs.get(name) {
                Some(InputOrigin::Step { step, output }) => {
                    let _ = write!(text, "${{{}}}", reference(plan, step, output));
                }
                Some(origin) => {
                    if let Some(input) = inputs.get(&(origin.clone(), name.to_owned())) {
                        let _ = write!(text, "${{inputs.{}}}/{name}", quote(&input.folder));
                    }
                }
                None => {}
            },
        }
    }
    text.push('"');
    text
}

/// Whether Nix takes a character in the name of a store path.
fn is_of_names(character: char) -> bool {
    character.is_ascii_alphanumeric() || "+-._?=".contains(character)
}

/// A string of Nix's language.
fn quote(text: &str) -> String {
    format!("\"{}\"", escape(text))
}

fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '"' | '\\' | '$' => {
                escaped.push('\\');
                escaped.push(character);
            }
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            c => escaped.push(c),
        }
    }
    escaped
}
