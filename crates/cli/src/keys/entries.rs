//! Entries of signature lists, for people and as JSON.

use crate::pe::image::hex;
use authenticode::DigestAlgorithm;
use authenticode::certificate::Certificate;
use authenticode::lists::{DatabaseEntry, SignatureDatabase};
use secure_boot::owner_name;
use serde_json::{Value, json};
use std::io::{self, Write};
use terminal::clean;

/// So many digests are printed one by one.
const FEW: usize = 8;

/// Counts of entries that are no certificates, by kind.
pub(super) fn digests<'e>(
    entries: impl IntoIterator<Item = &'e DatabaseEntry>,
) -> Vec<(&'static str, usize)> {
    let mut counts: Vec<(&'static str, usize)> = Vec::new();
    for entry in entries.into_iter().filter(|entry| entry.certificate.is_none()) {
        let name = entry.kind.name();
        match counts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => counts.push((name, 1)),
        }
    }
    counts
}

/// Who put an entry there.
pub(super) fn owner(entry: &DatabaseEntry) -> String {
    owner_name(entry.owner).map_or_else(|| entry.owner.to_string(), str::to_owned)
}

/// A certificate as JSON.
pub(super) fn certificate(certificate: &Certificate) -> Value {
    json!({
        "subject": certificate.subject(),
        "issuer": certificate.issuer(),
        "sha256": hex(&certificate.fingerprint(DigestAlgorithm::Sha256)),
        "validFrom": certificate.not_before().to_string(),
        "validUntil": certificate.not_after().to_string(),
    })
}

/// An entry as JSON.
pub(super) fn describe(entry: &DatabaseEntry) -> Value {
    let mut value = match &entry.certificate {
        Some(Ok(found)) => certificate(found),
        Some(Err(error)) => json!({ "error": error.to_string() }),
        None => json!({ "data": hex(&entry.data) }),
    };
    value["kind"] = entry.kind.name().into();
    value["owner"] = entry.owner.to_string().into();
    value["ownerName"] = owner_name(entry.owner).into();
    value
}

/// Entries as lines: certificates by their subject, a few digests one by one, many by their number.
pub(super) fn print(out: &mut impl Write, sign: char, entries: &[DatabaseEntry]) -> io::Result<()> {
    for entry in entries {
        let text = match &entry.certificate {
            Some(Ok(certificate)) => certificate.subject(),
            Some(Err(error)) => error.to_string(),
            None => continue,
        };
        writeln!(out, "  {sign} {} (of {})", clean(&text), clean(&owner(entry)))?;
    }
    for (kind, count) in digests(entries) {
        if count > FEW {
            writeln!(out, "  {sign} {count} entries {kind}")?;
            continue;
        }
        for entry in entries.iter().filter(|entry| entry.certificate.is_none() && entry.kind.name() == kind) {
            writeln!(out, "  {sign} {kind} {} (of {})", hex(&entry.data), clean(&owner(entry)))?;
        }
    }
    Ok(())
}

/// All entries of a database.
pub(super) fn print_all(out: &mut impl Write, sign: char, database: &SignatureDatabase) -> io::Result<()> {
    print(out, sign, &database.entries)
}
