//! Signature lists of a real machine and of sbsiglist.

#![allow(clippy::unwrap_used)]

use authenticode::lists::{self, SignatureDatabase, SignatureListKind};
use authenticode::trust_file;
use test_support::{ToolboxFolder, data};

#[test]
fn a_laptop_has_microsofts_certificates_and_a_list_of_what_is_revoked() {
    let read = |name: &str| std::fs::read(data(&format!("uefi/efivars-laptop/{name}"))).unwrap();
    let db = read("db-d719b2cb-3d3a-4596-a3bc-dad00e67656f");
    let dbx = read("dbx-d719b2cb-3d3a-4596-a3bc-dad00e67656f");
    for variable in [&db, &dbx] {
        assert_eq!(lists::write(&lists::read(&variable[4..]).unwrap()), variable[4..]);
    }
    let mut database = SignatureDatabase::default();
    trust_file::add_to(&mut database, "db", &db).unwrap();
    let subjects: Vec<String> = database.certificates().map(|(_, c)| c.subject()).collect();
    let unread = database
        .entries
        .iter()
        .filter(|e| e.kind == SignatureListKind::X509 && !matches!(e.certificate, Some(Ok(_))));
    assert_eq!(unread.count(), 0);
    for wanted in ["Microsoft Corporation UEFI CA 2011", "Microsoft Windows Production PCA 2011"] {
        assert!(subjects.iter().any(|s| s.contains(wanted)), "{subjects:?}");
    }
    let mut revoked = SignatureDatabase::default();
    trust_file::add_to(&mut revoked, "dbx", &dbx).unwrap();
    // Entries of 48 bytes, the list's header and the four bytes before it: all that there is.
    assert!(revoked.entries.iter().all(|e| e.kind == SignatureListKind::Sha256));
    assert_eq!(revoked.entries.len() * 48 + 28 + 4, dbx.len());
}

#[test]
fn sbsiglist_writes_what_we_write() {
    let room = ToolboxFolder::new("authenticode");
    room.run(
        "openssl",
        [
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "key.pem",
            "-outform",
            "DER",
            "-out",
            "cert.der",
            "-subj",
            "/CN=Lists",
            "-days",
            "30",
        ],
    );
    let owner = "12345678-9abc-def0-1234-56789abcdef0";
    room.run("sbsiglist", ["--owner", owner, "--type", "x509", "--output", "cert.esl", "cert.der"]);
    let file = std::fs::read(room.outside("cert.esl")).unwrap();
    let certificate = std::fs::read(room.outside("cert.der")).unwrap();
    let list = lists::SignatureList::single(SignatureListKind::X509, owner.parse().unwrap(), certificate);
    assert_eq!(lists::write(std::slice::from_ref(&list)), file);
    assert_eq!(lists::read(&file).unwrap(), [list]);

    std::fs::write(room.outside("hash"), [0xa5; 32]).unwrap();
    room.run("sbsiglist", ["--owner", owner, "--type", "sha256", "--output", "hash.esl", "hash"]);
    let file = std::fs::read(room.outside("hash.esl")).unwrap();
    let list =
        lists::SignatureList::single(SignatureListKind::Sha256, owner.parse().unwrap(), vec![0xa5; 32]);
    assert_eq!(lists::write(&[list]), file);
}
