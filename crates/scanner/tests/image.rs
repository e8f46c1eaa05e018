//! Container images: real archives of GNU tar, gzip and zstd around a store that the real Nix
//! made, and archives that no honest program makes.

#![allow(clippy::unwrap_used)]

mod common;

use scanner::targets::{ImageError, ReadOptions, TargetContents, TargetError, TargetKind, read, read_image};
use serde_json::json;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use tar::{Builder, EntryType, Header};
use test_support::NixStore;

fn names(contents: &TargetContents) -> Vec<&str> {
    contents.packages.iter().map(|p| p.name.as_str()).collect()
}

const EXPRESSION: &str = r#"
let
  sh = script: attrs: derivation ({ system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" script ]; } // attrs);
  curl = sh "echo lib > $out; echo $out > $dev" { name = "curl-8.3.0"; outputs = [ "out" "dev" ]; };
  # A name of 200 bytes does not fit into a header of tar.
  long = "a-package-with-a-very-long-name" + builtins.concatStringsSep "" (builtins.genList (_: "-and-longer") 13) + "-1.0";
in sh "/usr/bin/busybox mkdir -p $out/bin; echo ${curl.dev} > $out/bin/x" { name = long; }
"#;

/// What `docker save` and dockerTools make: layers, a configuration, and `manifest.json`.
#[test]
fn archives_of_real_tar() {
    let store = NixStore::new("image");
    store.write("default.nix", EXPRESSION);
    let built = store.build("default.nix").text();
    let closure = store.nix("nix-store").args(["-qR", built.trim()]).text();
    let store_dir = store.store_dir();
    let relative: Vec<&str> = closure.lines().map(|path| path.trim_start_matches('/')).collect();
    let options =
        ReadOptions { store_dir: nix_formats::StoreDir::new(&store_dir).unwrap(), ..ReadOptions::default() };
    // As tar names them: with and without a beginning, in each of its formats.
    for (format, compression, outer) in [
        ("gnu", "--gzip", "--gzip"),
        ("pax", "--zstd", "--zstd"),
        ("ustar", "", ""),
        ("v7", "--gzip", ""),
        ("gnu", "--xz", "--xz"),
        ("posix", "--gzip", "--zstd"),
    ] {
        store.try_run("rm", ["-rf", "image"]);
        for folder in ["image/1", "image/2", "image/3"] {
            fs::create_dir_all(store.outside(folder)).unwrap();
        }
        let pack = |layer: &str, paths: &[&str]| {
            let mut arguments = vec!["-C", "/", "--create", "--file"];
            let file = store.inside(&format!("image/{layer}/layer.tar"));
            let format = format!("--format={format}");
            arguments.extend([file.as_str(), &format]);
            arguments.extend(Some(compression).filter(|c| !c.is_empty()));
            arguments.extend(paths);
            store.try_run("tar", arguments)
        };
        let packed = pack("1", &relative[..1]);
        assert!(packed.status.success(), "{packed:?}");
        let packed = pack("2", &relative[1..]);
        // Long names are not for every format; that one name is left out then.
        assert_eq!(packed.status.success(), format != "ustar" && format != "v7", "{packed:?}");
        // The same layer twice, and a link to it, as `docker save` does.
        std::os::unix::fs::symlink("../1/layer.tar", store.outside("image/3/layer.tar")).unwrap();
        let manifest = json!([{"Config": "c.json", "RepoTags": null,
            "Layers": ["1/layer.tar", "2/layer.tar", "3/layer.tar"]}]);
        fs::write(store.outside("image/manifest.json"), manifest.to_string()).unwrap();
        fs::write(store.outside("image/c.json"), "{}").unwrap();
        let mut arguments = vec!["-C", "image", "--create", "--file", "image.tar"];
        arguments.extend(Some(outer).filter(|c| !c.is_empty()));
        arguments.extend(["1", "2", "3", "c.json", "manifest.json"]);
        store.run("tar", arguments);
        let (kind, contents) = read(&store.outside("image.tar"), None, &options).unwrap();
        assert_eq!(kind, TargetKind::Image);
        let curl = contents.packages.iter().find(|p| p.name == "curl-8.3.0").unwrap();
        assert_eq!(curl.store_paths.len(), 2);
        if packed.status.success() {
            assert_eq!((contents.looked_at, contents.packages.len()), (relative.len(), 2), "{format}");
            assert!(contents.packages[0].name.ends_with("-and-longer-1.0"), "{:?}", contents.packages);
        }
    }
}

/// An archive of made-up files.
fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        // Not through the functions that refuse bad names.
        let field = &mut header.as_old_mut().name;
        field[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        builder.append(&header, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

fn path(name: &str) -> String {
    format!("nix/store/{}-{name}", "a".repeat(32))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// What cannot be read is called by its name, whether a layer or all is compressed so.
#[test]
fn other_compressions_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let layer = archive(&[(&path("curl-8.3.0"), b"x")]);
    fs::write(folder.path().join("layer"), &layer).unwrap();
    for name in ["bzip2", "lzma"] {
        let packed = packed_by(name, &folder.path().join("layer"));
        let error = common::chain(&scan(&docker(&[packed])).unwrap_err());
        assert!(error.contains("0/layer.tar") && error.contains(&format!("with {name};")), "{error}");
        let whole = folder.path().join("image.tar");
        fs::write(&whole, docker(std::slice::from_ref(&layer))).unwrap();
        fs::write(&whole, packed_by(name, &whole)).unwrap();
        let error = common::chain(&read(&whole, None, &ReadOptions::default()).unwrap_err());
        assert!(error.contains("image.tar") && error.contains(&format!("with {name};")), "{error}");
    }
}

/// What a real program makes of a file.
fn packed_by(program: &str, file: &Path) -> Vec<u8> {
    let output = Command::new(program).arg("-c").arg(file).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program}: {output:?}");
    output.stdout
}

/// An image of these layers.
fn docker(layers: &[Vec<u8>]) -> Vec<u8> {
    let names: Vec<String> = (0..layers.len()).map(|number| format!("{number}/layer.tar")).collect();
    let manifest = json!([{ "Layers": names }]).to_string();
    let mut files: Vec<(&str, &[u8])> = vec![("manifest.json", manifest.as_bytes())];
    files.extend(names.iter().map(String::as_str).zip(layers.iter().map(Vec::as_slice)));
    archive(&files)
}

fn scan(image: &[u8]) -> Result<TargetContents, ImageError> {
    read_image(image, &ReadOptions::default())
}

#[test]
fn layers_hide_what_is_below() {
    let curl = path("curl-8.3.0");
    let one = archive(&[(&format!("{curl}/bin/curl"), b""), (&path("zlib-1.3"), b"")]);
    let whiteout = format!("./nix/store/.wh.{}", curl.rsplit('/').next().unwrap());
    let two = archive(&[(&whiteout, b""), (&path("jq-1.6"), b"")]);
    let all = docker(&[one.clone(), two.clone()]);
    assert_eq!(names(&scan(&all).unwrap()), ["jq-1.6", "zlib-1.3"]);
    // The other way round the whiteout hides nothing.
    assert_eq!(names(&scan(&docker(&[two, one.clone()])).unwrap()).len(), 3);
    let opaque = archive(&[("nix/.wh..wh..opq", b""), (&path("jq-1.6"), b"")]);
    assert_eq!(names(&scan(&docker(&[one.clone(), opaque])).unwrap()), ["jq-1.6"]);
    // A layer of nothing is two empty blocks.
    assert_eq!(names(&scan(&docker(&[one.clone(), vec![0; 1024]])).unwrap()).len(), 2);
    // The same name twice: tar's later entry is the file.
    let manifest = json!([{"Layers": ["0/layer.tar"]}]).to_string();
    let other = archive(&[(&path("jq-1.6"), b"")]);
    let twice =
        archive(&[("0/layer.tar", &one), ("manifest.json", manifest.as_bytes()), ("0/layer.tar", &other)]);
    assert_eq!(names(&scan(&twice).unwrap()), ["jq-1.6"]);
}

#[test]
fn archives_and_folders_of_oci() {
    let digest = |letter: &str| format!("sha256:{}", letter.repeat(64));
    let blob = |letter: &str| format!("blobs/sha256/{}", letter.repeat(64));
    let index = json!({"schemaVersion": 2, "manifests": [
        {"mediaType": "application/vnd.oci.image.index.v1+json", "digest": digest("1")},
        {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest("9")}]});
    let inner = json!({"manifests": [{"digest": digest("2")}, {"digest": digest("3")}]});
    let layer = "application/vnd.oci.image.layer.v1.tar+gzip";
    let first =
        json!({"config": {"digest": digest("c")}, "layers": [{"mediaType": layer, "digest": digest("4")}]});
    let second = json!({"layers": [{"mediaType": layer, "digest": digest("5")},
        {"mediaType": "application/vnd.in-toto+json", "digest": digest("c")}]});
    let files: Vec<(String, Vec<u8>)> = vec![
        ("oci-layout".into(), br#"{"imageLayoutVersion": "1.0.0"}"#.to_vec()),
        (blob("5"), zstd::encode_all(&*archive(&[(&path("jq-1.6"), b"")]), 0).unwrap()),
        (blob("4"), gzip(&archive(&[(&path("curl-8.3.0"), b"")]))),
        (blob("2"), first.to_string().into()),
        (blob("3"), second.to_string().into()),
        (blob("1"), inner.to_string().into()),
        ("index.json".into(), index.to_string().into()),
    ];
    let entries: Vec<(&str, &[u8])> = files.iter().map(|(n, b)| (n.as_str(), b.as_slice())).collect();
    let in_archive = scan(&archive(&entries)).unwrap();
    assert_eq!(names(&in_archive), ["curl-8.3.0", "jq-1.6"]);
    // One platform of several is often all that is there.
    assert_eq!(in_archive.warnings.len(), 1);
    assert!(in_archive.warnings[0].to_string().contains(&blob("9")));

    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in &files {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, bytes).unwrap();
    }
    let (kind, in_folder) = read(folder.path(), None, &ReadOptions::default()).unwrap();
    assert_eq!((kind, &in_folder), (TargetKind::Image, &in_archive));
    // A digest becomes part of a path.
    for digest in ["sha256:../../../etc/passwd", "sha256", "sha256:", "../sha256:1", "sha256:1/2"] {
        let index = json!({"manifests": [{"digest": digest}]}).to_string();
        fs::write(folder.path().join("index.json"), &index).unwrap();
        let error = read(folder.path(), None, &ReadOptions::default()).unwrap_err();
        assert!(matches!(error, TargetError::Image { source: ImageError::Digest { .. }, .. }), "{error}");
    }
    // An index that names itself ends.
    let index = json!({"manifests": [{"digest": digest("1")}, {"digest": digest("1")}]}).to_string();
    fs::write(folder.path().join(blob("1")), &index).unwrap();
    fs::write(folder.path().join("index.json"), &index).unwrap();
    let error = read(folder.path(), None, &ReadOptions::default()).unwrap_err();
    assert!(
        matches!(error, TargetError::Image { source: ImageError::TooManyManifests { .. }, .. }),
        "{error}"
    );
}

#[test]
fn what_is_broken_is_an_error() {
    let layer = archive(&[(&path("curl-8.3.0"), b"12345")]);
    let packed = gzip(&layer);
    let good = docker(std::slice::from_ref(&layer));
    assert!(scan(&good).is_ok());
    let kind = |image: &[u8]| match scan(image) {
        Ok(contents) => format!("{:?}", names(&contents)),
        Err(ImageError::Archive { .. }) => "archive".to_owned(),
        Err(ImageError::Part { .. }) => "part".to_owned(),
        Err(ImageError::NoLayer { .. }) => "no layer".to_owned(),
        Err(ImageError::NoManifest) => "no manifest".to_owned(),
        Err(ImageError::NoStore { .. }) => "no store".to_owned(),
        Err(ImageError::Manifest { .. }) => "manifest".to_owned(),
        Err(error) => format!("{error:?}"),
    };
    assert_eq!(kind(&good[..good.len() - 1500]), "archive");
    assert_eq!(kind(&docker(&[packed[..packed.len() - 4].to_vec()])), "part");
    assert_eq!(kind(&docker(&[layer[..514].to_vec()])), "part");
    let mut changed = layer.clone();
    changed[3] ^= 1;
    assert_eq!(kind(&docker(&[layer.clone(), changed])), "part");
    assert_eq!(kind(&archive(&[("0/layer.tar", &layer)])), "no manifest");
    assert_eq!(kind(&archive(&[("manifest.json", br#"[{"Layers":["0/layer.tar"]}]"#)])), "no layer");
    assert_eq!(kind(&archive(&[("manifest.json", br#"[{"Layers":3}]"#)])), "manifest");
    assert_eq!(kind(&docker(&[archive(&[("etc/passwd", b"")])])), "no store");
    // What is broken and belongs to no image is no matter.
    let manifest = json!([{"Layers": ["0/layer.tar"]}]).to_string();
    let unused = archive(&[
        ("chart.tgz", &packed[..20]),
        ("0/layer.tar", &layer),
        ("manifest.json", manifest.as_bytes()),
    ]);
    assert_eq!(kind(&unused), "[\"curl-8.3.0\"]");
    assert!(
        scan(&docker(&[archive(&[("x", b"")])])).unwrap_err().hint().is_some_and(|h| h.contains("--store"))
    );
}

/// Headers that lead a careless reader to use much memory, or out of the archive.
#[test]
fn hostile_headers() {
    let entry = |kind: EntryType, name: &str, size: u64, content: &[u8]| {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(size);
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        let mut bytes = header.as_bytes().to_vec();
        bytes.extend_from_slice(content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
        bytes
    };
    let fails = |bytes: Vec<u8>, expected: &str| {
        let error = scan(&docker(&[bytes])).unwrap_err();
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains(expected), "{source}");
    };
    fails(entry(EntryType::GNULongName, "x", 1 << 40, b"x"), "are too many");
    fails(entry(EntryType::XHeader, "x", 1 << 40, b"x"), "are too many");
    fails(entry(EntryType::Regular, "x", u64::MAX >> 1, b"x"), "");
    fails(entry(EntryType::XHeader, "x", 11, b"11 size=x1\n"), "a size is no number");
    // A size in a header of POSIX is the one that counts; the other is 0 of files of more than 8
    // GiB.
    let mut large = entry(EntryType::XHeader, "x", 12, b"12 size=600\n");
    large.extend(entry(EntryType::Regular, &path("curl-8.3.0"), 0, &[7; 600]));
    large.extend(entry(EntryType::Regular, &path("jq-1.6"), 0, b""));
    assert_eq!(names(&scan(&docker(&[large])).unwrap()), ["curl-8.3.0", "jq-1.6"]);
    // The map of a sparse file in GNU's old form goes on in further blocks.
    let mut sparse = entry(EntryType::GNUSparse, &path("curl-8.3.0"), 600, b"");
    sparse[482] = 1;
    let mut header = Header::from_byte_slice(&sparse[..512]).clone();
    header.set_cksum();
    sparse[..512].copy_from_slice(header.as_bytes());
    for extended in [1, 0] {
        let mut block = [0; 512];
        block[504] = extended;
        sparse.extend(block);
    }
    sparse.extend([7; 1024]);
    sparse.extend(entry(EntryType::Regular, &path("jq-1.6"), 0, b""));
    assert_eq!(names(&scan(&docker(&[sparse])).unwrap()), ["curl-8.3.0", "jq-1.6"]);
    // Nothing is unpacked, so paths lead nowhere; they name nothing of the store either.
    let out = archive(&[(&format!("../{}", path("curl-8.3.0")), b""), (&path("jq-1.6"), b"")]);
    assert_eq!(names(&scan(&docker(&[out])).unwrap()), ["jq-1.6"]);
    // Layers that are links to each other, and out of the archive.
    for target in ["../1/layer.tar", "../../../etc/passwd", "/0/layer.tar"] {
        let mut image = entry(EntryType::Regular, "manifest.json", 29, br#"[{"Layers":["0/layer.tar"]}] "#);
        for name in ["0/layer.tar", "1/layer.tar"] {
            let mut link = entry(EntryType::Symlink, name, 0, b"");
            let mut header = Header::from_byte_slice(&link[..512]).clone();
            header.as_old_mut().linkname[..target.len()].copy_from_slice(target.as_bytes());
            header.set_cksum();
            link[..512].copy_from_slice(header.as_bytes());
            image.extend(link);
        }
        assert!(matches!(scan(&image), Err(ImageError::NoLayer { .. })), "{target}");
    }
}
