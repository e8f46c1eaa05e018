//! `cc` built by the host's C compilers, and programs built by `cc` and by gcc.

use bootstrap::Plan;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use tempfile::TempDir;

/// The folder `bootstrap` of the project.
pub(crate) fn bootstrap() -> PathBuf {
    test_support::project().join("bootstrap").canonicalize().unwrap()
}

/// The folder of cc's tests.
pub(crate) fn tests() -> PathBuf {
    bootstrap().join("cc/tests")
}

/// A folder that lives as long as the tests of this program.
pub(crate) fn room() -> &'static Path {
    static ROOM: OnceLock<TempDir> = OnceLock::new();
    ROOM.get_or_init(|| TempDir::new().unwrap()).path()
}

/// Runs a program; its failure is the test's.
pub(crate) fn succeed(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// The sources of cc, in the order of the step that builds it.
fn sources() -> Vec<PathBuf> {
    let plan = Plan::read(&bootstrap()).unwrap();
    let argv = plan.step("cc").unwrap().run.first().unwrap();
    argv.iter()
        .filter_map(|file| file.strip_prefix("/in/source/"))
        .map(|file| bootstrap().join("cc").join(file))
        .collect()
}

/// `cc`, built by a compiler of the host: the subset is C.
pub(crate) fn build_cc(compiler: &str, flags: &[&str], name: &str) -> PathBuf {
    let text: Vec<String> = sources().iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let (all, program) = (room().join(format!("{name}.c")), room().join(name));
    fs::write(&all, text.concat()).unwrap();
    succeed(
        Command::new(compiler)
            .args(["-std=gnu11", "-funsigned-char", "-fno-builtin", "-fwrapv", "-w", "-include"])
            .arg(bootstrap().join("subset/host.c"))
            .args(flags)
            .arg(&all)
            .arg("-o")
            .arg(&program),
    );
    program
}

/// The compiler for the tests of programs.
pub(crate) fn cc() -> &'static Path {
    static CC: OnceLock<PathBuf> = OnceLock::new();
    CC.get_or_init(|| build_cc("gcc", &["-O1"], "cc"))
}

/// `cc` on sources, with the tests' own headers.
pub(crate) fn compile(folder: &Path, files: &[String], program: &Path) -> Output {
    Command::new(cc())
        .arg("-o")
        .arg(program)
        .arg("-I")
        .arg(tests())
        .args(files)
        .current_dir(folder)
        .output()
        .unwrap()
}

/// gcc on the same.
pub(crate) fn compile_by_gcc(folder: &Path, files: &[String], program: &Path, flags: &[&str]) {
    succeed(
        Command::new("gcc")
            .args([
                "-w",
                "-std=gnu11",
                "-fwrapv",
                "-fcommon",
                "-fno-strict-aliasing",
                "-ffp-contract=off",
                "-I",
            ])
            .arg(tests())
            .args(flags)
            .args(files)
            .arg("-o")
            .arg(program)
            .current_dir(folder),
    );
}

/// What a program writes, and as the last line how it ends.
pub(crate) fn said(program: &Path) -> String {
    let output = Command::new(program).output().unwrap();
    let ending =
        output.status.code().map_or_else(|| output.status.to_string(), |code| format!("exit {code}"));
    format!("{}{ending}\n", String::from_utf8_lossy(&output.stdout))
}
