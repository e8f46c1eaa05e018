//! Signatures, as GnuPG judges them.

use proptest::prelude::*;
use std::path::Path;
use std::process::Command;
use test_support::Scratch;
use tracker::models::publication::openpgp::{Key, KeyError};

/// Whether GnuPG finds a signature good, and what it says.
pub(super) fn verify(folder: &Path, document: &[u8], signature: &str) -> (bool, String) {
    let (file, signed) = (folder.join("document"), folder.join("document.asc"));
    std::fs::write(&file, document).unwrap();
    std::fs::write(&signed, signature).unwrap();
    let keys = folder.join("keys.gpg");
    let mut command = Command::new("gpgv");
    command
        .arg("--homedir")
        .arg(folder)
        .args(["--status-fd", "1", "--keyring"])
        .arg(keys)
        .arg(signed)
        .arg(file);
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// The key as `gpgv` takes it: without its armor, which a keyring must not have.
pub(super) fn keyring(folder: &Path, certificate: &str) {
    use base64::Engine as _;
    let body: String =
        certificate.lines().filter(|line| !line.starts_with(['-', '=']) && !line.is_empty()).collect();
    let bytes = base64::engine::general_purpose::STANDARD.decode(body).unwrap();
    std::fs::write(folder.join("keys.gpg"), bytes).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn gnupg_verifies_what_was_signed(
        seed in prop::array::uniform32(any::<u8>()),
        created in 1_500_000_000_u32..1_700_000_000,
        after in 0_u32..50_000_000,
        document in prop::collection::vec(any::<u8>(), 0..500),
    ) {
        let key = Key::new(seed, created);
        let scratch = Scratch::new();
        let folder = scratch.folder();
        keyring(folder, &key.certificate("Snowguard <security@example.org>"));
        let signature = key.sign(&document, created + after);
        let (good, said) = verify(folder, &document, &signature);
        prop_assert!(good && said.contains("GOODSIG") && said.contains(&key.fingerprint()), "{said}");
        prop_assert!(said.contains("Snowguard <security@example.org>"), "{said}");
        // Another document, and another key.
        let mut changed = document.clone();
        changed.push(0);
        prop_assert!(!verify(folder, &changed, &signature).0);
        let mut other = seed;
        other[0] ^= 1;
        prop_assert!(!verify(folder, &document, &Key::new(other, created).sign(&document, created)).0);
        prop_assert_eq!(signature, key.sign(&document, created + after));
    }
}

/// GnuPG takes the whole key in, which it does only with a certification of the name that is good.
#[test]
fn gnupg_imports_the_key() {
    let key = Key::parse(&format!("1790000000:{}=\n", "A".repeat(43))).unwrap();
    let scratch = Scratch::new();
    let file = scratch.folder().join("key.asc");
    std::fs::write(&file, key.certificate("Snowguard\nUID:\u{202e}")).unwrap();
    let mut command = Command::new("gpg");
    command
        .arg("--homedir")
        .arg(scratch.folder())
        .args(["--batch", "--with-colons", "--show-keys"])
        .arg(&file);
    let output = command.output().unwrap();
    let listed = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && listed.contains(&format!("fpr:::::::::{}:", key.fingerprint())),
        "{listed}"
    );
    assert!(listed.contains("Snowguard UID"), "{listed}");
}

#[test]
fn what_is_no_key_is_refused() {
    let seed = format!("{}=", "A".repeat(43));
    for wrong in ["", "1", ":", &seed, &format!("x:{seed}"), "1:AAAA", &format!("4294967296:{seed}")] {
        assert_eq!(Key::parse(wrong).err(), Some(KeyError), "{wrong}");
    }
    // What is shown of a key in messages is not the secret.
    let text = format!("{:?}", Key::parse(&format!("1:{seed}")).unwrap());
    assert!(text.starts_with("Key(\"") && !text.contains("AAAA"), "{text}");
}
