//! Sources from all kinds of places. The servers are our own, on the loopback device; crates and
//! Debian's packages are real.

#![allow(clippy::unwrap_used)]

use bootstrap::sources::{Certainty, SourceOrigin, fetch, probe};
use bootstrap::{Digest, Plan, RegistryCrate, SourceArchive, Store, Tried, record_probes};
use std::fs;
use std::process::Command;
use terminal::Silent;
use test_support::http_response;

const CONTENT: &[u8] = b"what others wrote";
const UPSTREAM: SourceOrigin = SourceOrigin::Upstream { certificates: None };

fn source(urls: Vec<String>) -> SourceArchive {
    SourceArchive {
        name: "thing".into(),
        file: "thing-1.tar.gz".into(),
        sha256: Digest::of(CONTENT),
        size: CONTENT.len() as u64,
        debian: None,
        registry: None,
        urls,
        tried: [].into(),
    }
}

/// A server that answers requests for some paths until the test ends. Gives its address.
fn serve(answers: &[(&'static str, Vec<u8>)]) -> String {
    let answers = answers.to_vec();
    let address = test_support::serve(move |request| {
        let found = answers.iter().find(|(known, _)| *known == request.path());
        found.map_or_else(|| answer("404 Not Found", &[]), |(_, answer)| answer.clone())
    });
    format!("http://{address}")
}

fn answer(status: &str, body: &[u8]) -> Vec<u8> {
    http_response(status, &[&format!("Content-Length: {}", body.len())], body)
}

#[test]
fn the_first_that_has_the_right_bytes_counts() {
    let endless = [b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".as_slice(), &vec![b'x'; 1 << 20]].concat();
    let mut torn = answer("200 OK", CONTENT);
    torn.truncate(torn.len() - 3);
    let server = serve(&[
        ("/other", answer("200 OK", b"what OTHERS wrote")),
        ("/short", answer("200 OK", &CONTENT[1..])),
        ("/long", answer("200 OK", &[CONTENT, b"."].concat())),
        ("/endless", endless),
        ("/torn", torn),
        ("/right", answer("200 OK", CONTENT)),
        (
            "/moved",
            b"HTTP/1.1 302 Found\r\nLocation: /right\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                .to_vec(),
        ),
        (
            "/circle",
            b"HTTP/1.1 302 Found\r\nLocation: /circle\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                .to_vec(),
        ),
    ]);
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("store")).unwrap();
    let mirror = folder.path().join("mirror");
    fs::create_dir(&mirror).unwrap();
    fs::write(mirror.join("thing-1.tar.gz"), "WHAT others wrote").unwrap();

    let bad = ["missing", "other", "short", "long", "endless", "torn", "circle"]
        .map(|path| format!("{server}/{path}"));
    let wrong = source(bad.to_vec());
    let places = [SourceOrigin::Mirror(mirror.clone()), UPSTREAM, SourceOrigin::Crates, SourceOrigin::Debian];
    let error = fetch(&store, &wrong, &places, &Silent).unwrap_err().to_string();
    for expected in [
        "thing-1.tar.gz",
        "mirror: it has another file of that name, sha256 ",
        "/missing: the server answers with status 404",
        "/other: it has another file of that name, sha256 ",
        "/short: thing-1.tar.gz has 16 bytes, not 17",
        "/long: it is larger than the 17 bytes",
        "/endless: it is larger than the 17 bytes",
        "/torn: ",
        "/circle: more than 5 redirects",
        "crates: no crate is known",
        "Debian: no package",
    ] {
        assert!(error.contains(expected), "{expected}: {error}");
    }
    assert!(!store.source(wrong.sha256).exists());

    let mut right = wrong.clone();
    right.urls.push(format!("{server}/moved"));
    let path = fetch(&store, &right, &places, &Silent).unwrap();
    assert_eq!(fs::read(&path).unwrap(), CONTENT);
    // It is there now: nobody is asked again.
    assert_eq!(fetch(&store, &wrong, &[], &Silent).unwrap(), path);
    fs::remove_file(&path).unwrap();
    fs::write(mirror.join("thing-1.tar.gz"), CONTENT).unwrap();
    fetch(&store, &wrong, &[SourceOrigin::Mirror(mirror)], &Silent).unwrap();
}

#[test]
fn probing_takes_nothing() {
    let server = serve(&[
        ("/right", answer("200 OK", CONTENT)),
        (
            "/part",
            b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-0/17\r\nContent-Length: 1\r\nConnection: close\r\n\r\nw"
                .to_vec(),
        ),
        ("/short", answer("200 OK", &CONTENT[1..])),
        ("/untold", b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nwhat".to_vec()),
    ]);
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("store")).unwrap();
    let mirror = folder.path().join("mirror");
    fs::create_dir(&mirror).unwrap();
    fs::write(mirror.join("thing-1.tar.gz"), CONTENT).unwrap();
    let urls = ["right", "part", "short", "untold", "missing"].map(|path| format!("{server}/{path}"));
    let source = source(urls.to_vec());
    let answers =
        probe(&store, &source, &[SourceOrigin::Mirror(mirror), UPSTREAM, SourceOrigin::Crates]).unwrap();
    let found: Vec<_> = answers.into_iter().map(|answer| answer.found).collect();
    let [hash, right, part, short, untold, missing, none] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(hash.as_ref().unwrap(), &Certainty::Hash);
    assert_eq!(right.as_ref().unwrap(), &Certainty::Size);
    assert_eq!(part.as_ref().unwrap(), &Certainty::Size);
    assert!(short.as_ref().unwrap_err().to_string().contains("16 bytes"), "{short:?}");
    assert_eq!(untold.as_ref().unwrap(), &Certainty::Name);
    assert!(missing.as_ref().unwrap_err().to_string().contains("404"), "{missing:?}");
    assert!(none.as_ref().unwrap_err().to_string().contains("no crate"), "{none:?}");
    assert!(!store.source(source.sha256).exists());
}

/// A crate that this project needs; cargo wrote its hash into the lock file.
#[test]
fn crates_come_from_cargo() {
    let project = test_support::project();
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1"])
        .current_dir(&project)
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == "cfg-if").unwrap();
    let version = package["version"].as_str().unwrap().to_owned();
    let lock: toml::Table = fs::read_to_string(project.join("Cargo.lock")).unwrap().parse().unwrap();
    let locked =
        lock["package"].as_array().unwrap().iter().find(|p| p["name"].as_str() == Some("cfg-if")).unwrap();
    let sha256: Digest = locked["checksum"].as_str().unwrap().parse().unwrap();
    let index = std::path::Path::new(package["manifest_path"].as_str().unwrap()).ancestors().nth(2).unwrap();
    let cache = index.ancestors().nth(2).unwrap().join("cache").join(index.file_name().unwrap());
    let file = format!("cfg-if-{version}.crate");
    let size = cache.join(&file).metadata().unwrap().len();

    let registry = Some(RegistryCrate { name: "cfg-if".into(), version });
    let right = SourceArchive { file, sha256, size, registry, ..source(Vec::new()) };
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let path = fetch(&store, &right, &[SourceOrigin::Crates], &Silent).unwrap();
    assert_eq!(Digest::of(&fs::read(path).unwrap()), sha256);

    let wrong = SourceArchive { sha256: Digest::of(b""), ..right };
    let error = fetch(&store, &wrong, &[SourceOrigin::Crates], &Silent).unwrap_err().to_string();
    assert!(error.contains(&format!("it has another file of that name, sha256 {sha256}")), "{error}");
    let answers = probe(&store, &wrong, &[SourceOrigin::Crates]).unwrap();
    let problem = answers[0].found.as_ref().unwrap_err().to_string();
    assert!(problem.contains(&sha256.to_string()), "{problem}");
}

/// The chain's own source, from Debian's archive.
#[test]
fn packages_come_from_debian() {
    let plan = Plan::read(&test_support::project().join("bootstrap")).unwrap();
    let right = plan.sources["tcc"].clone();
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let answers = probe(&store, &right, &[SourceOrigin::Debian]).unwrap();
    assert_eq!(answers[0].found.as_ref().unwrap(), &Certainty::Hash);
    let path = fetch(&store, &right, &[SourceOrigin::Debian], &Silent).unwrap();
    assert_eq!(Digest::of(&fs::read(path).unwrap()), right.sha256);

    let wrong = SourceArchive { sha256: Digest::of(b""), ..right.clone() };
    let error = fetch(&store, &wrong, &[SourceOrigin::Debian], &Silent).unwrap_err().to_string();
    assert!(
        error.contains(&format!("Debian: it has another file of that name, sha256 {}", right.sha256)),
        "{error}"
    );
    let unknown = SourceArchive { debian: Some("no-such-package".into()), sha256: Digest::of(b""), ..right };
    let error = fetch(&store, &unknown, &[SourceOrigin::Debian], &Silent).unwrap_err().to_string();
    assert!(error.contains("no-such-package"), "{error}");
}

#[test]
fn what_was_found_where_is_written_down() {
    let server = serve(&[("/right", answer("200 OK", CONTENT)), ("/short", answer("200 OK", b"x"))]);
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "# A comment.\n[[source]]\nname = \"thing\" # another\nfile = \"thing\"\nsize = {}\nsha256 = \"{}\"\n\
         urls = [\"{server}/right\", \"{server}/short\"]\n",
        CONTENT.len(),
        Digest::of(CONTENT)
    );
    fs::create_dir(folder.path().join("steps")).unwrap();
    let file = folder.path().join("steps/a.toml");
    fs::write(&file, &text).unwrap();
    let plan = Plan::read(folder.path()).unwrap();
    let source = &plan.sources["thing"];
    assert_eq!((source.places().len(), source.keepers()), (2, (1, 0)));
    let store = Store::open(&folder.path().join("store")).unwrap();
    let record = |day: &str| {
        let answers = probe(&store, source, &[SourceOrigin::Mirror(folder.path().into()), UPSTREAM]).unwrap();
        record_probes(&plan, &[("thing".to_owned(), answers)].into(), day).unwrap()
    };
    for day in ["2026-01-02", "2026-03-04"] {
        assert_eq!(record(day), [file.as_path()]);
        let written = fs::read_to_string(&file).unwrap();
        assert!(written.starts_with(&text), "{written}");
        let plan = Plan::read(folder.path()).unwrap();
        let source = &plan.sources["thing"];
        let tried: Vec<_> = source.places().iter().map(|place| place.tried.cloned()).collect();
        let found = Tried { on: day.into(), found: Certainty::Size };
        assert_eq!((tried, source.keepers()), (vec![Some(found), None], (1, 1)));
    }
    assert_eq!(record("2026-03-04"), [] as [&std::path::Path; 0]);
}
