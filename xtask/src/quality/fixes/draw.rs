//! Drawing records for sets at and just after a fix.
//!
//! A record is a candidate if a product of it has the name of a package. Candidates are sorted into
//! strata by what they write about versions, each stratum is ordered by a hash, and records are
//! taken from the front. A record that a reader passed over (other software, or no fix
//! that upstream names) makes room for the next one.

use crate::quality::data::{Data, containers, list, product_names};
use crate::quality::sample::{bare, hash, normalise};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How a set is drawn.
#[derive(Debug)]
pub(crate) struct Draw {
    /// The seed of the order.
    pub(crate) seed: u64,
    /// How often a product may be drawn.
    pub(crate) repeat: usize,
    /// Only records whose identifier is of this year or later.
    pub(crate) since: u16,
    /// How many records of each stratum, in the order of [`STRATA`].
    pub(crate) counts: [usize; 7],
}

/// The strata, in the order of the draw.
pub(crate) const STRATA: [&str; 7] = [
    // Versions in words, or in the description only.
    "prose",
    // Single versions only.
    "exact",
    // Ranges written as text, `>= 1.0, < 1.2`.
    "relations",
    // The author names no version, an enrichment does.
    "silent",
    // The upper ends of an enrichment are others than the author's.
    "adp-differs",
    // Several upper ends of one product, `changes`, or several fixes in a list.
    "several-ends",
    // One range.
    "plain",
];

/// Whose records are of plugins that nixpkgs does not have.
const WITHOUT_PACKAGES: [&str; 3] = ["Wordfence", "Patchstack", "WPScan"];

/// Names of products that nixpkgs has packages for today, and not in the evaluations of 2018.
const NEWER: &str = "
    7zip airflow ansiblecore apacheairflow apachehttpserver apachetrafficserver apptainer argocd
    aspnetcore audiobookshelf authentik authlib bind9 bookstack boundary buildkit chrome cilium
    contour cpython crio deno discourse drupal duckdb elementdesktop elfutils esphome flatpak
    fluentbit freeipa frigate frr frrouting geoserver grocy grub2 guacamole hedgedoc iperf3 jadx
    java javase jellyfin joplin jupyterserver k3s keycloak langchain libcurl libde265 libheif
    librenms libvirt llamacpp mastodon mealie mediawiki mlflow moodle mysqlserver nanomq navidrome
    net netbird nginxopensource openwebui openzfs oraclejavase outline owncast pam paperlessngx
    pgadmin4 pjproject podman pomerium poppler powershell puma pydantic quicgo quiche rack rails
    recursor rexml roundcube securityadvisories sftpgo shim singbox snapcast snapd snipeit starlette
    starship stirlingpdf sudors suricata tomcat trafficserver uboot uptimekuma vaultwarden wasmer
    wasmtime wikijs wireshark xen xserver zitadel zoneminder zulip
";

/// Names of one product.
const SAME: [(&str, &str); 11] = [
    ("airflow", "apacheairflow"),
    ("aspnetcore", "net"),
    ("bind9", "bind"),
    ("graalvm", "openjdk"),
    ("httpserver", "apachehttpserver"),
    ("java", "openjdk"),
    ("javase", "openjdk"),
    ("oraclejavase", "openjdk"),
    ("recursor", "pdnsrecursor"),
    ("tomcat", "apachetomcat"),
    ("trafficserver", "apachetrafficserver"),
];

/// Words that are no part of a version.
const WORDS: [&str; 23] = [
    "before",
    "prior",
    "and",
    "to",
    "through",
    "earlier",
    "up",
    "upto",
    "from",
    "below",
    "later",
    "all",
    "versions",
    "version",
    "older",
    "until",
    "or",
    "higher",
    "lower",
    "including",
    "fixed",
    "affects",
    "affected",
];

/// Names of products that there are packages for.
fn known(data: &Data) -> BTreeSet<String> {
    let packages = data.packages.values().map(|package| normalise(bare(&package.pname)));
    packages.chain(NEWER.split_whitespace().map(str::to_owned)).filter(|name| !name.is_empty()).collect()
}

/// What a container says about the versions of a known product: one of its names, and an element
/// of `versions`.
type Statement<'a> = (String, &'a Value);

fn statements<'a>(container: &'a Value, known: &BTreeSet<String>) -> Vec<Statement<'a>> {
    let mut out = Vec::new();
    for affected in list(&container["affected"]) {
        let fields = ["product", "packageName"].into_iter().filter_map(|key| affected[key].as_str());
        let cpes = list(&affected["cpes"]).filter_map(Value::as_str).filter_map(|cpe| {
            let skip = if cpe.starts_with("cpe:/") { 2 } else { 4 };
            cpe.split(':').nth(skip)
        });
        let names: BTreeSet<String> =
            fields.chain(cpes).map(normalise).filter(|name| known.contains(name)).collect();
        let Some(name) = names.first() else { continue };
        for version in list(&affected["versions"]) {
            let texts = texts(version);
            let usable = texts.iter().any(|text| text.contains(|c: char| c.is_ascii_digit()));
            if usable && version["versionType"] != "git" {
                out.push((name.clone(), version));
            }
        }
    }
    out
}

fn texts(version: &Value) -> Vec<&str> {
    ["version", "lessThan", "lessThanOrEqual"].iter().filter_map(|key| version[*key].as_str()).collect()
}

/// The upper ends of what is affected, as versions; a single version is its own end.
fn ends(statements: &[Statement<'_>]) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for (_, version) in statements.iter().filter(|(_, version)| version["status"] == "affected") {
        let end = ["lessThan", "lessThanOrEqual", "version"].iter().find_map(|key| version[*key].as_str());
        let end = end.unwrap_or("");
        let end = end.find('<').map_or(end, |at| &end[at..]);
        out.extend(versions(end));
    }
    out.remove("0");
    out
}

/// What begins with a digit and goes on like a version.
fn versions(text: &str) -> Vec<String> {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '_' | '-');
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let found = &rest[at..];
        let end = found.find(|c| !part(c)).unwrap_or(found.len());
        out.push(found[..end].trim_end_matches('.').to_owned());
        rest = &found[end..];
    }
    out
}

/// Does a description give an upper end?
fn limits(text: &str) -> bool {
    let text = text.to_lowercase();
    ["before", "prior to", "through", "up to", "fixed in", "earlier than", "and earlier", "below"]
        .iter()
        .flat_map(|word| text.match_indices(word).map(|(at, found)| at + found.len()))
        .filter_map(|at| text.get(at..)?.strip_prefix(' '))
        .map(|rest| rest.strip_prefix("version ").or_else(|| rest.strip_prefix('v')).unwrap_or(rest))
        .any(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// The stratum of a record; none if nothing in it tells versions.
fn stratum(record: &Value, known: &BTreeSet<String>) -> Option<&'static str> {
    let cna = &record["containers"]["cna"];
    let author = statements(cna, known);
    let enrichment: Vec<Statement<'_>> = containers(record)
        .filter(|(who, _)| *who == "ADP")
        .flat_map(|(_, container)| statements(container, known))
        .collect();
    if author.is_empty() {
        if !enrichment.is_empty() {
            return Some("silent");
        }
        let text: Vec<&str> = list(&cna["descriptions"]).filter_map(|d| d["value"].as_str()).collect();
        return limits(&text.join(" ")).then_some("prose");
    }
    if !enrichment.is_empty() && ends(&enrichment) != ends(&author) {
        return Some("adp-differs");
    }
    let texts: Vec<&str> = author.iter().flat_map(|(_, version)| texts(version)).collect();
    let words = |text: &str| {
        let text = text.to_lowercase();
        text.split(|c: char| !c.is_ascii_lowercase()).any(|word| WORDS.contains(&word))
    };
    if texts.iter().any(|text| words(text)) {
        return Some("prose");
    }
    if texts.iter().any(|text| text.contains(['<', '>', '='])) {
        return Some("relations");
    }
    let mut limits: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut unaffected = 0;
    for (name, version) in &author {
        let ends = ["lessThan", "lessThanOrEqual"].into_iter().filter_map(|key| version[key].as_str());
        match (version["status"].as_str(), ends.filter(|end| !end.is_empty()).take(1).next()) {
            (Some("affected"), Some(end)) => {
                limits.entry(name).or_default().insert(end);
            }
            (Some("unaffected"), _) => unaffected += 1,
            _ => {}
        }
    }
    let changes = author.iter().any(|(_, version)| list(&version["changes"]).next().is_some());
    Some(if limits.values().any(|ends| ends.len() > 1) || changes || unaffected > 1 {
        "several-ends"
    } else if limits.is_empty() {
        "exact"
    } else {
        "plain"
    })
}

/// Its place in the order, the record and the names of its products.
type Candidate<'a> = (u64, &'a str, BTreeSet<String>);

/// The drawn records with their strata.
///
/// `except` holds records of other sets, `skipped` those that a reader passed over.
pub(crate) fn draw(
    data: &Data,
    how: &Draw,
    except: &BTreeSet<String>,
    skipped: &BTreeSet<String>,
) -> Vec<(String, &'static str)> {
    let known = known(data);
    let mut candidates: BTreeMap<&str, Vec<Candidate<'_>>> = BTreeMap::new();
    for (cve, record) in &data.records {
        let assigner = record["cveMetadata"]["assignerShortName"].as_str().unwrap_or("");
        let year = cve.split('-').nth(1).and_then(|year| year.parse::<u16>().ok()).unwrap_or(0);
        if year < how.since || except.contains(cve) || WITHOUT_PACKAGES.contains(&assigner) {
            continue;
        }
        let products: BTreeSet<String> = product_names(record)
            .iter()
            .map(|name| normalise(name))
            .filter(|name| known.contains(name))
            .map(|name| {
                SAME.iter().find(|(other, _)| *other == name).map_or(name, |(_, one)| (*one).to_owned())
            })
            .collect();
        if products.is_empty() {
            continue;
        }
        if let Some(stratum) = stratum(record, &known) {
            candidates.entry(stratum).or_default().push((hash(how.seed, cve, stratum), cve, products));
        }
    }
    let mut drawn = Vec::new();
    let mut often: BTreeMap<String, usize> = BTreeMap::new();
    for (stratum, wanted) in STRATA.into_iter().zip(how.counts) {
        let mut ordered = candidates.remove(stratum).unwrap_or_default();
        ordered.sort();
        let mut taken = 0;
        for (_, cve, products) in ordered {
            if taken == wanted {
                break;
            }
            let full = products.iter().any(|name| often.get(name).is_some_and(|n| *n >= how.repeat));
            if full || skipped.contains(cve) {
                continue;
            }
            for name in products {
                *often.entry(name).or_default() += 1;
            }
            drawn.push((cve.to_owned(), stratum));
            taken += 1;
        }
    }
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record(author: &Value, enrichment: &Value) -> Value {
        json!({"containers": {
            "cna": {"descriptions": [{"value": "A flaw."}], "affected": [{"product": "curl", "versions": author}]},
            "adp": [{"affected": [{"product": "Curl", "versions": enrichment}]}]
        }})
    }

    #[test]
    fn strata() {
        let known = BTreeSet::from(["curl".to_owned()]);
        let range = |end: &str| json!({"status": "affected", "version": "0", "lessThan": end});
        let single = |version: &str| json!({"status": "affected", "version": version});
        for (author, enrichment, expected) in [
            (json!([range("8.1")]), json!([range("8.1")]), "plain"),
            (json!([range("8.1")]), json!([range("8.2")]), "adp-differs"),
            (json!([single("< 8.1")]), json!([range("8.1")]), "relations"),
            (json!([single("n/a")]), json!([range("8.1")]), "silent"),
            (json!([single("8.1")]), json!([]), "exact"),
            (json!([single("8.1 and prior")]), json!([]), "prose"),
            (json!([range("8.1"), range("7.9")]), json!([]), "several-ends"),
        ] {
            let record = record(&author, &enrichment);
            assert_eq!(stratum(&record, &known), Some(expected), "{author} and {enrichment}");
        }
        let mut silent = record(&json!([]), &json!([]));
        assert_eq!(stratum(&silent, &known), None);
        silent["containers"]["cna"]["descriptions"][0]["value"] = json!("In curl through 8.1, a flaw.");
        assert_eq!(stratum(&silent, &known), Some("prose"));
    }
}
