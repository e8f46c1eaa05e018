//! Programs in the subset: what they do, and which are none.

use crate::chain::{behaviour, compiled, compiled_by_gcc, folder, room, stage, text};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The files of `bootstrap/subset/tests` that end in `suffix`, with the program beside each.
pub(crate) fn cases(suffix: &str) -> Vec<(PathBuf, PathBuf)> {
    let found = test_support::files(&folder().join("subset/tests"), suffix);
    found.into_iter().map(|path| (path.with_extension("c"), path)).collect()
}

pub(crate) fn support() -> PathBuf {
    folder().join("subset/tests/support.c")
}

#[test]
fn programs_do_what_gcc_makes_them_do() {
    let (room, support) = (room(), support());
    let cases = cases(".expect");
    assert!(cases.len() >= 8, "only {}", cases.len());
    for (program, expect) in cases {
        let files = [support.as_path(), program.as_path()];
        let expected = text(&fs::read(expect).unwrap());
        let gcc = behaviour(&compiled_by_gcc(&files, room.path()));
        assert_eq!(expected, gcc, "{}, expected and gcc", program.display());
        let ours = behaviour(&compiled(&files, room.path()));
        assert_eq!(expected, ours, "{}, expected and subset", program.display());
    }
}

/// Each `.error` is `LINE: message`, or how the message begins.
#[test]
fn refusals_name_place_and_reason() {
    let room = room();
    let out = room.path().join("out.asm");
    let cases = cases(".error");
    let mut messages = Vec::new();
    for (program, error) in &cases {
        let output = Command::new(stage("subset")).arg(&out).arg(program).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        let expected = fs::read_to_string(error).unwrap();
        let expected = format!("{}:{}", program.display(), expected.trim_end());
        assert!(said.starts_with(&expected), "{said} is not {expected}");
        assert_eq!((said.lines().count(), output.status.code()), (1, Some(1)), "{said}");
        assert!(!out.exists(), "{} left something", program.display());
        messages.push(said);
    }
    // Every message of the compiler about a text is one of a test.
    for file in test_support::files(&folder().join("subset"), ".asm") {
        for line in fs::read_to_string(&file).unwrap().lines() {
            let message = ["call %fail \"", "call %fail_with_name \""]
                .iter()
                .find_map(|call| line.trim_start().strip_prefix(call)?.strip_suffix('"'));
            let Some(message) = message else { continue };
            let of_the_machine = message.starts_with("cannot be ") || message.contains("64 MiB");
            let message = message.replace("\\\\", "\\");
            assert!(
                of_the_machine || messages.iter().any(|said| said.contains(&message)),
                "no test for {message:?} of {}",
                file.display()
            );
        }
    }
}

/// What is wrong with files, not with the text in them.
#[test]
fn files_that_are_not_there_or_too_large() {
    let room = room();
    let out = room.path().join("out.asm");
    let refuse = |files: &[&Path], out: &Path, expected: &str| {
        let output = Command::new(stage("subset")).arg(out).args(files).output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), expected);
        assert_eq!(output.status.code(), Some(1), "{expected}");
    };
    let missing = room.path().join("missing.c");
    refuse(&[&support(), &missing], &out, &format!("{}: cannot be read\n", missing.display()));
    refuse(&[room.path()], &out, &format!("{}: cannot be read\n", room.path().display()));
    refuse(&[], &out, "usage: subset OUT IN...\n");
    let nowhere = room.path().join("nowhere/out.asm");
    refuse(&[&support()], &nowhere, &format!("{}: cannot be written\n", nowhere.display()));
    refuse(&[&support()], Path::new("/dev/full"), "/dev/full: cannot be written\n");
    let large = room.path().join("large.c");
    fs::File::create(&large).unwrap().set_len(65 << 20).unwrap();
    refuse(&[&large], &out, &format!("{}: the inputs are larger than 64 MiB\n", large.display()));
    // Names take memory, too: 64 MiB are not enough for a million of them and their text.
    let names: Vec<String> = (0..1_000_000).map(|n| format!("long a{n};")).collect();
    fs::write(&large, names.concat()).unwrap();
    refuse(&[&large], &out, &format!("{}:1: more than 64 MiB of text and names\n", large.display()));
    assert!(!out.exists());
}

/// Several files are one text, and an error names the one it is in.
#[test]
fn several_files() {
    let room = room();
    let (one, two, three) = (room.path().join("1.c"), room.path().join("2.c"), room.path().join("3.c"));
    fs::write(&one, "// no line end behind this").unwrap();
    fs::write(&two, "long main(void) {\n  return seven(); // \n}").unwrap();
    fs::write(&three, "long seven(void) { return 7; }\n\n").unwrap();
    assert_eq!(behaviour(&compiled(&[&one, &two, &three], room.path())), "exit 7\n");
    fs::write(&three, "\n\nlong seven(void) { return; } }").unwrap();
    let out = room.path().join("none");
    let output = Command::new(stage("subset")).arg(&out).args([&one, &two, &three]).output().unwrap();
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        format!("{}:3: here should be a type\n", three.display())
    );
}

/// Arguments and the kernel's answers, which need more than standard output to be seen.
#[test]
fn the_runtime_reaches_the_kernel() {
    let room = room();
    let program = room.path().join("runtime.c");
    fs::write(
        &program,
        "char *sys_brk(char *end); char buffer[100];
        long main(long argc, char **argv) {
          long file; long n; char *memory;
          number(argc); text(argv[1]);
          file = sys_open(argv[2], 577, 420);
          number(sys_write(file, \"written\", 7)); number(sys_close(file)); number(sys_close(file));
          number(sys_chmod(argv[2], 384)); number(sys_rename(argv[2], argv[3]));
          file = sys_open(argv[3], 0, 0); n = sys_read(file, buffer, 100); number(n); sys_write(1, buffer, n);
          number(sys_open(argv[2], 0, 0)); number(sys_unlink(argv[2]));
          memory = sys_brk((char *)0); number(sys_brk(memory + 100000) - memory); memory[99999] = 1;
          if (argv[4]) number(sys_unlink(argv[3]));
          sys_exit(memory[99999] + 41);
        }",
    )
    .unwrap();
    let files = [support(), program];
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let (from, to) = (room.path().join("from"), room.path().join("to"));
    for program in [compiled(&files, room.path()), compiled_by_gcc(&files, room.path())] {
        let output = Command::new(program).arg("first").args([&from, &to]).arg("remove").output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "5 first7 0 -9 0 0 7 written-2 -2 100000 0 ");
        assert_eq!(output.status.code(), Some(42));
        assert!(!from.exists() && !to.exists());
    }
}
