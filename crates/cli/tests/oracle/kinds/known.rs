//! Inputs that others found: every one of them was once judged wrongly.

use crate::case::{Case, Lists, certificates};
use authenticode::certificate::Certificate;
use std::path::Path;
use std::rc::Rc;
use test_support::{data, files};

/// A file of certificates or lists, as a list.
fn lists(path: &Path) -> Vec<u8> {
    let octets = std::fs::read(path).unwrap();
    let ending = path.extension().unwrap().to_str().unwrap();
    match ending {
        "pem" => {
            let all = Certificate::read_all(&octets).unwrap();
            certificates(&all.iter().map(Certificate::der).collect::<Vec<_>>())
        }
        "der" => certificates(&[&octets]),
        _ => octets,
    }
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let root = data("cases/pe");
    let mut case = |image: &Path, db: &str, dbx: Option<&str>| {
        let folder = image.parent().unwrap();
        let name = image.strip_prefix(&root).unwrap().display().to_string();
        let dbx = dbx.map(|dbx| lists(&folder.join(dbx)));
        let lists = Lists { db: Some(lists(&folder.join(db))), dbx, ..Lists::default() };
        let image = Rc::new(std::fs::read(image).unwrap());
        cases.push(Case { name: format!("known: {name} with {db}"), image, lists: Rc::new(lists) });
    };
    for kind in ["cms-crls", "cms-twin-case-first", "cms-unparsed-parts", "spc-type-21", "va-misaligned"] {
        for image in files(&data(&format!("cases/pe/{kind}")), ".efi") {
            case(&image, "J.pem", None);
        }
    }
    // The other one is for another processor.
    case(&data("cases/pe/spc-type-21").join("fwupdx64.efi.signed"), "debca.pem", None);
    for kind in ["md5", "name-case", "name-printable", "pss"] {
        let folder = data(&format!("cases/pe/dbx-issuer-{kind}"));
        case(&folder.join(format!("{kind}.efi")), &format!("{kind}.db"), Some(&format!("{kind}.dbx")));
    }
    let two = data("cases/pe/dbx-two-certs-one-list").join("leaf.efi");
    case(&two, "db.esl", Some("dbx.esl"));
    case(&two, "db2.esl", None);
    case(&data("cases/pe/dbx-unreadable-leaf-trail0").join("leaf.efi"), "db.esl", Some("leaf-trail0.dbx"));
    case(&data("cases/pe/dbx-unreadable-root-year1").join("leaf.efi"), "db.esl", Some("root-year1.dbx"));
    for key in ["p256", "p384"] {
        let folder = data("cases/pe/p256-not-enrollable");
        case(&folder.join(format!("{key}.efi")), &format!("{key}.der"), None);
    }
    for year in ["year1", "year1960"] {
        let folder = data("cases/pe/cert-before-1970");
        case(&folder.join(format!("{year}.efi")), &format!("{year}.der"), None);
    }
    cases
}
