//! Signatures: digests, attributes, what else stands in signed data, and how it is encoded.

use crate::case::{Case, World};
use crate::der::{
    BMP, Element, INTEGER, Length, NULL, OCTETS, SET, UTC_TIME, algorithm, context, octets, oid, parts,
    sequence,
};
use crate::identity::{Certificate, Scheme, digest_oid};
use crate::image::attached;
use crate::random::Random;
use crate::signed::{Identity, Signing, Stage, attribute};

pub(super) fn cases(world: &World<'_>) -> Vec<Case> {
    let mut cases = named(world);
    cases.extend(edited(world));
    cases.extend(random(world));
    cases
}

fn named(world: &World<'_>) -> Vec<Case> {
    let tiny = &world.tiny;
    let mut cases = vec![
        world.case("unsigned", tiny.clone()),
        world.case("signed", attached(tiny, &world.judge().of(tiny))),
    ];
    for digest in ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"] {
        let signing = world.judge().digest(digest);
        cases.push(world.case(format!("digest {digest}"), attached(tiny, &signing.of(tiny))));
        let signing = Signing { combined: true, ..world.judge().digest(digest) };
        cases.push(world.case(format!("digest {digest}, combined"), attached(tiny, &signing.of(tiny))));
    }
    for (image, attributes) in
        [("sha256", "sha384"), ("sha384", "sha256"), ("sha256", "sha1"), ("sha256", "md5")]
    {
        let signing =
            Signing { digest: image, scheme: Scheme::Rsa(attributes), combined: true, ..world.judge() };
        let name = format!("digest {image}, attributes signed with {attributes}");
        cases.push(world.case(name, attached(tiny, &signing.of(tiny))));
    }
    let pss = Signing { scheme: Scheme::Pss("sha256"), ..world.judge() };
    cases.push(world.case("signed with PSS", attached(tiny, &pss.of(tiny))));
    let mut other = tiny.clone();
    other[0x300] ^= 1;
    cases.push(world.case("for another image", attached(&other, &world.judge().of(tiny))));
    cases
}

type Edit<'e> = Box<dyn Fn(&mut Element) + 'e>;

/// Changes that are known to make a difference somewhere.
fn edited(world: &World<'_>) -> Vec<Case> {
    let stranger = Identity::own(&world.keys, "two", Certificate::new("stranger", "stranger"));
    let twin = Certificate { issuer: world.judge.spec.issuer.clone(), ..Certificate::new("twin", "judge") };
    let twin = Identity::own(&world.keys, "two", twin);
    let mut odd = Certificate::new("odd", "odd");
    odd.subject = crate::identity::name_of(BMP, b"odd");
    let odd = Identity::own(&world.keys, "two", odd);
    let time = attribute("1.2.840.113549.1.9.5", octets(UTC_TIME, "251129120000Z"));
    let unsigned = |values: Vec<Element>| context(1, values);
    let certificate = Element::read(&stranger.der);
    let edits: Vec<(&str, Stage, Edit<'_>)> = vec![
        (
            "signing time",
            Stage::Attributes,
            Box::new(|set| {
                set.parts().push(time.clone());
                set.parts().sort_by_key(Element::write);
            }),
        ),
        ("attributes out of order", Stage::Attributes, Box::new(|set| set.parts().reverse())),
        (
            "attribute twice",
            Stage::Attributes,
            Box::new(|set| {
                let first = set.parts()[0].clone();
                set.parts().insert(0, first);
            }),
        ),
        ("no contentType", Stage::Attributes, Box::new(|set| drop(set.parts().remove(0)))),
        ("no messageDigest", Stage::Attributes, Box::new(|set| drop(set.parts().remove(1)))),
        (
            "another contentType",
            Stage::Attributes,
            Box::new(|set| {
                *set.at(&[0, 1, 0]) = oid("1.2.840.113549.1.7.1");
            }),
        ),
        ("no attributes", Stage::Signer, Box::new(|signer| drop(signer.parts().remove(3)))),
        (
            "empty unauthenticated attributes",
            Stage::Signer,
            Box::new(|signer| {
                signer.parts().push(unsigned(Vec::new()));
            }),
        ),
        (
            "an unauthenticated attribute",
            Stage::Signer,
            Box::new(|signer| {
                signer.parts().push(unsigned(vec![attribute("1.2.3.4", octets(INTEGER, [1]))]));
            }),
        ),
        (
            "an unauthenticated attribute without values",
            Stage::Signer,
            Box::new(|signer| {
                signer.parts().push(unsigned(vec![sequence([oid("1.2.3.4"), parts(SET, [])])]));
            }),
        ),
        (
            "an unauthenticated attribute that is none",
            Stage::Signer,
            Box::new(|signer| {
                signer.parts().push(unsigned(vec![octets(INTEGER, [1])]));
            }),
        ),
        (
            "a nested signature that is none",
            Stage::Signer,
            Box::new(|signer| {
                signer.parts().push(unsigned(vec![attribute("1.3.6.1.4.1.311.2.4.1", octets(OCTETS, [1]))]));
            }),
        ),
        (
            "SignerInfo of version 3",
            Stage::Signer,
            Box::new(|signer| {
                *signer.at(&[0]) = octets(INTEGER, [3]);
            }),
        ),
        (
            "another serial number",
            Stage::Signer,
            Box::new(|signer| {
                *signer.at(&[1, 1]) = octets(INTEGER, [9]);
            }),
        ),
        (
            "the signer's digest without NULL",
            Stage::Signer,
            Box::new(|signer| {
                *signer.at(&[2]) = algorithm(digest_oid("sha256"), false);
            }),
        ),
        (
            "signatureAlgorithm with a parameter",
            Stage::Signer,
            Box::new(|signer| {
                *signer.at(&[4, 1]) = octets(INTEGER, [1]);
            }),
        ),
        (
            "signatureAlgorithm of nobody",
            Stage::Signer,
            Box::new(|signer| {
                *signer.at(&[4]) = algorithm("1.2.3.4", false);
            }),
        ),
        ("SignedData of version 3", Stage::Data, Box::new(|data| *data.at(&[0]) = octets(INTEGER, [3]))),
        (
            "digestAlgorithms without NULL",
            Stage::Data,
            Box::new(|data| {
                *data.at(&[1]) = parts(SET, [algorithm(digest_oid("sha256"), false)]);
            }),
        ),
        ("digestAlgorithms empty", Stage::Data, Box::new(|data| data.at(&[1]).parts().clear())),
        (
            "digestAlgorithms sha1",
            Stage::Data,
            Box::new(|data| {
                *data.at(&[1]) = parts(SET, [algorithm(digest_oid("sha1"), true)]);
            }),
        ),
        (
            "digestAlgorithms two",
            Stage::Data,
            Box::new(|data| {
                data.at(&[1]).parts().push(algorithm(digest_oid("sha512"), true));
            }),
        ),
        ("no certificates", Stage::Data, Box::new(|data| drop(data.parts().remove(3)))),
        (
            "the signer's certificate twice",
            Stage::Data,
            Box::new(|data| {
                let first = data.at(&[3, 0]).clone();
                data.at(&[3]).parts().push(first);
            }),
        ),
        (
            "another certificate behind",
            Stage::Data,
            Box::new(|data| {
                data.at(&[3]).parts().push(certificate.clone());
            }),
        ),
        (
            "another certificate in front",
            Stage::Data,
            Box::new(|data| {
                data.at(&[3]).parts().insert(0, certificate.clone());
            }),
        ),
        (
            "a twin behind",
            Stage::Data,
            Box::new(|data| {
                data.at(&[3]).parts().push(Element::read(&twin.der));
            }),
        ),
        (
            "a twin in front",
            Stage::Data,
            Box::new(|data| {
                data.at(&[3]).parts().insert(0, Element::read(&twin.der));
            }),
        ),
        (
            "a certificate with an odd name",
            Stage::Data,
            Box::new(|data| {
                data.at(&[3]).parts().push(Element::read(&odd.der));
            }),
        ),
        (
            "something else in the bag",
            Stage::Data,
            Box::new(|data| {
                data.at(&[3]).parts().push(octets(OCTETS, [1]));
            }),
        ),
        ("empty crls", Stage::Data, Box::new(|data| data.parts().insert(4, context(1, [])))),
        (
            "crls that are none",
            Stage::Data,
            Box::new(|data| {
                data.parts().insert(4, context(1, [sequence([octets(INTEGER, [1])])]));
            }),
        ),
        (
            "two signers",
            Stage::Data,
            Box::new(|data| {
                let first = data.at(&[4, 0]).clone();
                data.at(&[4]).parts().push(first);
            }),
        ),
        ("no signers", Stage::Data, Box::new(|data| data.at(&[4]).parts().clear())),
        (
            "content of type data",
            Stage::Data,
            Box::new(|data| {
                *data.at(&[2, 0]) = oid("1.2.840.113549.1.7.1");
            }),
        ),
        ("content without octets", Stage::Data, Box::new(|data| drop(data.at(&[2]).parts().remove(1)))),
        ("SignedData goes on", Stage::Data, Box::new(|data| data.parts().push(octets(NULL, [])))),
        (
            "data of type 21",
            Stage::Content,
            Box::new(|content| {
                *content.at(&[0, 0]) = oid("1.3.6.1.4.1.311.2.1.21");
            }),
        ),
        (
            "data of another type",
            Stage::Content,
            Box::new(|content| {
                *content.at(&[0, 0]) = oid("1.2.3.4");
            }),
        ),
        (
            "DigestInfo without NULL",
            Stage::Content,
            Box::new(|content| {
                *content.at(&[1, 0]) = algorithm(digest_oid("sha256"), false);
            }),
        ),
        (
            "DigestInfo of sha512",
            Stage::Content,
            Box::new(|content| {
                *content.at(&[1, 0]) = algorithm(digest_oid("sha512"), true);
            }),
        ),
        (
            "the image's digest goes on",
            Stage::Content,
            Box::new(|content| {
                if let crate::der::Value::Octets(digest) = &mut content.at(&[1, 1]).value {
                    digest.push(0);
                }
            }),
        ),
        (
            "large SpcPeImageData",
            Stage::Content,
            Box::new(|content| {
                content.at(&[0, 1]).parts().push(octets(OCTETS, vec![7; 70_000]));
            }),
        ),
        (
            "large unauthenticated attribute",
            Stage::Signer,
            Box::new(|signer| {
                let large = attribute("1.2.3.4", octets(OCTETS, vec![7; 70_000]));
                signer.parts().push(unsigned(vec![large]));
            }),
        ),
        (
            "an unauthenticated attribute just below 64 KiB",
            Stage::Signer,
            Box::new(|signer| {
                let large = attribute("1.2.3.4", octets(OCTETS, vec![7; 62_000]));
                signer.parts().push(unsigned(vec![large]));
            }),
        ),
        ("ContentInfo in BER", Stage::Whole, Box::new(|whole| whole.length = Length::Indefinite)),
        ("ContentInfo with a long length", Stage::Whole, Box::new(|whole| whole.length = Length::Long)),
        ("SignedData in BER", Stage::Data, Box::new(|data| data.length = Length::Indefinite)),
        ("certificates in BER", Stage::Data, Box::new(|data| data.at(&[3]).length = Length::Indefinite)),
        (
            "certificates with a long length",
            Stage::Data,
            Box::new(|data| data.at(&[3]).length = Length::Long),
        ),
        ("signers with a long length", Stage::Data, Box::new(|data| data.at(&[4]).length = Length::Long)),
        ("content in BER", Stage::Content, Box::new(|content| content.length = Length::Indefinite)),
        (
            "the signature in pieces",
            Stage::Signer,
            Box::new(|signer| {
                let whole = signer.at(&[5]).body();
                *signer.at(&[5]) = parts(0x24, whole.chunks(100).map(|piece| octets(OCTETS, piece)));
            }),
        ),
        ("attributes with a long length", Stage::Attributes, Box::new(|set| set.length = Length::Long)),
        (
            "ContentInfo of type data",
            Stage::Whole,
            Box::new(|whole| {
                *whole.at(&[0]) = oid("1.2.840.113549.1.7.1");
            }),
        ),
        ("ContentInfo goes on inside", Stage::Whole, Box::new(|whole| whole.parts().push(octets(NULL, [])))),
        ("bare SignedData", Stage::Whole, Box::new(|whole| *whole = whole.at(&[1, 0]).clone())),
    ];
    let tiny = &world.tiny;
    let make = |(name, stage, edit): (&str, Stage, Edit<'_>)| {
        let signature = world.judge().edited(tiny, |now, element| {
            if now == stage {
                edit(element);
            }
        });
        world.case(format!("signature: {name}"), attached(tiny, &signature))
    };
    edits.into_iter().map(make).collect()
}

/// One or two changes of any element of one stage, which is then signed.
fn random(world: &World<'_>) -> Vec<Case> {
    let stranger = Identity::own(&world.keys, "two", Certificate::new("stranger", "stranger"));
    let others = [stranger.der.as_slice()];
    let signing = world.judge().with(&others);
    let stages = [
        (Stage::Content, "content"),
        (Stage::Attributes, "attributes"),
        (Stage::Signer, "SignerInfo"),
        (Stage::Data, "SignedData"),
        (Stage::Whole, "ContentInfo"),
    ];
    let mut cases = Vec::new();
    for (stage, name) in stages {
        for number in 0..world.random {
            let mut random = Random::new(world.seed, name, number);
            let mut told = String::new();
            let signature = signing.edited(&world.tiny, |now, element| {
                if now == Stage::Signer && stage == Stage::Signer {
                    // So that there is something to change.
                    let more = attribute("1.2.3.4", sequence([octets(INTEGER, [1])]));
                    element.parts().push(context(1, [more]));
                }
                if now == stage {
                    told = element.mutate(&mut random);
                    // Further down are certificates, which others mutate; here only their frames.
                    if random.one_in(4) {
                        told = format!("{told}; {}", element.mutate(&mut random));
                    }
                }
            });
            let name = format!("random {name} {number}: {told}");
            cases.push(world.case(name, attached(&world.tiny, &signature)));
        }
    }
    cases
}
