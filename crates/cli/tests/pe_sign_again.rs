//! Signing many programs many times, and judging whole folders: what sbctl does with `sign-all` and
//! `verify`. sbverify, sbsign and osslsigncode judge.

#![allow(clippy::unwrap_used)]

use serde_json::Value;
use std::os::unix::fs::symlink;
use test_support::{Snowguard, ToolboxFolder, snowguard};

struct Fixture {
    folder: ToolboxFolder,
    snowguard: Snowguard,
}

impl Fixture {
    fn new() -> Self {
        let folder = ToolboxFolder::new("sign-again");
        folder.take(&[
            ("usr/lib/systemd/boot/efi/linuxx64.efi.stub", "stub"),
            ("usr/lib/systemd/boot/efi/addonx64.efi.stub", "addon"),
        ]);
        for name in ["mine", "other"] {
            let new = format!("req -x509 -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.pem");
            folder.run("openssl", format!("{new} -subj /CN={name}/ -days 30"));
        }
        let snowguard = snowguard!().in_folder(folder.folder());
        Self { folder, snowguard }
    }

    fn copy(&self, from: &str, to: &str) {
        std::fs::copy(self.folder.path(from), self.folder.path(to)).unwrap();
    }

    /// How many signatures sbverify sees, all of which may be others'.
    fn signatures(&self, name: &str) -> usize {
        let listed = self.folder.run("sbverify", ["--list", name]);
        listed.lines().filter(|line| line.starts_with("signature ")).count()
    }

    /// What became of each file.
    fn results(&self, arguments: &str) -> Vec<String> {
        let lines =
            self.snowguard.success(format!("pe sign --key mine.key --cert mine.pem --json {arguments}"));
        let result =
            |line| serde_json::from_str::<Value>(line).unwrap()["result"].as_str().unwrap().to_owned();
        lines.lines().map(result).collect()
    }
}

#[test]
fn signing_thrice_gives_one_signature() {
    let fixture = Fixture::new();
    fixture.copy("stub", "a");
    assert_eq!(fixture.results("a"), ["signed"]);
    let once = fixture.folder.read("a");
    for _ in 0..2 {
        assert_eq!(fixture.results("a"), ["already signed"]);
        assert_eq!(fixture.folder.read("a"), once);
    }
    assert_eq!(fixture.results("--replace a"), ["already signed"]);
    // Elsewhere it is still written.
    assert_eq!(fixture.results("--output elsewhere a"), ["already signed"]);
    assert_eq!(fixture.folder.read("elsewhere"), once);
    assert_eq!(fixture.results("--again a"), ["signed"]);
    assert_eq!(fixture.signatures("a"), 2);
    assert_eq!(fixture.results("--replace a"), ["signed"]);
    assert_eq!(fixture.folder.read("a"), once);

    // What others made with this key counts too.
    fixture.folder.run("sbsign", "--key mine.key --cert mine.pem --output b addon");
    assert_eq!(fixture.results("b"), ["already signed"]);
    fixture.folder.run("osslsigncode", "sign -h sha256 -key mine.key -certs mine.pem -in addon -out c");
    assert_eq!(fixture.results("c"), ["already signed"]);
    // What is of another digest or another key does not, nor what lacks a certificate.
    assert_eq!(fixture.results("--digest sha512 b"), ["signed"]);
    assert_eq!(fixture.results("--chain other.pem c"), ["signed"]);
    assert_eq!(fixture.results("--chain other.pem c"), ["already signed"]);
    fixture.folder.run("sbsign", "--key other.key --cert other.pem --output d addon");
    assert_eq!(fixture.results("d"), ["signed"]);
    fixture.folder.run("sbverify", "--cert mine.pem d");
    fixture.folder.run("sbverify", "--cert other.pem d");
    assert_eq!(fixture.signatures("d"), 2);
    assert_eq!(fixture.results("d"), ["already signed"]);
    // Alone, it is not.
    assert_eq!(fixture.results("--replace d"), ["signed"]);
    assert_eq!(fixture.signatures("d"), 1);
}

#[test]
fn a_signature_that_does_not_hold_is_none() {
    let fixture = Fixture::new();
    fixture.copy("stub", "changed");
    fixture.results("changed");
    let good = fixture.folder.read("changed");
    // In the code, and in the last byte of the signature.
    let size = fixture.folder.read("stub").len();
    let signature =
        size + 8 + usize::try_from(u32::from_le_bytes(good[size..size + 4].try_into().unwrap())).unwrap() - 9;
    for at in [0x5000, signature] {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        fixture.folder.write("changed", &bytes);
        assert!(!fixture.folder.try_run("sbverify", "--cert mine.pem changed").status.success(), "{at:#x}");
        fixture.copy("changed", "copy");
        assert_eq!(fixture.results("copy"), ["signed"], "{at:#x}");
        assert_eq!(fixture.results("copy"), ["already signed"], "{at:#x}");
        // sbverify looks at the first signature only.
        assert_eq!(fixture.results("--replace changed"), ["signed"], "{at:#x}");
        fixture.folder.run("sbverify", "--cert mine.pem changed");
    }
}

#[test]
fn keys_elsewhere_are_not_asked_twice() {
    let fixture = Fixture::new();
    fixture.copy("stub", "a");
    fixture.copy("addon", "b");
    fixture.results("a");
    fixture.snowguard.success("pe sign --cert mine.pem --prepare requests a b");
    let mut names: Vec<_> =
        std::fs::read_dir(fixture.folder.path("requests")).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["b.json", "b.tbs"]);
    fixture.folder.run("openssl", "dgst -sha256 -sign mine.key -out requests/b.sig requests/b.tbs");
    for _ in 0..2 {
        fixture.snowguard.success("pe sign --cert mine.pem --complete requests a b");
        assert_eq!((fixture.signatures("a"), fixture.signatures("b")), (1, 1));
    }
}

#[test]
fn lists_of_files() {
    let fixture = Fixture::new();
    for name in ["a", "b", "c d"] {
        fixture.copy("addon", name);
    }
    fixture.folder.write("list", "# what starts\na\n\n  c d\r\n");
    assert_eq!(fixture.results("b --files-from list").len(), 3);
    fixture.folder.run("sh", ["-euc", "for f in a b 'c d'; do sbverify --cert mine.pem \"$f\"; done"]);
    let arguments = "pe verify --db mine.pem --files-from -";
    fixture.snowguard.run_with_input(arguments, b"a\0b\0c d\0").assert_code(0);
    fixture.snowguard.run_with_input(arguments, b"a\nstub\n").assert_code(1);
    // As sbctl keeps it: what is signed may go elsewhere.
    let list = serde_json::json!({
        "a": { "checksum": "", "file": "a", "output_file": "a" },
        "stub": { "checksum": "", "file": "stub", "output_file": "stub.signed" },
    });
    fixture.folder.write("files.json", list.to_string());
    let mut results = fixture.results("--files-from files.json");
    results.sort();
    assert_eq!(results, ["already signed", "signed"]);
    fixture.folder.run("sbverify", "--cert mine.pem stub.signed");
    assert!(!fixture.folder.try_run("sbverify", "--cert mine.pem stub").status.success());
    fixture.folder.write("files.json", "{\"a\": 1}");
    fixture.snowguard.failure(
        "pe verify --db mine.pem --files-from files.json",
        3,
        "is no list of files as sbctl writes it",
    );
    fixture.snowguard.failure("pe verify --db mine.pem --files-from none", 3, "cannot read none");
    fixture.snowguard.text(2, "pe verify --db mine.pem");
}

#[test]
fn a_whole_partition() {
    let fixture = Fixture::new();
    for folder in ["esp/EFI/Linux", "esp/loader", "empty"] {
        std::fs::create_dir_all(fixture.folder.path(folder)).unwrap();
    }
    fixture.copy("stub", "esp/EFI/Linux/signed.efi");
    fixture.results("esp/EFI/Linux/signed.efi");
    fixture.copy("addon", "esp/EFI/Linux/no-extension");
    fixture.folder.write("esp/loader/loader.conf", "timeout 3\n");
    fixture.folder.write("esp/loader/dos.exe", "MZ but not for firmware");
    symlink("../EFI/Linux/no-extension", fixture.folder.path("esp/loader/link.efi")).unwrap();
    let text = fixture.snowguard.text(1, "pe verify --db mine.pem esp");
    assert!(text.contains("esp/EFI/Linux/no-extension: firmware does not trust it"), "{text}");
    assert!(text.ends_with("2 programs: 1 trusted, 1 not trusted; 3 files are no EFI program\n"), "{text}");
    let lines = fixture.snowguard.text(1, "pe verify --json --db mine.pem esp");
    let last: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    let counts = serde_json::json!({ "trusted": 1, "notTrusted": 1, "unreadable": 0, "otherFiles": 3 });
    assert_eq!((last["summary"].clone(), lines.lines().count()), (counts, 3));
    fixture.results("esp/EFI/Linux/no-extension");
    let text = fixture.snowguard.text(0, "pe verify --db mine.pem esp");
    assert!(text.ends_with("2 programs: 2 trusted, 0 not trusted; 3 files are no EFI program\n"), "{text}");
    // One that cannot be read is no good news, nor is a folder without any program.
    let whole = fixture.folder.read("stub");
    fixture.folder.write("esp/EFI/half.efi", &whole[..0x300]);
    let text = fixture.snowguard.text(3, "pe verify --db mine.pem esp");
    assert!(
        text.contains("error: esp/EFI/half.efi")
            && text.contains("3 programs: 2 trusted, 0 not trusted, 1 unreadable"),
        "{text}"
    );
    fixture.snowguard.failure("pe verify --db mine.pem empty", 3, "empty holds no EFI programs");
}
