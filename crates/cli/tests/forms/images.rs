//! Images that real distributions ship.

use crate::Fixture;
use authenticode::cms::{Profile, SignedData};
use test_support::data;

/// The digest that pesign computes; what a signature is of, for files of whole lines of eight.
fn by_pesign(fixture: &Fixture, name: &str) -> String {
    let text = fixture.folder.run("pesign", ["--hash", "--in", name]);
    text.split_whitespace().next().unwrap().to_owned()
}

/// The digest that osslsigncode computes of a signed file.
fn by_osslsigncode(fixture: &Fixture, name: &str) -> String {
    let output = fixture.folder.try_run("osslsigncode", ["verify", "-in", name]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().find_map(|line| line.trim().strip_prefix("Calculated message digest :"));
    line.unwrap_or_else(|| panic!("{name}: {text}")).trim().to_ascii_lowercase()
}

fn ours(fixture: &Fixture, name: &str) -> String {
    fixture.snowguard.success(format!("pe digest {name}")).split_whitespace().next().unwrap().to_owned()
}

#[test]
fn sections_at_any_address() {
    let fixture = Fixture::new("forms");
    let unsigned = ["fwupd12.efi", "sdboot12.efi", "stub12.efi"];
    fixture.take("va-misaligned", &unsigned);
    fixture.take("va-misaligned", &["sdboot12.signed.efi", "stub12.signed.efi", "J.pem"]);
    fixture.key("mine");
    fixture.folder.write("text", "a section more");
    for name in unsigned {
        fixture.snowguard.success(format!("pe inspect {name}"));
        fixture.snowguard.success(format!("pe sign --key mine.key --cert mine.pem --output signed {name}"));
        fixture.folder.run("sbverify", ["--cert", "mine.pem", "signed"]);
        assert_eq!(ours(&fixture, "signed"), by_osslsigncode(&fixture, "signed"), "{name}");
        assert_eq!(ours(&fixture, "signed"), by_pesign(&fixture, "signed"), "{name}");
        // Changed, everything that was there keeps its address.
        let addresses = |file: &str| {
            let script = "import pefile, sys; print([(s.Name.strip(b'\\0'), s.VirtualAddress, s.get_data()[:s.Misc_VirtualSize]) for s in pefile.PE(sys.argv[1]).sections if s.Name[:4] != b'.new'])";
            fixture.folder.run("python3", ["-c", script, file])
        };
        fixture.snowguard.success(format!("pe sections {name} --add .new=text --output changed"));
        assert_eq!(addresses("changed"), addresses(name), "{name}");
    }
    // OVMF starts these with the certificate in db.
    for name in ["sdboot12.signed.efi", "stub12.signed.efi"] {
        fixture.folder.run("sbverify", ["--cert", "J.pem", name]);
        fixture.snowguard.success(format!("pe verify --db J.pem {name}"));
        fixture.snowguard.text(1, format!("pe verify --db mine.pem {name}"));
    }
}

#[test]
fn what_old_pesign_called_the_data() {
    let fixture = Fixture::new("forms");
    let signed = [
        ("fwupdx64.efi.signed", "debca.pem"),
        ("fwupdaa64.efi.signed", "debca.pem"),
        ("plain.pesign12.efi", "J.pem"),
    ];
    for (name, authority) in signed {
        fixture.take("spc-type-21", &[name, authority]);
        fixture.folder.run("sbverify", ["--cert", authority, name]);
        fixture.snowguard.success(format!("pe verify --db {authority} {name}"));
        assert_eq!(ours(&fixture, name), by_osslsigncode(&fixture, name));
        let other = if authority == "J.pem" { "debca.pem" } else { "J.pem" };
        fixture.take("spc-type-21", &[other]);
        fixture.snowguard.text(1, format!("pe verify --db {other} {name}"));
    }
}

/// EDK2's own vector ends with a line end behind the signature. (What stands behind signatures of
/// images is in the tests of `authenticode`, with sbverify beside it.)
#[test]
fn bytes_behind_the_signature() {
    let bytes =
        std::fs::read(data("cases/pe/trailing-byte-after-pkcs7/edk2-AuthenticodeWithSha256.p7")).unwrap();
    let signed = SignedData::read(&bytes, Profile::Authenticode).unwrap();
    signed.verify(None, false).unwrap();
    assert_eq!(SignedData::read(bytes.trim_ascii_end(), Profile::Authenticode).as_ref(), Ok(&signed));
}

#[test]
fn certificates_of_other_centuries() {
    let fixture = Fixture::new("forms");
    let case = "cert-before-1970";
    fixture.take(case, &["HelloWorld.efi.signed", "PK.der.esl", "db.pem"]);
    fixture.take(case, &["year1.der", "year1.efi", "year1960.der", "year1960.efi"]);
    for (name, certificate) in
        [("HelloWorld.efi.signed", "db.pem"), ("year1.efi", "year1.der"), ("year1960.efi", "year1960.der")]
    {
        fixture.shell(&format!("openssl x509 -in {certificate} -out pem; sbverify --cert pem {name} 2>&1"));
        let text = fixture.snowguard.success(format!("pe verify --db {certificate} {name}"));
        // Some are valid until 2030 and later.
        let past = fixture.folder.try_run("openssl", ["x509", "-in", "pem", "-checkend", "0"]).status;
        assert_eq!(text.contains("only (not looked at when booting)"), !past.success(), "{text}");
        let code = i32::from(!past.success());
        fixture.snowguard.text(code, format!("pe verify --enforce-validity --db {certificate} {name}"));
    }
    // Dates as openssl reads them.
    fixture.shell("openssl x509 -in year1.der -noout -dates -dateopt iso_8601 > dates");
    let text = fixture.snowguard.success("pe verify --db year1.der year1.efi");
    for date in fixture.folder.read_text("dates").lines().map(|line| line.split_once('=').unwrap().1) {
        let date = format!("{:0>20}", date.trim().replace(' ', "T"));
        assert!(text.contains(&date), "{date}: {text}");
    }
    // Exported, it is the certificate as openssl finds it.
    fixture.snowguard.success("keys export PK.der.esl --format der --output PK.der");
    let subject = fixture.shell("openssl x509 -inform der -in PK.der -noout -startdate");
    assert!(subject.contains(" 1 GMT"), "{subject}");
    // A key of such a certificate signs.
    fixture.shell(
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout old.key -out old.pem -subj /CN=old \
         -not_before 00010101000000Z -not_after 19600101000000Z 2>&1",
    );
    fixture.snowguard.success("pe strip year1.efi --output bare");
    fixture.snowguard.success("pe sign --key old.key --cert old.pem bare");
    fixture.folder.run("sbverify", ["--cert", "old.pem", "bare"]);
    fixture.snowguard.success("pe verify --db old.pem bare");
}

/// A program of another processor, made of a small one: machine, and size of addresses.
fn for_machine(image: &[u8], machine: u16) -> Vec<u8> {
    let mut image = image.to_vec();
    let pe = u32::from_le_bytes(image[0x3c..0x40].try_into().unwrap()) as usize;
    image[pe + 4..pe + 6].copy_from_slice(&machine.to_le_bytes());
    image
}

#[test]
fn other_processors() {
    let fixture = Fixture::new("forms");
    fixture.take("machines", &["systemd-bootarm.efi", "systemd-bootriscv64.efi"]);
    fixture.key("mine");
    let [small, large] =
        ["uefi/tiny32.efi", "uefi/tiny64.efi"].map(|name| std::fs::read(data(name)).unwrap());
    // Of 32 bits: ARM under all of its numbers, RISC-V, LoongArch; of 64: RISC-V, LoongArch,
    // Itanium; byte code.
    let mut names = vec!["systemd-bootarm.efi".to_owned(), "systemd-bootriscv64.efi".to_owned()];
    for (image, machines) in [
        (&small, &[0x1c0, 0x1c2, 0x1c4, 0x5032, 0x6232, 0xebc][..]),
        (&large, &[0x5064, 0x6264, 0x200, 0xebc][..]),
    ] {
        for machine in machines {
            let name = format!("m{machine:x}-{}", image.len());
            fixture.folder.write(&name, for_machine(image, *machine));
            names.push(name);
        }
    }
    for name in names {
        let text = fixture.snowguard.success(format!("pe inspect {name}"));
        assert!(!text.contains("x86") && !text.contains("i386"), "{text}");
        fixture.snowguard.success(format!("pe sign --key mine.key --cert mine.pem --output signed {name}"));
        fixture.snowguard.success("pe verify --db mine.pem signed");
        assert_eq!(ours(&fixture, "signed"), by_osslsigncode(&fixture, "signed"), "{name}");
        // What sbverify does not know it does not judge.
        if name.starts_with("systemd") {
            fixture.folder.run("sbverify", ["--cert", "mine.pem", "signed"]);
        }
    }
    // The width has to be the machine's, and others are none.
    fixture.folder.write("wide", for_machine(&large, 0x1c2));
    fixture.snowguard.failure("pe digest wide", 3, "not the width of the machine");
    fixture.folder.write("strange", for_machine(&large, 0x1f0));
    fixture.snowguard.failure("pe digest strange", 3, "Machine is 0x1f0: no processor that UEFI knows");
}

/// Debian's kernel has no `.sbat`. Shim lets GRUB load it; it would not load it itself.
#[test]
fn sbat_is_wanted_of_what_shim_loads() {
    let fixture = Fixture::new("forms");
    fixture.key("mine");
    let kernel = test_support::efi_files().into_iter().find(|path| path.ends_with("vmlinuz")).unwrap();
    fixture.folder.write("vmlinuz", std::fs::read(kernel).unwrap());
    fixture.folder.take(&[
        ("usr/lib/shim/shimx64.efi.signed", "shim"),
        ("usr/lib/systemd/boot/efi/addonx64.efi.stub", "addon"),
    ]);
    fixture.snowguard.success("pe sign --key mine.key --cert mine.pem vmlinuz addon");
    let shim = "pe verify --mok mine.pem --sbat-level shim";
    let text = fixture.snowguard.success(format!("{shim} vmlinuz"));
    assert!(text.contains("note: it has no .sbat section: a boot loader"), "{text}");
    fixture.snowguard.success(format!("{shim} --loaded-by loader vmlinuz addon"));
    let text = fixture.snowguard.text(1, format!("{shim} --loaded-by shim vmlinuz"));
    assert!(text.contains("it has no .sbat section"), "{text}");
    fixture.snowguard.text(1, format!("{shim} addon"));
    let text = fixture.snowguard.success("sbat check --level shim vmlinuz");
    assert_eq!(text, "vmlinuz: not revoked\n");
    // Firmware does not know it.
    fixture.snowguard.success("pe verify --db mine.pem --sbat-level shim addon");
    // What has a section is judged by it, whoever loads it.
    fixture.folder.write("level", "sbat,1\nold,2\n");
    fixture.snowguard.success("sbat make old,1,a,b,c,d --output old.csv");
    fixture.snowguard.success("pe sections addon --add .sbat=old.csv --output old");
    fixture.snowguard.success("pe sign --key mine.key --cert mine.pem old");
    fixture.snowguard.text(1, "pe verify --mok mine.pem --sbat-level level --loaded-by loader old");
}

/// A kilobyte that asks for gigabytes.
#[test]
fn alignments_do_not_make_files_grow() {
    let fixture = Fixture::new("forms");
    fixture.take("hostile-alignment", &["bigalign.efi", "sbat.csv"]);
    // Firmware does not look at it, so it can be signed and verified.
    fixture.key("mine");
    fixture.snowguard.success("pe sign --key mine.key --cert mine.pem --output signed bigalign.efi");
    fixture.folder.run("sbverify", ["--cert", "mine.pem", "signed"]);
    fixture.snowguard.success("pe verify --db mine.pem signed");
    let bounded = fixture.snowguard.clone().with_memory(200_000);
    bounded.failure(
        "pe sections bigalign.efi --add .x=sbat.csv --output large",
        3,
        "FileAlignment is 0x20000000: images with more than 0x10000 are not edited",
    );
    assert!(!fixture.folder.path("large").exists());
    // The largest that the format allows.
    let mut image = fixture.folder.read("bigalign.efi");
    let pe = u32::from_le_bytes(image[0x3c..0x40].try_into().unwrap()) as usize;
    for field in [32, 36] {
        image[pe + 24 + field..pe + 28 + field].copy_from_slice(&0x1_0000u32.to_le_bytes());
    }
    fixture.folder.write("allowed", image);
    bounded.success("pe sections allowed --add .x=sbat.csv --output large");
    assert!(fixture.folder.read("large").len() < 4 << 16);
}
