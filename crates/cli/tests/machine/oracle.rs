//! Many questions to firmware in one start: `oracle.c`, and what it is given.

use super::Machine;
use authenticode::Guid;
use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

/// Success, in the codes of UEFI.
pub(crate) const SUCCESS: u64 = 0;
/// What firmware says to an image that it must not start.
pub(crate) const ACCESS_DENIED: u64 = 0x8000_0000_0000_000f;
/// There is not enough memory.
pub(crate) const OUT_OF_RESOURCES: u64 = 0x8000_0000_0000_0009;
/// The firmware did not answer any more; no code of UEFI.
pub(crate) const HUNG: u64 = u64::MAX;
/// After so long without an answer none will come.
const PATIENCE: Duration = Duration::from_mins(2);

/// A variable.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Variable<'a> {
    pub(crate) name: &'a str,
    pub(crate) vendor: Guid,
}

/// What the program does, in turn; see `oracle.c`.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    /// Action, parameter, offset, size.
    all: Vec<(u32, u32, usize, usize)>,
    octets: Vec<u8>,
    slots: Vec<(String, Guid)>,
}

impl Steps {
    /// From now on this variable has this value, or does not exist, whatever firmware knows.
    pub(crate) fn set_aside(&mut self, variable: Variable<'_>, value: Option<&[u8]>) {
        let known =
            self.slots.iter().position(|slot| (slot.0.as_str(), slot.1) == (variable.name, variable.vendor));
        let slot = known.unwrap_or_else(|| {
            self.slots.push((variable.name.to_owned(), variable.vendor));
            self.slots.len() - 1
        });
        let octets = [header(variable), value.unwrap_or_default().to_vec()].concat();
        self.add(if value.is_some() { 1 } else { 5 }, u32::try_from(slot).unwrap(), &octets);
    }

    /// Asks firmware to load an image. The number of the answer.
    pub(crate) fn load(&mut self, image: &[u8]) -> usize {
        self.add(2, 0, image)
    }

    /// Writes a variable with SetVariable. The number of the answer.
    pub(crate) fn write(&mut self, variable: Variable<'_>, attributes: u32, value: &[u8]) -> usize {
        self.add(3, attributes, &[header(variable), value.to_vec()].concat())
    }

    /// Asks shim to verify an image. The number of the answer.
    pub(crate) fn verify(&mut self, image: &[u8]) -> usize {
        self.add(4, 0, image)
    }

    /// Firmware's own variables count again.
    pub(crate) fn forget(&mut self) {
        self.add(6, 0, &[]);
    }

    fn add(&mut self, what: u32, which: u32, octets: &[u8]) -> usize {
        self.octets.resize(self.octets.len().next_multiple_of(16), 0);
        self.all.push((what, which, self.octets.len(), octets.len()));
        self.octets.extend(octets);
        self.all.len() - 1
    }

    /// What the program reads; questions up to the number of the last one that hung are left out.
    fn file(&self, hung: Option<usize>) -> Vec<u8> {
        let wanted =
            |number: usize, what: u32| matches!(what, 1 | 5 | 6) || hung.is_none_or(|hung| number > hung);
        let steps = self.all.iter().enumerate().filter(|(number, step)| wanted(*number, step.0));
        let steps: Vec<_> = steps.collect();
        let head = (8 + 32 * steps.len()).next_multiple_of(16);
        let mut file = steps.len().to_le_bytes().to_vec();
        for (number, (what, which, offset, size)) in steps {
            file.extend([what.to_le_bytes(), which.to_le_bytes()].concat());
            file.extend([number.to_le_bytes(), (head + offset).to_le_bytes(), size.to_le_bytes()].concat());
        }
        file.resize(head, 0);
        file.extend(&self.octets);
        file
    }

    /// The first question after the last answer.
    fn after(&self, answers: &BTreeMap<usize, u64>) -> usize {
        let next = answers.last_key_value().map_or(0, |(number, _)| number + 1);
        next + self.all[next..].iter().position(|step| !matches!(step.0, 1 | 5 | 6)).unwrap()
    }
}

/// Vendor and name, of one size for all.
fn header(variable: Variable<'_>) -> Vec<u8> {
    let mut header = variable.vendor.to_bytes().to_vec();
    header.extend(variable.name.encode_utf16().flat_map(u16::to_le_bytes));
    assert!(header.len() < 16 + 48);
    header.resize(16 + 48, 0);
    header
}

impl Machine {
    /// Compiles the program that asks, to `at` of the EFI system partition.
    pub(crate) fn install_oracle(&self, at: &str) {
        self.compile_oracle();
        self.install("oracle.efi", at);
    }

    /// Compiles it to `oracle.efi`. The compiler is the one that compiles SQLite.
    pub(crate) fn compile_oracle(&self) {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/machine/oracle.c");
        let flags = "-std=gnu11 -O2 -Wall -Wextra -Werror -ffreestanding -fpie -mno-red-zone -fno-stack-protector \
                     -fno-asynchronous-unwind-tables -fcf-protection=none -nostdlib -static-pie \
                     -Wl,--no-dynamic-linker,-z,text,-e,efi_main,--build-id=none";
        let run = |command: &mut Command| {
            let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
            assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        };
        let (elf, pe) = (self.path("oracle.elf"), self.path("oracle.efi"));
        run(Command::new("cc").args(flags.split_whitespace()).arg("-o").arg(&elf).arg(source));
        let sections = [".text", ".rodata", ".data", ".reloc"].iter().flat_map(|name| ["-j", name]);
        run(Command::new("objcopy").args(["-O", "efi-app-x86_64"]).args(sections).arg(&elf).arg(&pe));
    }

    /// Starts the machine and gives the answers by their numbers: codes of UEFI. If it hangs at a
    /// question, that is the answer, and it starts again for the rest.
    pub(crate) fn ask(&self, steps: &Steps) -> BTreeMap<usize, u64> {
        let mut answers = BTreeMap::new();
        let mut hung = None;
        loop {
            std::fs::write(self.path("esp/oracle.dat"), steps.file(hung)).unwrap();
            let printed = self.boot_or_hang(&["-m", "256"], "oracle: end", false, PATIENCE);
            let text = printed.as_ref().unwrap_or_else(|text| text);
            assert!(text.contains("oracle: begin"), "the program was not started:\n{text}");
            assert!(!text.contains("oracle: cannot"), "the program gave up:\n{text}");
            let answer = |line: &str| {
                let (number, code) = line.strip_prefix("= ")?.strip_suffix(" .")?.split_once(' ')?;
                Some((number.parse().ok()?, u64::from_str_radix(code, 16).ok()?))
            };
            answers.extend(text.lines().filter_map(answer));
            if printed.is_ok() {
                return answers;
            }
            let number = steps.after(&answers);
            println!("the firmware does not answer question {number}; it is started again");
            answers.insert(number, HUNG);
            hung = Some(number);
        }
    }
}
