//! Firmware and shim as judges: what OVMF and Debian's shim start is what we call trusted, and
//! nothing else.

#![allow(clippy::unwrap_used)]

mod machine;

use authenticode::DigestAlgorithm;
use authenticode::Guid;
use authenticode::Time;
use authenticode::certificate::Certificate;
use authenticode::lists::{self, SignatureList, SignatureListKind, revocation_data};
use authenticode::pe::Layout;
use authenticode::variable::{GLOBAL, SECURITY};
use machine::Machine;
use std::fmt::Write as _;

/// What the stub of systemd prints when it is started alone.
const STARTED: &str = "Image lacks .linux section";

impl Machine {
    /// A program of its own, so that it has a digest of its own.
    fn program(&self, name: &str) {
        std::fs::write(self.path("tag"), name).unwrap();
        self.snowguard.success(format!("pe sections stub --add .tag=tag --output {name}"));
    }

    fn key(&self, name: &str, kind: &str) {
        self.shell(&format!(
            "openssl req -x509 -newkey {kind} -nodes -keyout {name}.key -out {name}.pem -days 99 -subj /CN={name} 2>&1"
        ));
    }

    fn issued(&self, name: &str, issuer: &str, extensions: &str) {
        self.shell(&format!(
            "printf '{extensions}' > ext; openssl genrsa -out {name}.key 2048 2>&1; \
             openssl pkey -in {name}.key -pubout -out pub; \
             openssl x509 -new -force_pubkey pub -subj /CN={name} -CA {issuer}.pem -CAkey {issuer}.key -days 99 \
             -extfile ext -out {name}.pem 2>&1"
        ));
    }

    fn sign(&self, program: &str, key: &str, more: &str) {
        self.snowguard.success(format!("pe sign --key {key}.key --cert {key}.pem {more} {program}"));
    }

    fn certificate(&self, name: &str) -> Certificate {
        Certificate::read_all(&std::fs::read(self.path(&format!("{name}.pem"))).unwrap()).unwrap().remove(0)
    }
}

/// Takes the padding behind the last signature away, so that the certificate table has an odd size.
/// No digest is over it.
fn unpad(machine: &Machine, program: &str) {
    let mut bytes = std::fs::read(machine.path(program)).unwrap();
    let layout = Layout::read(bytes.as_slice()).unwrap();
    let table = usize::try_from(layout.certificate_table.clone().unwrap().start).unwrap();
    let directory = usize::try_from(layout.certificate_directory_offset().unwrap()).unwrap();
    let length = u32::from_le_bytes(bytes[table..table + 4].try_into().unwrap());
    // If there is none, one more byte of zero in the entry, as many tools leave there.
    let length = if length % 8 == 0 { length + 1 } else { length };
    bytes.resize(table + usize::try_from(length).unwrap(), 0);
    bytes[table..table + 4].copy_from_slice(&length.to_le_bytes());
    bytes[directory + 4..directory + 8].copy_from_slice(&length.to_le_bytes());
    std::fs::write(machine.path(program), bytes).unwrap();
}

fn owner() -> Guid {
    "12345678-9abc-def0-1234-56789abcdef0".parse().unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// Variables in the form that virt-fw-vars reads.
fn json(variables: &[(&str, Guid, &[u8])]) -> String {
    let entry = |(name, vendor, data): &(&str, Guid, &[u8])| {
        serde_json::json!({
            "name": name, "guid": vendor.to_string(), "attr": 39, "data": hex(data), "time": hex(&[0; 16]),
        })
    };
    let variables: Vec<_> = variables.iter().map(entry).collect();
    serde_json::json!({ "version": 2, "variables": variables }).to_string()
}

#[test]
fn firmware_starts_what_we_call_trusted() {
    let machine = Machine::new();
    let stub = machine.folder.root().join("usr/lib/systemd/boot/efi/linuxx64.efi.stub");
    std::fs::copy(stub, machine.path("stub")).unwrap();
    for (name, kind) in [
        ("good", "rsa:2048"),
        ("rsa3072", "rsa:3072"),
        ("rsa4096", "rsa:4096"),
        ("stranger", "rsa:2048"),
        ("barred", "rsa:2048"),
        ("revoked", "rsa:2048"),
        ("outdated", "rsa:2048"),
    ] {
        machine.key(name, kind);
    }
    let authority = "basicConstraints=critical,CA:TRUE\\nkeyUsage=critical,keyCertSign\\n";
    machine.key("root", "rsa:2048");
    machine.issued("middle", "root", authority);
    machine.issued("leaf", "middle", "");
    machine.key("minor", "rsa:2048 -addext basicConstraints=critical,CA:FALSE");
    machine.issued("child", "minor", "");

    // Each program, and whether it is to start.
    let mut cases: Vec<(&str, bool)> = Vec::new();
    let mut case = |name: &'static str, starts: bool, steps: &[(&str, &str)]| {
        machine.program(name);
        for (key, more) in steps {
            machine.sign(name, key, more);
        }
        cases.push((name, starts));
    };
    case("unsigned", false, &[]);
    case("signed", true, &[("good", "")]);
    case("signed3072", true, &[("rsa3072", "")]);
    case("signed4096", true, &[("rsa4096", "")]);
    case("sha384", true, &[("good", "--digest sha384")]);
    case("sha512", true, &[("good", "--digest sha512")]);
    case("strangers", false, &[("stranger", "")]);
    case("both", true, &[("stranger", ""), ("good", "")]);
    case("chain", true, &[("leaf", "--chain middle.pem")]);
    case("broken-chain", false, &[("leaf", "")]);
    case("no-authority", false, &[("child", "")]);
    case("dbx-digest", false, &[("good", "")]);
    case("dbx-certificate", false, &[("barred", "")]);
    case("dbx-beside-good", false, &[("good", ""), ("barred", "")]);
    case("dbx-tbs", false, &[("revoked", "")]);
    case("dbx-tbs-time", false, &[("outdated", "")]);
    case("db-digest", true, &[]);
    case("changed", false, &[("good", "")]);
    // This firmware was built with SHA-1; we accept it only on request.
    case("sha1", true, &[]);
    case("unpadded", false, &[("good", "")]);
    unpad(&machine, "unpadded");
    let mut bytes = std::fs::read(machine.path("changed")).unwrap();
    // In the middle of the code.
    bytes[0x1000] ^= 1;
    std::fs::write(machine.path("changed"), bytes).unwrap();
    machine.shell("osslsigncode sign -h sha1 -certs good.pem -key good.key -in sha1 -out sha1.signed; mv sha1.signed sha1");

    let x509 = |name: &str| {
        SignatureList::single(SignatureListKind::X509, owner(), machine.certificate(name).der().to_vec())
    };
    let digest = |name: &str| {
        let text = machine.snowguard.success(format!("pe digest --as-is {name}"));
        let digits = text.split(' ').next().unwrap();
        let bytes = (0..32).map(|at| u8::from_str_radix(&digits[at * 2..at * 2 + 2], 16).unwrap()).collect();
        SignatureList::single(SignatureListKind::Sha256, owner(), bytes)
    };
    let tbs = |name: &str, time: Time| {
        let data = revocation_data(&machine.certificate(name).tbs_digest(DigestAlgorithm::Sha256), time);
        SignatureList::single(SignatureListKind::X509Sha256, owner(), data)
    };
    let trusted = ["good", "rsa3072", "rsa4096", "barred", "revoked", "outdated", "root", "minor"];
    let db: Vec<_> = trusted.into_iter().map(x509).chain([digest("db-digest")]).collect();
    let later = Time { year: 2090, month: 1, day: 1, ..Time::default() };
    let dbx = [digest("dbx-digest"), x509("barred"), tbs("revoked", Time::default()), tbs("outdated", later)];
    let (db, dbx) = (lists::write(&db), lists::write(&dbx));
    std::fs::write(machine.path("db.esl"), &db).unwrap();
    std::fs::write(machine.path("dbx.esl"), &dbx).unwrap();
    let pk = lists::write(&[x509("good")]);
    let variables =
        [("PK", GLOBAL, &pk[..]), ("KEK", GLOBAL, &pk), ("db", SECURITY, &db), ("dbx", SECURITY, &dbx)];
    std::fs::write(machine.path("variables"), json(&variables)).unwrap();

    let mut options = "--set-json variables --sb".to_owned();
    for (name, _) in &cases {
        machine.install(name, name);
        write!(options, " --append-boot-filepath '\\{name}'").unwrap();
    }
    machine.variables("OVMF_VARS_4M.fd", &options);
    let printed = machine.boot("No bootable option or device was found", true);
    for (number, (name, starts)) in cases.iter().enumerate() {
        let option = format!("Boot{number:04X}");
        let started = printed.contains(&format!("starting {option} "));
        let refused = printed.contains(&format!("failed to load {option} "))
            && printed.lines().any(|line| line.contains(&option) && line.contains("Access Denied"));
        assert!(started ^ refused, "{name}: neither started nor refused:\n{printed}");
        assert_eq!(started, *starts, "{name}: the firmware did not do what was expected\n{printed}");
        let more = if *name == "sha1" { "--allow-sha1 " } else { "" };
        let ours = machine.snowguard.run(format!("pe verify {more}--db db.esl --dbx dbx.esl {name}"));
        assert_eq!(ours.code, Some(i32::from(!started)), "{name}: {ours}");
    }
    machine.snowguard.run("pe verify --db db.esl --dbx dbx.esl sha1").assert_code(1);
    // What was started did run, and was not only loaded.
    assert_eq!(printed.matches(STARTED).count(), cases.iter().filter(|(_, starts)| *starts).count());
}

#[test]
fn shim_starts_what_we_call_trusted() {
    let machine = Machine::new();
    let root = machine.folder.root();
    for (from, to) in [
        ("usr/lib/systemd/boot/efi/linuxx64.efi.stub", "stub"),
        ("usr/lib/shim/shimx64.efi.signed", "shim"),
        ("usr/share/shim/debian-uefi-ca.der", "debian.der"),
        ("usr/lib/systemd/boot/efi/systemd-bootx64.efi.signed", "debians"),
    ] {
        std::fs::copy(root.join(from), machine.path(to)).unwrap();
    }
    machine.key("mine", "rsa:2048");
    machine.key("stranger", "rsa:2048");
    machine.key("modules", "rsa:2048 -addext extendedKeyUsage=1.3.6.1.4.1.2312.16.1.2");
    std::fs::write(machine.path("level"), "sbat,1,2025051000\nshim,4\nfresh,3\n").unwrap();
    for (name, generation) in [("fresh", 3), ("stale", 2)] {
        machine.snowguard.success(format!(
            "sbat make fresh,{generation},me,mine,1,https://example.org --output sbat.{name}"
        ));
        machine.snowguard.success(format!("pe sections stub --replace .sbat=sbat.{name} --output {name}"));
    }
    machine.snowguard.success("pe sections stub --remove .sbat --output bare");
    let mut cases: Vec<(&str, bool)> = Vec::new();
    let mut case = |name: &'static str, starts: bool, from: &str, key: Option<&str>| {
        std::fs::copy(machine.path(from), machine.path(name)).unwrap();
        if let Some(key) = key {
            machine.sign(name, key, "");
        }
        cases.push((name, starts));
    };
    case("owners", true, "fresh", Some("mine"));
    case("unsigned", false, "fresh", None);
    case("strangers", false, "fresh", Some("stranger"));
    case("revoked", false, "stale", Some("mine"));
    case("without-sbat", false, "bare", Some("mine"));
    case("for-modules", false, "fresh", Some("modules"));
    let mut options =
        format!("--set-sbat-level level --add-mok {0} mine.pem --add-mok {0} modules.pem", owner());
    for (name, _) in &cases {
        machine.install("shim", &format!("{name}/shimx64.efi"));
        machine.install(name, &format!("{name}/grubx64.efi"));
        write!(options, " --append-boot-filepath '\\{name}\\shimx64.efi'").unwrap();
    }
    // Microsoft's keys let shim itself through.
    machine.variables("OVMF_VARS_4M.ms.fd", &options);
    let printed = machine.boot("No bootable option or device was found", true);
    for (number, (name, starts)) in cases.iter().enumerate() {
        let option = format!("Boot{number:04X}");
        let after = printed
            .split(&format!("starting {option} "))
            .nth(1)
            .unwrap_or_else(|| panic!("{name}:\n{printed}"));
        let during = after.split(&format!("failed to start {option} ")).next().unwrap();
        let started = during.contains(STARTED);
        let refused = during.contains("Security Violation") || during.contains("Security Policy Violation");
        assert!(started ^ refused, "{name}: neither started nor refused:\n{during}");
        assert_eq!(started, *starts, "{name}: shim did not do what was expected:\n{during}");
        let ours = machine.snowguard.run(format!(
            "pe verify --as shim --mok mine.pem --mok modules.pem --vendor-cert debian.der --sbat-level level {name}"
        ));
        assert_eq!(ours.code, Some(i32::from(!started)), "{name}: {ours}");
    }
}

#[test]
fn firmware_takes_our_keys() {
    let machine = Machine::new();
    let root = machine.folder.root();
    std::fs::copy(root.join("usr/lib/systemd/boot/efi/systemd-bootx64.efi"), machine.path("boot")).unwrap();
    std::fs::copy(root.join("usr/lib/systemd/boot/efi/linuxx64.efi.stub"), machine.path("stub")).unwrap();
    machine.snowguard.success("keys create --dir keys");
    machine.sign("boot", "keys/db", "");
    machine.install("boot", "EFI/BOOT/BOOTX64.EFI");
    // systemd-boot gives them to the firmware, which verifies them.
    for name in ["PK", "KEK", "db"] {
        machine.install(&format!("keys/{name}.auth"), &format!("loader/keys/auto/{name}.auth"));
    }
    std::fs::write(machine.path("esp/loader/loader.conf"), "secure-boot-enroll force\n").unwrap();
    machine.variables("OVMF_VARS_4M.fd", "");
    machine.boot("Custom Secure Boot keys successfully enrolled", false);
    machine.shell("virt-fw-vars --input vars --output-json found 2>&1");
    let found: serde_json::Value =
        serde_json::from_slice(&std::fs::read(machine.path("found")).unwrap()).unwrap();
    for name in ["PK", "KEK", "db"] {
        let list = std::fs::read(machine.path(&format!("keys/{name}.esl"))).unwrap();
        let variables = found["variables"].as_array().unwrap();
        let variable = variables.iter().find(|variable| variable["name"] == name);
        assert_eq!(variable.unwrap()["data"], hex(&list), "{name}");
    }
    // They hold from now on.
    for name in ["signed", "unsigned"] {
        std::fs::copy(machine.path("stub"), machine.path(name)).unwrap();
    }
    machine.sign("signed", "keys/db", "");
    std::fs::remove_dir_all(machine.path("esp")).unwrap();
    machine.install("signed", "signed");
    machine.install("unsigned", "unsigned");
    machine.shell("virt-fw-vars --inplace vars --append-boot-filepath '\\unsigned' --append-boot-filepath '\\signed' 2>&1");
    let printed = machine.boot("No bootable option or device was found", true);
    assert!(
        printed.lines().any(|line| line.contains("unsigned") && line.contains("Access Denied")),
        "{printed}"
    );
    assert_eq!(printed.matches(STARTED).count(), 1, "{printed}");
}
