//! The front half of `bootstrap/cc`, built by the host's C compiler.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use tempfile::TempDir;

/// The files of the front half, in the order in which they make one text.
const FILES: [&str; 9] = [
    "tokens.c",
    "base.c",
    "lexer.c",
    "real.c",
    "numbers.c",
    "macros.c",
    "conditions.c",
    "directives.c",
    "preprocessor.c",
];

/// The project's folder `bootstrap`.
pub(crate) fn bootstrap() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bootstrap").canonicalize().unwrap()
}

/// The tests' folder `name` beside the compiler's sources.
pub(crate) fn tests(name: &str) -> PathBuf {
    bootstrap().join("cc/tests").join(name)
}

/// A folder that lives as long as the tests of this program.
pub(crate) fn room() -> &'static Path {
    static ROOM: OnceLock<TempDir> = OnceLock::new();
    ROOM.get_or_init(|| TempDir::new().unwrap()).path()
}

/// Runs a program of the host; its failure is the test's.
pub(crate) fn succeed(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// Builds the front half with `main_file` behind it.
pub(crate) fn build(name: &str, main_file: &Path) -> PathBuf {
    let mut text = String::new();
    let cc = bootstrap().join("cc");
    let host = bootstrap().join("subset/host.c");
    for file in [host].into_iter().chain(FILES.map(|file| cc.join(file))).chain([main_file.to_owned()]) {
        writeln!(text, "#include \"{}\"", file.display()).unwrap();
    }
    let source = room().join(format!("{name}.c"));
    fs::write(&source, text).unwrap();
    let program = room().join(name);
    let flags = ["-std=gnu11", "-funsigned-char", "-fno-builtin", "-fwrapv", "-w", "-O1"];
    succeed(Command::new("gcc").args(flags).arg(&source).arg("-o").arg(&program));
    program
}

/// `tests/front.c` on the front half.
pub(crate) fn front() -> &'static Path {
    static FRONT: OnceLock<PathBuf> = OnceLock::new();
    FRONT.get_or_init(|| build("front", &tests("front.c")))
}

/// What `front` says in `folder` about one of its files. `mode` is `-E` or `-t`.
pub(crate) fn run(mode: &str, folder: &Path, file: &str) -> Output {
    Command::new(front()).args([mode, "-I", ".", file]).current_dir(folder).output().unwrap()
}

/// The same, for files that must be accepted without a word.
pub(crate) fn accept(mode: &str, folder: &Path, file: &str) -> String {
    let output = run(mode, folder, file);
    let messages = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && messages.is_empty(), "{file}: {messages}");
    String::from_utf8(output.stdout).unwrap()
}

/// Names of the files of a folder that end in `ending`, without it.
pub(crate) fn names(folder: &Path, ending: &str) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| {
            entry.unwrap().file_name().into_string().unwrap().strip_suffix(ending).map(str::to_owned)
        })
        .collect();
    names.sort();
    names
}
