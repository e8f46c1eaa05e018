//! `snowguard keys inspect` and `apply`, with changes that sbvarsign made, on folders that stand in
//! for efivarfs.

#![allow(clippy::unwrap_used)]

use authenticode::variable::{Variable, VariableContent, attributes};
use serde_json::Value;
use test_support::{Snowguard, ToolboxFolder, snowguard};

struct Fixture {
    folder: ToolboxFolder,
    snowguard: Snowguard,
}

impl Fixture {
    /// A machine with keys of its owner, and a partition with a program that they signed.
    fn new() -> Self {
        let folder = ToolboxFolder::new("update");
        folder.take(&[
            ("usr/lib/systemd/boot/efi/linuxx64.efi.stub", "stub"),
            ("usr/lib/systemd/boot/efi/addonx64.efi.stub", "addon"),
        ]);
        for name in ["efivars", "esp"] {
            std::fs::create_dir(folder.path(name)).unwrap();
        }
        let snowguard = snowguard!().in_folder(folder.folder());
        let fixture = Self { folder, snowguard };
        fixture.snowguard.success("keys create --dir keys");
        for (variable, list) in [(Variable::PK, "PK"), (Variable::KEK, "KEK"), (Variable::DB, "db")] {
            fixture.set(variable, &fixture.folder.read(&format!("keys/{list}.esl")));
        }
        fixture.set(Variable::SETUP_MODE, &[0]);
        fixture
            .snowguard
            .success("pe sign --key keys/db.key --cert keys/db.pem stub --output esp/signed.efi");
        std::fs::copy(fixture.folder.path("addon"), fixture.folder.path("esp/unsigned.efi")).unwrap();
        fixture
    }

    fn set(&self, variable: Variable, data: &[u8]) {
        let content = VariableContent { attributes: attributes::KEYS, data: data.to_vec() };
        std::fs::write(self.folder.path("efivars").join(variable.file_name()), content.write()).unwrap();
    }

    fn get(&self, variable: Variable) -> Option<VariableContent> {
        let bytes = std::fs::read(self.folder.path("efivars").join(variable.file_name())).ok()?;
        Some(VariableContent::read(&bytes).unwrap())
    }

    /// A list of digests of programs, as sbsiglist makes it.
    fn list_of(&self, programs: &[&str], list: &str) {
        let mut script = String::from(": > LIST;");
        for program in programs {
            let text = self.snowguard.success(format!("pe digest --as-is {program}"));
            let digest = text.split(' ').next().unwrap();
            let write = format!("python3 -c \"open('d','wb').write(bytes.fromhex('{digest}'))\";");
            script.push_str(&write);
            script.push_str("sbsiglist --owner 77fa9abd-0359-4d32-bd60-28f4e78f784b --type sha256 ");
            script.push_str("--output l d; cat l >> LIST;");
        }
        self.folder.run("sh", ["-euc", &script.replace("LIST", list)]);
    }

    /// sbvarsign signs a value.
    fn sign(&self, variable: &str, attributes: &str, by: &str, list: &str, output: &str) {
        let call =
            format!("--key {by}.key --cert {by}.pem --attr {attributes} --output {output} {variable} {list}");
        self.folder.run("sbvarsign", call);
    }

    fn json(&self, code: i32, arguments: &str) -> Value {
        serde_json::from_str(&self.snowguard.text(code, arguments)).unwrap()
    }
}

const KEYS: &str = "NON_VOLATILE,BOOTSERVICE_ACCESS,RUNTIME_ACCESS,TIME_BASED_AUTHENTICATED_WRITE_ACCESS";

#[test]
fn who_signed_what_for_which_variable() {
    let fixture = Fixture::new();
    fixture.list_of(&["stub", "addon"], "two.esl");
    fixture.folder.run(
        "sbsiglist",
        "--owner 12345678-9abc-def0-1234-56789abcdef0 --type x509 --output cert.esl keys/db.der",
    );
    for (variable, by, list, count) in [
        ("db", "keys/KEK", "cert.esl", 1),
        ("dbx", "keys/KEK", "two.esl", 2),
        ("KEK", "keys/PK", "cert.esl", 1),
        ("PK", "keys/PK", "cert.esl", 1),
    ] {
        for appends in [false, true] {
            let attributes = if appends { format!("{KEYS},APPEND_WRITE") } else { KEYS.to_owned() };
            fixture.sign(variable, &attributes, by, list, "change.auth");
            let found = fixture.json(0, "keys inspect --json change.auth");
            assert_eq!(
                (&found["variable"], &found["appends"]),
                (&variable.into(), &appends.into()),
                "{found}"
            );
            assert_eq!(found["entries"].as_array().unwrap().len(), count);
            let role = if by == "keys/PK" { "platform key" } else { "key exchange key" };
            assert_eq!(found["signer"]["subject"], format!("CN=Snowguard {role}"));
        }
    }
    let text = fixture.snowguard.success("keys inspect change.auth cert.esl keys/db.pem keys/PK-remove.auth");
    assert!(
        text.contains("change.auth: adds to PK, 1 entries") && text.contains("by CN=Snowguard platform key"),
        "{text}"
    );
    assert!(
        text.contains("cert.esl: not signed, 1 entries") && text.contains("keys/db.pem: not signed"),
        "{text}"
    );
    assert!(text.contains("keys/PK-remove.auth: empties PK"), "{text}");
    // One byte of the value, and the signature fits nothing.
    let mut bytes = fixture.folder.read("change.auth");
    *bytes.last_mut().unwrap() ^= 1;
    fixture.folder.write("change.auth", bytes);
    fixture.snowguard.failure("keys inspect change.auth", 3, "fits none of PK, KEK, db, dbx and dbt");
    fixture.snowguard.failure("keys inspect keys/db.key", 3, "neither signature lists nor certificates");
}

#[test]
fn an_update_of_dbx_says_first_what_it_stops() {
    let fixture = Fixture::new();
    let append = format!("{KEYS},APPEND_WRITE");
    fixture.list_of(&["stub", "addon"], "both.esl");
    fixture.list_of(&["addon"], "one.esl");
    fixture.sign("dbx", &append, "keys/KEK", "both.esl", "both.auth");
    fixture.sign("dbx", &append, "keys/KEK", "one.esl", "one.auth");

    // The signed program would stop. The other one does not start anyway, but now it is forbidden.
    let apply = "keys apply --efivars efivars --esp esp";
    let text = fixture.snowguard.text(1, format!("{apply} --dry-run both.auth"));
    assert!(text.contains("2 programs judged, 2 would not start any more"), "{text}");
    assert!(text.contains("esp/signed.efi: its sha256 digest is in dbx"), "{text}");
    fixture.snowguard.failure(format!("{apply} both.auth"), 3, "2 programs would not start any more");
    assert_eq!(fixture.get(Variable::DBX), None, "nothing was written");
    std::fs::remove_file(fixture.folder.path("esp/unsigned.efi")).unwrap();
    let found = fixture.json(0, &format!("{apply} --json one.auth"));
    assert_eq!((&found["applied"], &found["judged"]), (&true.into(), &1.into()), "{found}");
    // What the firmware gets is the file, with the attributes that were signed.
    let written = fixture.get(Variable::DBX).unwrap();
    assert_eq!(written.attributes, attributes::KEYS | attributes::APPEND);
    assert_eq!(written.data, fixture.folder.read("one.auth"));

    // As firmware would have it then.
    fixture.set(Variable::DBX, &fixture.folder.read("one.esl"));
    let text = fixture.snowguard.success(format!("{apply} one.auth"));
    assert!(text.contains("nothing to do: all of it is there already"), "{text}");
    let found = fixture.json(0, "keys inspect --json --efivars=efivars both.auth");
    assert_eq!((&found["machine"]["present"], &found["machine"]["taken"]), (&1.into(), &true.into()));
    assert_eq!(found["machine"]["added"].as_array().unwrap().len(), 1);
    fixture.snowguard.success(format!("{apply} --yes both.auth"));
    assert_eq!(fixture.get(Variable::DBX).unwrap().data, fixture.folder.read("both.auth"));
}

#[test]
fn what_the_machine_does_not_take() {
    let fixture = Fixture::new();
    fixture.snowguard.success("keys create --dir others");
    fixture.list_of(&["addon"], "one.esl");
    fixture.sign("dbx", KEYS, "others/KEK", "one.esl", "strangers.auth");
    let apply = "keys apply --efivars efivars";
    fixture.snowguard.failure(
        format!("{apply} strangers.auth"),
        3,
        "no key of this machine authorises the change",
    );
    // PK signs no changes of dbx, as EDK2 has it.
    fixture.sign("dbx", KEYS, "keys/PK", "one.esl", "owners.auth");
    fixture.snowguard.failure(
        format!("{apply} owners.auth"),
        3,
        "no key of this machine authorises the change",
    );
    assert_eq!(fixture.get(Variable::DBX), None);
    // What replaces shows what goes.
    fixture.sign("db", KEYS, "keys/KEK", "one.esl", "db.auth");
    let text = fixture.snowguard.text(1, format!("{apply} --esp esp --dry-run db.auth"));
    assert!(text.contains("replaces db") && text.contains("- CN=Snowguard signature database key"), "{text}");
    assert!(text.contains("esp/signed.efi: no signature is trusted"), "{text}");
    // In setup mode everything goes.
    fixture.set(Variable::SETUP_MODE, &[1]);
    fixture.snowguard.success(format!("{apply} strangers.auth"));
    assert!(fixture.get(Variable::DBX).is_some());
    // The way back to setup mode, without the private key.
    fixture.set(Variable::SETUP_MODE, &[0]);
    fixture.snowguard.success(format!("{apply} keys/PK-remove.auth"));
    assert_eq!(fixture.get(Variable::PK).unwrap().data, fixture.folder.read("keys/PK-remove.auth"));
    fixture.snowguard.failure(format!("{apply} one.esl"), 3, "one.esl is no authorised change of a variable");
}

/// What real firmware says to such changes is asked in `oracle/writes.rs`.
#[test]
fn no_edk2_takes_elliptic_curves() {
    let fixture = Fixture::new();
    fixture.snowguard.success("keys create --dir ec --key p256 --allow-ec");
    fixture.list_of(&["addon"], "one.esl");
    // Another firmware than EDK2 enrolled it, or the variables are a copy from elsewhere.
    let both = [fixture.folder.read("keys/KEK.esl"), fixture.folder.read("ec/KEK.esl")].concat();
    fixture.set(Variable::KEK, &both);
    fixture.sign("dbx", KEYS, "ec/KEK", "one.esl", "signed.auth");
    fixture.sign("db", KEYS, "keys/KEK", "ec/db.esl", "enrols.auth");
    let signed = "the key of CN=Snowguard key exchange key is no RSA key: not by EDK2";
    let enrols = "the change holds CN=Snowguard signature database key, whose key is no RSA key: not by EDK2";
    for (change, variable, problem) in
        [("signed.auth", Variable::DBX, signed), ("enrols.auth", Variable::DB, enrols)]
    {
        let found = fixture.json(0, &format!("keys inspect --json --efivars=efivars {change}"));
        assert_eq!(found["machine"]["taken"], false, "{found}");
        assert!(found["machine"]["problem"].as_str().unwrap().contains(problem), "{found}");
        let text = fixture.snowguard.success(format!("keys inspect --efivars=efivars {change}"));
        assert!(text.contains("the machine does not take it") && text.contains(problem), "{text}");
        let before = fixture.get(variable);
        fixture.snowguard.failure(format!("keys apply --efivars efivars {change}"), 3, problem);
        assert_eq!(fixture.get(variable), before);
    }
    // Nobody has to sign in setup mode, but what enrols a curve is refused as before.
    fixture.set(Variable::SETUP_MODE, &[1]);
    fixture.snowguard.failure("keys apply --efivars efivars enrols.auth", 3, enrols);
    fixture.snowguard.success("keys apply --efivars efivars signed.auth");
    fixture.snowguard.success("keys apply --yes --efivars efivars enrols.auth");
    assert_eq!(fixture.get(Variable::DB).unwrap().data, fixture.folder.read("enrols.auth"));
}
