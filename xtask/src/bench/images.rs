//! EFI programs to sign and verify, in a folder that the programs of the toolbox see too.

use super::ours::Snowguard;
use crate::{process, toolbox};
use anyhow::Context;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The stub of systemd, to which a section makes it large.
const STUB: &str = "usr/lib/systemd/boot/efi/linuxx64.efi.stub";
/// A kernel with an initrd of today has so much.
pub(super) const LARGE: usize = 60 << 20;
/// A folder inside of the toolbox, with a `key`, its `cert`, the images `large` and `huge` (ten
/// times as large), and both signed as `signed` and `huge-signed`. It goes when this goes.
pub(super) struct Images {
    root: PathBuf,
    folder: tempfile::TempDir,
}

impl Images {
    /// Makes the folder and what is in it.
    pub(super) fn prepare(snowguard: &Snowguard) -> anyhow::Result<Self> {
        let root = toolbox::ensure()?;
        let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(root.join("tmp"))?;
        let images = Self { root, folder };
        images.fill(snowguard)?;
        Ok(images)
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder as the programs of the toolbox name it.
    fn inside(&self) -> PathBuf {
        Path::new("/").join(self.folder.path().strip_prefix(&self.root).unwrap_or(Path::new("tmp")))
    }

    /// A program of the toolbox, in the folder.
    pub(super) fn theirs(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new("chroot");
        command.arg(&self.root).args(["/usr/bin/env", "-C"]).arg(self.inside()).arg(program).args(arguments);
        command
    }

    /// A script of the toolbox's programs, in the folder, that finds another folder at `/mnt`.
    pub(super) fn theirs_into(&self, folder: &Path, script: &str) -> Command {
        let mut command = Command::new("bwrap");
        command.arg("--bind").arg(&self.root).args(["/", "--dev", "/dev", "--proc", "/proc", "--bind"]);
        command.arg(folder).args(["/mnt", "--chdir"]).arg(self.inside()).args(["sh", "-c", script]);
        command
    }

    fn fill(&self, snowguard: &Snowguard) -> anyhow::Result<()> {
        let ours = |arguments: &[&str]| snowguard.command(self.folder(), arguments);
        fs::copy(self.root.join(STUB), self.path("stub"))
            .with_context(|| format!("no {STUB} in the toolbox"))?;
        // Bytes that nobody can compress or skip.
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()
        })
        .take(LARGE / 8)
        .flatten()
        .collect();
        fs::write(self.path("noise"), &noise)?;
        fs::write(self.path("more"), noise.repeat(10))?;
        for (section, image) in [("noise", "large"), ("more", "huge")] {
            let add = format!(".linux={section}");
            process::run(&mut ours(&["pe", "sections", "stub", "--add", &add, "--output", image]))?;
        }
        let request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key", "-out", "cert"];
        process::run(
            &mut self
                .theirs("openssl", &[&request[..], &["-subj", "/CN=bench", "-days", "9", "-quiet"]].concat()),
        )?;
        let sign = ["pe", "sign", "--key", "key", "--cert", "cert", "--output"];
        for (image, signed) in [("large", "signed"), ("huge", "huge-signed")] {
            process::run(&mut ours(&[&sign[..], &[signed, image]].concat()))?;
        }
        Ok(())
    }
}
