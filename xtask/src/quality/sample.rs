//! Drawing pairs from the union of loose rules.
//!
//! The union is far larger than what anybody can label, and nearly all of it is noise, so pairs are
//! drawn from three strata. To keep a few names (the kernel has a quarter of all records) from
//! filling the sample, a record and a package are in it at most once, and a pname and a product at
//! most a few times. The order of the draw is that of a hash of seed and pair, so it does not
//! depend on anything else.

use super::data::{Data, product_names};
use std::collections::{BTreeMap, BTreeSet};

/// How often one pname or one product may be in the sample.
const REPEAT: usize = 4;

/// The strata.
pub(crate) const STRATA: [&str; 3] = [
    // The product is the package's name, apart from case, separators and a language's prefix.
    "exact",
    // The product is inside the derivation's name: what the substring rule of other tools reports.
    "substring",
    // The package's name is inside the product's.
    "inside",
];

/// A set of labelled pairs: how it was drawn, and what it may be used for.
#[derive(Debug)]
pub(crate) struct Set {
    /// What it is called in the benchmark and on the command line.
    pub(crate) name: &'static str,
    /// Its labels, from the root of the project.
    pub(crate) file: &'static str,
    /// The seed of the draw.
    pub(crate) seed: u64,
    /// How many pairs of each stratum, in the order of [`STRATA`].
    pub(crate) counts: [usize; 3],
    /// Sets whose packages may be drawn again, with other records: too few others are left once two
    /// sets are drawn.
    pub(crate) packages_of: &'static [&'static str],
}

/// The sets. Records of an earlier one are not drawn again for a later one, nor packages unless it
/// is listed to allow that.
pub(crate) const SETS: [Set; 3] = [
    // Whose mistakes are read, so that the matching can be mended.
    Set { name: "tuned", file: "quality/labels.tsv", seed: 2026, counts: [220, 120, 60], packages_of: &[] },
    // Nobody acts on its mistakes, so that it shows how good the matching is.
    Set {
        name: "hold-out",
        file: "quality/labels-2.tsv",
        seed: 1_123_581_321,
        counts: [150, 30, 20],
        packages_of: &[],
    },
    // Measured once when all of it was labelled, which is the figure to believe; its mistakes were
    // read afterwards.
    Set {
        name: "third",
        file: "quality/labels-3.tsv",
        seed: 2_718_281_828,
        counts: [165, 85, 50],
        packages_of: &["tuned"],
    },
];

/// A pair to label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    /// The record.
    pub(crate) cve: String,
    /// The package's derivation name.
    pub(crate) package: String,
    /// Its attribute.
    pub(crate) attribute: String,
    /// Its branch.
    pub(crate) branch: String,
    /// The stratum it was drawn from.
    pub(crate) stratum: String,
}

impl Pair {
    /// The line in the file of labels, with the labels still empty.
    pub(crate) fn line(&self) -> String {
        format!("{}\t{}\t{}\t{}\t{}\t\t\t", self.cve, self.package, self.attribute, self.branch, self.stratum)
    }
}

/// Letters and digits in lower case.
pub(crate) fn normalise(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// A package's name without the prefix of a language's set, such as `python3.6-`.
pub(crate) fn bare(pname: &str) -> &str {
    let Some((first, rest)) = pname.split_once('-') else { return pname };
    let stem = first.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let language =
        matches!(stem, "python" | "perl" | "ruby" | "lua" | "ocaml" | "node" | "php" | "emacs" | "r");
    if language && (stem.len() < first.len() || matches!(stem, "perl" | "emacs" | "r")) {
        rest
    } else {
        pname
    }
}

/// Draws the pairs of one of the [`SETS`].
pub(crate) fn draw_set(data: &Data, set: &Set) -> Vec<Pair> {
    let mut drawn: Vec<(&Set, Vec<Pair>)> = Vec::new();
    for other in &SETS {
        let mut except = BTreeSet::new();
        for (earlier, pairs) in &drawn {
            except.extend(pairs.iter().map(|pair| pair.cve.clone()));
            if !other.packages_of.contains(&earlier.name) {
                except.extend(pairs.iter().map(|pair| pair.package.clone()));
            }
        }
        let pairs = draw(data, other.seed, other.counts, &except);
        if other.name == set.name {
            return pairs;
        }
        drawn.push((other, pairs));
    }
    Vec::new()
}

/// Draws as many pairs of each stratum as `counts` lists, without the records and packages of
/// `except`.
pub(crate) fn draw(data: &Data, seed: u64, counts: [usize; 3], except: &BTreeSet<String>) -> Vec<Pair> {
    let mut drawn = Vec::new();
    let mut used = Used { once: except.clone(), often: BTreeMap::new() };
    for (stratum, wanted) in STRATA.into_iter().zip(counts) {
        let mut candidates = candidates(data, stratum);
        candidates
            .sort_by_cached_key(|(cve, package, _)| (hash(seed, cve, package), cve.clone(), package.clone()));
        let mut taken = 0;
        for (cve, package, product) in candidates {
            if taken == wanted {
                break;
            }
            let Some(found) = data.packages.get(&package) else { continue };
            if used.take(&cve, &package, &found.pname, &product) {
                drawn.push(Pair {
                    cve,
                    package,
                    attribute: found.attribute.clone(),
                    branch: found.branch.to_owned(),
                    stratum: stratum.to_owned(),
                });
                taken += 1;
            }
        }
    }
    drawn
}

/// How many different pairs there are to draw from, by stratum.
pub(crate) fn population(data: &Data) -> Vec<(&'static str, usize)> {
    let count = |stratum| {
        let mut pairs = candidates(data, stratum);
        // A record that names a product twice over gives the same pair twice.
        pairs.sort_unstable_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        pairs.dedup_by(|a, b| a.0 == b.0 && a.1 == b.1);
        pairs.len()
    };
    STRATA.iter().map(|stratum| (*stratum, count(stratum))).collect()
}

/// What the sample holds already.
struct Used {
    once: BTreeSet<String>,
    often: BTreeMap<String, usize>,
}

impl Used {
    fn take(&mut self, cve: &str, package: &str, pname: &str, product: &str) -> bool {
        let (pname, product) = (format!("pname {pname}"), format!("product {}", normalise(product)));
        let often = |key: &String| self.often.get(key).is_some_and(|n| *n >= REPEAT);
        if self.once.contains(cve) || self.once.contains(package) || often(&pname) || often(&product) {
            return false;
        }
        self.once.extend([cve.to_owned(), package.to_owned()]);
        for key in [pname, product] {
            *self.often.entry(key).or_default() += 1;
        }
        true
    }
}

/// All pairs of a stratum: record, package, and the product's name that made it a pair.
fn candidates(data: &Data, stratum: &str) -> Vec<(String, String, String)> {
    let mut by_bare: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for package in data.packages.values() {
        by_bare.entry(normalise(bare(&package.pname))).or_default().push(&package.name);
    }
    let lower: Vec<(String, &str, String)> = data
        .packages
        .values()
        .map(|p| (p.name.to_ascii_lowercase(), p.name.as_str(), normalise(bare(&p.pname))))
        .collect();
    // Each product is looked for once, whatever the number of records that name it.
    let mut records_of: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (cve, record) in &data.records {
        for product in product_names(record) {
            records_of.entry(product).or_default().push(cve);
        }
    }
    let mut out = Vec::new();
    for (product, records) in &records_of {
        let normal = normalise(product);
        let exact = by_bare.get(&normal).map_or(&[][..], Vec::as_slice);
        let packages: Vec<&str> = match stratum {
            "exact" => exact.to_vec(),
            "substring" => {
                let product = product.to_ascii_lowercase();
                let inside = lower.iter().filter(|(name, ..)| product.len() >= 2 && name.contains(&product));
                inside.map(|(_, name, _)| *name).filter(|name| !exact.contains(name)).collect()
            }
            _ => {
                let inside = lower.iter().filter(|(_, _, bare)| {
                    bare.len() >= 4 && *bare != normal && normal.contains(bare.as_str())
                });
                inside.map(|(_, name, _)| *name).collect()
            }
        };
        for package in packages {
            for cve in records {
                out.push(((*cve).to_owned(), package.to_owned(), product.clone()));
            }
        }
    }
    out
}

/// A number for a pair: FNV-1a over seed and texts, stirred by the last step of SplitMix64.
pub(crate) fn hash(seed: u64, cve: &str, package: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ seed;
    for byte in cve.bytes().chain([0]).chain(package.bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_names() {
        assert_eq!(bare("python3.6-requests"), "requests");
        assert_eq!(bare("perl-Clone"), "Clone");
        assert_eq!(bare("python-language-server"), "python-language-server");
        assert_eq!(bare("curl"), "curl");
    }
}
