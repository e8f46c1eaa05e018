//! OpenVEX 0.2.0: a statement a finding.

use super::text::purl;
use super::{
    FindingEntry, Place, ReportError, Scan, Shown, TOOL, TOOL_VERSION, cve_url, streamed, write_object,
};
use matching::{FindingStatus, Package};
use rustc_hash::FxHashMap;
use serde::ser::SerializeMap;
use serde_json::{Map, Value, json};
use std::io;
use std::num::NonZero;
use terminal::clean;
use vulnerability::CveId;

/// Writes the report. OpenVEX has no empty documents: without a finding nothing is written and that
/// is an error.
pub(super) fn write(
    out: &mut dyn io::Write,
    scan: &Scan,
    shown: &Shown<'_>,
    threads: NonZero<usize>,
) -> Result<(), ReportError> {
    if shown.len() == 0 {
        return Err(ReportError::NothingToState);
    }
    let names = names(scan);
    // Packages that differ only in what OpenVEX cannot say give the same statement, which must
    // stand there once.
    let each = || {
        let mut seen = Seen::default();
        shown.places().filter_map(|place| Some((place, shown.entry(place)?))).filter_map({
            let names = &names;
            move |(place, entry)| seen.is_new(scan, shown, names, place, &entry).then_some(entry)
        })
    };
    write_object(out, 2, |report| {
        report.serialize_entry("@context", "https://openvex.dev/ns/v0.2.0")?;
        report.serialize_entry("@id", &format!("urn:uuid:{}", scan.id))?;
        report.serialize_entry("author", "Unknown Author")?;
        report.serialize_entry("timestamp", &scan.time)?;
        report.serialize_entry("version", &1)?;
        report.serialize_entry("tooling", &format!("{TOOL} {TOOL_VERSION}"))?;
        report.serialize_entry("statements", &streamed(each, threads, |entry| statement(scan, &entry)))
    })?;
    Ok(())
}

/// A number for each package; equal for those that all statements name in the same way, and none
/// for one that is alone in that.
fn names(scan: &Scan) -> Vec<Option<u32>> {
    let called = |package: &'_ Package| (purl(package), package.name.clone(), package.store_paths.clone());
    let mut numbers: FxHashMap<_, (u32, usize)> = FxHashMap::default();
    let mut all = Vec::with_capacity(scan.packages.len());
    for package in &scan.packages {
        let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        let (number, count) = numbers.entry(called(package)).or_insert((next, 0));
        *count += 1;
        all.push(*number);
    }
    let mut alone = vec![true; numbers.len()];
    for (number, count) in numbers.into_values() {
        if let Some(slot) = alone.get_mut(number as usize) {
            *slot = count == 1;
        }
    }
    let is_alone = |number: u32| alone.get(number as usize).copied().unwrap_or(false);
    all.into_iter().map(|number| Some(number).filter(|number| !is_alone(*number))).collect()
}

/// What was stated of packages that have the name of another.
#[derive(Default)]
struct Seen {
    /// The first finding of a vulnerability and a name.
    first: FxHashMap<(CveId, u32), Place>,
    /// Others of them, which say something else.
    more: FxHashMap<(CveId, u32), Vec<Place>>,
}

impl Seen {
    /// Whether nothing that came before gives the same statement.
    fn is_new(
        &mut self,
        scan: &Scan,
        shown: &Shown<'_>,
        names: &[Option<u32>],
        place: Place,
        entry: &FindingEntry<'_>,
    ) -> bool {
        let Some(name) = names.get(entry.index).copied().flatten() else { return true };
        let key = (entry.finding.cve, name);
        let Some(first) = self.first.get(&key) else {
            self.first.insert(key, place);
            return true;
        };
        let several = scan.targets.len() > 1;
        // Packages of one group have one finding; other groups may say the same in other words.
        let same = |there: &Place| {
            !several && there.is_of_group(place)
                || shown.entry(*there).is_some_and(|there| statement(scan, &there) == statement(scan, entry))
        };
        let more = self.more.get(&key);
        if same(first) || more.is_some_and(|more| more.iter().any(same)) {
            return false;
        }
        self.more.entry(key).or_default().push(place);
        true
    }
}

pub(super) fn statement(scan: &Scan, entry: &FindingEntry<'_>) -> Value {
    let finding = entry.finding;
    let package = entry.package;
    let mut value = Map::new();
    let mut add = |key: &str, content: Value| drop(value.insert(key.to_owned(), content));
    let mut vulnerability = json!({ "@id": cve_url(finding.cve), "name": finding.cve });
    let summary = clean(entry.summary());
    if let (false, Value::Object(vulnerability)) = (summary.is_empty(), &mut vulnerability) {
        vulnerability.insert("description".to_owned(), json!(summary));
    }
    add("vulnerability", vulnerability);
    // Store paths are the surest names, but no IRIs; they stand as subcomponents with a file IRI.
    let parts: Vec<Value> = package
        .store_paths
        .iter()
        .map(|path| json!({ "@id": format!("file://{}", path.split('/').map(super::text::percent).collect::<Vec<_>>().join("/")) }))
        .collect();
    let purl = purl(package);
    let mut product = json!({ "@id": purl, "identifiers": { "purl": purl } });
    if let (false, Value::Object(product)) = (parts.is_empty(), &mut product) {
        product.insert("subcomponents".to_owned(), Value::Array(parts));
    }
    add("products", json!([product]));
    let action = clean(&entry.action().to_string());
    let reasons = clean(&entry.reasons().join(" "));
    match finding.status {
        FindingStatus::Affected => {
            add("status", json!("affected"));
            add("action_statement", json!(action));
        }
        FindingStatus::Unknown => add("status", json!("under_investigation")),
        FindingStatus::Fixed => add("status", json!("fixed")),
        FindingStatus::NotAffected => {
            add("status", json!("not_affected"));
            let impact = Some(reasons.clone()).filter(|r| !r.is_empty()).unwrap_or(action);
            add("impact_statement", json!(impact));
        }
    }
    // A product is a package, wherever it is: that it is said of one target only is a note.
    let place = scan.target_of(entry.index).map(|(_, target)| format!("In {}.", clean(&target.name)));
    let notes: Vec<String> = place.into_iter().chain([reasons]).filter(|note| !note.is_empty()).collect();
    if !notes.is_empty() {
        add("status_notes", json!(notes.join(" ")));
    }
    Value::Object(value)
}
