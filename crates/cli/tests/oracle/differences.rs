//! Where firmware or shim and we differ: each difference on the strict side has a row in the
//! manual, and each row a difference. On the other side there is none.

use std::collections::BTreeSet;

const MANUAL: &str = include_str!("../../../../docs/verifying.md");
/// Rows, and how our reasons show that a difference belongs to one.
type Rows = &'static [(&'static str, &'static [&'static str])];

/// A table of the manual. The first row that fits counts, of its own and then of the shared ones.
pub(crate) struct Table {
    /// The heading above it.
    heading: &'static str,
    own: Rows,
    shared: Rows,
}

/// Where we are stricter than firmware.
pub(crate) const FIRMWARE: Table = Table {
    heading: "### Measured: what firmware starts and Snowguard refuses",
    own: FIRMWARE_ROWS,
    shared: &[],
};

/// Where we are stricter than shim.
pub(crate) const SHIM: Table = Table {
    heading: "### Measured: what shim starts and Snowguard refuses",
    own: SHIM_ROWS,
    shared: FIRMWARE_ROWS,
};

const SHIM_ROWS: Rows = &[
    (
        "digests of the image other than SHA-256",
        &[
            "digest is in dbx",
            "digest is in MOK deny list",
            "issued CN=stranger",
            "it is of a sha512 digest",
            "it is not signed, and no list has its digest",
        ],
    ),
    ("entries of deny lists that are no certificate", &["nobody knows what"]),
    ("deny lists by the digest of a certificate", &["dbx revokes", "MOK deny list revokes"]),
    ("deny lists by a certificate that shim cannot use", &["forbids what"]),
    ("authorities that may not issue", &["may not issue certificates", "authorities below itself"]),
    ("programs that are none of EFI", &["it is no EFI program"]),
    ("numbers, fields and octets in `.sbat` that none should have", &[".sbat: SBAT data"]),
];

const FIRMWARE_ROWS: Rows = &[
    (
        "SHA-1, MD5, SHA-224 or PSS",
        &[
            "SHA-1",
            "md5WithRSAEncryption",
            "RSASSA-PSS",
            "1.2.840.113549.1.1.14",
            "sha1 digest; firmware wants",
        ],
    ),
    ("ECDSA", &["is no RSA key"]),
    ("entries of dbx that are no certificate", &["nobody knows what dbx forbids"]),
    ("revocation lists in a signature", &["it has revocation lists"]),
    ("octets behind the signature", &["bytes too many stand behind it"]),
    (
        "certificates that are malformed",
        &[
            "of the bag: certificate",
            "are none",
            "the public key is malformed",
            "SPKI cryptographic key data malformed",
        ],
    ),
    (
        "what the content says besides the digest",
        &["SpcIndirectDataContent", "DigestInfo", "signature: content:"],
    ),
    (
        "what the attributes say",
        &[
            "is not there exactly once with one value",
            "contentType of the attributes",
            "messageDigest: it is a",
            "contentType: it is a",
        ],
    ),
    (
        "variables signed with SHA-384 or SHA-512",
        &["sha384 digest; firmware wants", "sha512 digest; firmware wants"],
    ),
    (
        "variables whose content stands in the signature",
        &["its content should be elsewhere", "contentInfo type is"],
    ),
    ("versions of structures", &["version of SignedData is not", "version of SignerInfo is not"]),
    ("several signers or digest algorithms", &["signers, not one", "does not hold exactly one"]),
    ("two certificates with the signer's name and number", &["several different certificates"]),
    ("algorithms that nobody knows", &["with parameters are not accepted", "are not accepted"]),
    (
        "encodings that are not DER",
        &[
            "indefinite length",
            "incorrect length",
            "unknown/unsupported ASN.1 DER tag",
            "the order that DER asks for",
            "malformed OID",
            "the signer's certificate is not among",
            "that is no content of",
            "signature: algorithm: it is a",
        ],
    ),
    (
        "entries of the certificate table that are no signature",
        &["no Authenticode signature", "ContentInfo: ASN.1 DER"],
    ),
    ("padding of the certificate table", &["the padding behind it is not zero"]),
    ("extensions that are not judged", &["in a way that is not judged here"]),
    ("dbx by the digest of a certificate in between", &["dbx revokes"]),
    ("dbx by another digest of the image", &["digest is in dbx"]),
    ("db by another digest of the image", &["it is not signed, and no list has its digest"]),
    ("dbx by a certificate that firmware cannot use", &["dbx forbids what"]),
    ("entries of a size that their type does not have", &["not the size that the type has"]),
    ("base relocations that lie in no section", &["they lie in no section"]),
    ("headers of images", &[".efi: "]),
];

/// What a case came to.
pub(crate) struct Answer {
    pub(crate) name: String,
    /// Of each firmware: whether it starts, or takes.
    pub(crate) firmware: Vec<bool>,
    /// What each said, for people.
    pub(crate) codes: Vec<u64>,
    /// `Err`: what we say against it.
    pub(crate) ours: Result<(), String>,
}

/// All that is wrong with these answers, for people; empty if nothing is.
pub(crate) fn faults(answers: &[Answer], table: &Table) -> Vec<String> {
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for Answer { name, firmware, codes, ours } in answers {
        match ours {
            Ok(()) if firmware.iter().all(|starts| *starts) => {}
            Ok(()) => faults.push(format!("we trust it, the oracle does not: {name}: {codes:x?}")),
            Err(why) if firmware.iter().any(|starts| *starts) => match row(table, why) {
                Some(row) => drop(seen.insert(row)),
                None => faults.push(format!("no row tells why we are stricter: {name}: {codes:x?}: {why}")),
            },
            Err(_) => {}
        }
    }
    let listed = listed(table);
    let unseen = listed.iter().filter(|row| !seen.contains(**row));
    faults.extend(unseen.map(|row| format!("no case belongs to the row of the manual: {row}")));
    let unlisted = seen.iter().filter(|row| !listed.contains(**row));
    faults.extend(unlisted.map(|row| format!("the manual has no row: {row}")));
    faults
}

/// The row that a reason belongs to.
fn row(table: &Table, why: &str) -> Option<&'static str> {
    table
        .own
        .iter()
        .chain(table.shared)
        .find(|(_, words)| words.iter().any(|words| why.contains(words)))
        .map(|(row, _)| *row)
}

/// The rows of the manual's table.
fn listed(table: &Table) -> BTreeSet<&'static str> {
    let heading = table.heading;
    let table = MANUAL.split_once(heading).unwrap_or_else(|| panic!("the manual has no {heading:?}")).1;
    let table = table.split("\n#").next().unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    // Without the head.
    rows.skip(1).collect()
}
