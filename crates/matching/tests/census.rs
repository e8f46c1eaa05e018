//! Every version at which an author's own statement changes, over all shared records: what we say
//! just before, at and after it, against the author's word.
//!
//! The author's word is computed here, from the raw JSON and for plain rows of numbers only, by the
//! letter of the record format: the least that the CNA's entries on one product say. Nothing of the
//! code under test takes part in it. Where the letter says nothing (a default of "unknown", entries
//! that contradict one another), nobody is asked.

#![allow(clippy::unwrap_used, reason = "a test")]

use matching::{Evidence, Finding, FindingStatus, Knowledge, Package, find};
use serde_json::Value;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::io::Read;
use vulnerability::model::{Container, Vulnerability};

/// A row of numbers, which is all that this test compares.
fn numbers(version: &str) -> Option<Vec<u64>> {
    let numbers = version.split('.').map(|part| {
        let plain = !part.is_empty() && part.len() < 9 && part.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| part.parse().ok()).flatten()
    });
    numbers.collect()
}

/// The order of two rows of numbers; missing ones are 0.
fn compare(a: &[u64], b: &[u64]) -> Ordering {
    let at = |row: &[u64], index: usize| row.get(index).copied().unwrap_or(0);
    (0..a.len().max(b.len())).map(|i| at(a, i).cmp(&at(b, i))).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Word {
    Affected,
    Unaffected,
    /// The letter leaves it open, or contradicts itself.
    Open,
}

fn word(status: &Value) -> Word {
    match status.as_str() {
        Some("affected") => Word::Affected,
        Some("unaffected") => Word::Unaffected,
        _ => Word::Open,
    }
}

/// One entry of `versions[]`: from, end, whether the end counts, and changes.
struct Entry {
    status: Word,
    from: Vec<u64>,
    /// `None`: no end.
    end: Option<(Vec<u64>, bool)>,
    changes: Vec<(Vec<u64>, Word)>,
}

/// Reads an entry; `None` if anything in it is no plain row of numbers.
fn entry(version: &Value) -> Option<Entry> {
    let text = version["version"].as_str()?.trim();
    // GitHub's form: a relation or two in the text.
    if text.starts_with(['<', '>', '=']) {
        let (from, end) = relations(text)?;
        return Some(Entry { status: word(&version["status"]), from, end, changes: vec![] });
    }
    let zero = matches!(text, "0" | "unspecified" | "*");
    let from = if zero { vec![0] } else { numbers(text)? };
    let end = match (version["lessThan"].as_str(), version["lessThanOrEqual"].as_str()) {
        (Some("*") | None, Some("*")) | (Some("*"), None) => None,
        (Some(end), _) => Some((numbers(end)?, false)),
        (None, Some(end)) => match end.strip_suffix(".*") {
            // A line holds all that begins with it.
            Some(stem) => {
                let mut next = numbers(stem)?;
                *next.last_mut()? += 1;
                Some((next, false))
            }
            None => Some((numbers(end)?, true)),
        },
        (None, None) if zero => return None,
        (None, None) => Some((from.clone(), true)),
    };
    let changes = version["changes"].as_array().into_iter().flatten();
    let changes =
        changes.map(|c| Some((numbers(c["at"].as_str()?)?, word(&c["status"])))).collect::<Option<_>>()?;
    Some(Entry { status: word(&version["status"]), from, end, changes })
}

type Span = (Vec<u64>, Option<(Vec<u64>, bool)>);

/// `>= 1.0, < 2.0`, `< 2.0`, `= 2.1`.
fn relations(text: &str) -> Option<Span> {
    let mut span: Span = (vec![0], None);
    for part in text.split(',').map(str::trim) {
        let (sign, version) = part.split_at(part.find(|c: char| c.is_ascii_digit()).unwrap_or(part.len()));
        let version = numbers(version.trim())?;
        match sign.trim() {
            "<" => span.1 = Some((version, false)),
            "<=" => span.1 = Some((version, true)),
            ">=" => span.0 = version,
            "=" | "==" => span = (version.clone(), Some((version, true))),
            _ => return None,
        }
    }
    Some(span)
}

impl Entry {
    /// What the entry itself says of a version that it holds.
    fn says(&self, version: &[u64]) -> Option<Word> {
        let inside = compare(version, &self.from).is_ge()
            && self.end.as_ref().is_none_or(|(end, included)| match compare(version, end) {
                Ordering::Less => true,
                Ordering::Equal => *included,
                Ordering::Greater => false,
            });
        let changed = self.changes.iter().rfind(|(at, _)| compare(version, at).is_ge());
        inside.then(|| changed.map_or(self.status, |(_, status)| *status))
    }

    fn is_one(&self) -> bool {
        self.end.as_ref().is_some_and(|(end, included)| *included && *end == self.from)
    }

    /// The versions at which its status changes.
    fn turns(&self) -> impl Iterator<Item = &Vec<u64>> {
        let ends = self.end.iter().map(|(end, _)| end);
        std::iter::once(&self.from).chain(ends).chain(self.changes.iter().map(|(at, _)| at))
    }
}

/// The CNA's entries on one product.
#[derive(Default)]
struct Author {
    lists: Vec<(Word, Vec<Entry>)>,
    /// An entry cannot be read here.
    unread: bool,
}

impl Author {
    /// The author's word on a version.
    fn word(&self, version: &[u64]) -> Word {
        let mut words = Vec::new();
        for (default, entries) in &self.lists {
            let hits: Vec<(&Entry, Word)> =
                entries.iter().filter_map(|e| Some((e, e.says(version)?))).collect();
            // A single version is meant before a range around it.
            let one = hits.iter().find(|(entry, _)| entry.is_one()).map(|(_, word)| *word);
            let first = hits.first().map(|(_, word)| *word);
            let agree = hits.iter().all(|(_, word)| Some(*word) == first);
            let ends_here = || {
                entries.iter().any(|e| {
                    e.status == Word::Affected
                        && e.end
                            .as_ref()
                            .is_some_and(|(end, included)| !included && compare(end, version).is_eq())
                })
            };
            // A list of nothing but single releases that are not affected is that of the fixes: by
            // the letter the releases after them would be affected again, which nobody means.
            let mixed = || {
                entries.iter().any(|e| e.status == Word::Unaffected)
                    && !entries.iter().all(|e| e.status == Word::Unaffected && e.is_one())
            };
            let said = match (one, first, default) {
                (Some(word), ..) => word,
                (None, Some(word), _) if agree => word,
                (None, Some(_), _) => return Word::Open,
                // "Before 1.4": 1.4 has the fix.
                (None, None, Word::Unaffected) => Word::Unaffected,
                (None, None, _) if ends_here() => Word::Unaffected,
                (None, None, Word::Affected) if mixed() => Word::Affected,
                (None, None, _) => Word::Open,
            };
            words.push(said);
        }
        // An entry a branch: what one calls affected is affected.
        if words.contains(&Word::Affected) {
            Word::Affected
        } else if words.iter().all(|word| *word == Word::Unaffected) && !words.is_empty() {
            Word::Unaffected
        } else {
            Word::Open
        }
    }

    /// Several ends without a beginning: one a line, by which the letter is not meant.
    fn ends_lines(&self) -> bool {
        let open =
            |e: &&Entry| e.status == Word::Affected && compare(&e.from, &[0]).is_eq() && e.end.is_some();
        self.lists.iter().flat_map(|(_, entries)| entries).filter(open).count() > 1
    }
}

/// A version just before and just after another one.
fn neighbours(version: &[u64]) -> Vec<Vec<u64>> {
    let mut out = vec![version.to_vec()];
    let mut after = version.to_vec();
    if let Some(last) = after.last_mut() {
        *last += 1;
        out.push(after);
    }
    if let Some(at) = version.iter().rposition(|n| *n > 0) {
        let mut before = version.to_vec();
        before[at] -= 1;
        before.truncate(at + 1);
        if before.iter().any(|n| *n > 0) {
            // 1.4.99 is before 1.5 and of the line before.
            if at + 1 < version.len() || at == 1 {
                before.push(99);
            }
            out.push(before);
        }
    }
    out
}

/// What differs, by the reason that our evidence gives.
fn reason(finding: &Finding) -> &'static str {
    let texts = finding.evidence.iter().filter_map(|e| match e {
        Evidence::Version { origin, range, .. } => Some((origin, range)),
        _ => None,
    });
    let Some((origin, range)) = texts.into_iter().next() else { return "no evidence" };
    if range.starts_with("only on ") {
        "limited to another operating system"
    } else if range.contains("the text")
        || range.contains("line of releases only")
        || range.contains("the title")
    {
        "wording"
    } else if !matches!(origin.container(), Container::Cna(_)) {
        "an enrichment overrules the author"
    } else if finding.status == FindingStatus::Unknown {
        "left open"
    } else if range.starts_with("before ") {
        // "From 1.4 before 1.4" is empty by the letter, and meant as "before 1.4".
        "an empty range is read as its end"
    } else {
        "read differently"
    }
}

/// The counts, and what differs.
#[derive(Default, Debug)]
pub struct Census {
    /// Versions that the author says something about, and that we find the software of.
    pub asked: usize,
    /// Those of them that are the kernel's, and those of these where we say the opposite.
    pub kernel: (usize, usize),
    /// Those where we say the opposite, by reason.
    pub flips: BTreeMap<&'static str, usize>,
    /// Those where we say "unknown".
    pub open: usize,
    /// Products with something that is no row of numbers.
    pub unread: usize,
    /// Products whose names lead to nothing.
    pub unnamed: usize,
    /// The list: record, product, version, word, ours, reason.
    pub list: String,
}

fn products(record: &Value) -> BTreeMap<String, Author> {
    let mut products: BTreeMap<String, Author> = BTreeMap::new();
    for affected in record["containers"]["cna"]["affected"].as_array().into_iter().flatten() {
        let Some(product) = affected["product"].as_str().or(affected["packageName"].as_str()) else {
            continue;
        };
        let versions = affected["versions"].as_array().map(Vec::as_slice).unwrap_or_default();
        // Commits have no order; the kernel's entry of commits has releases in it, too.
        let versions: Vec<&Value> = versions.iter().filter(|v| v["versionType"] != "git").collect();
        // Distributions number in their own way.
        let of_distribution = versions.iter().any(|v| v["versionType"] == "rpm");
        if versions.is_empty() || of_distribution || !affected["platforms"].is_null() {
            continue;
        }
        let key = format!("{}/{product}", affected["vendor"].as_str().unwrap_or(""));
        let author = products.entry(key).or_default();
        match versions.into_iter().map(entry).collect::<Option<Vec<Entry>>>() {
            Some(entries) => author.lists.push((word(&affected["defaultStatus"]), entries)),
            None => author.unread = true,
        }
    }
    products
}

fn ask(bytes: &[u8], knowledge: &Knowledge, census: &mut Census) {
    let json: Value = serde_json::from_slice(bytes).unwrap();
    if json["cveMetadata"]["state"] != "PUBLISHED" {
        return;
    }
    let record = vulnerability::cve::Record::parse(bytes, usize::MAX).unwrap().to_source_record();
    let vulnerability =
        Vulnerability { id: record.id, records: vec![record], known_exploited: None, epss: None };
    for (product, author) in products(&json) {
        if author.unread || author.ends_lines() {
            census.unread += 1;
            continue;
        }
        let turns = author.lists.iter().flat_map(|(_, entries)| entries).flat_map(Entry::turns);
        let versions: BTreeSet<Vec<u64>> =
            turns.filter(|v| compare(v, &[0]).is_gt()).take(200).flat_map(|v| neighbours(v)).collect();
        let words: Vec<(String, Word)> = versions
            .iter()
            .map(|version| {
                let text: Vec<String> = version.iter().map(u64::to_string).collect();
                (text.join("."), author.word(version))
            })
            .filter(|(_, word)| *word != Word::Open)
            .collect();
        let pname = vulnerability::names::dashed(product.rsplit('/').next().unwrap_or(&product));
        let packages: Vec<Package> = words
            .iter()
            .map(|(version, _)| Package {
                name: format!("{pname}-{version}").into(),
                pname: pname.as_str().into(),
                version: version.as_str().into(),
                ..Package::default()
            })
            .collect();
        let findings = find(&packages, std::slice::from_ref(&vulnerability), knowledge, &[]);
        census.unnamed += usize::from(findings.is_empty() && !packages.is_empty());
        for finding in findings {
            let (version, word) = &words[finding.package];
            census.asked += 1;
            let kernel = product == "Linux/Linux";
            census.kernel.0 += usize::from(kernel);
            let same = match finding.status {
                FindingStatus::Affected => *word == Word::Affected,
                FindingStatus::NotAffected => *word == Word::Unaffected,
                _ => {
                    census.open += 1;
                    continue;
                }
            };
            if !same {
                let reason = reason(&finding);
                census.kernel.1 += usize::from(kernel);
                *census.flips.entry(reason).or_default() += 1;
                let said = finding.status;
                writeln!(
                    census.list,
                    "{}\t{product}\t{version}\t{word:?}\t{said:?}\t{reason}",
                    vulnerability.id
                )
                .unwrap();
            }
        }
    }
}

/// Asks about all shared records.
pub fn take() -> Census {
    let knowledge = Knowledge::built_in().unwrap();
    let mut census = Census::default();
    for archive in ["cve/cvelist-bulk.zip", "cve/cvelist-delta.zip"] {
        let file = std::fs::File::open(test_support::data(archive)).unwrap();
        let mut archive = zip::ZipArchive::new(std::io::BufReader::new(file)).unwrap();
        let mut bytes = Vec::new();
        for index in 0..archive.len() {
            bytes.clear();
            archive.by_index(index).unwrap().read_to_end(&mut bytes).unwrap();
            if !bytes.is_empty() {
                ask(&bytes, &knowledge, &mut census);
            }
        }
    }
    census
}

#[test]
fn we_keep_to_the_authors_word() {
    let census = take();
    let flips: usize = census.flips.values().sum();
    let summary = format!(
        "asked {}, flips {flips} {:?}, of these the kernel's {:?}, open {}, not read here {}, not named {}",
        census.asked, census.flips, census.kernel, census.open, census.unread, census.unnamed
    );
    eprintln!("{summary}\n{}", census.list);
    assert!(census.asked > 30_000, "{summary}");
    // A platform in a title or text is the author's word, too.
    let own = flips - census.flips.get("limited to another operating system").copied().unwrap_or(0);
    let (asked, own) = (census.asked - census.kernel.0, own - census.kernel.1);
    assert!(census.kernel.1 * 1000 <= census.kernel.0, "the kernel's: {summary}\n{}", census.list);
    assert!(own * 1000 <= asked * 5, "more than 0.5 % against the author: {summary}\n{}", census.list);
}
