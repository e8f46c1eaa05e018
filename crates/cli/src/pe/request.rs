//! `snowguard pe sign --prepare` and `--complete`: a key that is on another machine.

use super::image::{Image, hex};
use super::sign::{Options, file_name, warn_of_gaps};
use super::signer::Certificates;
use anyhow::{Context, bail};
use authenticode::digest::DigestAlgorithm;
use authenticode::file;
use authenticode::sign::{Countersigner as _, SignError, Signing};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// No signature is larger: RSA of 4096 bits has 512 bytes.
const LARGEST: u64 = 4 << 10;

fn begin(path: &Path, certificates: &Certificates, options: &Options) -> anyhow::Result<Signing> {
    let Image { source, layout } = Image::open(path)?;
    warn_of_gaps(path, &layout);
    Signing::begin(source, layout, &certificates.signer, &certificates.chain, options.manner())
        .with_context(|| path.display().to_string())
}

fn beside(folder: &Path, path: &Path, ending: &str) -> anyhow::Result<PathBuf> {
    let mut name = file_name(path)?.to_owned();
    name.push(ending);
    Ok(folder.join(name))
}

/// Writes what the key has to sign.
pub(super) fn prepare(
    path: &Path,
    folder: &Path,
    certificates: &Certificates,
    options: &Options,
) -> anyhow::Result<()> {
    let signing = begin(path, certificates, options)?;
    let wanted = signing.wanted();
    let message = wanted.attributes.as_deref().unwrap_or_default();
    let about = json!({
        "file": path.to_string_lossy(),
        "digest": { "algorithm": wanted.algorithm.name(), "image": hex(signing.digest()) },
        "certificate": {
            "subject": certificates.signer.subject(),
            "sha256": hex(&certificates.signer.fingerprint(DigestAlgorithm::Sha256)),
        },
        "sign": { "algorithm": wanted.algorithm.name(), "digestOfTbs": hex(&wanted.digest) },
    });
    let about = format!("{about:#}\n");
    std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    for (ending, bytes) in [(".json", about.as_bytes()), (".tbs", message)] {
        let to = beside(folder, path, ending)?;
        file::replace(&to, None, |file| file.write_all(bytes))
            .with_context(|| format!("cannot write {}", to.display()))?;
    }
    Ok(())
}

/// Attaches the signature that the key made. What was signed is worked out again, so nothing but the signature is believed.
pub(super) fn complete(
    path: &Path,
    folder: &Path,
    certificates: &Certificates,
    options: &Options,
) -> anyhow::Result<()> {
    let from = beside(folder, path, ".sig")?;
    let failed = || format!("cannot read the signature {}", from.display());
    let size = std::fs::metadata(&from).with_context(failed)?.len();
    if size > LARGEST {
        bail!("{} has {size} bytes, too many for a signature", from.display());
    }
    let signature = std::fs::read(&from).with_context(failed)?;
    let signing = begin(path, certificates, options)?;
    check_request(path, &beside(folder, path, ".json")?, &signing)?;
    let named = || format!("{}, with the signature {}", path.display(), from.display());
    let unsigned = match &options.timestamp_url {
        Some(url) => {
            // Nobody's timestamp is wanted on what is no signature.
            signing.wanted().complete(&signature, &[]).with_context(named)?;
            let authority = super::timestamp::authority(url, options.digest);
            let attributes = authority.attributes(&signature);
            attributes.map_err(SignError::Countersigner).with_context(named)?
        }
        None => Vec::new(),
    };
    signing.finish(&signature, &unsigned, &options.output(path)?).with_context(named)
}

/// A clearer word than "the signature does not fit", if it can be had: the file about the request may be gone.
fn check_request(path: &Path, about: &Path, signing: &Signing) -> anyhow::Result<()> {
    let Ok(bytes) = std::fs::read(about) else { return Ok(()) };
    let about: Value = serde_json::from_slice(&bytes).with_context(|| about.display().to_string())?;
    let digest = &about["digest"];
    if digest["image"] != hex(signing.digest()) {
        let algorithm = signing.wanted().algorithm.name();
        if digest["algorithm"] != algorithm {
            bail!("{}: the request was made with --digest {}", path.display(), digest["algorithm"]);
        }
        bail!("{}: the program changed since the request was made; prepare it again", path.display());
    }
    Ok(())
}
