//! What firmware and shim are asked: would this image start under these lists?

use crate::identity::{Certificate, Keys};
use crate::signed::{Identity, Signing};
use authenticode::Guid;
use authenticode::lists::{SignatureList, SignatureListKind};
use std::rc::Rc;
use test_support::ToolboxFolder;

/// What db, dbx, dbt and shim's lists hold; `None`: the variable does not exist.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Lists {
    pub(crate) db: Option<Vec<u8>>,
    pub(crate) dbx: Option<Vec<u8>>,
    pub(crate) dbt: Option<Vec<u8>>,
    pub(crate) mok: Option<Split>,
    pub(crate) mokx: Option<Split>,
}

/// A list of shim's: the parts into which it splits the copy that the system sees, if the list is
/// too large for one variable.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Split(pub(crate) Vec<Vec<u8>>);

impl Lists {
    /// By the names of the variables.
    pub(crate) fn variables(&self) -> [(&'static str, Option<&[u8]>); 3] {
        [("db", self.db.as_deref()), ("dbx", self.dbx.as_deref()), ("dbt", self.dbt.as_deref())]
    }
}

/// One question.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    /// The same in every run.
    pub(crate) name: String,
    pub(crate) image: Rc<Vec<u8>>,
    pub(crate) lists: Rc<Lists>,
}

/// What cases are made of.
pub(crate) struct World<'f> {
    pub(crate) folder: &'f ToolboxFolder,
    pub(crate) keys: Keys<'f>,
    pub(crate) seed: u64,
    /// How many random cases there are of each kind.
    pub(crate) random: usize,
    /// A small program.
    pub(crate) tiny: Vec<u8>,
    /// Vouches for itself; most lists trust it.
    pub(crate) judge: Identity<'f>,
    /// Trusts `judge`.
    pub(crate) trusting: Rc<Lists>,
}

impl<'f> World<'f> {
    pub(crate) fn new(folder: &'f ToolboxFolder, seed: u64, random: usize) -> Self {
        let keys = Keys::new(folder);
        let judge = Identity::own(&keys, "one", Certificate::new("judge", "judge").authority());
        let trusting = Rc::new(Lists { db: Some(certificates(&[&judge.der])), ..Lists::default() });
        let tiny = std::fs::read(test_support::data("uefi/tiny64.efi")).unwrap();
        Self { folder, keys, seed, random, tiny, judge, trusting }
    }

    /// Signing by `judge`.
    pub(crate) fn judge(&self) -> Signing<'_> {
        Signing::by(self.folder, &self.judge)
    }

    /// A case under the lists that trust `judge`.
    pub(crate) fn case(&self, name: impl Into<String>, image: Vec<u8>) -> Case {
        Case { name: name.into(), image: Rc::new(image), lists: Rc::clone(&self.trusting) }
    }
}

pub(crate) fn owner() -> Guid {
    "12345678-9abc-def0-1234-56789abcdef0".parse().unwrap()
}

/// A list with one entry.
pub(crate) fn list(kind: SignatureListKind, data: &[u8]) -> Vec<u8> {
    authenticode::lists::write(&[SignatureList::single(kind, owner(), data.to_vec())])
}

/// Lists of certificates, one each.
pub(crate) fn certificates(of: &[&[u8]]) -> Vec<u8> {
    of.iter().flat_map(|der| list(SignatureListKind::X509, der)).collect()
}

/// A list of any type with these entries, all of one size, whatever they hold.
pub(crate) fn raw_list(kind: Guid, entries: &[Vec<u8>]) -> Vec<u8> {
    let size = entries.first().map_or(48, |entry| entry.len() + 16);
    let whole = 28 + entries.iter().map(|entry| entry.len() + 16).sum::<usize>();
    let number = |value: usize| u32::try_from(value).unwrap().to_le_bytes();
    let mut written = kind.to_bytes().to_vec();
    written.extend([number(whole), number(0), number(size)].concat());
    for entry in entries {
        written.extend(owner().to_bytes());
        written.extend(entry);
    }
    written
}
