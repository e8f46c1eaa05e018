//! Who is right where the two disagree: verdicts that were made by reading record and package, on a
//! sample by a fixed seed.

use super::{AFFECTED, Class, Compared, NOTHING, Pair};
use crate::bench::table::{Cell, Table};
use crate::quality::sample;
use crate::workspace;
use anyhow::{Context, bail, ensure};
use std::collections::BTreeMap;
use std::path::Path;

/// The draw that `quality/vulnix-verdicts.tsv` judges.
const SEED: u64 = 610;
/// How many pairs of each direction.
const EACH: usize = 30;
/// The first line of the file of verdicts.
const HEADER: &str = "cve\tpackage\tright\treason";

/// Who is right about a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Right {
    Snowguard,
    Vulnix,
    /// The record leaves it open, or contradicts itself.
    Open,
}

impl Right {
    fn word(self) -> &'static str {
        match self {
            Self::Snowguard => "snowguard",
            Self::Vulnix => "vulnix",
            Self::Open => "open",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Verdict {
    right: Right,
    reason: String,
}

/// The verdicts by package and CVE.
type Verdicts = BTreeMap<(String, String), Verdict>;

/// The table of classes by who is right, and the sample itself.
pub(super) fn tables(compared: &Compared<'_>) -> anyhow::Result<Vec<Table>> {
    let verdicts = read(&workspace::root().join("quality/vulnix-verdicts.tsv"))?;
    let drawn = draw(compared);
    let judged = |pair: &Pair<'_>| verdicts.get(&(pair.0.to_owned(), pair.1.to_owned()));
    let mut rows: BTreeMap<(Class<'_>, &str), Vec<Pair<'_>>> = BTreeMap::new();
    let mut sample = Table::new(
        "vulnix: the sample of disagreements",
        &["record", "package", "vulnix says", "we say", "right", "because"],
    );
    for (class, pair) in &drawn {
        let verdict = judged(pair);
        let right = verdict.map_or(NOT_JUDGED, |v| v.right.word());
        rows.entry((*class, right)).or_default().push(*pair);
        sample.row(vec![
            pair.1.into(),
            pair.0.into(),
            class.0.into(),
            class.1.into(),
            right.into(),
            verdict.map_or("", |v| v.reason.as_str()).into(),
        ]);
    }
    let mut table = Table::new(
        "vulnix: who is right, on a sample of the disagreements",
        &["vulnix says", "we say", "all", "sample", "right", "count", "share", "such as"],
    );
    for ((class, right), pairs) in &rows {
        let of_class = drawn.iter().filter(|(c, _)| c == class).count();
        let all = compared.classes.get(class).map_or(0, Vec::len);
        table.row(vec![
            class.0.into(),
            class.1.into(),
            Cell::Number(all as f64, ""),
            Cell::Number(of_class as f64, ""),
            (*right).into(),
            Cell::Number(pairs.len() as f64, ""),
            Cell::Number(pairs.len() as f64 / of_class as f64, ""),
            super::examples(pairs).into(),
        ]);
    }
    table.note(format!(
        "Drawn by seed {SEED}: {EACH} pairs that only vulnix calls affected, {EACH} that only we do, in rounds of one pair a package."
    ));
    table.note("Verdicts, each from reading record and package, with reasons: quality/vulnix-verdicts.tsv.");
    let gone: Vec<&Verdict> = verdicts
        .iter()
        .filter(|(key, _)| !drawn.iter().any(|(_, pair)| (pair.0, pair.1) == (&*key.0, &*key.1)))
        .map(|(_, verdict)| verdict)
        .collect();
    if !gone.is_empty() {
        let count = |right| gone.iter().filter(|v| v.right == right).count();
        table.note(format!(
            "{} pairs that were judged are not in the sample any more, because something was mended or the feed for vulnix put right: vulnix was right on {}, we on {}.",
            gone.len(),
            count(Right::Vulnix),
            count(Right::Snowguard),
        ));
    }
    Ok(vec![table, sample])
}

/// What a pair without a verdict shows.
const NOT_JUDGED: &str = "not judged";

/// The pairs of the sample, with their classes.
fn draw<'a>(compared: &Compared<'a>) -> Vec<(Class<'a>, Pair<'a>)> {
    let directions: [fn(&Class<'_>) -> bool; 2] =
        [|class| class.0 == AFFECTED && class.1 != AFFECTED, |class| *class == (NOTHING, AFFECTED)];
    let mut drawn = Vec::new();
    for direction in directions {
        let of_class = |(class, pairs): (&Class<'a>, &Vec<Pair<'a>>)| {
            let class = *class;
            pairs.iter().map(move |pair| (class, *pair)).collect::<Vec<_>>()
        };
        let mut pairs: Vec<(Class<'a>, Pair<'a>)> =
            compared.classes.iter().filter(|(class, _)| direction(class)).flat_map(of_class).collect();
        pairs.sort_by_cached_key(|(_, (package, cve))| (sample::hash(SEED, cve, package), *package, *cve));
        // One pair of each package, then a second of each, and so on: so that the kernel does not
        // fill the sample.
        let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
        let mut rounds: Vec<(usize, (Class<'a>, Pair<'a>))> = pairs
            .into_iter()
            .map(|pair| {
                let round = taken.entry(pair.1.0).or_default();
                *round += 1;
                (*round, pair)
            })
            .collect();
        rounds.sort_by_key(|(round, _)| *round);
        drawn.extend(rounds.into_iter().map(|(_, pair)| pair).take(EACH));
    }
    drawn
}

/// Reads the verdicts; a line that is not complete, or a pair that is judged twice, is an error.
fn read(path: &Path) -> anyhow::Result<Verdicts> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    parse(&text).with_context(|| path.display().to_string())
}

fn parse(text: &str) -> anyhow::Result<Verdicts> {
    let mut lines = text.lines();
    ensure!(lines.next() == Some(HEADER), "the first line must be the header");
    let mut verdicts = Verdicts::new();
    for (index, line) in lines.enumerate() {
        let number = index + 2;
        let fields: Vec<&str> = line.split('\t').collect();
        let [cve, package, right, reason] = fields[..] else {
            bail!("line {number}: {} columns, expected 4", fields.len());
        };
        ensure!(!reason.trim().is_empty(), "line {number}: no reason");
        let right = [Right::Snowguard, Right::Vulnix, Right::Open].into_iter().find(|r| r.word() == right);
        let right =
            right.with_context(|| format!("line {number}: neither `snowguard`, `vulnix` nor `open`"))?;
        let verdict = Verdict { right, reason: reason.to_owned() };
        let before = verdicts.insert((package.to_owned(), cve.to_owned()), verdict);
        ensure!(before.is_none(), "line {number}: {cve} and {package} are judged twice");
    }
    Ok(verdicts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_verdicts_are_whole() {
        let verdicts = read(&workspace::root().join("quality/vulnix-verdicts.tsv")).expect("verdicts");
        assert!(verdicts.len() >= 2 * EACH, "only {} verdicts", verdicts.len());
    }

    #[test]
    fn broken_verdicts_say_where() {
        let error = |lines: &str| parse(&format!("{HEADER}\n{lines}")).expect_err("broken").to_string();
        assert!(error("CVE-2024-1\ta-1\tvulnix").starts_with("line 2"));
        assert!(error("CVE-2024-1\ta-1\tperhaps\tbecause").starts_with("line 2"));
        assert!(error("CVE-2024-1\ta-1\topen\t ").starts_with("line 2"));
        let good = "CVE-2024-1\ta-1\topen\tbecause";
        assert!(error(&format!("{good}\n{good}")).contains("twice"));
    }

    #[test]
    fn a_sample_has_both_directions_and_goes_round_the_packages() {
        let of = |package: usize, count: usize| {
            (0..count).map(move |n| (format!("a-{package}"), format!("CVE-2024-{}", package * 1000 + n)))
        };
        // A kernel with many pairs and packages with few.
        let names: Vec<(String, String)> = of(0, 300).chain((1..=20).flat_map(|p| of(p, 3))).collect();
        let pairs: Vec<Pair<'_>> = names.iter().map(|(p, c)| (p.as_str(), c.as_str())).collect();
        let (left, right): (Vec<_>, Vec<_>) =
            pairs.iter().partition(|(p, c)| *p != "a-0" || c.ends_with('1'));
        let compared = Compared {
            classes: BTreeMap::from([
                ((AFFECTED, AFFECTED), pairs.clone()),
                ((AFFECTED, "unknown"), left),
                ((NOTHING, AFFECTED), right),
            ]),
        };
        let drawn = draw(&compared);
        assert_eq!(drawn.len(), 2 * EACH);
        assert_eq!(drawn.iter().filter(|(class, _)| *class == (NOTHING, AFFECTED)).count(), EACH);
        assert!(drawn.iter().all(|(class, _)| *class != (AFFECTED, AFFECTED)));
        for (_, (package, _)) in drawn.iter().filter(|(class, _)| class.1 == "unknown") {
            let of_one = drawn.iter().filter(|(class, (p, _))| class.1 == "unknown" && p == package).count();
            assert!((1..=2).contains(&of_one), "{of_one} of {package}");
        }
    }
}
