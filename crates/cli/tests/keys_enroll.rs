//! What is enrolled besides the owner's keys, and the keys of sbctl; on folders that stand in for
//! efivarfs.

#![allow(clippy::unwrap_used)]

use authenticode::certificate::Certificate;
use authenticode::lists::{self, SignatureDatabase, SignatureListKind};
use authenticode::variable::{Authenticated, Variable, VariableContent, attributes};
use serde_json::{Value, json};
use std::path::Path;
use test_support::{Snowguard, ToolboxFolder, data, snowguard};

struct Fixture {
    folder: ToolboxFolder,
    snowguard: Snowguard,
}

impl Fixture {
    fn new() -> Self {
        let folder = ToolboxFolder::new("enroll");
        std::fs::create_dir(folder.path("efivars")).unwrap();
        let snowguard = snowguard!().in_folder(folder.folder());
        let fixture = Self { folder, snowguard };
        fixture.set(Variable::SETUP_MODE, &[1]);
        fixture
    }

    fn set(&self, variable: Variable, data: &[u8]) {
        let content = VariableContent { attributes: attributes::KEYS, data: data.to_vec() };
        std::fs::write(self.folder.path("efivars").join(variable.file_name()), content.write()).unwrap();
    }

    /// What was written to a variable: its attributes and the entries.
    fn written(&self, variable: Variable) -> Option<(u32, SignatureDatabase)> {
        let bytes = std::fs::read(self.folder.path("efivars").join(variable.file_name())).ok()?;
        let content = VariableContent::read(&bytes).unwrap();
        let mut database = SignatureDatabase::default();
        database.add_lists("", &lists::read(&Authenticated::read(&content.data).unwrap().data).unwrap());
        Some((content.attributes, database))
    }

    fn json(&self, arguments: &str) -> Value {
        serde_json::from_str(&self.snowguard.success(arguments)).unwrap()
    }
}

#[test]
fn option_roms_by_their_digests() {
    let fixture = Fixture::new();
    fixture.snowguard.success("keys create --dir keys");
    let log = data("tpm-eventlogs/t14_eventlog");
    let enroll = format!("keys enroll --dir keys --efivars efivars --option-roms={}", log.display());
    // The digests make Microsoft's certificates needless, so nobody has to be sure.
    fixture.snowguard.success(&enroll);
    let (_, db) = fixture.written(Variable::DB).unwrap();
    let digests: Vec<_> = db.entries.iter().filter(|entry| entry.kind == SignatureListKind::Sha256).collect();
    assert_eq!((digests.len(), db.certificates().count()), (7, 1));
    // tpm2-tools see the same digests in the log.
    std::fs::copy(&log, fixture.folder.path("log")).unwrap();
    let theirs = fixture.folder.run("tpm2_eventlog", ["log"]);
    for digest in digests {
        let digest = digest.data.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        let event = theirs.split("- EventNum").find(|event| event.contains(&digest)).unwrap();
        assert!(event.contains("PCRIndex: 2\n") && event.contains("_DRIVER"), "{event}");
    }
    fixture.folder.write("short", &std::fs::read(&log).unwrap()[..1000]);
    let enroll = "keys enroll --dir keys --efivars efivars --option-roms";
    fixture.snowguard.failure(format!("{enroll}=short"), 3, "ends behind the log");
    fixture.snowguard.failure(format!("{enroll}=none"), 3, "cannot read none");
    // A log without drivers says nothing about cards.
    fixture.folder.write("empty", b"");
    fixture.snowguard.failure(format!("{enroll}=empty"), 3, "has no SHA-256 digests");
}

#[test]
fn what_is_there_stays_or_goes() {
    let fixture = Fixture::new();
    fixture.snowguard.success("keys create --dir keys");
    let laptop = data("uefi/efivars-laptop");
    let vendor = |variable: Variable| std::fs::read(laptop.join(variable.file_name())).unwrap()[4..].to_vec();
    fixture.set(Variable::DB_DEFAULT, &vendor(Variable::DB_DEFAULT));
    fixture.set(Variable::DBX_DEFAULT, &vendor(Variable::DBX_DEFAULT));
    let enroll = "keys enroll --dir keys --efivars efivars";
    fixture.snowguard.success(format!("{enroll} --vendor"));
    let mut all = SignatureDatabase::default();
    all.add_lists("", &lists::read(&vendor(Variable::DB_DEFAULT)).unwrap());
    let (kept, db) = fixture.written(Variable::DB).unwrap();
    assert_eq!((kept, db.entries.len()), (attributes::KEYS, all.entries.len() + 1));
    let (_, dbx) = fixture.written(Variable::DBX).unwrap();
    assert_eq!(dbx.entries.len(), 77);

    // In setup mode with lists that were left there: only what is new is added.
    for variable in [Variable::PK, Variable::KEK, Variable::DBX] {
        let _ = std::fs::remove_file(fixture.folder.path("efivars").join(variable.file_name()));
    }
    fixture.set(Variable::DB, &vendor(Variable::DB_DEFAULT));
    let found = fixture.json(&format!("{enroll} --vendor --append --json --dry-run"));
    let changes = found["changes"].as_array().unwrap();
    let names: Vec<_> = changes.iter().map(|change| change["variable"].as_str().unwrap()).collect();
    assert_eq!((names, &found["written"]), (vec!["dbx", "db", "KEK", "PK"], &Value::Bool(false)));
    assert_eq!((changes[1]["entries"].as_array().unwrap().len(), &changes[1]["appends"]), (1, &true.into()));
    assert_eq!(changes[3]["appends"], false);
    fixture.snowguard.success(format!("{enroll} --append"));
    // What is written is shorter than what stood there, and a folder does not cut it.
    let bytes = std::fs::read(fixture.folder.path("efivars").join(Variable::DB.file_name())).unwrap();
    let appends = attributes::KEYS | attributes::APPEND;
    assert_eq!(VariableContent::read(&bytes).unwrap().attributes, appends);

    // One variable of a machine that has these keys.
    for name in ["PK", "KEK", "db"] {
        fixture.set(Variable::by_name(name).unwrap(), &fixture.folder.read(&format!("keys/{name}.esl")));
    }
    fixture.set(Variable::SETUP_MODE, &[0]);
    fixture.folder.run(
        "openssl",
        "req -x509 -newkey rsa:2048 -nodes -keyout more.key -out more.pem -subj /CN=more -days 9",
    );
    fixture.snowguard.success(format!("{enroll} --only db --append --db more.pem --yes"));
    let (_, db) = fixture.written(Variable::DB).unwrap();
    let subjects: Vec<_> = db.certificates().map(|(_, certificate)| certificate.subject()).collect();
    assert_eq!(subjects, ["CN=more"]);
    let owner = fixture.folder.read_text("keys/owner");
    assert_eq!(db.entries[0].owner.to_string(), owner.trim());
    fixture.set(Variable::DB, &fixture.folder.read("keys/db.esl"));
    let text = fixture.snowguard.success(format!("{enroll} --append"));
    assert!(text.contains("nothing to do"), "{text}");
    // What would go is shown.
    fixture.set(Variable::DB, &vendor(Variable::DB_DEFAULT));
    let text = fixture.snowguard.success(format!("{enroll} --only db --dry-run"));
    assert!(text.contains("- CN=Microsoft Corporation UEFI CA 2011"), "{text}");
    // Another owner's machine.
    fixture.set(Variable::PK, &fixture.folder.read("keys/db.esl"));
    fixture.snowguard.failure(
        format!("{enroll} --only KEK --yes"),
        3,
        "only its platform key may change keys",
    );
    fixture.snowguard.failure("keys reset --dir keys --efivars efivars", 3, "is not the one in keys");
}

/// The folder of sbctl, as it writes it: keys in PKCS #8, RSA of 4096 bits.
fn sbctl(folder: &ToolboxFolder, at: &str, names: [&str; 2]) {
    let script = "
        for name in PK KEK db; do
            mkdir -p AT/keys/$name
            openssl req -x509 -newkey rsa:3072 -nodes -days 99 -subj \"/C=DE/CN=$name\" -sha256 \\
                -keyout AT/keys/$name/$name.key -out AT/keys/$name/$name.pem 2>&1
        done
        printf 12345678-9abc-def0-1234-56789abcdef0 > AT/GUID";
    folder.run("sh", ["-euc", &script.replace("AT", at)]);
    let files = json!({
        "/boot/vmlinuz": { "file": "/boot/vmlinuz", "output_file": "/boot/vmlinuz.signed", "checksum": "" },
        "/boot/a.efi": { "file": "/boot/a.efi", "output_file": "/boot/a.efi" },
    });
    let bundles = json!({ "/boot/uki.efi": {
        "output": "/boot/uki.efi", "intel_microcode": "/boot/intel.img", "amd_microcode": "",
        "kernel_image": "/boot/vmlinuz", "initramfs": "/boot/it's an initrd", "cmdline": "/etc/kernel/cmdline",
        "splash": "", "os_release": "/etc/os-release", "efi_stub": "/usr/lib/stub", "esp": "/boot",
    } });
    let [file_list, bundle_list] = names;
    folder.write(&format!("{at}/{file_list}"), files.to_string());
    folder.write(&format!("{at}/{bundle_list}"), bundles.to_string());
}

#[test]
fn keys_of_sbctl() {
    let fixture = Fixture::new();
    for (at, names) in [("new", ["files.json", "bundles.json"]), ("old", ["files.db", "bundles.db"])] {
        sbctl(&fixture.folder, at, names);
        let text = fixture.snowguard.success(format!("keys import --from {at} --dir keys.{at}"));
        assert!(text.contains("keys of the owner 12345678-9abc-def0-1234-56789abcdef0"), "{text}");
        let call = "snowguard pe uki --linux '/boot/vmlinuz' --initrd '/boot/intel.img' --initrd \
                    '/boot/it'\\''s an initrd' --cmdline '@/etc/kernel/cmdline' --os-release '@/etc/os-release' \
                    --stub '/usr/lib/stub' --output '/boot/uki.efi'";
        assert!(text.contains(call), "{text}");
        assert_eq!(
            fixture.folder.read_text(&format!("keys.{at}/files")),
            "/boot/a.efi\n/boot/vmlinuz.signed\n"
        );
        for name in ["PK", "KEK", "db"] {
            let read = |path: String| Certificate::read_all(&fixture.folder.read(&path)).unwrap().remove(0);
            assert_eq!(read(format!("keys.{at}/{name}.pem")), read(format!("{at}/keys/{name}/{name}.pem")));
            assert_eq!(
                fixture.folder.read(&format!("keys.{at}/{name}.key")),
                fixture.folder.read(&format!("{at}/keys/{name}/{name}.key"))
            );
        }
        // It is a folder of keys like any other.
        fixture.snowguard.success(format!("keys enroll --dir keys.{at} --efivars efivars --yes"));
        let sign = format!("pe sign --key keys.{at}/db.key --cert keys.{at}/db.pem program");
        fixture.folder.take(&[("usr/lib/systemd/boot/efi/addonx64.efi.stub", "program")]);
        fixture.snowguard.success(&sign);
        fixture.folder.run("sbverify", format!("--cert {at}/keys/db/db.pem program"));
    }
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(fixture.folder.path("keys.new/PK.key")).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
    fixture.snowguard.failure("keys import --from new --dir keys.new", 3, "keys are never overwritten");
    let exists = |name: &str| Path::new(&fixture.folder.path(name)).exists();
    // A key that belongs to another certificate, one in a TPM, none at all: nothing is made.
    std::fs::copy(fixture.folder.path("old/keys/PK/PK.key"), fixture.folder.path("new/keys/db/db.key"))
        .unwrap();
    fixture.snowguard.failure(
        "keys import --from new --dir x",
        3,
        "new/keys/db/db.key: the key and the certificate do not belong together",
    );
    fixture.folder.write(
        "new/keys/db/db.key",
        "-----BEGIN TSS2 PRIVATE KEY-----\nMAA=\n-----END TSS2 PRIVATE KEY-----\n",
    );
    fixture.snowguard.failure("keys import --from new --dir x", 3, "is in a TPM");
    std::fs::remove_file(fixture.folder.path("new/GUID")).unwrap();
    fixture.snowguard.failure("keys import --from new --dir x", 3, "cannot read new/GUID");
    assert!(!exists("x"));
}
