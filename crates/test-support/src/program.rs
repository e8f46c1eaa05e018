//! Our program, as a user calls it.

use crate::Outcome;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The program that `cargo test` built, for the integration tests of the crate `cli`: only they
/// know where it is.
#[macro_export]
macro_rules! snowguard {
    () => {
        $crate::Snowguard::new(env!("CARGO_BIN_EXE_snowguard"))
    };
}

/// The program, with an environment that the test knows: of the machine's variables only `PATH` and
/// `TMPDIR` reach it.
#[derive(Debug, Clone)]
pub struct Snowguard {
    program: PathBuf,
    folder: Option<PathBuf>,
    environment: Vec<(OsString, OsString)>,
    kilobytes: Option<u32>,
}

impl Snowguard {
    /// The program at `path`; see [`snowguard!`](crate::snowguard).
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { program: path.into(), folder: None, environment: Vec::new(), kilobytes: None }
    }

    /// Where the program is.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Runs it in this folder, which is its user's home too.
    #[must_use]
    pub fn in_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Lets it have what this machine needs to reach the network: proxies and certificates.
    #[must_use]
    pub fn with_network(mut self) -> Self {
        for name in
            ["SSL_CERT_FILE", "NIX_SSL_CERT_FILE", "ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"]
        {
            for name in [name.to_owned(), name.to_ascii_lowercase()] {
                if let Some(value) = std::env::var_os(&name) {
                    self.environment.push((name.into(), value));
                }
            }
        }
        self
    }

    /// Limits its address space.
    #[must_use]
    pub fn with_memory(mut self, kilobytes: u32) -> Self {
        self.kilobytes = Some(kilobytes);
        self
    }

    /// The call, for tests that add to it, start it or kill it. Its standard input is empty.
    pub fn command(&self, arguments: impl Arguments) -> Command {
        let mut command = match self.kilobytes {
            None => Command::new(&self.program),
            Some(kilobytes) => {
                let mut command = Command::new("sh");
                command.args(["-c", "ulimit -v \"$1\" || exit 99; shift; exec \"$@\"", "sh"]);
                command.arg(kilobytes.to_string()).arg(&self.program);
                command
            }
        };
        command.env_clear().env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
        for name in ["PATH", "TMPDIR"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        match &self.folder {
            Some(folder) => command.current_dir(folder).env("HOME", folder),
            None => command.env("HOME", "/nonexistent"),
        };
        command.envs(self.environment.iter().map(|(name, value)| (name, value))).args(arguments.list());
        command
    }

    /// Runs it.
    #[track_caller]
    pub fn run(&self, arguments: impl Arguments) -> Outcome {
        Outcome::of(&mut self.command(arguments))
    }

    /// Runs it with this standard input.
    #[track_caller]
    pub fn run_with_input(&self, arguments: impl Arguments, input: impl Into<Vec<u8>>) -> Outcome {
        Outcome::with_input(&mut self.command(arguments), input)
    }

    /// Runs it; it must succeed. What it printed to standard output.
    #[track_caller]
    pub fn success(&self, arguments: impl Arguments) -> String {
        self.run(arguments).success()
    }

    /// Runs it; it must end with this code. All that it printed: standard output, then standard
    /// error.
    #[track_caller]
    pub fn text(&self, code: i32, arguments: impl Arguments) -> String {
        self.run(arguments).with_code(code).text()
    }

    /// Runs it; it must fail with this code and print this to standard error.
    #[track_caller]
    pub fn failure(&self, arguments: impl Arguments, code: i32, problem: &str) {
        let outcome = self.run(arguments).with_code(code);
        assert!(outcome.stderr.contains(problem), "`{problem}` is not in its standard error: {outcome}");
    }
}

/// Arguments of a program: a list, or one text in which blanks separate them.
pub trait Arguments {
    /// The arguments one by one.
    fn list(self) -> Vec<OsString>;
}

impl Arguments for &str {
    fn list(self) -> Vec<OsString> {
        self.split(' ').filter(|word| !word.is_empty()).map(Into::into).collect()
    }
}

impl Arguments for &String {
    fn list(self) -> Vec<OsString> {
        self.as_str().list()
    }
}

impl Arguments for String {
    fn list(self) -> Vec<OsString> {
        self.as_str().list()
    }
}

impl<S: AsRef<OsStr>> Arguments for &[S] {
    fn list(self) -> Vec<OsString> {
        self.iter().map(|argument| argument.as_ref().to_owned()).collect()
    }
}

impl<S: AsRef<OsStr>, const N: usize> Arguments for &[S; N] {
    fn list(self) -> Vec<OsString> {
        self.as_slice().list()
    }
}

impl<S: AsRef<OsStr>, const N: usize> Arguments for [S; N] {
    fn list(self) -> Vec<OsString> {
        self.as_slice().list()
    }
}

impl<S: AsRef<OsStr>> Arguments for &Vec<S> {
    fn list(self) -> Vec<OsString> {
        self.as_slice().list()
    }
}

impl<S: AsRef<OsStr>> Arguments for Vec<S> {
    fn list(self) -> Vec<OsString> {
        self.as_slice().list()
    }
}
