//! Archives that no tree on disk gives: generated, hostile, endless.

#![allow(clippy::unwrap_used)]

use nix_formats::nar::{
    MAGIC, NarError, NarEvent, NarLimits, NarProblem, NarReader, NarWriter, RestoreOptions, dump, restore,
};
use proptest::prelude::*;
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::symlink;

/// An event, and the contents if it is a file.
type Step = (NarEvent, Vec<u8>);

fn write(steps: &[Step]) -> Result<Vec<u8>, NarError> {
    let mut writer = NarWriter::new(Vec::new(), NarLimits::default());
    for (event, contents) in steps {
        writer.event(event)?;
        if !contents.is_empty() {
            writer.contents().write_all(contents).map_err(|source| NarError::Io { offset: 0, source })?;
        }
    }
    writer.finish()
}

fn read(archive: &[u8]) -> Result<Vec<Step>, NarError> {
    let mut reader = NarReader::new(archive, NarLimits::default());
    let mut steps = Vec::new();
    while let Some(event) = reader.next_event()? {
        let mut contents = Vec::new();
        if let Err(source) = reader.contents().read_to_end(&mut contents) {
            return Err(NarError::Io { offset: reader.offset(), source });
        }
        steps.push((event, contents));
    }
    reader.expect_end()?;
    Ok(steps)
}

/// Strings as they stand in an archive.
fn strings(strings: &[&[u8]]) -> Vec<u8> {
    let mut archive = Vec::new();
    for string in strings {
        archive.extend_from_slice(&(string.len() as u64).to_le_bytes());
        archive.extend_from_slice(string);
        archive.resize(archive.len().next_multiple_of(8), 0);
    }
    archive
}

/// A folder whose entries are empty files of these names, by hand.
fn archive_of(names: &[&[u8]]) -> Vec<u8> {
    let mut parts: Vec<&[u8]> = vec![MAGIC, b"(", b"type", b"directory"];
    for name in names {
        parts.extend_from_slice(&[b"entry", b"(", b"name", name, b"node"]);
        parts.extend_from_slice(&[b"(", b"type", b"regular", b"contents", b"", b")", b")"]);
    }
    parts.push(b")");
    strings(&parts)
}

fn problem(archive: &[u8]) -> NarProblem {
    match read(archive).unwrap_err() {
        NarError::Malformed { problem, .. } => problem,
        other => panic!("{other}"),
    }
}

#[test]
fn names_and_order() {
    assert_eq!(read(&archive_of(&[b"a", b"b", b"b-", b"ba"])).unwrap().len(), 6);
    for name in [&b""[..], b".", b"..", b"a/b", b"/", b"a\0"] {
        assert_eq!(problem(&archive_of(&[name])), NarProblem::Name(name.to_vec()));
    }
    for (first, second) in [(&b"b"[..], &b"a"[..]), (b"a", b"a"), (b"ab", b"a"), (b"\xff", b"a")] {
        let expected = NarProblem::Order { previous: first.to_vec(), name: second.to_vec() };
        assert_eq!(problem(&archive_of(&[first, second])), expected);
    }
    let long = [b'a'; 256];
    assert!(matches!(problem(&archive_of(&[&long])), NarProblem::TooLong { length: 256, maximum: 255 }));
    let mut padded = archive_of(&[b"a"]);
    let at = padded.windows(8).position(|window| window == b"a\0\0\0\0\0\0\0").unwrap();
    padded[at + 3] = 1;
    assert_eq!(problem(&padded), NarProblem::Padding);
}

#[test]
fn links() {
    let link = |target: &[u8]| strings(&[MAGIC, b"(", b"type", b"symlink", b"target", target, b")"]);
    assert_eq!(read(&link(b"../../etc")).unwrap().len(), 1);
    for target in [&b""[..], b"a\0b"] {
        assert_eq!(problem(&link(target)), NarProblem::Target);
    }
    assert!(matches!(problem(&link(&[b'a'; 4096])), NarProblem::TooLong { .. }));
}

#[test]
fn no_archives() {
    for bytes in [&b""[..], b"nix-archive-1", &strings(&[b"nix-archive-2"]), &[0xff; 64]] {
        assert_eq!(problem(bytes), NarProblem::Magic);
    }
    let mut trailing = archive_of(&[]);
    trailing.push(0);
    assert_eq!(problem(&trailing), NarProblem::Trailing);
}

/// The length of a string is believed only as far as its bytes come.
#[test]
fn absurd_lengths_cost_nothing() {
    let mut archive = strings(&[MAGIC, b"(", b"type", b"regular", b"contents"]);
    archive.extend_from_slice(&u64::MAX.to_le_bytes());
    archive.extend_from_slice(b"short");
    assert!(matches!(read(&archive), Err(NarError::Io { .. })));
    let target = tempfile::tempdir().unwrap();
    let error = restore(&archive[..], &target.path().join("x"), &RestoreOptions::default()).unwrap_err();
    assert!(matches!(error, NarError::Truncated { .. }), "{error}");
    assert_eq!(fs::read_dir(target.path()).unwrap().count(), 0);
}

/// Folders in folders without end, and a file without end.
#[test]
fn endless_archives_end() {
    let entry = strings(&[b"entry", b"(", b"name", b"a", b"node", b"(", b"type", b"directory"]);
    let start = strings(&[MAGIC, b"(", b"type", b"directory"]);
    let endless = io::Cursor::new(start).chain(Forever { bytes: entry, at: 0 });
    let error = NarReader::new(endless, NarLimits::default()).expect_end().unwrap_err();
    assert!(matches!(error, NarError::Limit { limit: "depth", maximum: 64, .. }), "{error}");

    let mut file = strings(&[MAGIC, b"(", b"type", b"regular", b"contents"]);
    file.extend_from_slice(&u64::MAX.to_le_bytes());
    let endless = || io::Cursor::new(file.clone()).chain(Forever { bytes: vec![0], at: 0 });
    let target = tempfile::tempdir().unwrap();
    let shrinks: [fn(&mut NarLimits); 2] = [|l| l.file_size = 1 << 20, |l| l.total_size = 1 << 20];
    for shrink in shrinks {
        let mut options = RestoreOptions::default();
        shrink(&mut options.limits);
        let error = restore(endless(), &target.path().join("x"), &options).unwrap_err();
        assert!(matches!(error, NarError::Limit { .. }), "{error}");
        assert_eq!(fs::read_dir(target.path()).unwrap().count(), 0);
    }
    let mut limits = NarLimits::default();
    limits.nodes = 2;
    let archive = archive_of(&[b"a", b"b"]);
    assert!(matches!(
        NarReader::new(&archive[..], limits).expect_end(),
        Err(NarError::Limit { maximum: 2, .. })
    ));
}

struct Forever {
    bytes: Vec<u8>,
    at: usize,
}

impl Read for Forever {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        for byte in &mut *buffer {
            *byte = self.bytes[self.at];
            self.at = (self.at + 1) % self.bytes.len();
        }
        Ok(buffer.len())
    }
}

/// A link, and then an entry that would go through it.
#[test]
fn restoring_stays_inside() {
    let folder = tempfile::tempdir().unwrap();
    let outside = folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    let target = outside.to_str().unwrap().as_bytes();
    let archive = strings(&[
        MAGIC,
        b"(",
        b"type",
        b"directory",
        b"entry",
        b"(",
        b"name",
        b"a",
        b"node",
        b"(",
        b"type",
        b"symlink",
        b"target",
        target,
        b")",
        b")",
        b"entry",
        b"(",
        b"name",
        b"a",
        b"node",
        b"(",
        b"type",
        b"directory",
        b"entry",
        b"(",
        b"name",
        b"evil",
        b"node",
        b"(",
        b"type",
        b"regular",
        b"contents",
        b"",
        b")",
        b")",
        b")",
        b")",
        b")",
    ]);
    let error = restore(&archive[..], &folder.path().join("x"), &RestoreOptions::default()).unwrap_err();
    assert!(matches!(error, NarError::Malformed { problem: NarProblem::Order { .. }, .. }), "{error}");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);

    // What is there already is not touched, not even a link to nowhere.
    let good = archive_of(&[b"a"]);
    for (name, make) in [
        ("file", (|path| fs::write(path, "old").unwrap()) as fn(&std::path::Path)),
        ("folder", |path| fs::create_dir(path).unwrap()),
        ("link", |path| symlink("nowhere", path).unwrap()),
    ] {
        let path = folder.path().join(name);
        make(&path);
        let error = restore(&good[..], &path, &RestoreOptions::default()).unwrap_err();
        assert!(
            matches!(&error, NarError::File { source, .. } if source.kind() == io::ErrorKind::AlreadyExists)
        );
        assert!(path.symlink_metadata().is_ok());
    }
    for bad in ["", "..", "/"] {
        assert!(restore(&good[..], bad.as_ref(), &RestoreOptions::default()).is_err());
    }
    let mut durable = RestoreOptions::default();
    durable.durable = true;
    restore(&good[..], &folder.path().join("durable"), &durable).unwrap();
    assert_eq!(dump(&folder.path().join("durable"), Vec::new(), &NarLimits::default()).unwrap(), good);
}

#[test]
fn trees_that_cannot_be_dumped() {
    let folder = tempfile::tempdir().unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
    let error = dump(folder.path(), Vec::new(), &NarLimits::default()).unwrap_err();
    assert!(matches!(&error, NarError::UnsupportedType { path } if path.ends_with("socket")), "{error}");
    let error = dump(&folder.path().join("gone"), Vec::new(), &NarLimits::default()).unwrap_err();
    assert!(matches!(&error, NarError::File { path, .. } if path.ends_with("gone")), "{error}");
    // This one claims to be empty and is not: what a file that grows looks like.
    let error = dump("/proc/self/status".as_ref(), Vec::new(), &NarLimits::default()).unwrap_err();
    assert!(matches!(error, NarError::Changed { expected: 0, .. }), "{error}");
}

#[test]
fn writers_refuse_nonsense() {
    let directory = || (NarEvent::Directory { name: vec![] }, vec![]);
    let file = |name: &str, size, contents: &str| {
        (NarEvent::File { name: name.into(), executable: false, size }, contents.as_bytes().to_vec())
    };
    let leave = || (NarEvent::Leave, vec![]);
    for steps in [
        vec![],
        vec![leave()],
        vec![directory()],
        vec![directory(), leave(), leave()],
        vec![directory(), leave(), directory(), leave()],
        vec![file("named", 0, "")],
        vec![file("", 2, "a")],
        vec![file("", 0, "a")],
        vec![directory(), file("", 0, ""), leave()],
        vec![directory(), file("..", 0, ""), leave()],
        vec![directory(), file("b", 0, ""), file("a", 0, ""), leave()],
        vec![(NarEvent::Symlink { name: vec![], target: vec![] }, vec![])],
    ] {
        assert!(write(&steps).is_err(), "{steps:?}");
    }
}

fn node(name: Vec<u8>) -> impl Strategy<Value = Vec<Step>> {
    let (file, link, folder) = (name.clone(), name.clone(), name);
    let leaf = prop_oneof![
        (any::<bool>(), prop::collection::vec(any::<u8>(), 0..30)).prop_map(move |(executable, contents)| {
            let size = contents.len() as u64;
            vec![(NarEvent::File { name: file.clone(), executable, size }, contents)]
        }),
        prop::collection::vec(1_u8.., 1..20)
            .prop_map(move |target| vec![(NarEvent::Symlink { name: link.clone(), target }, vec![])]),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        let names = prop::collection::btree_map("[a-z]{1,9}", inner, 0..5);
        let folder = folder.clone();
        names.prop_map(move |entries| {
            let mut steps = vec![(NarEvent::Directory { name: folder.clone() }, vec![])];
            for (name, mut inner) in entries {
                rename(&mut inner, name.as_bytes());
                steps.extend(inner);
            }
            steps.push((NarEvent::Leave, vec![]));
            steps
        })
    })
}

fn rename(steps: &mut [Step], new: &[u8]) {
    if let Some((
        NarEvent::Directory { name } | NarEvent::File { name, .. } | NarEvent::Symlink { name, .. },
        _,
    )) = steps.first_mut()
    {
        *name = new.to_vec();
    }
}

proptest! {
    #[test]
    fn events_survive(steps in node(Vec::new())) {
        let archive = write(&steps).unwrap();
        prop_assert_eq!(read(&archive).unwrap(), steps);
        // Skipping the contents leads to the same end.
        let size = NarReader::new(&archive[..], NarLimits::default()).expect_end().unwrap();
        prop_assert_eq!(size, archive.len() as u64);
    }

    /// What is read without an error is canonical: writing it gives the same bytes.
    #[test]
    fn damage_is_refused_or_canonical(
        steps in node(Vec::new()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut archive = write(&steps).unwrap();
        for (place, value) in changes {
            let place = place.index(archive.len());
            archive[place] = value;
        }
        if let Some(cut) = cut {
            archive.truncate(cut.index(archive.len()));
        }
        if let Ok(steps) = read(&archive) {
            prop_assert_eq!(write(&steps).unwrap(), archive);
        }
    }

    #[test]
    fn noise_is_refused(bytes: Vec<u8>) {
        prop_assert!(read(&bytes).is_err());
        prop_assert!(read(&[strings(&[MAGIC]), bytes].concat()).is_err());
    }
}
