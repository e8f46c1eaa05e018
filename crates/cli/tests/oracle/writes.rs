//! What firmware is asked through SetVariable: lists in setup mode, where it looks at their form
//! only, and then authorised changes in user mode.

use crate::case::{World, certificates, list, raw_list};
use crate::der::{Element, INTEGER, Length, OCTETS, context, octets, oid, parts, sequence};
use crate::identity::{Certificate, Scheme, authority};
use crate::machine::{Machine, Steps, Variable};
use crate::random::Random;
use crate::signed::{Identity, Signing, Stage};
use authenticode::Time;
use authenticode::lists::SignatureListKind as Kind;
use authenticode::variable::{self, Authenticated, VariableContent, attributes};

/// A question.
pub(crate) struct Write {
    pub(crate) name: String,
    /// The number of the firmware's answer.
    pub(crate) number: usize,
    /// Whether we would call it good.
    pub(crate) ours: Result<(), String>,
}

/// All of a run.
pub(crate) struct Writes {
    /// Lists in setup mode: whether we read them.
    pub(crate) lists: Vec<Write>,
    /// Changes in user mode: whether we call them authorised.
    pub(crate) changes: Vec<Write>,
    /// With the firmware's own variables: what has to start, and what must not.
    pub(crate) controls: [usize; 2],
}

/// Times that only go up: firmware takes nothing that is older than the last.
struct Clock(u32);

impl Clock {
    fn next(&mut self) -> Time {
        self.0 += 1;
        let part = |of: u32, from: u32| u8::try_from(self.0 / of % 24 + from).unwrap();
        let year = 2030 + u16::try_from(self.0 / 24 / 24).unwrap();
        Time { year, month: 1, day: part(24, 1), hour: part(1, 0), ..Time::default() }
    }
}

fn firmware(of: variable::Variable) -> Variable<'static> {
    Variable { name: of.name, vendor: of.vendor }
}

/// Adds the questions.
pub(crate) fn ask(world: &World<'_>, machine: &Machine, steps: &mut Steps) -> Writes {
    let mut clock = Clock(0);
    steps.forget();
    let lists = lists(world, machine, steps, &mut clock);
    // From now on the platform has an owner.
    let owners = certificates(&[&world.judge.der]);
    for variable in [variable::Variable::KEK, variable::Variable::DB, variable::Variable::PK] {
        let change = change(world, variable, attributes::KEYS, clock.next(), &owners, |_, _| {});
        steps.write(firmware(variable), attributes::KEYS, &change.write());
    }
    let remove = change(world, variable::Variable::DBX, attributes::KEYS, clock.next(), &[], |_, _| {});
    steps.write(firmware(variable::Variable::DBX), attributes::KEYS, &remove.write());
    let signed = crate::image::attached(&world.tiny, &world.judge().of(&world.tiny));
    let controls = [steps.load(&signed), steps.load(&world.tiny)];
    let changes = changes(world, steps, &mut clock);
    Writes { lists, changes, controls }
}

fn lists(world: &World<'_>, machine: &Machine, steps: &mut Steps, clock: &mut Clock) -> Vec<Write> {
    let judge = &world.judge.der;
    let good = list(Kind::X509, judge);
    let mut all: Vec<(String, Vec<u8>)> = Vec::new();
    let mut add = |name: &str, octets: Vec<u8>| all.push((name.to_owned(), octets));
    add("a certificate", good.clone());
    add("a byte behind the certificate", list(Kind::X509, &[judge.as_slice(), &[0]].concat()));
    add("nonsense", list(Kind::X509, b"nonsense nonsense nonsense"));
    add("garbage behind", [good.as_slice(), &[7; 12]].concat());
    add("zeros behind", [good.as_slice(), &[0; 28]].concat());
    add("garbage in front", [&[7; 28], good.as_slice()].concat());
    add("an empty list", raw_list(Kind::X509.guid(), &[]));
    add("an empty list of digests", raw_list(Kind::Sha256.guid(), &[]));
    add("an unknown type", raw_list("01234567-89ab-cdef-0123-456789abcdef".parse().unwrap(), &[vec![7; 32]]));
    for key in ["rsa1024", "rsa8192", "p256", "p384"] {
        let scheme = world.keys.get(key).scheme;
        let own = Identity::own(&world.keys, key, Certificate { scheme, ..Certificate::new("x", "x") });
        add(&format!("a certificate with key {key}"), list(Kind::X509, &own.der));
    }
    let kinds = [
        Kind::Sha1,
        Kind::Sha224,
        Kind::Sha256,
        Kind::Sha384,
        Kind::Sha512,
        Kind::Rsa2048,
        Kind::X509Sha256,
        Kind::X509Sha384,
        Kind::X509Sha512,
    ];
    for kind in kinds {
        let size = kind.data_size().unwrap();
        for (change, size) in [("", size), (", a byte more", size + 1), (", a byte less", size - 1)] {
            let entries = vec![vec![1; size], vec![2; size]];
            add(&format!("{}{change}", kind.name()), raw_list(kind.guid(), &entries));
        }
    }
    for (field, at) in [("list size", 16), ("header size", 20), ("entry size", 24)] {
        for change in [-28i32, -16, -1, 1, 4, 16, 1000, i32::MIN] {
            let mut octets = good.clone();
            let was = i32::from_le_bytes(octets[at..at + 4].try_into().unwrap());
            octets[at..at + 4].copy_from_slice(&was.wrapping_add(change).to_le_bytes());
            add(&format!("{field} {change:+}"), octets);
        }
    }
    for number in 0..world.random {
        let mut random = Random::new(world.seed, "list", number);
        let mut octets = [good.clone(), list(Kind::Sha256, &[3; 32])].concat();
        // In one of the two heads.
        let at = random.below(28) + if random.one_in(2) { good.len() } else { 0 };
        octets[at] ^= 1 << random.below(8);
        add(&format!("random list {number}: octet {at}"), octets);
    }
    let db = variable::Variable::DB;
    let folder = machine.path("lists");
    std::fs::create_dir(&folder).unwrap();
    let ask = |(name, octets): (String, Vec<u8>)| {
        // In setup mode nobody has to sign; the time has to be there.
        let change = Authenticated { time: clock.next(), signature: Vec::new(), data: octets.clone() };
        let number = steps.write(firmware(db), attributes::KEYS, &change.write());
        let content = VariableContent { attributes: attributes::KEYS, data: octets };
        std::fs::write(folder.join(db.file_name()), content.write()).unwrap();
        std::fs::write(machine.path("tiny.efi"), &world.tiny).unwrap();
        let told = machine.snowguard.run("pe verify --efivars=lists tiny.efi");
        let ours = if told.code == Some(1) { Ok(()) } else { Err(told.stderr) };
        Write { name, number, ours }
    };
    all.into_iter().map(ask).collect()
}

/// A change that `judge` signs; each stage of its signature may be changed.
fn change(
    world: &World<'_>,
    variable: variable::Variable,
    attributes: u32,
    time: Time,
    data: &[u8],
    edit: impl FnMut(Stage, &mut Element),
) -> Authenticated {
    signed_change(&world.judge(), variable, attributes, time, data, edit)
}

fn signed_change(
    signing: &Signing<'_>,
    variable: variable::Variable,
    attributes: u32,
    time: Time,
    data: &[u8],
    edit: impl FnMut(Stage, &mut Element),
) -> Authenticated {
    let mut message: Vec<u8> = variable.name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    message.extend(variable.vendor.to_bytes());
    message.extend(attributes.to_le_bytes());
    message.extend(time.to_efi());
    message.extend(data);
    Authenticated { time, signature: signing.detached(&message, edit), data: data.to_vec() }
}

/// A change of a stage of a signature.
type Edit = fn(&mut Element);

fn changes(world: &World<'_>, steps: &mut Steps, clock: &mut Clock) -> Vec<Write> {
    let db = variable::Variable::DB;
    let owners = certificates(&[&world.judge.der]);
    let keys = &world.keys;
    let stranger = Identity::own(keys, "two", Certificate::new("stranger", "stranger"));
    let issued = Identity::issued(keys, "two", Certificate::new("issued", "judge"), &world.judge);
    let middle =
        Identity::issued(keys, "three", Certificate::new("middle", "judge").authority(), &world.judge);
    let leaf = Identity::issued(keys, "two", Certificate::new("leaf", "middle"), &middle);
    let none = Certificate::new("none", "judge").with(&[authority(false, None)]);
    let none = Identity::issued(keys, "three", none, &world.judge);
    let below = Identity::issued(keys, "two", Certificate::new("below", "none"), &none);
    let curved = Identity::issued(keys, "p256", Certificate::new("curved", "judge"), &world.judge);
    let authority_with_curve = Certificate::new("curve", "judge").authority();
    let curve = Identity::issued(keys, "p384", authority_with_curve, &world.judge);
    let scheme = curve.key.scheme;
    let under = Certificate { scheme, ..Certificate::new("under", "curve") };
    let under = Identity::issued(keys, "two", under, &curve);
    let mut writes = Vec::new();
    let mut ask = |name: String, variable: variable::Variable, set: u32, change: Authenticated| {
        let number = steps.write(firmware(variable), set, &change.write());
        let authority = authenticode::certificate::Certificate::from_der(&world.judge.der).unwrap();
        let ours =
            Authenticated::read(&change.write()).map_err(|error| error.to_string()).and_then(|change| {
                change.verify(variable, set, [&authority]).map(drop).map_err(|error| error.to_string())
            });
        writes.push(Write { name, number, ours });
    };
    let by = |signer| Signing::by(world.folder, signer);
    let bags: [&[&[u8]]; 3] = [&[&middle.der], &[&none.der], &[&curve.der]];
    for (name, signing) in [
        ("by KEK", world.judge()),
        ("by a stranger", by(&stranger)),
        ("by one whom KEK issued", by(&issued)),
        ("over an authority", by(&leaf).with(bags[0])),
        ("over an authority that is missing", by(&leaf)),
        ("over no authority", by(&below).with(bags[1])),
        ("by an elliptic curve that KEK issued", by(&curved)),
        ("over an authority with an elliptic curve", by(&under).with(bags[2])),
        ("with SHA-1", world.judge().digest("sha1")),
        ("with SHA-384", world.judge().digest("sha384")),
        ("with SHA-512", world.judge().digest("sha512")),
        ("with PSS", Signing { scheme: Scheme::Pss("sha256"), ..world.judge() }),
        ("with the digest named", Signing { combined: true, ..world.judge() }),
    ] {
        let change = signed_change(&signing, db, attributes::KEYS, clock.next(), &owners, |_, _| {});
        ask(format!("change: {name}"), db, attributes::KEYS, change);
    }
    let append = attributes::KEYS | attributes::APPEND;
    let good = change(world, db, append, clock.next(), &owners, |_, _| {});
    ask("change: appended".to_owned(), db, append, good.clone());
    ask("change: signed for appending, not appended".to_owned(), db, attributes::KEYS, good.clone());
    ask("change: for another variable".to_owned(), variable::Variable::DBX, append, good);
    for (name, variable) in
        [("PK", variable::Variable::PK), ("KEK", variable::Variable::KEK), ("dbx", variable::Variable::DBX)]
    {
        let data = if name == "dbx" { list(Kind::Sha256, &[9; 32]) } else { owners.clone() };
        let change = change(world, variable, attributes::KEYS, clock.next(), &data, |_, _| {});
        ask(format!("change: of {name}"), variable, attributes::KEYS, change);
    }
    let edits: [(&str, Stage, Edit); 9] = [
        ("in a ContentInfo", Stage::Whole, |whole| {
            *whole = sequence([oid("1.2.840.113549.1.7.2"), context(0, [whole.clone()])]);
        }),
        ("SignedData of version 3", Stage::Data, |data| *data.at(&[0]) = octets(INTEGER, [3])),
        ("with its content", Stage::Data, |data| {
            data.at(&[2]).parts().push(context(0, [octets(OCTETS, [1])]));
        }),
        ("without certificates", Stage::Data, |data| drop(data.parts().remove(3))),
        ("crls that are none", Stage::Data, |data| {
            data.parts().insert(4, context(1, [octets(INTEGER, [1])]));
        }),
        ("two signers", Stage::Data, |data| {
            let first = data.at(&[4, 0]).clone();
            data.at(&[4]).parts().push(first);
        }),
        ("content of another type", Stage::Data, |data| *data.at(&[2, 0]) = oid("1.2.840.113549.1.7.2")),
        ("a long length", Stage::Data, |data| data.length = Length::Long),
        ("unauthenticated attributes that are none", Stage::Signer, |signer| {
            signer.parts().push(context(1, [sequence([parts(0x31, [])])]));
        }),
    ];
    for (name, stage, edit) in edits {
        let time = clock.next();
        let change = change(world, db, attributes::KEYS, time, &owners, |now, element| {
            if now == stage {
                edit(element);
            }
        });
        ask(format!("change: {name}"), db, attributes::KEYS, change);
    }
    for number in 0..world.random {
        let mut random = Random::new(world.seed, "change", number);
        let stage = *random.pick(&[Stage::Signer, Stage::Data, Stage::Whole]);
        let mut told = String::new();
        let change = change(world, db, attributes::KEYS, clock.next(), &owners, |now, element| {
            if now == stage {
                told = element.mutate(&mut random);
            }
        });
        ask(format!("random change {number}: {stage:?}: {told}"), db, attributes::KEYS, change);
    }
    writes
}
