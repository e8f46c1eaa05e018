//! Rotating keys on a firmware that is made of a few lines here: it verifies each change as EDK2
//! does, and refuses what is not newer. Real firmware decides in the tests of the crate `cli`.

#![allow(clippy::unwrap_used)]

use authenticode::certificate::Certificate;
use authenticode::create::KeyType;
use authenticode::lists::{self, SignatureDatabase, SignatureList, SignatureListKind};
use authenticode::sign::SecretSource;
use authenticode::variable::{Authenticated, Variable, VariableContent, attributes};
use authenticode::{Guid, Time};
use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use secure_boot::{KeyFolder, MachineLists, NewKeys, RotateError, Rotation};
use std::collections::HashMap;
use std::path::Path;

fn now() -> Time {
    Time::from_unix(1_800_000_000).unwrap()
}

fn keys(path: &Path, name: &str) -> KeyFolder {
    let valid = [now(), now().plus_seconds(86_400).unwrap()];
    let owner = Guid::from_random([9; 16]);
    let new = NewKeys { name, owner, kind: KeyType::Rsa { bits: 2048 }, valid, passphrase: None };
    KeyFolder::create(path, &new, &mut UnwrapErr(SysRng)).unwrap();
    KeyFolder::open(path).unwrap()
}

fn list(certificate: &Certificate) -> SignatureList {
    SignatureList::single(SignatureListKind::X509, Guid::from_bytes([1; 16]), certificate.der().to_vec())
}

#[derive(Clone, Default)]
struct Firmware {
    lists: HashMap<&'static str, Vec<SignatureList>>,
    times: HashMap<&'static str, Time>,
}

impl Firmware {
    fn owned_by(keys: &KeyFolder, more: &[SignatureList]) -> Self {
        let keys = keys.keys();
        let mut firmware = Self::default();
        for (variable, own) in
            [(Variable::PK, &keys.pk), (Variable::KEK, &keys.kek), (Variable::DB, &keys.db)]
        {
            let more = if variable == Variable::PK { &[] } else { more };
            firmware.lists.insert(variable.name, [&[list(own)], more].concat());
            firmware.times.insert(variable.name, now());
        }
        firmware
    }

    fn certificates(&self, name: &str) -> Vec<String> {
        let mut database = SignatureDatabase::default();
        database.add_lists(name, &self.lists[name]);
        database.certificates().map(|(_, certificate)| certificate.subject()).collect()
    }

    fn machine(&self) -> MachineLists {
        MachineLists {
            pk: self.lists["PK"].clone(),
            kek: self.lists["KEK"].clone(),
            db: self.lists["db"].clone(),
        }
    }

    fn write(&mut self, variable: Variable, content: &VariableContent) {
        let change = Authenticated::read(&content.data).unwrap();
        let by = if variable == Variable::DB { "KEK" } else { "PK" };
        let mut authorities = SignatureDatabase::default();
        authorities.add_lists(by, &self.lists[by]);
        let authorities = authorities.certificates().map(|(_, certificate)| certificate);
        change.verify(variable, content.attributes, authorities).unwrap();
        let appends = content.attributes & attributes::APPEND != 0;
        let last = self.times.get_mut(variable.name).unwrap();
        assert!(appends || change.time > *last, "{variable}: {} is not newer than {last}", change.time);
        *last = change.time.max(*last);
        let found = self.lists.get_mut(variable.name).unwrap();
        if !appends {
            found.clear();
        }
        found.extend(lists::read(&change.data).unwrap());
    }
}

#[test]
fn nothing_is_locked_out_wherever_it_stops() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (keys(&folder.path().join("old"), "old"), keys(&folder.path().join("new"), "new"));
    let vendor = keys(&folder.path().join("vendor"), "vendor");
    let hash = SignatureList::single(SignatureListKind::Sha256, Guid::from_bytes([1; 16]), vec![7; 32]);
    let more = [list(&vendor.keys().db), hash.clone()];
    let none = SecretSource::None;
    // Stopped behind so many changes, and gone on with a clock that went back by an hour.
    for stop in 0..=5 {
        let mut firmware = Firmware::owned_by(&old, &more);
        let mut left: u32 = stop;
        for round in 0.. {
            let rotation = Rotation::plan(&firmware.machine(), old.keys(), new.keys()).unwrap();
            if rotation.is_done() {
                assert!(round > 0 && left == 0, "{stop}");
                break;
            }
            let clock = Time::from_unix(1_800_000_000 - 3600 * round).unwrap();
            let signed = rotation.sign(&old, &new, [&none, &none], clock).unwrap();
            signed.prepare(&new).unwrap();
            for (variable, content) in signed.before.iter().chain(&signed.owner).chain(&signed.end) {
                if round == 0 && left == 0 && stop < 5 {
                    break;
                }
                firmware.write(*variable, content);
                left = left.saturating_sub(1);
                // What the old key signed starts until the end, the new key's from the first change
                // on; and somebody who is here can always change PK, KEK and db.
                let db = firmware.certificates("db");
                assert!(db.contains(&"CN=new signature database key".to_owned()), "{db:?}");
                let holds =
                    |name, who: &str| firmware.certificates(name).iter().any(|subject| subject.contains(who));
                for name in ["PK", "KEK"] {
                    assert!(holds(name, "CN=old") || holds(name, "CN=new"), "{name}");
                }
                assert!(holds("db", "CN=vendor") && firmware.lists["db"].contains(&hash));
            }
            // The way back is ready whatever was written.
            let removal = std::fs::read(new.path().join("PK-remove.auth")).unwrap();
            let removal = Authenticated::read(&removal).unwrap();
            assert!(removal.time > firmware.times["PK"]);
            assert!(round < 3, "{stop}: it does not end");
        }
        for name in ["PK", "KEK", "db"] {
            let found = firmware.certificates(name);
            assert!(!found.iter().any(|subject| subject.contains("CN=old")), "{name}: {found:?}");
        }
    }
}

#[test]
fn whose_machine_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let [old, new, other] = ["old", "new", "other"].map(|name| keys(&folder.path().join(name), name));
    let plan = |firmware: &Firmware| Rotation::plan(&firmware.machine(), old.keys(), new.keys());
    let firmware = Firmware::owned_by(&other, &[]);
    assert!(matches!(plan(&firmware), Err(RotateError::OwnedByAnother)));
    let mut firmware = Firmware::owned_by(&old, &[]);
    firmware.lists.insert("KEK", Vec::new());
    assert!(matches!(plan(&firmware), Err(RotateError::NoKek)));
    firmware.lists.insert("PK", Vec::new());
    assert!(matches!(plan(&firmware), Err(RotateError::NoPlatformKey)));
    let same = Rotation::plan(&Firmware::owned_by(&old, &[]).machine(), old.keys(), old.keys());
    assert!(matches!(same, Err(RotateError::SameKey(Variable::PK))));
    assert!(plan(&Firmware::owned_by(&new, &[])).unwrap().is_done());
}
