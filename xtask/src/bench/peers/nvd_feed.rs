//! From CVE records to a feed of the NVD's retired 1.1 format, the only one that vulnix reads.
//!
//! The feed holds what the records say, as the NVD would write it: every product with versions that
//! are called affected becomes matches of a flat OR node, with the four bounds of a range
//! ([`ranges`]). Commits are no versions there, and "affected by default, fixed from 1.2 on" is a
//! range that ends before 1.2. Part, vendor and product of the CPE name are those of the record's
//! own CPE where it has one, and otherwise vendor and product in CPE spelling, which is how the NVD
//! forms most of its names.
//!
//! In one thing the feed is kinder than the NVD. There the kernel is an operating system
//! (`cpe:2.3:o:linux:linux_kernel`), and vulnix passes over everything that is not an application,
//! so it would find nothing in any kernel. Here the kernel is `a:linux:linux`, by its vendor and
//! product, so that its ranges can be compared at all.

mod ranges;

use ranges::Match;
use serde_json::{Value, json};

/// The entry of one CVE record, or None for a record that names no affected version.
pub(super) fn item(record: &Value) -> Option<Value> {
    let containers = &record["containers"];
    let cna = std::iter::once(&containers["cna"]);
    let all = cna.chain(containers["adp"].as_array().into_iter().flatten());
    let mut matches = Vec::new();
    let (mut score, mut description) = (None, "");
    for container in all {
        for affected in container["affected"].as_array().into_iter().flatten() {
            product(affected, &mut matches);
        }
        score = score.or_else(|| base_score(container));
        if description.is_empty() {
            description = container["descriptions"][0]["value"].as_str().unwrap_or_default();
        }
    }
    if matches.is_empty() {
        return None;
    }
    let impact = score
        .map_or_else(|| json!({}), |score| json!({ "baseMetricV3": { "cvssV3": { "baseScore": score } } }));
    Some(json!({
        "cve": {
            "CVE_data_meta": { "ID": record["cveMetadata"]["cveId"] },
            "description": { "description_data": [{ "lang": "en", "value": description }] },
        },
        "configurations": {
            "CVE_data_version": "4.0",
            "nodes": [{ "operator": "OR", "children": [], "cpe_match": matches }],
        },
        "impact": impact,
    }))
}

fn base_score(container: &Value) -> Option<f64> {
    container["metrics"]
        .as_array()?
        .iter()
        .find_map(|metric| ["cvssV3_1", "cvssV3_0"].iter().find_map(|key| metric[*key]["baseScore"].as_f64()))
}

/// Adds the matches of one member of `affected`.
fn product(affected: &Value, matches: &mut Vec<Value>) {
    let Some(name) = cpe_name(affected) else { return };
    matches.extend(ranges::affected(affected).into_iter().map(|found| {
        let mut entry = json!({ "vulnerable": true });
        let version = match found {
            Match::One(version) => component(&version),
            Match::Range { from, to } => {
                if let Some(from) = from {
                    let key = if from.after { "versionStartExcluding" } else { "versionStartIncluding" };
                    entry[key] = json!(from.version);
                }
                if let Some(to) = to {
                    let key = if to.after { "versionEndIncluding" } else { "versionEndExcluding" };
                    entry[key] = json!(to.version);
                }
                "*".to_owned()
            }
        };
        entry["cpe23Uri"] = json!(format!("cpe:2.3:{name}:{version}:*:*:*:*:*:*:*"));
        entry
    }));
}

/// `part:vendor:product` of a member of `affected`: an application if one of its CPE names is one.
fn cpe_name(affected: &Value) -> Option<String> {
    let mut other = None;
    for cpe in affected["cpes"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        // Escaped colons belong to a component.
        let shielded = cpe.replace("\\:", "\0");
        let parts: Vec<_> = shielded.split(':').collect();
        if let ["cpe", "2.3", part @ ("a" | "o" | "h"), vendor, product, ..] = parts.as_slice() {
            let name = format!("{part}:{vendor}:{product}").replace('\0', "\\:");
            if *part == "a" {
                return Some(name);
            }
            other.get_or_insert(name);
        }
    }
    let words = |key: &str| {
        affected[key].as_str().map(component).filter(|text| !matches!(text.as_str(), "" | "n\\/a"))
    };
    other.or_else(|| {
        let product = words("product")?;
        Some(format!("a:{}:{product}", words("vendor").unwrap_or_else(|| product.clone())))
    })
}

/// Text as a component of a formatted CPE string (NISTIR 7695, 6.2): lower case, underscores for
/// blanks, punctuation escaped.
fn component(text: &str) -> String {
    let mut out = String::new();
    for c in text.trim().chars() {
        match c {
            ' ' => out.push('_'),
            c if c.is_ascii_alphanumeric() || "-_.".contains(c) => out.push(c.to_ascii_lowercase()),
            c if c.is_ascii_punctuation() => out.extend(['\\', c]),
            c => out.extend(c.to_lowercase()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(affected: &Value) -> Value {
        json!({ "cveMetadata": { "cveId": "CVE-2024-0001" }, "containers": { "cna": { "affected": affected } } })
    }

    #[test]
    fn ranges_and_single_versions() {
        let item = item(&record(&json!([{ "vendor": "Haxx", "product": "Curl Lib", "versions": [
            { "version": "7.1", "lessThan": "8.4.0", "status": "affected" },
            { "version": "0", "lessThanOrEqual": "6", "status": "affected" },
            { "version": "9:1", "status": "affected" },
            { "version": "9.2", "status": "unaffected" },
        ]}])))
        .unwrap();
        let matches = &item["configurations"]["nodes"][0]["cpe_match"];
        assert_eq!(
            *matches,
            json!([
                { "vulnerable": true, "cpe23Uri": "cpe:2.3:a:haxx:curl_lib:*:*:*:*:*:*:*:*",
                  "versionStartIncluding": "7.1", "versionEndExcluding": "8.4.0" },
                { "vulnerable": true, "cpe23Uri": "cpe:2.3:a:haxx:curl_lib:*:*:*:*:*:*:*:*", "versionEndIncluding": "6" },
                { "vulnerable": true, "cpe23Uri": "cpe:2.3:a:haxx:curl_lib:9\\:1:*:*:*:*:*:*:*" },
            ])
        );
    }

    #[test]
    fn nothing_affected_is_no_item() {
        assert!(
            item(&record(&json!([{ "vendor": "v", "product": "n/a", "versions": [
            { "version": "1", "status": "affected" }] }])))
            .is_none()
        );
        assert!(item(&record(&json!([{ "vendor": "v", "product": "p", "versions": [] }]))).is_none());
    }

    #[test]
    fn own_cpe_comes_first() {
        let name = cpe_name(
            &json!({ "vendor": "V", "product": "P", "cpes": ["cpe:2.3:o:x:y:-", "cpe:2.3:a:ven\\:d:pro:*"] }),
        );
        assert_eq!(name.as_deref(), Some("a:ven\\:d:pro"));
        let system = cpe_name(&json!({ "vendor": "V", "product": "P", "cpes": ["cpe:2.3:o:x:y:-"] }));
        assert_eq!(system.as_deref(), Some("o:x:y"));
    }
}
