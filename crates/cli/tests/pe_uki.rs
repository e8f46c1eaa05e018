//! `snowguard pe uki`, next to systemd's ukify with the same parts; ukify, bootctl, pefile and
//! sbverify read what we made.

#![allow(clippy::unwrap_used)]

use serde_json::Value;
use test_support::{Snowguard, ToolboxFolder, efi_files, snowguard};

/// What pefile sees of a program: a line for each section, with the digest of its content, and the
/// flag of memory that is not executed.
const DESCRIBE: &str = "
import hashlib, pefile, sys
pe = pefile.PE(sys.argv[1])
assert not pe.get_warnings(), pe.get_warnings()
for s in pe.sections:
    name, content = s.Name.rstrip(b'\\0').decode(), s.get_data()[:s.Misc_VirtualSize]
    print(name, hex(s.VirtualAddress), s.Misc_VirtualSize, hex(s.Characteristics), hashlib.sha256(content).hexdigest())
print(pe.OPTIONAL_HEADER.DllCharacteristics, pe.OPTIONAL_HEADER.SizeOfImage)
";

struct Fixture {
    folder: ToolboxFolder,
    snowguard: Snowguard,
    stub: String,
}

impl Fixture {
    fn new() -> Self {
        let folder = ToolboxFolder::new("uki");
        let kernel = efi_files().into_iter().find(|path| path.ends_with("vmlinuz")).unwrap();
        std::fs::copy(kernel, folder.path("vmlinuz")).unwrap();
        folder.take(&[
            ("usr/lib/systemd/boot/efi/linuxx64.efi.stub", "stub"),
            ("usr/lib/systemd/boot/efi/addonx64.efi.stub", "addon"),
            ("etc/os-release", "os-release"),
        ]);
        folder.write("describe.py", DESCRIBE);
        for (name, content) in [("one", "first initrd"), ("two", "second"), ("three", "the third one")] {
            folder.write(name, content);
        }
        let snowguard = snowguard!().in_folder(folder.folder());
        Self { folder, snowguard, stub: "stub".to_owned() }
    }

    fn describe(&self, name: &str) -> String {
        self.folder.run("python3", ["describe.py", name])
    }

    /// Makes an image with both, and compares.
    #[track_caller]
    fn same(&self, arguments: &[&str]) {
        let common = ["--linux=vmlinuz", &format!("--stub={}", self.stub)];
        let ours = [&["pe", "uki", "--output=ours"], &common[..], arguments].concat();
        self.snowguard.success(&ours);
        let theirs = [&["build", "--output=theirs"], &common[..], arguments].concat();
        self.folder.run("ukify", &theirs);
        assert_eq!(self.describe("ours"), self.describe("theirs"), "{arguments:?}");
    }
}

#[test]
fn sections_are_those_of_ukify() {
    let fixture = Fixture::new();
    let system = "--os-release=@os-release";
    fixture.same(&[system]);
    fixture.same(&[system, "--initrd=one", "--cmdline=  root=fstab \n quiet "]);
    fixture.same(&[system, "--initrd=one", "--initrd=two", "--initrd=three", "--cmdline=@os-release"]);
    fixture.folder.write(
        "sbat",
        "sbat,1,SBAT Version,sbat,1,https://example.org\nmine,3,Me,mine,1.0,https://example.org\n",
    );
    fixture.folder.write("splash", b"BM no picture");
    fixture.folder.write("tree", "a device tree");
    fixture.same(&[
        "--os-release=ID=test",
        "--initrd=three",
        "--uname=1.2.3-other",
        "--splash=splash",
        "--devicetree=tree",
        "--devicetree-auto=one",
        "--devicetree-auto=two",
        "--microcode=two",
        "--pcrpkey=one",
        "--sbat=@sbat",
        "--sbat=sbat,1,a,b,c,d\nyours,1,You,yours,1,https://example.org",
    ]);
    // The kernel's components are merged too; this one stands for a kernel. One that asks for
    // executable data takes the flag away.
    fixture.folder.take(&[("usr/lib/systemd/boot/efi/systemd-bootx64.efi", "vmlinuz")]);
    fixture.same(&[system, "--initrd=one", "--uname=1"]);
    let change = "import pefile; p = pefile.PE('vmlinuz'); p.OPTIONAL_HEADER.DllCharacteristics &= ~0x100; p.write('old')";
    fixture.folder.run("python3", ["-c", change]);
    std::fs::rename(fixture.folder.path("old"), fixture.folder.path("vmlinuz")).unwrap();
    fixture.same(&[system, "--initrd=one", "--uname=1"]);
    let text = fixture.snowguard.success("sbat show ours");
    assert!(text.contains("systemd-stub") && text.contains("systemd-boot") && text.contains("uki"), "{text}");
    let found: Value = serde_json::from_str(&fixture.snowguard.success("pe inspect --json ours")).unwrap();
    assert_eq!(found["noExecuteCompatible"], false);
}

#[test]
fn others_read_it() {
    let fixture = Fixture::new();
    let new = "req -x509 -newkey rsa:2048 -nodes -keyout db.key -out db.pem -subj /CN=db/ -days 30";
    fixture.folder.run("openssl", new);
    let parts =
        "--linux vmlinuz --stub stub --initrd one --initrd two --os-release @os-release --cmdline quiet";
    let printed =
        fixture.snowguard.success(format!("pe uki {parts} --key db.key --cert db.pem --json --output uki"));
    let ours: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(ours["signed"], true);
    fixture.folder.run("sbverify", "--cert db.pem uki");
    fixture.snowguard.success("pe verify --db db.pem uki");
    // The digests that we print are those that others compute.
    let theirs: Value =
        serde_json::from_str(&fixture.folder.run("ukify", "inspect uki --all --json=short")).unwrap();
    let mut compared = 0;
    for section in ours["sections"].as_array().unwrap() {
        let other = &theirs[section["name"].as_str().unwrap()];
        assert_eq!((&section["sha256"], &section["size"]), (&other["sha256"], &other["size"]), "{section}");
        compared += 1;
    }
    assert_eq!(compared, 11, "{printed}");
    let kernel = fixture.folder.run("bootctl", "kernel-inspect uki");
    assert!(kernel.contains("Kernel Type: uki") && kernel.contains("Cmdline: quiet"), "{kernel}");
    let release = theirs[".uname"]["text"].as_str().unwrap();
    assert!(kernel.contains(&format!("Version: {release}")), "{kernel}");
    assert_eq!(fixture.folder.run("bootctl", "kernel-identify uki").trim(), "uki");
    // What PCR 11 becomes depends on the content and on the order of sections.
    for name in ["linux", "osrel", "cmdline", "initrd", "uname", "sbat"] {
        fixture.snowguard.success(format!("pe sections uki --extract .{name}=x.{name}"));
    }
    let measure = "/usr/lib/systemd/systemd-measure calculate --bank=sha256 --json=short";
    let sections =
        ["linux", "osrel", "cmdline", "initrd", "uname", "sbat"].map(|name| format!("--{name}=x.{name}"));
    let whole = fixture.folder.run("sh", ["-euc", &format!("{measure} {}", sections.join(" "))]);
    fixture.folder.run(
        "ukify",
        format!("build {} --output theirs", parts.replace(" --cmdline quiet", " --cmdline=quiet")),
    );
    let theirs = fixture.folder.run(
        "sh",
        [
            "-euc",
            &format!(
                "ukify inspect theirs --section .linux:binary@y >/dev/null; {measure} {}",
                sections.join(" ").replace("x.linux", "y")
            ),
        ],
    );
    assert_eq!(whole, theirs);
}

#[test]
fn what_is_refused() {
    let fixture = Fixture::new();
    let bad = |arguments: &str, problem: &str| {
        fixture.snowguard.failure(format!("pe uki --os-release ID=x --output out {arguments}"), 3, problem);
        assert!(!fixture.folder.path("out").exists());
    };
    bad("--linux one --stub stub", "the kernel is no EFI program: the DOS header");
    bad("--linux vmlinuz --stub one", "the stub is no EFI program");
    bad("--linux vmlinuz --stub stub --initrd none", "cannot read none");
    bad("--linux vmlinuz --stub stub --splash one", "BMP only");
    bad("--linux vmlinuz --stub stub --sbat x", "SBAT data, line 1");
    bad("--linux vmlinuz --stub stub --section .muchtoolong=x", "names have 1 to 8 bytes");
    bad("--linux vmlinuz --stub stub --section .linux=x", "there is a section .linux already");
    fixture.snowguard.text(2, "pe uki --linux vmlinuz --output out --cert db.pem");
    fixture.snowguard.success("pe uki --linux vmlinuz --stub stub --os-release ID=x --output out");
    std::fs::rename(fixture.folder.path("out"), fixture.folder.path("uki")).unwrap();
    bad("--linux vmlinuz --stub uki", "it is a unified kernel image itself");
    // A kernel for another processor: shared data has a program of 32 bits.
    std::fs::copy(test_support::data("uefi/tiny32.efi"), fixture.folder.path("tiny32")).unwrap();
    bad("--linux tiny32 --stub stub", "the stub is for x86-64, and the kernel for i386");
}
