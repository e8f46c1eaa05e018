//! Signatures both ways: what sbsign, osslsigncode, pesign and systemd-sbsign sign we accept, with
//! keys of each size, alone and one behind the other; what we sign they accept.

#![allow(clippy::unwrap_used)]

mod forge;

use authenticode::DigestAlgorithm;
use authenticode::pe::{Layout, certificates};
use forge::{Forge, attached, complaint, signature, signed, tiny, trusting};

/// A name, and how it signs `in` to `out` with the key `KEY.key` and the certificate `KEY.pem`.
const SIGNERS: [(&str, &str); 4] = [
    ("sbsign", "sbsign --key KEY.key --cert KEY.pem --output out in"),
    ("osslsigncode", "rm -f out; osslsigncode sign -h sha256 -certs KEY.pem -key KEY.key -in in -out out"),
    (
        "systemd-sbsign",
        "/usr/lib/systemd/systemd-sbsign sign --private-key KEY.key --certificate KEY.pem --output out in",
    ),
    (
        "pesign",
        "rm -rf nss; mkdir nss; certutil -N -d nss --empty-password; \
         openssl pkcs12 -export -in KEY.pem -inkey KEY.key -name it -passout pass: -out it.p12; \
         pk12util -d nss -i it.p12 -W ''; rm -f out; pesign --certdir nss --certificate it --sign --in in --out out",
    ),
];

#[test]
fn what_others_sign_we_accept() {
    let forge = Forge::new();
    let stranger = forge.own("stranger", "/CN=Stranger", "");
    let stub = std::fs::read(forge.room.root().join("usr/lib/systemd/boot/efi/linuxx64.efi.stub")).unwrap();
    for bits in [2048, 3072, 4096] {
        let name = format!("rsa{bits}");
        forge.shell(&format!(
            "openssl req -x509 -newkey rsa:{bits} -nodes -keyout {name}.key -out {name}.pem -days 9 -subj /CN={name} 2>&1"
        ));
        let certificate = forge.certificate(&name);
        let policy = trusting([&certificate]);
        for (tool, command) in SIGNERS {
            let command = command.replace("KEY", &name);
            for (what, image) in [("tiny", tiny()), ("stub", stub.clone())] {
                forge.write("in", &image);
                forge.shell(&format!("({command}) 2>&1"));
                let by_others = forge.read("out");
                assert_eq!(complaint(&by_others, &policy), "", "{tool}, {bits} bits, {what}");
                assert!(!complaint(&by_others, &trusting([&stranger.certificate])).is_empty());
            }
        }
        // One behind the other, ours in the middle, on an image whose length is a multiple of
        // eight.
        let mut image = tiny();
        for (place, (tool, command)) in SIGNERS.iter().enumerate() {
            forge.write("in", &image);
            // It puts its signature in the place of those that are there.
            if *tool == "osslsigncode" {
                continue;
            }
            forge.shell(&format!("({}) 2>&1", command.replace("KEY", &name)));
            image = forge.read("out");
            if place == 0 {
                let theirs = forge::signatures(&image);
                image = attached(&image, &[theirs[0].clone(), signature(&tiny(), &stranger, &[])]);
            }
            assert_eq!(complaint(&image, &policy), "", "{tool} behind others");
        }
        let layout = Layout::read(image.as_slice()).unwrap();
        let count = certificates(image.as_slice(), &layout).unwrap().len();
        assert!(count >= 3, "{count} signatures");
    }
}

#[test]
fn what_we_sign_others_accept() {
    let forge = Forge::new();
    for bits in [2048, 3072, 4096] {
        let name = format!("rsa{bits}");
        forge.shell(&format!(
            "openssl req -x509 -newkey rsa:{bits} -nodes -keyout {name}.key -out {name}.pem -days 9 -subj /CN={name} 2>&1"
        ));
        let image = signed(&tiny(), &forge.identity(&name), &[]);
        assert!(forge.sbverify(&image, &name), "sbverify, {bits} bits");
        forge.write("ours", &image);
        let text =
            forge.room.run("osslsigncode", ["verify", "-in", "ours", "-CAfile", &format!("{name}.pem")]);
        assert!(text.contains("Signature verification: ok"), "{text}");
        let text = forge.room.run("pesign", ["--show-signature", "--in", "ours"]);
        assert!(text.contains(&name), "{text}");
        // pesign computes the same digest as stands in what we signed.
        let text = forge.room.run("pesign", ["--hash", "--in", "ours"]);
        let layout = Layout::read(image.as_slice()).unwrap();
        let digests =
            authenticode::image_digest::digests(image.as_slice(), &layout, 0, &[DigestAlgorithm::Sha256])
                .unwrap();
        let hex: Vec<String> =
            digests.get(DigestAlgorithm::Sha256).unwrap().iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(text.contains(&hex.concat()), "{text}");
    }
}
