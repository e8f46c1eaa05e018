//! CSAF 2.0 (OASIS Common Security Advisory Framework), profile VEX.
//!
//! The product tree goes from the publisher over the channel and the package to its versions. A
//! package that a channel does not have is a product without a package URL: a URL without a version
//! would name all versions there are.

pub mod provider;
mod tree;

use super::openvex::names;
use super::osv::{bare_vector, level_name};
use super::statement::{Verdict, action};
use super::text::{line, time, uri};
use super::{Cve, Published, Publisher};
use crate::models::advisory::Code;
use crate::models::advisory::content::LinkKind;
use crate::models::advisory::status::Justification;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tree::{Product, Tree};
use vulnerability::cvss;

/// The name of a document's file: of its identifier in lower case, everything but letters, digits,
/// `+` and `-` becomes `_` (section 5.1).
pub fn file_name(code: &Code) -> String {
    let mut name = String::new();
    for character in code.to_string().to_lowercase().chars() {
        let plain = character.is_ascii_lowercase() || character.is_ascii_digit() || "+-".contains(character);
        if plain {
            name.push(character);
        } else if !name.ends_with('_') {
            name.push('_');
        }
    }
    name + ".json"
}

/// The document of an advisory.
pub fn document(published: &Published) -> Value {
    let tree = Tree::of(published);
    let vulnerabilities: Vec<Value> = if published.cves.is_empty() {
        let system = publisher_name(&published.publisher);
        let ids = json!([{ "system_name": system, "text": published.code }]);
        vec![vulnerability(published, &tree, ("ids", ids), None)]
    } else {
        let of = |cve: &Cve| vulnerability(published, &tree, ("cve", json!(cve.id)), Some(cve));
        published.cves.iter().map(of).collect()
    };
    sorted(json!({
        "document": about(published),
        "product_tree": tree.value(&publisher_name(&published.publisher)),
        "vulnerabilities": vulnerabilities,
    }))
}

/// With the keys of all objects in order (test 6.2.13).
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<(String, Value)> = map.into_iter().collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(entries.into_iter().map(|(key, value)| (key, sorted(value))).collect())
        }
        Value::Array(values) => values.into_iter().map(sorted).collect(),
        value => value,
    }
}

/// Who publishes, as documents and the provider's metadata say it.
fn publisher(publisher: &Publisher) -> Value {
    let mut value = json!({
        "category": "vendor",
        "name": publisher_name(publisher),
        "namespace": publisher.url,
    });
    if let Some(contact) = publisher.contact.as_deref().and_then(line) {
        value["contact_details"] = json!(contact);
    }
    value
}

fn publisher_name(publisher: &Publisher) -> String {
    line(&publisher.name).unwrap_or_else(|| "unnamed".to_owned())
}

fn about(published: &Published) -> Value {
    let name = publisher_name(&published.publisher);
    let mut notes = vec![json!({
        "category": "legal_disclaimer",
        "text": "Statements are about packages of Nixpkgs in the channels that are named, as they are now.",
        "title": "Scope",
    })];
    if let Some(body) = published.clean_body() {
        notes.push(json!({ "category": "details", "text": body, "title": "Details" }));
    }
    if published.withdrawn.is_some() {
        notes.push(json!({
            "category": "summary",
            "text": "This advisory was withdrawn. What it said is said no more.",
            "title": "Withdrawn",
        }));
    }
    let mut about = json!({
        "category": "csaf_vex",
        "csaf_version": "2.0",
        "distribution": { "tlp": { "label": "WHITE" } },
        "lang": "en",
        "notes": notes,
        "publisher": publisher(&published.publisher),
        "references": references(published),
        "title": format!("{name} {}: {}", published.code, published.clean_title()),
        "tracking": tracking(published),
    });
    if let Some(level) = published.level {
        about["aggregate_severity"] = json!({ "text": level_name(level) });
    }
    about
}

fn tracking(published: &Published) -> Value {
    let history: Vec<Value> = published
        .changes
        .iter()
        .map(|change| {
            let summary = line(&change.summary).unwrap_or_else(|| "Changed.".to_owned());
            json!({ "date": time(change.at), "number": change.version(), "summary": summary })
        })
        .collect();
    json!({
        "current_release_date": time(published.changed_at()),
        "generator": {
            "date": time(published.changed_at()),
            "engine": { "name": "Snowguard", "version": env!("CARGO_PKG_VERSION") },
        },
        "id": published.code,
        "initial_release_date": time(published.published_at()),
        "revision_history": history,
        "status": "final",
        "version": published.changes.last().map(super::Change::version),
    })
}

fn references(published: &Published) -> Value {
    let year = provider::year(published.published_at());
    let own = format!("{}/{year}/{}", provider::folder(&published.publisher), file_name(&published.code));
    let page = published.publisher.page(&published.code);
    let own =
        [("self", own, "This document".to_owned()), ("self", page, "The advisory\u{2019}s page".to_owned())];
    let links = published.links.iter().map(|link| {
        let summary = match link.kind {
            LinkKind::Fix => "Fix",
            LinkKind::PullRequest => "Pull request",
            LinkKind::Issue => "Issue",
            LinkKind::Reference => "Reference",
        };
        ("external", link.url.clone(), summary.to_owned())
    });
    let mut seen = BTreeSet::new();
    own.into_iter()
        .chain(links)
        .filter_map(|(category, url, summary)| {
            let url = uri(&url)?;
            seen.insert(url.clone()).then(|| json!({ "category": category, "summary": summary, "url": url }))
        })
        .collect()
}

/// What is said of one vulnerability, for all products.
fn vulnerability(
    published: &Published,
    tree: &Tree<'_>,
    (key, id): (&str, Value),
    cve: Option<&Cve>,
) -> Value {
    let withdrawn = published.withdrawn.is_some();
    let verdict = |product: &Product<'_>| Verdict::of(product.status, withdrawn);
    let mut by_verdict: BTreeMap<Verdict, Vec<&str>> = BTreeMap::new();
    let mut flags: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut impacts: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut remedies: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for product in &tree.products {
        let id = product.id.as_str();
        let verdict = verdict(product);
        by_verdict.entry(verdict).or_default().push(id);
        match verdict {
            Verdict::NotAffected => {
                let reason = product.justification.unwrap_or(Justification::VulnerableCodeNotPresent);
                flags.entry(reason.name()).or_default().push(id);
                if let Some(why) = line(product.why) {
                    impacts.entry(why).or_default().push(id);
                }
            }
            Verdict::Affected => {
                let remedy = (remedy(product.status), action(product.status));
                remedies.entry(remedy).or_default().push(id);
            }
            // Recommended by test 6.2.2.
            Verdict::UnderInvestigation => {
                let waits = "It is not known yet whether this version is affected.";
                let waits = if withdrawn { "The advisory was withdrawn." } else { waits };
                remedies.entry(("none_available", waits)).or_default().push(id);
            }
            Verdict::Fixed => {}
        }
    }
    let named = names(published);
    let title = cve.and_then(|cve| cve.title.as_deref()).and_then(line);
    let title = title.unwrap_or_else(|| published.clean_title());
    let mut value = Map::new();
    let mut put = |key: &str, part: Value| drop(value.insert(key.to_owned(), part));
    put(key, id);
    put("title", json!(title));
    let about = if named.len() > 1 { "One of several vulnerabilities of the advisory." } else { "" };
    let summary = format!("{title}\n{about}").trim_end().to_owned();
    put("notes", json!([{ "category": "description", "text": summary, "title": "Description" }]));
    let status = |verdict| match verdict {
        Verdict::Affected => "known_affected",
        Verdict::UnderInvestigation => "under_investigation",
        Verdict::Fixed => "fixed",
        Verdict::NotAffected => "known_not_affected",
    };
    let statuses = by_verdict.iter().map(|(verdict, ids)| (status(*verdict).to_owned(), json!(ids)));
    put("product_status", Value::Object(statuses.collect()));
    let list = |list: Vec<Value>| Some(list).filter(|list| !list.is_empty()).map(Value::Array);
    let flags = flags.into_iter().map(|(label, ids)| json!({ "label": label, "product_ids": ids }));
    if let Some(flags) = list(flags.collect()) {
        put("flags", flags);
    }
    let impacts = impacts
        .into_iter()
        .map(|(why, ids)| json!({ "category": "impact", "details": why, "product_ids": ids }));
    if let Some(threats) = list(impacts.collect()) {
        put("threats", threats);
    }
    let remedies = remedies.into_iter().map(
        |((category, details), ids)| json!({ "category": category, "details": details, "product_ids": ids }),
    );
    if let Some(remediations) = list(remedies.collect()) {
        put("remediations", remediations);
    }
    let affected = by_verdict.get(&Verdict::Affected);
    if let (Some(score), Some(ids)) = (cve.and_then(|cve| score(cve.vector.as_deref()?)), affected) {
        let (kind, score) = score;
        put("scores", json!([{ kind: score, "products": ids }]));
    }
    Value::Object(value)
}

/// How CSAF calls what can be done. None of it is a fix: a version with a fix is fixed.
const fn remedy(status: crate::models::advisory::status::Status) -> &'static str {
    use crate::models::advisory::status::Status;
    match status {
        Status::WontFix | Status::EndOfLife => "no_fix_planned",
        _ => "none_available",
    }
}

/// A score as CSAF wants it; version 4 it does not know. Scores are those of the vector, levels
/// those of its version.
fn score(vector: &str) -> Option<(&'static str, Value)> {
    let (score, level) = cvss::rate(vector).ok()?;
    let vector = bare_vector(vector);
    let score = (f64::from(score) * 10.0).round() / 10.0;
    let version = ["3.0", "3.1"].into_iter().find(|v| vector.starts_with(&format!("CVSS:{v}/")));
    if let Some(version) = version {
        let value = json!({
            "version": version,
            "vectorString": vector,
            "baseScore": score,
            "baseSeverity": level_name(level),
        });
        return Some(("cvss_v3", value));
    }
    let second = vector.starts_with("AV:");
    second.then(|| ("cvss_v2", json!({ "version": "2.0", "vectorString": vector, "baseScore": score })))
}
