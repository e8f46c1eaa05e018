//! `snowguard pe sign` with many programs in one call, judged by sbverify and pefile.

#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::process::{Command, Output};

/// A folder in the toolbox where both our program and others work: MokManager as `mm`, a stub as `stub`.
struct Room(test_support::Room);

impl Room {
    fn new() -> Self {
        let room = test_support::Room::new("pe-sign");
        for (from, to) in
            [("usr/lib/shim/mmx64.efi", "mm"), ("usr/lib/systemd/boot/efi/linuxx64.efi.stub", "stub")]
        {
            std::fs::copy(room.root().join(from), room.outside(to)).unwrap();
        }
        Self(room)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.outside(name)
    }

    fn sign(&self, arguments: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_snowguard"));
        command.current_dir(self.path("")).args(["pe", "sign"]).args(arguments.split(' '));
        command.env("NO_COLOR", "1").output().unwrap()
    }

    fn good(&self, arguments: &str) {
        let output = self.sign(arguments);
        assert!(output.status.success(), "{arguments}: {output:?}");
        // Nothing to tell is nothing told: no bar either, because nobody watches.
        assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{arguments}: {output:?}");
    }

    fn bad(&self, arguments: &str, code: i32, problem: &str) {
        let output = self.sign(arguments);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments}: {text}");
        assert!(text.contains(problem), "{arguments}: {text}");
    }

    fn theirs(&self, program: &str, arguments: &str) -> String {
        self.0.run(program, &arguments.split(' ').collect::<Vec<_>>())
    }

    fn openssl(&self, arguments: &str) -> String {
        self.theirs("openssl", arguments)
    }

    /// A key `name.key` and its certificate `name.pem`.
    fn key(&self, name: &str, kind: &str) {
        self.openssl(&format!(
            "req -x509 -newkey {kind} -nodes -keyout {name}.key -out {name}.pem -subj /CN={name}/ -days 30"
        ));
    }
}

#[test]
fn many_files_in_one_call() {
    let room = Room::new();
    room.key("rsa", "rsa:2048");
    std::fs::create_dir(room.path("out")).unwrap();
    let mut names = Vec::new();
    for index in 0..20 {
        // Of different sizes, some larger than what a second thread reads ahead, some with signatures already.
        let name = format!("f{index}");
        let section = vec![index; 150_000 * usize::from(index) + 1];
        std::fs::write(room.path("section"), section).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_snowguard"));
        command.current_dir(room.path(""));
        let arguments = ["pe", "sections", "stub", "--add", ".linux=section", "--output", &name];
        assert!(command.args(arguments).status().unwrap().success());
        if index % 3 == 0 {
            room.theirs("sbsign", &format!("--key rsa.key --cert rsa.pem --output {name} {name}"));
        }
        names.push(name);
    }
    std::fs::write(room.path("broken"), "no image").unwrap();
    let files = names.join(" ");
    room.bad(
        &format!("--key rsa.key --cert rsa.pem --output-dir out broken {files} missing"),
        3,
        "broken: the DOS header",
    );
    for (index, name) in names.iter().enumerate() {
        room.theirs("sbverify", &format!("--cert rsa.pem out/{name}"));
        let listed = room.theirs("sbverify", &format!("--list out/{name}"));
        let count = listed.lines().filter(|line| line.starts_with("signature ")).count();
        assert_eq!(count, if index % 3 == 0 { 2 } else { 1 }, "{listed}");
        let script = format!("import pefile; print(pefile.PE('out/{name}').verify_checksum())");
        let output = room.0.try_run("python3", &["-c", &script]);
        assert_eq!(String::from_utf8_lossy(&output.stdout), "True\n", "{output:?}");
    }
    assert!(!room.path("out/broken").exists());
    // A wrong key is told once, not for each file.
    room.key("other", "rsa:2048");
    let output = room.sign(&format!("--key other.key --cert rsa.pem {files}"));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(text, "error: the key and the certificate do not belong together\n");
    // Nothing that was written aside is left.
    assert_eq!(std::fs::read_dir(room.path("out")).unwrap().count(), names.len());
    // In place, and a second time over: twice the same bytes.
    let once = std::fs::read(room.path("out/f19")).unwrap();
    room.good("--key rsa.key --cert rsa.pem f19 f18 f17");
    assert_eq!(std::fs::read(room.path("f19")).unwrap(), once);
    room.good("--key rsa.key --cert rsa.pem --replace f19");
    assert_eq!(std::fs::read(room.path("f19")).unwrap(), once);
    std::fs::create_dir(room.path("other")).unwrap();
    std::fs::copy(room.path("mm"), room.path("other/mm")).unwrap();
    room.bad(
        "--key rsa.key --cert rsa.pem --output-dir out mm other/mm",
        2,
        "would both be written to out/mm",
    );
    room.bad("--key rsa.key --cert rsa.pem mm ./mm", 2, "would both be written");
}
