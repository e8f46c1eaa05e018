//! The stages, built once for all tests, and programs built with them.

use bootstrap::{InputOrigin, Plan};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use tempfile::TempDir;

/// The folder `bootstrap` of the project.
pub(crate) fn folder() -> PathBuf {
    test_support::project().join("bootstrap").canonicalize().unwrap()
}

pub(crate) fn plan() -> Plan {
    Plan::read(&folder()).unwrap()
}

/// A program of the chain, up to `subset`.
pub(crate) fn stage(name: &str) -> &'static Path {
    static STAGES: OnceLock<BTreeMap<String, PathBuf>> = OnceLock::new();
    &STAGES.get_or_init(build)[name]
}

fn build() -> BTreeMap<String, PathBuf> {
    let room = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bootstrap-stages");
    fs::create_dir_all(&room).unwrap();
    // Test programs may run at the same time: each has its own folder, and removes those of
    // programs that have ended.
    for old in fs::read_dir(&room).unwrap() {
        let old = old.unwrap();
        if !Path::new("/proc").join(old.file_name()).exists() {
            let _ = fs::remove_dir_all(old.path());
        }
    }
    let room = room.join(std::process::id().to_string());
    let _ = fs::remove_dir_all(&room);
    fs::create_dir(&room).unwrap();
    let seed = room.join("the-seed");
    fs::write(&seed, bootstrap::seed::read(&folder().join("seed/seed.hex0")).unwrap()).unwrap();
    fs::set_permissions(&seed, fs::Permissions::from_mode(0o755)).unwrap();
    let plan = plan();
    let mut stages = BTreeMap::new();
    for name in ["seed", "labels", "linker", "assembler", "subset"] {
        let step = plan.step(name).unwrap();
        let place = |argument: &String| -> PathBuf {
            if let Some(output) = argument.strip_prefix("/out/") {
                return room.join(output);
            }
            let Some(input) = argument.strip_prefix("/in/") else {
                return room.join(argument);
            };
            let (input, rest) = input.split_once('/').unwrap_or((input, ""));
            let place = match &step.inputs[input] {
                InputOrigin::Seed => seed.clone(),
                InputOrigin::Step { step, .. } => stages.get(step).cloned().unwrap(),
                InputOrigin::File(path) => folder().join(path),
                other => panic!("{name} needs {other}"),
            };
            if rest.is_empty() { place } else { place.join(rest) }
        };
        for argv in &step.run {
            let argv: Vec<PathBuf> = argv.iter().map(place).collect();
            let (program, arguments) = argv.split_first().unwrap();
            run(Command::new(program).args(arguments).env_clear());
        }
        stages.insert(name.to_owned(), room.join(name));
    }
    stages
}

/// A folder that is gone at the end of the test.
pub(crate) fn room() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Runs a program, which must end well and say nothing on standard error.
pub(crate) fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{command:?}: {}\n{said}", output.status);
    output
}

/// What a test's program does: its standard output, and a line `exit N`.
pub(crate) fn behaviour(program: &Path) -> String {
    let output = Command::new(program).output().unwrap();
    let code = output.status.code().unwrap_or_else(|| panic!("{}: {}", program.display(), output.status));
    format!("{}exit {code}\n", text(&output.stdout))
}

/// Programs print bytes: those that are not UTF-8 have to stay different from each other.
pub(crate) fn text(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// Compiles a program of the subset with the chain.
pub(crate) fn compiled(files: &[&Path], room: &Path) -> PathBuf {
    let (assembly, hex, program) = (room.join("out.asm"), room.join("out.hex2"), room.join("out"));
    run(Command::new(stage("subset")).arg(&assembly).args(files));
    link(&[&folder().join("subset/runtime.asm"), &assembly], &hex, &program);
    program
}

/// Makes a program of assembly.
pub(crate) fn link(assembly: &[&Path], hex: &Path, program: &Path) {
    let folder = folder().join("assembler");
    run(Command::new(stage("assembler")).arg(hex).arg(folder.join("amd64.asm")).args(assembly));
    run(Command::new(stage("linker"))
        .arg(program)
        .arg(folder.join("elf.hex2"))
        .arg(hex)
        .arg(folder.join("end.hex2")));
}

/// Compiles the same with the host's gcc.
pub(crate) fn compiled_by_gcc(files: &[&Path], room: &Path) -> PathBuf {
    let (text, program) = (room.join("gcc.c"), room.join("gcc"));
    let all: Vec<String> = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    fs::write(&text, all.concat()).unwrap();
    run(Command::new("gcc")
        .args(["-std=gnu11", "-funsigned-char", "-fno-builtin", "-fwrapv", "-w", "-O1", "-include"])
        .arg(folder().join("subset/host.c"))
        .arg(&text)
        .arg("-o")
        .arg(&program));
    program
}
