//! EFI programs: digests compared with raw SHA-256, signing with sbsign, verifying with sbverify.

use crate::bench::images::{Images, LARGE};
use crate::bench::measure::{self, Run};
use crate::bench::ours::Snowguard;
use crate::bench::table::{Cell, Table};
use anyhow::Context;
use authenticode::DigestAlgorithm;
use authenticode::file;
use sha2::Digest as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// How many are signed in one call.
const MANY: usize = 100;

struct Bench {
    images: Images,
    snowguard: Snowguard,
}

impl Bench {
    fn ours(&self, arguments: &[&str]) -> Command {
        self.snowguard.command(self.images.folder(), arguments)
    }
}

/// Measures all of it.
pub(super) fn run() -> anyhow::Result<Vec<Table>> {
    let snowguard = Snowguard::build("snowguard")?;
    let bench = Bench { images: Images::prepare(&snowguard)?, snowguard };
    Ok(vec![digests(&bench)?, signing(&bench)?, verifying(&bench)?])
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn digests(bench: &Bench) -> anyhow::Result<Table> {
    let path = bench.images.path("large");
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
    row(
        "snowguard pe digest",
        measure::program(|| Ok(bench.ours(&["pe", "digest", "large"])), 5, zero)?.wall,
    );
    row("sha256sum", measure::program(|| Ok(bench.images.theirs("sha256sum", &["large"])), 5, zero)?.wall);
    row(
        "openssl dgst -sha256",
        measure::program(|| Ok(bench.images.theirs("openssl", &["dgst", "-sha256", "large"])), 5, zero)?.wall,
    );
    row(
        "pesign --hash",
        measure::program(|| Ok(bench.images.theirs("pesign", &["--hash", "--in", "large"])), 5, zero)?.wall,
    );
    table.note("Aim: 0.9 of raw. Programs are new processes each time, those of the toolbox behind chroot; the best of several.");
    Ok(table)
}

fn signing(bench: &Bench) -> anyhow::Result<Table> {
    let names: Vec<String> = (0..MANY).map(|number| format!("image{number:03}.efi")).collect();
    for name in &names {
        fs::hard_link(bench.images.path("large"), bench.images.path(name))?;
    }
    let mut table = Table::new(
        format!("pe: signing {MANY} images of {:.0} MB", LARGE as f64 / 1e6),
        &["what", "outputs", "wall", "an image", "memory", "sbsign / it"],
    );
    // In memory it is the programs that are measured; on disk, what a person waits for.
    let memory = tempfile::Builder::new().prefix("bench-").tempdir_in("/dev/shm")?;
    let disk = bench.images.path("out");
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
        fs::remove_file(bench.images.path(name))?;
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
        best_ours = better(best_ours, measure::program(|| Ok(bench.ours(&arguments)), 1, zero)?);
        fresh()?;
        best_theirs =
            better(best_theirs, measure::program(|| Ok(bench.images.theirs_into(folder, script)), 1, zero)?);
    }
    fresh()?;
    Ok((best_ours.context("not measured")?, best_theirs.context("not measured")?))
}

fn verifying(bench: &Bench) -> anyhow::Result<Table> {
    let zero = |status| status == 0;
    let ours = |image: &'static str| {
        measure::program(|| Ok(bench.ours(&["pe", "verify", "--db", "cert", image])), 5, zero)
    };
    let theirs = |image: &'static str| {
        measure::program(|| Ok(bench.images.theirs("sbverify", &["--cert", "cert", image])), 5, zero)
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
