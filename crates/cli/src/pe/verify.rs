//! `snowguard pe verify`

use super::image::{each, hex};
use super::programs::{Programs, expand};
use crate::exit;
use anyhow::{Context, anyhow, bail};
use authenticode::DigestAlgorithm;
use authenticode::Time;
use authenticode::certificate::{Certificate, ListedError};
use authenticode::file::{self, ImageFile};
use authenticode::verify::{
    ImageVerdict, LoadedBy, Loader, SbatData, SignatureFinding, Subject, Trust, TrustPolicy, TrustedBy,
    decide,
};
use clap::{Args, ValueEnum};
use secure_boot::{EFIVARS, Efivars, add_variables, read_database, read_level};
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};
use terminal::clean;

/// Decide whether firmware or shim would start EFI programs, and say why.
///
/// Everything is checked that they check: the digest, the signature, the path to a certificate of
/// db, dbx with its certificates, digests and times, the lists of shim, and SBAT. The answer names
/// the certificate of the list that let the program through, or the first thing that stopped it.
///
/// Of a folder, an EFI system partition for instance, all programs in it and below are judged.
/// Other files are counted, and a summary follows.
///
/// Exit code 0: all are trusted; 1: at least one is not; 2: wrong usage; 3: at least one could not
/// be read.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    #[command(flatten)]
    programs: Programs,
    /// What may start: certificates (PEM, DER), signature lists, or a folder of them
    #[arg(long, value_name = "PATH")]
    db: Vec<PathBuf>,
    /// What may not start: the same, and digests
    #[arg(long, value_name = "PATH")]
    dbx: Vec<PathBuf>,
    /// Authorities for timestamps: what they prove to be older than its revocation stays good
    #[arg(long, value_name = "PATH")]
    dbt: Vec<PathBuf>,
    /// What the machine's owner allows shim to start (MokList)
    #[arg(long, value_name = "PATH")]
    mok: Vec<PathBuf>,
    /// What the owner forbids shim to start (MokListX)
    #[arg(long, value_name = "PATH")]
    mokx: Vec<PathBuf>,
    /// Certificates that are built into shim
    #[arg(long, value_name = "PATH")]
    vendor_cert: Vec<PathBuf>,
    /// The least generations of components: a file of text, the variable SbatLevelRT, or shim,
    /// whose latest level counts
    #[arg(long, value_name = "FILE")]
    sbat_level: Option<PathBuf>,
    /// Who loads the programs under shim: what shim loads itself needs a section .sbat, what a boot
    /// loader asks shim about does not. If it is not given, boot loaders load Linux kernels, and
    /// shim the rest
    #[arg(long, value_name = "WHO")]
    loaded_by: Option<By>,
    /// Read db, dbx, dbt, and the lists of shim from the variables of this machine, or of a copy of
    /// them
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, default_missing_value = EFIVARS)]
    efivars: Option<PathBuf>,
    /// Who decides; shim, if a list of shim is given
    #[arg(long, value_name = "WHO")]
    r#as: Option<Who>,
    #[command(flatten)]
    strictness: Strictness,
    /// JSON: one object a line; of folders, the last one is a summary
    #[arg(long)]
    json: bool,
}

/// Where to be stricter or laxer than usual.
#[derive(Debug, Args)]
#[group(skip)]
struct Strictness {
    /// Refuse certificates that are not valid today; neither firmware nor shim does
    #[arg(long)]
    enforce_validity: bool,
    /// Let entries of dbx and MokListX pass that cannot be read. Without it nothing signed is
    /// trusted while it is not known whom such an entry forbids
    #[arg(long)]
    ignore_unreadable: bool,
    /// Accept SHA-1, for old files and for what some firmware still starts
    #[arg(long)]
    allow_sha1: bool,
}

const EXAMPLES: &str = "\
Examples:
  snowguard pe verify --efivars /boot
  snowguard pe verify --db db.pem EFI/Linux/*.efi
  snowguard pe verify --db db.esl --dbx dbx.esl shimx64.efi
  snowguard pe verify --efivars /boot/EFI/systemd/systemd-bootx64.efi
  snowguard pe verify --efivars --as shim --vendor-cert debian.der --sbat-level shimx64.efi grubx64.efi";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Who {
    Firmware,
    Shim,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    /// Shim itself
    Shim,
    /// A boot loader that shim started
    Loader,
}

pub(super) fn run(options: &Options) -> Result<ExitCode, exit::Failure> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let now = Time::from_unix(seconds);
    let trusted = [&options.db, &options.mok, &options.vendor_cert];
    if options.efivars.is_none() && trusted.iter().all(|list| list.is_empty()) {
        return Err(exit::Failure::usage(anyhow!(
            "nothing is trusted: give --db with certificates, or --efivars for what this machine trusts"
        )));
    }
    let policy = policy(options, now).map_err(exit::Failure::failed)?;
    let files = expand(options.programs.listed().map_err(exit::Failure::failed)?);
    let mut out = terminal::stdout();
    let (mut trusted, mut refused) = (0, 0);
    let code = each(&files.programs, |path| {
        let ImageFile { source, layout } = ImageFile::open(path)?;
        let subject = file::subject(&source, &layout, &policy).with_context(|| path.display().to_string())?;
        let verdict = decide(&subject, &policy, now);
        *(if verdict.outcome.is_ok() { &mut trusted } else { &mut refused }) += 1;
        let name = path.to_string_lossy();
        if options.json {
            writeln!(out, "{}", describe(&name, &subject, &verdict, &policy))?;
        } else {
            print(&mut out, &name, &subject, &verdict, &policy)?;
        }
        Ok(())
    });
    files.problems.iter().for_each(exit::report);
    if let Some(others) = files.others {
        let unread = files.programs.len() - trusted - refused;
        let summary = Summary { trusted, refused, unread, others };
        summary.print(&mut out, options.json).map_err(exit::Failure::failed)?;
    }
    let code = code?;
    if !files.problems.is_empty() {
        return Err(exit::Failure::reported());
    }
    Ok(if refused == 0 { code } else { ExitCode::from(exit::FOUND) })
}

/// What was found in folders.
struct Summary {
    trusted: usize,
    refused: usize,
    unread: usize,
    others: usize,
}

impl Summary {
    fn print(&self, out: &mut impl Write, as_json: bool) -> std::io::Result<()> {
        let Self { trusted, refused, unread, others } = self;
        if as_json {
            let counts = json!({
                "trusted": trusted, "notTrusted": refused, "unreadable": unread, "otherFiles": others,
            });
            return writeln!(out, "{}", json!({ "summary": counts }));
        }
        let plural =
            |count: usize, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
        let programs = plural(trusted + refused + unread, "program", "programs");
        write!(out, "{programs}: {trusted} trusted, {refused} not trusted")?;
        if *unread > 0 {
            write!(out, ", {unread} unreadable")?;
        }
        writeln!(out, "; {} no EFI program", plural(*others, "file is", "files are"))
    }
}

fn policy(options: &Options, now: Option<Time>) -> anyhow::Result<TrustPolicy> {
    let of_shim = [&options.mok, &options.mokx, &options.vendor_cert];
    let loader = match options.r#as {
        Some(Who::Firmware) if of_shim.iter().any(|list| !list.is_empty()) => {
            bail!("--mok, --mokx and --vendor-cert are shim's; firmware does not look at them")
        }
        Some(Who::Firmware) => Loader::Firmware,
        None if of_shim.iter().all(|list| list.is_empty()) => Loader::Firmware,
        None | Some(Who::Shim) => Loader::Shim,
    };
    let mut policy = TrustPolicy {
        loader,
        db: read_database(&options.db)?,
        dbx: read_database(&options.dbx)?,
        dbt: read_database(&options.dbt)?,
        mok: read_database(&options.mok)?,
        mokx: read_database(&options.mokx)?,
        vendor: read_database(&options.vendor_cert)?,
        loaded_by: match options.loaded_by {
            None => LoadedBy::Usual,
            Some(By::Shim) => LoadedBy::Shim,
            Some(By::Loader) => LoadedBy::Program,
        },
        sbat_level: options.sbat_level.as_deref().map(read_level).transpose()?,
        valid_at: now.filter(|_| options.strictness.enforce_validity),
        ignore_unreadable: options.strictness.ignore_unreadable,
        sha1: options.strictness.allow_sha1,
    };
    if let Some(folder) = &options.efivars {
        add_variables(&mut policy, &Efivars::open(folder)?)?;
    }
    warn_of_lists(&policy);
    Ok(policy)
}

/// Entries that have no effect should not have none in silence.
fn warn_of_lists(policy: &TrustPolicy) {
    for (list, database) in
        [("db", &policy.db), ("MokList", &policy.mok), ("shim's own list", &policy.vendor)]
    {
        for entry in &database.entries {
            if let Some(Err(error)) = &entry.certificate {
                exit::warn(format_args!("{list} ({}), {entry}: lets nothing through: {error}", entry.origin));
            }
        }
    }
    for (list, database) in [("dbx", &policy.dbx), ("MokListX", &policy.mokx)] {
        for entry in &database.entries {
            match &entry.forbids {
                Some(Err(error @ ListedError::NoCertificate)) => {
                    exit::warn(format_args!("{list} ({}), {entry}: forbids nothing: {error}", entry.origin));
                }
                Some(Err(error)) if policy.ignore_unreadable => {
                    exit::warn(format_args!("{list} ({}), {entry}: is ignored: {error}", entry.origin));
                }
                _ => {}
            }
        }
    }
}

fn loader(policy: &TrustPolicy) -> &'static str {
    match policy.loader {
        Loader::Firmware => "firmware",
        Loader::Shim => "shim",
    }
}

fn describe(name: &str, subject: &Subject, verdict: &ImageVerdict, policy: &TrustPolicy) -> Value {
    let trust = |trust: &Trust| {
        let by = match &trust.by {
            TrustedBy::Digest(algorithm) => json!({ "digest": algorithm.name() }),
            TrustedBy::Path(path) => {
                json!({ "path": path.iter().map(Certificate::subject).collect::<Vec<_>>() })
            }
        };
        json!({
            "list": trust.list.to_string(),
            "origin": trust.entry.origin,
            "owner": trust.entry.owner.to_string(),
            "by": by,
        })
    };
    let signature = |finding: &SignatureFinding| {
        json!({
            "index": finding.index,
            "signer": finding.signer,
            "digest": finding.algorithm.map(DigestAlgorithm::name),
            "timestamp": finding.timestamp.map(|time| time.to_string()),
            "trusted": finding.result.as_ref().ok().map(trust),
            "problem": finding.result.as_ref().err().map(ToString::to_string),
            "stopsTheImage": finding.fatal,
            "notes": finding.notices.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })
    };
    json!({
        "file": name,
        "judge": loader(policy),
        "trusted": verdict.outcome.is_ok(),
        "by": verdict.outcome.as_ref().ok().map(trust),
        "reason": verdict.outcome.as_ref().err().map(ToString::to_string),
        "sha256": subject.digests.get(DigestAlgorithm::Sha256).map(hex),
        "signatures": verdict.findings.iter().map(signature).collect::<Vec<_>>(),
        "sbatChecked": policy.sbat_level.is_some(),
    })
}

fn print(
    out: &mut impl Write,
    name: &str,
    subject: &Subject,
    verdict: &ImageVerdict,
    policy: &TrustPolicy,
) -> std::io::Result<()> {
    let loader = loader(policy);
    match &verdict.outcome {
        Ok(trust) => {
            writeln!(out, "{}: {loader} trusts it", clean(name))?;
            writeln!(out, "  let through by {}", clean(&through(trust)))?;
        }
        Err(reason) => {
            writeln!(out, "{}: {loader} does not trust it", clean(name))?;
            writeln!(out, "  {}", clean(&reason.to_string()))?;
        }
    }
    for finding in &verdict.findings {
        let signer = finding.signer.as_deref().unwrap_or("an unknown signer");
        let digest = finding.algorithm.map_or("", DigestAlgorithm::name);
        let stamp = finding.timestamp.map_or_else(String::new, |time| format!(", stamped {time}"));
        writeln!(out, "  signature {}: by {} ({digest}{stamp})", finding.index, clean(signer))?;
        match &finding.result {
            Ok(Trust { by: TrustedBy::Path(path), .. }) => {
                for certificate in path.iter().skip(1) {
                    writeln!(out, "    issued by {}", clean(&certificate.subject()))?;
                }
            }
            Ok(Trust { by: TrustedBy::Digest(_), .. }) => {}
            Err(problem) => writeln!(out, "    not trusted: {}", clean(&problem.to_string()))?,
        }
        for notice in &finding.notices {
            writeln!(out, "    note: {}", clean(&notice.to_string()))?;
        }
    }
    let of_shim = policy.loader == Loader::Shim && policy.sbat_level.is_some();
    if of_shim && verdict.outcome.is_ok() && subject.sbat == SbatData::Missing {
        writeln!(out, "  note: {NO_SBAT}")?;
    }
    if policy.sbat_level.is_some()
        && let SbatData::Read(Ok(sbat)) = &subject.sbat
    {
        let entries = sbat.entries.iter().map(|entry| format!("{} {}", entry.component, entry.generation));
        writeln!(out, "  sbat: {}", clean(&entries.collect::<Vec<_>>().join(", ")))?;
    }
    Ok(())
}

/// What people should know of a program that is trusted all the same.
const NO_SBAT: &str =
    "it has no .sbat section: a boot loader that shim started may load it, shim itself would not";

fn through(trust: &Trust) -> String {
    let list = trust.list.to_string();
    let origin = &trust.entry.origin;
    let place = if *origin == list { list } else { format!("{list} ({origin})") };
    match &trust.by {
        TrustedBy::Digest(algorithm) => format!("its {algorithm} digest in {place}"),
        TrustedBy::Path(path) => {
            let subject = path.last().map(Certificate::subject).unwrap_or_default();
            format!("the certificate {subject} of {place}")
        }
    }
}
