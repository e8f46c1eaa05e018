//! `snowguard pe verify` and `snowguard sbat` as a user calls them.

#![allow(clippy::unwrap_used)]

use serde_json::Value;
use std::process::{Command, Output};
use test_support::{Room, data};

struct Desk(Room);

impl Desk {
    fn new() -> Self {
        let room = Room::new("verify");
        for (from, to) in [
            ("usr/lib/shim/shimx64.efi.signed", "shim"),
            ("usr/lib/shim/mmx64.efi.signed", "mm"),
            ("usr/lib/systemd/boot/efi/addonx64.efi.stub", "addon"),
            ("usr/share/shim/debian-uefi-ca.der", "debian.der"),
        ] {
            std::fs::copy(room.root().join(from), room.outside(to)).unwrap();
        }
        let request =
            "openssl req -x509 -newkey rsa:2048 -nodes -keyout my.key -out my.pem -subj /CN=Mine -days 30";
        room.run(
            "sh",
            &["-c", &format!("{request} 2>&1; sbsign --key my.key --cert my.pem --output signed addon 2>&1")],
        );
        Self(room)
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
}

#[test]
fn verifying() {
    let desk = Desk::new();
    let text = desk.says(0, "pe verify --db my.pem signed");
    assert!(text.contains("firmware trusts it") && text.contains("CN=Mine of db (my.pem)"), "{text}");
    let text = desk.says(1, "pe verify --db debian.der signed");
    assert!(text.contains("its issuer calls itself CN=Mine"), "{text}");
    assert!(desk.says(1, "pe verify --db my.pem addon").contains("it is not signed"));
    assert!(desk.says(1, "pe verify --db my.pem --dbx my.pem signed").contains("dbx forbids"));
    // Unreadable weighs more than untrusted; the others are answered.
    let text = desk.says(3, "pe verify --db my.pem my.key signed addon");
    assert!(text.contains("error: my.key:") && text.contains("signed: firmware trusts it"), "{text}");
    assert!(text.contains("addon: firmware does not trust it"), "{text}");
    desk.says(2, "pe verify signed");
    desk.says(2, "pe verify --db my.pem");
    assert!(desk.says(3, "pe verify --db my.pem --mok my.pem --as firmware signed").contains("are shim's"));
    assert!(desk.says(3, "pe verify --db missing signed").contains("cannot read missing"));
    assert!(desk.says(3, "pe verify --efivars=missing signed").contains("was not started by UEFI"));
    // A folder with a private key beside the certificate, and one with neither.
    std::fs::create_dir(desk.0.outside("keys")).unwrap();
    for name in ["my.key", "my.pem"] {
        std::fs::copy(desk.0.outside(name), desk.0.outside(&format!("keys/{name}"))).unwrap();
    }
    std::fs::copy(desk.0.outside("my.key"), desk.0.outside("keys/private.pem")).unwrap();
    assert!(desk.says(0, "pe verify --db keys signed").contains("of db (keys/my.pem)"));
    std::fs::create_dir(desk.0.outside("none")).unwrap();
    assert!(desk.says(3, "pe verify --db none signed").contains("holds no certificates"));

    // A file behind the bare option is a program to verify, not the folder of variables.
    desk.says(2, "pe verify --efivars");
    let laptop = data("uefi/efivars-laptop");
    let text = desk.says(0, &format!("pe verify --efivars={} shim", laptop.display()));
    assert!(text.contains("the certificate CN=Microsoft Corporation UEFI CA 2011"), "{text}");
    assert!(text.contains("note: ") && text.contains("not looked at when booting"), "{text}");
    // Those certificates are past their dates by now.
    let text = desk.says(1, &format!("pe verify --efivars={} --enforce-validity shim", laptop.display()));
    assert!(text.contains("is valid from 2026-03-12T19:35:19Z to 2026-06-26T19:35:19Z only"), "{text}");

    let lines = desk.says(1, "pe verify --json --db my.pem signed addon");
    let [good, bad]: [Value; 2] =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<_>>().try_into().unwrap();
    assert_eq!((&good["trusted"], &good["judge"]), (&true.into(), &"firmware".into()));
    assert_eq!(good["by"]["by"]["path"], serde_json::json!(["CN=Mine"]));
    assert_eq!(good["signatures"][0]["signer"], "CN=Mine");
    assert_eq!(bad["reason"], "it is not signed, and no list has its digest");
}

#[test]
fn what_shim_would_start() {
    let desk = Desk::new();
    let shim = "pe verify --vendor-cert debian.der --sbat-level shim";
    assert!(desk.says(0, &format!("{shim} mm")).contains("sbat: sbat 1, shim 4, shim.debian 1"));
    assert!(desk.says(1, &format!("{shim} --mokx debian.der mm")).contains("MOK deny list forbids"));
    // Without .sbat shim starts nothing, whoever signed it.
    assert!(desk.says(1, &format!("{shim} --mok my.pem signed")).contains("it has no .sbat section"));
    desk.says(0, "sbat make my,3,me,mine,1.0,https://example.org --output my.csv");
    desk.says(0, "pe sections addon --add .sbat=my.csv --output with");
    desk.says(0, "pe sign --key my.key --cert my.pem with");
    assert!(desk.says(0, &format!("{shim} --mok my.pem with")).contains("sbat: sbat 1, my 3"));
    std::fs::write(desk.0.outside("level"), "sbat,1,2026010100\nmy,4\n").unwrap();
    let text = desk.says(1, "pe verify --mok my.pem --sbat-level level with");
    assert!(text.contains("my is of generation 3, and the level wants 4 or more"), "{text}");
}

#[test]
fn sbat() {
    let desk = Desk::new();
    // objcopy reads what we read.
    desk.0.run("sh", &["-c", "python3 -c 'import pefile; pe = pefile.PE(\"shim\"); print([s.get_data()[:s.Misc_VirtualSize].decode() for s in pe.sections if s.Name.startswith(b\".sbat\\0\")][0], end=\"\")' > theirs"]);
    let theirs = std::fs::read_to_string(desk.0.outside("theirs")).unwrap();
    let found: Value = serde_json::from_str(&desk.says(0, "sbat show --json shim")).unwrap();
    let ours = found["sbat"].as_array().unwrap().iter().map(|entry| {
        let text = |key: &str| entry[key].as_str().unwrap().to_owned();
        let fields = ["vendor", "package", "version", "url"].map(text).join(",");
        format!("{},{},{fields}\n", text("component"), entry["generation"])
    });
    assert_eq!(ours.collect::<String>(), theirs.trim_end_matches('\0'));
    assert_eq!(found["levels"].as_array().unwrap().len(), 2);
    assert!(desk.says(0, "sbat show shim").contains("level that it sets on demand"));
    assert!(desk.says(3, "sbat show addon").contains("addon: it has no .sbat section"));

    desk.says(0, "sbat check --level shim shim mm");
    std::fs::write(desk.0.outside("level"), "sbat,1\nshim,5\n").unwrap();
    let text = desk.says(1, "sbat check --level level shim addon");
    assert!(text.contains("shim: revoked: shim is of generation 4, and the level wants 5 or more"), "{text}");
    assert!(text.contains("addon: revoked: it has no .sbat section"), "{text}");
    // As efivarfs shows the variable.
    std::fs::write(desk.0.outside("variable"), b"\x06\0\0\0sbat,1,2025051000\nshim,4\n").unwrap();
    desk.says(0, "sbat check --level variable shim");
    for (wrong, reason) in [
        ("sbat make my,0,a,b,c,d", "is no number from 1 to 65535"),
        ("sbat make my,1,a,b,c", "it has 5 fields, not six"),
        ("sbat make sbat,1,a,b,c,d", "is given twice"),
        ("sbat make a,1,a,b,c,d a,2,a,b,c,d", "is given twice"),
        ("sbat check --level debian.der shim", "SBAT data"),
    ] {
        let text = desk.says(3, wrong);
        assert!(text.contains(reason), "{wrong}: {text}");
    }
}
