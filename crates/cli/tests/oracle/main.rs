//! Firmware as a generated oracle: thousands of images and lists that real firmware decides about,
//! and our verdict beside it.

#![allow(clippy::unwrap_used)]

mod case;
mod der;
mod differences;
mod identity;
mod image;
mod kinds;
#[path = "../machine/mod.rs"]
mod machine;
mod ours;
mod random;
mod shim;
mod signed;
mod writes;

use authenticode::variable::{GLOBAL, SECURITY};
use case::{Case, World};
use differences::{Answer, FIRMWARE};
use machine::{ACCESS_DENIED, Firmware, HUNG, Machine, OUT_OF_RESOURCES, SUCCESS, Steps, Variable};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const SECURE_BOOT: Variable<'_> = Variable { name: "SecureBoot", vendor: GLOBAL };

/// A number from the environment, for longer runs by hand.
fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

#[test]
fn what_we_trust_firmware_starts() {
    let machine = Machine::new();
    let random = usize::try_from(number("SNOWGUARD_ORACLE_RANDOM", 40)).unwrap();
    let world = World::new(&machine.folder, number("SNOWGUARD_ORACLE_SEED", 15), random);
    let cases = kinds::all(&world);
    let groups = groups(&cases);
    let mut steps = Steps::default();
    // Secure Boot is off as long as nobody says otherwise.
    let control = steps.load(&world.tiny);
    steps.set_aside(SECURE_BOOT, Some(&[1]));
    let mut numbers = vec![0; cases.len()];
    for members in &groups {
        let lists = &cases[members[0]].lists;
        for (name, value) in lists.variables() {
            steps.set_aside(Variable { name, vendor: SECURITY }, value);
        }
        for member in members {
            numbers[*member] = steps.load(&cases[*member].image);
        }
    }
    let writes = writes::ask(&world, &machine, &mut steps);
    println!(
        "{} images under {} lists, {} lists and {} changes written",
        cases.len(),
        groups.len(),
        writes.lists.len(),
        writes.changes.len()
    );
    let ask = |firmware: Firmware| {
        let machine = Machine::with(firmware);
        machine.install_oracle("EFI/BOOT/BOOTX64.EFI");
        machine.variables("OVMF_VARS_4M.fd", "");
        machine.ask(&steps)
    };
    let (firmwares, ours) = std::thread::scope(|scope| {
        let firmwares = [Firmware::NEW, Firmware::OLD].map(|firmware| scope.spawn(move || ask(firmware)));
        let ours = ours::verdicts(&machine, &cases, &groups, &[]);
        (firmwares.map(|firmware| firmware.join().unwrap()), ours)
    });
    for answers in &firmwares {
        assert_eq!(answers[&control], SUCCESS, "it does not even start what nobody forbids");
        let [trusted, strange] = writes.controls.map(|number| answers[&number]);
        assert_eq!((trusted, strange), (SUCCESS, ACCESS_DENIED), "with its own variables");
    }
    // `keys apply` and `keys create` say so.
    for list in writes.lists.iter().filter(|list| list.name.starts_with("a certificate with key p")) {
        assert!(firmwares.iter().all(|answers| answers[&list.number] != SUCCESS), "{}", list.name);
    }
    let codes = |number: usize| firmwares.iter().map(|answers| answers[&number]).collect::<Vec<_>>();
    // Older firmware takes less, and what it does not take changes nothing.
    let newest = |number: usize| vec![firmwares[0][&number]];
    let answer = |name: &str, codes: Vec<u64>, ours: Result<(), String>| {
        // How much memory there is says nothing about an image.
        let firmware = codes.iter().map(|code| matches!(*code, SUCCESS | OUT_OF_RESOURCES)).collect();
        Answer { name: name.to_owned(), firmware, codes, ours }
    };
    let mut answers: Vec<Answer> = Vec::new();
    for (case, (number, ours)) in cases.iter().zip(numbers.iter().zip(ours)) {
        answers.push(answer(&case.name, codes(*number), ours));
    }
    for write in &writes.changes {
        answers.push(answer(&write.name, newest(write.number), write.ours.clone()));
    }
    // Of lists we promise only to read what firmware takes.
    for write in &writes.lists {
        if newest(write.number) == [SUCCESS] {
            answers.push(answer(&write.name, newest(write.number), write.ours.clone()));
        }
    }
    for answer in answers.iter().filter(|answer| answer.codes.contains(&HUNG)) {
        println!("it did not answer: {}", answer.name);
    }
    let faults = differences::faults(&answers, &FIRMWARE);
    if !faults.is_empty() {
        let kept = keep("oracle", &cases, &answers);
        panic!("{} faults; the inputs are in {}:\n{}", faults.len(), kept.display(), faults.join("\n"));
    }
}

/// Cases with the same lists.
fn groups(cases: &[Case]) -> Vec<Vec<usize>> {
    let mut groups: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (index, case) in cases.iter().enumerate() {
        groups.entry(&case.lists).or_default().push(index);
    }
    groups.into_values().collect()
}

/// Keeps the images and lists that we trust and the oracle does not, for whoever looks for the
/// fault.
fn keep(name: &str, cases: &[Case], answers: &[Answer]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    for (number, (case, answer)) in cases.iter().zip(answers).enumerate() {
        if answer.ours.is_ok() && answer.firmware.contains(&false) {
            let folder = folder.join(number.to_string());
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join("name"), &case.name).unwrap();
            std::fs::write(folder.join("image.efi"), case.image.as_slice()).unwrap();
            for (name, value) in case.lists.variables() {
                if let Some(value) = value {
                    std::fs::write(folder.join(format!("{name}.esl")), value).unwrap();
                }
            }
        }
    }
    folder
}
