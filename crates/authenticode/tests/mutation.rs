//! Every byte of a signed file changed in turn: our verdict is sbverify's or stricter, and where it
//! is stricter, it is for a reason that is known (the table in `docs/verifying.md`).

#![allow(clippy::unwrap_used)]

mod forge;

use authenticode::pe::Layout;
use forge::{Forge, complaint, signed, tiny, trusting};
use std::collections::BTreeMap;

/// Where we are stricter: what we say, and the row of the table in the manual that tells why.
const STRICTER: [(&str, &str); 8] = [
    ("contentInfo type is", "type of the content"),
    ("signatures of the kind 1.2.840.113549.1.1.1 with parameters", "parameters of algorithms"),
    ("signatures of the kind sha256 with parameters", "parameters of algorithms"),
    ("signatures of the kind", "algorithm of the signature"),
    ("version of", "versions"),
    ("unknown/unsupported ASN.1 DER tag", "tags that DER does not have"),
    ("able ends at", "size of the certificate table"),
    ("dwLength reaches past", "size of an entry"),
];
const PADDING: (&str, &str) = ("the padding behind it is not zero", "padding of the table");

/// The bits of a byte that are tried: two of eight, all in eight neighbours.
fn bits(offset: usize) -> [u8; 2] {
    [1 << (offset * 3 % 8), 1 << ((offset * 3 + 5) % 8)]
}

#[test]
fn no_changed_byte_makes_us_laxer_than_sbverify() {
    let forge = Forge::new();
    forge.own("root", "/CN=Root", "");
    let signer =
        forge.issued("signer", "root", "keyUsage=digitalSignature\\nextendedKeyUsage=codeSigning\\n");
    let policy = trusting([&forge.certificate("root")]);
    let image = signed(&tiny(), &signer, &[]);

    std::fs::create_dir(forge.room.outside("mutants")).unwrap();
    let mut mutants = Vec::new();
    for offset in 0..image.len() {
        for bit in bits(offset) {
            let mut mutant = image.clone();
            mutant[offset] ^= bit;
            forge.write(&format!("mutants/{:05}", mutants.len()), &mutant);
            mutants.push((offset, mutant));
        }
    }
    // Two loops side by side, for two processors.
    let half = |from: usize| {
        format!(
            "i={from}; while [ $i -lt {} ]; do f=$(printf %05d $i); \
             if sbverify --cert root.pem mutants/$f >/dev/null 2>&1; then echo $f; fi; i=$((i+2)); done",
            mutants.len()
        )
    };
    let accepted = std::thread::scope(|scope| {
        let odd = scope.spawn(|| forge.shell(&half(1)));
        let even = forge.shell(&half(0));
        even + &odd.join().unwrap()
    });
    let accepted: Vec<usize> = accepted.lines().map(|line| line.parse().unwrap()).collect();

    let manual = include_str!("../../../docs/verifying.md");
    let (mut both, mut letters, mut neither, mut stricter) = (0, 0, 0, BTreeMap::new());
    let checksum = usize::try_from(Layout::read(image.as_slice()).unwrap().checksum_offset()).unwrap();
    for (number, (offset, mutant)) in mutants.iter().enumerate() {
        let told = complaint(mutant, &policy);
        match (told.is_empty(), accepted.contains(&number)) {
            (true, true) if (checksum..checksum + 4).contains(offset) => both += 1,
            (true, true) => {
                let (was, is) = (image[*offset], mutant[*offset]);
                assert!(
                    was.is_ascii_alphabetic() && was ^ is == 0x20,
                    "{offset:#x}: {was:#x} became {is:#x}"
                );
                letters += 1;
            }
            (false, false) => neither += 1,
            (true, false) => {
                panic!("the byte at {offset:#x} was changed, sbverify refuses it, and we do not")
            }
            (false, true) => {
                let known = STRICTER.iter().chain([&PADDING]).find(|(words, _)| told.contains(words));
                let (_, row) = known.unwrap_or_else(|| panic!("nobody explains {offset:#x}: {told}"));
                *stricter.entry(*row).or_insert(0) += 1;
            }
        }
    }
    println!("{} changes: {both} and {letters} accepted by both, {neither} refused by both", mutants.len());
    for (row, count) in &stricter {
        println!("{count:5} refused by us alone: {row}");
        assert!(manual.contains(&format!("| {row} |")), "the manual does not explain: {row}");
    }
    // The checksum, of which nobody asks: four bytes, two bits each.
    assert_eq!(both, 8);
    // Nobody can say so many times the same by accident.
    assert!(neither > mutants.len() * 9 / 10);
}
