//! Shim as a generated oracle: every image that firmware is asked about, with the lists where
//! firmware has them and where the machine's owner has them; lists that shim splits; and levels of
//! SBAT. Shim is asked through its protocol, as boot loaders do.

use crate::case::{Case, Lists, Split, World, certificates, list};
use crate::differences::{Answer, SHIM, faults};
use crate::identity::{Certificate, digest};
use crate::image::{attached, covered, put, section};
use crate::machine::{Machine, SUCCESS, Steps, Variable};
use crate::signed::{Identity, Signing};
use crate::{groups, keep, kinds, number, ours};
use authenticode::lists::SignatureListKind as Kind;
use authenticode::variable::{self, SECURITY, VariableContent, attributes};
use std::rc::Rc;

/// What shim demands, and we too. Shim keeps a level that is newer than its own.
const LEVEL: &str = "sbat,1,2040010100\nshim,4\nfresh,3\nother,1\n";

/// What shim refuses by its lists.
const SECURITY_VIOLATION: u64 = 0x8000_0000_0000_001a;

#[test]
fn what_we_trust_shim_starts() {
    let machine = Machine::new();
    let random = usize::try_from(number("SNOWGUARD_ORACLE_RANDOM", 40)).unwrap();
    let world = World::new(&machine.folder, number("SNOWGUARD_ORACLE_SEED", 15), random);
    let mut cases = kinds::all(&world);
    let owners: Vec<Case> = cases.iter().filter_map(owners).collect();
    cases.extend(owners);
    cases.extend(split(&world));
    cases.extend(levels(&machine, &world));
    cases.extend(sections(&world));
    let groups = groups(&cases);
    let mut steps = Steps::default();
    let mut numbers = vec![0; cases.len()];
    for members in &groups {
        let lists = &cases[members[0]].lists;
        for (name, value) in lists.variables() {
            steps.set_aside(Variable { name, vendor: SECURITY }, value);
        }
        // Shim allows by the copy that the system sees, and forbids by its own list.
        let mok = lists.mok.as_ref().and_then(|Split(parts)| parts.first());
        let mokx = lists.mokx.as_ref().map(|Split(parts)| parts.concat());
        for (name, value) in [("MokListRT", mok.map(Vec::as_slice)), ("MokListX", mokx.as_deref())] {
            steps.set_aside(Variable { name, vendor: variable::SHIM }, value);
        }
        for member in members {
            numbers[*member] = steps.verify(&cases[*member].image);
        }
    }
    install(&machine, &world);
    let level = VariableContent { attributes: attributes::RUNTIME, data: LEVEL.as_bytes().to_vec() };
    machine.folder.write("level.var", level.write());
    let vendor = machine.folder.root().join("usr/share/shim/debian-uefi-ca.der");
    std::fs::copy(vendor, machine.path("vendor.der")).unwrap();
    let options = "--as shim --loaded-by loader --sbat-level level.var --vendor-cert vendor.der";
    let options: Vec<&str> = options.split(' ').collect();
    let (answers, ours) = std::thread::scope(|scope| {
        let shim = scope.spawn(|| machine.ask(&steps));
        let ours = ours::verdicts(&machine, &cases, &groups, &options);
        (shim.join().unwrap(), ours)
    });
    println!("{} images under {} lists", cases.len(), groups.len());
    let answer = |(case, (number, ours)): (&Case, (&usize, Result<(), String>))| {
        let codes = vec![answers[number]];
        Answer { name: case.name.clone(), firmware: vec![codes[0] == SUCCESS], codes, ours }
    };
    let answers: Vec<Answer> = cases.iter().zip(numbers.iter().zip(ours)).map(answer).collect();
    // It does decide: by lists and by levels, both ways.
    for (name, code) in [
        ("split: allowed by part 0", SUCCESS),
        ("split: forbidden by part 2", SECURITY_VIOLATION),
        ("level: fresh,3", SUCCESS),
        ("level: fresh,2", SECURITY_VIOLATION),
    ] {
        let found = answers.iter().find(|answer| answer.name == name).unwrap();
        assert_eq!(found.codes, [code], "{name}");
    }
    let faults = faults(&answers, &SHIM);
    if !faults.is_empty() {
        let kept = keep("oracle-shim", &cases, &answers);
        panic!("{} faults; the inputs are in {}:\n{}", faults.len(), kept.display(), faults.join("\n"));
    }
}

/// Shim, and the program that asks in the place of a boot loader, signed by the machine's owner.
fn install(machine: &Machine, world: &World<'_>) {
    let shim = machine.folder.root().join("usr/lib/shim/shimx64.efi.signed");
    std::fs::copy(shim, machine.path("shim")).unwrap();
    machine.install("shim", "EFI/BOOT/BOOTX64.EFI");
    machine.compile_oracle();
    machine.folder.write("owner.der", &world.judge.der);
    machine.folder.write("level", LEVEL);
    machine.folder.write("oracle.sbat", "sbat,1,SBAT Version,sbat,1,https://example.org\n");
    let snowguard = &machine.snowguard;
    snowguard.success("pe sections oracle.efi --add .sbat=oracle.sbat --output oracle.efi");
    snowguard.success("pe sign --key one.key --cert owner.der oracle.efi");
    machine.install("oracle.efi", "EFI/BOOT/grubx64.efi");
    machine.shell("openssl x509 -in owner.der -out owner.pem");
    let owner = crate::case::owner();
    // Microsoft's keys let shim itself through.
    machine.variables("OVMF_VARS_4M.ms.fd", &format!("--set-sbat-level level --add-mok {owner} owner.pem"));
}

/// The same with the lists of the machine's owner; `None` if that is the same question.
fn owners(case: &Case) -> Option<Case> {
    let Lists { db, dbx, .. } = &*case.lists;
    if db.is_none() && dbx.is_none() {
        return None;
    }
    let split = |list: &Option<Vec<u8>>| list.as_ref().map(|list| Split(vec![list.clone()]));
    let lists = Lists { mok: split(db), mokx: split(dbx), ..Lists::default() };
    let name = format!("owner's: {}", case.name);
    Some(Case { name, image: Rc::clone(&case.image), lists: Rc::new(lists) })
}

/// Lists in several variables: what decides stands in each of them.
fn split(world: &World<'_>) -> Vec<Case> {
    let keys = &world.keys;
    let stranger = Identity::own(keys, "four", Certificate::new("stranger", "stranger"));
    let curve = Identity::own(
        keys,
        "p256",
        Certificate { scheme: keys.get("p256").scheme, ..Certificate::new("curve", "curve") },
    );
    let signed = attached(&world.tiny, &world.judge().of(&world.tiny));
    let curved = attached(&world.tiny, &Signing::by(world.folder, &curve).of(&world.tiny));
    // Shim splits because firmware takes some kilobytes for one variable only.
    let filling: Vec<u8> =
        (0..400u16).flat_map(|number| list(Kind::Sha256, &number.to_be_bytes().repeat(16))).collect();
    let parts = |at: usize, what: &[u8]| {
        let mut parts = vec![certificates(&[&stranger.der]), filling.clone(), filling.clone()];
        parts[at].extend(what);
        Some(Split(parts))
    };
    let mut cases = Vec::new();
    let mut case = |name: String, image: &[u8], mok: Option<Split>, mokx: Option<Split>| {
        let lists = Rc::new(Lists { mok, mokx, ..Lists::default() });
        cases.push(Case { name, image: Rc::new(image.to_vec()), lists });
    };
    let judge = certificates(&[&world.judge.der]);
    let hash = list(Kind::Sha256, &digest(world.folder, "sha256", &covered(&world.tiny)));
    for at in 0..3 {
        case(format!("split: allowed by part {at}"), &signed, parts(at, &judge), None);
        case(format!("split: a digest in part {at}"), &world.tiny, parts(at, &hash), None);
        case(format!("split: a curve in part {at}"), &curved, parts(at, &certificates(&[&curve.der])), None);
        let mok = || Some(Split(vec![judge.clone()]));
        case(format!("split: forbidden by part {at}"), &signed, mok(), parts(at, &judge));
        case(format!("split: a digest forbidden by part {at}"), &signed, mok(), parts(at, &hash));
    }
    case("split: allowed by none".to_owned(), &signed, parts(0, &[]), None);
    // In the middle of a list, even of an entry: the parts are one list only together.
    for at in [1, 16, 30, 400, judge.len() - 1] {
        let cut = |list: &[u8]| Some(Split(vec![list[..at].to_vec(), list[at..].to_vec()]));
        case(format!("split: allowed by a list that is cut at {at}"), &signed, cut(&judge), None);
        let mok = Some(Split(vec![judge.clone()]));
        case(format!("split: forbidden by a list that is cut at {at}"), &signed, mok, cut(&judge));
    }
    cases
}

/// What programs say of themselves, against the level.
fn levels(machine: &Machine, world: &World<'_>) -> Vec<Case> {
    let line = |component: &str, generation: &str| format!("{component},{generation},v,p,1,u\n");
    let first = line("sbat", "1");
    let mut sections: Vec<(String, Vec<u8>)> = Vec::new();
    let mut add = |name: String, text: String| sections.push((name, text.into_bytes()));
    for generation in
        ["0", "1", "2", "3", "4", "65535", "65536", "65539", "4294967299", "99999999999999999999"]
    {
        add(format!("fresh,{generation}"), first.clone() + &line("fresh", generation));
    }
    for generation in ["", "two", "-1", "+3", "03", " 3", "3 ", "3x", "0x3", "3.0"] {
        add(format!("fresh with generation {generation:?}"), first.clone() + &line("fresh", generation));
    }
    for component in ["Fresh", "fres", "freshx", " fresh", "fresh ", "unknown"] {
        add(format!("component {component:?} of generation 1"), first.clone() + &line(component, "1"));
    }
    add("two, the second old".to_owned(), [first.clone(), line("other", "1"), line("fresh", "2")].concat());
    add(
        "one twice, new and old".to_owned(),
        [first.clone(), line("fresh", "3"), line("fresh", "2")].concat(),
    );
    add("sbat of generation 0".to_owned(), line("sbat", "0"));
    add("without sbat".to_owned(), line("fresh", "3"));
    add("without an end of line".to_owned(), (first.clone() + &line("fresh", "3")).trim_end().to_owned());
    add("old without an end of line".to_owned(), (first.clone() + &line("fresh", "2")).trim_end().to_owned());
    add("CRLF".to_owned(), (first.clone() + &line("fresh", "3")).replace('\n', "\r\n"));
    add("old, CRLF".to_owned(), (first.clone() + &line("fresh", "2")).replace('\n', "\r\n"));
    add("a blank line".to_owned(), format!("{first}\n{}", line("fresh", "2")));
    add("five fields".to_owned(), first.clone() + "fresh,3,v,p,1\n");
    add("two fields".to_owned(), first.clone() + "fresh,3\n");
    add("seven fields".to_owned(), first.clone() + "fresh,3,v,p,1,u,7\n");
    add("old, seven fields".to_owned(), first.clone() + "fresh,2,v,p,1,u,7\n");
    add("empty fields".to_owned(), first.clone() + "fresh,3,,,,\n");
    add("quotes".to_owned(), first.clone() + "\"fresh\",2,v,p,1,u\n");
    add("only blanks".to_owned(), " \n".to_owned());
    add("only a comma".to_owned(), ",\n".to_owned());
    add("a zero in front".to_owned(), format!("\0{first}{}", line("fresh", "2")));
    add("a zero in between".to_owned(), format!("{first}\0{}", line("fresh", "2")));
    add("a mark of UTF-8 in front".to_owned(), format!("\u{feff}{}", line("fresh", "2")));
    add("long".to_owned(), first.clone() + &line("other", "1").repeat(400) + &line("fresh", "2"));
    sections
        .push(("bytes that are no text".to_owned(), [first.as_bytes(), b"fr\xffsh,2,v,p,1,u\n"].concat()));
    let signed = |image: &[u8]| attached(image, &world.judge().of(image));
    let lists = &world.trusting;
    let case = |(name, text): (String, Vec<u8>)| {
        machine.folder.write("program", &world.tiny);
        machine.folder.write("text", text);
        machine.snowguard.success("pe sections program --add .sbat=text --output program");
        let mut image = machine.folder.read("program");
        image.resize(image.len().next_multiple_of(8), 0);
        Case { name: format!("level: {name}"), image: Rc::new(signed(&image)), lists: Rc::clone(lists) }
    };
    let mut cases: Vec<Case> = sections.into_iter().map(case).collect();
    cases.push(world.case("level: no section", signed(&world.tiny)));
    cases
}

/// Sections that take no room in the file or in memory.
fn sections(world: &World<'_>) -> Vec<Case> {
    let mut cases = Vec::new();
    for (flags, marked) in
        [(0x4000_0040, "initialised"), (0x4000_0080, "uninitialised"), (0x4200_0040, "discardable")]
    {
        for (name, fields) in [
            ("as it was", &[][..]),
            ("nothing in memory", &[(8, 0)]),
            ("nothing in the file", &[(16, 0), (20, 0)]),
            ("nothing in the file, behind the headers", &[(16, 0)]),
            ("nothing at all", &[(8, 0), (16, 0), (20, 0)]),
        ] {
            let mut image = world.tiny.clone();
            let header = section(&image, 1);
            for (at, value) in fields.iter().chain(&[(36, flags)]) {
                put(&mut image, header + at, *value);
            }
            let signed = attached(&image, &world.judge().of(&image));
            cases.push(world.case(format!("section: {marked}, {name}"), signed));
        }
    }
    cases
}
