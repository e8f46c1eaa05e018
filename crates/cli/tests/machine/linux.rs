//! A machine that starts Linux with our program in its initrd, as one unified kernel image that we
//! put together: whatever it then does to the firmware's variables is done through efivarfs.

use crate::machine::Machine;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use test_support::{efi_files, snowguard};

/// What is printed when everything is done.
pub(crate) const END: &str = "THE END OF THE SCRIPT";
/// The initrd is there three times while it is unpacked, and keys need random numbers.
const OPTIONS: [&str; 4] = ["-m", "1024", "-cpu", "max"];

/// An initrd (Linux: "initramfs buffer format", `newc`).
pub(crate) struct Initrd {
    octets: Vec<u8>,
    files: u32,
}

impl Initrd {
    /// One with our program, what it is linked with, and BusyBox; `script` is run with
    /// efivarfs mounted and `/bin` as its path.
    pub(crate) fn new(machine: &Machine, script: &str) -> Self {
        let root = machine.folder.root();
        let mut initrd = Self { octets: Vec::new(), files: 0 };
        for folder in ["bin", "proc", "sys", "tmp", "dev", "lib", "lib64", "lib/x86_64-linux-gnu"] {
            initrd.put(folder, 0o40755, b"");
        }
        let program = snowguard!().program().to_owned();
        initrd.put("bin/snowguard", 0o100_755, &stripped(machine, &program));
        initrd.put("bin/busybox", 0o100_755, &fs::read(root.join("usr/bin/busybox")).unwrap());
        let linked = Command::new("ldd").arg(&program).output().unwrap();
        let linked = String::from_utf8(linked.stdout).unwrap();
        for library in linked.split_whitespace().filter(|word| word.starts_with('/')) {
            initrd.put(&library[1..], 0o100_755, &fs::read(library).unwrap());
        }
        fs::copy(kernel().with_file_name("efivarfs.ko.xz"), machine.path("efivarfs.ko.xz")).unwrap();
        machine.folder.run("xz", "-df efivarfs.ko.xz");
        initrd.put("efivarfs.ko", 0o100_644, &machine.folder.read("efivarfs.ko"));
        let init = format!(
            "#!/bin/busybox sh\n\
             export PATH=/bin\n\
             busybox mount -t proc proc /proc; busybox --install -s /bin\n\
             mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev\n\
             insmod /efivarfs.ko\n\
             mount -t efivarfs efivarfs /sys/firmware/efi/efivars\n\
             cd /tmp\n\
             run() {{ echo \"RUN $*\"; \"$@\" 2>&1; echo \"CODE $?\"; }}\n\
             {script}\n\
             echo '{END}'\n\
             poweroff -f\n"
        );
        initrd.put("init", 0o100_755, init.as_bytes());
        initrd
    }

    /// Adds a folder of the test, below `/tmp`.
    pub(crate) fn add(&mut self, folder: &Path, name: &str) {
        self.put(&format!("tmp/{name}"), 0o40755, b"");
        let mut entries: Vec<PathBuf> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            let name = format!("{name}/{}", path.file_name().unwrap().to_str().unwrap());
            if path.is_dir() {
                self.add(&path, &name);
            } else {
                let mode = 0o100_000 | fs::metadata(&path).unwrap().permissions().mode() & 0o777;
                self.put(&format!("tmp/{name}"), mode, &fs::read(&path).unwrap());
            }
        }
    }

    /// Adds a file, below `/tmp`.
    pub(crate) fn add_file(&mut self, path: &Path, name: &str) {
        self.put(&format!("tmp/{name}"), 0o100_644, &fs::read(path).unwrap());
    }

    fn put(&mut self, name: &str, mode: u32, content: &[u8]) {
        self.files += 1;
        let (size, length) = (u32::try_from(content.len()).unwrap(), u32::try_from(name.len() + 1).unwrap());
        let fields = [self.files, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, length, 0];
        self.octets.extend(b"070701");
        for field in fields {
            self.octets.extend(format!("{field:08x}").bytes());
        }
        self.octets.extend(name.bytes());
        self.octets.push(0);
        self.octets.resize(self.octets.len().next_multiple_of(4), 0);
        self.octets.extend(content);
        self.octets.resize(self.octets.len().next_multiple_of(4), 0);
    }

    fn finish(mut self) -> Vec<u8> {
        self.put("TRAILER!!!", 0, b"");
        self.octets
    }
}

/// The program without what debuggers read: that is hundreds of megabytes, and the machine is
/// small.
fn stripped(machine: &Machine, program: &Path) -> Vec<u8> {
    let to = machine.path("program");
    let status = Command::new("strip").arg("-o").arg(&to).arg(program).status().unwrap();
    assert!(status.success(), "strip: {status}");
    fs::read(to).unwrap()
}

/// Debian's kernel, in the toolbox.
pub(crate) fn kernel() -> PathBuf {
    efi_files().into_iter().find(|path| path.ends_with("vmlinuz")).unwrap()
}

impl Machine {
    /// Starts Linux from an image that is signed with the key `NAME.key`, and gives what it
    /// printed.
    pub(crate) fn linux(&self, initrd: Initrd, key: &str) -> String {
        self.folder.write("initrd", initrd.finish());
        let stub = self.folder.root().join("usr/lib/systemd/boot/efi/linuxx64.efi.stub");
        fs::create_dir_all(self.path("esp/EFI/BOOT")).unwrap();
        let (linux, stub) = (kernel().display().to_string(), stub.display().to_string());
        let [key, certificate] = ["key", "pem"].map(|ending| format!("{key}.{ending}"));
        let parts = ["pe", "uki", "--linux", &linux, "--stub", &stub, "--initrd", "initrd"];
        let more = ["--os-release", "ID=test", "--cmdline", "console=ttyS0 quiet panic=-1", "--key", &key];
        let last = ["--cert", &certificate, "--output", "esp/EFI/BOOT/BOOTX64.EFI"];
        self.snowguard.success([&parts[..], &more, &last].concat());
        self.boot_with(&OPTIONS, END, false)
    }
}
