//! Diverse double compiling (D. A. Wheeler, "Fully Countering Trusting Trust through Diverse
//! Double-Compiling", 2009).
//!
//! A compiler that puts something into the compilers that it compiles cannot be seen in any source.
//! But another compiler, made by others, does not put in the same. So: the other compiler compiles
//! the chain's last compiler from its source; what comes of that is other code, but the same
//! program, and compiles its source once more. If the result is, byte for byte, what the chain has,
//! then whatever is in the chain's compiler is in its source, or in both compilers.
//!
//! What is replaced is written in `ddc.toml` in the folder of the chain.

use crate::build::{BuildError, BuildResults, Builder};
use crate::object::Object;
use crate::steps::{InputOrigin, Plan, Step, StepProblem, origin};
use crate::store::{Store, StoreError};
use files::{FileError, ReadError};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The largest `ddc.toml`, in bytes.
const LARGEST: u64 = 1 << 20;

/// What is replaced, and how its replacement is compiled.
#[derive(Debug, Clone)]
pub struct DdcRecipe {
    /// The step that is run with the replacement.
    pub step: String,
    /// Its input that is replaced.
    pub input: String,
    /// The compiler's arguments; `{NAME}` stands for an input's path.
    pub argv: Vec<String>,
    /// The compiler's inputs.
    pub inputs: BTreeMap<String, InputOrigin>,
}

/// Why the double compiling could not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DdcError {
    /// The file `ddc.toml` cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The file `ddc.toml` is no TOML, or has keys that nothing is known of.
    #[error("{}", path.display())]
    Toml {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The file `ddc.toml` names something that the chain does not have.
    #[error("{}", path.display())]
    Recipe {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: StepProblem,
    },
    /// The compiler is not there.
    #[error("the compiler {compiler} cannot be started")]
    Missing {
        /// The compiler.
        compiler: String,
        /// Why it failed.
        source: io::Error,
    },
    /// The compiler failed.
    #[error("the compiler {compiler} failed ({status}): {message}")]
    Compiler {
        /// The compiler.
        compiler: String,
        /// How it ended.
        status: String,
        /// The first lines that it printed.
        message: String,
    },
    /// The chain cannot be built, or the step cannot be run.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system refuses.
    #[error(transparent)]
    File(#[from] FileError),
}

impl DdcError {
    /// What can be done about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Missing { .. } => Some("install it, or name another with --compiler".into()),
            Self::Build(error) => error.hint(),
            Self::Store(error) => error.hint().map(str::to_owned),
            _ => None,
        }
    }
}

/// What one compiler led to.
#[derive(Debug, Clone)]
pub struct DdcOutcome {
    /// The first line of what it says of itself.
    pub version: String,
    /// The program that it made in place of the chain's.
    pub program: Object,
    /// The outputs of the step that was run with that program.
    pub outputs: BTreeMap<String, Object>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecipeText {
    step: String,
    input: String,
    argv: Vec<String>,
    inputs: BTreeMap<String, String>,
}

impl DdcRecipe {
    /// Reads `ddc.toml` in the folder of the chain.
    pub fn read(plan: &Plan) -> Result<(Self, &Step), DdcError> {
        let path = plan.folder.join("ddc.toml");
        let text = files::read_text(&path, LARGEST)?;
        let wrong = |source| DdcError::Recipe { path: path.clone(), source };
        let RecipeText { step, input, argv, inputs } = toml::from_str(&text)
            .map_err(|error| DdcError::Toml { path: path.clone(), source: error.into() })?;
        let inputs = inputs
            .into_iter()
            .map(|(name, text)| Ok((name, origin(&text)?)))
            .collect::<Result<BTreeMap<_, _>, StepProblem>>()
            .map_err(&wrong)?;
        let found = plan.step(&step).ok_or_else(|| wrong(StepProblem::NoStep(step.clone())))?;
        if !found.inputs.contains_key(&input) {
            return Err(wrong(StepProblem::NoSuchInput { step, input }));
        }
        Ok((Self { step, input, argv, inputs }, found))
    }
}

/// Lets `compiler` compile the replacement, and runs the step with it. `results` are those of the
/// chain.
pub fn compile(
    builder: &Builder<'_>,
    store: &Store,
    (recipe, step): (&DdcRecipe, &Step),
    results: &BuildResults,
    compiler: &str,
) -> Result<DdcOutcome, DdcError> {
    let mut paths = BTreeMap::new();
    for (name, origin) in &recipe.inputs {
        if let Some(object) = builder.input(step, origin, results)? {
            paths.insert(name.as_str(), store.path(&object));
        }
    }
    let work = store.work("ddc")?;
    let program = work.join("program");
    let version = run(compiler, &["--version".to_owned()], &work)?;
    let mut argv: Vec<String> = recipe.argv.iter().map(|text| replace(text, &paths)).collect();
    argv.extend(["-o".to_owned(), program.display().to_string()]);
    run(compiler, &argv, &work)?;
    let program = store.put(&program)?;
    files::remove_tree(&work)?;
    let result = builder.run_with(step, results, (&recipe.input, program))?;
    Ok(DdcOutcome {
        version: version.lines().next().unwrap_or_default().to_owned(),
        program,
        outputs: result.outputs,
    })
}

fn replace(text: &str, paths: &BTreeMap<&str, PathBuf>) -> String {
    let fill = |text: String, (name, path): (&&str, &PathBuf)| {
        text.replace(&format!("{{{name}}}"), &path.to_string_lossy())
    };
    paths.iter().fold(text.to_owned(), fill)
}

fn run(compiler: &str, argv: &[String], folder: &Path) -> Result<String, DdcError> {
    let output = Command::new(compiler)
        .args(argv)
        .current_dir(folder)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .map_err(|source| DdcError::Missing { compiler: compiler.into(), source })?;
    if !output.status.success() {
        let printed = String::from_utf8_lossy(&output.stderr);
        let first: Vec<_> = printed.lines().take(5).collect();
        return Err(DdcError::Compiler {
            compiler: compiler.into(),
            status: output.status.to_string(),
            message: first.join("; "),
        });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
