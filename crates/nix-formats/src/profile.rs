//! Profiles and their generations, and what links finally name.
//!
//! A profile is a symbolic link such as `/nix/var/nix/profiles/system`. It points to one of its
//! generations, links next to it named `system-42-link`, and each generation points to a store
//! path. Switching and rolling back only change the first link. See `libstore/profiles.cc` in Nix.
//!
//! Everything here works below a [`SystemRoot`], so that a system that is mounted somewhere, or
//! unpacked, can be looked at: absolute links are taken to begin at that root, and nothing outside
//! it is ever looked at.

mod root;

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use thiserror::Error;

pub use root::{ResolveError, ResolvedPath, SystemRoot};

/// Where the profile of the whole system is, on NixOS.
pub const SYSTEM_PROFILE: &str = "/nix/var/nix/profiles/system";

/// Where profiles are kept.
pub const PROFILES: &str = "/nix/var/nix/profiles";

/// Where the profiles of a user are since Nix 2.14, below the user's home.
pub const USER_PROFILES: &str = ".local/state/nix/profiles";

/// Most entries of a folder that are looked at.
const MAX_ENTRIES: usize = 1_000_000;

/// Most bytes of `/etc/passwd` that are looked at.
const MAX_PASSWD: u64 = 16 << 20;

/// Why profiles cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// A folder cannot be listed, or a link not be read.
    #[error("cannot read {}", path.display())]
    Io {
        /// The folder or link, as seen below the root.
        path: PathBuf,
        /// What the system reported.
        source: io::Error,
    },
    /// A link leads nowhere useful.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// A folder has absurdly many entries.
    #[error("{} has more than {MAX_ENTRIES} entries", path.display())]
    TooMany {
        /// The folder or link, as seen below the root.
        path: PathBuf,
    },
    /// The path does not end in a name.
    #[error("{} does not name a profile", path.display())]
    NoName {
        /// The path.
        path: PathBuf,
    },
}

/// A profile and all its generations.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Profile {
    /// The link, as seen below the root: `/nix/var/nix/profiles/system`.
    pub path: PathBuf,
    /// Its generations by ascending number. May be empty.
    pub generations: Vec<Generation>,
    /// Number of the generation that the profile points to; `None` if it does not exist or points
    /// elsewhere.
    pub current: Option<u64>,
}

/// One generation of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Generation {
    /// Its number, counting from 1.
    pub number: u64,
    /// The link, as seen below the root: `/nix/var/nix/profiles/system-42-link`.
    pub path: PathBuf,
    /// When the link was made; `nix-env --list-generations` shows the same.
    pub created: SystemTime,
}

impl Profile {
    /// Reads the profile at `path`, as seen below `root`. It need not exist itself to have
    /// generations.
    pub fn read(root: &SystemRoot, path: &Path) -> Result<Self, ProfileError> {
        let name = path.file_name().ok_or_else(|| ProfileError::NoName { path: path.to_path_buf() })?;
        let folder = path.parent().unwrap_or(Path::new("/"));
        let entries = list(root, folder)?;
        Self::from_entries(root, folder, name, &entries)
    }

    /// The generation that the profile points to.
    pub fn current_generation(&self) -> Option<&Generation> {
        let number = self.current?;
        self.generations.iter().find(|generation| generation.number == number)
    }

    fn from_entries(
        root: &SystemRoot,
        folder: &Path,
        name: &OsStr,
        entries: &[OsString],
    ) -> Result<Self, ProfileError> {
        let path = folder.join(name);
        let physical = root.physical_folder(folder)?;
        let mut generations = Vec::new();
        for entry in entries {
            let Some((profile, number)) = parse_generation(entry) else { continue };
            if profile != name {
                continue;
            }
            let link = folder.join(entry);
            match fs::symlink_metadata(physical.join(entry))
                .and_then(|data| Ok((data.is_symlink(), data.modified()?)))
            {
                Ok((true, created)) => generations.push(Generation { number, path: link, created }),
                // Something else by that name is no generation.
                Ok((false, _)) => {}
                // Collected as garbage since the folder was listed.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(ProfileError::Io { path: link, source }),
            }
        }
        generations.sort_unstable_by_key(|generation| generation.number);
        let current = current(root, folder, name)?;
        Ok(Self { path, generations, current })
    }
}

/// All profiles in a folder, as seen below the root, ascending by name: every link that has, or
/// once had, generations next to it. Folders inside are not entered.
pub fn profiles_in(root: &SystemRoot, folder: &Path) -> Result<Vec<Profile>, ProfileError> {
    let entries = list(root, folder)?;
    let mut names: Vec<&OsStr> =
        entries.iter().filter_map(|entry| Some(parse_generation(entry)?.0)).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(|name| Profile::from_entries(root, folder, name, &entries)).collect()
}

/// All profiles of a system: those in `/nix/var/nix/profiles`, those of users below `per-user`, and
/// those in the homes that `/etc/passwd` names. Folders that do not exist have none; what cannot be
/// read is given apart.
pub fn all_profiles(root: &SystemRoot) -> (Vec<Profile>, Vec<ProfileError>) {
    let mut folders = vec![PathBuf::from(PROFILES)];
    let mut problems = Vec::new();
    let per_user = Path::new(PROFILES).join("per-user");
    match list(root, &per_user) {
        Ok(users) => folders.extend(users.iter().map(|user| per_user.join(user))),
        Err(error) if is_missing(&error) => {}
        Err(error) => problems.push(error),
    }
    match homes(root) {
        Ok(homes) => folders.extend(homes.into_iter().map(|home| home.join(USER_PROFILES))),
        Err(error) if is_missing(&error) => {}
        Err(error) => problems.push(error),
    }
    folders.sort_unstable();
    folders.dedup();
    let mut profiles = Vec::new();
    for folder in folders {
        match profiles_in(root, &folder) {
            Ok(found) => profiles.extend(found),
            Err(error) if is_missing(&error) => {}
            Err(error) => problems.push(error),
        }
    }
    (profiles, problems)
}

/// Splits `PROFILE-NUMBER-link`. Nix also takes names that go on after `-link`; it never makes
/// such.
fn parse_generation(entry: &OsStr) -> Option<(&OsStr, u64)> {
    let rest = entry.as_bytes().strip_suffix(b"-link")?;
    let dash = rest.iter().rposition(|&byte| byte == b'-')?;
    let (profile, digits) = (rest.get(..dash)?, rest.get(dash + 1..)?);
    // No sign, no leading zero: there is one way to write a number.
    let plain = digits.iter().all(u8::is_ascii_digit) && digits.first().is_some_and(|&first| first != b'0');
    if profile.is_empty() || !plain {
        return None;
    }
    let number = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some((OsStr::from_bytes(profile), number))
}

/// Which generation the link `name` in `folder` points to.
fn current(root: &SystemRoot, folder: &Path, name: &OsStr) -> Result<Option<u64>, ProfileError> {
    let physical = root.physical_folder(folder)?.join(name);
    let target = match fs::read_link(&physical) {
        Ok(target) => target,
        // It does not exist, or is no link.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidInput) => {
            return Ok(None);
        }
        Err(source) => return Err(ProfileError::Io { path: folder.join(name), source }),
    };
    // Nix writes the bare name; older tools wrote the whole path.
    let sibling = target.parent().is_some_and(|parent| parent.as_os_str().is_empty() || parent == folder);
    let generation = target.file_name().and_then(parse_generation);
    Ok(generation.filter(|(profile, _)| sibling && *profile == name).map(|(_, number)| number))
}

fn list(root: &SystemRoot, folder: &Path) -> Result<Vec<OsString>, ProfileError> {
    let error = |source| ProfileError::Io { path: folder.to_path_buf(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(root.physical_folder(folder)?).map_err(error)? {
        names.push(entry.map_err(error)?.file_name());
        if names.len() > MAX_ENTRIES {
            return Err(ProfileError::TooMany { path: folder.to_path_buf() });
        }
    }
    names.sort_unstable();
    Ok(names)
}

fn is_missing(error: &ProfileError) -> bool {
    let kind = match error {
        ProfileError::Io { source, .. } | ProfileError::Resolve(ResolveError::Io { source, .. }) => {
            source.kind()
        }
        _ => return false,
    };
    matches!(kind, io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// The homes in `/etc/passwd`.
fn homes(root: &SystemRoot) -> Result<Vec<PathBuf>, ProfileError> {
    let path = Path::new("/etc/passwd");
    let error = |source| ProfileError::Io { path: path.to_path_buf(), source };
    let physical = root.physical_folder(Path::new("/etc"))?.join("passwd");
    let mut bytes = Vec::new();
    File::open(physical).and_then(|file| file.take(MAX_PASSWD).read_to_end(&mut bytes)).map_err(error)?;
    // Paths are bytes.
    let home = |line: &[u8]| {
        let field = line.split(|&byte| byte == b':').nth(5)?;
        Some(PathBuf::from(OsStr::from_bytes(field)))
    };
    let homes = bytes.split(|&byte| byte == b'\n').filter_map(home);
    Ok(homes.filter(|home| home.is_absolute()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn generation_names() {
        let parse = |name: &str| {
            parse_generation(OsStr::new(name))
                .map(|(name, number)| (name.to_str().unwrap().to_owned(), number))
        };
        assert_eq!(parse("system-1-link"), Some(("system".to_owned(), 1)));
        assert_eq!(parse("a-7-link-12-link"), Some(("a-7-link".to_owned(), 12)));
        for bad in ["system", "system-link", "system--link", "-1-link", "system-01-link", "system-+1-link"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        assert_eq!(parse("system-18446744073709551616-link"), None);
        assert_eq!(parse("system-1-link.tmp"), None);
    }

    #[test]
    fn reads_profiles_below_a_root() {
        let folder = tempfile::tempdir().unwrap();
        let profiles = folder.path().join("nix/var/nix/profiles");
        fs::create_dir_all(profiles.join("per-user/alice")).unwrap();
        for number in [1, 2, 10] {
            symlink("/nix/store/x", profiles.join(format!("system-{number}-link"))).unwrap();
        }
        symlink("system-2-link", profiles.join("system")).unwrap();
        fs::write(profiles.join("system-3-link"), "no link").unwrap();
        symlink("/nix/store/y", profiles.join("per-user/alice/profile-1-link")).unwrap();
        symlink("/elsewhere/profile-1-link", profiles.join("per-user/alice/profile")).unwrap();
        let home = folder.path().join("home/bob").join(USER_PROFILES);
        fs::create_dir_all(&home).unwrap();
        symlink("/nix/store/z", home.join("home-manager-5-link")).unwrap();
        fs::create_dir_all(folder.path().join("etc")).unwrap();
        let passwd = b"bob:x:1:1::/home/bob:/bin/sh\nbroken\neve:x:2:2::/home/\xff:/bin/sh\n";
        fs::write(folder.path().join("etc/passwd"), passwd).unwrap();
        let home = folder.path().join("home").join(OsStr::from_bytes(b"\xff")).join(USER_PROFILES);
        fs::create_dir_all(&home).unwrap();
        symlink("/nix/store/w", home.join("profile-1-link")).unwrap();

        let root = SystemRoot::new(folder.path());
        let system = Profile::read(&root, Path::new(SYSTEM_PROFILE)).unwrap();
        let numbers: Vec<u64> = system.generations.iter().map(|generation| generation.number).collect();
        assert_eq!((numbers, system.current), (vec![1, 2, 10], Some(2)));
        assert_eq!(
            system.current_generation().unwrap().path,
            Path::new("/nix/var/nix/profiles/system-2-link")
        );

        let (all, problems) = all_profiles(&root);
        assert!(problems.is_empty(), "{problems:?}");
        let shown = |profile: &Profile| profile.path.as_os_str().as_bytes().escape_ascii().to_string();
        let names: Vec<_> = all.iter().map(|profile| (shown(profile), profile.current)).collect();
        assert_eq!(
            names,
            [
                (r"/home/bob/.local/state/nix/profiles/home-manager".to_owned(), None),
                (r"/home/\xff/.local/state/nix/profiles/profile".to_owned(), None),
                (r"/nix/var/nix/profiles/system".to_owned(), Some(2)),
                (r"/nix/var/nix/profiles/per-user/alice/profile".to_owned(), None),
            ]
        );

        // Homes that cannot be known are no homes that do not exist.
        fs::remove_file(folder.path().join("etc/passwd")).unwrap();
        assert!(all_profiles(&root).1.is_empty());
        fs::create_dir(folder.path().join("etc/passwd")).unwrap();
        let (rest, problems) = all_profiles(&root);
        assert_eq!(rest.len(), 2);
        assert_eq!(problems[0].to_string(), "cannot read /etc/passwd");
    }
}
