//! Where outputs go, and how files look afterwards: as root and as an ordinary user.

use crate::Fixture;
use rustix::fs::{CWD, FileType, Mode, XattrFlags, getxattr, makedev, mknodat, setxattr};
use std::fs;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Output};
use test_support::data;

/// An ordinary user.
const USER: u32 = 1000;

/// Every command that writes a file, with `OUT` for its path.
const WRITERS: [&str; 8] = [
    "pe sign --key mine.key --cert mine.pem --output OUT tiny",
    "pe strip --output OUT signed",
    "pe detach --output OUT signed",
    "pe attach --output OUT tiny signature",
    "pe sections --extract .text=OUT tiny",
    "pe sections --add .x=text --output OUT tiny",
    "keys export --format pem --output OUT mine.esl",
    "sbat make my,1,a,b,c,d --output OUT",
];

fn fixture() -> Fixture {
    let fixture = Fixture::new("forms");
    fixture.key("mine");
    fixture.folder.write("tiny", fs::read(data("uefi/tiny64.efi")).unwrap());
    fixture.folder.write("text", "a section");
    fixture.take("cert-before-1970", &["PK.der.esl"]);
    fs::rename(fixture.folder.path("PK.der.esl"), fixture.folder.path("mine.esl")).unwrap();
    fixture.snowguard.success("pe sign --key mine.key --cert mine.pem --output signed tiny");
    fixture.snowguard.success("pe detach signed --output signature");
    fixture
}

/// Our program within a script of the machine's shell: `$@` is the call.
fn script(fixture: &Fixture, script: &str, arguments: &str, user: bool) -> Output {
    let call = fixture.snowguard.command(arguments);
    let mut command = Command::new(if user { "setpriv" } else { "sh" });
    if user {
        let id = USER.to_string();
        command.args(["--reuid", &id, "--regid", &id, "--clear-groups", "sh"]);
    }
    command.args(["-euc", script, "sh"]).arg(call.get_program()).args(call.get_args());
    command.current_dir(fixture.folder.folder()).env("HOME", fixture.folder.folder());
    command.output().unwrap()
}

/// The same, which must succeed.
#[track_caller]
fn run(fixture: &Fixture, text: &str, arguments: &str, user: bool) -> Output {
    let output = script(fixture, text, arguments, user);
    assert!(output.status.success(), "{text} {arguments}: {output:?}");
    output
}

/// Lets the ordinary user work in the folder.
fn give(fixture: &Fixture) {
    for entry in fs::read_dir(fixture.folder.folder()).unwrap() {
        chown(entry.unwrap().path(), Some(USER), Some(USER)).unwrap();
    }
    chown(fixture.folder.folder(), Some(USER), Some(USER)).unwrap();
}

#[test]
fn devices_pipes_and_streams_are_written_to() {
    for user in [false, true] {
        let fixture = fixture();
        let at = |name: &str| fixture.folder.path(name);
        mknodat(CWD, at("null"), FileType::CharacterDevice, Mode::from_raw_mode(0o666), makedev(1, 3))
            .unwrap();
        fs::set_permissions(at("null"), fs::Permissions::from_mode(0o666)).unwrap();
        mknodat(CWD, at("pipe"), FileType::Fifo, Mode::from_raw_mode(0o666), 0).unwrap();
        std::os::unix::fs::symlink("null", at("link")).unwrap();
        give(&fixture);
        for writer in WRITERS {
            let to = |out: &str| writer.replace("OUT", out);
            run(&fixture, "\"$@\"", &to("expected"), user);
            let expected = fixture.folder.read("expected");
            let same = |what: &str| {
                assert_eq!(fixture.folder.read("got"), expected, "{writer}, {what}, user {user}");
            };
            for device in ["null", "link"] {
                run(&fixture, "\"$@\"", &to(device), user);
            }
            assert!(at("null").metadata().unwrap().file_type().is_char_device(), "{writer}");
            assert!(at("link").is_symlink(), "{writer}");
            run(&fixture, "cat pipe > got & \"$@\"; wait", &to("pipe"), user);
            assert!(at("pipe").metadata().unwrap().file_type().is_fifo(), "{writer}");
            same("pipe");
            for stream in ["/dev/stdout", "/proc/self/fd/1", "/dev/fd/1"] {
                run(&fixture, "rm -f got; \"$@\" | cat > got", &to(stream), user);
                same(stream);
            }
            run(&fixture, "rm -f got; \"$@\" > got", &to("/dev/stdout"), user);
            same("a file as standard output");
            run(&fixture, "rm -f got; \"$@\" 3> got", &to("/dev/fd/3"), user);
            same("another descriptor");
            // Between what others write.
            run(&fixture, "rm -f got; { printf a; \"$@\"; printf b; } > got", &to("/dev/stdout"), user);
            assert_eq!(fixture.folder.read("got"), [b"a", &expected[..], b"b"].concat(), "{writer}");
        }
    }
    let full = script(&fixture(), "\"$@\"", &WRITERS[0].replace("OUT", "/dev/full"), false);
    let text = String::from_utf8_lossy(&full.stderr).into_owned();
    assert_eq!(full.status.code(), Some(3));
    assert!(text.contains("cannot write /dev/full: No space left on device"), "{text}");
}

#[test]
fn new_files_have_the_rights_that_the_umask_leaves() {
    let fixture = fixture();
    fs::set_permissions(fixture.folder.path("tiny"), fs::Permissions::from_mode(0o666)).unwrap();
    fs::set_permissions(fixture.folder.path("signed"), fs::Permissions::from_mode(0o666)).unwrap();
    give(&fixture);
    for (umask, mode) in [("022", 0o644), ("027", 0o640), ("077", 0o600), ("000", 0o666)] {
        for (number, writer) in WRITERS.iter().enumerate() {
            let name = format!("{umask}-{number}");
            run(&fixture, &format!("umask {umask}; \"$@\""), &writer.replace("OUT", &name), number % 2 == 0);
            let found = fs::metadata(fixture.folder.path(&name)).unwrap().mode() & 0o777;
            assert_eq!(found, mode, "{writer}, umask {umask}: {found:o}");
        }
        let folder = format!("requests-{umask}");
        let prepare = format!("pe sign --cert mine.pem --prepare {folder} tiny");
        fs::create_dir(fixture.folder.path(&folder)).unwrap();
        run(&fixture, &format!("umask {umask}; \"$@\""), &prepare, false);
        for name in ["tiny.tbs", "tiny.json"] {
            let found = fs::metadata(fixture.folder.path(&folder).join(name)).unwrap().mode() & 0o777;
            assert_eq!(found, mode, "{name}, umask {umask}: {found:o}");
        }
    }
    // Private keys are private whatever the umask is; a program that is private stays so.
    run(&fixture, "umask 000; \"$@\"", "keys create --dir keys", false);
    assert_eq!(fs::metadata(fixture.folder.path("keys/db.key")).unwrap().mode() & 0o777, 0o600);
    fs::set_permissions(fixture.folder.path("tiny"), fs::Permissions::from_mode(0o600)).unwrap();
    run(&fixture, "umask 022; \"$@\"", &WRITERS[0].replace("OUT", "private"), false);
    assert_eq!(fs::metadata(fixture.folder.path("private")).unwrap().mode() & 0o777, 0o600);
}

/// Owner, group, mode, and an attribute.
fn looks(path: &Path) -> (u32, u32, u32, Vec<u8>) {
    let found = fs::metadata(path).unwrap();
    let mut value = [0; 16];
    let length = getxattr(path, "user.note", &mut value[..]).unwrap_or(0);
    (found.uid(), found.gid(), found.mode() & 0o7777, value[..length].to_vec())
}

#[test]
fn in_place_everything_but_the_content_stays() {
    let in_place = [
        "pe sign --key mine.key --cert mine.pem FILE",
        "pe sections --add .x=text --output FILE FILE",
        "pe attach --output FILE FILE signature",
        "pe strip FILE",
    ];
    for user in [false, true] {
        let fixture = fixture();
        give(&fixture);
        let file = fixture.folder.path("file");
        for command in in_place {
            fs::copy(fixture.folder.path("tiny"), &file).unwrap();
            setxattr(&file, "user.note", b"mine", XattrFlags::empty()).unwrap();
            chown(&file, Some(USER), Some(USER)).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
            let before = looks(&file);
            assert_eq!(before, (USER, USER, 0o640, b"mine".to_vec()));
            run(&fixture, "umask 077; \"$@\"", &command.replace("FILE", "file"), user);
            assert_eq!(looks(&file), before, "{command}, user {user}");
        }
        // Somebody else's file, in a folder of one's own: it becomes one's own, and nobody may do
        // more with it.
        chown(&file, Some(USER + 1), Some(USER + 1)).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o664)).unwrap();
        run(&fixture, "\"$@\"", "pe sign --key mine.key --cert mine.pem file", user);
        let (owner, group, mode, _) = looks(&file);
        let expected = if user { (USER, USER, 0o644) } else { (USER + 1, USER + 1, 0o664) };
        assert_eq!((owner, group, mode), expected, "{mode:o}");
    }
}

#[test]
fn other_names_of_a_file_are_not_left_behind() {
    let fixture = fixture();
    fs::hard_link(fixture.folder.path("tiny"), fixture.folder.path("other")).unwrap();
    let before = fixture.folder.read("tiny");
    for command in [
        "pe sign --key mine.key --cert mine.pem tiny",
        "pe strip tiny",
        "pe sections --add .x=text --output tiny tiny",
    ] {
        fixture.snowguard.failure(command, 3, "it has 2 names (hard links), and the others would keep");
    }
    assert_eq!((fixture.folder.read("tiny"), fixture.folder.read("other")), (before.clone(), before));
    fixture.snowguard.success("pe sign --key mine.key --cert mine.pem --output third tiny");
    fixture.folder.run("sbverify", ["--cert", "mine.pem", "third"]);
}

/// A process that dies while it writes leaves the old file, and a file that the next run removes.
#[test]
fn what_a_kill_leaves_goes() {
    let fixture = fixture();
    fs::create_dir(fixture.folder.path("esp")).unwrap();
    let stub = "usr/lib/systemd/boot/efi/linuxx64.efi.stub";
    fs::copy(fixture.folder.root().join(stub), fixture.folder.path("esp/linux.efi")).unwrap();
    let before = fixture.folder.read("esp/linux.efi");
    let names = || {
        let entries = fs::read_dir(fixture.folder.path("esp")).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let sign = "pe sign --key mine.key --cert mine.pem esp/linux.efi";
    // The kernel ends it (SIGXFSZ) at the first byte too many.
    let killed = script(&fixture, "ulimit -c 0; ulimit -f 8; exec \"$@\"", sign, false);
    assert_eq!(killed.status.signal(), Some(25), "{killed:?}");
    let [left, file] = names().try_into().unwrap();
    assert!(left.starts_with(".linux.efi.") && left.ends_with(".snowguard"), "{left}");
    assert_eq!((file.as_str(), fixture.folder.read("esp/linux.efi")), ("linux.efi", before));
    fixture.snowguard.success(sign);
    assert_eq!(names(), ["linux.efi"]);
    fixture.folder.run("sbverify", ["--cert", "mine.pem", "esp/linux.efi"]);
}
