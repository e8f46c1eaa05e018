//! A machine with real firmware: OVMF under QEMU, without hardware virtualisation.

// Every test program uses a part of this.
#![allow(dead_code, unused_imports, clippy::unwrap_used)]

mod oracle;

pub(crate) use oracle::{ACCESS_DENIED, HUNG, OUT_OF_RESOURCES, SUCCESS, Steps, Variable};

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};
use test_support::{Snowguard, ToolboxFolder, sandbox, snowguard};

/// How long a start may take. Without virtualisation and on a busy processor that is long.
const TIMEOUT: Duration = Duration::from_mins(8);
/// How often Enter is pressed: shim wants its errors acknowledged.
const ENTER: Duration = Duration::from_millis(300);

/// How much of what is printed last is searched for the end.
const TAIL: usize = 4096;

/// Which firmware: a folder with the files of Debian's package `ovmf`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Firmware(pub(crate) &'static str);

impl Firmware {
    /// Of the toolbox.
    pub(crate) const NEW: Self = Self("/usr/share/OVMF");
    /// EDK2 2022.11, as Debian 12 has it.
    pub(crate) const OLD: Self = Self("/opt/bookworm/usr/share/OVMF");
}

pub(crate) struct Machine {
    pub(crate) folder: ToolboxFolder,
    pub(crate) snowguard: Snowguard,
    firmware: Firmware,
}

/// The processes of a machine, which end with it.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // bwrap takes QEMU along.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Machine {
    pub(crate) fn new() -> Self {
        Self::with(Firmware::NEW)
    }

    pub(crate) fn with(firmware: Firmware) -> Self {
        let folder = ToolboxFolder::new("firmware");
        std::fs::create_dir(folder.path("esp")).unwrap();
        let snowguard = snowguard!().in_folder(folder.folder());
        Self { folder, snowguard, firmware }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path(name)
    }

    /// A script of the toolbox's programs.
    pub(crate) fn shell(&self, script: &str) -> String {
        self.folder.run("sh", ["-euc", script])
    }

    /// Puts a program onto the EFI system partition.
    pub(crate) fn install(&self, program: &str, at: &str) {
        let to = self.path("esp").join(at);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(self.path(program), to).unwrap();
    }

    /// Makes `vars`: the variables of a new machine, with these options of virt-fw-vars.
    pub(crate) fn variables(&self, template: &str, options: &str) {
        self.shell(&format!(
            "cp {}/{template} vars; virt-fw-vars --inplace vars {options} 2>&1",
            self.firmware.0
        ));
    }

    /// Starts the machine and gives everything that it prints until `done` is printed; if that
    /// takes too long, it fails. With `enter`, somebody presses Enter all the time.
    pub(crate) fn boot(&self, done: &str, enter: bool) -> String {
        self.boot_with(&["-m", "256"], done, enter)
    }

    /// The same with these options of QEMU, which say how much memory there is.
    pub(crate) fn boot_with(&self, options: &[&str], done: &str, enter: bool) -> String {
        self.boot_or_hang(options, done, enter, TIMEOUT)
            .unwrap_or_else(|printed| panic!("{done:?} was not printed:\n{printed}"))
    }

    /// The same; what was printed is an error if nothing more came for so long.
    fn boot_or_hang(
        &self,
        options: &[&str],
        done: &str,
        enter: bool,
        patience: Duration,
    ) -> Result<String, String> {
        let inside = self.folder.inside("");
        let drive =
            |unit: u8, file: &str, more: &str| format!("if=pflash,format=raw,unit={unit},file={file}{more}");
        let code = format!("{}/OVMF_CODE_4M.secboot.fd", self.firmware.0);
        let code = drive(0, &code, ",readonly=on");
        let variables = drive(1, &format!("{inside}vars"), "");
        let esp = format!("format=raw,file=fat:rw:{inside}esp,if=none,id=esp");
        let mut command = sandbox();
        command.arg("qemu-system-x86_64");
        command.args(["-accel", "tcg,thread=multi", "-machine", "q35,smm=on", "-smp", "1"]);
        command.args(options);
        command.args([
            "-global",
            "driver=cfi.pflash01,property=secure,value=on",
            "-nographic",
            "-nodefaults",
        ]);
        command.args(["-serial", "stdio", "-monitor", "none", "-net", "none"]);
        command.args([
            "-drive",
            &code,
            "-drive",
            &variables,
            "-drive",
            &esp,
            "-device",
            "virtio-blk-pci,drive=esp",
        ]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut running = Running(command.spawn().unwrap());
        let mut keyboard = running.0.stdin.take().unwrap();
        let (mut output, mut errors) = (running.0.stdout.take().unwrap(), running.0.stderr.take().unwrap());
        let (sender, receiver) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = output.read(&mut buffer) {
                if sender.send(buffer[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        let (started, mut last) = (Instant::now(), Instant::now());
        let mut printed = Vec::new();
        loop {
            match receiver.recv_timeout(ENTER) {
                Ok(bytes) => {
                    printed.extend(bytes);
                    last = Instant::now();
                }
                // Nobody listens while the machine starts again.
                Err(RecvTimeoutError::Timeout) if !enter => {}
                Err(RecvTimeoutError::Timeout) => {
                    let _ = keyboard.write_all(b"\r").and_then(|()| keyboard.flush());
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let mut text = String::new();
                    let _ = errors.read_to_string(&mut text);
                    panic!("the machine went away: {text}\n{}", readable(&printed));
                }
            }
            if readable(&printed[printed.len().saturating_sub(TAIL)..]).contains(done) {
                return Ok(readable(&printed));
            }
            if started.elapsed() > TIMEOUT || last.elapsed() > patience {
                return Err(readable(&printed));
            }
        }
    }
}

/// What is printed, without the commands for terminals.
fn readable(printed: &[u8]) -> String {
    let mut text = String::new();
    let mut characters =
        String::from_utf8_lossy(printed).into_owned().chars().collect::<Vec<_>>().into_iter().peekable();
    while let Some(character) = characters.next() {
        if character != '\x1b' {
            if !character.is_control() || character == '\n' {
                text.push(character);
            }
            continue;
        }
        // CSI: parameters, and a letter.
        if characters.next() == Some('[') {
            while characters.next().is_some_and(|c| !c.is_ascii_alphabetic()) {}
        }
    }
    text
}
