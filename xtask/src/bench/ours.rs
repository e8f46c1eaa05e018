//! Our own program, measured as a user runs it: a new process each time.

use super::inputs;
use super::measure::{self, Run};
use crate::{process, workspace};
use anyhow::Context;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// `snowguard`, optimised, with a database of its own.
pub(super) struct Snowguard {
    program: PathBuf,
    database: PathBuf,
}

/// One finding of a scan, with what a comparison needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// Name of the package with its version, such as `curl-8.3.0`.
    pub(super) package: String,
    /// Identifier such as `CVE-2024-3094`.
    pub(super) cve: String,
    /// `affected`, `not_affected`, `fixed` or `unknown`, as in VEX.
    pub(super) status: String,
}

/// The size of a report.
pub(super) struct Counted {
    pub(super) packages: usize,
    pub(super) findings: usize,
}

impl Snowguard {
    /// Builds the program; its database is in a folder of this name.
    pub(super) fn build(name: &str) -> anyhow::Result<Self> {
        process::run(
            workspace::cargo()
                .args(["build", "--quiet", "--release", "--locked", "--bin", "snowguard"])
                .stdout(std::io::stderr()),
        )?;
        Self::at(&workspace::cargo_target().join("release/snowguard"), name)
    }

    /// A program that is there; its database is in a folder of this name.
    pub(super) fn at(program: &Path, name: &str) -> anyhow::Result<Self> {
        let program = program.canonicalize().with_context(|| format!("no program {}", program.display()))?;
        Ok(Self { program, database: inputs::scratch()?.join(format!("{name}-database")) })
    }

    /// The command that imports the records of these archives into a new database.
    pub(super) fn update_command(&self, archives: &[PathBuf]) -> anyhow::Result<Command> {
        if self.database.exists() {
            fs::remove_dir_all(&self.database)?;
        }
        let mut command = Command::new(&self.program);
        command.args(["db", "update", "--json", "--db"]).arg(&self.database).arg("--cve").args(archives);
        Ok(command)
    }

    /// Imports the records of these archives into a new database, `times` times. Removing the one
    /// before is not measured.
    pub(super) fn update(&self, archives: &[PathBuf], times: usize) -> anyhow::Result<Run> {
        measure::program(|| self.update_command(archives), times, |status| status == 0)
    }

    /// Scans targets, `times` times, for findings of these statuses (`affected,fixed`, say).
    pub(super) fn scan(
        &self,
        targets: &[PathBuf],
        statuses: &str,
        times: usize,
    ) -> anyhow::Result<(Run, Vec<Finding>)> {
        let make = || {
            let mut command = self.scan_command(statuses);
            command.args(targets);
            Ok(command)
        };
        let run = measure::program(make, times, |status| status == 0)?;
        let findings = parse(&run.output)?;
        Ok((run, findings))
    }

    /// The command that scans the running system of a root, for what is affected.
    pub(super) fn scan_system_command(&self, root: &Path) -> Command {
        let mut command = self.scan_command("affected");
        command.arg("--root").arg(root);
        command
    }

    /// The command that scans one target, for what is affected.
    pub(super) fn scan_target_command(&self, target: &Path) -> Command {
        let mut command = self.scan_command("affected");
        command.arg(target);
        command
    }

    fn scan_command(&self, statuses: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["scan", "--format=json", "--status", statuses, "--db"]).arg(&self.database);
        command
    }

    /// The files that the scan of a root reads: the database of records, that of the store, and the
    /// derivations.
    pub(super) fn read_by_scan(&self, root: &Path) -> anyhow::Result<Vec<PathBuf>> {
        let mut files = vec![root.join("nix/var/nix/db/db.sqlite")];
        for folder in [&self.database, &root.join("nix/store")] {
            for entry in fs::read_dir(folder)? {
                let path = entry?.path();
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let derivation = path.extension().is_some_and(|extension| extension == "drv");
                if derivation || name.starts_with("vulnerabilities.db") {
                    files.push(path);
                }
            }
        }
        Ok(files)
    }

    /// A command of the program, with `folder` as its folder.
    pub(super) fn command(&self, folder: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(folder).args(arguments);
        command
    }

    /// Bytes of the database's folder.
    pub(super) fn database_size(&self) -> anyhow::Result<u64> {
        let mut size = 0;
        for entry in fs::read_dir(&self.database)? {
            size += entry?.metadata()?.len();
        }
        Ok(size)
    }
}

/// How much a report in our JSON is about.
pub(super) fn count(output: &[u8]) -> anyhow::Result<Counted> {
    let report: Value = serde_json::from_slice(output).context("the report is not JSON")?;
    let count = |key: &str| report[key].as_array().map_or(0, Vec::len);
    let scanned = report["targets"].as_array().into_iter().flatten().filter_map(|t| t["packages"].as_u64());
    let packages = usize::try_from(scanned.sum::<u64>()).unwrap_or(0);
    Ok(Counted { packages, findings: count("findings") })
}

/// The findings of a report in our JSON (`docs/schema/scan-report-1.json`).
fn parse(output: &[u8]) -> anyhow::Result<Vec<Finding>> {
    let report: Value = serde_json::from_slice(output).context("the report is not JSON")?;
    let findings = report["findings"].as_array().context("the report has no findings")?;
    findings
        .iter()
        .map(|finding| {
            let index = finding["package"].as_u64().and_then(|index| usize::try_from(index).ok());
            let package =
                index.and_then(|index| report["packages"].get(index)).context("a finding without package")?;
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            Ok(Finding {
                package: text(&package["name"]),
                cve: text(&finding["cve"]),
                status: text(&finding["status"]),
            })
        })
        .collect()
}
