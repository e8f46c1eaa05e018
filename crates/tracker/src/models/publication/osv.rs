//! OSV 1.7.5 (Open Source Vulnerability format, ossf.github.io/osv-schema).
//!
//! The ecosystem is `Nix`, without a suffix for the channel: a version means the same source in
//! each of them, and ranges are about versions. How each channel stands is in `ecosystem_specific`.
//! Neither the ecosystem nor the prefix of the codes is registered; `crates/tracker/osv/` holds the
//! change to propose.

use super::text::{line, time, uri};
use super::{Package, Published, purl};
use crate::models::advisory::content::LinkKind;
use crate::models::advisory::status::{Justification, Range};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use vulnerability::cvss;

/// The version of the format.
pub const SCHEMA_VERSION: &str = "1.7.5";
/// The ecosystem.
pub const ECOSYSTEM: &str = "Nix";

/// The record of an advisory.
pub fn record(published: &Published) -> Value {
    let mut record = Map::new();
    let mut put = |key: &str, value: Value| drop(record.insert(key.to_owned(), value));
    put("schema_version", json!(SCHEMA_VERSION));
    put("id", json!(published.code));
    put("modified", json!(time(published.changed_at())));
    put("published", json!(time(published.published_at())));
    if let Some(at) = published.withdrawn {
        put("withdrawn", json!(time(at)));
    }
    // Not `aliases`: an advisory of a distribution is about its packages, the CVE about a product.
    let upstream: BTreeSet<_> = published.cves.iter().map(|cve| cve.id).collect();
    if !upstream.is_empty() {
        put("upstream", json!(upstream));
    }
    put("summary", json!(published.clean_title()));
    if let Some(body) = published.clean_body() {
        put("details", json!(body));
    }
    let severity = severity(published);
    if !severity.is_empty() {
        put("severity", json!(severity));
    }
    put("affected", published.packages.iter().map(affected).collect());
    put("references", references(published));
    let level = published.level.map(level_name);
    put("database_specific", json!({ "severity": level, "publisher": line(&published.publisher.name) }));
    Value::Object(record)
}

/// What the team calls a severity.
pub(super) const fn level_name(level: vulnerability::model::Level) -> &'static str {
    use vulnerability::model::Level;
    match level {
        Level::None => "NONE",
        Level::Low => "LOW",
        Level::Medium => "MEDIUM",
        Level::High => "HIGH",
        Level::Critical => "CRITICAL",
    }
}

/// One vector of each version of CVSS: the worst of the CVEs.
fn severity(published: &Published) -> Vec<Value> {
    let mut worst: BTreeMap<&str, (f32, String)> = BTreeMap::new();
    for vector in published.cves.iter().filter_map(|cve| cve.vector.as_deref()) {
        let Ok((score, _)) = cvss::rate(vector) else { continue };
        let bare = bare_vector(vector);
        let kind = match &bare {
            bare if bare.starts_with("CVSS:4.") => "CVSS_V4",
            bare if bare.starts_with("CVSS:3.") => "CVSS_V3",
            _ => "CVSS_V2",
        };
        let entry = worst.entry(kind).or_insert_with(|| (score, bare.clone()));
        if score > entry.0 {
            *entry = (score, bare);
        }
    }
    worst.into_iter().map(|(kind, (_, vector))| json!({ "type": kind, "score": vector })).collect()
}

/// A vector as the specifications write it: version 2 without parentheses and prefix.
pub(super) fn bare_vector(vector: &str) -> String {
    let vector = vector.trim();
    let bare = vector.strip_prefix('(').and_then(|v| v.strip_suffix(')')).unwrap_or(vector);
    bare.strip_prefix("CVSS:2.0/").unwrap_or(bare).to_owned()
}

fn affected(package: &Package) -> Value {
    let builds = || package.channels.iter().flat_map(|channel| &channel.builds);
    let attributes: BTreeSet<_> = builds().filter_map(|build| line(&build.attribute)).collect();
    let name = line(&package.name).unwrap_or_else(|| "unnamed".to_owned());
    let mut of = json!({ "ecosystem": ECOSYSTEM, "name": name });
    // What the package's builds are called, if they agree.
    let pnames: BTreeSet<_> = builds().map(|build| build.pname.as_str()).collect();
    if let (1, Some(pname)) = (pnames.len(), pnames.first())
        && let Some(purl) = purl::of(purl::Form::default(), "", pname, "")
    {
        of["purl"] = json!(purl);
    }
    let channels: Map<String, Value> = package
        .channels
        .iter()
        .filter_map(|channel| {
            let versions: BTreeSet<_> =
                channel.builds.iter().filter_map(|build| line(&build.version)).collect();
            let status = json!({
                "status": channel.status.name(),
                "justification": channel.justification.map(Justification::name),
                "reason": line(&channel.why),
                "versions": versions,
            });
            Some((line(&channel.channel)?, status))
        })
        .collect();
    let mut affected = Map::new();
    affected.insert("package".into(), of);
    // The format wants an event that introduces in each range, and a package without ranges is
    // affected in the versions that are listed.
    let ranges: BTreeSet<_> = package.ranges.0.iter().collect();
    if !ranges.is_empty() {
        affected.insert("ranges".into(), ranges.into_iter().map(range).collect());
    }
    let versions: BTreeSet<_> = package.versions.iter().filter_map(|version| line(version)).collect();
    affected.insert("versions".into(), json!(versions));
    affected.insert("ecosystem_specific".into(), json!({ "attributes": attributes, "channels": channels }));
    Value::Object(affected)
}

fn range(range: &Range) -> Value {
    let mut events = vec![json!({ "introduced": range.introduced.as_deref().unwrap_or("0") })];
    match (&range.fixed, &range.last_affected) {
        (Some(fixed), _) => events.push(json!({ "fixed": fixed })),
        (None, Some(last)) => events.push(json!({ "last_affected": last })),
        (None, None) => {}
    }
    json!({ "type": "ECOSYSTEM", "events": events })
}

fn references(published: &Published) -> Value {
    let kind = |kind| match kind {
        LinkKind::Fix | LinkKind::PullRequest => "FIX",
        LinkKind::Issue => "REPORT",
        LinkKind::Reference => "WEB",
    };
    let own = uri(&published.publisher.page(&published.code)).map(|url| ("ADVISORY", url));
    let links = published.links.iter().filter_map(|link| Some((kind(link.kind), uri(&link.url)?)));
    let mut seen = BTreeSet::new();
    own.into_iter()
        .chain(links)
        .filter(|reference| seen.insert(reference.clone()))
        .map(|(kind, url)| json!({ "type": kind, "url": url }))
        .collect()
}
