//! EFI programs: digests beside raw SHA-256, signing beside sbsign, verifying beside sbverify.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use authenticode::DigestAlgorithm;
use authenticode::file;
use authenticode::pe::Layout;
use sha2::Digest as _;

use crate::bench::measure::{self, Run};
use crate::bench::ours::Snowguard;
use crate::bench::table::{Cell, Table};
use crate::{process, toolbox, workspace};

/// The stub of systemd, to which a section makes it large.
const STUB: &str = "usr/lib/systemd/boot/efi/linuxx64.efi.stub";
/// A kernel with an initrd of today has so much.
const LARGE: usize = 60 << 20;
/// How many are signed in one call.
const MANY: usize = 100;

/// A folder inside of the toolbox, so that programs of both sides work on the same files.
struct Bench {
    root: PathBuf,
    folder: tempfile::TempDir,
    snowguard: Snowguard,
}

/// Measures all of it.
pub(super) fn run() -> anyhow::Result<Vec<Table>> {
    let root = toolbox::ensure()?;
    let scratch = workspace::target().join("bench");
    fs::create_dir_all(&scratch)?;
    let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(root.join("tmp"))?;
    let bench = Bench { snowguard: Snowguard::build(&scratch)?, root, folder };
    bench.prepare()?;
    Ok(vec![digests(&bench)?, signing(&bench)?, verifying(&bench)?])
}

impl Bench {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A program of the toolbox, in the folder.
    fn theirs(&self, program: &str, arguments: &[&str]) -> Command {
        let inside =
            Path::new("/").join(self.folder.path().strip_prefix(&self.root).unwrap_or(Path::new("tmp")));
        let mut command = Command::new("chroot");
        command.arg(&self.root).args(["/usr/bin/env", "-C"]).arg(inside).arg(program).args(arguments);
        command
    }

    /// A script of the toolbox's programs, in the folder, that finds another folder at `/mnt`.
    fn theirs_into(&self, folder: &Path, script: &str) -> Command {
        let inside =
            Path::new("/").join(self.folder.path().strip_prefix(&self.root).unwrap_or(Path::new("tmp")));
        let mut command = Command::new("bwrap");
        command.arg("--bind").arg(&self.root).args(["/", "--dev", "/dev", "--proc", "/proc", "--bind"]);
        command.arg(folder).args(["/mnt", "--chdir"]).arg(inside).args(["sh", "-c", script]);
        command
    }

    fn ours(&self, arguments: &[&str]) -> Command {
        self.snowguard.command(self.folder.path(), arguments)
    }

    fn prepare(&self) -> anyhow::Result<()> {
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
            process::run(&mut self.ours(&["pe", "sections", "stub", "--add", &add, "--output", image]))?;
        }
        let request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key", "-out", "cert"];
        process::run(
            &mut self
                .theirs("openssl", &[&request[..], &["-subj", "/CN=bench", "-days", "9", "-quiet"]].concat()),
        )?;
        let sign = ["pe", "sign", "--key", "key", "--cert", "cert", "--output"];
        for (image, signed) in [("large", "signed"), ("huge", "huge-signed")] {
            process::run(&mut self.ours(&[&sign[..], &[signed, image]].concat()))?;
        }
        Ok(())
    }
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn digests(bench: &Bench) -> anyhow::Result<Table> {
    let path = bench.path("large");
    let bytes = fs::read(&path)?;
    let file::ImageFile { source, layout } = file::ImageFile::open(&path)?;
    let (_, raw) = measure::function(7, || sha2::Sha256::digest(&bytes));
    let (digest, ours) =
        measure::function(7, || file::digests(&source, &layout, 0, &[DigestAlgorithm::Sha256]));
    digest?;
    let mut table = Table::new(
        format!("pe: SHA-256 of an image of {:.0} MB", megabytes(bytes.len() as u64)),
        &["what", "wall", "speed", "of raw"],
    );
    let mut row = |what: &str, wall: Duration| {
        table.row(vec![
            what.into(),
            Cell::Number(wall.as_secs_f64() * 1e3, "ms"),
            Cell::Number(megabytes(bytes.len() as u64) / wall.as_secs_f64(), "MB/s"),
            Cell::Ratio(raw.as_secs_f64() / wall.as_secs_f64()),
        ]);
    };
    row("raw: the bytes in memory, the same crate", raw);
    row("Authenticode digest, from the file", ours);
    let zero = |status| status == 0;
    row("snowguard pe digest", measure::program(|| bench.ours(&["pe", "digest", "large"]), 5, zero)?.wall);
    row("sha256sum", measure::program(|| bench.theirs("sha256sum", &["large"]), 5, zero)?.wall);
    row(
        "openssl dgst -sha256",
        measure::program(|| bench.theirs("openssl", &["dgst", "-sha256", "large"]), 5, zero)?.wall,
    );
    row(
        "pesign --hash",
        measure::program(|| bench.theirs("pesign", &["--hash", "--in", "large"]), 5, zero)?.wall,
    );
    table.note("Aim: 0.9 of raw. Programs are new processes each time, those of the toolbox behind chroot; the best of several.");
    Ok(table)
}

fn signing(bench: &Bench) -> anyhow::Result<Table> {
    let names: Vec<String> = (0..MANY).map(|number| format!("image{number:03}.efi")).collect();
    for name in &names {
        fs::hard_link(bench.path("large"), bench.path(name))?;
    }
    let mut table = Table::new(
        format!("pe: signing {MANY} images of {:.0} MB", LARGE as f64 / 1e6),
        &["what", "outputs", "wall", "an image", "memory", "sbsign / it"],
    );
    // Memory tells what the programs do, the disk what a person waits for.
    let memory = tempfile::Builder::new().prefix("bench-").tempdir_in("/dev/shm")?;
    let disk = bench.path("out");
    for (place, folder) in [("in memory", memory.path()), ("on disk", disk.as_path())] {
        let (ours, theirs) = signing_to(bench, &names, folder)?;
        for (what, run) in [("snowguard pe sign, one call", &ours), ("a loop of sbsign", &theirs)] {
            table.row(vec![
                what.into(),
                place.into(),
                Cell::Number(run.wall.as_secs_f64(), "s"),
                Cell::Number(run.wall.as_secs_f64() * 1e3 / MANY as f64, "ms"),
                Cell::Number(megabytes(run.memory), "MB"),
                Cell::Ratio(theirs.wall.as_secs_f64() / run.wall.as_secs_f64()),
            ]);
        }
    }
    for name in &names {
        fs::remove_file(bench.path(name))?;
    }
    table.note(
        "Aim: 3 x. The inputs are one file under many names, in the page cache. The best of two, in turns.",
    );
    table.note("We sync each file before it is renamed, so on disk we wait for the disk; sbsign does not.");
    Ok(table)
}

/// Both sign all of them into a folder that is empty each time.
fn signing_to(bench: &Bench, names: &[String], folder: &Path) -> anyhow::Result<(Run, Run)> {
    let fresh = || -> anyhow::Result<()> {
        // That what a run before has written goes is not measured.
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        Ok(fs::create_dir(folder)?)
    };
    let output = folder.display().to_string();
    let sign = ["pe", "sign", "--key", "key", "--cert", "cert", "--output-dir", &output];
    let arguments: Vec<&str> = sign.into_iter().chain(names.iter().map(String::as_str)).collect();
    let script = "for f in image*.efi; do sbsign --key key --cert cert --output /mnt/$f $f 2>/dev/null || exit 1; done";
    let zero = |status| status == 0;
    let (mut best_ours, mut best_theirs): (Option<Run>, Option<Run>) = (None, None);
    let better = |best: Option<Run>, run: Run| Some(best.filter(|best| best.wall <= run.wall).unwrap_or(run));
    for _ in 0..2 {
        fresh()?;
        best_ours = better(best_ours, measure::program(|| bench.ours(&arguments), 1, zero)?);
        fresh()?;
        best_theirs = better(best_theirs, measure::program(|| bench.theirs_into(folder, script), 1, zero)?);
    }
    fresh()?;
    Ok((best_ours.context("not measured")?, best_theirs.context("not measured")?))
}

fn verifying(bench: &Bench) -> anyhow::Result<Table> {
    let zero = |status| status == 0;
    let ours = |image: &'static str| {
        measure::program(|| bench.ours(&["pe", "verify", "--db", "cert", image]), 5, zero)
    };
    let theirs = |image: &'static str| {
        measure::program(|| bench.theirs("sbverify", &["--cert", "cert", image]), 5, zero)
    };
    let mut table =
        Table::new("pe: verifying a signed image", &["what", "size", "wall", "memory", "sbverify / it"]);
    for (image, size) in [("signed", LARGE), ("huge-signed", LARGE * 10)] {
        let (ours, theirs) = (ours(image)?, theirs(image)?);
        for (what, run) in [("snowguard pe verify", &ours), ("sbverify", &theirs)] {
            table.row(vec![
                what.into(),
                Cell::Number(megabytes(size as u64), "MB"),
                Cell::Number(run.wall.as_secs_f64() * 1e3, "ms"),
                Cell::Number(megabytes(run.memory), "MB"),
                Cell::Ratio(theirs.wall.as_secs_f64() / run.wall.as_secs_f64()),
            ]);
        }
    }
    table.note("One pass over the file; memory does not depend on its size.");
    Ok(table)
}
