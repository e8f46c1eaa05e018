//! `snowguard pe inspect`

use super::image::{each, hex};
use super::nested;
use crate::exit;
use anyhow::Context;
use authenticode::DigestAlgorithm;
use authenticode::attach::padding;
use authenticode::file::{self, ImageFile};
use authenticode::image_digest::{checksum, gaps};
use authenticode::pe::{CertificateTableEntry, CertificateTableKind, Section, certificates};
use clap::Args;
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use terminal::clean;

/// Show what an EFI program consists of: headers, sections, signatures, and the signatures nested
/// in those.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// EFI programs
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// JSON: one object a line
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  snowguard pe inspect /boot/EFI/BOOT/BOOTX64.EFI
  snowguard pe inspect --json linux.efi | jq .sections";

pub(super) fn run(options: &Options) -> Result<ExitCode, exit::Failure> {
    let mut out = terminal::stdout();
    each(&options.files, |path| {
        let found = describe(path)?;
        if options.json {
            writeln!(out, "{found}")?;
        } else {
            print(&mut out, &found)?;
        }
        Ok(())
    })
}

/// Names of subsystems that boot.
fn subsystem(number: u16) -> String {
    match number {
        10 => "EFI application".to_owned(),
        11 => "EFI boot service driver".to_owned(),
        12 => "EFI runtime driver".to_owned(),
        other => format!("subsystem {other}"),
    }
}

fn describe(path: &Path) -> anyhow::Result<Value> {
    let ImageFile { source, layout } = ImageFile::open(path)?;
    let unreadable = || format!("cannot read {}", path.display());
    let digests = file::digests(&source, &layout, padding(&layout), &[DigestAlgorithm::Sha256])
        .with_context(unreadable)?;
    let sum = checksum(&source, &layout).with_context(unreadable)?;
    let signatures = certificates(&source, &layout).with_context(|| path.display().to_string())?;
    let section = |s: &Section| {
        json!({
            "name": s.name(),
            "virtualAddress": s.virtual_address,
            "virtualSize": s.virtual_size,
            "rawOffset": s.raw_offset,
            "rawSize": s.raw_size,
            "read": s.characteristics & 0x4000_0000 != 0,
            "write": s.characteristics & 0x8000_0000 != 0,
            "execute": s.characteristics & 0x2000_0000 != 0,
        })
    };
    let signature = |c: &CertificateTableEntry| {
        let kind = match c.kind {
            CertificateTableKind::SignedData => "PKCS #7 signed data".to_owned(),
            CertificateTableKind::Other { revision, kind } => {
                format!("unknown (revision {revision:#x}, type {kind:#x})")
            }
        };
        let mut value = json!({ "kind": kind, "offset": c.offset, "size": c.content.len() });
        if c.kind == CertificateTableKind::SignedData {
            value["signedData"] = nested::describe(&c.content, 0);
        }
        value
    };
    let gaps: Vec<Value> = gaps(&layout).into_iter().map(|g| json!([g.start, g.end])).collect();
    Ok(json!({
        "file": path.to_string_lossy(),
        "size": layout.file_size,
        "machine": layout.machine.to_string(),
        "format": layout.width.to_string(),
        "subsystem": subsystem(layout.subsystem),
        "entryPoint": layout.entry_point,
        "imageBase": layout.image_base,
        "sizeOfImage": layout.size_of_image,
        "sectionAlignment": layout.section_alignment,
        "fileAlignment": layout.file_alignment,
        "noExecuteCompatible": layout.dll_characteristics & 0x100 != 0,
        "checksum": { "noted": layout.checksum, "computed": sum },
        "digest": { "sha256": digests.get(DigestAlgorithm::Sha256).map(hex) },
        "sections": layout.sections.iter().map(section).collect::<Vec<_>>(),
        "bytesOutsideOfSections": gaps,
        "signatures": signatures.iter().map(signature).collect::<Vec<_>>(),
    }))
}

/// The same for people.
fn print(out: &mut impl Write, found: &Value) -> std::io::Result<()> {
    let text = |key: &str| clean(found[key].as_str().unwrap_or_default());
    let number = |value: &Value| value.as_u64().unwrap_or_default();
    writeln!(out, "{}", text("file"))?;
    writeln!(
        out,
        "  {}, {}, {}, {} bytes",
        text("subsystem"),
        text("machine"),
        text("format"),
        number(&found["size"])
    )?;
    writeln!(out, "  sha256    {}", found["digest"]["sha256"].as_str().unwrap_or_default())?;
    let (noted, computed) = (number(&found["checksum"]["noted"]), number(&found["checksum"]["computed"]));
    let verdict = if noted == computed {
        String::new()
    } else {
        format!(" (should be {computed:#x}; firmware does not mind)")
    };
    writeln!(out, "  checksum  {noted:#x}{verdict}")?;
    writeln!(
        out,
        "  memory    {:#x} bytes, entry {:#x}",
        number(&found["sizeOfImage"]),
        number(&found["entryPoint"])
    )?;
    for gap in found["bytesOutsideOfSections"].as_array().into_iter().flatten() {
        writeln!(
            out,
            "  warning   bytes {:#x} to {:#x} belong to no section",
            number(&gap[0]),
            number(&gap[1])
        )?;
    }
    writeln!(
        out,
        "  {:<10} {:>10} {:>10} {:>10} {:>10}  rights",
        "section", "address", "size", "offset", "in file"
    )?;
    for section in found["sections"].as_array().into_iter().flatten() {
        let right = |key: &str, letter| if section[key] == true { letter } else { '-' };
        let hex = |key: &str| format!("{:#x}", number(&section[key]));
        writeln!(
            out,
            "  {:<10} {:>10} {:>10} {:>10} {:>10}  {}{}{}",
            clean(section["name"].as_str().unwrap_or_default()),
            hex("virtualAddress"),
            hex("virtualSize"),
            hex("rawOffset"),
            hex("rawSize"),
            right("read", 'r'),
            right("write", 'w'),
            right("execute", 'x'),
        )?;
    }
    let signatures = found["signatures"].as_array().map(Vec::as_slice).unwrap_or_default();
    if signatures.is_empty() {
        writeln!(out, "  not signed")?;
    }
    for (index, signature) in signatures.iter().enumerate() {
        let kind = signature["kind"].as_str().unwrap_or_default();
        writeln!(
            out,
            "  signature {index}: {kind}, {} bytes at {:#x}",
            number(&signature["size"]),
            number(&signature["offset"])
        )?;
        nested::print(out, &signature["signedData"], "    ")?;
    }
    Ok(())
}
