//! Keys of a real machine: OVMF with Secure Boot on starts a unified kernel image that we made and
//! signed, and in it our program changes the firmware's variables through efivarfs. The firmware
//! decides what it takes.

#![allow(clippy::unwrap_used)]

#[path = "machine/linux.rs"]
mod linux;
mod machine;

use linux::Initrd;
use machine::Machine;
use serde_json::Value;

/// Calls, with their exit codes and what they printed.
fn calls(printed: &str) -> Vec<(String, i32, String)> {
    let mut calls = Vec::new();
    for part in printed.split("RUN ").skip(1) {
        let (call, rest) = part.split_once('\n').unwrap();
        let (output, code) =
            rest.split_once("CODE ").unwrap_or_else(|| panic!("no end of {call}:\n{printed}"));
        let code = code.lines().next().unwrap().trim().parse().unwrap();
        calls.push((call.trim().to_owned(), code, output.to_owned()));
    }
    calls
}

/// Subjects of the certificates of a list, and how many digests it has, from `keys status --json`.
fn list(status: &str, name: &str) -> (Vec<String>, u64) {
    let start = status.find('{').unwrap_or_else(|| panic!("no JSON: {status}"));
    let status: Value =
        serde_json::from_str(status[start..].trim()).unwrap_or_else(|error| panic!("{error}: {status}"));
    let list = &status["lists"][name];
    let certificates = list["certificates"].as_array().map(Vec::as_slice).unwrap_or_default();
    let subjects = certificates.iter().map(|found| found["subject"].as_str().unwrap().to_owned());
    let digests = list["digests"].as_array().map(Vec::as_slice).unwrap_or_default();
    (subjects.collect(), digests.iter().map(|digest| digest["count"].as_u64().unwrap()).sum())
}

/// Which variables a rotation changes in turn, and whether that adds to what is there; whether it
/// was done at all, and to the end: from `keys rotate --json`. It is about one program.
fn rotation(printed: &str) -> (Vec<(String, bool)>, bool, bool) {
    let start = printed.find('{').unwrap_or_else(|| panic!("no JSON: {printed}"));
    let told: Value = serde_json::from_str(printed[start..].trim()).unwrap();
    let files = told["files"].as_array().unwrap();
    assert!(files.len() == 1 && files[0].as_str().unwrap().ends_with("esp/mine.efi"), "{told}");
    let changes = told["changes"].as_array().unwrap().iter();
    let changes = changes.map(|change| {
        (change["variable"].as_str().unwrap().to_owned(), change["appends"].as_bool().unwrap())
    });
    (changes.collect(), told["written"].as_bool().unwrap(), told["done"].as_bool().unwrap())
}

fn owned((name, appends): (&str, bool)) -> (String, bool) {
    (name.to_owned(), appends)
}

const SCRIPT: &str = "
run snowguard keys status --json
run snowguard keys enroll --dir old --only db --append --db third.pem --yes
run snowguard keys enroll --dir old --only db --append --db third.pem --yes
run snowguard keys enroll --dir strangers --only db --append --db third.pem --yes
run snowguard keys enroll --dir old --only dbx --append --dbx revoked.esl
run snowguard keys apply --esp esp update.auth
run snowguard keys status --json
run snowguard keys rotate --dry-run --json --dir old --new new --esp esp
# Stopped at any time, what started before still starts, and what is left is done later.
for delay in 0.5 1.5 3 5; do
    timeout -s KILL $delay snowguard keys rotate --dir old --new new --esp esp > /dev/null 2>&1
    run snowguard pe verify --efivars esp/mine.efi
done
run snowguard keys rotate --dir old --new new --esp esp
run snowguard keys rotate --json --dir old --new new --esp esp
run snowguard pe verify --efivars esp/mine.efi
run snowguard pe verify --db old/db.pem esp/mine.efi
# Once more, not stopped.
run snowguard keys rotate --json --dir new --new newer --esp esp
run snowguard pe verify --efivars esp/mine.efi
run snowguard pe verify --db new/db.pem esp/mine.efi
run snowguard keys status --json
run snowguard keys reset --dir old
run snowguard keys reset --dir newer
run snowguard keys status --json
run snowguard keys enroll --dir old --append --yes
run snowguard keys status --json
run snowguard keys apply old/PK-remove.auth
run snowguard keys status --json
";

#[test]
fn the_firmware_takes_what_we_sign() {
    let machine = Machine::new();
    let owner = "12345678-9abc-def0-1234-56789abcdef0";
    for name in ["old", "new", "newer", "strangers"] {
        machine.snowguard.success(format!("keys create --dir {name} --name {name} --owner {owner}"));
    }
    for name in ["third", "oem"] {
        let new = format!("req -x509 -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.pem");
        machine.folder.run("openssl", format!("{new} -subj /CN={name} -days 30"));
    }
    // A list of digests, and an update of dbx by somebody whose KEK is enrolled.
    for (name, byte) in [("revoked", "11"), ("more", "22")] {
        machine.shell(&format!(
            "python3 -c \"open('d', 'wb').write(bytes.fromhex('{}'))\"; \
             sbsiglist --owner {owner} --type sha256 --output {name}.esl d",
            byte.repeat(32)
        ));
    }
    machine.shell(
        "sbvarsign --key oem.key --cert oem.pem --output update.auth --attr \
         NON_VOLATILE,BOOTSERVICE_ACCESS,RUNTIME_ACCESS,TIME_BASED_AUTHENTICATED_WRITE_ACCESS,APPEND_WRITE \
         dbx more.esl 2>&1",
    );
    machine.variables(
        "OVMF_VARS_4M.fd",
        &format!(
            "--set-pk {owner} old/PK.pem --add-kek {owner} old/KEK.pem --add-kek {owner} oem.pem \
             --add-db {owner} old/db.pem --add-db {owner} oem.pem --sb"
        ),
    );
    let stub = machine.folder.root().join("usr/lib/systemd/boot/efi/addonx64.efi.stub");
    std::fs::create_dir(machine.path("programs")).unwrap();
    std::fs::copy(stub, machine.path("programs/mine.efi")).unwrap();
    machine.snowguard.success("pe sign --key old/db.key --cert old/db.pem programs/mine.efi");

    let mut initrd = Initrd::new(&machine, SCRIPT);
    for folder in ["old", "new", "newer", "strangers"] {
        initrd.add(&machine.path(folder), folder);
    }
    initrd.add(&machine.path("programs"), "esp");
    for file in ["third.pem", "revoked.esl", "update.auth"] {
        initrd.add_file(&machine.path(file), file);
    }
    let printed = machine.linux(initrd, "old/db");
    let calls = calls(&printed);
    let mut calls = calls.iter();
    let mut next = |begins: &str, code: i32| {
        let (call, found, output) =
            calls.next().unwrap_or_else(|| panic!("{begins} was not called:\n{printed}"));
        assert!(call.starts_with(&format!("snowguard {begins}")), "{call}, not {begins}:\n{printed}");
        assert_eq!(*found, code, "{call}:\n{output}\n{printed}");
        output.clone()
    };
    let certificates = |output: &str, name| list(output, name).0;
    let of = |who: &str, role: &str| format!("CN={who} {role}");
    let (db, kek, pk) = ("signature database key", "key exchange key", "platform key");

    let status = next("keys status", 0);
    assert_eq!(certificates(&status, "db"), [of("old", db), "CN=oem".to_owned()]);
    next("keys enroll --dir old", 0);
    assert!(next("keys enroll --dir old", 0).contains("nothing to do"));
    assert!(next("keys enroll --dir strangers", 3).contains("only its platform key may change keys"));
    next("keys enroll --dir old", 0);
    next("keys apply", 0);
    let status = next("keys status", 0);
    assert_eq!(certificates(&status, "db"), [of("old", db), "CN=oem".to_owned(), "CN=third".to_owned()]);
    assert!(list(&status, "dbx").1 >= 2, "{status}");

    let every = [("db", true), ("KEK", true), ("PK", false), ("KEK", false), ("db", false)];
    assert_eq!(rotation(&next("keys rotate", 0)), (every.map(owned).to_vec(), false, false));
    for _ in 0..4 {
        next("pe verify", 0);
    }
    next("keys rotate", 0);
    assert_eq!(rotation(&next("keys rotate", 0)), (Vec::new(), true, true));
    next("pe verify", 0);
    // Nothing signed by the old key is left on it.
    next("pe verify", 1);
    assert_eq!(rotation(&next("keys rotate", 0)), (every.map(owned).to_vec(), true, true));
    next("pe verify", 0);
    next("pe verify", 1);
    let status = next("keys status", 0);
    assert_eq!(certificates(&status, "PK"), [of("newer", pk)]);
    let mut lists = [certificates(&status, "KEK"), certificates(&status, "db")];
    for list in &mut lists {
        list.sort();
    }
    assert_eq!(lists[0], [of("newer", kek), "CN=oem".to_owned()]);
    assert_eq!(lists[1], [of("newer", db), "CN=oem".to_owned(), "CN=third".to_owned()]);

    assert!(next("keys reset --dir old", 3).contains("is not the one in old"));
    next("keys reset --dir newer", 0);
    assert!(next("keys status", 0).contains("\"setupMode\": true"));
    next("keys enroll --dir old --append", 0);
    let status = next("keys status", 0);
    assert!(status.contains("\"setupMode\": false"), "{status}");
    assert_eq!(certificates(&status, "PK"), [of("old", pk)]);
    assert!(certificates(&status, "KEK").contains(&"CN=oem".to_owned()));
    next("keys apply old/PK-remove.auth", 0);
    assert!(next("keys status", 0).contains("\"setupMode\": true"));
}
