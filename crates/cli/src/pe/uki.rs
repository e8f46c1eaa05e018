//! `snowguard pe uki`

use super::image::hex;
use super::signer::SignerOptions;
use crate::exit;
use anyhow::{Context, bail};
use authenticode::DigestAlgorithm;
use authenticode::file::ImageFile;
use authenticode::pe::Layout;
use authenticode::sbat::Sbat;
use authenticode::sign::{SignOptions, Signer, sign};
use authenticode::uki::{UkiParts, build, kernel_release};
use clap::Args;
use files::{read_limited, replace_bytes, unnamed_file};
use serde_json::json;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use terminal::{Clean, clean};

/// Put a unified kernel image together: a stub with kernel, initrd and command line in one EFI
/// program, signed with --key and --cert.
///
/// Sections are those of systemd's `ukify build`, in its order and at its addresses. `.sbat` holds
/// the components of the stub and of the kernel, and those of --sbat. The kernel in it is not
/// signed: what is signed starts without the image around it, with any initrd.
#[derive(Debug, Args)]
#[command(
    after_help = EXAMPLES,
    mut_arg("cert", |arg| arg.required_unless_present("linux").requires("key")),
)]
pub(crate) struct Options {
    /// The kernel, as an EFI program: vmlinuz, bzImage
    #[arg(long, value_name = "FILE")]
    linux: PathBuf,
    /// An initrd; several stand one behind the other, in this order
    #[arg(long, value_name = "FILE")]
    initrd: Vec<PathBuf>,
    /// The command line, or @ and the file that holds it
    #[arg(long, value_name = "TEXT|@FILE", default_value = "")]
    cmdline: String,
    /// What `os-release` says, or @ and the file; this system's, if it is not given
    #[arg(long, value_name = "TEXT|@FILE")]
    os_release: Option<String>,
    /// The kernel's release (`uname -r`); the kernel's own word, if it is not given
    #[arg(long, value_name = "VERSION")]
    uname: Option<String>,
    /// A picture to show (BMP)
    #[arg(long, value_name = "FILE")]
    splash: Option<PathBuf>,
    /// A device tree
    #[arg(long, value_name = "FILE")]
    devicetree: Option<PathBuf>,
    /// Device trees of which the stub takes the one that fits the machine
    #[arg(long, value_name = "FILE")]
    devicetree_auto: Vec<PathBuf>,
    /// Microcode, as an initrd
    #[arg(long, value_name = "FILE")]
    microcode: Option<PathBuf>,
    /// The public key of signed PCR policies, in PEM
    #[arg(long, value_name = "FILE")]
    pcrpkey: Option<PathBuf>,
    /// Components for `.sbat`, or @ and the file that holds them; `uki,1`, if none are given
    #[arg(long, value_name = "TEXT|@FILE")]
    sbat: Vec<String>,
    /// Another section: its name, and its text or @ and a file
    #[arg(long, value_name = "NAME=TEXT|@FILE", value_parser = named)]
    section: Vec<(String, String)>,
    /// The stub; systemd's for the kernel's processor, if it is not given
    #[arg(long, value_name = "FILE")]
    stub: Option<PathBuf>,
    /// Where the image goes
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    signer: SignerOptions,
    /// JSON: one object
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  snowguard pe uki --linux vmlinuz --initrd initrd --cmdline 'root=fstab quiet' --output linux.efi
  snowguard pe uki --linux vmlinuz --initrd ucode.img --initrd initrd --cmdline @cmdline --output linux.efi
  snowguard pe uki --linux vmlinuz --sbat 'mine,1,Me,linux,6.12,https://example.org' --output linux.efi
  snowguard pe uki --linux vmlinuz --initrd initrd --key db.key --cert db.pem --output linux.efi";

/// Where systemd's stubs are.
const STUBS: &str = "/usr/lib/systemd/boot/efi";
/// Where a system describes itself (os-release(5)).
const OS_RELEASE: [&str; 2] = ["/etc/os-release", "/usr/lib/os-release"];
/// Images are put together in memory, so no part may be larger.
const LARGEST: u64 = 2 << 30;

fn named(text: &str) -> Result<(String, String), String> {
    let (name, content) = text.split_once('=').ok_or("it is not NAME=TEXT or NAME=@FILE")?;
    Ok((name.to_owned(), content.to_owned()))
}

pub(super) fn run(options: &Options) -> Result<ExitCode, exit::Failure> {
    act(options).map_err(exit::Failure::failed)?;
    Ok(ExitCode::SUCCESS)
}

fn act(options: &Options) -> anyhow::Result<()> {
    // A wrong key is reported before the work is done.
    let signer = options.signer.signer()?;
    let linux = read(&options.linux)?;
    let stub = match &options.stub {
        Some(path) => path.clone(),
        None => default_stub(&options.linux, &linux)?,
    };
    let stub_bytes = read(&stub)?;
    let optional =
        |path: &Option<PathBuf>| path.as_deref().map(read).transpose().map(Option::unwrap_or_default);
    let all = |paths: &[PathBuf]| paths.iter().map(|path| read(path)).collect::<anyhow::Result<Vec<_>>>();
    let (initrds, trees) = (all(&options.initrd)?, all(&options.devicetree_auto)?);
    let (splash, devicetree) = (optional(&options.splash)?, optional(&options.devicetree)?);
    let (microcode, pcrpkey) = (optional(&options.microcode)?, optional(&options.pcrpkey)?);
    if !splash.is_empty() && !splash.starts_with(b"BM") {
        bail!(
            "{}: the stub shows pictures in BMP only",
            options.splash.as_deref().unwrap_or(Path::new("")).display()
        );
    }
    let os_release = match &options.os_release {
        Some(text) => text_or_file(text)?,
        None => own_os_release()?,
    };
    let cmdline = if options.cmdline.starts_with('@') {
        text_or_file(&options.cmdline)?
    } else {
        // Blanks between parameters mean nothing.
        options.cmdline.split_whitespace().collect::<Vec<_>>().join(" ").into_bytes()
    };
    let uname = options.uname.clone().or_else(|| kernel_release(&linux));
    if uname.is_none() {
        exit::warn(format_args!(
            "{}: the kernel does not say its release: there will be no .uname without --uname",
            options.linux.display()
        ));
    }
    let uname = uname.unwrap_or_default();
    let others = options.section.iter().map(|(name, text)| Ok((name.as_str(), text_or_file(text)?)));
    let others = others.collect::<anyhow::Result<Vec<_>>>()?;
    let sbat = options.sbat.iter().map(|text| sbat(text)).collect::<anyhow::Result<Vec<_>>>()?;
    let image = build(
        &stub_bytes,
        &UkiParts {
            os_release: &os_release,
            cmdline: &cmdline,
            devicetree: &devicetree,
            automatic_devicetrees: trees.iter().map(Vec::as_slice).collect(),
            uname: uname.as_bytes(),
            splash: &splash,
            pcr_public_key: &pcrpkey,
            linux: &linux,
            initrds: initrds.iter().map(Vec::as_slice).collect(),
            microcode: &microcode,
            others: others.iter().map(|(name, content)| (*name, content.as_slice())).collect(),
            sbat,
        },
    )
    .with_context(|| format!("cannot put {} and {} together", stub.display(), options.linux.display()))?;
    write(&image, signer.as_deref(), &options.output)?;
    print(options, &image, &stub, signer.is_some())
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    Ok(read_limited(path, LARGEST)?)
}

fn text_or_file(text: &str) -> anyhow::Result<Vec<u8>> {
    match text.strip_prefix('@') {
        Some(path) => read(Path::new(path)),
        None => Ok(text.as_bytes().to_vec()),
    }
}

fn sbat(text: &str) -> anyhow::Result<Sbat> {
    Sbat::read(&text_or_file(text)?).with_context(|| format!("--sbat {text}"))
}

fn own_os_release() -> anyhow::Result<Vec<u8>> {
    let found = OS_RELEASE.iter().map(Path::new).find(|path| path.exists());
    let found = found.context("this system has no os-release: name a file with --os-release @FILE")?;
    read(found)
}

fn default_stub(path: &Path, linux: &[u8]) -> anyhow::Result<PathBuf> {
    let layout = Layout::read(linux).with_context(|| path.display().to_string())?;
    let machine = layout.machine.to_string();
    let architecture = match machine.as_str() {
        "i386" => "ia32",
        "x86-64" => "x64",
        "aarch64" => "aa64",
        other => other,
    };
    let stub = Path::new(STUBS).join(format!("linux{architecture}.efi.stub"));
    if !stub.exists() {
        bail!("there is no stub at {}: name one with --stub", stub.display());
    }
    Ok(stub)
}

/// Writes the image, signed if there is a signer. Until then it is in a file without a name.
fn write(image: &[u8], signer: Option<&dyn Signer>, output: &Path) -> anyhow::Result<()> {
    let Some(signer) = signer else { return Ok(replace_bytes(output, image)?) };
    let mut file = unnamed_file(&std::env::temp_dir())?;
    file.write_all(image).with_context(|| format!("cannot write {}", output.display()))?;
    let image = ImageFile::of(file, output)?;
    let options = SignOptions { algorithm: DigestAlgorithm::Sha256, keep: false, again: true };
    sign(image, signer, None, options, output).with_context(|| output.display().to_string())?;
    Ok(())
}

fn print(options: &Options, image: &[u8], stub: &Path, signed: bool) -> anyhow::Result<()> {
    let layout = Layout::read(image)?;
    let mut out = terminal::stdout();
    let sections = layout.sections.iter().map(|section| {
        let range = section.content_range();
        let content = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
        (section, content.and_then(|(start, end)| image.get(start..end)).unwrap_or_default())
    });
    if options.json {
        let sections = sections.map(|(section, content)| {
            json!({
                "name": section.name(),
                "virtualAddress": section.virtual_address,
                "size": content.len(),
                "sha256": hex(&DigestAlgorithm::Sha256.digest(content)),
            })
        });
        let found = json!({
            "file": options.output.to_string_lossy(),
            "stub": stub.to_string_lossy(),
            "signed": signed,
            "sections": sections.collect::<Vec<_>>(),
        });
        writeln!(out, "{found}")?;
        return Ok(());
    }
    let state = if signed { "signed" } else { "not signed: snowguard pe sign" };
    writeln!(out, "{}: {state}", Clean(options.output.display()))?;
    for (section, content) in sections {
        writeln!(out, "  {:<8}  {:>10} bytes", clean(&section.name()), content.len())?;
    }
    Ok(())
}
