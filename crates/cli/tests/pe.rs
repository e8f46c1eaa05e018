//! `snowguard pe` as a user calls it, judged by sbsign, sbverify, pesign and pefile.

#![allow(clippy::unwrap_used)]

use std::os::unix::fs::PermissionsExt as _;
use test_support::{Outcome, Snowguard, ToolboxFolder, snowguard};

/// Some EFI files, where both our program and others work.
struct Fixture {
    folder: ToolboxFolder,
    snowguard: Snowguard,
}

impl Fixture {
    fn new() -> Self {
        let folder = ToolboxFolder::new("pe");
        folder.take(&[
            ("usr/lib/shim/shimx64.efi.signed", "shim"),
            ("usr/lib/shim/mmx64.efi", "mm"),
            ("usr/lib/systemd/boot/efi/linuxx64.efi.stub", "stub"),
        ]);
        let snowguard = snowguard!().in_folder(folder.folder());
        Self { folder, snowguard }
    }

    /// `snowguard pe`.
    #[track_caller]
    fn ours(&self, arguments: &[&str]) -> Outcome {
        self.snowguard.run([&["pe"], arguments].concat())
    }

    /// The same; it must succeed.
    #[track_caller]
    fn good(&self, arguments: &[&str]) -> String {
        self.ours(arguments).success()
    }

    /// The same; it must fail with this code and name this.
    #[track_caller]
    fn bad(&self, arguments: &[&str], code: i32, problem: &str) {
        self.snowguard.failure([&["pe"], arguments].concat(), code, problem);
    }

    /// A key and a certificate of its own.
    fn key(&self) {
        let request =
            ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem"];
        self.folder.run("openssl", [&request[..], &["-subj", "/CN=test/", "-days", "30"]].concat());
    }
}

#[test]
fn digests() {
    let fixture = Fixture::new();
    for name in ["shim", "mm", "stub"] {
        for algorithm in ["sha256", "sha384"] {
            let theirs = fixture.folder.run("pesign", ["--hash", "--digest_type", algorithm, "--in", name]);
            let theirs = theirs.split_whitespace().next().unwrap().to_owned();
            assert_eq!(
                fixture.good(&["digest", "--algorithm", algorithm, name]),
                format!("{theirs}  {name}\n")
            );
        }
    }
    let lines = fixture.good(&["digest", "--json", "shim", "stub"]);
    let found: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(found[1]["file"], "stub");
    assert_eq!(found[0]["digests"]["sha256"].as_str().unwrap().len(), 64);
    // mm has no multiple of eight bytes, so signing would change its digest.
    assert_ne!(fixture.good(&["digest", "mm"]), fixture.good(&["digest", "--as-is", "mm"]));
    assert_eq!(fixture.good(&["digest", "shim"]), fixture.good(&["digest", "--as-is", "shim"]));
}

#[test]
fn signatures_come_and_go() {
    let fixture = Fixture::new();
    fixture.key();
    // Made by sbsign for the file as it is; attached by us; verified by sbverify.
    let sign = ["--key", "key.pem", "--cert", "cert.pem"];
    fixture.folder.run("sbsign", [&sign[..], &["--detached", "--output", "stub.p7", "stub"]].concat());
    fixture.good(&["attach", "stub", "stub.p7", "--output", "signed"]);
    fixture.folder.run("sbverify", ["--cert", "cert.pem", "signed"]);
    fixture.folder.run("sbsign", [&sign[..], &["--output", "theirs", "stub"]].concat());
    assert_eq!(
        fixture.good(&["digest", "signed"]).split(' ').next(),
        fixture.good(&["digest", "theirs"]).split(' ').next()
    );
    let checksum = |name: &str| fixture.good(&["inspect", name]).lines().nth(3).unwrap().to_owned();
    assert!(!checksum("signed").contains("should be"), "{}", checksum("signed"));

    // What was signed can be taken out again, by us and by them.
    fixture.good(&["detach", "signed", "--output", "again.p7"]);
    assert_eq!(fixture.folder.read("again.p7"), fixture.folder.read("stub.p7"));
    fixture.good(&["strip", "signed"]);
    assert!(fixture.good(&["inspect", "signed"]).contains("not signed"));
    assert!(!fixture.folder.try_run("sbverify", ["--cert", "cert.pem", "signed"]).status.success());

    // One more signature behind Microsoft's, of which there are two.
    fixture.folder.run("sbsign", [&sign[..], &["--detached", "--output", "shim.p7", "shim"]].concat());
    fixture.good(&["attach", "shim", "shim.p7", "--output", "shim"]);
    fixture.folder.run("sbverify", ["--cert", "cert.pem", "shim"]);
    let listed = fixture.folder.run("sbverify", ["--list", "shim"]);
    assert_eq!(listed.lines().filter(|line| line.starts_with("signature ")).count(), 3, "{listed}");
    fixture.good(&["detach", "shim", "--index", "2", "--output", "third.p7"]);
    assert_eq!(fixture.folder.read("third.p7"), fixture.folder.read("shim.p7"));
    fixture.bad(&["detach", "shim", "--index", "3", "--output", "x"], 3, "3 signatures, 0 to 2; none is 3");
    fixture.bad(&["detach", "stub", "--output", "x"], 3, "stub is not signed");
}

#[test]
fn sections() {
    let fixture = Fixture::new();
    fixture.folder.write("line", "root=fstab quiet\n");
    fixture.folder.write("large", vec![7; 3_000_001]);
    fixture.good(&["sections", "stub", "--add", ".cmdline=line", "--add", ".linux=large", "--output", "uki"]);
    assert!(fixture.good(&["sections", "uki"]).contains(".linux       3000001 bytes at"));
    fixture.good(&["sections", "uki", "--extract", ".cmdline=out", "--extract", ".linux=large.out"]);
    assert_eq!(fixture.folder.read("out"), b"root=fstab quiet\n");
    assert_eq!(fixture.folder.read("large.out"), vec![7; 3_000_001]);
    let script = "import pefile, sys; pe = pefile.PE('uki'); print(pe.verify_checksum(), \
                  [bytes(s.get_data()[:s.Misc_VirtualSize]) for s in pe.sections if s.Name.startswith(b'.cmdline')])";
    assert_eq!(fixture.folder.run("python3", ["-c", script]), "True [b'root=fstab quiet\\n']\n");
    // Others can sign and verify it.
    fixture.key();
    fixture.folder.run("sbsign", ["--key", "key.pem", "--cert", "cert.pem", "--output", "uki", "uki"]);
    fixture.folder.run("sbverify", ["--cert", "cert.pem", "uki"]);

    fixture.good(&[
        "sections",
        "uki",
        "--remove",
        ".linux",
        "--replace",
        ".cmdline=large",
        "--output",
        "uki",
    ]);
    assert!(!fixture.good(&["inspect", "uki"]).contains("signature 0"));
    assert!(!fixture.good(&["sections", "uki"]).contains(".linux"));
    fixture.bad(
        &["sections", "uki", "--add", ".cmdline=line", "--output", "x"],
        3,
        "there is a section .cmdline already",
    );
    fixture.bad(&["sections", "uki", "--remove", ".text", "--output", "x"], 3, "the entry point lies in it");
    fixture.bad(
        &["sections", "uki", "--remove", ".nothing", "--output", "x"],
        3,
        "there is no section .nothing",
    );
    fixture.bad(&["sections", "uki", "--remove", ".cmdline"], 2, "--output");
    assert!(!fixture.folder.path("x").exists());
}

#[test]
fn inspection() {
    let fixture = Fixture::new();
    let text = fixture.good(&["inspect", "shim"]);
    assert!(
        text.contains("EFI application, x86-64, PE32+") && text.contains("signature 0: PKCS #7"),
        "{text}"
    );
    let found: serde_json::Value =
        serde_json::from_str(&fixture.good(&["inspect", "--json", "shim"])).unwrap();
    let script = "import pefile, json; pe = pefile.PE('shim'); print(json.dumps([[s.Name.rstrip(b'\\0').decode(), \
                  s.VirtualAddress, s.Misc_VirtualSize, s.PointerToRawData, s.SizeOfRawData] for s in pe.sections]))";
    let theirs: serde_json::Value =
        serde_json::from_str(&fixture.folder.run("python3", ["-c", script])).unwrap();
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
    let fixture = Fixture::new();
    fixture.folder.write("text", "no image");
    let outcome = fixture.ours(&["digest", "text", "missing", "stub"]).with_code(3);
    let errors = &outcome.stderr;
    assert!(
        errors.contains("text: the DOS header ends at 0x40, but the file has only 0x8 bytes"),
        "{errors}"
    );
    assert!(errors.contains("cannot read missing"), "{errors}");
    assert!(outcome.stdout.ends_with("  stub\n"));
    fixture.bad(&["attach", "stub", "text", "--output", "x"], 3, "text is not PKCS #7 signed data in DER");
    fixture.bad(&["inspect", "/dev/zero"], 3, "not a regular file");
}

/// Each kind of key file that openssl writes; sbverify, osslsigncode and pesign read what we sign
/// with them.
#[test]
fn signing() {
    let fixture = Fixture::new();
    fixture.key();
    let openssl = |arguments: &str| fixture.folder.run("openssl", arguments);
    openssl("rsa -in key.pem -traditional -out pkcs1.pem");
    openssl("rsa -in key.pem -traditional -outform der -out pkcs1.der");
    openssl("pkcs8 -topk8 -in key.pem -nocrypt -outform der -out pkcs8.der");
    openssl("pkcs8 -topk8 -in key.pem -passout pass:secret -out encrypted.pem");
    openssl("pkcs8 -topk8 -in key.pem -scrypt -passout pass:secret -outform der -out encrypted.der");
    openssl("x509 -in cert.pem -outform der -out cert.der");
    fixture.folder.write("passphrase", "secret\n");
    for (key, cert) in [
        ("key.pem", "cert.pem"),
        ("pkcs1.pem", "cert.der"),
        ("pkcs1.der", "cert.pem"),
        ("pkcs8.der", "cert.pem"),
        ("encrypted.pem", "cert.pem"),
        ("encrypted.der", "cert.pem"),
    ] {
        let key = ["sign", "--key", key, "--cert", cert, "--passphrase-file", "passphrase"];
        fixture.good(&[&key[..], &["--output", "signed", "mm"]].concat());
        fixture.folder.run("sbverify", ["--cert", "cert.pem", "signed"]);
    }
    let text = fixture.folder.run("osslsigncode", ["verify", "-in", "signed", "-CAfile", "cert.pem"]);
    assert!(text.contains("Signature verification: ok"), "{text}");
    let key = ["sign", "--key", "key.pem", "--cert", "cert.pem"];
    // Behind Microsoft's two signatures, or instead of them.
    fixture.good(&[&key[..], &["--output", "behind", "shim"]].concat());
    let count = |name: &str| fixture.good(&["inspect", name]).matches("  signature ").count();
    assert_eq!(count("behind"), 3);
    fixture.folder.run("sbverify", ["--cert", "cert.pem", "behind"]);
    fixture.good(&[&key[..], &["--replace", "shim"]].concat());
    assert_eq!(count("shim"), 1);
    fixture.folder.run("sbverify", ["--cert", "cert.pem", "shim"]);
    // Several at once, the same bytes each time.
    std::fs::create_dir(fixture.folder.path("out")).unwrap();
    fixture.good(&[&key[..], &["--output-dir", "out", "mm", "stub"]].concat());
    assert_eq!(fixture.folder.read("out/mm"), fixture.folder.read("signed"));
    fixture.folder.run("sbverify", ["--cert", "cert.pem", "out/stub"]);
    let listed = fixture.folder.run("pesign", ["--show-signature", "--in", "out/stub"]);
    assert!(listed.contains("common name is test"), "{listed}");

    // ECDSA: osslsigncode verifies it (sbverify and most firmware know only RSA).
    for (curve, file) in [("P-256", "ec"), ("P-384", "ec384")] {
        openssl(&format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:{curve} -nodes -keyout {file}.key -out {file}.pem -subj /CN=ec/ -days 30"
        ));
    }
    openssl("ec -in ec.key -out sec1.pem");
    for key in ["ec.key", "sec1.pem"] {
        fixture.good(&["sign", "--key", key, "--cert", "ec.pem", "--output", "ec-signed", "mm"]);
        let text = fixture.folder.run("osslsigncode", ["verify", "-in", "ec-signed", "-CAfile", "ec.pem"]);
        assert!(text.contains("Signature verification: ok"), "{text}");
    }
    fixture.bad(
        &["sign", "--key", "ec384.key", "--cert", "ec384.pem", "mm"],
        3,
        "a key on P-384 signs sha384 digests",
    );

    // What goes wrong is reported, and leaves the file alone.
    let before = fixture.folder.read("mm");
    fixture.bad(&["sign", "--key", "encrypted.pem", "--cert", "cert.pem", "mm"], 3, "a passphrase is needed");
    fixture.bad(
        &["sign", "--key", "encrypted.pem", "--cert", "cert.pem", "--passphrase-file", "cert.pem", "mm"],
        3,
        "the passphrase is wrong",
    );
    fixture.bad(&["sign", "--key", "key.pem", "--cert", "ec.pem", "mm"], 3, "do not belong together");
    fixture.bad(
        &["sign", "--key", "cert.pem", "--cert", "cert.pem", "mm"],
        3,
        "`CERTIFICATE` instead of a private key",
    );
    fixture.bad(&["sign", "--key", "mm", "--cert", "cert.pem", "mm"], 3, "too many for a key");
    fixture.bad(
        &["sign", "--key", "key.pem", "--cert", "key.pem", "mm"],
        3,
        "cannot use the certificate key.pem",
    );
    openssl("genrsa -out small.pem 1024");
    fixture.bad(&["sign", "--key", "small.pem", "--cert", "cert.pem", "mm"], 3, "2048 to 4096 bits");
    assert_eq!(fixture.folder.read("mm"), before);
    // The mode stays as it was.
    std::fs::set_permissions(fixture.folder.path("mm"), std::fs::Permissions::from_mode(0o600)).unwrap();
    fixture.good(&[&key[..], &["mm"]].concat());
    assert_eq!(std::fs::metadata(fixture.folder.path("mm")).unwrap().permissions().mode() & 0o777, 0o600);
}

/// The key is elsewhere: openssl signs our requests.
#[test]
fn signing_with_a_key_that_is_elsewhere() {
    let fixture = Fixture::new();
    fixture.key();
    let openssl = |arguments: &str| fixture.folder.run("openssl", arguments);
    let cert = ["sign", "--cert", "cert.pem"];
    let prepare =
        |more: &[&str]| fixture.good(&[&cert[..], more, &["--prepare", "requests", "mm", "stub"]].concat());
    for (digest, name) in [("sha256", "first"), ("sha512", "second")] {
        prepare(&["--digest", digest]);
        for file in ["mm", "stub"] {
            openssl(&format!("dgst -{digest} -sign key.pem -out requests/{file}.sig requests/{file}.tbs"));
        }
        let to = format!("{name}-signed");
        std::fs::create_dir(fixture.folder.path(&to)).unwrap();
        let complete = ["--digest", digest, "--complete", "requests", "--output-dir", &to, "mm", "stub"];
        fixture.good(&[&cert[..], &complete].concat());
        for file in ["mm", "stub"] {
            let signed = format!("{to}/{file}");
            assert!(fixture.good(&["verify", "--db", "cert.pem", &signed]).contains(digest));
            // sbverify computes SHA-256 only.
            if digest == "sha256" {
                fixture.folder.run("sbverify", ["--cert", "cert.pem", &signed]);
            }
            let text = fixture.folder.run("osslsigncode", ["verify", "-in", &signed, "-CAfile", "cert.pem"]);
            assert!(text.contains("Signature verification: ok"), "{text}");
        }
    }
    let about: serde_json::Value =
        serde_json::from_slice(&fixture.folder.read("requests/stub.json")).unwrap();
    let tbs = openssl("dgst -sha512 -r requests/stub.tbs");
    assert_eq!(about["sign"]["digestOfTbs"], tbs.split(' ').next().unwrap());

    // Nothing is written when anything is wrong.
    let complete =
        |file| [&cert[..], &["--digest", "sha512", "--complete", "requests", "-o", "out", file]].concat();
    fixture.bad(&complete("shim"), 3, "cannot read the signature requests/shim.sig");
    std::fs::copy(fixture.folder.path("requests/mm.sig"), fixture.folder.path("requests/stub.sig")).unwrap();
    fixture.bad(&complete("stub"), 3, "the signature does not belong to the certificate of the signer");
    let mut changed = fixture.folder.read("mm");
    let last = changed.len() - 1;
    changed[last] ^= 1;
    fixture.folder.write("mm", changed);
    fixture.bad(
        &complete("mm"),
        3,
        "the program changed since the request was made\nhint: prepare the request again",
    );
    fixture.bad(
        &[&cert[..], &["--complete", "requests", "-o", "out", "mm"]].concat(),
        3,
        "the request was made with the digest sha512\nhint: complete it with --digest sha512",
    );
    fixture.bad(&[&cert[..], &["mm"]].concat(), 2, "--key is missing");
    assert!(!fixture.folder.path("out").exists());
}

#[test]
fn signing_with_longer_digests_and_other_curves() {
    let fixture = Fixture::new();
    for (curve, digest) in [("P-256", "sha256"), ("P-384", "sha384")] {
        let algorithm = format!("ec_paramgen_curve:{curve}");
        let request =
            ["req", "-x509", "-newkey", "ec", "-pkeyopt", &algorithm, "-nodes", "-keyout", "ec.pem"];
        fixture
            .folder
            .run("openssl", [&request[..], &["-out", "ec.crt", "-subj", "/CN=ec", "-days", "9"]].concat());
        let sign = ["sign", "--key", "ec.pem", "--cert", "ec.crt", "--digest", digest, "-o", "signed", "mm"];
        fixture.good(&sign);
        // Neither firmware nor shim takes such keys.
        let refused = fixture.ours(&["verify", "--db", "ec.crt", "signed"]).with_code(1);
        assert!(refused.stdout.contains("not by EDK2"), "{refused}");
        let refused = fixture.ours(&["verify", "--mok", "ec.crt", "signed"]).with_code(1);
        assert!(refused.stdout.contains("shim does not trust it"), "{refused}");
        let text = fixture.folder.run("osslsigncode", ["verify", "-in", "signed", "-CAfile", "ec.crt"]);
        assert!(text.contains("Signature verification: ok"), "{text}");
    }
    let sign = ["sign", "--key", "ec.pem", "--cert", "ec.crt", "-o", "other", "mm"];
    fixture.bad(&sign, 3, "a key on P-384 signs sha384 digests, not sha256");
    assert!(!fixture.folder.path("other").exists());
}
