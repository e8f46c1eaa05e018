//! `snowguard pe` as a user calls it, judged by sbsign, sbverify, pesign and pefile.

#![allow(clippy::unwrap_used)]

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output};

/// A folder in the toolbox with some EFI files, where both our program and others work.
struct Room(test_support::Room);

impl Room {
    fn new() -> Self {
        let room = test_support::Room::new("pe");
        for (from, to) in [
            ("usr/lib/shim/shimx64.efi.signed", "shim"),
            ("usr/lib/shim/mmx64.efi", "mm"),
            ("usr/lib/systemd/boot/efi/linuxx64.efi.stub", "stub"),
        ] {
            std::fs::copy(room.root().join(from), room.outside(to)).unwrap();
        }
        Self(room)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.outside(name)
    }

    fn ours(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_snowguard"));
        command.current_dir(self.path("")).arg("pe").args(arguments).env("NO_COLOR", "1").output().unwrap()
    }

    /// Ours, which must succeed.
    fn good(&self, arguments: &[&str]) -> String {
        let output = self.ours(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Ours, which must fail with this code and name this.
    fn bad(&self, arguments: &[&str], code: i32, problem: &str) {
        let output = self.ours(arguments);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
        assert!(text.contains(problem), "{arguments:?}: {text}");
    }

    fn theirs(&self, program: &str, arguments: &[&str]) -> Output {
        self.0.try_run(program, arguments)
    }

    fn theirs_good(&self, program: &str, arguments: &[&str]) -> String {
        self.0.run(program, arguments)
    }

    /// A key and a certificate of its own.
    fn key(&self) {
        let request =
            ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem"];
        self.theirs_good("openssl", &[&request[..], &["-subj", "/CN=test/", "-days", "30"]].concat());
    }
}

#[test]
fn digests() {
    let room = Room::new();
    for name in ["shim", "mm", "stub"] {
        for algorithm in ["sha256", "sha384"] {
            let theirs = room.theirs_good("pesign", &["--hash", "--digest_type", algorithm, "--in", name]);
            let theirs = theirs.split_whitespace().next().unwrap().to_owned();
            assert_eq!(room.good(&["digest", "--algorithm", algorithm, name]), format!("{theirs}  {name}\n"));
        }
    }
    let lines = room.good(&["digest", "--json", "shim", "stub"]);
    let found: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(found[1]["file"], "stub");
    assert_eq!(found[0]["digests"]["sha256"].as_str().unwrap().len(), 64);
    // mm has no multiple of eight bytes, so signing would change its digest.
    assert_ne!(room.good(&["digest", "mm"]), room.good(&["digest", "--as-is", "mm"]));
    assert_eq!(room.good(&["digest", "shim"]), room.good(&["digest", "--as-is", "shim"]));
}

#[test]
fn signatures_come_and_go() {
    let room = Room::new();
    room.key();
    // Made by sbsign for the file as it is; attached by us; verified by sbverify.
    let sign = ["--key", "key.pem", "--cert", "cert.pem"];
    room.theirs_good("sbsign", &[&sign[..], &["--detached", "--output", "stub.p7", "stub"]].concat());
    room.good(&["attach", "stub", "stub.p7", "--output", "signed"]);
    room.theirs_good("sbverify", &["--cert", "cert.pem", "signed"]);
    room.theirs_good("sbsign", &[&sign[..], &["--output", "theirs", "stub"]].concat());
    assert_eq!(
        room.good(&["digest", "signed"]).split(' ').next(),
        room.good(&["digest", "theirs"]).split(' ').next()
    );
    let checksum = |name: &str| room.good(&["inspect", name]).lines().nth(3).unwrap().to_owned();
    assert!(!checksum("signed").contains("should be"), "{}", checksum("signed"));

    // What was signed can be taken out again, by us and by them.
    room.good(&["detach", "signed", "--output", "again.p7"]);
    assert_eq!(std::fs::read(room.path("again.p7")).unwrap(), std::fs::read(room.path("stub.p7")).unwrap());
    room.good(&["strip", "signed"]);
    assert!(room.good(&["inspect", "signed"]).contains("not signed"));
    assert!(!room.theirs("sbverify", &["--cert", "cert.pem", "signed"]).status.success());

    // One more signature behind Microsoft's, of which there are two.
    room.theirs_good("sbsign", &[&sign[..], &["--detached", "--output", "shim.p7", "shim"]].concat());
    room.good(&["attach", "shim", "shim.p7", "--output", "shim"]);
    room.theirs_good("sbverify", &["--cert", "cert.pem", "shim"]);
    let listed = room.theirs_good("sbverify", &["--list", "shim"]);
    assert_eq!(listed.lines().filter(|line| line.starts_with("signature ")).count(), 3, "{listed}");
    room.good(&["detach", "shim", "--index", "2", "--output", "third.p7"]);
    assert_eq!(std::fs::read(room.path("third.p7")).unwrap(), std::fs::read(room.path("shim.p7")).unwrap());
    room.bad(&["detach", "shim", "--index", "3", "--output", "x"], 3, "3 signatures, 0 to 2; none is 3");
    room.bad(&["detach", "stub", "--output", "x"], 3, "stub is not signed");
}

#[test]
fn sections() {
    let room = Room::new();
    std::fs::write(room.path("line"), "root=fstab quiet\n").unwrap();
    std::fs::write(room.path("large"), vec![7; 3_000_001]).unwrap();
    room.good(&["sections", "stub", "--add", ".cmdline=line", "--add", ".linux=large", "--output", "uki"]);
    assert!(room.good(&["sections", "uki"]).contains(".linux       3000001 bytes at"));
    room.good(&["sections", "uki", "--extract", ".cmdline=out", "--extract", ".linux=large.out"]);
    assert_eq!(std::fs::read(room.path("out")).unwrap(), b"root=fstab quiet\n");
    assert_eq!(std::fs::read(room.path("large.out")).unwrap(), vec![7; 3_000_001]);
    let script = "import pefile, sys; pe = pefile.PE('uki'); print(pe.verify_checksum(), \
                  [bytes(s.get_data()[:s.Misc_VirtualSize]) for s in pe.sections if s.Name.startswith(b'.cmdline')])";
    assert_eq!(room.theirs_good("python3", &["-c", script]), "True [b'root=fstab quiet\\n']\n");
    // What others say of it: it can be signed and verified.
    room.key();
    room.theirs_good("sbsign", &["--key", "key.pem", "--cert", "cert.pem", "--output", "uki", "uki"]);
    room.theirs_good("sbverify", &["--cert", "cert.pem", "uki"]);

    room.good(&["sections", "uki", "--remove", ".linux", "--replace", ".cmdline=large", "--output", "uki"]);
    assert!(!room.good(&["inspect", "uki"]).contains("signature 0"));
    assert!(!room.good(&["sections", "uki"]).contains(".linux"));
    room.bad(
        &["sections", "uki", "--add", ".cmdline=line", "--output", "x"],
        3,
        "there is a section .cmdline already",
    );
    room.bad(&["sections", "uki", "--remove", ".text", "--output", "x"], 3, "the entry point lies in it");
    room.bad(
        &["sections", "uki", "--remove", ".nothing", "--output", "x"],
        3,
        "there is no section .nothing",
    );
    room.bad(&["sections", "uki", "--remove", ".cmdline"], 2, "--output");
    assert!(!room.path("x").exists());
}

#[test]
fn inspection() {
    let room = Room::new();
    let text = room.good(&["inspect", "shim"]);
    assert!(
        text.contains("EFI application, x86-64, PE32+") && text.contains("signature 0: PKCS #7"),
        "{text}"
    );
    let found: serde_json::Value = serde_json::from_str(&room.good(&["inspect", "--json", "shim"])).unwrap();
    let script = "import pefile, json; pe = pefile.PE('shim'); print(json.dumps([[s.Name.rstrip(b'\\0').decode(), \
                  s.VirtualAddress, s.Misc_VirtualSize, s.PointerToRawData, s.SizeOfRawData] for s in pe.sections]))";
    let theirs: serde_json::Value =
        serde_json::from_str(&room.theirs_good("python3", &["-c", script])).unwrap();
    let ours: Vec<serde_json::Value> = found["sections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| {
            serde_json::json!([
                s["name"],
                s["virtualAddress"],
                s["virtualSize"],
                s["rawOffset"],
                s["rawSize"]
            ])
        })
        .collect();
    assert_eq!(serde_json::json!(ours), theirs);
}

#[test]
fn what_is_no_image_is_named_and_the_rest_goes_on() {
    let room = Room::new();
    std::fs::write(room.path("text"), "no image").unwrap();
    let output = room.ours(&["digest", "text", "missing", "stub"]);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3));
    assert!(
        errors.contains("text: the DOS header ends at 0x40, but the file has only 0x8 bytes"),
        "{errors}"
    );
    assert!(errors.contains("cannot read missing"), "{errors}");
    assert!(String::from_utf8_lossy(&output.stdout).ends_with("  stub\n"));
    room.bad(&["attach", "stub", "text", "--output", "x"], 3, "text is not PKCS #7 signed data in DER");
    room.bad(&["inspect", "/dev/zero"], 3, "not a regular file");
}

/// Each kind of key file that openssl writes; sbverify, osslsigncode and pesign read what we sign with them.
#[test]
fn signing() {
    let room = Room::new();
    room.key();
    let openssl = |arguments: &str| room.theirs_good("openssl", &arguments.split(' ').collect::<Vec<_>>());
    openssl("rsa -in key.pem -traditional -out pkcs1.pem");
    openssl("rsa -in key.pem -traditional -outform der -out pkcs1.der");
    openssl("pkcs8 -topk8 -in key.pem -nocrypt -outform der -out pkcs8.der");
    openssl("pkcs8 -topk8 -in key.pem -passout pass:secret -out encrypted.pem");
    openssl("pkcs8 -topk8 -in key.pem -scrypt -passout pass:secret -outform der -out encrypted.der");
    openssl("x509 -in cert.pem -outform der -out cert.der");
    std::fs::write(room.path("passphrase"), "secret\n").unwrap();
    for (key, cert) in [
        ("key.pem", "cert.pem"),
        ("pkcs1.pem", "cert.der"),
        ("pkcs1.der", "cert.pem"),
        ("pkcs8.der", "cert.pem"),
        ("encrypted.pem", "cert.pem"),
        ("encrypted.der", "cert.pem"),
    ] {
        let key = ["sign", "--key", key, "--cert", cert, "--passphrase-file", "passphrase"];
        room.good(&[&key[..], &["--output", "signed", "mm"]].concat());
        room.theirs_good("sbverify", &["--cert", "cert.pem", "signed"]);
    }
    let text = room.theirs_good("osslsigncode", &["verify", "-in", "signed", "-CAfile", "cert.pem"]);
    assert!(text.contains("Signature verification: ok"), "{text}");
    let key = ["sign", "--key", "key.pem", "--cert", "cert.pem"];
    // Behind Microsoft's two signatures, or instead of them.
    room.good(&[&key[..], &["--output", "behind", "shim"]].concat());
    let count = |name: &str| room.good(&["inspect", name]).matches("  signature ").count();
    assert_eq!(count("behind"), 3);
    room.theirs_good("sbverify", &["--cert", "cert.pem", "behind"]);
    room.good(&[&key[..], &["--replace", "shim"]].concat());
    assert_eq!(count("shim"), 1);
    room.theirs_good("sbverify", &["--cert", "cert.pem", "shim"]);
    // Several at once, the same bytes each time.
    std::fs::create_dir(room.path("out")).unwrap();
    room.good(&[&key[..], &["--output-dir", "out", "mm", "stub"]].concat());
    assert_eq!(std::fs::read(room.path("out/mm")).unwrap(), std::fs::read(room.path("signed")).unwrap());
    room.theirs_good("sbverify", &["--cert", "cert.pem", "out/stub"]);
    let listed = room.theirs_good("pesign", &["--show-signature", "--in", "out/stub"]);
    assert!(listed.contains("common name is test"), "{listed}");

    // ECDSA: osslsigncode verifies it (sbverify and most firmware know only RSA).
    for (curve, file) in [("P-256", "ec"), ("P-384", "ec384")] {
        openssl(&format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:{curve} -nodes -keyout {file}.key -out {file}.pem -subj /CN=ec/ -days 30"
        ));
    }
    openssl("ec -in ec.key -out sec1.pem");
    for key in ["ec.key", "sec1.pem"] {
        room.good(&["sign", "--key", key, "--cert", "ec.pem", "--output", "ec-signed", "mm"]);
        let text = room.theirs_good("osslsigncode", &["verify", "-in", "ec-signed", "-CAfile", "ec.pem"]);
        assert!(text.contains("Signature verification: ok"), "{text}");
    }
    room.bad(
        &["sign", "--key", "ec384.key", "--cert", "ec384.pem", "mm"],
        3,
        "a key on P-384 signs sha384 digests",
    );

    // What goes wrong says so, and leaves the file alone.
    let before = std::fs::read(room.path("mm")).unwrap();
    room.bad(&["sign", "--key", "encrypted.pem", "--cert", "cert.pem", "mm"], 3, "a passphrase is needed");
    room.bad(
        &["sign", "--key", "encrypted.pem", "--cert", "cert.pem", "--passphrase-file", "cert.pem", "mm"],
        3,
        "the passphrase is wrong",
    );
    room.bad(&["sign", "--key", "key.pem", "--cert", "ec.pem", "mm"], 3, "do not belong together");
    room.bad(
        &["sign", "--key", "cert.pem", "--cert", "cert.pem", "mm"],
        3,
        "`CERTIFICATE` instead of a private key",
    );
    room.bad(&["sign", "--key", "mm", "--cert", "cert.pem", "mm"], 3, "too many for a key");
    room.bad(
        &["sign", "--key", "key.pem", "--cert", "key.pem", "mm"],
        3,
        "cannot use the certificate key.pem",
    );
    openssl("genrsa -out small.pem 1024");
    room.bad(&["sign", "--key", "small.pem", "--cert", "cert.pem", "mm"], 3, "2048 to 4096 bits");
    assert_eq!(std::fs::read(room.path("mm")).unwrap(), before);
    // The mode stays as it was.
    std::fs::set_permissions(room.path("mm"), std::fs::Permissions::from_mode(0o600)).unwrap();
    room.good(&[&key[..], &["mm"]].concat());
    assert_eq!(std::fs::metadata(room.path("mm")).unwrap().permissions().mode() & 0o777, 0o600);
}

/// The key is elsewhere: openssl signs what we ask for.
#[test]
fn signing_with_a_key_that_is_elsewhere() {
    let room = Room::new();
    room.key();
    let openssl = |arguments: &str| room.theirs_good("openssl", &arguments.split(' ').collect::<Vec<_>>());
    let cert = ["sign", "--cert", "cert.pem"];
    let prepare =
        |more: &[&str]| room.good(&[&cert[..], more, &["--prepare", "requests", "mm", "stub"]].concat());
    for (digest, name) in [("sha256", "first"), ("sha512", "second")] {
        prepare(&["--digest", digest]);
        for file in ["mm", "stub"] {
            openssl(&format!("dgst -{digest} -sign key.pem -out requests/{file}.sig requests/{file}.tbs"));
        }
        let to = format!("{name}-signed");
        std::fs::create_dir(room.path(&to)).unwrap();
        let complete = ["--digest", digest, "--complete", "requests", "--output-dir", &to, "mm", "stub"];
        room.good(&[&cert[..], &complete].concat());
        for file in ["mm", "stub"] {
            let signed = format!("{to}/{file}");
            assert!(room.good(&["verify", "--db", "cert.pem", &signed]).contains(digest));
            // sbverify computes SHA-256 only.
            if digest == "sha256" {
                room.theirs_good("sbverify", &["--cert", "cert.pem", &signed]);
            }
            let text = room.theirs_good("osslsigncode", &["verify", "-in", &signed, "-CAfile", "cert.pem"]);
            assert!(text.contains("Signature verification: ok"), "{text}");
        }
    }
    let about: serde_json::Value =
        serde_json::from_slice(&std::fs::read(room.path("requests/stub.json")).unwrap()).unwrap();
    let tbs = openssl("dgst -sha512 -r requests/stub.tbs");
    assert_eq!(about["sign"]["digestOfTbs"], tbs.split(' ').next().unwrap());

    // Nothing is written when anything is wrong.
    let complete =
        |file| [&cert[..], &["--digest", "sha512", "--complete", "requests", "-o", "out", file]].concat();
    room.bad(&complete("shim"), 3, "cannot read the signature requests/shim.sig");
    std::fs::copy(room.path("requests/mm.sig"), room.path("requests/stub.sig")).unwrap();
    room.bad(&complete("stub"), 3, "the signature does not belong to the certificate of the signer");
    let mut changed = std::fs::read(room.path("mm")).unwrap();
    let last = changed.len() - 1;
    changed[last] ^= 1;
    std::fs::write(room.path("mm"), changed).unwrap();
    room.bad(&complete("mm"), 3, "the program changed since the request was made");
    room.bad(
        &[&cert[..], &["--complete", "requests", "-o", "out", "mm"]].concat(),
        3,
        "with --digest \"sha512\"",
    );
    room.bad(&[&cert[..], &["mm"]].concat(), 2, "--key is missing");
    assert!(!room.path("out").exists());
}

#[test]
fn signing_with_longer_digests_and_other_curves() {
    let room = Room::new();
    for (curve, digest) in [("P-256", "sha256"), ("P-384", "sha384")] {
        let algorithm = format!("ec_paramgen_curve:{curve}");
        let request =
            ["req", "-x509", "-newkey", "ec", "-pkeyopt", &algorithm, "-nodes", "-keyout", "ec.pem"];
        room.theirs_good(
            "openssl",
            &[&request[..], &["-out", "ec.crt", "-subj", "/CN=ec", "-days", "9"]].concat(),
        );
        let sign = ["sign", "--key", "ec.pem", "--cert", "ec.crt", "--digest", digest, "-o", "signed", "mm"];
        room.good(&sign);
        room.good(&["verify", "--db", "ec.crt", "signed"]);
        let text = room.theirs_good("osslsigncode", &["verify", "-in", "signed", "-CAfile", "ec.crt"]);
        assert!(text.contains("Signature verification: ok"), "{text}");
    }
    let sign = ["sign", "--key", "ec.pem", "--cert", "ec.crt", "-o", "other", "mm"];
    room.bad(&sign, 3, "a key on P-384 signs sha384 digests, not sha256");
    assert!(!room.path("other").exists());
}
