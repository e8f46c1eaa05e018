//! `snowguard pe sign` with many programs in one call, judged by sbverify and pefile.

#![allow(clippy::unwrap_used)]

use test_support::{Snowguard, ToolboxFolder, snowguard};

/// Programs that both ours and others work on: MokManager as `mm`, a stub as `stub`.
struct Fixture {
    folder: ToolboxFolder,
    snowguard: Snowguard,
}

impl Fixture {
    fn new() -> Self {
        let folder = ToolboxFolder::new("pe-sign");
        folder.take(&[
            ("usr/lib/shim/mmx64.efi", "mm"),
            ("usr/lib/systemd/boot/efi/linuxx64.efi.stub", "stub"),
        ]);
        let snowguard = snowguard!().in_folder(folder.folder());
        Self { folder, snowguard }
    }

    /// `snowguard pe sign`, which must succeed.
    #[track_caller]
    fn good(&self, arguments: &str) {
        let outcome = self.snowguard.run(format!("pe sign {arguments}")).with_code(0);
        // Nothing to report, nothing printed: no bar either, because nobody watches.
        assert_eq!(outcome.text(), "", "{outcome}");
    }

    #[track_caller]
    fn bad(&self, arguments: &str, code: i32, problem: &str) {
        self.snowguard.failure(format!("pe sign {arguments}"), code, problem);
    }

    /// A key `name.key` and its certificate `name.pem`.
    fn key(&self, name: &str, kind: &str) {
        let new = format!("req -x509 -newkey {kind} -nodes -keyout {name}.key -out {name}.pem");
        self.folder.run("openssl", format!("{new} -subj /CN={name}/ -days 30"));
    }
}

#[test]
fn many_files_in_one_call() {
    let fixture = Fixture::new();
    fixture.key("rsa", "rsa:2048");
    fixture.key("first", "rsa:2048");
    std::fs::create_dir(fixture.folder.path("out")).unwrap();
    let mut names = Vec::new();
    for index in 0..20 {
        // Of different sizes, some larger than what a second thread reads ahead, some with
        // signatures already.
        let name = format!("f{index}");
        let section = vec![index; 150_000 * usize::from(index) + 1];
        fixture.folder.write("section", section);
        fixture.snowguard.success(format!("pe sections stub --add .linux=section --output {name}"));
        if index % 3 == 0 {
            fixture.folder.run("sbsign", format!("--key first.key --cert first.pem --output {name} {name}"));
        }
        names.push(name);
    }
    fixture.folder.write("broken", "no image");
    let files = names.join(" ");
    fixture.bad(
        &format!("--key rsa.key --cert rsa.pem --output-dir out broken {files} missing"),
        3,
        "broken: the DOS header",
    );
    for (index, name) in names.iter().enumerate() {
        fixture.folder.run("sbverify", format!("--cert rsa.pem out/{name}"));
        let listed = fixture.folder.run("sbverify", format!("--list out/{name}"));
        let count = listed.lines().filter(|line| line.starts_with("signature ")).count();
        assert_eq!(count, if index % 3 == 0 { 2 } else { 1 }, "{listed}");
        let script = format!("import pefile; print(pefile.PE('out/{name}').verify_checksum())");
        let output = fixture.folder.try_run("python3", ["-c", &script]);
        assert_eq!(String::from_utf8_lossy(&output.stdout), "True\n", "{output:?}");
    }
    assert!(!fixture.folder.path("out/broken").exists());
    // A wrong key is reported once, not for each file.
    fixture.key("other", "rsa:2048");
    let outcome = fixture.snowguard.run(format!("pe sign --key other.key --cert rsa.pem {files}"));
    assert_eq!(outcome.stderr, "error: the key and the certificate do not belong together\n");
    // No temporary file is left.
    assert_eq!(std::fs::read_dir(fixture.folder.path("out")).unwrap().count(), names.len());
    // In place, and a second time over: twice the same bytes.
    let once = fixture.folder.read("out/f19");
    fixture.good("--key rsa.key --cert rsa.pem f19 f18 f17");
    assert_eq!(fixture.folder.read("f19"), once);
    fixture.good("--key rsa.key --cert rsa.pem --replace f19");
    assert_eq!(fixture.folder.read("f19"), once);
    std::fs::create_dir(fixture.folder.path("other")).unwrap();
    std::fs::copy(fixture.folder.path("mm"), fixture.folder.path("other/mm")).unwrap();
    fixture.bad(
        "--key rsa.key --cert rsa.pem --output-dir out mm other/mm",
        2,
        "would both be written to out/mm",
    );
    fixture.bad("--key rsa.key --cert rsa.pem mm ./mm", 2, "would both be written");
}
