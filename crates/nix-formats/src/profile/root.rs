//! Following links below a folder that stands for `/`.

use crate::store_path::{StoreDir, StorePath, StorePathError};
use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use thiserror::Error;

/// Links that are followed before a path counts as a loop; the same as in Linux (`MAXSYMLINKS`).
const MAX_LINKS: usize = 40;

/// Parts of a path, links included, that are looked at before giving up.
const MAX_PARTS: usize = 10_000;

/// Why a path does not lead to a store path.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// A part of the path cannot be examined.
    #[error("cannot follow {}: at {}", path.display(), at.display())]
    Io {
        /// The path that was to be followed.
        path: PathBuf,
        /// How far it was followed, as seen below the root.
        at: PathBuf,
        /// What the system reported.
        source: io::Error,
    },
    /// More than 40 links, or a path that grows without end.
    #[error("{} leads through too many links", path.display())]
    Loop {
        /// The path that was to be followed.
        path: PathBuf,
    },
    /// It exists but is not in the store.
    #[error("{} leads to {}, which is not in the store {store}", path.display(), end.display())]
    Outside {
        /// The path that was to be followed.
        path: PathBuf,
        /// Where it leads, as seen below the root.
        end: PathBuf,
        /// The store.
        store: String,
    },
    /// It leads into the store, to something that cannot be a store path.
    #[error("{} leads to {}: {problem}", path.display(), end.display())]
    NotAStorePath {
        /// The path that was to be followed.
        path: PathBuf,
        /// Where it leads, as seen below the root.
        end: PathBuf,
        /// What is wrong with it.
        problem: StorePathError,
    },
}

/// Where a path leads.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResolvedPath {
    /// The store path.
    pub store_path: StorePath,
    /// What follows it: empty if the path names the store path itself, else for example
    /// `bin/hello`.
    pub inside: PathBuf,
    /// The links that were followed, as seen below the root, in that order.
    pub links: Vec<PathBuf>,
}

/// A folder that stands for the root of a system: `/` itself, a mounted disk, an unpacked image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemRoot(PathBuf);

impl Default for SystemRoot {
    fn default() -> Self {
        Self::new(Path::new("/"))
    }
}

impl SystemRoot {
    /// The system whose root is at `path`.
    pub fn new(path: &Path) -> Self {
        Self(path.to_path_buf())
    }

    /// Where the root is on this machine.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Follows `path`, as seen below the root, until it enters the store, and gives the store path
    /// there.
    ///
    /// Links are followed wherever they stand in the path, but no further than into the store, as
    /// Nix does: if a store path is itself a link to another one it is still the one that is named.
    /// It is not checked whether the store path exists; the database knows that. `path` may have
    /// `.` and `..`, and is taken from the root if it is relative.
    pub fn resolve(&self, store_dir: &StoreDir, path: &Path) -> Result<ResolvedPath, ResolveError> {
        let store = Path::new(store_dir.as_str());
        let mut walk = Walk::new(self, path);
        loop {
            // Where the path is written through the store, no link before it matters: that is how
            // Nix names it.
            let whole: PathBuf = walk.whole();
            if let Some(below) = below_store(&whole, store) {
                return walk.resolved(store_dir, &whole, &below);
            }
            if !walk.step()? {
                return Err(ResolveError::Outside {
                    path: path.to_path_buf(),
                    end: walk.reached,
                    store: store.display().to_string(),
                });
            }
        }
    }

    /// Where a folder, as seen below the root, is on this machine, with all links followed below
    /// the root.
    pub fn physical_folder(&self, path: &Path) -> Result<PathBuf, ResolveError> {
        if self.0 == Path::new("/") {
            // The system follows them as well, and better.
            return Ok(Path::new("/").join(path));
        }
        let mut walk = Walk::new(self, path);
        while walk.step()? {}
        Ok(self.physical(&walk.reached))
    }

    /// A path without links, on this machine.
    fn physical(&self, path: &Path) -> PathBuf {
        self.0.join(path.strip_prefix("/").unwrap_or(path))
    }
}

/// What of `path` comes after the store, if it is in there and has no part that leads out again.
fn below_store(path: &Path, store: &Path) -> Option<PathBuf> {
    let below = path.strip_prefix(store).ok()?;
    let plain = below.components().all(|part| matches!(part, Component::Normal(_)));
    (plain && below.components().next().is_some()).then(|| below.to_path_buf())
}

/// A path on its way.
struct Walk<'a> {
    root: &'a SystemRoot,
    path: &'a Path,
    /// Absolute, below the root, without links.
    reached: PathBuf,
    /// Names still to go.
    rest: VecDeque<OsString>,
    links: Vec<PathBuf>,
    parts: usize,
}

impl<'a> Walk<'a> {
    fn new(root: &'a SystemRoot, path: &'a Path) -> Self {
        let rest = names(path).collect();
        Self { root, path, reached: PathBuf::from("/"), rest, links: Vec::new(), parts: 0 }
    }

    /// What was reached and what is still to go, together.
    fn whole(&self) -> PathBuf {
        let mut whole = self.reached.clone();
        whole.extend(&self.rest);
        whole
    }

    /// Takes the next name; `false` if there is none.
    fn step(&mut self) -> Result<bool, ResolveError> {
        let Some(name) = self.rest.pop_front() else { return Ok(false) };
        self.parts += 1;
        if self.parts > MAX_PARTS {
            return Err(ResolveError::Loop { path: self.path.to_path_buf() });
        }
        if name == OsStr::new("..") {
            // Above the root is the root.
            self.reached.pop();
            return Ok(true);
        }
        let next = self.reached.join(&name);
        let error = |source| ResolveError::Io { path: self.path.to_path_buf(), at: next.clone(), source };
        let physical = self.root.physical(&next);
        if !fs::symlink_metadata(&physical).map_err(error)?.is_symlink() {
            self.reached = next;
            return Ok(true);
        }
        let target = fs::read_link(&physical).map_err(error)?;
        if self.links.len() >= MAX_LINKS {
            return Err(ResolveError::Loop { path: self.path.to_path_buf() });
        }
        self.links.push(next);
        if target.is_absolute() {
            self.reached = PathBuf::from("/");
        }
        for name in names(&target).collect::<Vec<_>>().into_iter().rev() {
            self.rest.push_front(name);
        }
        Ok(true)
    }

    fn resolved(
        self,
        store_dir: &StoreDir,
        whole: &Path,
        below: &Path,
    ) -> Result<ResolvedPath, ResolveError> {
        let mut parts = below.components();
        let name =
            parts.next().map(|part| part.as_os_str().to_string_lossy().into_owned()).unwrap_or_default();
        let inside = parts.as_path().to_path_buf();
        match StorePath::from_base_name(&name) {
            Ok(store_path) => Ok(ResolvedPath { store_path, inside, links: self.links }),
            Err(error) => Err(ResolveError::NotAStorePath {
                path: self.path.to_path_buf(),
                end: Path::new(store_dir.as_str())
                    .join(whole.strip_prefix(store_dir.as_str()).unwrap_or(whole)),
                problem: error,
            }),
        }
    }
}

/// The names in a path and its `..`; without `/` and `.`.
fn names(path: &Path) -> impl Iterator<Item = OsString> + '_ {
    path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_os_string()),
        Component::ParentDir => Some(OsString::from("..")),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    const PATH: &str = "/nix/store/0c0pz9gyl5pn6b5dqzz34kxijb4ypzhv-hello-2.12.1";

    struct Fixture {
        folder: tempfile::TempDir,
    }

    impl Fixture {
        fn new() -> Self {
            let fixture = Self { folder: tempfile::tempdir().unwrap() };
            for folder in ["run", "nix/store", "nix/var/nix/profiles", "a/b"] {
                fs::create_dir_all(fixture.folder.path().join(folder)).unwrap();
            }
            fixture
        }

        fn link(&self, at: &str, target: &str) {
            symlink(target, self.folder.path().join(at)).unwrap();
        }

        fn resolve(&self, path: &str) -> Result<ResolvedPath, ResolveError> {
            SystemRoot::new(self.folder.path()).resolve(&StoreDir::default(), Path::new(path))
        }
    }

    #[test]
    fn follows_chains_below_the_root() {
        let fixture = Fixture::new();
        fixture.link("nix/var/nix/profiles/system-1-link", PATH);
        fixture.link("nix/var/nix/profiles/system", "system-1-link");
        fixture.link("run/current", "/nix/var/nix/profiles/system");
        fixture.link("a/up", "../../../../run");
        for path in ["/run/current", "run/current", "/a/up/current", "/a/../run/./current", "/../run/current"]
        {
            let found = fixture.resolve(path).unwrap();
            assert_eq!(StoreDir::default().display(&found.store_path).to_string(), PATH);
            assert_eq!(found.inside, Path::new(""));
        }
        let found = fixture.resolve("/run/current/bin/hello").unwrap();
        assert_eq!(found.inside, Path::new("bin/hello"));
        let links = ["/run/current", "/nix/var/nix/profiles/system", "/nix/var/nix/profiles/system-1-link"];
        assert_eq!(found.links, links.map(PathBuf::from));
        assert!(fixture.resolve(PATH).unwrap().links.is_empty());
    }

    #[test]
    fn refuses_what_leads_elsewhere() {
        let fixture = Fixture::new();
        fixture.link("run/self", "self");
        fixture.link("run/ping", "/run/pong");
        fixture.link("run/pong", "/run/ping");
        fixture.link("run/grow", "grow/x");
        fixture.link("run/etc", "/a/b");
        fixture.link("run/bad", "/nix/store/not-a-path");
        fixture.link("run/gone", "/nowhere/x");
        fixture.link("run/out", "/nix/store/../../a");
        for path in ["/run/self", "/run/ping", "/run/grow"] {
            assert!(matches!(fixture.resolve(path), Err(ResolveError::Loop { .. })), "{path}");
        }
        for path in ["/run/etc", "/", "/nix/store", "/run/out"] {
            assert!(matches!(fixture.resolve(path), Err(ResolveError::Outside { .. })), "{path}");
        }
        assert!(matches!(fixture.resolve("/run/bad"), Err(ResolveError::NotAStorePath { .. })));
        assert!(matches!(fixture.resolve("/run/gone"), Err(ResolveError::Io { .. })));
    }
}
