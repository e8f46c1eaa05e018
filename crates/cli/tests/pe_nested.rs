//! Signatures in signatures, as osslsigncode makes them: `pe inspect` shows them.

#![allow(clippy::unwrap_used)]

use serde_json::Value;
use test_support::{ToolboxFolder, snowguard};

#[test]
fn nested_signatures_are_shown() {
    let folder = ToolboxFolder::new("nested");
    folder.take(&[("usr/lib/systemd/boot/efi/addonx64.efi.stub", "plain")]);
    let snowguard = snowguard!().in_folder(folder.folder());
    for name in ["first", "second", "third"] {
        let new = format!("req -x509 -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.pem");
        folder.run("openssl", format!("{new} -subj /CN={name}/ -days 30"));
    }
    let sign = |name: &str, more: &str, from: &str, to: &str| {
        folder.run(
            "osslsigncode",
            format!("sign {more} -key {name}.key -certs {name}.pem -in {from} -out {to}"),
        );
    };
    sign("first", "-h sha256", "plain", "one");
    sign("second", "-h sha384 -nest", "one", "two");
    sign("third", "-h sha512 -nest", "two", "three");
    let inspect = |name: &str| -> Value {
        serde_json::from_str(&snowguard.success(format!("pe inspect --json {name}"))).unwrap()
    };
    assert_eq!(inspect("one")["signatures"][0]["signedData"]["nested"], Value::Array(Vec::new()));
    let found = inspect("three");
    assert_eq!(found["signatures"].as_array().unwrap().len(), 1);
    let outer = &found["signatures"][0]["signedData"];
    assert_eq!((&outer["signer"], &outer["digestAlgorithm"]), (&"CN=first".into(), &"sha256".into()));
    let nested: Vec<_> = outer["nested"].as_array().unwrap().iter().collect();
    let signers: Vec<_> = nested.iter().map(|nested| nested["signer"].as_str().unwrap()).collect();
    assert_eq!(signers, ["CN=second", "CN=third"]);
    // They are of the same image: osslsigncode sees the digests that we print.
    let theirs = folder.try_run("osslsigncode", "verify -CAfile first.pem three");
    let theirs = String::from_utf8_lossy(&theirs.stdout).to_lowercase();
    for signature in nested.iter().copied().chain([outer]) {
        let digest = signature["imageDigest"].as_str().unwrap();
        assert!(theirs.contains(digest), "{digest}: {theirs}");
    }
    let text = snowguard.success("pe inspect three");
    assert!(
        text.contains("    by CN=first (sha256)\n") && text.contains("      by CN=third (sha512)\n"),
        "{text}"
    );
    assert!(text.contains("nested 1: (neither firmware nor shim looks at it)"), "{text}");
    // Firmware does not look at it, and neither do we when we judge.
    snowguard.text(0, "pe verify --db first.pem three");
    snowguard.text(1, "pe verify --db second.pem three");
}
