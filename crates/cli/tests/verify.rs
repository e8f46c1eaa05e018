//! `snowguard pe verify` and `snowguard sbat` as a user calls them.

#![allow(clippy::unwrap_used)]

use serde_json::Value;
use test_support::{Snowguard, ToolboxFolder, data, snowguard};

struct Fixture {
    folder: ToolboxFolder,
    snowguard: Snowguard,
}

impl Fixture {
    fn new() -> Self {
        let folder = ToolboxFolder::new("verify");
        folder.take(&[
            ("usr/lib/shim/shimx64.efi.signed", "shim"),
            ("usr/lib/shim/mmx64.efi.signed", "mm"),
            ("usr/lib/systemd/boot/efi/addonx64.efi.stub", "addon"),
            ("usr/share/shim/debian-uefi-ca.der", "debian.der"),
        ]);
        let request =
            "openssl req -x509 -newkey rsa:2048 -nodes -keyout my.key -out my.pem -subj /CN=Mine -days 30";
        folder.run(
            "sh",
            ["-c", &format!("{request} 2>&1; sbsign --key my.key --cert my.pem --output signed addon 2>&1")],
        );
        let snowguard = snowguard!().in_folder(folder.folder());
        Self { folder, snowguard }
    }
}

#[test]
fn verifying() {
    let fixture = Fixture::new();
    let text = fixture.snowguard.text(0, "pe verify --db my.pem signed");
    assert!(text.contains("firmware trusts it") && text.contains("CN=Mine of db (my.pem)"), "{text}");
    let text = fixture.snowguard.text(1, "pe verify --db debian.der signed");
    assert!(text.contains("its issuer calls itself CN=Mine"), "{text}");
    assert!(fixture.snowguard.text(1, "pe verify --db my.pem addon").contains("it is not signed"));
    assert!(fixture.snowguard.text(1, "pe verify --db my.pem --dbx my.pem signed").contains("dbx forbids"));
    // Unreadable weighs more than untrusted; the others are answered.
    let text = fixture.snowguard.text(3, "pe verify --db my.pem my.key signed addon");
    assert!(text.contains("error: my.key:") && text.contains("signed: firmware trusts it"), "{text}");
    assert!(text.contains("addon: firmware does not trust it"), "{text}");
    fixture.snowguard.text(2, "pe verify signed");
    fixture.snowguard.text(2, "pe verify --db my.pem");
    assert!(
        fixture
            .snowguard
            .text(3, "pe verify --db my.pem --mok my.pem --as firmware signed")
            .contains("are shim's")
    );
    assert!(fixture.snowguard.text(3, "pe verify --db missing signed").contains("cannot read missing"));
    assert!(
        fixture.snowguard.text(3, "pe verify --efivars=missing signed").contains("was not started by UEFI")
    );
    // A folder with a private key next to the certificate, and one with neither.
    std::fs::create_dir(fixture.folder.path("keys")).unwrap();
    for name in ["my.key", "my.pem"] {
        std::fs::copy(fixture.folder.path(name), fixture.folder.path(&format!("keys/{name}"))).unwrap();
    }
    std::fs::copy(fixture.folder.path("my.key"), fixture.folder.path("keys/private.pem")).unwrap();
    assert!(fixture.snowguard.text(0, "pe verify --db keys signed").contains("of db (keys/my.pem)"));
    std::fs::create_dir(fixture.folder.path("none")).unwrap();
    assert!(fixture.snowguard.text(3, "pe verify --db none signed").contains("holds no certificates"));

    // A file behind the bare option is a program to verify, not the folder of variables.
    fixture.snowguard.text(2, "pe verify --efivars");
    let laptop = data("uefi/efivars-laptop");
    let text = fixture.snowguard.text(0, format!("pe verify --efivars={} shim", laptop.display()));
    assert!(text.contains("the certificate CN=Microsoft Corporation UEFI CA 2011"), "{text}");
    assert!(text.contains("note: ") && text.contains("not looked at when booting"), "{text}");
    // Those certificates are past their dates by now.
    let text = fixture
        .snowguard
        .text(1, format!("pe verify --efivars={} --enforce-validity shim", laptop.display()));
    assert!(text.contains("is valid from 2026-03-12T19:35:19Z to 2026-06-26T19:35:19Z only"), "{text}");

    let lines = fixture.snowguard.text(1, "pe verify --json --db my.pem signed addon");
    let [good, bad]: [Value; 2] =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<_>>().try_into().unwrap();
    assert_eq!((&good["trusted"], &good["judge"]), (&true.into(), &"firmware".into()));
    assert_eq!(good["by"]["by"]["path"], serde_json::json!(["CN=Mine"]));
    assert_eq!(good["signatures"][0]["signer"], "CN=Mine");
    assert_eq!(bad["reason"], "it is not signed, and no list has its digest");
}

#[test]
fn what_shim_would_start() {
    let fixture = Fixture::new();
    let shim = "pe verify --vendor-cert debian.der --sbat-level shim";
    assert!(fixture.snowguard.text(0, format!("{shim} mm")).contains("sbat: sbat 1, shim 4, shim.debian 1"));
    assert!(
        fixture.snowguard.text(1, format!("{shim} --mokx debian.der mm")).contains("MOK deny list forbids")
    );
    // Without .sbat shim starts nothing, whoever signed it.
    assert!(
        fixture.snowguard.text(1, format!("{shim} --mok my.pem signed")).contains("it has no .sbat section")
    );
    fixture.snowguard.text(0, "sbat make my,3,me,mine,1.0,https://example.org --output my.csv");
    fixture.snowguard.text(0, "pe sections addon --add .sbat=my.csv --output with");
    fixture.snowguard.text(0, "pe sign --key my.key --cert my.pem with");
    assert!(fixture.snowguard.text(0, format!("{shim} --mok my.pem with")).contains("sbat: sbat 1, my 3"));
    fixture.folder.write("level", "sbat,1,2026010100\nmy,4\n");
    let text = fixture.snowguard.text(1, "pe verify --mok my.pem --sbat-level level with");
    assert!(text.contains("my is of generation 3, and the level wants 4 or more"), "{text}");
}

#[test]
fn sbat() {
    let fixture = Fixture::new();
    // objcopy reads what we read.
    fixture.folder.run("sh", ["-c", "python3 -c 'import pefile; pe = pefile.PE(\"shim\"); print([s.get_data()[:s.Misc_VirtualSize].decode() for s in pe.sections if s.Name.startswith(b\".sbat\\0\")][0], end=\"\")' > theirs"]);
    let theirs = fixture.folder.read_text("theirs");
    let found: Value = serde_json::from_str(&fixture.snowguard.text(0, "sbat show --json shim")).unwrap();
    let ours = found["sbat"].as_array().unwrap().iter().map(|entry| {
        let text = |key: &str| entry[key].as_str().unwrap().to_owned();
        let fields = ["vendor", "package", "version", "url"].map(text).join(",");
        format!("{},{},{fields}\n", text("component"), entry["generation"])
    });
    assert_eq!(ours.collect::<String>(), theirs.trim_end_matches('\0'));
    assert_eq!(found["levels"].as_array().unwrap().len(), 2);
    assert!(fixture.snowguard.text(0, "sbat show shim").contains("level that it sets on demand"));
    assert!(fixture.snowguard.text(3, "sbat show addon").contains("addon: it has no .sbat section"));

    fixture.snowguard.text(0, "sbat check --level shim shim mm");
    fixture.folder.write("level", "sbat,1\nshim,5\n");
    let text = fixture.snowguard.text(1, "sbat check --level level shim addon");
    assert!(text.contains("shim: revoked: shim is of generation 4, and the level wants 5 or more"), "{text}");
    assert!(text.contains("addon: revoked: it has no .sbat section"), "{text}");
    // As efivarfs shows the variable.
    fixture.folder.write("variable", b"\x06\0\0\0sbat,1,2025051000\nshim,4\n");
    fixture.snowguard.text(0, "sbat check --level variable shim");
    for (wrong, reason) in [
        ("sbat make my,0,a,b,c,d", "is no number from 1 to 65535"),
        ("sbat make my,1,a,b,c", "it has 5 fields, not six"),
        ("sbat make sbat,1,a,b,c,d", "is given twice"),
        ("sbat make a,1,a,b,c,d a,2,a,b,c,d", "is given twice"),
        ("sbat check --level debian.der shim", "SBAT data"),
    ] {
        let text = fixture.snowguard.text(3, wrong);
        assert!(text.contains(reason), "{wrong}: {text}");
    }
}
