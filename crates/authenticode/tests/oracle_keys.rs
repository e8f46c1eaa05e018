//! Files of keys and certificates in every form that openssl writes or reads: what it reads, we
//! read, and it is the same key.

#![allow(clippy::unwrap_used)]

mod forge;

use authenticode::certificate::Certificate;
use authenticode::key_location::{KeyAccess, KeyLocation};
use authenticode::sign::{PrivateKey, PrivateKeyError, Secret, SecretSource};
use forge::Forge;
use std::collections::BTreeSet;
use test_support::data;

const PASSPHRASE: &str = "a sécret €";
/// All that openssl has, the old things too.
const PROVIDERS: &str = "-provider default -provider legacy";

fn secret(text: &str) -> Secret {
    Secret::from(text.as_bytes().to_vec())
}

/// A file in other words: what editors, mail and other tools do to PEM. Each with its name.
fn variants(pem: &[u8], other: &[u8]) -> Vec<(String, Vec<u8>)> {
    let lines: Vec<&[u8]> = pem.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    let joined = |end: &[u8], start: &[u8]| -> Vec<u8> {
        lines
            .iter()
            .enumerate()
            .flat_map(|(number, line)| {
                // Nothing may stand in front of the dashes.
                let start = if number == 0 || line.starts_with(b"-") { b"" } else { start };
                [start, line, end].concat()
            })
            .collect()
    };
    // Only without headers can base64 be broken otherwise.
    let (first, last) = (lines[0], lines[lines.len() - 1]);
    let base64 = lines[1..lines.len() - 1].concat();
    let columns = |count: usize| {
        let body: Vec<u8> = base64.chunks(count).flat_map(|line| [line, b"\n"].concat()).collect();
        [first, b"\n", &body, last, b"\n"].concat()
    };
    let mut all: Vec<(&str, Vec<u8>)> = vec![
        ("as it is", pem.to_vec()),
        ("without the last line end", pem.trim_ascii_end().to_vec()),
        ("an empty line behind", [pem, b"\n"].concat()),
        ("many behind", [pem, b"\n\r\n \n\t\n"].concat()),
        ("an empty line in front", [b"\n\n", pem].concat()),
        ("a comment behind", [pem, b"# the end"].concat()),
        ("a comment in front", [b"Bag Attributes\n    friendlyName: x\n", pem].concat()),
        ("Latin-1 in front", [b"CN = M\xfcller\n", pem].concat()),
        ("a zero in front", [b"0 s:CN = x\n", pem].concat()),
        ("a byte order mark", [b"\xef\xbb\xbf", pem].concat()),
        ("another block behind", [pem, other].concat()),
        ("another block in front", [other, pem].concat()),
        ("carriage returns", joined(b"\r\n", b"")),
        ("blanks at the ends", joined(b" \n", b"")),
        ("tabs at the ends", joined(b"\t \n", b"")),
        ("carriage returns, and more behind", [joined(b"\r\n", b""), b"\r\n\r\n".to_vec()].concat()),
        ("blanks in front of lines", joined(b"\n", b" ")),
        ("empty lines between", joined(b"\n\n", b"")),
        ("another label", replaced(pem, b"-----BEGIN ", b"-----BEGIN X ")),
        ("another end", replaced(pem, b"-----END ", b"-----END X ")),
        ("blanks in front of the dashes", [b" ", pem].concat()),
        ("cut", pem[..pem.len() - 10].to_vec()),
    ];
    if !pem.contains(&b':') {
        let counts = [
            (1, "1 column"),
            (4, "4"),
            (32, "32"),
            (48, "48"),
            (63, "63"),
            (65, "65"),
            (76, "76"),
            (300, "300"),
            (9999, "one line"),
        ];
        all.extend(counts.map(|(count, name)| (name, columns(count))));
    }
    all.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect()
}

fn replaced(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = text.windows(from.len()).position(|window| window == from).unwrap();
    [&text[..at], to, &text[at + from.len()..]].concat()
}

/// Which of these files a command of openssl reads; `FILE` is its name.
fn read_by_openssl(forge: &Forge, files: &[(String, Vec<u8>)], command: &str) -> BTreeSet<usize> {
    let folder = forge.room.outside("forms");
    std::fs::create_dir(&folder).unwrap();
    for (number, (_, bytes)) in files.iter().enumerate() {
        std::fs::write(folder.join(number.to_string()), bytes).unwrap();
    }
    let command = command.replace("FILE", "forms/$f");
    let script =
        format!("for f in $(ls forms); do if {command} >/dev/null 2>&1 </dev/null; then echo $f; fi; done");
    let read = forge.shell(&script);
    std::fs::remove_dir_all(folder).unwrap();
    read.lines().map(|line| line.parse().unwrap()).collect()
}

/// The forms in which openssl writes a key: a name, and the command, which reads `in.pem`.
fn written(kind: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut add = |name: &str, command: String| all.push((name.to_owned(), command));
    add("pkcs8", "pkcs8 -topk8 -nocrypt -in in.pem".into());
    add("pkcs8 in DER", "pkcs8 -topk8 -nocrypt -in in.pem -outform der".into());
    add("traditional", "pkey -in in.pem -traditional".into());
    add("traditional in DER", "pkey -in in.pem -traditional -outform der".into());
    for cipher in ["aes-128-cbc", "aes-192-cbc", "aes-256-cbc", "des-ede3-cbc", "des-cbc"] {
        add(
            &format!("traditional, {cipher}"),
            format!("pkey -in in.pem -traditional -{cipher} -passout file:pass"),
        );
        add(
            &format!("PBES2, {cipher}"),
            format!("pkcs8 -topk8 -in in.pem -v2 {cipher} -iter 9 -passout file:pass"),
        );
    }
    for prf in ["hmacWithSHA1", "hmacWithSHA224", "hmacWithSHA256", "hmacWithSHA384", "hmacWithSHA512"] {
        add(
            prf,
            format!(
                "pkcs8 -topk8 -in in.pem -v2 aes-256-cbc -v2prf {prf} -iter 9 -passout file:pass -outform der"
            ),
        );
    }
    add(
        "scrypt",
        "pkcs8 -topk8 -in in.pem -scrypt -scrypt_N 16 -scrypt_r 1 -scrypt_p 1 -passout file:pass".into(),
    );
    for scheme in [
        "PBE-MD5-DES",
        "PBE-SHA1-DES",
        "PBE-MD5-RC2-64",
        "PBE-SHA1-RC2-64",
        "PBE-SHA1-3DES",
        "PBE-SHA1-2DES",
        "PBE-SHA1-RC2-128",
        "PBE-SHA1-RC2-40",
    ] {
        add(scheme, format!("pkcs8 -topk8 -in in.pem -v1 {scheme} -iter 9 -passout file:pass"));
    }
    if kind == "ec" {
        add("without the public key", "ec -in in.pem -no_public".into());
        add(
            "pkcs8 without it",
            "ec -in in.pem -no_public -out x; openssl pkcs8 -topk8 -nocrypt -in x".into(),
        );
        add("compressed", "ec -in in.pem -conv_form compressed".into());
        add("parameters in front", "ecparam -name prime256v1; openssl pkey -in in.pem -traditional".into());
    }
    all
}

#[test]
fn private_keys() {
    let forge = Forge::new();
    forge.write("pass", PASSPHRASE.as_bytes());
    forge.own("other", "/CN=other", "");
    let other = forge.read("other.pem");
    for (kind, new) in [("rsa", "rsa:2048"), ("ec", "ec -pkeyopt ec_paramgen_curve:prime256v1")] {
        forge.shell(&format!(
            "openssl req -x509 -newkey {new} -nodes -keyout in.pem -out cert.pem -days 9 -subj /CN={kind} 2>&1"
        ));
        let certificate = forge.certificate("cert");
        let mut files = Vec::new();
        for (name, command) in written(kind) {
            let command = format!("(openssl {command} {PROVIDERS}) > out 2>err || (cat err >&2; false)");
            forge.shell(
                &command
                    .replace("; openssl pkey", &format!(" {PROVIDERS}; openssl pkey"))
                    .replace("; openssl pkcs8", &format!(" {PROVIDERS} 2>err; openssl pkcs8")),
            );
            let bytes = forge.read("out");
            let is_text = bytes.starts_with(b"--");
            let of_text =
                if is_text && name != "parameters in front" { variants(&bytes, &other) } else { Vec::new() };
            // Every variant of the plain forms, one of the others.
            let plain = name == "pkcs8" || (kind == "rsa" && name == "traditional, aes-256-cbc");
            let kept = of_text.into_iter().filter(|(variant, _)| plain || variant == "an empty line behind");
            files.extend(kept.map(|(variant, bytes)| (format!("{name}, {variant}"), bytes)));
            if !is_text {
                files.push((format!("{name}, line end behind"), [&bytes[..], b"\n"].concat()));
            }
            files.push((name, bytes));
        }
        let command = format!("openssl pkey -in FILE -passin file:pass -noout {PROVIDERS}");
        let read = read_by_openssl(&forge, &files, &command);
        assert!(read.len() * 4 > files.len() * 3, "openssl reads {} of {}", read.len(), files.len());
        for (number, (name, bytes)) in files.iter().enumerate() {
            let ours = PrivateKey::read(bytes, Some(&secret(PASSPHRASE)));
            match &ours {
                Ok(key) => assert!(key.is_of(&certificate).unwrap(), "{kind}, {name}"),
                Err(error) => assert!(!read.contains(&number), "{kind}, {name}: {error}"),
            }
            // In the forms themselves; the variants hold the same.
            if !name.contains(" behind") && !name.contains(" in front") && !name.contains("columns") {
                let wrong = PrivateKey::read(bytes, Some(&secret("a secret")));
                match PrivateKey::read(bytes, None) {
                    Err(PrivateKeyError::PassphraseNeeded) => {
                        assert_eq!(wrong.unwrap_err(), PrivateKeyError::Decryption, "{kind}, {name}");
                    }
                    _ => assert_eq!(wrong.is_ok(), ours.is_ok(), "{kind}, {name}"),
                }
            }
        }
    }
}

#[test]
fn certificates() {
    let forge = Forge::new();
    forge.own("other", "/CN=other", "");
    let wanted = forge.own("wanted", "/CN=wanted", "").certificate;
    let key = forge.read("other.key");
    let mut files = Vec::new();
    forge.shell("openssl x509 -in wanted.pem -trustout -addtrust serverAuth -out trusted.pem");
    let plain = forge.read("wanted.pem");
    let x509 = String::from_utf8(plain.clone()).unwrap().replace(" CERT", " X509 CERT");
    for (name, pem) in [("plain", plain), ("X509", x509.into_bytes()), ("trusted", forge.read("trusted.pem"))]
    {
        files.extend(
            variants(&pem, &key).into_iter().map(|(variant, bytes)| (format!("{name}, {variant}"), bytes)),
        );
    }
    forge.shell(
        "openssl x509 -in wanted.pem -outform der -out der; openssl x509 -in wanted.pem -text -out text",
    );
    files.push(("with text".to_owned(), forge.read("text")));
    files.push(("DER".to_owned(), forge.read("der")));
    files.push(("DER and a line end".to_owned(), [forge.read("der"), b"\n".to_vec()].concat()));
    let read = read_by_openssl(&forge, &files, "openssl x509 -in FILE -noout");
    assert!(read.len() * 4 > files.len() * 3, "openssl reads {} of {}", read.len(), files.len());
    for (number, (name, bytes)) in files.iter().enumerate() {
        match Certificate::read_all(bytes) {
            Ok(found) => assert_eq!(found.as_slice(), std::slice::from_ref(&wanted), "{name}"),
            Err(error) => assert!(!read.contains(&number), "{name}: {error}"),
        }
    }
}

/// Certificates that somebody found to be refused.
#[test]
fn certificates_that_were_refused() {
    let read = |name: &str| {
        let bytes = std::fs::read(data(&format!("cases/pe/key-files/{name}.pem"))).unwrap();
        Certificate::read_all(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    let plain = read("c");
    for name in ["c-bom", "c-col76", "c-latin1", "c-oneline", "c-trusted", "c-x509", "c-zero-text"] {
        assert_eq!(read(name), plain, "{name}");
    }
}

#[test]
fn pkcs12() {
    let forge = Forge::new();
    forge.write("pass", PASSPHRASE.as_bytes());
    forge.write("none", b"\n");
    forge.own("root", "/CN=Root", "");
    forge.issued("mine", "root", "");
    let (mine, root) = (forge.certificate("mine"), forge.certificate("root"));
    let mut ways: Vec<(String, &str)> = [
        "",
        "-legacy",
        "-nomac",
        "-macalg sha1",
        "-macalg sha384",
        "-macalg sha512",
        "-iter 1",
        "-nomaciter",
        "-keypbe NONE -certpbe NONE",
        "-keypbe AES-128-CBC -certpbe AES-192-CBC",
        "-keypbe PBE-SHA1-2DES -certpbe NONE",
        "-descert -legacy",
        "-keypbe PBE-SHA1-RC2-128 -certpbe PBE-SHA1-RC2-40 -legacy",
        "-pbmac1_pbkdf2",
        "-pbmac1_pbkdf2 -macalg sha512 -pbmac1_pbkdf2_md sha384",
        "-name x -caname y -CSP z",
    ]
    .map(|way| (way.to_owned(), "pass"))
    .into();
    ways.push((String::new(), "none"));
    for (way, pass) in ways {
        forge.shell(&format!(
            "openssl pkcs12 -export -inkey mine.key -in mine.pem -certfile root.pem -passout file:{pass} {way} -out p12; \
             openssl pkcs12 -in p12 -passin file:{pass} -noout {PROVIDERS}"
        ));
        let bytes = forge.read("p12");
        let passphrase = if pass == "pass" { secret(PASSPHRASE) } else { secret("") };
        let key =
            PrivateKey::read(&bytes, Some(&passphrase)).unwrap_or_else(|error| panic!("{way}: {error}"));
        assert!(key.is_of(&mine).unwrap(), "{way}");
        let location = KeyLocation::File(forge.room.outside("p12"));
        let access = KeyAccess { passphrase: SecretSource::Given(passphrase), ..KeyAccess::default() };
        assert_eq!(location.certificates(&access).unwrap(), [mine.clone(), root.clone()], "{way}");
        if !way.contains("NONE") || !way.contains("nomac") {
            let wrong = PrivateKey::read(&bytes, Some(&secret("wrong"))).unwrap_err();
            assert_eq!(wrong, PrivateKeyError::Decryption, "{way}");
        }
        assert_eq!(PrivateKey::read(&bytes, None).unwrap_err(), PrivateKeyError::PassphraseNeeded, "{way}");
        // Changed anywhere, it is refused: what is not authenticated is how that is done.
        if way.is_empty() {
            for at in (0..bytes.len()).step_by(211) {
                let mut changed = bytes.clone();
                changed[at] ^= 1;
                assert!(PrivateKey::read(&changed, Some(&secret(PASSPHRASE))).is_err(), "{at}");
            }
        }
    }
    // The certificate of the key first, however they stand.
    forge.shell(
        "cat root.pem mine.pem > both.pem; \
         openssl pkcs12 -export -inkey mine.key -in both.pem -passout file:pass -out p12",
    );
    let access = KeyAccess { passphrase: SecretSource::Given(secret(PASSPHRASE)), ..KeyAccess::default() };
    let found = KeyLocation::File(forge.room.outside("p12")).certificates(&access).unwrap();
    assert_eq!(found[0], mine);
    // NSS writes BER, Java DER.
    forge.shell(
        "mkdir nss; certutil -N -d nss --empty-password; openssl pkcs12 -export -inkey mine.key -in mine.pem -name it \
         -passout pass:x -out in; pk12util -d nss -i in -W x; pk12util -d nss -o ber -n it -W x; \
         keytool -genkeypair -alias k -keyalg RSA -keysize 2048 -dname CN=java -keystore java -storetype PKCS12 \
         -storepass secret1 2>&1",
    );
    let of_nss = PrivateKey::read(&forge.read("ber"), Some(&secret("x"))).unwrap_err();
    assert!(of_nss == PrivateKeyError::Ber && of_nss.hint().is_some(), "{of_nss}");
    let location = KeyLocation::File(forge.room.outside("ber"));
    let hint = location.certificates(&access).unwrap_err().hint();
    assert!(hint.is_some_and(|hint| hint.contains("openssl pkcs12")), "{hint:?}");
    let java = secret("secret1");
    let key = PrivateKey::read(&forge.read("java"), Some(&java)).unwrap();
    let access = KeyAccess { passphrase: SecretSource::Given(java), ..KeyAccess::default() };
    let found = KeyLocation::File(forge.room.outside("java")).certificates(&access).unwrap();
    assert!(key.is_of(&found[0]).unwrap() && found[0].subject() == "CN=java", "{found:?}");
    // Without a key, and with what is unknown.
    forge.shell("openssl pkcs12 -export -nokeys -in both.pem -passout file:pass -out p12");
    let nothing = PrivateKey::read(&forge.read("p12"), Some(&secret(PASSPHRASE))).unwrap_err();
    assert_eq!(nothing, PrivateKeyError::Keys(0));
    forge.shell(
        "openssl pkcs12 -export -inkey mine.key -in mine.pem -passout file:pass -out p12 \
         -keypbe PBE-SHA1-RC4-128 -certpbe PBE-SHA1-3DES -provider default -provider legacy",
    );
    let unknown = PrivateKey::read(&forge.read("p12"), Some(&secret(PASSPHRASE))).unwrap_err();
    assert!(matches!(unknown, PrivateKeyError::Encryption(_)) && unknown.hint().is_some(), "{unknown}");
}

/// Changed anywhere, a file is read or refused, and a passphrase makes a difference for encrypted
/// ones only.
#[test]
fn changed_files_do_no_harm() {
    let forge = Forge::new();
    forge.own("mine", "/CN=mine", "");
    forge.shell(
        "openssl pkcs12 -export -inkey mine.key -in mine.pem -passout pass:x -nomac -keypbe NONE -certpbe NONE -out p12; \
         openssl ecparam -name prime256v1 -genkey -noout -out sec1; \
         openssl pkcs8 -topk8 -nocrypt -in sec1 -outform der -out pkcs8",
    );
    for name in ["p12", "sec1", "pkcs8"] {
        let bytes = forge.read(name);
        assert!(PrivateKey::read(&bytes, Some(&secret("x"))).is_ok(), "{name}");
        for at in 0..bytes.len() {
            for change in [1, 0x20, 0x80, 0xff] {
                let mut changed = bytes.clone();
                changed[at] ^= change;
                let with = PrivateKey::read(&changed, Some(&secret("x")));
                match PrivateKey::read(&changed, None) {
                    Err(PrivateKeyError::PassphraseNeeded) => {}
                    Err(error) => assert_eq!(with.unwrap_err(), error, "{name}, {at:#x}"),
                    Ok(_) => assert!(with.is_ok(), "{name}, {at:#x}"),
                }
            }
        }
    }
}

/// An element of DER that is short.
fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    [&[tag, u8::try_from(content.len()).unwrap()][..], &content].concat()
}

/// What asks for hours or for all memory is refused at once.
#[test]
fn costs_are_limited() {
    let oid = |octets: &[u8]| element(6, &[octets]);
    let salt = element(4, &[b"saltsalt"]);
    let encrypted = element(4, &[b"sixteen octets.."]);
    let many = element(2, &[&[0x7f, 0xff, 0xff, 0xff]]);
    // PBES1 and PKCS #12: `PBEParameter`.
    let old = |scheme: &[u8]| element(0x30, &[&oid(scheme), &element(0x30, &[&salt, &many])]);
    // PBES2: a derivation, and AES-256.
    let aes = element(0x30, &[&oid(&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 42]), &element(4, &[&[0; 16]])]);
    let pbes2 = |derivation: &[u8], parameters: &[&[u8]]| {
        let derivation = element(0x30, &[&oid(derivation), &element(0x30, parameters)]);
        let oid = oid(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 5, 13]);
        element(0x30, &[&oid, &element(0x30, &[&derivation, &aes])])
    };
    let [one, large] = [[1], [0x7f]].map(|number| element(2, &[&number]));
    for algorithm in [
        old(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 5, 3]),
        old(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 12, 1, 3]),
        pbes2(
            &[0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 5, 12],
            &[&salt, &element(2, &[&[0, 0xff, 0xff, 0xff]])],
        ),
        pbes2(&[0x2b, 6, 1, 4, 1, 0xda, 0x47, 4, 11], &[&salt, &element(2, &[&[0x40, 0]]), &large, &large]),
        pbes2(&[0x2b, 6, 1, 4, 1, 0xda, 0x47, 4, 11], &[&salt, &element(2, &[&[0x40, 0, 0, 0]]), &one, &one]),
    ] {
        let key = element(0x30, &[&algorithm, &encrypted]);
        let refused = PrivateKey::read(&key, Some(&secret("x"))).unwrap_err();
        assert_eq!(refused, PrivateKeyError::Iterations);
    }
}
