//! dbx in all its forms; and db where its form matters.

use crate::case::{Case, Lists, World, certificates, list, raw_list};
use crate::der::{BMP, Element, PRINTABLE, T61, UTF8, sequence};
use crate::identity::{Certificate, Scheme, date, digest, name_of};
use crate::image::{attached, covered};
use crate::random::Random;
use crate::signed::{Identity, Signing};
use authenticode::Guid;
use authenticode::lists::SignatureListKind as Kind;
use std::rc::Rc;

pub(super) fn cases(world: &World<'_>) -> Vec<Case> {
    let mut cases = entries(world);
    cases.extend(issuers(world));
    cases.extend(forms(world));
    cases.extend(random(world));
    cases
}

fn lists(db: Vec<u8>, dbx: Vec<u8>) -> Rc<Lists> {
    Rc::new(Lists { db: Some(db), dbx: Some(dbx), ..Lists::default() })
}

/// `EFI_TIME` of a year.
fn time(year: u16) -> Vec<u8> {
    let [low, high] = year.to_le_bytes();
    let month = u8::from(year > 0);
    [low, high, month, month].into_iter().chain([0; 12]).collect()
}

/// root → middle → leaf, and an image that leaf signed.
struct Chain<'f> {
    root: Identity<'f>,
    middle: Identity<'f>,
    leaf: Identity<'f>,
    image: Vec<u8>,
    alone: Vec<u8>,
}

impl<'f> Chain<'f> {
    fn new(world: &'f World<'f>) -> Self {
        let keys = &world.keys;
        let root = Identity::own(keys, "three", Certificate::new("root", "root").authority());
        let middle = Identity::issued(keys, "five", Certificate::new("middle", "root").authority(), &root);
        let leaf = Identity::issued(keys, "two", Certificate::new("leaf", "middle"), &middle);
        let signing = Signing::by(world.folder, &leaf);
        let alone = attached(&world.tiny, &signing.of(&world.tiny));
        let image = attached(&world.tiny, &signing.with(&[&middle.der]).of(&world.tiny));
        Self { root, middle, leaf, image, alone }
    }
}

fn tbs(der: &[u8]) -> Vec<u8> {
    Element::read(der).at(&[0]).write()
}

/// Who and what is forbidden, in every way to say so.
fn entries(world: &World<'_>) -> Vec<Case> {
    let chain = Chain::new(world);
    let mut cases = Vec::new();
    let db_names = [("root", &chain.root.der), ("middle", &chain.middle.der), ("leaf", &chain.leaf.der)];
    let whole = covered(&world.tiny);
    let mut dbx: Vec<(String, Vec<u8>)> = Vec::new();
    for (who, der) in db_names {
        dbx.push((format!("certificate of {who}"), list(Kind::X509, der)));
        for (kind, name) in
            [(Kind::X509Sha256, "sha256"), (Kind::X509Sha384, "sha384"), (Kind::X509Sha512, "sha512")]
        {
            for year in [0, 2020, 2090] {
                let digest = digest(world.folder, name, &tbs(der));
                dbx.push((format!("{name} of {who}, {year}"), list(kind, &[digest, time(year)].concat())));
            }
        }
    }
    for (kind, name) in [
        (Kind::Sha1, "sha1"),
        (Kind::Sha224, "sha224"),
        (Kind::Sha256, "sha256"),
        (Kind::Sha384, "sha384"),
        (Kind::Sha512, "sha512"),
    ] {
        dbx.push((format!("{name} of the image"), list(kind, &digest(world.folder, name, &whole))));
    }
    for (name, dbx) in dbx {
        for (who, der) in db_names {
            let image = if who == "root" || name.contains("middle") { &chain.image } else { &chain.alone };
            let name = format!("dbx: {name}, db: {who}");
            cases.push(Case {
                name,
                image: Rc::new(image.clone()),
                lists: lists(certificates(&[der]), dbx.clone()),
            });
        }
    }
    // By the digest of an image that is not signed, or is signed by others.
    let stranger = Identity::own(&world.keys, "four", Certificate::new("stranger", "stranger"));
    let strange = attached(&world.tiny, &Signing::by(world.folder, &stranger).of(&world.tiny));
    let strange512 =
        attached(&world.tiny, &Signing::by(world.folder, &stranger).digest("sha512").of(&world.tiny));
    for (kind, name) in
        [(Kind::Sha1, "sha1"), (Kind::Sha256, "sha256"), (Kind::Sha384, "sha384"), (Kind::Sha512, "sha512")]
    {
        let allowed = list(kind, &digest(world.folder, name, &whole));
        for (what, image) in
            [("unsigned", &world.tiny), ("a stranger's", &strange), ("a stranger's, sha512", &strange512)]
        {
            for (forbidden, dbx) in [("", Vec::new()), (", stranger in dbx", certificates(&[&stranger.der]))]
            {
                cases.push(Case {
                    name: format!("db: {name} of the image, {what}{forbidden}"),
                    image: Rc::new(image.clone()),
                    lists: lists(allowed.clone(), dbx),
                });
            }
        }
    }
    cases
}

/// dbx holds the issuer of a certificate of db, and the names or signatures are unusual.
fn issuers(world: &World<'_>) -> Vec<Case> {
    let keys = &world.keys;
    let mut specs: Vec<(String, &str, Element, Scheme)> = Vec::new();
    for (name, issuer) in [
        ("the same", name_of(UTF8, b"Root One")),
        ("case", name_of(UTF8, b"ROOT one")),
        ("blanks", name_of(UTF8, b"  Root   One ")),
        ("PrintableString", name_of(PRINTABLE, b"Root One")),
        ("T61String", name_of(T61, b"Root One")),
        ("BMPString", name_of(BMP, b"\0R\0o\0o\0t\0 \0O\0n\0e")),
        ("another", name_of(UTF8, b"Root Two")),
    ] {
        specs.push((format!("name, {name}"), "three", issuer, Scheme::Rsa("sha256")));
    }
    for scheme in ["md5", "sha1", "sha224", "sha384", "sha512"]
        .map(Scheme::Rsa)
        .into_iter()
        .chain([Scheme::Pss("sha256")])
    {
        specs.push((format!("{scheme:?}"), "three", name_of(UTF8, b"Root One"), scheme));
    }
    for key in ["rsa1024", "rsa8192", "rsa9216", "exponent3", "p256"] {
        specs.push((format!("key {key}"), key, name_of(UTF8, b"Root One"), keys.get(key).scheme));
    }
    let mut cases = Vec::new();
    for (name, key, issuer, scheme) in specs {
        let own = keys.get(key).scheme;
        let root = Certificate { scheme: own, ..Certificate::new("Root One", "Root One").authority() };
        let root = Identity::own(keys, key, root);
        let leaf = Certificate { issuer, scheme, ..Certificate::new("leaf", "") };
        let leaf = Identity::issued(keys, "two", leaf, &root);
        let image = attached(&world.tiny, &Signing::by(world.folder, &leaf).of(&world.tiny));
        for (what, dbx) in [
            ("certificate", list(Kind::X509, &root.der)),
            (
                "tbs",
                list(Kind::X509Sha256, &[digest(world.folder, "sha256", &tbs(&root.der)), time(0)].concat()),
            ),
        ] {
            for (allowed, db) in
                [("leaf", vec![&leaf.der[..]]), ("leaf and root", vec![&leaf.der[..], &root.der])]
            {
                cases.push(Case {
                    name: format!("dbx: issuer, {name}, by {what}; db: {allowed}"),
                    image: Rc::new(image.clone()),
                    lists: lists(certificates(&db), dbx.clone()),
                });
            }
        }
    }
    cases
}

/// Entries and lists that are not as they should be.
fn forms(world: &World<'_>) -> Vec<Case> {
    let chain = Chain::new(world);
    let keys = &world.keys;
    let x509 = Kind::X509.guid();
    let unknown: Guid = "01234567-89ab-cdef-0123-456789abcdef".parse().unwrap();
    let stranger = Identity::own(keys, "four", Certificate::new("stranger", "stranger"));
    let padded = |der: &[u8], size: usize| {
        let mut padded = der.to_vec();
        padded.resize(size, 0);
        padded
    };
    let (root, leaf) = (&chain.root.der, &chain.leaf.der);
    let size = root.len().max(leaf.len()).max(stranger.der.len()) + 16;
    let year1 = Certificate {
        validity: sequence([date(1), date(1)]),
        ..Certificate::new("root", "root").authority()
    };
    let year1 = Identity::own(keys, "three", year1);
    let ones = digest(world.folder, "sha256", &covered(&world.tiny));
    let tbs256 = digest(world.folder, "sha256", &tbs(leaf));
    let entries: Vec<(&str, Vec<u8>)> = vec![
        ("empty", Vec::new()),
        ("a byte behind the certificate", list(Kind::X509, &padded(root, root.len() + 1))),
        ("zeros behind the certificate", list(Kind::X509, &padded(root, root.len() + 16))),
        ("a byte less", list(Kind::X509, &root[..root.len() - 1])),
        ("of year 1", list(Kind::X509, &year1.der)),
        (
            "two certificates padded, the second",
            raw_list(x509, &[padded(&stranger.der, size), padded(root, size)]),
        ),
        (
            "two certificates padded, the first",
            raw_list(x509, &[padded(root, size), padded(&stranger.der, size)]),
        ),
        ("nonsense in front", [list(Kind::X509, b"nonsense"), list(Kind::X509, root)].concat()),
        ("nonsense behind", [list(Kind::X509, root), list(Kind::X509, b"nonsense")].concat()),
        ("nonsense alone", list(Kind::X509, b"nonsense")),
        ("nothing in an entry", raw_list(x509, &[Vec::new()])),
        ("a stranger", list(Kind::X509, &stranger.der)),
        (
            "a P-256 certificate",
            list(
                Kind::X509,
                &Identity::own(
                    keys,
                    "p256",
                    Certificate { scheme: Scheme::Ecdsa("sha256"), ..Certificate::new("x", "x") },
                )
                .der,
            ),
        ),
        ("an empty list", raw_list(x509, &[])),
        ("an empty list in front", [raw_list(x509, &[]), list(Kind::X509, root)].concat()),
        ("an unknown type", raw_list(unknown, &[vec![7; 32]])),
        ("an unknown type in front", [raw_list(unknown, &[vec![7; 32]]), list(Kind::X509, root)].concat()),
        ("an unknown type with the certificate", raw_list(unknown, std::slice::from_ref(root))),
        ("a digest with a byte more", raw_list(Kind::Sha256.guid(), &[padded(&ones, 33)])),
        ("a digest with a byte less", raw_list(Kind::Sha256.guid(), &[ones[..31].to_vec()])),
        ("two digests, the second", raw_list(Kind::Sha256.guid(), &[vec![1; 32], ones.clone()])),
        ("two digests, the first", raw_list(Kind::Sha256.guid(), &[ones.clone(), vec![1; 32]])),
        ("a tbs digest without a time", raw_list(Kind::X509Sha256.guid(), std::slice::from_ref(&tbs256))),
        (
            "a tbs digest with a byte more",
            raw_list(Kind::X509Sha256.guid(), &[padded(&[tbs256.clone(), time(0)].concat(), 49)]),
        ),
        (
            "two tbs digests, the second",
            raw_list(Kind::X509Sha256.guid(), &[vec![1; 48], [tbs256.clone(), time(0)].concat()]),
        ),
        ("RSA 2048", raw_list(Kind::Rsa2048.guid(), &[vec![7; 256]])),
    ];
    let mut cases = Vec::new();
    for (name, octets) in &entries {
        cases.push(Case {
            name: format!("form of dbx: {name}"),
            image: Rc::new(chain.image.clone()),
            lists: lists(certificates(&[leaf]), octets.clone()),
        });
        cases.push(Case {
            name: format!("form of db: {name}"),
            image: Rc::new(chain.image.clone()),
            lists: lists(octets.clone(), Vec::new()),
        });
        cases.push(Case {
            name: format!("form of db: {name}, and the leaf behind"),
            image: Rc::new(chain.image.clone()),
            lists: lists([octets.clone(), certificates(&[leaf])].concat(), Vec::new()),
        });
    }
    let nothing = [
        ("no db", Lists::default()),
        ("db without octets", Lists { db: Some(Vec::new()), ..Lists::default() }),
        ("only dbx", Lists { dbx: Some(list(Kind::X509, root)), ..Lists::default() }),
    ];
    for (name, lists) in nothing {
        cases.push(Case {
            name: name.to_owned(),
            image: Rc::new(chain.image.clone()),
            lists: Rc::new(lists),
        });
    }
    cases
}

/// Any change of a certificate of dbx: the authority of a certificate of db, or that one itself.
fn random(world: &World<'_>) -> Vec<Case> {
    let chain = Chain::new(world);
    let mut cases = Vec::new();
    for number in 0..world.random {
        let mut random = Random::new(world.seed, "dbx", number);
        let (who, der) = match number % 3 {
            0 => ("leaf", &chain.leaf.der),
            1 => ("middle", &chain.middle.der),
            _ => ("root", &chain.root.der),
        };
        let mut changed = Element::read(der);
        let told = changed.mutate(&mut random);
        cases.push(Case {
            name: format!("random dbx {number}: {who}: {told}"),
            image: Rc::new(chain.image.clone()),
            lists: lists(certificates(&[&chain.leaf.der]), list(Kind::X509, &changed.write())),
        });
    }
    cases
}
