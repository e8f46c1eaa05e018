//! Certificates: chains, keys, dates, names, extensions; and any change of one that is then signed.

use crate::case::{Case, Lists, World, certificates};
use crate::der::{BMP, Element, IA5, OCTETS, PRINTABLE, T61, UTC_TIME, UTF8, octets, oid, sequence, set_of};
use crate::identity::{Certificate, Scheme, authority, date, extension, name_of, sign, usage};
use crate::image::attached;
use crate::random::Random;
use crate::signed::{Identity, Signing};
use std::rc::Rc;

/// `keyCertSign`.
const ISSUING: u8 = 0x04;
/// `digitalSignature`.
const SIGNING: u8 = 0x80;

pub(super) fn cases(world: &World<'_>) -> Vec<Case> {
    let mut cases = keys(world);
    cases.extend(own(world));
    cases.extend(chains(world));
    cases.extend(random(world));
    cases
}

fn trusting(of: &[&[u8]]) -> Rc<Lists> {
    Rc::new(Lists { db: Some(certificates(of)), ..Lists::default() })
}

fn signed(world: &World<'_>, name: &str, signer: &Identity<'_>, others: &[&[u8]], db: &[&[u8]]) -> Case {
    let signature = Signing::by(world.folder, signer).with(others).of(&world.tiny);
    Case { name: name.to_owned(), image: Rc::new(attached(&world.tiny, &signature)), lists: trusting(db) }
}

/// Every kind of key, as a signer that db holds itself, and as an authority.
fn keys(world: &World<'_>) -> Vec<Case> {
    let mut cases = Vec::new();
    for key in ["rsa1024", "one", "rsa3072", "rsa4096", "rsa8192", "rsa9216", "exponent3", "p256", "p384"] {
        let scheme = world.keys.get(key).scheme;
        let spec = Certificate { scheme, ..Certificate::new("somebody", "somebody") }.authority();
        let own = Identity::own(&world.keys, key, spec);
        cases.push(signed(world, &format!("key {key}"), &own, &[], &[&own.der]));
        let leaf = Certificate { scheme, ..Certificate::new("leaf", "somebody") };
        let leaf = Identity::issued(&world.keys, "two", leaf, &own);
        cases.push(signed(world, &format!("authority with key {key}"), &leaf, &[], &[&own.der]));
    }
    for scheme in ["md5", "sha1", "sha224", "sha384", "sha512"]
        .map(Scheme::Rsa)
        .into_iter()
        .chain([Scheme::Pss("sha256")])
    {
        let root = Identity::own(&world.keys, "three", Certificate::new("root", "root").authority());
        let leaf = Certificate { scheme, ..Certificate::new("leaf", "root") };
        let leaf = Identity::issued(&world.keys, "two", leaf, &root);
        cases.push(signed(
            world,
            &format!("leaf signed with {scheme:?}, root in db"),
            &leaf,
            &[],
            &[&root.der],
        ));
        cases.push(signed(
            world,
            &format!("leaf signed with {scheme:?}, leaf in db"),
            &leaf,
            &[],
            &[&leaf.der],
        ));
    }
    cases
}

/// A single certificate, which db holds.
fn own(world: &World<'_>) -> Vec<Case> {
    let base = || Certificate::new("somebody", "somebody");
    let long = "x".repeat(300);
    let multiple = set_of(
        0x31,
        vec![sequence([oid("2.5.4.3"), octets(UTF8, "a")]), sequence([oid("2.5.4.10"), octets(UTF8, "b")])],
    );
    let named = |name: Element| Certificate { subject: name.clone(), issuer: name, ..base() };
    let utc = |text: &str| octets(UTC_TIME, text);
    let dated = |from: Element, until: Element| Certificate { validity: sequence([from, until]), ..base() };
    let specs: Vec<(&str, Certificate)> = vec![
        ("plain", base()),
        ("of version 1", Certificate { version: None, ..base() }),
        ("of version 2", Certificate { version: Some(1), ..base() }),
        ("of version 4", Certificate { version: Some(3), ..base() }),
        ("of version 1 with extensions", Certificate { version: None, ..base() }.authority()),
        ("expired", dated(date(1999), date(2001))),
        ("not yet valid", dated(date(2090), date(2099))),
        ("dates of year 1", dated(date(1), date(1))),
        ("dates of 1960", dated(date(1960), date(1960))),
        ("dates of 1900", dated(date(1900), date(1900))),
        ("no end", dated(date(2020), octets(0x18, "99991231235959Z"))),
        ("no seconds", dated(utc("2001010000Z"), utc("4901010000Z"))),
        ("a time zone", dated(utc("200101000000+0100"), date(2049))),
        ("no date", dated(utc("hello"), date(2049))),
        ("dates the wrong way round", dated(date(2049), date(2020))),
        ("no serial number", Certificate { serial: Vec::new(), ..base() }),
        ("serial number 0", Certificate { serial: vec![0], ..base() }),
        ("a negative serial number", Certificate { serial: vec![0xff], ..base() }),
        ("a serial number with zeros", Certificate { serial: vec![0, 0, 1], ..base() }),
        ("a long serial number", Certificate { serial: vec![1; 40], ..base() }),
        ("an empty name", named(sequence([]))),
        ("a long name", named(name_of(UTF8, long.as_bytes()))),
        ("a name in PrintableString", named(name_of(PRINTABLE, b"somebody"))),
        ("a name in PrintableString with an underscore", named(name_of(PRINTABLE, b"some_body"))),
        ("a name in T61String", named(name_of(T61, b"some\xf6body"))),
        ("a name in IA5String", named(name_of(IA5, b"somebody"))),
        ("a name in IA5String, not ASCII", named(name_of(IA5, b"some\xf6body"))),
        ("a name in BMPString", named(name_of(BMP, b"\0s\0o"))),
        ("a name in BMPString of odd length", named(name_of(BMP, b"\0s\0"))),
        ("a name in bad UTF-8", named(name_of(UTF8, b"some\xffbody"))),
        ("a name in OCTET STRING", named(name_of(OCTETS, b"somebody"))),
        ("a name with a zero", named(name_of(UTF8, b"some\0body"))),
        ("a name of two parts in one", named(sequence([multiple]))),
        ("an authority", base().authority()),
        ("no authority", base().with(&[authority(false, None)])),
        ("for signing only", base().with(&[usage(SIGNING)])),
        ("for issuing only", base().with(&[usage(ISSUING)])),
        ("for nothing", base().with(&[usage(0)])),
        (
            "a critical extension that nobody knows",
            base().with(&[extension("1.2.3.4", true, &octets(OCTETS, [1]))]),
        ),
        ("an extension that nobody knows", base().with(&[extension("1.2.3.4", false, &octets(OCTETS, [1]))])),
        ("basic constraints twice", base().with(&[authority(true, None), authority(true, None)])),
        (
            "basic constraints that are none",
            base().with(&[extension("2.5.29.19", true, &octets(OCTETS, [1]))]),
        ),
        ("a length without authority", base().with(&[authority(false, Some(0))])),
        (
            "for code signing",
            base().with(&[extension("2.5.29.37", false, &sequence([oid("1.3.6.1.5.5.7.3.3")]))]),
        ),
        (
            "for web servers, critical",
            base().with(&[extension("2.5.29.37", true, &sequence([oid("1.3.6.1.5.5.7.3.1")]))]),
        ),
        ("for nothing extended", base().with(&[extension("2.5.29.37", false, &sequence([]))])),
        (
            "an alternative name that is none",
            base().with(&[extension("2.5.29.17", false, &octets(OCTETS, [1]))]),
        ),
        ("a key identifier that is none", base().with(&[extension("2.5.29.14", false, &sequence([]))])),
        (
            "another's key identifier",
            base().with(&[extension("2.5.29.35", false, &sequence([octets(0x80, [7; 20])]))]),
        ),
        ("constraints on names", base().with(&[extension("2.5.29.30", true, &sequence([]))])),
        ("policies that are none", base().with(&[extension("2.5.29.32", true, &octets(OCTETS, [1]))])),
    ];
    let mut cases = Vec::new();
    for (name, spec) in specs {
        let own = Identity::own(&world.keys, "two", spec);
        cases.push(signed(world, &format!("certificate: {name}"), &own, &[], &[&own.der]));
    }
    // What db holds need not be of the best.
    let forged = Identity::own(&world.keys, "two", base());
    let mut wrong = Element::read(&forged.der);
    if let crate::der::Value::Octets(bits) = &mut wrong.at(&[2]).value {
        bits[9] ^= 1;
    }
    let forged = Identity { der: wrong.write(), ..forged };
    cases.push(signed(world, "certificate: its own signature is wrong", &forged, &[], &[&forged.der]));
    cases
}

/// Paths from the signer to db.
fn chains(world: &World<'_>) -> Vec<Case> {
    let keys = &world.keys;
    let root = Identity::own(keys, "three", Certificate::new("root", "root").authority());
    let another = Identity::own(keys, "four", Certificate::new("another", "another").authority());
    let base = || Certificate::new("middle", "root");
    let middles: Vec<(&str, Certificate)> = vec![
        ("an authority", base().authority()),
        ("an authority that may have none below", base().with(&[authority(true, Some(0))])),
        ("no authority", base().with(&[authority(false, None)])),
        ("without basic constraints", base()),
        ("without basic constraints, for issuing", base().with(&[usage(ISSUING)])),
        ("an authority for signing only", base().authority().with(&[usage(SIGNING)])),
        ("an authority for issuing", base().authority().with(&[usage(ISSUING)])),
        (
            "an expired authority",
            Certificate { validity: sequence([date(1999), date(2001)]), ..base().authority() },
        ),
        (
            "an authority with a critical extension",
            base().authority().with(&[extension("1.2.3.4", true, &octets(OCTETS, [1]))]),
        ),
        ("an authority of version 1", Certificate { version: None, ..base() }),
        ("an authority signed with SHA-1", Certificate { scheme: Scheme::Rsa("sha1"), ..base().authority() }),
        ("an authority signed with MD5", Certificate { scheme: Scheme::Rsa("md5"), ..base().authority() }),
        (
            "an authority with another key identifier",
            base().authority().with(&[extension("2.5.29.35", false, &sequence([octets(0x80, [7; 20])]))]),
        ),
        (
            "an authority with constraints on names",
            base().authority().with(&[extension("2.5.29.30", true, &sequence([]))]),
        ),
        (
            "an authority for web servers",
            base().authority().with(&[extension("2.5.29.37", true, &sequence([oid("1.3.6.1.5.5.7.3.1")]))]),
        ),
    ];
    let mut cases = Vec::new();
    for (name, spec) in middles {
        let middle = Identity::issued(keys, "five", spec, &root);
        let leaf = Identity::issued(keys, "two", Certificate::new("leaf", "middle"), &middle);
        let mut case = |what: &str, others: &[&[u8]], db: &[&[u8]]| {
            cases.push(signed(world, &format!("chain over {name}: {what}"), &leaf, others, db));
        };
        case("root in db", &[&middle.der], &[&root.der]);
        case("root in db and in the bag", &[&middle.der, &root.der], &[&root.der]);
        case("middle in db", &[], &[&middle.der]);
        case("middle in db and in the bag", &[&middle.der], &[&middle.der]);
        case("leaf in db", &[], &[&leaf.der]);
        case("leaf in db, middle in the bag", &[&middle.der], &[&leaf.der]);
        case("missing", &[], &[&root.der]);
        case("middle and root in db", &[], &[&root.der, &middle.der]);
        case("another root", &[&middle.der], &[&another.der]);
    }
    // Names that are the same to some.
    let middle = |spec: Certificate| Identity::issued(keys, "five", spec, &root);
    for (name, issuer) in [
        ("case", name_of(UTF8, b"MIDDLE")),
        ("blanks", name_of(UTF8, b" middle  ")),
        ("type", name_of(PRINTABLE, b"middle")),
        ("T61String", name_of(T61, b"middle")),
        ("BMPString", name_of(BMP, b"\0m\0i\0d\0d\0l\0e")),
        ("another", name_of(UTF8, b"muddle")),
    ] {
        let middle = middle(base().authority());
        let spec = Certificate { issuer, ..Certificate::new("leaf", "middle") };
        let leaf = Identity::issued(keys, "two", spec, &middle);
        cases.push(signed(
            world,
            &format!("issuer's name, {name}: root in db"),
            &leaf,
            &[&middle.der],
            &[&root.der],
        ));
        cases.push(signed(
            world,
            &format!("issuer's name, {name}: middle in db"),
            &leaf,
            &[],
            &[&middle.der],
        ));
        cases.push(signed(
            world,
            &format!("issuer's name, {name}: leaf in db"),
            &leaf,
            &[&middle.der],
            &[&leaf.der],
        ));
    }
    let long = longer(world, &root);
    cases.extend(long);
    cases
}

/// More than one authority between signer and root.
fn longer(world: &World<'_>, root: &Identity<'_>) -> Vec<Case> {
    let keys = &world.keys;
    let mut cases = Vec::new();
    for limit in [None, Some(0), Some(1), Some(2)] {
        let top = Certificate::new("top", "top").with(&[authority(true, limit)]);
        let top = Identity::own(keys, "three", top);
        let first = Identity::issued(keys, "four", Certificate::new("first", "top").authority(), &top);
        let second = Identity::issued(keys, "five", Certificate::new("second", "first").authority(), &first);
        let leaf = Identity::issued(keys, "two", Certificate::new("leaf", "second"), &second);
        let mut case = |name: &str, others: &[&[u8]]| {
            cases.push(signed(world, &format!("path length {limit:?}: {name}"), &leaf, others, &[&top.der]));
        };
        case("in order", &[&second.der, &first.der]);
        case("out of order", &[&first.der, &second.der]);
        case("without the first", &[&second.der]);
    }
    // Cross signed: two certificates of one authority, one of which leads to db.
    let cross = Identity::own(keys, "five", Certificate::new("middle", "middle").authority());
    let issued = Identity::issued(keys, "five", Certificate::new("middle", "root").authority(), root);
    let leaf = Identity::issued(keys, "two", Certificate::new("leaf", "middle"), &cross);
    for (name, others) in
        [("its own first", [&cross.der[..], &issued.der]), ("its own second", [&issued.der[..], &cross.der])]
    {
        cases.push(signed(world, &format!("cross signed, {name}"), &leaf, &others, &[&root.der]));
        cases.push(signed(
            world,
            &format!("cross signed, {name}: its own in db"),
            &leaf,
            &others,
            &[&cross.der],
        ));
        cases.push(signed(world, &format!("cross signed, {name}: leaf in db"), &leaf, &others, &[&leaf.der]));
    }
    cases
}

/// Any change of a certificate, which is then signed: as a signer that db holds or its root does,
/// as an authority, and as one that has nothing to do with the signer.
fn random(world: &World<'_>) -> Vec<Case> {
    let keys = &world.keys;
    let root = Identity::own(keys, "three", Certificate::new("root", "root").authority());
    let mut cases = Vec::new();
    for number in 0..world.random {
        let mut random = Random::new(world.seed, "certificate", number);
        let spec = Certificate::new("middle", "root")
            .authority()
            .with(&[usage(ISSUING | SIGNING), extension("2.5.29.14", false, &octets(OCTETS, [5; 20]))]);
        let key = keys.get("five");
        let mut tbs = spec.tbs(&key);
        let told = tbs.mutate(&mut random);
        let der = sign(&tbs, spec.scheme, &root.key);
        let middle = Identity { key, spec, der };
        let leaf = Identity::issued(keys, "two", Certificate::new("leaf", "middle"), &middle);
        let mut case = |what: &str, signer: &Identity<'_>, others: &[&[u8]], db: &[&[u8]]| {
            cases.push(signed(
                world,
                &format!("random certificate {number}: {told}: {what}"),
                signer,
                others,
                db,
            ));
        };
        match number % 4 {
            0 => case("the signer, in db", &middle, &[], &[&middle.der]),
            1 => case("the signer, its root in db", &middle, &[], &[&root.der]),
            2 => case("the authority, its root in db", &leaf, &[&middle.der], &[&root.der]),
            _ => case("not looked at", &world.judge, &[&middle.der], &[&world.judge.der]),
        }
    }
    cases
}
