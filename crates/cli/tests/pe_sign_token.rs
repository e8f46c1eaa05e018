//! `snowguard pe sign` with keys in tokens: SoftHSM holds them, pkcs11-tool makes them, sbverify
//! and osslsigncode judge.
//!
//! SoftHSM's module is made for the C library of the toolbox, so our program runs inside of it.

#![cfg(feature = "pkcs11")]
#![allow(clippy::unwrap_used)]

use std::process::Command;
use test_support::{Outcome, ToolboxFolder, snowguard};

const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";
const PIN: &str = "738294";

/// A folder in the toolbox with a token of its own, which holds keys `rsa`, `p256`, `p384`, and
/// `always`, which wants its PIN for each signature; a certificate for each (`rsa.pem` …) from the
/// authority `ca.pem`; and programs `mm`, `stub`.
struct Fixture(ToolboxFolder);

impl Fixture {
    fn new() -> Self {
        let fixture = Self(ToolboxFolder::new("token"));
        fixture.0.take(&[
            ("usr/lib/shim/mmx64.efi", "mm"),
            ("usr/lib/systemd/boot/efi/linuxx64.efi.stub", "stub"),
        ]);
        let (ours, program) = (snowguard!(), fixture.0.path("snowguard"));
        let copied = std::fs::hard_link(ours.program(), &program);
        copied.or_else(|_| std::fs::copy(ours.program(), &program).map(drop)).unwrap();
        std::fs::create_dir(fixture.0.path("tokens")).unwrap();
        let config = format!("directories.tokendir = {}\nlog.level = ERROR\n", fixture.0.inside("tokens"));
        fixture.0.write("softhsm2.conf", config);
        fixture.0.write("pin", format!("{PIN}\n"));
        fixture.token("Boot keys");
        fixture.good(
            "openssl",
            "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=authority/ -days 30",
        );
        for (id, (name, kind, more)) in [
            ("rsa", "rsa:2048", ""),
            ("p256", "EC:prime256v1", ""),
            ("p384", "EC:secp384r1", ""),
            ("always", "rsa:3072", " --always-auth"),
        ]
        .iter()
        .enumerate()
        {
            fixture.tool(&format!("--keypairgen --key-type {kind} --label {name} --id 0{id}{more}"));
            fixture.tool(&format!("--read-object --type pubkey --label {name} --output-file {name}.pub"));
            fixture.good("openssl", &format!("pkey -pubin -inform der -in {name}.pub -out {name}.pub.pem"));
            fixture.good(
                "openssl",
                &format!(
                    "x509 -new -subj /CN={name}/ -days 30 -force_pubkey {name}.pub.pem -CA ca.pem -CAkey ca.key -out {name}.pem"
                ),
            );
            fixture.good("openssl", &format!("x509 -in {name}.pem -outform der -out {name}.der"));
            fixture.tool(&format!("--write-object {name}.der --type cert --label {name} --id 0{id}"));
        }
        fixture
    }

    fn token(&self, label: &str) {
        let arguments = ["--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "5678"];
        Outcome::of(self.command("softhsm2-util").args(arguments)).success();
    }

    fn tool(&self, arguments: &str) {
        self.good("pkcs11-tool", &format!("--module {MODULE} --login --pin {PIN} {arguments}"));
    }

    fn command(&self, program: &str) -> Command {
        let mut command = self.0.command(program);
        command.env("SOFTHSM2_CONF", self.0.inside("softhsm2.conf")).env("NO_COLOR", "1");
        command
    }

    fn good(&self, program: &str, arguments: &str) -> String {
        Outcome::of(self.command(program).args(arguments.split(' '))).success()
    }

    fn sign(&self, key: &str, arguments: &str, environment: &[(&str, &str)]) -> Outcome {
        let mut command = self.command(&self.0.inside("snowguard"));
        command.args(["pe", "sign", "--key", key]).args(arguments.split(' '));
        Outcome::of(command.envs(environment.iter().copied()))
    }

    fn signed(&self, key: &str, arguments: &str) {
        self.sign(key, arguments, &[]).success();
    }

    fn refused(&self, key: &str, arguments: &str, problem: &str) {
        let text = self.sign(key, arguments, &[]).failure(3);
        assert!(text.contains(problem), "{key} {arguments}: {text}");
        for pin in [PIN, "999111"] {
            assert!(!text.contains(pin), "the PIN is shown: {text}");
        }
    }

    fn osslsigncode(&self, file: &str, digest: &str) {
        let text = self.good("osslsigncode", &format!("verify -in {file} -CAfile ca.pem"));
        assert!(text.contains("Signature verification: ok"), "{text}");
        assert!(text.contains(&format!("Message digest algorithm  : {digest}")), "{digest}: {text}");
    }
}

/// A URI of our token.
fn uri(object: &str, query: &str) -> String {
    format!("pkcs11:token=Boot%20keys;object={object};type=private?module-path={MODULE}{query}")
}

#[test]
fn keys_in_tokens() {
    let fixture = Fixture::new();
    let with_pin = |name: &str| uri(name, &format!("&pin-source=file:{}", fixture.0.inside("pin")));
    std::fs::create_dir(fixture.0.path("out")).unwrap();
    // Several signatures in one session.
    fixture.signed(&with_pin("rsa"), "--cert rsa.pem --output-dir out mm stub");
    for file in ["out/mm", "out/stub"] {
        fixture.good("sbverify", &format!("--cert ca.pem {file}"));
        fixture.osslsigncode(file, "SHA256");
    }
    for digest in ["sha384", "sha512"] {
        fixture.signed(&with_pin("rsa"), &format!("--cert rsa.pem --digest {digest} --output signed mm"));
        fixture.osslsigncode("signed", &digest.to_uppercase());
    }
    fixture.signed(&with_pin("p256"), "--cert p256.pem --output signed mm");
    fixture.osslsigncode("signed", "SHA256");
    fixture.signed(&with_pin("p384"), "--cert p384.pem --digest sha384 --output signed mm");
    fixture.osslsigncode("signed", "SHA384");
    // The PIN for each signature.
    fixture.signed(&with_pin("always"), "--cert always.pem --output-dir out mm stub");
    for file in ["out/mm", "out/stub"] {
        fixture.good("sbverify", &format!("--cert ca.pem {file}"));
    }
    // The certificate from the token, which gives the same bytes for RSA.
    let certificate = uri("rsa", "").replace("type=private", "type=cert");
    fixture.signed(&with_pin("rsa"), &format!("--cert {certificate} --output from-token mm"));
    fixture.signed(&with_pin("rsa"), "--cert rsa.pem --output from-file mm");
    let bytes = |name: &str| fixture.0.read(name);
    assert_eq!(bytes("from-token"), bytes("from-file"));
    // Tokens by what their module and their slot are, and the module by its name (RFC 7512).
    let named = with_pin("rsa").replace(&format!("module-path={MODULE}"), "module-name=softhsm2");
    assert!(named.contains("?module-name=softhsm2&pin-source"), "{named}");
    let describe = |more: &str| named.replace("pkcs11:", &format!("pkcs11:{more};"));
    for more in [
        "library-manufacturer=SoftHSM",
        "library-description=Implementation%20of%20PKCS11",
        "library-version=2;slot-manufacturer=SoftHSM%20project",
    ] {
        let minor = if more.contains("version") {
            // What the module says of itself.
            let shown = fixture.good("pkcs11-tool", &format!("--module {MODULE} --show-info"));
            let version = shown.lines().find(|line| line.starts_with("Library")).unwrap();
            let version = version.split("(ver ").nth(1).unwrap().trim_end_matches(')');
            more.replace("version=2", &format!("version={version}"))
        } else {
            more.to_owned()
        };
        fixture.signed(&describe(&minor), "--cert rsa.pem --output signed mm");
        assert_eq!(bytes("signed"), bytes("from-file"));
    }
    for more in ["library-description=Other", "library-version=9", "slot-description=Other"] {
        fixture.refused(&describe(more), "--cert rsa.pem mm", "no token matches");
    }
    // Keys by their identifiers, PINs and modules from everywhere.
    let short = "pkcs11:id=%00;type=private";
    let arguments = format!("--pkcs11-module {MODULE} --cert rsa.pem --output signed mm");
    let id = short;
    for (key, more, environment) in [
        (id.to_owned(), "--pin-file pin ", None),
        (id.to_owned(), "", Some(("SNOWGUARD_PIN", PIN))),
        (format!("{id}?pin-value={PIN}"), "", Some(("SNOWGUARD_PIN", "999111"))),
    ] {
        fixture.sign(&key, &format!("{more}{arguments}"), environment.as_slice()).success();
        assert_eq!(bytes("signed"), bytes("from-file"));
    }
}

#[test]
fn what_goes_wrong_says_what_to_do() {
    let fixture = Fixture::new();
    let with_pin = |name: &str| uri(name, &format!("&pin-value={PIN}"));
    let before = fixture.0.read("mm");
    fixture.refused(
        &uri("rsa", "&pin-value=999111"),
        "--cert rsa.pem mm",
        "the PIN is wrong\nhint: it is not tried again",
    );
    fixture.refused(&uri("rsa", ""), "--cert rsa.pem mm", "the token wants a PIN\nhint: give pin-source=");
    fixture.refused(
        &with_pin("none"),
        "--cert rsa.pem mm",
        "0 private keys match pkcs11:token=Boot keys;object=none",
    );
    fixture.refused(
        &format!("pkcs11:type=private?module-path={MODULE}&pin-value={PIN}"),
        "--cert rsa.pem mm",
        "4 private keys match pkcs11:\nhint: name one by object= or id=",
    );
    fixture.refused(&with_pin("p256"), "--cert rsa.pem mm", "do not belong together");
    fixture.refused(&with_pin("rsa"), "--cert always.pem mm", "do not belong together");
    fixture.refused(&with_pin("p256"), "--cert p384.pem mm", "do not belong together");
    fixture.refused(
        &with_pin("rsa").replace("Boot%20keys", "Other"),
        "--cert rsa.pem mm",
        "no token matches pkcs11:token=Other;object=rsa; there are: `Boot keys`",
    );
    fixture.refused(
        &with_pin("rsa").replace("type=private", "type=cert"),
        "--cert rsa.pem mm",
        "its `type` says otherwise",
    );
    fixture.refused(
        &format!("pkcs11:tokn=x?pin-value={PIN}"),
        "--cert rsa.pem mm",
        "the path has no attribute `tokn`",
    );
    fixture.refused(
        &with_pin("rsa").replace(MODULE, "/nothing.so"),
        "--cert rsa.pem mm",
        "cannot load the PKCS #11 module /nothing.so",
    );
    fixture.refused(&format!("pkcs11:object=rsa?pin-value={PIN}"), "--cert rsa.pem mm", "no module is named");
    fixture.token("Second");
    fixture.refused(
        &format!("pkcs11:object=rsa?module-path={MODULE}&pin-value={PIN}"),
        "--cert rsa.pem mm",
        "hint: name one by token=, serial= or slot-id=",
    );
    assert_eq!(fixture.0.read("mm"), before);
}
