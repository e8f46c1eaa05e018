//! `snowguard demo`: the whole way on a small made-up system, with nothing to install first.

mod store;

use crate::exit;
use anyhow::Context;
use matching::Knowledge;
use scanner::report::{self, ReportFormat, ReportOptions};
use scanner::targets::{self, ReadOptions};
use scanner::{Policy, Run, Target};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use terminal::{Clean, Silent};
use vulnerability_db::database::Database;
use vulnerability_db::ingest::{self, SourceKind, SourceLocation, UpdateOptions};

/// The records: real vulnerabilities, described in our own words.
const RECORDS: [(&str, &str); 12] = [
    ("CVE-2014-0160.json", include_str!("../demo/CVE-2014-0160.json")),
    ("CVE-2021-3156.json", include_str!("../demo/CVE-2021-3156.json")),
    ("CVE-2021-44228.json", include_str!("../demo/CVE-2021-44228.json")),
    ("CVE-2022-0847.json", include_str!("../demo/CVE-2022-0847.json")),
    ("CVE-2022-36882.json", include_str!("../demo/CVE-2022-36882.json")),
    ("CVE-2022-37434.json", include_str!("../demo/CVE-2022-37434.json")),
    ("CVE-2023-32681.json", include_str!("../demo/CVE-2023-32681.json")),
    ("CVE-2023-38545.json", include_str!("../demo/CVE-2023-38545.json")),
    ("CVE-2023-4863.json", include_str!("../demo/CVE-2023-4863.json")),
    ("CVE-2023-4911.json", include_str!("../demo/CVE-2023-4911.json")),
    ("CVE-2024-3094.json", include_str!("../demo/CVE-2024-3094.json")),
    ("CVE-2024-6387.json", include_str!("../demo/CVE-2024-6387.json")),
];
const KNOWN_EXPLOITED: &str = include_str!("../demo/known-exploited.json");

/// What is explained: one of each kind of answer.
const EXPLAINED: [(&str, &str); 3] =
    [("CVE-2021-3156", "sudo"), ("CVE-2022-37434", "zlib"), ("CVE-2022-36882", "git")];

/// Show what Snowguard does, on a small made-up system
///
/// Makes a database of twelve well-known vulnerabilities and a store of a few made-up packages in a
/// temporary folder, scans it, explains three findings, and writes a report. Nothing of your system
/// is read.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The folder to make everything in; it must not exist [default: a new one for temporary files]
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(options: &Options) -> Result<ExitCode, exit::Failure> {
    try_run(options)?;
    Ok(ExitCode::SUCCESS)
}

fn try_run(options: &Options) -> anyhow::Result<()> {
    let folder = match &options.folder {
        Some(folder) => {
            fs::create_dir(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
            folder.clone()
        }
        None => tempfile::Builder::new().prefix("snowguard-demo-").tempdir()?.keep(),
    };
    let mut out = terminal::stdout();
    let bold = anstyle::Style::new().bold();
    writeln!(out, "{bold}This is a demonstration.{bold:#}")?;
    let what = format!(
        "The system is made up; the vulnerabilities are real, but their records were written for this program in our own \
         words, and there are only {}. Nothing of your system is read.",
        RECORDS.len()
    );
    writeln!(out, "{}", exit::sentence(&what, ""))?;

    writeln!(
        out,
        "\n{bold}1. A database{bold:#}\n   snowguard db update --cve {0}/records --kev {0}/known-exploited.json --db {0}/database",
        Clean(folder.display())
    )?;
    let database = make_database(&folder, &mut out)?;

    writeln!(
        out,
        "\n{bold}2. A scan{bold:#}\n   snowguard scan --root {0}/root --db {0}/database",
        Clean(folder.display())
    )?;
    let root = folder.join("root");
    store::make(&root).with_context(|| format!("cannot make a store in {}", root.display()))?;
    let how = ReadOptions { root, ..ReadOptions::default() };
    let system = Path::new("/run/current-system");
    let (kind, contents) = targets::read(system, None, &how).context("cannot read the made-up system")?;
    let packages = contents.packages.clone();
    let policy = Policy { knowledge: Knowledge::built_in()?, ..Policy::default() };
    let run = Run::new(jiff::Timestamp::now(), crate::scan::random_id()?);
    let target = Target { name: system.display().to_string(), kind, contents };
    let found = scanner::scan(vec![target], &database, &policy, run)?;
    let mut table = ReportOptions::new(ReportFormat::Table);
    table.appearance = exit::appearance(terminal::Stream::Stdout, false);
    report::write(&mut out, &found, &table)?;

    writeln!(out, "\n{bold}3. Why?{bold:#}\n   snowguard explain CVE PACKAGE")?;
    for (id, pname) in EXPLAINED {
        let id = id.parse()?;
        let vulnerabilities = database.load(&[id])?;
        let (Some(vulnerability), Some(index)) =
            (vulnerabilities.first(), packages.iter().position(|p| p.pname == pname))
        else {
            anyhow::bail!("{id} or {pname} is missing in the demonstration");
        };
        let all = found.findings.to_vec();
        let finding = all
            .iter()
            .find(|f| f.cve == id && found.packages.get(f.package).is_some_and(|p| p.pname == pname));
        writeln!(out)?;
        for sentence in
            packages.get(index).into_iter().flat_map(|p| crate::explain::tell(finding, p, vulnerability))
        {
            writeln!(out, "{}", exit::sentence(&sentence, "   "))?;
        }
    }

    let page = folder.join("report.html");
    let options = ReportOptions::new(ReportFormat::Html);
    files::replace(&page, |file| report::write(file, &found, &options))?;
    writeln!(out, "\n{bold}4. A report for others{bold:#}\n   {}", Clean(page.display()))?;
    let next = format!(
        "To scan your own system: `snowguard db update --help`, then `snowguard scan`. All of this is in {}.",
        folder.display()
    );
    writeln!(out, "\n{}", exit::sentence(&next, ""))?;
    Ok(())
}

/// Writes the records into a folder and imports them, as a user would.
fn make_database(folder: &Path, out: &mut impl Write) -> anyhow::Result<Database> {
    let records = folder.join("records");
    fs::create_dir(&records).with_context(|| format!("cannot make {}", records.display()))?;
    for (name, text) in RECORDS {
        fs::write(records.join(name), text)?;
    }
    let known_exploited = folder.join("known-exploited.json");
    fs::write(&known_exploited, KNOWN_EXPLOITED)?;
    let source = |kind, path: &Path| SourceLocation { kind, location: path.display().to_string() };
    let sources = [source(SourceKind::Cve, &records), source(SourceKind::Kev, &known_exploited)];
    let database = folder.join("database");
    let report = ingest::update(&database, &sources, &UpdateOptions::new(jiff::Timestamp::now()), &Silent)?;
    anyhow::ensure!(report.invalid() == 0, "{} records of the demonstration are invalid", report.invalid());
    writeln!(
        out,
        "   {} records, and CISA's entries for those that are known to be exploited",
        RECORDS.len()
    )?;
    Ok(Database::open(&database)?)
}
