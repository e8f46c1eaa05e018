//! SARIF 2.1.0 (OASIS): a rule a CVE, a result a finding.
//!
//! Written within the limits that GitHub's code scanning documents, for it rejects a file beyond
//! most of them: what is more goes into further runs, and what is too much for these is left out,
//! which the report says.

use super::json::{description, references, rounded};
use super::text::{count, is_web_link, level_name, percent};
use super::{FindingEntry, Scan, Shown, TOOL, TOOL_VERSION, cve_url, list, write_object};
use flate2::Compression;
use flate2::write::GzEncoder;
use matching::{Confidence, FindingStatus, Package};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;
use terminal::clean;
use vulnerability::CveId;
use vulnerability::model::Level;

/// The most results of a run. A rule has a result, so there are not more rules.
const MAXIMUM_RESULTS: usize = 25_000;
/// The most runs of a file.
const MAXIMUM_RUNS: usize = 20;
/// The most bytes of a file, compressed with gzip.
const MAXIMUM_PACKED: u64 = 10_000_000;
/// The most characters of a short or full description.
const MAXIMUM_DESCRIPTION: usize = 1024;
/// The most tags of a rule.
const MAXIMUM_TAGS: usize = 20;
/// The most references of a help text.
const MAXIMUM_REFERENCES: usize = 20;
/// The most characters of a description in a help text.
const MAXIMUM_HELP: usize = 4096;

/// Writes the report; gives what its reader should know of the limits.
pub(super) fn write(out: &mut dyn io::Write, scan: &Scan, shown: &Shown<'_>) -> io::Result<Vec<String>> {
    write_within(out, scan, shown, MAXIMUM_RESULTS)
}

pub(super) fn write_within(
    out: &mut dyn io::Write,
    scan: &Scan,
    shown: &Shown<'_>,
    maximum_results: usize,
) -> io::Result<Vec<String>> {
    let mut notes = Vec::new();
    let most = maximum_results.saturating_mul(MAXIMUM_RUNS);
    let kept: Vec<FindingEntry<'_>> = shown.iter().take(most).collect();
    if kept.len() < shown.len() {
        let left_out = count(shown.len() - kept.len(), "finding", "findings");
        notes.push(format!(
            "{left_out} left out of the SARIF report, the least urgent: code scanning takes {MAXIMUM_RUNS} runs of \
             {maximum_results} results; --min-confidence and --suppress select"
        ));
    }
    let mut notifications: Vec<Value> = notes.iter().map(|note| notification(note)).collect();
    for target in &scan.targets {
        let warnings = target.warnings.iter();
        notifications.extend(warnings.map(|w| notification(&format!("{}: {w}", target.name))));
    }
    let mut chunks: Vec<&[FindingEntry<'_>]> = kept.chunks(maximum_results.max(1)).collect();
    if chunks.is_empty() {
        chunks.push(&[]);
    }
    let total = chunks.len();
    let runs: Vec<Run<'_, '_>> = chunks
        .into_iter()
        .enumerate()
        .map(|(index, shown)| {
            let notifications = if index == 0 { notifications.as_slice() } else { &[] };
            Run { scan, shown, number: (total > 1).then_some(index + 1), notifications }
        })
        .collect();
    let mut measured = Measured { out, packed: GzEncoder::new(Counter(0), Compression::fast()) };
    write_object(&mut measured, 4, |report| {
        report.serialize_entry("$schema", "https://json.schemastore.org/sarif-2.1.0.json")?;
        report.serialize_entry("version", "2.1.0")?;
        report.serialize_entry("runs", &list(&runs, |_, run| run))
    })?;
    if total > 1 {
        notes.push(format!(
            "{} make {total} runs, since code scanning takes {maximum_results} results in one",
            count(kept.len(), "finding", "findings")
        ));
    }
    let Counter(size) = measured.packed.finish()?;
    if size > MAXIMUM_PACKED {
        notes.push(format!(
            "the SARIF report has some {} MB when compressed, and code scanning takes 10 MB; --min-confidence and \
             --suppress make it smaller",
            size / 1_000_000
        ));
    }
    Ok(notes)
}

pub(super) fn notification(text: &str) -> Value {
    json!({ "level": "warning", "message": { "text": clean(text) } })
}

/// Counts what a file would have when compressed.
struct Measured<'a> {
    out: &'a mut dyn io::Write,
    packed: GzEncoder<Counter>,
}

impl io::Write for Measured<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.packed.write_all(bytes.get(..count).unwrap_or(bytes))?;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

struct Counter(u64);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A run, whose rules are those of its results.
struct Run<'a, 'e> {
    scan: &'a Scan,
    shown: &'a [FindingEntry<'e>],
    /// From 1, if there are several.
    number: Option<usize>,
    notifications: &'a [Value],
}

impl Serialize for Run<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut rules: BTreeMap<CveId, &FindingEntry<'_>> = BTreeMap::new();
        for entry in self.shown {
            rules.entry(entry.finding.cve).or_insert(entry);
        }
        let places: BTreeMap<CveId, usize> = rules.keys().copied().zip(0..).collect();
        let rules: Vec<&FindingEntry<'_>> = rules.into_values().collect();
        // Runs of one category and tool are rejected, so each has its own.
        let details = match self.number {
            None => json!({ "id": format!("{TOOL}/"), "guid": self.scan.id }),
            Some(number) => json!({ "id": format!("{TOOL}/{number}/"), "correlationGuid": self.scan.id }),
        };
        let mut run = serializer.serialize_map(None)?;
        run.serialize_entry("tool", &Tool { driver: Driver { rules: list(&rules, |_, e| rule(e)) } })?;
        run.serialize_entry("automationDetails", &details)?;
        let invocations = json!([{
            "executionSuccessful": true,
            "endTimeUtc": self.scan.time,
            "toolExecutionNotifications": self.notifications,
        }]);
        run.serialize_entry("invocations", &invocations)?;
        run.serialize_entry("results", &list(self.shown, |_, e| result(self.scan, e, &places)))?;
        run.serialize_entry("columnKind", "utf16CodeUnits")?;
        run.end()
    }
}

#[derive(serde::Serialize)]
struct Tool<L: Serialize> {
    driver: Driver<L>,
}

struct Driver<L> {
    rules: L,
}

impl<L: Serialize> Serialize for Driver<L> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut driver = serializer.serialize_map(None)?;
        driver.serialize_entry("name", TOOL)?;
        driver.serialize_entry("semanticVersion", TOOL_VERSION)?;
        driver.serialize_entry("rules", &self.rules)?;
        driver.end()
    }
}

pub(super) fn rule(entry: &FindingEntry<'_>) -> Value {
    let cve = entry.finding.cve;
    let summary = Some(clean(entry.summary())).filter(|s| !s.is_empty()).unwrap_or_else(|| cve.to_string());
    let full = entry.vulnerability.and_then(description).map_or_else(|| summary.clone(), clean);
    let mut tags = vec!["security".to_owned(), "vulnerability".to_owned()];
    if entry.known_exploited() {
        tags.push("known-exploited".to_owned());
    }
    if let Some(vulnerability) = entry.vulnerability {
        tags.extend(
            super::json::weaknesses(vulnerability)
                .iter()
                .map(|w| format!("external/cwe/{}", w.to_lowercase())),
        );
    }
    tags.truncate(MAXIMUM_TAGS);
    let mut properties = json!({ "tags": tags, "precision": "high" });
    if let (Some(score), Value::Object(properties)) = (entry.score(), &mut properties) {
        // Some readers sort by this, and want a text.
        properties.insert("security-severity".to_owned(), json!(format!("{:.1}", rounded(score))));
    }
    json!({
        "id": cve,
        "name": cve,
        "shortDescription": { "text": shortened(&summary, MAXIMUM_DESCRIPTION) },
        "fullDescription": { "text": shortened(&full, MAXIMUM_DESCRIPTION) },
        "help": help(entry, &full),
        "helpUri": cve_url(cve),
        "defaultConfiguration": { "level": level(entry) },
        "properties": properties,
    })
}

/// A text of at most so many characters.
fn shortened(text: &str, maximum: usize) -> String {
    match text.char_indices().nth(maximum) {
        None => text.to_owned(),
        // Room for the ellipsis.
        Some(_) => text.chars().take(maximum.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// What to read about a CVE, as text and as Markdown.
fn help(entry: &FindingEntry<'_>, description: &str) -> Value {
    let description = shortened(description, MAXIMUM_HELP);
    let mut facts = vec![format!("Severity: {}", level_name(entry.level()))];
    if let Some(score) = entry.score() {
        facts.push(format!("score {}", rounded(score)));
    }
    if entry.known_exploited() {
        facts.push("known to be exploited (CISA)".to_owned());
    }
    if let Some(epss) = entry.epss() {
        facts.push(format!("probability of exploitation within 30 days {:.2} %", epss * 100.0));
    }
    let facts = format!("{}.", facts.join(", "));
    let url = cve_url(entry.finding.cve);
    let links: Vec<&str> = entry
        .vulnerability
        .map(references)
        .unwrap_or_default()
        .into_iter()
        .map(|(url, _)| url)
        .filter(|url| is_web_link(url))
        .take(MAXIMUM_REFERENCES)
        .collect();
    let mut text = format!("{description}\n\n{facts}\n\n{url}");
    let mut markdown = format!("{}\n\n{facts}\n\n- <{url}>", as_markdown(&description));
    for link in links.into_iter().filter(|link| *link != url) {
        text.push('\n');
        text.push_str(link);
        markdown.extend(["\n- <", link, ">"]);
    }
    json!({ "text": text, "markdown": markdown })
}

/// A text that means nothing in Markdown: a record could draw links and images with it.
fn as_markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_punctuation() && !matches!(c, '.' | ',' | ':' | ';' | '/' | '\'' | '"' | '%' | '?') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// SARIF's levels, for what is affected; `kind` says what is not, and then the level has to be
/// none.
fn level(entry: &FindingEntry<'_>) -> &'static str {
    match entry.level() {
        _ if entry.known_exploited() => "error",
        Some(Level::Critical | Level::High) => "error",
        Some(Level::Medium) | None => "warning",
        Some(Level::Low | Level::None) => "note",
    }
}

pub(super) fn result(scan: &Scan, entry: &FindingEntry<'_>, places: &BTreeMap<CveId, usize>) -> Value {
    let finding = entry.finding;
    let package = entry.package;
    let (kind, level) = match finding.status {
        FindingStatus::Affected => ("fail", level(entry)),
        FindingStatus::Unknown => ("review", "none"),
        FindingStatus::Fixed | FindingStatus::NotAffected => ("pass", "none"),
    };
    let says = match finding.status {
        FindingStatus::Affected => "is affected by",
        FindingStatus::Unknown => "may be affected by",
        FindingStatus::Fixed => "has a fix for",
        FindingStatus::NotAffected => "is not affected by",
    };
    let inside = scan.target_of(entry.index).map(|(_, target)| format!(" in {}", target.name));
    let text = format!(
        "{}{} {says} {} ({}). {}",
        package.name,
        inside.unwrap_or_default(),
        finding.cve,
        level_name(entry.level()),
        entry.action()
    );
    let suppressions: Vec<Value> = entry
        .suppression
        .iter()
        .map(|s| {
            json!({
                "kind": "external",
                "status": "accepted",
                "justification": clean(&s.reason),
                "properties": { "rule": clean(&s.origin), "until": s.until },
            })
        })
        .collect();
    let rank = match finding.confidence {
        Confidence::High => 100.0,
        Confidence::Medium => 60.0,
        Confidence::Low => 20.0,
    };
    let target = scan.target_of(entry.index).map(|(_, target)| clean(&target.name));
    let mut properties = json!({
        "package": package.pname,
        "version": package.version,
        "confidence": finding.confidence,
        "status": finding.status,
        "fixedIn": finding.fixed_in,
    });
    let mut fingerprint = fingerprint(package, finding.cve);
    if let (Some(target), Value::Object(properties)) = (&target, &mut properties) {
        properties.insert("target".to_owned(), json!(target));
        // The same package of two targets gives two alerts.
        fingerprint = format!("{target}/{fingerprint}");
    }
    json!({
        "ruleId": finding.cve,
        "ruleIndex": places.get(&finding.cve),
        "kind": kind,
        "level": level,
        "rank": rank,
        "message": { "text": clean(&text) },
        "locations": [location(scan, entry)],
        // The same finding in the next scan, whatever the hash in the store path.
        "partialFingerprints": { "package/v1": fingerprint },
        "suppressions": suppressions,
        "properties": properties,
    })
}

fn fingerprint(package: &Package, cve: CveId) -> String {
    format!("{}/{}/{cve}", package.attribute.as_deref().unwrap_or("-"), package.name)
}

/// Where the package is made, or else what was scanned. Readers such as GitHub's need a file.
fn location(scan: &Scan, entry: &FindingEntry<'_>) -> Value {
    let package = entry.package;
    let logical = package.store_paths.first().or(package.attribute.as_ref()).unwrap_or(&package.name);
    let mut logical = vec![
        json!({ "name": clean(&package.name), "fullyQualifiedName": clean(logical), "kind": "package" }),
    ];
    let of_several = scan.target_of(entry.index).map(|(_, target)| target);
    if let Some(target) = of_several {
        logical.push(json!({ "name": clean(&target.name), "kind": "target" }));
    }
    let position = package.position.as_deref().and_then(|p| {
        let (file, line) = p.rsplit_once(':')?;
        Some((file, line.parse::<u32>().ok().filter(|l| *l > 0)?))
    });
    let path =
        |text: &str| text.trim_start_matches('/').split('/').map(percent).collect::<Vec<_>>().join("/");
    let file = of_several.or(scan.targets.first()).map_or("target", |t| t.name.as_str());
    let (file, line) = position.unwrap_or((file, 1));
    let physical = json!({ "artifactLocation": { "uri": path(file) }, "region": { "startLine": line } });
    json!({ "physicalLocation": physical, "logicalLocations": logical })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::Records;
    use crate::run::Run as ScanRun;
    use matching::Finding;

    #[test]
    fn texts_are_cut_with_an_ellipsis() {
        assert_eq!(shortened("äöü", 3), "äöü");
        assert_eq!(shortened("äöüß", 3), "äö…");
        assert_eq!(as_markdown("![x](y) <b>"), "\\!\\[x\\]\\(y\\) \\<b\\>");
    }

    /// What is too much for a run makes more, and what is too much for all is left out with a word.
    #[test]
    fn runs_are_split_and_cut() {
        let time = "2026-11-23T14:00:00Z".parse().unwrap();
        let mut scan =
            Scan::new(ScanRun::new(time, "5f1e9c2a-3b4d-4e6f-8a7b-9c0d1e2f3a4b".into()), Records::default());
        scan.packages = vec![Package { name: "x-1".into(), ..Package::default() }];
        let finding = |n: usize| Finding {
            package: 0,
            cve: format!("CVE-2023-{:04}", n % 3 + 1).parse().unwrap(),
            status: FindingStatus::Affected,
            confidence: Confidence::High,
            fixed_in: None,
            evidence: Box::default(),
        };
        for (total, runs, left_out) in
            [(0, 1, false), (4, 1, false), (5, 2, false), (80, 20, false), (81, 20, true)]
        {
            scan.findings = (0..total).map(finding).collect::<Vec<_>>().into();
            let shown = Shown::of(&scan, scan.groups());
            let mut out = Vec::new();
            let notes = write_within(&mut out, &scan, &shown, 4).unwrap();
            let report: Value = serde_json::from_slice(&out).unwrap();
            let written = report["runs"].as_array().unwrap();
            assert_eq!(written.len(), runs, "{total}");
            assert_eq!(notes.iter().any(|n| n.contains("1 finding left out")), left_out, "{notes:?}");
            assert_eq!(notes.iter().any(|n| n.contains("runs, since")), runs > 1, "{notes:?}");
            let told = written[0]["invocations"][0]["toolExecutionNotifications"].as_array().unwrap();
            assert_eq!(told.len(), usize::from(left_out));
            let mut categories = Vec::new();
            let mut results = 0;
            for run in written {
                let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
                for result in run["results"].as_array().unwrap() {
                    let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
                    assert_eq!(rules[index]["id"], result["ruleId"]);
                    results += 1;
                }
                categories.push(run["automationDetails"]["id"].to_string());
            }
            categories.sort_unstable();
            categories.dedup();
            assert_eq!((categories.len(), results), (runs, total.min(80)));
        }
    }
}
