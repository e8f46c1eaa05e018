//! EFI programs, certificates, SBAT data and variables of firmware.

use crate::{HOSTILE, Scene};
use authenticode::lists::{self, SignatureList, SignatureListKind};
use authenticode::variable::{Variable, VariableContent, attributes};
use rcgen::{CertificateParams, DnType, KeyPair};
use test_support::{ToolboxFolder, toolbox};

/// A key that firmware takes and its certificate, whose names are hostile.
fn certificate() -> (String, rcgen::Certificate) {
    let folder = ToolboxFolder::new("escape-boot");
    folder.run("openssl", "genpkey -algorithm RSA -out key");
    let key = KeyPair::from_pem(&std::fs::read_to_string(folder.path("key")).unwrap()).unwrap();
    let mut parameters = CertificateParams::new(Vec::<String>::new()).unwrap();
    for kind in [DnType::CommonName, DnType::OrganizationName] {
        parameters.distinguished_name.push(kind, HOSTILE);
    }
    let certificate = parameters.self_signed(&key).unwrap();
    (key.serialize_pem(), certificate)
}

/// An EFI program with a hostile section name.
fn image() -> Vec<u8> {
    let mut image = std::fs::read(toolbox().join("usr/lib/shim/mmx64.efi")).unwrap();
    let name = image.windows(8).position(|window| window == b".text\0\0\0").unwrap();
    image[name..name + 8].copy_from_slice(b"\x1b[45m\x07\x9b\r");
    image
}

#[test]
fn programs() {
    let scene = Scene::new();
    let (key, certificate) = certificate();
    let (key_file, pem) = (format!("key-{HOSTILE}"), format!("pem-{HOSTILE}"));
    scene.write(&key_file, key);
    scene.write(&pem, certificate.pem());
    let (name, signed) = (format!("a-{HOSTILE}.efi"), format!("b-{HOSTILE}.efi"));
    scene.write(&name, image());
    let sign = ["pe", "sign", "--key", &key_file, "--cert", &pem];
    scene.run(0, &[&sign[..], &["--output", &signed, &name]].concat());
    for json in [&[][..], &["--json"]] {
        for file in [&name, &signed] {
            scene.harmless(0, &[&["pe", "inspect"], json, &[file]].concat());
            scene.harmless(0, &[&["pe", "digest"], json, &[file]].concat());
        }
        scene.harmless(0, &[&["pe", "verify", "--db", &pem], json, &[&signed]].concat());
        scene.harmless(1, &[&["pe", "verify", "--db", &pem], json, &[&name]].concat());
        scene.harmless(1, &[&["pe", "verify", "--db", &pem, "--dbx", &pem], json, &[&signed]].concat());
    }
    scene.run(0, &["pe", "sections", &name]);
    scene.harmless(3, &["pe", "sections", &name, "--remove", HOSTILE, "--output", "x"]);
    scene.harmless(3, &["pe", "sections", HOSTILE]);
    scene.harmless(3, &["pe", "detach", &name, "--output", "none"]);
    scene.run(0, &["pe", "strip", &signed]);
    scene.write(HOSTILE, HOSTILE);
    for command in ["inspect", "digest", "strip"] {
        scene.harmless(3, &["pe", command, HOSTILE]);
        scene.harmless(3, &["pe", command, &format!("missing-{HOSTILE}")]);
    }
    scene.harmless(3, &["pe", "verify", "--db", HOSTILE, &name]);
    scene.harmless(3, &["pe", "verify", "--db", &pem, HOSTILE, &signed]);
    scene.harmless(3, &["pe", "sign", "--key", HOSTILE, "--cert", &pem, "--output", "x", &name]);
    let percent: Vec<String> = HOSTILE.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let percent = percent.concat();
    let token = format!("pkcs11:object={percent}?module-path=/{percent}");
    scene.run(3, &["pe", "sign", "--key", &token, "--cert", &pem, "--output", "x", &name]);
    let timestamp = format!("http://127.0.0.1:1/{HOSTILE}");
    scene.harmless(3, &[&sign[..], &["--timestamp-url", &timestamp, "--output", "x", &name]].concat());
    scene.harmless(3, &[&sign[..], &["--timestamp-url", HOSTILE, "--output", "x", &name]].concat());
}

#[test]
fn generations() {
    let scene = Scene::new();
    let line = HOSTILE.replace(['\n', '\r'], "");
    let text =
        format!("sbat,1,SBAT Version,sbat,1,https://example.org\n{line},1,{line},{line},{line},{line}\n");
    let name = format!("sbat-{HOSTILE}");
    scene.write(&name, &text);
    scene.write("level", format!("sbat,1,{line}\n{line},2\n"));
    let level = format!("level-{HOSTILE}");
    scene.write(&level, "sbat,1,2025051000\nshim,4\n");
    scene.write(HOSTILE, HOSTILE);
    for json in [&[][..], &["--json"]] {
        let (_, printed) = scene.run_any(&[&["sbat", "show"], json, &[&name]].concat());
        assert!(printed.contains("evil"), "{printed}");
        for level in ["level", &level, HOSTILE] {
            scene.run_any(&[&["sbat", "check", "--level", level], json, &[&name]].concat());
        }
        scene.run_any(&[&["sbat", "show"], json, &[HOSTILE]].concat());
    }
    scene.harmless(3, &["sbat", "make", HOSTILE]);
    scene.harmless(3, &["sbat", "show", &format!("missing-{HOSTILE}")]);
}

#[test]
fn keys() {
    let scene = Scene::new();
    let variables = format!("efivars-{HOSTILE}");
    std::fs::create_dir(scene.path(&variables)).unwrap();
    let set = |variable: Variable, data: &[u8]| {
        let content = VariableContent { attributes: attributes::KEYS, data: data.to_vec() };
        std::fs::write(scene.path(&variables).join(variable.file_name()), content.write()).unwrap();
    };
    let (_, certificate) = certificate();
    let owner = "605dab50-e046-4300-abb6-3dd810dd8b23".parse().unwrap();
    let list = SignatureList::single(SignatureListKind::X509, owner, certificate.der().to_vec());
    for variable in [Variable::KEK, Variable::DB, Variable::DBX] {
        set(variable, &lists::write(std::slice::from_ref(&list)));
    }
    set(Variable::SETUP_MODE, &[1]);
    set(Variable::SECURE_BOOT, &[0]);
    set(Variable::SBAT_LEVEL, format!("sbat,1,{HOSTILE}\nshim,4\n").as_bytes());
    scene.harmless(0, &["keys", "status", "--efivars", &variables]);
    scene.harmless(0, &["keys", "status", "--json", "--efivars", &variables]);
    scene.harmless(3, &["keys", "status", "--efivars", HOSTILE]);
    scene.harmless(3, &["keys", "export", HOSTILE, "--efivars", &variables]);
    scene.run(3, &["keys", "export", "dbt", "--efivars", &variables]);
    let folder = format!("keys-{HOSTILE}");
    scene.harmless(0, &["keys", "create", "--key", "p256", "--allow-ec", "--dir", &folder]);
    scene.harmless(3, &["keys", "create", "--key", "p256", "--allow-ec", "--dir", &folder]);
    scene.run_any(&["keys", "create", "--key", "p256", "--allow-ec", "--dir", "other", "--name", HOSTILE]);
    if scene.path("other").exists() {
        scene.harmless(0, &["keys", "enroll", "--dry-run", "--dir", "other", "--efivars", &variables]);
    }
    scene.write("authority.der", certificate.der());
    let enroll = ["keys", "enroll", "--dry-run", "--efivars", &variables];
    scene.harmless(0, &[&enroll[..], &["--dir", &folder, "--microsoft=authority.der"]].concat());
    scene.harmless(3, &[&enroll[..], &["--dir", HOSTILE]].concat());
}
