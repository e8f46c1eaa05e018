//! What stands in the certificate table beside and around a good signature.

use crate::case::{Case, World};
use crate::identity::Certificate;
use crate::image::{attach, attached, entry, entry_of};
use crate::signed::{Identity, Signing};

pub(super) fn cases(world: &World<'_>) -> Vec<Case> {
    let tiny = &world.tiny;
    let good = world.judge().of(tiny);
    let stranger = Identity::own(&world.keys, "two", Certificate::new("stranger", "stranger"));
    let strange = Signing::by(world.folder, &stranger).of(tiny);
    let mut other = tiny.clone();
    other[0x300] ^= 1;
    let changed = world.judge().of(&other);
    let goes_on = |octets: &[u8]| [good.as_slice(), octets].concat();
    let length = |signature: &[u8], change: i64| {
        let mut table = entry(signature);
        let length = i64::try_from(signature.len() + 8).unwrap() + change;
        table[..4].copy_from_slice(&u32::try_from(length).unwrap().to_le_bytes());
        table
    };
    let mut dirty = entry(&goes_on(&[]));
    let end = dirty.len() - 1;
    if !good.len().is_multiple_of(8) {
        dirty[end] = 1;
    }
    let tables: Vec<(&str, Vec<u8>)> = vec![
        ("a stranger's first", [entry(&strange), entry(&good)].concat()),
        ("a stranger's second", [entry(&good), entry(&strange)].concat()),
        ("the same twice", [entry(&good), entry(&good)].concat()),
        ("of another image first", [entry(&changed), entry(&good)].concat()),
        ("of another image second", [entry(&good), entry(&changed)].concat()),
        (
            "nonsense first",
            [entry(b"nonsense nonsense nonsense nonsense nonsense nonsense"), entry(&good)].concat(),
        ),
        (
            "nonsense second",
            [entry(&good), entry(b"nonsense nonsense nonsense nonsense nonsense nonsense")].concat(),
        ),
        ("an empty entry first", [entry(b""), entry(&good)].concat()),
        ("an empty entry second", [entry(&good), entry(b"")].concat()),
        ("X.509 first", [entry_of(b"12345678", 0x200, 1), entry(&good)].concat()),
        ("a reserved type second", [entry(&good), entry_of(b"12345678", 0x200, 3)].concat()),
        ("type 0xef0 second", [entry(&good), entry_of(b"12345678", 0x200, 0xef0)].concat()),
        ("type 0xef1 second", [entry(&good), entry_of(&[0x11; 64], 0x200, 0xef1)].concat()),
        ("type 0xef1 with PKCS #7", entry_of(&goes_on_guid(&good), 0x200, 0xef1)),
        ("revision 1", entry_of(&good, 0x100, 2)),
        ("revision 1 second", [entry(&good), entry_of(&strange, 0x100, 2)].concat()),
        ("a byte behind ContentInfo", entry(&goes_on(&[0x80]))),
        ("zeros behind ContentInfo", entry(&goes_on(&[0; 3]))),
        ("sixteen zeros behind ContentInfo", entry(&goes_on(&[0; 16]))),
        (
            "a length that counts the padding",
            length(&good, i64::try_from(entry(&good).len() - good.len() - 8).unwrap()),
        ),
        ("a length of one too much", length(&good, 1)),
        ("a length of one too little", length(&good, -1)),
        ("a length of nothing", length(&good, -i64::try_from(good.len() + 8).unwrap())),
        ("a length far too large", length(&good, 0x1000)),
        ("padding that is not zero", dirty),
        ("eight zeros behind", [entry(&good), vec![0; 8]].concat()),
        ("sixteen zeros behind", [entry(&good), vec![0; 16]].concat()),
        ("four zeros behind", [entry(&good), vec![0; 4]].concat()),
    ];
    let mut cases: Vec<Case> = tables
        .into_iter()
        .map(|(name, table)| world.case(format!("table: {name}"), attach(tiny, &table)))
        .collect();
    let signed = attached(tiny, &good);
    let directory = crate::image::directory(&signed);
    let (start, size) =
        (u32::try_from(tiny.len()).unwrap(), u32::try_from(signed.len() - tiny.len()).unwrap());
    for (name, address, length) in [
        ("size of one byte less", start, size - 1),
        ("size of eight bytes less", start, size - 8),
        ("size of eight bytes more", start, size + 8),
        ("size of nothing", start, 0),
        ("address of nothing", 0, size),
        ("address four bytes later", start + 4, size - 4),
        ("address four bytes earlier", start - 4, size + 4),
        ("address past the end", start + 0x10000, size),
        ("size that overflows", start, u32::MAX - 7),
    ] {
        let mut image = signed.clone();
        crate::image::put(&mut image, directory, address);
        crate::image::put(&mut image, directory + 4, length);
        cases.push(world.case(format!("table: {name}"), image));
    }
    for (name, length) in [("appended data", 8), ("much appended data", 512), ("one byte appended", 1)] {
        let mut image = signed.clone();
        image.resize(signed.len() + length, 0);
        cases.push(world.case(format!("table: {name}"), image));
    }
    cases.push(world.case("table: truncated", signed[..signed.len() - 8].to_vec()));
    cases
}

/// `WIN_CERTIFICATE_UEFI_GUID`: the type of what follows, EFI_CERT_TYPE_PKCS7_GUID.
fn goes_on_guid(signature: &[u8]) -> Vec<u8> {
    let kind: authenticode::Guid = "4aafd29d-68df-49ee-8aa9-347d375665a7".parse().unwrap();
    [kind.to_bytes().as_slice(), signature].concat()
}
