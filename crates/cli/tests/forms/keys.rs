//! Keys in the files in which people have them, and what is done with a folder of them. (Every form
//! that openssl knows is in the tests of `authenticode`.)

use crate::Fixture;
use authenticode::variable::{Variable, VariableContent, attributes};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use test_support::data;

fn fixture() -> Fixture {
    let fixture = Fixture::new("forms");
    fixture.key("mine");
    fixture.folder.write("tiny", fs::read(data("uefi/tiny64.efi")).unwrap());
    fixture
}

impl Fixture {
    /// Signs with these options; sbverify accepts it.
    fn signed(&self, options: &str, environment: &[(&str, &str)]) {
        let mut snowguard = self.snowguard.clone();
        for (name, value) in environment {
            snowguard = snowguard.env(*name, *value);
        }
        let outcome = snowguard.run(format!("pe sign {options} --output signed tiny")).with_code(0);
        assert_eq!(outcome.text(), "", "{options}");
        self.folder.run("sbverify", ["--cert", "mine.pem", "signed"]);
        fs::remove_file(self.folder.path("signed")).unwrap();
    }
}

#[test]
fn pkcs12_is_a_key_with_its_certificates() {
    let fixture = fixture();
    fixture.folder.write("pass", "s\u{e9}cret\n");
    for way in ["", "-legacy"] {
        fixture.shell(&format!(
            "openssl pkcs12 -export -inkey mine.key -in mine.pem -passout file:pass {way} -out mine.p12"
        ));
        fixture.signed("--key mine.p12 --passphrase-file pass", &[]);
        fixture.signed("--key mine.p12", &[("SNOWGUARD_KEY_PASSPHRASE", "s\u{e9}cret")]);
        fixture.signed("--key mine.p12 --cert mine.pem --passphrase-file pass", &[]);
        fixture.signed("--key mine.key --cert mine.p12 --passphrase-file pass", &[]);
        let text = fixture.snowguard.text(3, "pe sign --key mine.p12 tiny");
        assert!(text.contains("a passphrase is needed\nhint: give --passphrase-file"), "{text}");
        fixture.folder.write("wrong", "secret");
        let text = fixture.snowguard.text(3, "pe sign --key mine.p12 --passphrase-file wrong tiny");
        assert!(text.contains("the passphrase is wrong") && !text.contains("secret"), "{text}");
    }
    // A file of PEM that holds both.
    fixture.shell("umask 077; cat mine.pem mine.key > both.pem");
    fixture.signed("--key both.pem", &[]);
    let text = fixture.snowguard.text(3, "pe sign --key mine.key tiny");
    assert!(text.contains("there is no certificate in it"), "{text}");
    fixture.snowguard.text(2, "pe sign tiny");
}

#[test]
fn keys_that_everybody_may_read_are_warned_of() {
    let fixture = fixture();
    let sign = "pe sign --key mine.key --cert mine.pem --output signed tiny";
    for (mode, warned) in [(0o600, false), (0o640, false), (0o644, true), (0o604, true)] {
        fs::set_permissions(fixture.folder.path("mine.key"), fs::Permissions::from_mode(mode)).unwrap();
        let outcome = fixture.snowguard.run(sign).with_code(0);
        assert_eq!(outcome.stderr.contains("chmod 600 mine.key"), warned, "{mode:o}: {outcome}");
    }
}

#[test]
fn an_empty_passphrase_protects_nothing() {
    let fixture = fixture();
    for (name, content) in [("empty", ""), ("line", "\n"), ("lines", "\r\n\n")] {
        fixture.folder.write(name, content);
        let text = fixture.snowguard.text(3, format!("keys create --dir keys --passphrase-file {name}"));
        assert!(text.contains("the passphrase is empty"), "{text}");
        assert!(text.contains("\nhint: without a passphrase the keys are not encrypted"), "{text}");
    }
    let with = |passphrase: &str| fixture.snowguard.clone().env("SNOWGUARD_KEY_PASSPHRASE", passphrase);
    assert!(with("").text(3, "keys create --dir keys").contains("the passphrase is empty"));
    assert!(!fixture.folder.path("keys").exists());
    with("from the environment").success("keys create --dir keys");
    fixture.folder.write("pass", "from the environment");
    let key = fixture.folder.read("keys/db.key");
    assert!(key.starts_with(b"-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    fixture.folder.run("openssl", ["pkey", "-in", "keys/db.key", "-passin", "file:pass", "-noout"]);
}

#[test]
fn variables_that_were_begun_are_not_there() {
    let fixture = fixture();
    let begun = data("cases/pe/efivarfs-zero-length/efivars");
    let text = fixture.snowguard.success(format!("keys status --efivars {}", begun.display()));
    assert!(text.contains("PK: nothing is enrolled"), "{text}");
    fixture.shell("mkdir efivars");
    for entry in fs::read_dir(begun).unwrap().map(Result::unwrap) {
        fs::write(fixture.folder.path("efivars").join(entry.file_name()), fs::read(entry.path()).unwrap())
            .unwrap();
    }
    fixture.snowguard.success("keys create --dir keys");
    fixture.snowguard.success("keys enroll --dir keys --efivars efivars --yes");
    assert!(fixture.folder.read(&format!("efivars/{}", Variable::PK.file_name())).len() > 1000);
    // A forbidding list of no bytes forbids nothing; the others count.
    fixture.snowguard.success("pe sign --key mine.key --cert mine.pem tiny");
    fixture.shell("mkdir machine");
    let list = fixture.folder.path("machine");
    fs::write(list.join(Variable::DBX.file_name()), "").unwrap();
    let db = {
        use authenticode::certificate::Certificate;
        use authenticode::lists::{self, SignatureList, SignatureListKind};
        let certificate = Certificate::read_all(&fixture.folder.read("mine.pem")).unwrap().remove(0);
        let owner = secure_boot::MICROSOFT;
        lists::write(&[SignatureList::single(SignatureListKind::X509, owner, certificate.der().to_vec())])
    };
    let db = VariableContent { attributes: attributes::KEYS, data: db };
    fs::write(list.join(Variable::DB.file_name()), db.write()).unwrap();
    fixture.snowguard.success("pe verify --efivars=machine tiny");
    // A part of what every variable begins with is still an error.
    fs::write(list.join(Variable::DBX.file_name()), [7, 0]).unwrap();
    fixture.snowguard.failure("pe verify --efivars=machine tiny", 3, "too short");
}

#[test]
fn only_pairs_are_enrolled() {
    let fixture = fixture();
    fixture.shell("mkdir efivars");
    let setup = fixture.folder.path("efivars").join(Variable::SETUP_MODE.file_name());
    fs::write(setup, [6, 0, 0, 0, 1]).unwrap();
    fixture.snowguard.success("keys create --dir keys");
    let enroll = "keys enroll --dir keys --efivars efivars --yes";
    for name in ["db", "KEK", "PK"] {
        fixture.shell(&format!("cp keys/{name}.pem saved.pem; cp mine.pem keys/{name}.pem"));
        let text = fixture.snowguard.text(3, enroll);
        assert!(text.contains(&format!("keys/{name}.key is not the key of keys/{name}.pem")), "{text}");
        fixture.shell(&format!("mv saved.pem keys/{name}.pem"));
        assert_eq!(fs::read_dir(fixture.folder.path("efivars")).unwrap().count(), 1, "{name}");
    }
    // The key of db may be elsewhere, in a token for instance.
    fixture.shell("mv keys/db.key elsewhere; cp mine.pem keys/db.pem");
    fixture.snowguard.success(enroll);
    assert_eq!(fs::read_dir(fixture.folder.path("efivars")).unwrap().count(), 4);
}
