//! Steps without the sandbox, and programs of the chain built by the host's compilers.

use bootstrap::sources::{SourceOrigin, UnpackLimits, fetch, unpack};
use bootstrap::{InputOrigin, Plan, Store};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use terminal::Silent;

/// The folder `bootstrap` of the project.
pub(crate) fn folder() -> PathBuf {
    test_support::project().join("bootstrap").canonicalize().unwrap()
}

pub(crate) fn plan() -> Plan {
    Plan::read(&folder()).unwrap()
}

/// A folder that is gone at the end of the test.
pub(crate) fn room() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// The source of tcc as its authors packed it, unpacked once for all tests.
pub(crate) fn tcc_source() -> PathBuf {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bootstrap-sources");
    fs::create_dir_all(&cache).unwrap();
    // Other tests may be at it now.
    let lock = File::create(cache.join("test-lock")).unwrap();
    lock.lock().unwrap();
    let plan = plan();
    let source = plan.sources.get("tcc").unwrap();
    let unpacked = cache.join(format!("tcc-{}", source.sha256));
    if !unpacked.exists() {
        let store = Store::open(&cache.join("store")).unwrap();
        let archive = fetch(&store, source, &[SourceOrigin::Debian], &Silent).unwrap();
        let making = tempfile::tempdir_in(&cache).unwrap();
        unpack(&archive, making.path(), UnpackLimits { entries: 10_000, bytes: 1 << 30 }).unwrap();
        fs::rename(making.keep(), &unpacked).unwrap();
    }
    unpacked
}

/// Runs a program, which must end well and say nothing.
pub(crate) fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{command:?}: {}\n{said}", output.status);
}

/// Runs the programs of a step below `room`, and gives its `/out`. `programs` are its inputs that
/// other steps would have made.
pub(crate) fn step(name: &str, programs: &[(&str, &Path)], room: &Path) -> PathBuf {
    let plan = plan();
    let step = plan.step(name).unwrap();
    let (out, build) = (room.join(format!("{name}-out")), room.join(format!("{name}-build")));
    fs::create_dir(&out).unwrap();
    fs::create_dir(&build).unwrap();
    let place = |path: &str| -> PathBuf {
        let (name, rest) = path.split_once('/').unwrap_or((path, ""));
        let given = programs.iter().find(|(program, _)| *program == name).map(|(_, path)| path.to_path_buf());
        let origin = &step.inputs[name];
        let place = given.unwrap_or_else(|| match origin {
            InputOrigin::File(path) => folder().join(path),
            InputOrigin::Unpacked { source, path } if source == "tcc" => tcc_source().join(path),
            _ => panic!("step {}: nothing is given for {origin}", step.name),
        });
        if rest.is_empty() { place } else { place.join(rest) }
    };
    let argument = |text: &String| {
        if let Some(path) = text.strip_prefix("/in/") {
            return place(path);
        }
        let below = [("/out/", &out), ("/build/", &build)]
            .into_iter()
            .find_map(|(prefix, folder)| text.strip_prefix(prefix).map(|path| folder.join(path)));
        below.unwrap_or_else(|| text.into())
    };
    for argv in &step.run {
        let argv: Vec<PathBuf> = argv.iter().map(argument).collect();
        let (program, arguments) = argv.split_first().unwrap();
        run(Command::new(program).args(arguments).current_dir(&build).env_clear());
    }
    out
}

/// tcc as a compiler of the host makes it, to stand for tcc0.
pub(crate) fn tcc_by(compiler: &str, flags: &[&str], room: &Path) -> PathBuf {
    let source = tcc_source();
    let program = room.join(format!("tcc-{compiler}{}", flags.concat()));
    run(Command::new(compiler)
        .args(["-w", "-DONE_SOURCE=1", "-I"])
        .arg(folder().join("tcc/config"))
        .arg("-I")
        .arg(&source)
        .args(flags)
        .arg(source.join("tcc.c"))
        .arg("-o")
        .arg(&program));
    program
}

/// The chain's cc, compiled by the host's gcc: the subset is C.
pub(crate) fn cc(room: &Path) -> PathBuf {
    let plan = plan();
    let argv = plan.step("cc").unwrap().run.first().unwrap();
    let files = argv.iter().filter_map(|file| file.strip_prefix("/in/source/"));
    let text: Vec<String> =
        files.map(|file| fs::read_to_string(folder().join("cc").join(file)).unwrap()).collect();
    let (all, program) = (room.join("all.c"), room.join("cc"));
    fs::write(&all, text.concat()).unwrap();
    run(Command::new("gcc")
        .args(["-std=gnu11", "-funsigned-char", "-fno-builtin", "-w", "-O1", "-include"])
        .arg(folder().join("subset/host.c"))
        .arg(&all)
        .arg("-o")
        .arg(&program));
    program
}

/// The folder `tcc` that the steps tcc1 and tcc2 make of a tcc0.
pub(crate) fn stages(tcc0: &Path, room: &Path) -> (PathBuf, PathBuf) {
    let tcc1 = step("tcc1", &[("tcc0", tcc0)], room).join("tcc");
    let tcc2 = step("tcc2", &[("tcc", &tcc1)], room).join("tcc");
    (tcc1, tcc2)
}

/// The compiler of a stage's folder, told where it is.
pub(crate) fn tcc(stage: &Path) -> Command {
    let mut command = Command::new(stage.join("tcc"));
    command.arg(format!("-B{}", stage.display())).arg("-static");
    command
}
