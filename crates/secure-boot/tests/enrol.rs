//! From an empty folder to written variables, without a machine.

#![allow(clippy::unwrap_used)]

use authenticode::create::KeyType;
use authenticode::sign::SecretSource;
use authenticode::variable::{Authenticated, Variable, VariableContent, attributes};
use authenticode::{Guid, Time};
use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use secure_boot::{
    Efivars, EnrolError, Enrolment, EnrolmentRefused, KeyFolder, MoreLists, NewKeys, OwnerKeys,
    SecureBootState, SignedEnrolment, ThirdPartyKeys, TrustError, VariableChange, microsoft_of_machine, plan,
    read_database,
};
use std::path::Path;

fn now() -> Time {
    Time::from_unix(1_800_000_000).unwrap()
}

fn keys(path: &Path) -> KeyFolder {
    let valid = [now(), now().plus_seconds(86_400).unwrap()];
    let owner = Guid::from_random([9; 16]);
    let new = NewKeys { name: "Test", owner, kind: KeyType::Rsa { bits: 2048 }, valid, passphrase: None };
    KeyFolder::create(path, &new, &mut UnwrapErr(SysRng)).unwrap();
    KeyFolder::open(path).unwrap()
}

fn state(setup_mode: Option<u8>) -> SecureBootState {
    let read = |variable| {
        let data = setup_mode.filter(|_| variable == Variable::SETUP_MODE).map(|byte| vec![byte]);
        Ok::<_, std::convert::Infallible>(data.map(|data| VariableContent { attributes: 6, data }))
    };
    SecureBootState::read(read).unwrap()
}

/// The plan for these keys alone.
fn plan_all(state: &SecureBootState, owner: &OwnerKeys) -> Result<Vec<VariableChange>, EnrolmentRefused> {
    let (others, more) = (ThirdPartyKeys::default(), MoreLists::default());
    plan(state, &Enrolment { owner, others: &others, more: &more, append: false, only: &[] })
}

#[test]
fn the_platform_key_comes_last_and_every_change_is_authorised() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    let keys = keys(&path);
    let changes = plan_all(&state(Some(1)), keys.keys()).unwrap();
    let order: Vec<_> = changes.iter().map(|change| (change.variable, change.by)).collect();
    let (pk, kek, db) = (Variable::PK, Variable::KEK, Variable::DB);
    assert_eq!(order, [(db, kek), (kek, pk), (pk, pk)]);

    let efivars = folder.path().join("efivars");
    std::fs::create_dir(&efivars).unwrap();
    let variables = Efivars::open(&efivars).unwrap();
    let later = now().plus_seconds(60).unwrap();
    let signed = SignedEnrolment::sign(&changes, &keys, &SecretSource::None, later).unwrap();
    assert_eq!(variables.read(pk).unwrap(), None, "signing writes nothing");
    signed.apply(&keys, &variables).unwrap();
    for (variable, signer) in [(db, &keys.keys().kek), (kek, &keys.keys().pk), (pk, &keys.keys().pk)] {
        let content = variables.read(variable).unwrap().unwrap();
        assert_eq!(content.attributes, attributes::KEYS);
        let change = Authenticated::read(&content.data).unwrap();
        assert_eq!(change.time, later);
        assert_eq!(&change.verify(variable, attributes::KEYS, [signer]).unwrap(), signer);
    }
    // The way back has to be newer than what was written.
    let removal = Authenticated::read(&std::fs::read(path.join("PK-remove.auth")).unwrap()).unwrap();
    assert!(removal.time > later && removal.data.is_empty());
    removal.verify(pk, attributes::KEYS, [&keys.keys().pk]).unwrap();
}

#[test]
fn only_a_machine_in_setup_mode_is_enrolled() {
    let folder = tempfile::tempdir().unwrap();
    let keys = keys(&folder.path().join("keys"));
    let plan = |mode| plan_all(&state(mode), keys.keys());
    assert_eq!(plan(Some(0)), Err(EnrolmentRefused::OwnedByAnother));
    assert_eq!(plan(None), Err(EnrolmentRefused::Unknown));
    let variables = Efivars::open(folder.path()).unwrap();
    let error = microsoft_of_machine(&variables).unwrap_err();
    assert!(matches!(error, EnrolError::NoMicrosoft) && error.hint().is_some());
}

#[test]
fn a_folder_is_a_trust_list_if_it_holds_anything() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    keys(&path);
    // Private keys may have the ending of certificates; they are passed over.
    std::fs::rename(path.join("PK.key"), path.join("private.pem")).unwrap();
    let paths = [path.clone()];
    let database = read_database(&paths).unwrap();
    // Of each of three keys: PEM, DER, and a list.
    assert_eq!(database.certificates().count(), 9);
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    assert!(
        matches!(read_database(std::slice::from_ref(&empty)), Err(TrustError::Empty { path }) if path == empty)
    );
    let owner = path.join("owner");
    assert!(matches!(read_database(&[owner]), Err(TrustError::Neither(_))));
}
