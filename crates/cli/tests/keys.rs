//! `snowguard keys` as a user calls it, on folders that stand in for efivarfs; judged by openssl, sbsign and sbverify.

#![allow(clippy::unwrap_used)]

use authenticode::certificate::Certificate;
use authenticode::lists::{self, Kind};
use authenticode::secure_boot::MICROSOFT;
use authenticode::variable::{Authenticated, Content, Variable, attributes};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};
use test_support::{Room, data};

struct Desk(Room);

impl Desk {
    fn new() -> Self {
        let desk = Self(Room::new("keys"));
        std::fs::create_dir(desk.0.outside("efivars")).unwrap();
        desk
    }

    fn run(&self, arguments: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_snowguard"));
        command.current_dir(self.0.outside("")).args(arguments.split(' ')).env("NO_COLOR", "1");
        command.output().unwrap()
    }

    /// What it printed, with the code that is expected.
    #[track_caller]
    fn says(&self, code: i32, arguments: &str) -> String {
        let output = self.run(arguments);
        let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments}: {text}");
        text.into_owned()
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.0.outside(name)).unwrap()
    }

    fn certificate(&self, name: &str) -> Certificate {
        Certificate::read_all(&self.read(name)).unwrap().remove(0)
    }

    fn set(&self, variable: Variable, data: &[u8]) {
        let content = Content { attributes: attributes::KEYS, data: data.to_vec() };
        let path = self.0.outside("efivars").join(variable.file_name());
        std::fs::write(path, content.write()).unwrap();
    }

    fn get(&self, variable: Variable) -> Option<Content> {
        let path = self.0.outside("efivars").join(variable.file_name());
        std::fs::read(path).ok().map(|bytes| Content::read(&bytes).unwrap())
    }
}

#[test]
fn keys_are_made_once_and_are_what_others_want() {
    let desk = Desk::new();
    desk.says(0, "keys create --dir keys --name Testing --days 100");
    let mode = |name: &str| std::fs::metadata(desk.0.outside(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("keys"), 0o700);
    let owner = String::from_utf8(desk.read("keys/owner")).unwrap().trim().parse().unwrap();
    let pk = desk.certificate("keys/PK.pem");
    let kek = desk.certificate("keys/KEK.pem");
    for (variable, authority) in [(Variable::PK, &pk), (Variable::KEK, &pk), (Variable::DB, &kek)] {
        let name = |ending: &str| format!("keys/{variable}.{ending}");
        assert_eq!(mode(&name("key")), 0o600);
        let certificate = desk.certificate(&name("pem"));
        assert_eq!(desk.read(&name("der")), certificate.der());
        // openssl: the key and the certificate belong together, and it is a certificate that signed itself.
        let check = format!(
            "openssl x509 -in {0}.pem -pubkey -noout > a; openssl pkey -in {0}.key -pubout > b; cmp a b; \
             openssl verify -x509_strict -check_ss_sig -CAfile {0}.pem {0}.pem; \
             openssl x509 -in {0}.pem -noout -checkend 8500000",
            name("").trim_end_matches('.')
        );
        desk.0.run("sh", &["-euc", &check]);
        let lists = lists::read(&desk.read(&name("esl"))).unwrap();
        assert_eq!(lists.len(), 1);
        assert_eq!((lists[0].kind, lists[0].signatures[0].owner), (Kind::X509, owner));
        assert_eq!(lists[0].signatures[0].data, certificate.der());
        let change = Authenticated::read(&desk.read(&name("auth"))).unwrap();
        assert_eq!(change.data, desk.read(&name("esl")));
        assert_eq!(change.verify(variable, attributes::KEYS, [authority]).as_ref(), Ok(authority));
    }
    let enrol = Authenticated::read(&desk.read("keys/PK.auth")).unwrap();
    let remove = Authenticated::read(&desk.read("keys/PK-remove.auth")).unwrap();
    assert!(remove.data.is_empty() && remove.time > enrol.time);
    assert_eq!(remove.verify(Variable::PK, attributes::KEYS, [&pk]), Ok(pk.clone()));

    // What the key signs, sbverify and we let through.
    std::fs::copy(desk.0.root().join("usr/lib/systemd/boot/efi/addonx64.efi.stub"), desk.0.outside("addon"))
        .unwrap();
    desk.says(0, "pe sign --key keys/db.key --cert keys/db.pem addon");
    desk.0.run("sbverify", &["--cert", "keys/db.pem", "addon"]);
    for trusted in ["keys/db.pem", "keys/db.esl", "keys/db.auth"] {
        desk.says(0, &format!("pe verify --db {trusted} addon"));
    }
    desk.says(1, "pe verify --db keys/KEK.pem addon");

    // Never again in the same place, and nothing is left behind.
    let before = desk.read("keys/PK.key");
    assert!(desk.says(3, "keys create --dir keys").contains("keys are never overwritten"));
    assert_eq!(desk.read("keys/PK.key"), before);
    assert!(desk.says(3, "keys create --dir new --name a\u{7}b").contains("is no name for a certificate"));
    desk.says(2, "keys create --dir new --key rsa1024");
    let left: Vec<_> =
        std::fs::read_dir(desk.0.outside("")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name == "new" || name.to_string_lossy().starts_with('.')), "{left:?}");
}

#[test]
fn other_keys_and_passphrases() {
    let desk = Desk::new();
    std::fs::write(desk.0.outside("secret"), "a secret\n").unwrap();
    desk.says(0, "keys create --dir ec --key p256 --passphrase-file secret --owner 12345678-9abc-def0-1234-56789abcdef0");
    assert_eq!(desk.read("ec/owner"), b"12345678-9abc-def0-1234-56789abcdef0\n");
    assert!(desk.read("ec/db.key").starts_with(b"-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    desk.0.run("openssl", &["pkey", "-in", "ec/db.key", "-passin", "file:secret", "-noout"]);
    assert!(
        !desk
            .0
            .try_run("openssl", &["pkey", "-in", "ec/db.key", "-passin", "pass:other", "-noout"])
            .status
            .success()
    );
    desk.0.run("openssl", &["verify", "-x509_strict", "-CAfile", "ec/db.pem", "ec/db.pem"]);
    desk.says(0, "keys create --dir large --key rsa3072");
    let text = desk.0.run("openssl", &["x509", "-in", "large/db.pem", "-noout", "-text"]);
    assert!(text.contains("(3072 bit)"), "{text}");
}

#[test]
fn enrolling() {
    let desk = Desk::new();
    desk.says(0, "keys create --dir keys");
    let enroll = "keys enroll --dir keys --efivars efivars";
    assert!(desk.says(3, enroll).contains("does not say whether it is in setup mode"));
    desk.set(Variable::SETUP_MODE, &[0]);
    assert!(desk.says(3, enroll).contains("is not in setup mode"));
    desk.set(Variable::SETUP_MODE, &[1]);
    // Nothing is written unless somebody is sure that cards work without Microsoft.
    assert!(desk.says(3, enroll).contains("option ROMs of cards will not be let through"));
    assert!(desk.says(3, &format!("{enroll} --microsoft")).contains("hold no certificates of Microsoft"));
    let text = desk.says(0, &format!("{enroll} --dry-run"));
    assert!(text.contains("CN=Snowguard platform key") && text.contains("nothing was written"), "{text}");
    assert!(Variable::LISTS.iter().all(|variable| desk.get(*variable).is_none()));

    // The vendor's lists are a laptop's.
    let laptop = data("uefi/efivars-laptop");
    let vendor = std::fs::read(laptop.join(Variable::DB_DEFAULT.file_name())).unwrap();
    desk.set(Variable::DB_DEFAULT, &vendor[4..]);
    let text = desk.says(0, &format!("{enroll} --microsoft"));
    assert!(text.contains("CN=Microsoft Corporation UEFI CA 2011") && !text.contains("ASUSTeK"), "{text}");
    let pk = desk.certificate("keys/PK.pem");
    let kek = desk.certificate("keys/KEK.pem");
    for (variable, authority, count) in
        [(Variable::DB, &kek, 3), (Variable::KEK, &pk, 1), (Variable::PK, &pk, 1)]
    {
        let content = desk.get(variable).unwrap();
        assert_eq!(content.attributes, attributes::KEYS);
        let change = Authenticated::read(&content.data).unwrap();
        assert_eq!(change.verify(variable, attributes::KEYS, [authority]).as_ref(), Ok(authority));
        let lists = lists::read(&change.data).unwrap();
        assert_eq!(lists.len(), count, "{variable}");
        let microsofts = lists.iter().filter(|list| list.signatures[0].owner == MICROSOFT);
        assert_eq!(microsofts.count(), if variable == Variable::DB { 2 } else { 0 });
    }
    // The way back has to be newer than what was enrolled, although the keys are older.
    let enrolled = Authenticated::read(&desk.get(Variable::PK).unwrap().data).unwrap();
    let remove = Authenticated::read(&desk.read("keys/PK-remove.auth")).unwrap();
    assert!(remove.data.is_empty() && remove.time > enrolled.time, "{} {}", remove.time, enrolled.time);
    assert_eq!(remove.verify(Variable::PK, attributes::KEYS, [&pk]), Ok(pk.clone()));
    desk.says(0, &format!("{enroll} --yes"));
    // From a folder, as a package of Debian ships them.
    let certificates = "usr/lib/python3/dist-packages/virt/firmware/certs/microsoft.com";
    let folder = desk.0.root().join(certificates);
    let text = desk.says(0, &format!("{enroll} --microsoft {}", folder.display()));
    assert!(
        text.contains("CN=Microsoft UEFI CA 2023") && text.contains("CN=Microsoft Corporation KEK"),
        "{text}"
    );
    let change = Authenticated::read(&desk.get(Variable::KEK).unwrap().data).unwrap();
    assert!(lists::read(&change.data).unwrap().len() >= 3);
    assert!(!text.contains("OEM Devices PK"), "{text}");
    // Not each of Microsoft's authorities signs option ROMs.
    for (name, enough) in [
        ("ms-uefi-2011", true),
        ("ms-uefi-rom-2023", true),
        ("ms-uefi-2023", false),
        ("windows-2011", false),
        ("windows-2023", false),
    ] {
        let certificate = folder.join(format!("{name}.pem"));
        let text =
            desk.says(if enough { 0 } else { 3 }, &format!("{enroll} --microsoft {}", certificate.display()));
        assert_eq!(text.contains("option ROMs of cards will not be let through"), !enough, "{name}: {text}");
    }
    assert!(desk.says(3, "keys enroll --dir keys --efivars missing").contains("was not started by UEFI"));
    assert!(
        desk.says(3, "keys enroll --dir efivars --efivars efivars")
            .contains("is efivars what `snowguard keys create` made?")
    );
}

#[test]
fn status_and_export() {
    let desk = Desk::new();
    let laptop = data("uefi/efivars-laptop");
    let text = desk.says(0, &format!("keys status --efivars {}", laptop.display()));
    assert!(
        text.contains("CN=Microsoft Corporation UEFI CA 2011")
            && text.contains("of Microsoft, until 2026-06-27"),
        "{text}"
    );
    assert!(text.contains("77 entries sha256") && text.contains("PK: nothing is enrolled"), "{text}");
    desk.set(Variable::SETUP_MODE, &[0]);
    desk.set(Variable::SECURE_BOOT, &[1]);
    desk.set(Variable::SBAT_LEVEL, b"sbat,1,2025051000\nshim,4\n");
    desk.says(0, "keys create --dir keys");
    for variable in [Variable::PK, Variable::KEK, Variable::DB] {
        desk.set(variable, &desk.read(&format!("keys/{variable}.esl")));
    }
    let text = desk.says(0, "keys status --efivars efivars");
    assert!(
        text.contains("Secure Boot   on\n") && text.contains("setup mode    no: only the owner"),
        "{text}"
    );
    assert!(
        text.contains("CN=Snowguard key exchange key")
            && text.contains("shim starts    sbat 1, shim 4 and newer"),
        "{text}"
    );
    let found: Value = serde_json::from_str(&desk.says(0, "keys status --json --efivars efivars")).unwrap();
    assert_eq!((&found["secureBoot"], &found["setupMode"]), (&true.into(), &false.into()));
    assert_eq!(found["lists"]["db"]["certificates"][0]["subject"], "CN=Snowguard signature database key");
    desk.set(Variable::DBX, b"garbage");
    assert!(desk.says(0, "keys status --efivars efivars").contains("dbx: signature list at 0x0"));
    assert!(desk.says(3, "keys status --efivars missing").contains("was not started by UEFI"));

    desk.says(0, "keys export db --efivars efivars --output db.esl");
    assert_eq!(desk.read("db.esl"), desk.read("keys/db.esl"));
    assert_eq!(
        desk.says(0, "keys export db --efivars efivars --format pem").into_bytes(),
        desk.read("keys/db.pem")
    );
    desk.says(0, "keys export keys/db.auth --format der --output db.der");
    assert_eq!(desk.read("db.der"), desk.read("keys/db.der"));
    let many = format!("keys export db --efivars {} --format", laptop.display());
    assert!(desk.says(3, &format!("{many} der --output x")).contains("DER has room for one"));
    desk.says(0, &format!("{many} pem --output many.pem"));
    let count = desk.0.run(
        "sh",
        &[
            "-c",
            "openssl crl2pkcs7 -nocrl -certfile many.pem | openssl pkcs7 -print_certs | grep -c subject=",
        ],
    );
    assert_eq!(count.trim(), "6");
    assert!(desk.says(3, "keys export KEKX --efivars efivars").contains("cannot read KEKX"));
    assert!(desk.says(3, "keys export dbt --efivars efivars").contains("there is no variable dbt"));
}
