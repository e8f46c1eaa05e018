//! What is trusted, although the chain is built from a seed.

use super::SourceAudit;
use super::listing::Listing;
use crate::steps::Plan;
use std::path::PathBuf;

/// One thing that is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trusted {
    /// What is trusted.
    pub what: String,
    /// How far: what it could do.
    pub why: String,
    /// What can be done about it.
    pub instead: String,
}

/// What runs the chain here.
#[derive(Debug, Clone, Default)]
pub struct AuditMachine {
    /// The kernel, as it calls itself.
    pub kernel: Option<String>,
    /// Bytes of the driver's program, and their SHA-256.
    pub driver: Option<(u64, String)>,
    /// A checkout of the driver's sources.
    pub checkout: Option<PathBuf>,
}

fn item(what: impl Into<String>, why: impl Into<String>, instead: impl Into<String>) -> Trusted {
    Trusted { what: what.into(), why: why.into(), instead: instead.into() }
}

/// Everything, the smallest first.
pub(super) fn all(
    plan: &Plan,
    seed: &Listing,
    sources: &[SourceAudit],
    machine: &AuditMachine,
) -> Vec<Trusted> {
    let (code, headers) = seed.parts();
    let mut all = vec![item(
        format!("the seed: {} bytes, {code} of instructions and {headers} of headers", seed.bytes),
        "It makes the first program of the chain, and so could put something into all of them.",
        "Read the listing; compare it with the disassembly; type it in by other means. Its listing gives the seed again.",
    )];
    let driver = match &machine.driver {
        Some((bytes, sha256)) => format!("this driver: {bytes} bytes, sha256 {sha256}"),
        None => "this driver".to_owned(),
    };
    all.push(item(
        driver,
        "It turns the listing into the seed, unpacks archives, starts the steps, and compares hashes: it could hand a step something \
         else, or say that a hash is right when it is not.",
        "Do without it: `snowguard bootstrap plan --commands` prints the commands for a person with the seed; `snowguard bootstrap \
         export` lets Nix build the chain. The hashes must be the same.",
    ));
    all.push(item(
        "the Rust compiler that built this driver, the crates in it (tar, flate2, bzip2 and others), and the C compiler that built its libraries",
        "Whatever they put into the driver is in it. They are not built by this chain.",
        "Build the driver by compilers of other origin, or do without it as above. What the steps build does not depend on it: \
         its bytes are pinned, and others get them by other means.",
    ));
    all.push(item(
        format!("the kernel{}", machine.kernel.as_ref().map(|kernel| format!(": {kernel}")).unwrap_or_default()),
        "It reads files, starts programs and keeps steps apart. It sees every byte, and it was built by compilers that are not of this \
         chain.",
        "Build on machines with kernels of different origin, and compare hashes.",
    ));
    all.push(item(
        "the processor, firmware and disk of this machine",
        "They run everything else.",
        "Build on machines of different makers, and compare hashes.",
    ));
    all.push(item(
        "the people who wrote the chain's languages and steps",
        "A trap can be written so that it reads like a mistake.",
        "Read it: the table of what is written tells how long that takes. `snowguard bootstrap ddc` finds what is in a compiler but not in \
         its source.",
    ));
    for source in sources {
        let hash = plan.sources.get(&source.name).map(|found| found.sha256.to_string()).unwrap_or_default();
        let made = match source.files {
            None => "it is not in the store, so it was not looked at".to_owned(),
            Some(files) => format!("{} of its {files} files were made by programs", source.hits.len()),
        };
        all.push(item(
            format!("the source {}: {} (sha256 {hash}); {made}", source.name, source.file),
            "It is compiled as it is. The hash tells that it is the same for everybody, not that it is good.",
            "Read it, as others have; files made by programs should be made again from their sources, or not be used.",
        ));
    }
    all
}
