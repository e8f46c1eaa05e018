//! Why files are no plan.

use std::error::Error;
use std::path::PathBuf;

/// The most of anything: steps, inputs, arguments.
pub(super) const MOST: usize = 10_000;

/// Why files are no plan.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StepsError {
    /// A file cannot be read, or is larger than any list of steps.
    #[error(transparent)]
    Read(#[from] files::ReadError),
    /// The folder of the steps cannot be read.
    #[error(transparent)]
    Folder(#[from] files::FileError),
    /// A file is no TOML, or has keys that nothing is known of.
    #[error("{} is no list of steps", path.display())]
    Toml {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Something about a step is wrong.
    #[error("{}: step {step}", file.display())]
    Step {
        /// The file.
        file: PathBuf,
        /// The step.
        step: String,
        /// What is wrong, and what would be right.
        source: StepProblem,
    },
    /// Something about a source is wrong.
    #[error("{}: source {name}", file.display())]
    Archive {
        /// The file.
        file: PathBuf,
        /// The source.
        name: String,
        /// What is wrong, and what would be right.
        source: StepProblem,
    },
    /// Steps need each other.
    #[error("these steps need each other, so none can be the first: {}", .0.join(" -> "))]
    Cycle(Vec<String>),
}

/// What is wrong with a step or a source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StepProblem {
    /// Another one has its name.
    #[error("there are two of this name")]
    Duplicate,
    /// There is more of something than is allowed.
    #[error("more than {MOST} {0}")]
    TooMany(&'static str),
    /// Names of steps, inputs, outputs and sources become parts of paths.
    #[error(
        "{name:?} cannot be the name of {of}: names are letters, digits, and + - . _ inside, at most 100 of them"
    )]
    Name {
        /// What the name is of, with its article.
        of: &'static str,
        /// The name.
        name: String,
    },
    /// A source has no name of a file.
    #[error("the name of its file is missing")]
    NoFileName,
    /// A source comes from an address of another kind.
    #[error("{0:?} is no address of the web: the hash protects it, but it must be one")]
    Url(String),
    /// A place was tried that the source does not have.
    #[error("it has no place {0:?} that could have been tried: places are debian, crate, and its urls")]
    NoPlace(String),
    /// A text is no day.
    #[error("{0:?} is no day: write YYYY-MM-DD")]
    NoDay(String),
    /// The registry has no crate of such a name.
    #[error("{0:?} cannot be the name of a crate")]
    CrateName(String),
    /// A crate's version is not exact.
    #[error("{0:?} is no whole version of a crate")]
    CrateVersion(String),
    /// An input comes from nothing that there is.
    #[error("input {name}")]
    Input {
        /// The name of the input.
        name: String,
        /// What is wrong with it.
        source: Box<StepProblem>,
    },
    /// A text is no origin.
    #[error(
        "{0:?} is no origin: these are `seed`, `step:STEP/OUTPUT`, `file:PATH`, `source:NAME`, `source:NAME!` and `source:NAME!/PATH`"
    )]
    Origin(String),
    /// A path leads out of its folder.
    #[error("{0:?} is no path below the folder: it has neither a / in front nor .. inside")]
    Outside(String),
    /// A step that is needed is missing.
    #[error("there is no step {0}")]
    NoStep(String),
    /// A step that is needed has another output.
    #[error("step {step} has no output {output}; it has {}", has.join(", "))]
    NoOutput {
        /// The step that is needed.
        step: String,
        /// The output that it does not have.
        output: String,
        /// Those that it has.
        has: Vec<String>,
    },
    /// A source that is needed is missing.
    #[error("there is no source {0}")]
    NoSource(String),
    /// A file that is needed is missing.
    #[error("there is no file {}", .0.display())]
    NoFile(PathBuf),
    /// A limit is too small for any program.
    #[error("{key} = {value} among its limits is less than any program needs: the least is {least}")]
    Limit {
        /// The limit's key.
        key: &'static str,
        /// Its value.
        value: u64,
        /// The smallest that is allowed.
        least: u64,
    },
    /// A step leaves nothing.
    #[error("it has no output, so nothing could use it")]
    NoOutputs,
    /// A step does nothing.
    #[error("it runs nothing")]
    NoCommands,
    /// A command has no words.
    #[error("a command needs at least the program that it runs")]
    EmptyCommand,
    /// The kernel ends arguments at zero bytes.
    #[error("arguments cannot hold zero bytes")]
    ZeroByte,
    /// A name or value does not fit into an environment.
    #[error("{0:?} cannot be a variable of the environment")]
    Variable(String),
    /// An argument has `..` in a path.
    #[error("{0:?} goes up by `..`: say where it leads")]
    Up(String),
    /// An argument names a path that the sandbox does not have.
    #[error(
        "{argument:?} names {path}, which no step has: there is /in, /out, /build, /dev/null and /dev/zero"
    )]
    Host {
        /// The argument.
        argument: String,
        /// The path in it.
        path: String,
    },
    /// A step runs an input that it does not have.
    #[error("it runs {program}, but has no input {input}")]
    NoInput {
        /// The program.
        program: String,
        /// The input that it would be.
        input: String,
    },
    /// A step does not have an input.
    #[error("step {step} has no input {input}")]
    NoSuchInput {
        /// The step.
        step: String,
        /// The input.
        input: String,
    },
    /// A step runs a program from elsewhere.
    #[error("it runs {0:?}: a program is /in/INPUT, or below ./ or /out if the step makes it")]
    Program(String),
}
