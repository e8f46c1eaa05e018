//! Which statements are about what is scanned: a statement on a part of a product is one on that
//! product only, and one that is about nothing here may be a mistake of whoever chose the document.

use crate::targets::Warning;
use matching::{FindingGroup, Findings, Package, VexProduct, VexStatement};
use rustc_hash::FxHashMap;
use vulnerability::CveId;

/// The statements, without products that are parts of something that is not scanned. Those that
/// name nothing else stay, and name nothing any more. `targets` are what the user named.
pub(crate) fn in_scope(
    statements: &[VexStatement],
    targets: &[&str],
    packages: &[Package],
) -> Vec<VexStatement> {
    let mut known: FxHashMap<String, bool> = FxHashMap::default();
    let mut is_scanned = |product: &VexProduct| {
        *known.entry(format!("{product:?}")).or_insert_with(|| {
            packages.iter().any(|package| product.names(package))
                || targets.iter().any(|target| is_target(product, target))
        })
    };
    let mut out = Vec::with_capacity(statements.len());
    for statement in statements {
        let mut statement = statement.clone();
        for product in &mut statement.products {
            if !product.within.is_empty() && !product.within.iter().any(&mut is_scanned) {
                *product = VexProduct::default();
            }
        }
        out.push(statement);
    }
    out
}

/// Whether a product is what the user named.
fn is_target(product: &VexProduct, target: &str) -> bool {
    let base = |path: &str| path.trim_end_matches('/').rsplit('/').next().map(str::to_owned);
    product.store_path.as_ref().is_some_and(|path| base(path) == base(target))
}

/// The most statements that are named as unused; vendors publish one document for all they have.
const MAXIMUM_UNUSED: usize = 1000;

/// A warning for each statement that changes nothing, because it names no package that has a
/// finding of its CVE.
pub(crate) fn unused(statements: &[VexStatement], packages: &[Package], findings: &Findings) -> Vec<Warning> {
    let mut about: FxHashMap<CveId, Vec<usize>> =
        statements.iter().map(|statement| (statement.cve, Vec::new())).collect();
    // What a statement changes makes a group of its own, so one package speaks for all.
    for finding in findings.groups().iter().map(FindingGroup::finding) {
        if let Some(with_it) = about.get_mut(&finding.cve) {
            with_it.push(finding.package);
        }
    }
    let is_used = |statement: &VexStatement| {
        let with_it = about.get(&statement.cve).into_iter().flatten();
        with_it.filter_map(|index| packages.get(*index)).any(|package| statement.names(package))
    };
    let mut warnings = Vec::new();
    let mut more = 0_usize;
    for statement in statements.iter().filter(|s| !is_used(s)) {
        if warnings.len() < MAXIMUM_UNUSED {
            let problem =
                format!("matches nothing: no package that it names has a finding of {}", statement.cve);
            warnings.push(Warning { place: statement.origin.clone(), problem });
        } else {
            more += 1;
        }
    }
    if more > 0 {
        let problem = format!("{more} more statements match nothing");
        warnings.push(Warning { place: "VEX".to_owned(), problem });
    }
    warnings
}
