//! The compiler is the same whoever compiled it: the chain's `subset`, gcc or clang.

use crate::{host, programs};
use bootstrap::{InputOrigin, Plan, seed};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// `/out` of a step.
fn out(room: &Path, step: &str) -> PathBuf {
    room.join(step).join("out")
}

/// Where an input of a step is.
fn place(room: &Path, origin: &InputOrigin) -> PathBuf {
    match origin {
        InputOrigin::Seed => room.join("seed-program"),
        InputOrigin::Step { step, output } => out(room, step).join(output),
        InputOrigin::File(path) => host::bootstrap().join(path),
        _ => panic!("{origin} is not among the inputs of the first steps"),
    }
}

/// The compiler as the chain makes it, from the seed on; without the sandbox.
fn chain() -> PathBuf {
    let room = host::room().join("chain");
    fs::create_dir(&room).unwrap();
    let plan = Plan::read(&host::bootstrap()).unwrap();
    let program = room.join("seed-program");
    fs::write(&program, seed::read(&host::bootstrap().join("seed/seed.hex0")).unwrap()).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    for name in ["seed", "labels", "linker", "assembler", "subset", "cc"] {
        let step = plan.step(name).unwrap();
        let build = room.join(name).join("build");
        fs::create_dir_all(&build).unwrap();
        fs::create_dir(out(&room, name)).unwrap();
        for argv in &step.run {
            let argv = argv.iter().map(|word| {
                if let Some(path) = word.strip_prefix("/out/") {
                    return out(&room, name).join(path);
                }
                let Some(path) = word.strip_prefix("/in/") else { return word.into() };
                let (input, rest) = path.split_once('/').unwrap_or((path, ""));
                let input = place(&room, &step.inputs[input]);
                if rest.is_empty() { input } else { input.join(rest) }
            });
            let argv: Vec<PathBuf> = argv.collect();
            host::succeed(Command::new(&argv[0]).args(&argv[1..]).current_dir(&build).env_clear());
        }
    }
    out(&room, "cc").join("cc")
}

#[test]
fn the_compiler_is_the_same_whoever_compiled_it() {
    let clang = host::build_cc("clang", &["-O2", "-ffreestanding"], "cc-clang");
    let compilers = [chain(), host::build_cc("gcc", &["-O0"], "cc-gcc"), clang];
    for name in programs::names(".expect") {
        let made = compilers.each_ref().map(|cc| {
            let program = host::room().join("same");
            let files = programs::files(&name);
            host::succeed(Command::new(cc).arg("-o").arg(&program).args(files).current_dir(host::tests()));
            fs::read(&program).unwrap()
        });
        assert!(
            made.iter().all(|program| *program == made[0]),
            "{name}: the compilers make different programs"
        );
    }
}
