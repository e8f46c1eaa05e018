//! `snowguard explain`: why do we think so?

use crate::exit::{self, Failure};
use crate::location::{self, DatabaseLocation, Identifier};
use anyhow::{Context, anyhow};
use matching::{Finding, Matcher, Package};
use nix_formats::{DrvName, StorePath};
use scanner::targets::{self, ReadOptions};
use serde_json::json;
use std::io::{self, BufWriter, Write};
use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;
use vulnerability::model::Vulnerability;

/// Examples, below the options.
const AFTER_HELP: &str = "\
Examples:
  snowguard explain CVE-2023-4911 glibc         in the running system
  snowguard explain CVE-2023-38545 curl-8.3.0   any name and version
  snowguard explain CVE-2024-3094 xz --in ./result

Exit codes: 0 explained; 2 wrong usage; 3 no such record or package, or they cannot be read";

/// Explain in sentences why a package is taken to be affected by a CVE, or why not
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Options {
    /// The CVE, or the advisory of GitHub (`GHSA-…`) that is the same
    #[arg(value_name = "CVE")]
    id: Identifier,
    /// The package: its name with version (`curl-8.3.0`), a store path, or a name to look for in a
    /// target
    #[arg(value_name = "PACKAGE")]
    package: String,
    /// The target to look in, if the name has no version: whatever `snowguard scan` reads
    #[arg(long = "in", value_name = "TARGET", default_value = "/run/current-system")]
    target: PathBuf,
    /// Where the root of the target's system is
    #[arg(long, value_name = "FOLDER", default_value = "/")]
    root: PathBuf,
    /// More curated knowledge, in TOML
    #[arg(long, value_name = "FILE")]
    knowledge: Vec<PathBuf>,
    /// Print the findings with their evidence as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: DatabaseLocation,
}

/// Runs the command.
pub(crate) fn run(options: &Options) -> Result<ExitCode, Failure> {
    try_run(options)?;
    Ok(ExitCode::SUCCESS)
}

fn try_run(options: &Options) -> anyhow::Result<()> {
    let database = location::open(&options.database)?;
    let knowledge = scanner::knowledge(&options.knowledge)?;
    let packages = packages(options)?;
    let id = options.id.cve(&database)?;
    let found = database.load(&[id]).context("cannot read the record")?;
    let vulnerability =
        found.first().ok_or_else(|| anyhow!("{id} is not in the database {}", database.path().display()))?;
    let matcher = Matcher::new(&packages, &knowledge, &[]);
    let findings = matcher.find(&found, NonZero::<usize>::MIN);
    let mut out = BufWriter::new(terminal::stdout());
    if options.json {
        let explained: Vec<_> = packages
            .iter()
            .enumerate()
            .map(|(index, package)| {
                let finding = findings.iter().find(|f| f.package == index && f.cve == id);
                json!({ "package": package, "finding": finding, "sentences": tell(finding, package, vulnerability) })
            })
            .collect();
        serde_json::to_writer_pretty(&mut out, &explained).map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        for (index, package) in packages.iter().enumerate() {
            if index > 0 {
                writeln!(out)?;
            }
            let finding = findings.iter().find(|f| f.package == index && f.cve == id);
            for sentence in tell(finding, package, vulnerability) {
                writeln!(out, "{}", exit::sentence(&sentence, ""))?;
            }
        }
    }
    out.flush()?;
    Ok(())
}

/// The sentences for a package, with or without a finding.
pub(crate) fn tell(
    finding: Option<&Finding>,
    package: &Package,
    vulnerability: &Vulnerability,
) -> Vec<String> {
    if let Some(finding) = finding {
        return matching::explain(finding, package, Some(vulnerability));
    }
    let mut sentences = vec![format!("{} does not match {}.", package.name, vulnerability.id)];
    if vulnerability.rejected() {
        sentences.push("The record is rejected: it matches nothing.".to_owned());
        return sentences;
    }
    let summary = vulnerability.summary().trim();
    if !summary.is_empty() {
        sentences.push(format!("The record says: {summary}"));
    }
    let mut names: Vec<String> = Vec::new();
    for statement in vulnerability.statements() {
        let product = &statement.product;
        let parts = [&product.vendor, &product.product, &product.package_name];
        let name = parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" / ");
        let name = if name.is_empty() {
            product.cpes.first().cloned().map(String::from).unwrap_or_default()
        } else {
            name
        };
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    sentences.push(if names.is_empty() {
        "It names no product: only its text says what is affected, and none of its links leads to the package's \
         repository."
            .to_owned()
    } else {
        let more = names.len().saturating_sub(10);
        names.truncate(10);
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        format!(
            "It speaks of \"{}\"{more}, none of which we take for {}.",
            names.join("\", \""),
            package.pname
        )
    });
    sentences
}

/// The packages that the user means.
fn packages(options: &Options) -> anyhow::Result<Vec<Package>> {
    let name = options.package.rsplit('/').next().unwrap_or(&options.package);
    let name =
        StorePath::from_base_name(name).map_or_else(|_| name.to_owned(), |path| path.name().to_owned());
    let parsed = DrvName::parse(&name);
    if !parsed.version.is_empty() {
        let package = Package {
            pname: parsed.name.into(),
            version: parsed.version.into(),
            name: name.as_str().into(),
            ..Package::default()
        };
        return Ok(vec![package]);
    }
    let how = ReadOptions { root: options.root.clone(), ..ReadOptions::default() };
    let (_, contents) = targets::read(&options.target, None, &how).with_context(|| {
        format!("`{name}` has no version, and {} cannot be read to find one", options.target.display())
    })?;
    let meant = |p: &Package| p.pname == name || p.attribute.as_deref() == Some(&options.package);
    let packages: Vec<Package> = contents.packages.into_iter().filter(meant).collect();
    anyhow::ensure!(
        !packages.is_empty(),
        "there is no package `{name}` in {}; give its name with a version, such as {name}-1.0",
        options.target.display()
    );
    Ok(packages)
}
