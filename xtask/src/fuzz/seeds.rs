//! Inputs to start from, gathered at run time into `fuzz/corpus` (which git ignores).
//!
//! A fuzzer that starts from nothing spends its time on finding out that JSON begins with a brace.
//! Seeds come from the real data in `../shared/data`, and for formats that it lacks from a few
//! small written ones.

mod samples;
mod written;

use self::samples::Samples;
use anyhow::Context;
use std::fs;

/// Writes the seeds of these targets; those that are there already stay.
///
/// # Errors
/// When the real data is missing or a file cannot be written.
pub(super) fn gather(targets: &[String]) -> anyhow::Result<()> {
    let samples = Samples::read().context("fuzzing starts from real data, which cannot be read")?;
    for target in targets {
        let folder = super::folder().join("corpus").join(target);
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let seeds = of(target, &samples)?;
        if seeds.is_empty() {
            eprintln!("fuzz: no seeds for {target}; it starts from nothing");
        }
        for (number, seed) in seeds.iter().enumerate() {
            let file = folder.join(format!("seed-{number:03}"));
            fs::write(&file, seed).with_context(|| format!("cannot write {}", file.display()))?;
        }
    }
    Ok(())
}

/// The seeds of one target. A target that is not named here has none.
fn of(target: &str, samples: &Samples) -> anyhow::Result<Vec<Vec<u8>>> {
    let strings = |list: &[String]| list.iter().map(|text| text.clone().into_bytes()).collect();
    Ok(match target {
        // Two strings for the comparison, so the versions come in pairs.
        "version" => samples.versions.windows(2).map(|pair| pair.join("\0").into_bytes()).collect(),
        "version_range" => strings(&samples.versions),
        "name" => strings(&samples.names),
        "store_path" => strings(&samples.store_paths),
        "derivation_aterm" => samples.aterm_derivations.clone(),
        "derivation_json" => samples.json_derivations.clone(),
        "cve_record" => samples.cve_records.clone(),
        "nvd" => samples.nvd.clone(),
        "kev" => vec![samples.kev.clone()],
        "cvss" => strings(&samples.cvss_vectors),
        "cpe" => strings(&samples.cpes),
        "zip_bulk" => written::zips(&samples.cve_records, &samples.nvd)?,
        "ingest_json" => written::documents(&samples.cve_records, &samples.nvd),
        "eval_jobs" => samples.eval_jobs.clone(),
        "packages_json" => written::packages_json(),
        "nar" => written::nars(),
        "archive" => written::archives()?,
        "image" => written::images()?,
        "bootstrap_steps" => steps()?,
        "pe" | "verify" => images()?,
        "cms" => signatures(&images()?),
        "variable" => signatures(&images()?).iter().map(|signed| change(signed)).collect(),
        "event_log" => event_logs()?,
        "signature_lists" => variables()?,
        "certificate" => variables()?.iter().filter_map(|lists| first_entry(lists)).collect(),
        "private_key" => [written::texts(target), written::pkcs12()].concat(),
        other => written::texts(other),
    })
}

/// The steps of the project's own chain.
fn steps() -> anyhow::Result<Vec<Vec<u8>>> {
    let folder = crate::workspace::root().join("bootstrap/steps");
    let mut found = vec![STEP.into()];
    for entry in fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        found.push(fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?);
    }
    Ok(found)
}

/// A step that needs no file, for files are not there when steps are fuzzed.
const STEP: &str = r#"[[source]]
name = "x"
size = 1
sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
crate = { name = "x", version = "1.0.0" }
[[step]]
name = "a"
summary = "first"
inputs = { s = "seed", x = "source:x!/y" }
run = [{ argv = ["/in/s", "/out/o"] }]
outputs = { o = {} }
[[step]]
name = "b"
summary = "second"
inputs = { a = "step:a/o" }
run = [{ argv = ["/in/a", "-I/in/x"] }]
outputs = { o = {} }
"#;

/// The signatures of the small programs: what the signed ones have more than the others, without
/// the eight bytes of a `WIN_CERTIFICATE`.
fn signatures(images: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let pairs = images.as_chunks::<2>().0.iter();
    pairs.filter_map(|[bare, signed]| Some(signed.get(bare.len() + 8..)?.to_vec())).collect()
}

/// An authorised change with this signature, which is none for it: its header, the signed data
/// without the `ContentInfo` around it, and a value.
fn change(signed: &[u8]) -> Vec<u8> {
    let bare = signed.get(19..).unwrap_or_default();
    let length = u32::try_from(24 + bare.len()).unwrap_or_default();
    let time = [0xea, 7, 1, 2, 3, 4, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let kind =
        [0x9d, 0xd2, 0xaf, 0x4a, 0xdf, 0x68, 0xee, 0x49, 0x8a, 0xa9, 0x34, 0x7d, 0x37, 0x56, 0x65, 0xa7];
    [&time[..], &length.to_le_bytes(), &[0, 2, 0xf1, 0x0e], &kind, bare, b"value"].concat()
}

/// A laptop's lists, without the attributes that efivarfs puts before them.
fn variables() -> anyhow::Result<Vec<Vec<u8>>> {
    let folder = crate::workspace::shared_data().join("uefi/efivars-laptop");
    let read = |name| {
        let path = folder.join(format!("{name}-d719b2cb-3d3a-4596-a3bc-dad00e67656f"));
        let file = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(file.get(4..).unwrap_or_default().to_vec())
    };
    ["db", "dbx"].into_iter().map(read).collect()
}

/// What two laptops measured.
fn event_logs() -> anyhow::Result<Vec<Vec<u8>>> {
    let folder = crate::workspace::shared_data().join("tpm-eventlogs");
    let read = |name| {
        let path = folder.join(name);
        fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    ["t14_eventlog", "t14s_eventlog"].into_iter().map(read).collect()
}

/// The first entry of the first list, behind the list's header and the owner.
fn first_entry(lists: &[u8]) -> Option<Vec<u8>> {
    let size = u32::from_le_bytes(lists.get(16..20)?.try_into().ok()?);
    Some(lists.get(28 + 16..usize::try_from(size).ok()?)?.to_vec())
}

/// The small EFI programs of the shared data.
fn images() -> anyhow::Result<Vec<Vec<u8>>> {
    let folder = crate::workspace::shared_data().join("uefi");
    let names = ["tiny32.efi", "tiny32.signed.efi", "tiny64.efi", "tiny64.signed.efi"];
    let read =
        |name| fs::read(folder.join(name)).with_context(|| format!("cannot read {name} of the shared data"));
    names.into_iter().map(read).collect()
}
