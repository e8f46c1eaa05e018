//! Paths of certificates, judged by openssl with what EDK2 and shim ask of it: partial paths, any
//! purpose, no time.

#![allow(clippy::unwrap_used)]

mod forge;

use authenticode::certificate::Certificate;
use authenticode::path::{Chain, PathError};
use forge::Forge;
use std::fmt::Write as _;

/// Extensions that decide about authorities. The leaf has them too.
const EXTENSIONS: [&str; 14] = [
    "",
    "basicConstraints=critical,CA:TRUE\n",
    "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n",
    "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,digitalSignature\n",
    "basicConstraints=critical,CA:TRUE,pathlen:0\n",
    "basicConstraints=critical,CA:TRUE,pathlen:1\nkeyUsage=critical,keyCertSign,cRLSign\n",
    "basicConstraints=CA:FALSE\n",
    "basicConstraints=CA:FALSE\nkeyUsage=keyCertSign\n",
    "keyUsage=critical,keyCertSign\n",
    "keyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning\n",
    "basicConstraints=critical,CA:TRUE\nextendedKeyUsage=critical,timeStamping\n",
    "basicConstraints=critical,CA:TRUE\n1.2.3.4=critical,ASN1:NULL\n",
    "basicConstraints=critical,CA:TRUE\n1.2.3.4=ASN1:NULL\n",
    "basicConstraints=critical,CA:TRUE\nnameConstraints=permitted;dirName:allowed\n[allowed]\nCN=nobody\n",
];
const CHAINS: usize = 70;

/// Reproducible, and every extension in every place.
fn pick(chain: usize, place: usize) -> usize {
    match chain {
        0..14 => {
            if place == 1 {
                chain
            } else {
                2
            }
        }
        14..28 => {
            if place == 2 {
                chain - 14
            } else {
                2
            }
        }
        28..42 => {
            if place == 0 {
                chain - 28
            } else {
                2
            }
        }
        42..56 => {
            if place == 3 {
                chain - 42
            } else {
                2
            }
        }
        _ => (chain * 31 + place * 17 + chain / 7 * place) % EXTENSIONS.len(),
    }
}

#[test]
fn openssl_and_we_agree_on_paths() {
    let forge = Forge::new();
    // Four keys do for all chains: places 0 (leaf) to 3 (root).
    let mut script = String::new();
    for place in 0..4 {
        let _ = writeln!(
            script,
            "openssl genrsa -out k{place}.key 2048 2>/dev/null; openssl pkey -in k{place}.key -pubout -out k{place}.pub"
        );
    }
    for chain in 0..CHAINS {
        for place in (0..4).rev() {
            let extensions = EXTENSIONS[pick(chain, place)].replace('\n', "\\n");
            let name = format!("{chain}-{place}");
            let (issuer, key) =
                if place == 3 { (String::new(), 3) } else { (format!("{chain}-{}", place + 1), place + 1) };
            let by = if place == 3 {
                "-signkey k3.key".to_owned()
            } else {
                format!("-CA {issuer}.pem -CAkey k{key}.key")
            };
            // Chains that are a multiple of five have an authority that issued itself in between.
            let subject = if chain % 5 == 0 && place == 2 { format!("{chain}-3") } else { name.clone() };
            let force = if place == 3 { String::new() } else { format!("-force_pubkey k{place}.pub") };
            let _ = writeln!(
                script,
                "printf '{extensions}' > e; openssl x509 -new {force} -subj /CN={subject} {by} -days 3650 -extfile e -out {name}.pem 2>/dev/null"
            );
        }
    }
    // The anchor is the root, the one below it, or the one that issued the leaf, or the leaf.
    for chain in 0..CHAINS {
        let _ = writeln!(script, "cat {chain}-1.pem {chain}-2.pem > bag{chain}.pem");
        for anchor in 0..4 {
            let _ = writeln!(
                script,
                "openssl verify -partial_chain -no_check_time -purpose any -no-CApath -no-CAfile -no-CAstore \
                 -trusted {chain}-{anchor}.pem -untrusted bag{chain}.pem {chain}-0.pem >/dev/null 2>&1 && echo yes || echo no"
            );
        }
    }
    let answers = forge.shell(&script);
    let answers: Vec<bool> = answers.lines().map(|line| line == "yes").collect();
    assert_eq!(answers.len(), CHAINS * 4);

    let (mut good, mut stricter) = (0, 0);
    for chain in 0..CHAINS {
        let certificates: Vec<Certificate> =
            (0..4).map(|place| forge.certificate(&format!("{chain}-{place}"))).collect();
        let bag = &certificates[1..3];
        let way = Chain::new(&certificates[0], bag, false);
        for anchor in 0..4 {
            let ours = way.path_to_any(std::iter::once(((), &certificates[anchor])));
            let theirs = answers[chain * 4 + anchor];
            let told =
                format!("chain {chain}, anchor {anchor}: openssl {theirs}, we {:?}", ours.as_ref().err());
            match (&ours, theirs) {
                (Ok(((), path)), true) => {
                    good += 1;
                    assert_eq!(path.len(), anchor + 1, "{told}");
                }
                (Err(_), false) => {}
                // Constraints on names are not judged here.
                (Err(PathError::Extension { extension, .. }), true)
                    if extension.to_string() == "2.5.29.30" =>
                {
                    stricter += 1;
                }
                _ => panic!("{told}"),
            }
        }
    }
    println!("{} paths: {good} good, {stricter} refused by us alone for constraints on names", CHAINS * 4);
    assert!(good > 60 && good < CHAINS * 3, "{good} of {} are good", CHAINS * 4);
}
