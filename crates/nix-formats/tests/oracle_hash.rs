//! Spellings of hashes as the real Nix converts them.

#![allow(clippy::unwrap_used)]

mod generator;

use generator::Generator;
use nix_formats::{Hash, HashAlgorithm};
use serde_json::{Value, json};
use std::fs;
use test_support::NixStore;

type Spell = fn(&Hash) -> String;

/// Digests with borders among them: all bits 0, all 1, and single ones.
fn digests(algorithm: HashAlgorithm, count: usize) -> Vec<Hash> {
    let size = algorithm.size();
    let mut g = Generator::new(u64::try_from(size).unwrap());
    let mut digests = vec![vec![0; size], vec![0xff; size]];
    for bit in 0..size * 8 {
        let mut digest = vec![0; size];
        digest[bit / 8] = 1 << (bit % 8);
        digests.push(digest);
    }
    while digests.len() < count {
        digests.push(g.bytes(size));
    }
    digests.into_iter().map(|digest| Hash::new(algorithm, digest).unwrap()).collect()
}

/// Each of our spellings, converted by Nix to each of its, is again ours.
#[test]
fn conversions() {
    let nix_store = NixStore::new("nix-formats");
    let mut cases = Vec::new();
    for algorithm in [HashAlgorithm::Md5, HashAlgorithm::Sha1, HashAlgorithm::Sha256, HashAlgorithm::Sha512] {
        for hash in digests(algorithm, 700) {
            let prefixed = [hash.prefixed_base16(), hash.prefixed_base32(), hash.sri()];
            let with_base64 = format!("{algorithm}:{}", hash.base64());
            for text in prefixed.into_iter().chain([with_base64]) {
                cases.push((text, algorithm, hash.clone()));
            }
            // Bare: the algorithm comes from elsewhere.
            for text in [hash.base16(), hash.base32(), hash.base64()] {
                cases.push((text, algorithm, hash.clone()));
            }
        }
    }
    let input: Vec<Value> =
        cases.iter().map(|(text, a, _)| json!({ "hash": text, "hashAlgo": a.name() })).collect();
    fs::write(nix_store.outside("input.json"), json!(input).to_string()).unwrap();
    let expression = format!(
        "map (h: map (f: builtins.convertHash (h // {{ toHashFormat = f; }})) [ \"base16\" \"nix32\" \"base64\" \"sri\" ])
           (builtins.fromJSON (builtins.readFile {}))",
        nix_store.inside("input.json")
    );
    let output = nix_store
        .nix("nix-instantiate")
        .args(["--eval", "--strict", "--json", "--expr", &expression])
        .bytes();
    let theirs: Vec<[String; 4]> = serde_json::from_slice(&output).unwrap();
    assert_eq!(theirs.len(), cases.len());
    for ((text, algorithm, hash), theirs) in cases.iter().zip(theirs) {
        let parsed = Hash::parse_any(text, Some(*algorithm)).unwrap();
        assert_eq!(parsed, *hash, "{text}");
        assert_eq!([parsed.base16(), parsed.base32(), parsed.base64(), parsed.sri()], theirs, "{text}");
    }
}

/// `nix-hash --to-*` and `--type`, over digests and over the contents of files.
#[test]
fn old_program() {
    let nix_store = NixStore::new("nix-formats");
    for algorithm in [HashAlgorithm::Md5, HashAlgorithm::Sha1, HashAlgorithm::Sha256, HashAlgorithm::Sha512] {
        let hashes = digests(algorithm, 40);
        let forms: [(&str, Spell); 4] = [
            ("--to-base16", Hash::base16),
            ("--to-base32", Hash::base32),
            ("--to-base64", Hash::base64),
            ("--to-sri", Hash::sri),
        ];
        for (form, spell) in forms {
            let theirs = nix_store
                .nix("nix-hash")
                .args(["--type", algorithm.name(), form])
                .args(hashes.iter().map(Hash::base16))
                .lines();
            assert_eq!(theirs, hashes.iter().map(spell).collect::<Vec<_>>(), "{form}");
        }
        for (i, contents) in [&b""[..], b"a", b"\0\xff\n", &[7; 10_000]].into_iter().enumerate() {
            let name = format!("file-{i}");
            fs::write(nix_store.outside(&name), contents).unwrap();
            let theirs = nix_store.nix("nix-hash").args(["--type", algorithm.name(), "--flat", "--sri"]);
            let theirs = theirs.arg(nix_store.inside(&name)).text();
            assert_eq!(theirs.trim(), algorithm.hash(contents).sri());
        }
    }
}

/// BLAKE3 stands behind an experimental feature.
#[test]
fn blake3() {
    let nix_store = NixStore::new("nix-formats");
    let hashes = digests(HashAlgorithm::Blake3, 300);
    for (form, spell) in [
        ("base16", Hash::base16 as Spell),
        ("nix32", Hash::base32),
        ("base64", Hash::base64),
        ("sri", Hash::sri),
    ] {
        let theirs = nix_store
            .nix("nix")
            .args(["--extra-experimental-features", "nix-command blake3-hashes"])
            .args(["hash", "convert", "--hash-algo", "blake3", "--to", form])
            .args(hashes.iter().map(Hash::sri))
            .lines();
        assert_eq!(theirs, hashes.iter().map(spell).collect::<Vec<_>>(), "{form}");
    }
    fs::write(nix_store.outside("file"), [5; 5_000]).unwrap();
    let theirs = nix_store
        .nix("nix")
        .args(["--extra-experimental-features", "nix-command blake3-hashes"])
        .args(["hash", "file", "--type", "blake3", &nix_store.inside("file")])
        .text();
    assert_eq!(theirs.trim(), HashAlgorithm::Blake3.hash(&[5; 5_000]).sri());
}

/// Whether a text is a hash at all.
#[test]
fn refusals() {
    let nix_store = NixStore::new("nix-formats");
    let hash = HashAlgorithm::Sha256.hash(b"contents");
    let (base16, base32, base64) = (hash.base16(), hash.base32(), hash.base64());
    let texts = [
        format!("sha256:{}", base16.to_uppercase()),
        format!("sha256:{}", base32.to_uppercase()),
        format!("sha256:{}", &base16[1..]),
        format!("sha256:{base16}0"),
        format!("sha256:g{}", &base16[1..]),
        format!("sha256:e{}", &base32[1..]),
        format!("sha256:z{}", &base32[1..]),
        format!("sha256:1{}", &base32[1..]),
        format!("sha256:2{}", &base32[1..]),
        format!("sha256-{base16}"),
        format!("sha256-{base32}"),
        format!("sha256-{}", &base64[..43]),
        format!("sha256-{base64}="),
        format!("sha256:{}", base64.replace(['+', '/'], "_")),
        format!("sha256-{}_{}", &base64[..1], &base64[2..]),
        format!("sha1:{base16}"),
        format!("SHA256:{base16}"),
        format!("sha3:{base16}"),
        format!("sha256 {base16}"),
        format!("sha256: {base16}"),
        format!("sha256:{base16}\n"),
        "sha256:".to_owned(),
        "sha256-".to_owned(),
        ":".to_owned(),
        "-".to_owned(),
        base16.clone(),
        // Bits that no byte holds: the last digit before the padding.
        format!("sha256-{}", "A".repeat(42) + "B="),
        format!("sha256-{}", "A".repeat(42) + "E="),
    ];
    let mut wrong = Vec::new();
    for text in &texts {
        let theirs = nix_store
            .nix("nix")
            .args(["--extra-experimental-features", "nix-command"])
            .args(["hash", "convert", "--to", "sri", "--", text])
            .output();
        let theirs =
            theirs.status.success().then(|| String::from_utf8(theirs.stdout).unwrap().trim().to_owned());
        let ours = text.parse::<Hash>().ok().map(|hash| hash.sri());
        if ours != theirs {
            wrong.push(format!("{text:?}: {theirs:?} to Nix, {ours:?} to us"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
