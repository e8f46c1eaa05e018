//! What changed in a record, field by field.

use super::Source;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// A record with more fields than this has been made to have them: the rest counts as one.
const MOST_FIELDS: usize = 200;
/// The most characters of a field's name, which may come from outside.
const LONGEST_NAME: usize = 120;
/// JSON is not looked at deeper than this.
const DEPTH: usize = 64;

/// A field that is another one than before.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldChange {
    /// Where in the record.
    pub field: String,
    /// What was there.
    pub before: Option<Json>,
    /// What is there.
    pub after: Option<Json>,
    /// Only dates and the like: nobody is notified.
    pub quiet: bool,
}

/// What differs between two states of a record, by the names of the fields.
pub fn differences(source: Source, before: Option<&Json>, after: Option<&Json>) -> Vec<FieldChange> {
    let (before, after) = (before.map(|r| fields(source, r)), after.map(|r| fields(source, r)));
    let (mut before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
    let mut changes = Vec::new();
    for (field, after) in after {
        let before = before.remove(&field);
        if before.as_ref() != Some(&after) {
            changes.push(change(field, before.cloned(), Some(after.clone())));
        }
    }
    changes.extend(before.into_iter().map(|(field, before)| change(field, Some(before.clone()), None)));
    changes.sort_by(|a, b| a.field.cmp(&b.field));
    changes
}

fn change(field: String, before: Option<Json>, after: Option<Json>) -> FieldChange {
    let essence = |value: &Option<Json>| value.as_ref().map(|value| essence(value, 0));
    let quiet = is_quiet(&field) || essence(&before) == essence(&after);
    FieldChange { field, before, after, quiet }
}

/// Whether a field says nothing of the vulnerability, whatever it says.
fn is_quiet(field: &str) -> bool {
    let (container, name) = field.rsplit_once('.').unwrap_or(("", field));
    match container {
        "cveMetadata" => true,
        // It repeats the CNA's links.
        "containers.adp.CVE" if matches!(name, "references" | "title") => true,
        // The title of an ADP's container is the ADP's own name.
        _ if container.starts_with("containers.adp.") && name == "title" => true,
        _ => is_about_the_record(name) || matches!(name, "dataVersion" | "dataType" | "sourceIdentifier"),
    }
}

/// Whether a key is about the record or its making, and not about the vulnerability.
fn is_about_the_record(key: &str) -> bool {
    key.starts_with("date")
        || key.starts_with("x_")
        || matches!(key, "providerMetadata" | "timestamp" | "published" | "lastModified" | "dataVersion")
}

/// A value without what is about the record.
fn essence(value: &Json, depth: usize) -> Json {
    match value {
        _ if depth > DEPTH => Json::Null,
        Json::Object(map) => {
            let told = map.iter().filter(|(key, _)| !is_about_the_record(key));
            Json::Object(told.map(|(key, value)| (key.clone(), essence(value, depth + 1))).collect())
        }
        Json::Array(list) => Json::Array(list.iter().map(|value| essence(value, depth + 1)).collect()),
        other => other.clone(),
    }
}

/// The fields of a record, by name.
fn fields(source: Source, record: &Json) -> BTreeMap<String, &Json> {
    let mut fields = Fields::default();
    match source {
        Source::Kev => fields.add("known-exploited".to_owned(), record),
        Source::EuKev => fields.add("eu-known-exploited".to_owned(), record),
        Source::Nvd => fields.add_all("", record.get("cve").and_then(Json::as_object)),
        Source::Cve => {
            for (key, value) in record.as_object().into_iter().flatten() {
                match key.as_str() {
                    "cveMetadata" => fields.add_metadata(value),
                    "containers" => fields.add_containers(value),
                    _ => fields.add(shown(key), value),
                }
            }
        }
    }
    fields.0
}

#[derive(Default)]
struct Fields<'r>(BTreeMap<String, &'r Json>);

impl<'r> Fields<'r> {
    fn add(&mut self, field: String, value: &'r Json) {
        if self.0.len() < MOST_FIELDS {
            self.0.entry(field).or_insert(value);
        }
    }

    fn add_all(&mut self, prefix: &str, map: Option<&'r Map<String, Json>>) {
        for (key, value) in map.into_iter().flatten() {
            self.add(format!("{prefix}{}", shown(key)), value);
        }
    }

    fn add_metadata(&mut self, metadata: &'r Json) {
        for (key, value) in metadata.as_object().into_iter().flatten() {
            let name = if key == "state" { key.clone() } else { format!("cveMetadata.{}", shown(key)) };
            self.add(name, value);
        }
    }

    fn add_containers(&mut self, containers: &'r Json) {
        self.add_all("containers.cna.", containers.get("cna").and_then(Json::as_object));
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for container in containers.get("adp").and_then(Json::as_array).into_iter().flatten() {
            let name = container.pointer("/providerMetadata/shortName").and_then(Json::as_str);
            // In a field's name dots separate.
            let name = shown(name.unwrap_or("unnamed")).replace('.', "_");
            let number = seen.entry(name.clone()).or_default();
            *number += 1;
            let name = if *number == 1 { name } else { format!("{name}#{number}") };
            self.add_all(&format!("containers.adp.{name}."), container.as_object());
        }
    }
}

/// A name from outside, fit to be kept and shown.
fn shown(name: &str) -> String {
    terminal::clean(name).chars().take(LONGEST_NAME).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record() -> Json {
        json!({
            "dataType": "CVE_RECORD", "dataVersion": "5.0",
            "cveMetadata": { "cveId": "CVE-2024-1000", "state": "PUBLISHED", "dateUpdated": "2024-01-01" },
            "containers": {
                "cna": {
                    "providerMetadata": { "shortName": "x", "dateUpdated": "2024-01-01" },
                    "affected": [{ "product": "p" }], "title": "T",
                },
                "adp": [
                    { "providerMetadata": { "shortName": "CISA-ADP", "dateUpdated": "2024-01-01" },
                      "title": "CISA ADP Vulnrichment",
                      "metrics": [{ "other": { "type": "ssvc", "content": { "timestamp": "1", "role": "x" } } }] },
                    { "providerMetadata": { "shortName": "CVE" }, "references": [] },
                ],
            },
        })
    }

    fn changed(change: impl FnOnce(&mut Json)) -> Vec<(String, bool)> {
        let mut after = record();
        change(&mut after);
        let found = differences(Source::Cve, Some(&record()), Some(&after));
        found.into_iter().map(|change| (change.field, change.quiet)).collect()
    }

    #[test]
    fn fields_are_named_and_dates_are_quiet() {
        assert_eq!(changed(|_| ()), []);
        let one = |field: &str, quiet| vec![(field.to_owned(), quiet)];
        assert_eq!(changed(|r| r["cveMetadata"]["state"] = json!("REJECTED")), one("state", false));
        let quiet = one("cveMetadata.dateUpdated", true);
        assert_eq!(changed(|r| r["cveMetadata"]["dateUpdated"] = json!("2025-01-01")), quiet);
        assert_eq!(changed(|r| r["dataVersion"] = json!("5.1")), one("dataVersion", true));
        let cna = changed(|r| r["containers"]["cna"]["providerMetadata"]["dateUpdated"] = json!("x"));
        assert_eq!(cna, one("containers.cna.providerMetadata", true));
        let affected = changed(|r| r["containers"]["cna"]["affected"][0]["product"] = json!("q"));
        assert_eq!(affected, one("containers.cna.affected", false));
        let ssvc = "/containers/adp/0/metrics/0/other/content";
        let field = "containers.adp.CISA-ADP.metrics";
        assert_eq!(changed(|r| r.pointer_mut(ssvc).unwrap()["timestamp"] = json!("2")), one(field, true));
        assert_eq!(changed(|r| r.pointer_mut(ssvc).unwrap()["role"] = json!("2")), one(field, false));
        let copies = changed(|r| r["containers"]["adp"][1]["references"] = json!([{ "url": "u" }]));
        assert_eq!(copies, one("containers.adp.CVE.references", true));
    }

    #[test]
    fn containers_that_come_go_or_move() {
        let swapped = changed(|r| r["containers"]["adp"].as_array_mut().unwrap().reverse());
        assert_eq!(swapped, []);
        let gone = changed(|r| drop(r["containers"]["adp"].as_array_mut().unwrap().remove(0)));
        let fields =
            ["metrics", "providerMetadata", "title"].map(|name| format!("containers.adp.CISA-ADP.{name}"));
        assert_eq!(gone.iter().map(|(field, _)| field.clone()).collect::<Vec<_>>(), fields);
        let double = changed(|r| {
            let list = r["containers"]["adp"].as_array_mut().unwrap();
            list.push(list[1].clone());
        });
        assert_eq!(double.len(), 2);
        assert!(double.iter().all(|(field, _)| field.starts_with("containers.adp.CVE#2.")), "{double:?}");
    }

    #[test]
    fn catalogues_and_the_nvd() {
        let entry = json!({ "cveID": "CVE-2024-1000", "dateAdded": "2024-01-01" });
        let added = differences(Source::Kev, None, Some(&entry));
        assert_eq!((added.len(), added[0].field.as_str(), added[0].quiet), (1, "known-exploited", false));
        let removed = differences(Source::Kev, Some(&entry), None);
        assert_eq!((removed[0].after.as_ref(), removed[0].before.as_ref()), (None, Some(&entry)));
        let nvd = |status: &str, date: &str| json!({ "cve": { "id": "x", "vulnStatus": status, "lastModified": date } });
        let (a, b, c) = (nvd("Received", "1"), nvd("Received", "2"), nvd("Analyzed", "2"));
        let quiet =
            |from, to| differences(Source::Nvd, Some(from), Some(to)).iter().all(|change| change.quiet);
        assert!(quiet(&a, &b) && !quiet(&b, &c));
    }

    #[test]
    fn hostile_records_are_bounded() {
        let many: Map<String, Json> = (0..10_000).map(|n| (format!("k{n}\u{1b}[31m"), json!(n))).collect();
        let found = differences(Source::Cve, None, Some(&Json::Object(many)));
        assert_eq!(found.len(), MOST_FIELDS);
        assert!(found.iter().all(|change| !change.field.contains('\u{1b}')));
        let mut deep = json!(1);
        for _ in 0..100 {
            deep = json!([deep]);
        }
        assert!(!differences(Source::Kev, None, Some(&deep))[0].quiet);
        for odd in [json!(null), json!([]), json!({ "containers": 1, "cveMetadata": [] })] {
            differences(Source::Cve, Some(&odd), Some(&record()));
        }
    }
}
