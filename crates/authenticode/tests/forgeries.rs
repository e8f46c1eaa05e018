//! Forgeries: each looks right to whoever skips one check. sbverify refuses them too, except where
//! it is told otherwise here.

#![allow(clippy::unwrap_used)]

mod forge;

use authenticode::DigestAlgorithm;
use authenticode::Time;
use authenticode::cms::{Authenticode, IndirectData};
use authenticode::lists::{SignatureDatabase, SignatureList, SignatureListKind, revocation_data};
use authenticode::pe::Layout;
use authenticode::verify::{Loader, TrustPolicy, TrustedBy};
use forge::{
    Forge, Identity, attached, complaint, database, signature, signature_with, signatures, signed, tiny,
    trusting, verdict,
};

/// The place of `what` in `bytes`, which has it once.
fn find(bytes: &[u8], what: &[u8]) -> usize {
    let mut places = bytes.windows(what.len()).enumerate().filter(|(_, window)| *window == what);
    let (at, _) = places.next().unwrap();
    assert!(places.next().is_none(), "it is there twice");
    at
}

fn replaced(bytes: &[u8], what: &[u8], with: &[u8]) -> Vec<u8> {
    assert_eq!(what.len(), with.len());
    let at = find(bytes, what);
    [&bytes[..at], with, &bytes[at + what.len()..]].concat()
}

/// Another program: the same with one byte of code changed.
fn other() -> Vec<u8> {
    let mut image = tiny();
    let layout = Layout::read(image.as_slice()).unwrap();
    image[layout.sections[0].raw_offset as usize] ^= 1;
    image
}

#[track_caller]
fn refused(forge: &Forge, image: &[u8], policy: &TrustPolicy, reason: &str) {
    let told = complaint(image, policy);
    assert!(told.contains(reason), "{told:?} instead of {reason:?}");
    assert!(!forge.sbverify(image, "good"), "sbverify is content: {told}");
}

#[test]
fn signatures_that_look_right() {
    let forge = Forge::new();
    let good = forge.own("good", "/CN=Good", "");
    let evil = forge.own("evil", "/CN=Evil", "");
    let policy = trusting([&good.certificate]);
    let image = signed(&tiny(), &good, &[]);
    assert_eq!(complaint(&image, &policy), "");
    assert!(forge.sbverify(&image, "good"));
    let [genuine] = signatures(&image).try_into().unwrap();

    // The signature of one program on another, as it is and with the digest of that other one put
    // in.
    refused(&forge, &attached(&other(), std::slice::from_ref(&genuine)), &policy, "for another image");
    let read = Authenticode::read(&genuine).unwrap();
    let theirs = Authenticode::read(&signature(&other(), &good, &[])).unwrap();
    let swapped = replaced(&genuine, &read.image.digest, &theirs.image.digest);
    refused(
        &forge,
        &attached(&other(), std::slice::from_ref(&swapped)),
        &policy,
        "messageDigest is not the digest",
    );
    // And with messageDigest made to fit: only the signature is left to tell.
    let digest_of = |image: &IndirectData| DigestAlgorithm::Sha256.digest(&image.write());
    let fitted = replaced(&swapped, &digest_of(&read.image), &digest_of(&theirs.image));
    refused(&forge, &attached(&other(), std::slice::from_ref(&fitted)), &policy, "does not fit the key");
    // Signed by another key, with the trusted certificate beside it: the hole of the library that
    // was to replace sbsign.
    let attributes = Authenticode::read(&fitted).unwrap().signed.signer.attributes_der.unwrap();
    let by_evil = evil.key.sign(DigestAlgorithm::Sha256, &attributes).unwrap();
    let forged = replaced(&fitted, &read.signed.signer.signature, &by_evil);
    refused(&forge, &attached(&other(), &[forged]), &policy, "does not fit the key");

    // A signer to whom nothing leads, and one who calls itself like the trusted one, with its
    // serial number and key identifier.
    refused(&forge, &signed(&other(), &evil, &[]), &policy, "no trusted certificate is or issued");
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().concat();
    let id = hex(good.certificate.subject_key_identifier().unwrap());
    let more = format!("-set_serial 0x{} -addext subjectKeyIdentifier={id}", hex(good.certificate.serial()));
    let twin = forge.own("twin", "/CN=Good", &more);
    refused(&forge, &signed(&other(), &twin, &[]), &policy, "CN=Good");
    // The same with the trusted one in the bag as well: two certificates of one name and number.
    let both = signed(&other(), &twin, std::slice::from_ref(&good.certificate));
    refused(&forge, &both, &policy, "several different certificates");
    // Issued by the trusted certificate's twin.
    let child = forge.issued("child", "twin", "");
    let chain = std::slice::from_ref(&twin.certificate);
    refused(&forge, &signed(&other(), &child, chain), &policy, "signature of CN=child");
    // Issued by a certificate that is trusted, and yet no authority.
    forge.own("leaf", "/CN=Leaf", "-addext basicConstraints=critical,CA:FALSE");
    let minor = forge.issued("minor", "leaf", "");
    let leaf = forge.certificate("leaf");
    let told = complaint(&signed(&tiny(), &minor, &[]), &trusting([&leaf]));
    assert!(told.contains("CN=Leaf may not issue certificates"), "{told}");
    assert!(!forge.sbverify(&signed(&tiny(), &minor, &[]), "leaf"));

    // Content of another type, in both places that name it. EDK2 looks at the first of them,
    // sbverify at none.
    let indirect = b"\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x04";
    let mut places =
        genuine.windows(indirect.len()).enumerate().filter(|(_, w)| w == indirect).map(|(at, _)| at);
    let (content, attribute) = (places.next().unwrap(), places.next().unwrap());
    for (at, reason) in [(content, "contentInfo type is"), (attribute, "contentType of the attributes")] {
        let mut other = genuine.clone();
        other[at + indirect.len() - 1] ^= 1;
        let told = complaint(&attached(&tiny(), &[other]), &policy);
        assert!(told.contains(reason), "{told}");
    }
}

#[test]
fn files_that_look_right() {
    let forge = Forge::new();
    let good = forge.own("good", "/CN=Good", "");
    let policy = trusting([&good.certificate]);
    let image = signed(&tiny(), &good, &[]);
    let layout = Layout::read(image.as_slice()).unwrap();
    let table = layout.certificate_table.clone().unwrap();
    let directory = usize::try_from(layout.certificate_directory_offset().unwrap()).unwrap();
    let refused_by_us = |image: &[u8], reason: &str| {
        let told = complaint(image, &policy);
        assert!(told.contains(reason), "{told:?} instead of {reason:?}");
    };

    // Bytes behind the certificate table: sbverify does not look there, firmware of EDK2 neither.
    refused_by_us(&[&image[..], b"more"].concat(), "Certificate Table");
    // Bytes between the content and a table that was moved: the digest is over them.
    let mut moved = image[..usize::try_from(table.start).unwrap()].to_vec();
    moved.extend([0x90; 8]);
    moved.extend(&image[usize::try_from(table.start).unwrap()..]);
    moved[directory..directory + 4].copy_from_slice(&u32::try_from(table.start + 8).unwrap().to_le_bytes());
    refused(&forge, &moved, &policy, "for another image");
    // A second table behind the first, to which the directory points: the first is content then.
    let mut second = image.clone();
    second.extend(&image[usize::try_from(table.start).unwrap()..]);
    second[directory..directory + 4].copy_from_slice(&u32::try_from(table.end).unwrap().to_le_bytes());
    refused(&forge, &second, &policy, "for another image");
    // A directory that reaches past the file, or not to its end.
    let size = u32::try_from(table.end - table.start).unwrap();
    for size in [size + 8, size - 8, 0xffff_fff8] {
        let mut cut = image.clone();
        cut[directory + 4..directory + 8].copy_from_slice(&size.to_le_bytes());
        refused_by_us(&cut, "ertificate");
    }
    // Bytes behind the DER inside of an entry, of which nothing is read; inside of the SEQUENCE.
    let [genuine] = signatures(&image).try_into().unwrap();
    let genuine = {
        let end = genuine.iter().rposition(|b| *b != 0).unwrap() + 1;
        genuine[..end].to_vec()
    };
    let behind = attached(&tiny(), &[[&genuine[..], b"trailing"].concat()]);
    assert_eq!(complaint(&behind, &policy), "");
    assert!(forge.sbverify(&behind, "good"));
    let mut inside = [&genuine[..], &[5, 0]].concat();
    let length = u16::from_be_bytes([inside[2], inside[3]]) + 2;
    inside[2..4].copy_from_slice(&length.to_be_bytes());
    refused_by_us(&attached(&tiny(), &[inside]), "ontentInfo");
    // Lengths that are longer than they have to be, or indefinite.
    let mut long = vec![0x30, 0x83, 0];
    long.extend(&genuine[2..]);
    refused_by_us(&attached(&tiny(), &[long]), "ContentInfo");
    let mut indefinite = vec![0x30, 0x80];
    indefinite.extend(&genuine[4..]);
    indefinite.extend([0, 0]);
    refused_by_us(&attached(&tiny(), &[indefinite]), "ontentInfo");
}

/// What EDK2 looks at and others do not: the end of the table, and the other type that holds
/// signatures.
#[test]
fn tables_that_firmware_refuses() {
    let forge = Forge::new();
    let good = forge.own("good", "/CN=Good", "");
    let policy = trusting([&good.certificate]);
    let mut genuine = signature(&tiny(), &good, &[]);
    let image = attached(&tiny(), std::slice::from_ref(&genuine));
    let layout = Layout::read(image.as_slice()).unwrap();
    let start = usize::try_from(layout.certificate_table.clone().unwrap().start).unwrap();
    let directory = usize::try_from(layout.certificate_directory_offset().unwrap()).unwrap();
    // Without the padding behind the last entry.
    while (start + 8 + genuine.len()).is_multiple_of(8) {
        genuine.push(0);
    }
    let end = start + 8 + genuine.len();
    let mut short = attached(&tiny(), &[genuine.clone()])[..end].to_vec();
    let size = u32::try_from(end - start).unwrap();
    short[directory + 4..directory + 8].copy_from_slice(&size.to_le_bytes());
    assert!(complaint(&short, &policy).contains("is no multiple of 8"), "{}", complaint(&short, &policy));
    assert_eq!(complaint(&short, &TrustPolicy { loader: Loader::Shim, ..policy.clone() }), "");
    // A second entry of another type, or of another revision, beside the good one.
    let both = attached(&tiny(), &[genuine.clone(), genuine]);
    let second = start + (both.len() - start) / 2;
    for (at, value, stops) in [(6, 0xf1, true), (5, 1, true), (6, 1, false)] {
        let mut both = both.clone();
        both[second + at] = value;
        if value == 0xf1 {
            both[second + 7] = 0x0e;
        }
        let told = complaint(&both, &policy);
        assert_eq!(told.contains("stops it: it is of revision"), stops, "{told}");
        assert_eq!(told.is_empty(), !stops, "{told}");
    }
}

#[test]
fn several_signatures() {
    let forge = Forge::new();
    let good = forge.own("good", "/CN=Good", "");
    let evil = forge.own("evil", "/CN=Evil", "");
    let policy = trusting([&good.certificate]);
    let [genuine, stranger] = [&good, &evil].map(|who| signature(&tiny(), who, &[]));
    let wrong = signature(&other(), &good, &[]);
    // Any good one is enough, wherever it stands; a stranger's and one for another image do not
    // matter.
    for order in [[&genuine, &stranger, &wrong], [&wrong, &stranger, &genuine]] {
        assert_eq!(complaint(&attached(&tiny(), &order.map(Clone::clone)), &policy), "");
    }
    // What cannot be read stops firmware, in whichever place.
    for order in [[genuine.clone(), vec![0x30, 0]], [vec![0x30, 0], genuine.clone()]] {
        let told = complaint(&attached(&tiny(), &order), &policy);
        assert!(told.contains("stops it"), "{told}");
    }
    // So does one of somebody whom dbx forbids.
    let forbidding = TrustPolicy { dbx: database([&evil.certificate]), ..policy.clone() };
    for order in [[&genuine, &stranger], [&stranger, &genuine]] {
        let told = complaint(&attached(&tiny(), &order.map(Clone::clone)), &forbidding);
        assert!(told.contains("dbx forbids what CN=Evil vouches for"), "{told}");
    }
    assert_eq!(complaint(&attached(&tiny(), &[genuine]), &forbidding), "");
}

#[test]
fn broken_digests() {
    let forge = Forge::new();
    let good = forge.own("good", "/CN=Good", "");
    let policy = trusting([&good.certificate]);
    forge.write("in", &tiny());
    for (digest, reason) in [("md5", "signature: "), ("sha1", "of a SHA-1 digest")] {
        let options = ["-certs", "good.pem", "-key", "good.key", "-in", "in", "-out"];
        forge.room.run("osslsigncode", [&["sign", "-h", digest], &options[..], &[digest]].concat());
        let told = complaint(&forge.read(digest), &policy);
        assert!(told.contains(reason), "{told}");
    }
    let lenient = TrustPolicy { sha1: true, ..policy.clone() };
    assert_eq!(complaint(&forge.read("sha1"), &lenient), "");
    assert!(!complaint(&forge.read("md5"), &lenient).is_empty());
    // Certificates that were issued with SHA-1.
    forge.shell(
        "openssl genrsa -out old.key 2048 2>/dev/null; openssl pkey -in old.key -pubout -out old.pub; \
         openssl x509 -new -force_pubkey old.pub -subj /CN=old -CA good.pem -CAkey good.key -sha1 -days 9 -out old.pem",
    );
    let old = signed(&tiny(), &forge.identity("old"), &[]);
    assert!(complaint(&old, &policy).contains("CN=old is signed with SHA-1"), "{}", complaint(&old, &policy));
    assert_eq!(complaint(&old, &lenient), "");
    // Longer digests are fine.
    for algorithm in [DigestAlgorithm::Sha384, DigestAlgorithm::Sha512] {
        let image = attached(&tiny(), &[signature_with(&tiny(), &good, &[], algorithm)]);
        assert_eq!(complaint(&image, &policy), "", "{algorithm}");
    }
}

fn listed(kind: SignatureListKind, data: Vec<u8>) -> SignatureDatabase {
    let owner = "12345678-9abc-def0-1234-56789abcdef0".parse().unwrap();
    let mut database = SignatureDatabase::default();
    database.add_lists("list", &[SignatureList::single(kind, owner, data)]);
    database
}

#[test]
fn revocations() {
    let forge = Forge::new();
    let root = forge.own("good", "/CN=Good", "");
    let ca = "basicConstraints=critical,CA:TRUE\\n";
    let middle = forge.issued("middle", "good", ca);
    let signer = forge.issued("signer", "middle", "");
    let image = signed(&tiny(), &signer, std::slice::from_ref(&middle.certificate));
    let policy = trusting([&root.certificate]);
    let trust = verdict(&image, &policy).outcome.unwrap();
    let TrustedBy::Path(path) = &trust.by else { panic!("{trust:?}") };
    assert_eq!(path, &[&signer, &middle, &root].map(|who| who.certificate.clone()));
    assert!(forge.sbverify(&image, "good"));

    let revoking = |dbx: SignatureDatabase| complaint(&image, &TrustPolicy { dbx, ..policy.clone() });
    for who in [&signer, &middle, &root] {
        let subject = who.certificate.subject();
        assert!(revoking(database([&who.certificate])).contains("stops it: dbx forbids"), "{subject}");
        for (kind, algorithm) in [
            (SignatureListKind::X509Sha256, DigestAlgorithm::Sha256),
            (SignatureListKind::X509Sha384, DigestAlgorithm::Sha384),
            (SignatureListKind::X509Sha512, DigestAlgorithm::Sha512),
        ] {
            let digest = who.certificate.tbs_digest(algorithm);
            let told = revoking(listed(kind, revocation_data(&digest, Time::default())));
            assert!(told.contains(&format!("dbx revokes {subject}")), "{told}");
            // A time without a timestamp is as good as always.
            let time = Time { year: 2040, month: 1, day: 1, ..Time::default() };
            let told = revoking(listed(kind, revocation_data(&digest, time)));
            assert!(told.contains("no trusted timestamp says that the signature is older"), "{told}");
        }
    }
    // The trusted certificate was issued by one that dbx forbids, and nobody sent that one along.
    let hidden = TrustPolicy { db: database([&middle.certificate, &root.certificate]), ..policy.clone() };
    let hidden = TrustPolicy { dbx: database([&root.certificate]), ..hidden };
    let told = complaint(&signed(&tiny(), &signer, &[]), &hidden);
    assert!(told.contains("dbx forbids what CN=Good vouches for"), "{told}");
    // ImageDigests of the image, in db and dbx, signed or not.
    let stranger: Identity = forge.own("stranger", "/CN=Stranger", "");
    for bytes in [signed(&tiny(), &stranger, &[]), tiny()] {
        let layout = Layout::read(bytes.as_slice()).unwrap();
        let digests =
            authenticode::image_digest::digests(bytes.as_slice(), &layout, 0, &DigestAlgorithm::ALL).unwrap();
        let list = |algorithm| {
            listed(SignatureListKind::of_image(algorithm), digests.get(algorithm).unwrap().to_vec())
        };
        let by_digest = TrustPolicy { db: list(DigestAlgorithm::Sha256), ..TrustPolicy::default() };
        assert_eq!(complaint(&bytes, &by_digest), "");
        for algorithm in DigestAlgorithm::ALL {
            let told = complaint(&bytes, &TrustPolicy { dbx: list(algorithm), ..by_digest.clone() });
            assert_eq!(told.split(';').next().unwrap(), format!("its {algorithm} digest is in dbx"));
        }
        // Firmware computes SHA-256 only, here.
        let told =
            complaint(&bytes, &TrustPolicy { db: list(DigestAlgorithm::Sha512), ..TrustPolicy::default() });
        assert!(told.contains("no list has its digest"), "{told}");
    }
}

#[test]
fn timestamps_save_what_is_older_than_the_revocation() {
    let forge = Forge::new();
    let good = forge.own("good", "/CN=Good", "");
    let stamper = "-addext extendedKeyUsage=critical,timeStamping -addext basicConstraints=critical,CA:FALSE";
    let authority = forge.own("tsa", "/CN=Stamps", stamper);
    let impostor = forge.own("impostor", "/CN=Stamps", stamper);
    forge.write("in", &tiny());
    // 2026-01-02T03:04:05Z.
    let at = Time { year: 2026, month: 1, day: 2, hour: 3, minute: 4, second: 5 };
    let seconds = at.to_unix().unwrap().to_string();
    let sign =
        ["sign", "-h", "sha256", "-certs", "good.pem", "-key", "good.key", "-in", "in", "-out", "stamped"];
    let stamp = ["-TSA-certs", "tsa.pem", "-TSA-key", "tsa.key", "-TSA-time", &seconds];
    forge.room.run("osslsigncode", [&sign[..], &stamp].concat());
    let image = forge.read("stamped");
    let policy = trusting([&good.certificate]);
    let verdict = verdict(&image, &policy);
    assert!(verdict.outcome.is_ok());
    assert_eq!(verdict.findings[0].timestamp, Some(at));

    let digest = good.certificate.tbs_digest(DigestAlgorithm::Sha256);
    let since = |time: Time| listed(SignatureListKind::X509Sha256, revocation_data(&digest, time));
    let told = |time: Time, dbt: &[&Identity]| {
        let dbt = database(dbt.iter().map(|who| &who.certificate));
        complaint(&image, &TrustPolicy { dbx: since(time), dbt, ..policy.clone() })
    };
    let later = Time { second: 6, ..at };
    let earlier = Time { second: 4, ..at };
    assert_eq!(told(later, &[&authority]), "");
    assert_eq!(told(at, &[&authority]), "");
    assert!(told(earlier, &[&authority]).contains("and the signature was made at 2026-01-02T03:04:05Z"));
    assert!(told(Time::default(), &[&authority]).contains("dbx revokes CN=Good"));
    // An authority of the same name is another one.
    assert!(told(later, &[&impostor]).contains("no trusted timestamp"));
    assert!(told(later, &[]).contains("no trusted timestamp"));
}
