//! `snowguard keys` as a user calls it, on folders that stand in for efivarfs; judged by openssl,
//! sbsign and sbverify.

#![allow(clippy::unwrap_used)]

use authenticode::certificate::Certificate;
use authenticode::lists::{self, SignatureListKind};
use authenticode::variable::{Authenticated, Variable, VariableContent, attributes};
use secure_boot::MICROSOFT;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt as _;
use test_support::{Snowguard, ToolboxFolder, data, snowguard};

struct Fixture {
    folder: ToolboxFolder,
    snowguard: Snowguard,
}

impl Fixture {
    fn new() -> Self {
        let folder = ToolboxFolder::new("keys");
        std::fs::create_dir(folder.path("efivars")).unwrap();
        let snowguard = snowguard!().in_folder(folder.folder());
        Self { folder, snowguard }
    }

    fn certificate(&self, name: &str) -> Certificate {
        Certificate::read_all(&self.folder.read(name)).unwrap().remove(0)
    }

    fn set(&self, variable: Variable, data: &[u8]) {
        let content = VariableContent { attributes: attributes::KEYS, data: data.to_vec() };
        let path = self.folder.path("efivars").join(variable.file_name());
        std::fs::write(path, content.write()).unwrap();
    }

    fn get(&self, variable: Variable) -> Option<VariableContent> {
        let path = self.folder.path("efivars").join(variable.file_name());
        std::fs::read(path).ok().map(|bytes| VariableContent::read(&bytes).unwrap())
    }
}

#[test]
fn keys_are_made_once_and_are_what_others_want() {
    let fixture = Fixture::new();
    fixture.snowguard.text(0, "keys create --dir keys --name Testing --days 100");
    let mode =
        |name: &str| std::fs::metadata(fixture.folder.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("keys"), 0o700);
    let owner = String::from_utf8(fixture.folder.read("keys/owner")).unwrap().trim().parse().unwrap();
    let pk = fixture.certificate("keys/PK.pem");
    let kek = fixture.certificate("keys/KEK.pem");
    for (variable, authority) in [(Variable::PK, &pk), (Variable::KEK, &pk), (Variable::DB, &kek)] {
        let name = |ending: &str| format!("keys/{variable}.{ending}");
        assert_eq!(mode(&name("key")), 0o600);
        let certificate = fixture.certificate(&name("pem"));
        assert_eq!(fixture.folder.read(&name("der")), certificate.der());
        // openssl: the key and the certificate belong together, and it is a certificate that signed
        // itself.
        let check = format!(
            "openssl x509 -in {0}.pem -pubkey -noout > a; openssl pkey -in {0}.key -pubout > b; cmp a b; \
             openssl verify -x509_strict -check_ss_sig -CAfile {0}.pem {0}.pem; \
             openssl x509 -in {0}.pem -noout -checkend 8500000",
            name("").trim_end_matches('.')
        );
        fixture.folder.run("sh", ["-euc", &check]);
        let lists = lists::read(&fixture.folder.read(&name("esl"))).unwrap();
        assert_eq!(lists.len(), 1);
        assert_eq!((lists[0].kind, lists[0].signatures[0].owner), (SignatureListKind::X509, owner));
        assert_eq!(lists[0].signatures[0].data, certificate.der());
        let change = Authenticated::read(&fixture.folder.read(&name("auth"))).unwrap();
        assert_eq!(change.data, fixture.folder.read(&name("esl")));
        assert_eq!(change.verify(variable, attributes::KEYS, [authority]).as_ref(), Ok(authority));
    }
    let enrol = Authenticated::read(&fixture.folder.read("keys/PK.auth")).unwrap();
    let remove = Authenticated::read(&fixture.folder.read("keys/PK-remove.auth")).unwrap();
    assert!(remove.data.is_empty() && remove.time > enrol.time);
    assert_eq!(remove.verify(Variable::PK, attributes::KEYS, [&pk]), Ok(pk.clone()));

    // What the key signs, sbverify and we let through.
    std::fs::copy(
        fixture.folder.root().join("usr/lib/systemd/boot/efi/addonx64.efi.stub"),
        fixture.folder.path("addon"),
    )
    .unwrap();
    fixture.snowguard.text(0, "pe sign --key keys/db.key --cert keys/db.pem addon");
    fixture.folder.run("sbverify", ["--cert", "keys/db.pem", "addon"]);
    for trusted in ["keys/db.pem", "keys/db.esl", "keys/db.auth"] {
        fixture.snowguard.text(0, format!("pe verify --db {trusted} addon"));
    }
    fixture.snowguard.text(1, "pe verify --db keys/KEK.pem addon");

    // Never again in the same place, and nothing is left behind.
    let before = fixture.folder.read("keys/PK.key");
    assert!(fixture.snowguard.text(3, "keys create --dir keys").contains("keys are never overwritten"));
    assert_eq!(fixture.folder.read("keys/PK.key"), before);
    assert!(
        fixture
            .snowguard
            .text(3, "keys create --dir new --name a\u{7}b")
            .contains("is no name for a certificate")
    );
    fixture.snowguard.text(2, "keys create --dir new --key rsa1024");
    let left = fixture.folder.names();
    assert!(!left.iter().any(|name| name == "new" || name.starts_with('.')), "{left:?}");
}

#[test]
fn other_keys_and_passphrases() {
    let fixture = Fixture::new();
    fixture.folder.write("secret", "a secret\n");
    let text = fixture.snowguard.text(3, "keys create --dir ec --key p256");
    assert!(text.contains("not by EDK2") && text.contains("--allow-ec"), "{text}");
    fixture.snowguard.text(0, "keys create --dir ec --key p256 --allow-ec --passphrase-file secret --owner 12345678-9abc-def0-1234-56789abcdef0");
    assert_eq!(fixture.folder.read("ec/owner"), b"12345678-9abc-def0-1234-56789abcdef0\n");
    assert!(fixture.folder.read("ec/db.key").starts_with(b"-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    fixture.folder.run("openssl", ["pkey", "-in", "ec/db.key", "-passin", "file:secret", "-noout"]);
    assert!(
        !fixture
            .folder
            .try_run("openssl", ["pkey", "-in", "ec/db.key", "-passin", "pass:other", "-noout"])
            .status
            .success()
    );
    fixture.folder.run("openssl", ["verify", "-x509_strict", "-CAfile", "ec/db.pem", "ec/db.pem"]);
    fixture.snowguard.text(0, "keys create --dir large --key rsa3072");
    let text = fixture.folder.run("openssl", ["x509", "-in", "large/db.pem", "-noout", "-text"]);
    assert!(text.contains("(3072 bit)"), "{text}");
}

#[test]
fn enrolling() {
    let fixture = Fixture::new();
    fixture.snowguard.text(0, "keys create --dir keys");
    let enroll = "keys enroll --dir keys --efivars efivars";
    assert!(fixture.snowguard.text(3, enroll).contains("does not say whether it is in setup mode"));
    fixture.set(Variable::SETUP_MODE, &[0]);
    let text = fixture.snowguard.text(3, enroll);
    assert!(text.contains("is not in setup mode") && text.contains("\nhint: clear the keys"), "{text}");
    fixture.set(Variable::SETUP_MODE, &[1]);
    // Nothing is written unless somebody is sure that cards work without Microsoft.
    assert!(fixture.snowguard.text(3, enroll).contains("option ROMs of cards will not be let through"));
    assert!(
        fixture
            .snowguard
            .text(3, format!("{enroll} --microsoft"))
            .contains("hold no certificates of Microsoft")
    );
    let text = fixture.snowguard.text(0, format!("{enroll} --dry-run"));
    assert!(text.contains("CN=Snowguard platform key") && text.contains("nothing was written"), "{text}");
    assert!(Variable::LISTS.iter().all(|variable| fixture.get(*variable).is_none()));

    // The vendor's lists are a laptop's.
    let laptop = data("uefi/efivars-laptop");
    let vendor = std::fs::read(laptop.join(Variable::DB_DEFAULT.file_name())).unwrap();
    fixture.set(Variable::DB_DEFAULT, &vendor[4..]);
    let text = fixture.snowguard.text(0, format!("{enroll} --microsoft"));
    assert!(text.contains("CN=Microsoft Corporation UEFI CA 2011") && !text.contains("ASUSTeK"), "{text}");
    let pk = fixture.certificate("keys/PK.pem");
    let kek = fixture.certificate("keys/KEK.pem");
    for (variable, authority, count) in
        [(Variable::DB, &kek, 3), (Variable::KEK, &pk, 1), (Variable::PK, &pk, 1)]
    {
        let content = fixture.get(variable).unwrap();
        assert_eq!(content.attributes, attributes::KEYS);
        let change = Authenticated::read(&content.data).unwrap();
        assert_eq!(change.verify(variable, attributes::KEYS, [authority]).as_ref(), Ok(authority));
        let lists = lists::read(&change.data).unwrap();
        assert_eq!(lists.len(), count, "{variable}");
        let microsofts = lists.iter().filter(|list| list.signatures[0].owner == MICROSOFT);
        assert_eq!(microsofts.count(), if variable == Variable::DB { 2 } else { 0 });
    }
    // The way back has to be newer than what was enrolled, although the keys are older.
    let enrolled = Authenticated::read(&fixture.get(Variable::PK).unwrap().data).unwrap();
    let remove = Authenticated::read(&fixture.folder.read("keys/PK-remove.auth")).unwrap();
    assert!(remove.data.is_empty() && remove.time > enrolled.time, "{} {}", remove.time, enrolled.time);
    assert_eq!(remove.verify(Variable::PK, attributes::KEYS, [&pk]), Ok(pk.clone()));
    fixture.snowguard.text(0, format!("{enroll} --yes"));
    // From a folder, as a package of Debian ships them.
    let certificates = "usr/lib/python3/dist-packages/virt/firmware/certs/microsoft.com";
    let folder = fixture.folder.root().join(certificates);
    let text = fixture.snowguard.text(0, format!("{enroll} --microsoft {}", folder.display()));
    assert!(
        text.contains("CN=Microsoft UEFI CA 2023") && text.contains("CN=Microsoft Corporation KEK"),
        "{text}"
    );
    let change = Authenticated::read(&fixture.get(Variable::KEK).unwrap().data).unwrap();
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
        let text = fixture
            .snowguard
            .text(if enough { 0 } else { 3 }, format!("{enroll} --microsoft {}", certificate.display()));
        assert_eq!(text.contains("option ROMs of cards will not be let through"), !enough, "{name}: {text}");
    }
    assert!(
        fixture
            .snowguard
            .text(3, "keys enroll --dir keys --efivars missing")
            .contains("was not started by UEFI")
    );
    assert!(
        fixture
            .snowguard
            .text(3, "keys enroll --dir efivars --efivars efivars")
            .contains("is efivars what `snowguard keys create` made?")
    );
}

#[test]
fn status_and_export() {
    let fixture = Fixture::new();
    let laptop = data("uefi/efivars-laptop");
    let text = fixture.snowguard.text(0, format!("keys status --efivars {}", laptop.display()));
    assert!(
        text.contains("CN=Microsoft Corporation UEFI CA 2011")
            && text.contains("of Microsoft, until 2026-06-27"),
        "{text}"
    );
    assert!(text.contains("77 entries sha256") && text.contains("PK: nothing is enrolled"), "{text}");
    fixture.set(Variable::SETUP_MODE, &[0]);
    fixture.set(Variable::SECURE_BOOT, &[1]);
    fixture.set(Variable::SBAT_LEVEL, b"sbat,1,2025051000\nshim,4\n");
    fixture.snowguard.text(0, "keys create --dir keys");
    for variable in [Variable::PK, Variable::KEK, Variable::DB] {
        fixture.set(variable, &fixture.folder.read(&format!("keys/{variable}.esl")));
    }
    let text = fixture.snowguard.text(0, "keys status --efivars efivars");
    assert!(
        text.contains("Secure Boot   on\n") && text.contains("setup mode    no: only the owner"),
        "{text}"
    );
    assert!(
        text.contains("CN=Snowguard key exchange key")
            && text.contains("shim starts    sbat 1, shim 4 and newer"),
        "{text}"
    );
    let found: Value =
        serde_json::from_str(&fixture.snowguard.text(0, "keys status --json --efivars efivars")).unwrap();
    assert_eq!((&found["secureBoot"], &found["setupMode"]), (&true.into(), &false.into()));
    assert_eq!(found["lists"]["db"]["certificates"][0]["subject"], "CN=Snowguard signature database key");
    fixture.set(Variable::DBX, b"garbage");
    assert!(
        fixture.snowguard.text(0, "keys status --efivars efivars").contains("dbx: signature list at 0x0")
    );
    assert!(fixture.snowguard.text(3, "keys status --efivars missing").contains("was not started by UEFI"));

    fixture.snowguard.text(0, "keys export db --efivars efivars --output db.esl");
    assert_eq!(fixture.folder.read("db.esl"), fixture.folder.read("keys/db.esl"));
    assert_eq!(
        fixture.snowguard.text(0, "keys export db --efivars efivars --format pem").into_bytes(),
        fixture.folder.read("keys/db.pem")
    );
    fixture.snowguard.text(0, "keys export keys/db.auth --format der --output db.der");
    assert_eq!(fixture.folder.read("db.der"), fixture.folder.read("keys/db.der"));
    let many = format!("keys export db --efivars {} --format", laptop.display());
    assert!(fixture.snowguard.text(3, format!("{many} der --output x")).contains("DER has room for one"));
    fixture.snowguard.text(0, format!("{many} pem --output many.pem"));
    let count = fixture.folder.run(
        "sh",
        ["-c", "openssl crl2pkcs7 -nocrl -certfile many.pem | openssl pkcs7 -print_certs | grep -c subject="],
    );
    assert_eq!(count.trim(), "6");
    assert!(fixture.snowguard.text(3, "keys export KEKX --efivars efivars").contains("cannot read KEKX"));
    assert!(
        fixture.snowguard.text(3, "keys export dbt --efivars efivars").contains("there is no variable dbt")
    );
}
