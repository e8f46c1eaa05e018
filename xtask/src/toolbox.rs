//! `cargo xtask toolbox`: a Debian sid root with the real peers and oracles.
//!
//! Tests compare our results with those of the real programs. Debian's unstable release carries
//! recent versions of all of them, so one small root under `target/toolbox/root` gives every
//! machine the same ones. Tests start a program of it with `chroot ROOT PROGRAM …`, or, when it
//! needs `/proc`, a terminal or a store of its own (Nix *building* something), with `bwrap --bind
//! ROOT / --bind EMPTY_FOLDER /nix --dev /dev --proc /proc PROGRAM …`.
//!
//! The root is made in a temporary folder and renamed when it is complete, so that nobody sees half
//! of it; a stamp inside says what it was made from, and a second call with the same list returns
//! at once. What an interrupted run had already downloaded is used by the next.

mod mirror;
mod packages;

use crate::{debian, process, workspace};
use anyhow::{Context, bail};
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// Part of the stamp: raise it when the way the root is made changes.
const RECIPE: u32 = 1;
/// Debian's unstable release.
const SUITE: &str = "sid";
/// Beginning of the name of a root that is being made.
const PARTIAL: &str = "root.partial-";
/// Where apt keeps what it downloaded, inside a root.
const ARCHIVES: &str = "var/cache/apt/archives";
/// Where the stamp is, inside the root.
const STAMP: &str = "etc/snowguard-toolbox";
/// Single-user Nix without a daemon, a sandbox or the network; every format that the crates read is
/// switched on.
const NIX_CONF: &str = "\
build-users-group =
sandbox = false
substituters =
experimental-features = nix-command flakes ca-derivations dynamic-derivations
warn-dirty = false
";

/// Arguments of `cargo xtask toolbox`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Print only the path of the root, on standard output (it is still made when missing)
    #[arg(long)]
    print_path: bool,
}

/// Makes the toolbox when it is missing or out of date.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let root = ensure()?;
    if options.print_path {
        println!("{}", root.display());
    } else {
        eprintln!("toolbox: {} is ready", root.display());
    }
    Ok(())
}

/// The folder that holds the root: `SNOWGUARD_TOOLBOX`, or `target/toolbox` of the workspace.
fn folder() -> PathBuf {
    std::env::var_os("SNOWGUARD_TOOLBOX").map_or_else(|| workspace::target().join("toolbox"), PathBuf::from)
}

/// A command that runs `program` inside the toolbox at `root`. The caller must be root.
pub(crate) fn command(root: &Path, program: &str) -> Command {
    let mut command = Command::new("chroot");
    command.arg(root).arg(program).env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C.UTF-8");
    command
}

/// Makes the root when needed and gives its path.
///
/// # Errors
/// When the root must be made and this process may not, or a step of making it fails.
pub(crate) fn ensure() -> anyhow::Result<PathBuf> {
    let folder = folder();
    let root = folder.join("root");
    let wanted = stamp();
    if is_current(&root, &wanted) {
        return Ok(root);
    }
    if !process::is_root() {
        bail!(
            "the toolbox at {} is missing or out of date, and only root can make and use it (chroot): \
             run `cargo xtask toolbox` as root once (it needs the Debian packages mmdebstrap and bubblewrap)",
            root.display()
        );
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let lock = File::create(folder.join("lock"))?;
    if lock.try_lock().is_err() {
        eprintln!("toolbox: another process is making it; waiting");
        lock.lock()?;
    }
    // The process that we waited for may have made it.
    if !is_current(&root, &wanted) {
        make(&folder, &root, &wanted)?;
    }
    Ok(root)
}

fn stamp() -> String {
    format!("recipe {RECIPE}, Debian {SUITE}\n{}\n{NIX_CONF}", packages::describe())
}

fn is_current(root: &Path, wanted: &str) -> bool {
    fs::read_to_string(root.join(STAMP)).is_ok_and(|found| found == wanted)
}

fn make(folder: &Path, root: &Path, stamp: &str) -> anyhow::Result<()> {
    let started = Instant::now();
    debian::install("toolbox", &["mmdebstrap", "bubblewrap", "debian-archive-keyring"])?;
    let mirror = mirror::find(Path::new("/etc/apt"))?;
    let downloads = folder.join("downloads");
    clear_interrupted(folder, &downloads)?;
    // A killed run may leave children behind that go on for a while; they must not meet this one.
    let partial = folder.join(format!("{PARTIAL}{}", std::process::id()));

    eprintln!("toolbox: Debian {SUITE} from {mirror} into {}", root.display());
    eprint!("{}", packages::describe());
    process::run(
        Command::new("mmdebstrap")
            .args(["--variant=minbase", "--format=directory", "--components=main"])
            .arg(format!("--include={}", packages::all().join(",")))
            .arg("--aptopt=APT::Install-Recommends \"false\"")
            .arg("--aptopt=Acquire::Languages \"none\"")
            .arg("--aptopt=Acquire::Retries \"5\"")
            // A frozen mirror is past the date until which its index is valid. Signatures are still
            // checked; how recent the packages are protects nobody here.
            .arg("--aptopt=Acquire::Check-Valid-Until \"false\"")
            .args(mirror::apt_options()?.iter().map(|option| format!("--aptopt={option}")))
            // Manual pages and translations are a third of the root, and no test reads them.
            .args(["--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/locale/*"])
            .args(["--dpkgopt=path-exclude=/usr/share/doc/*"])
            // Packages with alternatives link their manual pages here and fail when the folder is
            // missing.
            .arg("--essential-hook=mkdir -p \"$1/usr/share/man/man1\"")
            .arg(format!("--setup-hook=sync-in '{}' /", downloads.display()))
            .arg(format!("--customize-hook={}", take_kernel()))
            .arg(format!("--customize-hook={}", take_old_firmware(&mirror)))
            .arg("--skip=download/empty")
            .arg(SUITE)
            .arg(&partial)
            .arg(&mirror),
    )
    .context("making the toolbox failed; run it again to go on with what was downloaded")?;

    fs::create_dir_all(partial.join("etc/nix"))?;
    fs::write(partial.join("etc/nix/nix.conf"), NIX_CONF)?;
    // Nix asks /proc who it is. Under plain `chroot` nothing is mounted there (so nothing can be
    // left mounted), and this link answers; a real /proc covers it. All of Nix's programs are links
    // to this one.
    fs::create_dir_all(partial.join("proc/self"))?;
    symlink("/usr/bin/nix", partial.join("proc/self/exe"))?;
    process::run(command(&partial, "nix-store").args(["--init", "--quiet"]))
        .context("the new toolbox does not work")?;
    process::run(command(&partial, "nix").arg("--version").stdout(std::io::stderr()))
        .context("the new toolbox does not work")?;
    fs::write(partial.join(STAMP), stamp)?;

    let old = folder.join("root.old");
    remove(&old)?;
    if root.exists() {
        fs::rename(root, &old)?;
    }
    fs::rename(&partial, root).with_context(|| format!("cannot put {} in place", root.display()))?;
    remove(&old)?;
    remove(&downloads)?;
    eprintln!("toolbox: made in {:.0} s", started.elapsed().as_secs_f64());
    Ok(())
}

/// A hook of mmdebstrap that puts the kernel into the new root, at
/// `usr/lib/modules/VERSION/vmlinuz`, and the module for the firmware's variables next to it.
///
/// mmdebstrap runs hooks with the root as `$1`, and names a configuration in which apt sees the
/// root's packages.
fn take_kernel() -> String {
    let package = packages::KERNEL;
    format!(
        "set -e; export APT_CONFIG=\"$MMDEBSTRAP_APT_CONFIG\"; \
         version=$(apt-cache depends --important {package} | sed -n 's/^ *Depends: linux-image-//p'); \
         folder=$(mktemp -d); trap 'rm -r \"$folder\"' EXIT; \
         (cd \"$folder\" && apt-get -q download \"linux-binary-$version\" \"linux-modules-$version\"); \
         dpkg-deb --fsys-tarfile \"$folder\"/linux-binary-*.deb \
             | tar -x -C \"$1\" --wildcards './usr/lib/modules/*/vmlinuz'; \
         dpkg-deb --fsys-tarfile \"$folder\"/linux-modules-*.deb \
             | tar -x -O --wildcards './usr/lib/modules/*/efivarfs.ko.xz' \
             > \"$1/usr/lib/modules/$version/efivarfs.ko.xz\""
    )
}

/// A hook that unpacks the older firmware. Its suite is known to apt for this moment only, so that
/// nothing else of the root comes from there; what the root has installed, which is newer, is not
/// shown to it.
fn take_old_firmware(mirror: &str) -> String {
    let (suite, package, to) = (packages::OLD_SUITE, packages::OLD_FIRMWARE, packages::OLD_FOLDER);
    format!(
        "set -e; export APT_CONFIG=\"$MMDEBSTRAP_APT_CONFIG\"; \
         folder=$(mktemp -d); trap 'rm -r \"$folder\"' EXIT; mkdir -p \"$folder/lists/partial\" \"$1/{to}\"; \
         echo 'deb {mirror} {suite} main' > \"$folder/sources.list\"; \
         set -- \"$1\" -o \"Dir::Etc::SourceList=$folder/sources.list\" -o Dir::Etc::SourceParts=/dev/null \
         -o \"Dir::State::Lists=$folder/lists\" -o Dir::State::Status=/dev/null \
         -o Acquire::Languages=none; root=$1; shift; \
         apt-get -q \"$@\" update; (cd \"$folder\" && apt-get -q \"$@\" download {package}); \
         dpkg-deb --extract \"$folder\"/*.deb \"$root/{to}\""
    )
}

/// Takes over the downloads of interrupted runs and removes the rest of them.
fn clear_interrupted(folder: &Path, downloads: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(downloads.join(ARCHIVES))?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(PARTIAL) {
            keep_downloads(&entry.path(), downloads)?;
            if let Err(error) = remove(&entry.path()) {
                eprintln!("toolbox: left over from an interrupted run: {error:#}");
            }
        }
    }
    Ok(())
}

/// Moves the whole packages that an interrupted run left behind to `downloads` (apt checks their
/// sums again).
///
/// `downloads` is laid out as the root is, because mmdebstrap copies it into a root that has no
/// folders yet.
fn keep_downloads(partial: &Path, downloads: &Path) -> anyhow::Result<()> {
    let (archives, downloads) = (partial.join(ARCHIVES), downloads.join(ARCHIVES));
    if !archives.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(&archives)? {
        let path = entry?.path();
        if path.extension().is_some_and(|kind| kind == "deb")
            && let Some(name) = path.file_name()
        {
            fs::rename(&path, downloads.join(name))?;
        }
    }
    Ok(())
}

/// Removes a folder tree, but never reaches into something that is mounted there (a killed run may
/// leave `/dev`).
fn remove(tree: &Path) -> anyhow::Result<()> {
    if !tree.exists() {
        return Ok(());
    }
    let mounts = fs::read_to_string("/proc/self/mounts").context("cannot read the list of mounts")?;
    let tree = tree.canonicalize()?;
    if let Some(mount) = mounts
        .lines()
        .filter_map(|line| line.split(' ').nth(1))
        .find(|mount| Path::new(mount).starts_with(&tree))
    {
        bail!("{mount} is still mounted; unmount it first (`umount {mount}`)");
    }
    fs::remove_dir_all(&tree).with_context(|| format!("cannot remove {}", tree.display()))
}
