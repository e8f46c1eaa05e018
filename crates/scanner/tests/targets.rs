//! Targets of every kind that need no store: real evaluations and channels, SBOMs that lie.

#![allow(clippy::unwrap_used)]

mod common;

use common::chain;
use scanner::targets::{
    ReadOptions, TargetContents, TargetError, TargetKind, detect, parse_cyclonedx, parse_packages_json,
    parse_spdx, read,
};
use std::io::Write;
use std::path::Path;
use test_support::data;

fn file(suffix: &str, bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(suffix).tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

/// What PowerShell's `>` makes of an SBOM, and what Windows' other programs may.
#[test]
fn sboms_in_utf16() {
    for name in ["u16.json", "u16.xml"] {
        let path = data(&format!("cases/scan/17-sbom-encodings/{name}"));
        let (kind, contents) = read(&path, None, &ReadOptions::default()).unwrap();
        assert_eq!(kind, TargetKind::CycloneDx);
        assert!(!contents.packages.is_empty() && contents.warnings.is_empty(), "{name}: {contents:?}");
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(parse_cyclonedx(&bytes).unwrap(), contents);
        let swapped: Vec<u8> = bytes.chunks(2).flat_map(|unit| [unit[1], unit[0]]).collect();
        for other in [&bytes[2..], &swapped, &swapped[2..]] {
            let file = file(".json", other);
            assert_eq!(read(file.path(), None, &ReadOptions::default()).unwrap().1, contents);
        }
        // Half of a character at the end.
        let cut = file("", &bytes[..bytes.len() - 1]);
        let error = chain(&read(cut.path(), None, &ReadOptions::default()).unwrap_err());
        assert!(error.contains("UTF-16"), "{error}");
    }
    let lines = r#"{"attr":"a","name":"a-1","drvPath":"/nix/store/x.drv"}"#;
    let spdx = "SPDXVersion: SPDX-2.3\nSPDXID: SPDXRef-DOCUMENT\nPackageName: a\nSPDXID: SPDXRef-a\nPackageVersion: 1\n";
    for (text, kind) in [(lines, TargetKind::EvalJobs), (spdx, TargetKind::Spdx)] {
        let utf16: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        let file = file("", &utf16);
        let (found, contents) = read(file.path(), None, &ReadOptions::default()).unwrap();
        assert_eq!((found, contents.packages.len()), (kind, 1), "{text}");
    }
}

/// The numbers are those of the data's README, counted when it was made.
#[test]
fn real_evaluations() {
    for (name, packages, errors) in [
        ("nixos-17.09.jsonl.zst", 15_152, 884),
        ("nixos-18.03.jsonl.zst", 16_820, 843),
        ("nixos-unstable.jsonl.zst", 17_463, 958),
    ] {
        let path = data(&format!("nixpkgs/{name}"));
        let (kind, contents) = read(&path, None, &ReadOptions::default()).unwrap();
        assert_eq!(kind, TargetKind::EvalJobs);
        assert_eq!((contents.packages.len(), contents.failed_evaluations), (packages, errors), "{name}");
        assert_eq!((contents.warnings.len(), contents.looked_at), (0, packages + errors));
        assert!(
            contents
                .packages
                .iter()
                .all(|p| !p.pname.is_empty() && p.derivation.is_some() && !p.store_paths.is_empty())
        );
    }
}

/// A channel's file and the evaluation of the same branch speak of the same packages.
#[test]
fn a_real_channel_agrees_with_its_evaluation() {
    let read = |name: &str| read(&data(&format!("nixpkgs/{name}")), None, &ReadOptions::default()).unwrap();
    let (kind, channel) = read("nixos-18.03.packages.json.br");
    assert_eq!(kind, TargetKind::PackagesJson);
    let (_, evaluation) = read("nixos-18.03.jsonl.zst");
    assert!(channel.packages.len() > 10_000, "{}", channel.packages.len());
    let names: std::collections::HashMap<&str, &matching::Package> =
        evaluation.packages.iter().filter_map(|p| Some((p.attribute.as_deref()?, p))).collect();
    let mut both = 0;
    for package in &channel.packages {
        if let Some(same) = names.get(package.attribute.as_deref().unwrap()) {
            both += 1;
            assert_eq!(
                (&package.pname, &package.version, &package.homepages),
                (&same.pname, &same.version, &same.homepages)
            );
        }
    }
    assert!(both > 10_000, "{both}");
    let patched = evaluation.packages.iter().filter(|p| p.patches.iter().any(|n| n.contains("CVE-"))).count();
    // The README counts 79.
    assert_eq!(patched, 79);
}

#[test]
fn compression_is_looked_through() {
    let plain = br#"{"version":2,"packages":{"a.b":{"name":"foo-1.2","meta":{}}}}"#;
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(plain).unwrap();
    let gz = gz.finish().unwrap();
    let zst = zstd::encode_all(&plain[..], 1).unwrap();
    let mut br = Vec::new();
    brotli::CompressorWriter::new(&mut br, 4096, 1, 20).write_all(plain).unwrap();
    // Names do not matter except for Brotli, which has no magic number.
    for (suffix, bytes) in [(".json", &plain[..]), ("", &gz), (".wrong", &zst), (".br", &br)] {
        let file = file(suffix, bytes);
        assert_eq!(detect(file.path()).unwrap(), TargetKind::PackagesJson, "{suffix}");
        let contents = read(file.path(), Some(TargetKind::PackagesJson), &ReadOptions::default()).unwrap().1;
        assert_eq!(
            (contents.packages[0].pname.as_str(), contents.packages[0].version.as_str()),
            ("foo", "1.2")
        );
    }
    // Cut short: an error, not half of the packages.
    let cut = file(".json.zst", &zst[..zst.len() - 8]);
    assert!(matches!(
        read(cut.path(), Some(TargetKind::PackagesJson), &ReadOptions::default()),
        Err(TargetError::Io { .. } | TargetError::Invalid { .. })
    ));
}

#[test]
fn a_small_file_that_unpacks_to_a_huge_one_is_refused() {
    let mut bomb = zstd::Encoder::new(Vec::new(), 1).unwrap();
    bomb.write_all(br#"{"bomFormat":"CycloneDX","x":""#).unwrap();
    let block = vec![b'x'; 1 << 20];
    for _ in 0..600 {
        bomb.write_all(&block).unwrap();
    }
    let file = file(".json.zst", &bomb.finish().unwrap());
    let error = read(file.path(), Some(TargetKind::CycloneDx), &ReadOptions::default()).unwrap_err();
    assert!(matches!(error, TargetError::TooLarge { .. }), "{error}");
    let error = read(file.path(), Some(TargetKind::PackagesJson), &ReadOptions::default()).unwrap_err();
    assert!(matches!(error, TargetError::TooLarge { .. }), "{error}");
}

#[test]
fn errors_name_the_place() {
    let options = ReadOptions::default();
    let problem = |suffix: &str, text: &str, kind: Option<TargetKind>| {
        let file = file(suffix, text.as_bytes());
        chain(&read(file.path(), kind, &options).unwrap_err())
    };
    let unknown = read(file("", b"what is this").path(), None, &options).unwrap_err();
    assert!(unknown.to_string().contains("packages.json") && unknown.hint().unwrap().contains("--type"));
    let error = problem("", "{\"packages\": {\n \"a\": {\"name\": 3}}}", Some(TargetKind::PackagesJson));
    assert!(error.contains("line 2"), "{error}");
    let error = problem("", "{\"bomFormat\": \"CycloneDX\",\n \"a\": 1, \"a\": 2}", None);
    assert!(error.contains("line 2") && error.contains("`a`"), "{error}");
    let deep = format!("{{\"bomFormat\":\"CycloneDX\",\"components\":{}", "[".repeat(10_000));
    assert!(problem("", &deep, None).contains("recursion limit"));
    let error = problem("", "SPDXVersion: SPDX-9.0\n", None);
    assert!(error.contains("SPDX-9.0"), "{error}");
    let error = problem("", "SPDXVersion: SPDX-2.3\n\nPackageComment: <text>\nPackageName: hidden\n", None);
    assert!(error.contains("line 3: this `<text>` is not closed"), "{error}");
    let laughs = "<!DOCTYPE bom [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>]>\n\
        <bom xmlns='http://cyclonedx.org/schema/bom/1.6'><components><component><name>&b;</name></component></components></bom>";
    assert!(problem("", laughs, None).contains("DOCTYPE"), "{}", problem("", laughs, None));
    let outside = "<?xml version='1.0'?>\n<!DOCTYPE bom SYSTEM 'file:///etc/passwd'>\n<bom xmlns='http://cyclonedx.org/schema/bom/1.6'/>";
    assert!(problem("", outside, None).contains("line 2, column 1"), "{}", problem("", outside, None));
    let deep = format!(
        "<bom xmlns='http://cyclonedx.org/schema/bom/1.6'>{}",
        "<components><component>".repeat(10_000)
    );
    assert!(problem("", &deep, None).contains("nested more than 128 deep"));
    let error = problem("", "<bom xmlns='http://example.org/'/>", Some(TargetKind::CycloneDx));
    assert!(error.contains("not a `bom` in the namespace"), "{error}");
    let missing = read(Path::new("/does/not/exist"), None, &options).unwrap_err();
    assert!(missing.to_string().contains("/does/not/exist"), "{missing}");
    let invalid = file("", b"{\"bomFormat\":\"Cyclone\xffDX\"}");
    let error = read(invalid.path(), Some(TargetKind::CycloneDx), &options).unwrap_err();
    assert!(chain(&error).contains("byte 21") || chain(&error).contains("UTF-8"), "{}", chain(&error));
}

fn warned(contents: &TargetContents, place: &str, problem: &str) -> bool {
    contents.warnings.iter().any(|w| w.place == place && w.problem.contains(problem))
}

#[test]
fn a_cyclonedx_document_that_lies() {
    let long = "x".repeat(1 << 20);
    let text = format!(
        r#"{{"bomFormat":"CycloneDX","specVersion":"9.9","components":[
            {{"type":"library","bom-ref":"a","name":"openssl","version":3.1,"purl":"pkg:generic/openssl@3.0.2"}},
            {{"type":"library","bom-ref":"a","name":"curl"}},
            {{"type":"library","version":"1"}},
            "text",
            {{"type":"library","name":"long","version":"{long}"}},
            {{"type":"application","name":"outer","version":"1","components":[{{"name":"inner","version":"2","purl":"nonsense"}}]}},
            {{"type":"file","name":"etc/passwd"}},
            {{"name":"patched","version":"1","pedigree":{{"patches":[{{"type":"backport","resolves":[{{"id":"CVE-2020-1234"}}]}}]}}}}
        ],"dependencies":[{{"ref":"a","dependsOn":["a"]}},{{"ref":"ghost"}},{{"ref":"a"}}]}}"#
    );
    let contents = parse_cyclonedx(text.as_bytes()).unwrap();
    let names: Vec<&str> = contents.packages.iter().map(|p| p.pname.as_str()).collect();
    assert_eq!(names, ["curl", "inner", "long", "openssl", "outer", "patched"]);
    assert!(warned(&contents, "specVersion", "9.9"));
    assert!(warned(&contents, "components[0].version", "number"));
    assert!(warned(&contents, "components[0].version", "the package URL says `3.0.2`"));
    assert!(warned(&contents, "components[1].bom-ref", "twice"));
    assert!(warned(&contents, "components[1]", "no version"));
    assert!(warned(&contents, "components[2]", "no name"));
    assert!(warned(&contents, "components[3]", "expected an object, found a text"));
    assert!(warned(&contents, "components[4].version", "cut"));
    assert!(warned(&contents, "components[5].components[0].purl", "nonsense"));
    assert!(warned(&contents, "dependencies[1].ref", "ghost"));
    assert!(warned(&contents, "dependencies[2].ref", "twice"));
    assert_eq!(contents.packages[5].patches, ["CVE-2020-1234"]);
    assert_eq!((contents.looked_at, contents.not_packages), (8, 2));
}

#[test]
fn spdx_in_all_forms() {
    let json = r#"{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","packages":[
        {"SPDXID":"SPDXRef-a","name":"openssl","versionInfo":"3.0.10","homepage":"NOASSERTION","externalRefs":[
            {"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:generic/openssl@3.0.10"},
            {"referenceCategory":"SECURITY","referenceType":"http://spdx.org/rdf/references/cpe23Type","referenceLocator":"cpe:2.3:a:openssl:openssl:3.0.10:*:*:*:*:*:*:*"}]},
        {"SPDXID":"SPDXRef-a","name":"curl","versionInfo":"NOASSERTION"},
        {"SPDXID":"SPDXRef-b","name":"tarball","primaryPackagePurpose":"SOURCE"}],
        "relationships":[{"spdxElementId":"SPDXRef-a","relationshipType":"DEPENDS_ON","relatedSpdxElement":"SPDXRef-ghost"}]}"#;
    let tag_value = "# by hand\nSPDXVersion: SPDX-2.2\nPackageName: openssl\nSPDXID: SPDXRef-a\nPackageVersion: 3.0.10\n\
        PackageComment: <text>\nPackageName: not this one\n</text>\n\
        ExternalRef: PACKAGE-MANAGER purl pkg:generic/openssl@3.0.10\n\
        ExternalRef: SECURITY cpe23Type cpe:2.3:a:openssl:openssl:3.0.10:*:*:*:*:*:*:*\n\
        PackageName: curl\nSPDXID: SPDXRef-a\nPackageName: tarball\nPrimaryPackagePurpose: SOURCE\n";
    let jsonld = r#"{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[
        {"type":"SpdxDocument","spdxId":"urn:d"},
        {"type":"software_Package","spdxId":"urn:a","name":"openssl","software_packageVersion":"3.0.10",
         "software_packageUrl":"pkg:generic/openssl@3.0.10","externalIdentifier":[
            {"type":"ExternalIdentifier","externalIdentifierType":"cpe23","identifier":"cpe:2.3:a:openssl:openssl:3.0.10:*:*:*:*:*:*:*"}]},
        {"type":"software_Package","spdxId":"urn:a","name":"curl"},
        {"type":"software_Package","spdxId":"urn:b","name":"tarball","software_primaryPurpose":"source"}]}"#;
    let xml = "<?xml version='1.0'?><Document><SPDXID>SPDXRef-DOCUMENT</SPDXID><spdxVersion>SPDX-2.3</spdxVersion>
        <packages><name>openssl</name><SPDXID>SPDXRef-a</SPDXID><versionInfo>3.0.10</versionInfo>
          <externalRefs><referenceType>purl</referenceType><referenceLocator>pkg:generic/openssl@3.0.10</referenceLocator></externalRefs>
          <externalRefs><referenceType>http://spdx.org/rdf/references/cpe23Type</referenceType>
            <referenceLocator>cpe:2.3:a:openssl:openssl:3.0.10:*:*:*:*:*:*:*</referenceLocator></externalRefs></packages>
        <packages><name>curl</name><SPDXID>SPDXRef-a</SPDXID></packages>
        <packages><name>tarball</name><SPDXID>SPDXRef-b</SPDXID><primaryPackagePurpose>SOURCE</primaryPackagePurpose></packages>
        <relationships><spdxElementId>SPDXRef-a</spdxElementId><relatedSpdxElement>SPDXRef-ghost</relatedSpdxElement></relationships>
        </Document>";
    let wrapped = format!("{{\"Document\":{json}}}");
    let yaml = "---\nDocument:\n  SPDXID: SPDXRef-DOCUMENT\n  spdxVersion: SPDX-2.2\n  packages:\n  - name: openssl\n    SPDXID: SPDXRef-a
    versionInfo: 3.0.10\n    externalRefs:\n    - {referenceType: purl, referenceLocator: 'pkg:generic/openssl@3.0.10'}
    - {referenceType: cpe23Type, referenceLocator: 'cpe:2.3:a:openssl:openssl:3.0.10:*:*:*:*:*:*:*'}
  - {name: curl, SPDXID: SPDXRef-a}\n  - {name: tarball, SPDXID: SPDXRef-b, primaryPackagePurpose: SOURCE}\n";
    for text in [json, &wrapped, yaml, tag_value, jsonld, xml] {
        assert_eq!(detect(file("", text.as_bytes()).path()).unwrap(), TargetKind::Spdx);
        let contents = parse_spdx(text.as_bytes()).unwrap();
        let names: Vec<&str> = contents.packages.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["curl", "openssl-3.0.10"], "{text}");
        assert_eq!(contents.packages[1].purls, ["pkg:generic/openssl@3.0.10"]);
        assert_eq!(contents.packages[1].cpes.len(), 1);
        assert!(contents.warnings.iter().any(|w| w.problem.contains("twice")), "{:?}", contents.warnings);
        assert_eq!(contents.not_packages, 1);
    }
    for text in [json, xml] {
        let contents = parse_spdx(text.as_bytes()).unwrap();
        assert!(warned(&contents, "relationships[0].relatedSpdxElement", "ghost"));
    }
}

/// RDF/XML is recognised, and refused with what to do about it.
#[test]
fn spdx_in_rdf_is_refused_by_name() {
    let rdf = "<?xml version='1.0'?>\n<r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#'
        xmlns='http://spdx.org/rdf/terms#'><SpdxDocument r:about='#a'><specVersion>SPDX-2.3</specVersion></SpdxDocument></r:RDF>";
    let file = file(".rdf.xml", rdf.as_bytes());
    assert_eq!(detect(file.path()).unwrap(), TargetKind::Spdx);
    let error = read(file.path(), None, &ReadOptions::default()).unwrap_err();
    assert!(chain(&error).contains("RDF/XML is not supported"), "{}", chain(&error));
    assert!(error.hint().unwrap().contains("convert it to JSON"));
    let error = parse_spdx(b"<RDF/>").unwrap_err().to_string();
    assert!(error.contains("not SPDX"), "{error}");
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(proptest::arbitrary::any::<u8>(), 0..300)) {
        let _ = parse_cyclonedx(&bytes);
        let _ = parse_spdx(&bytes);
        let _ = scanner::vex::parse(&bytes, "x");
        let _ = parse_packages_json(&bytes);
        if let Ok(text) = std::str::from_utf8(&bytes) {
            let _ = scanner::suppress::parse(text, "x", None);
        }
    }

    /// Documents of the right shape with any values.
    #[test]
    fn any_values_are_read(name in ".*", version in ".*", purl in ".*", cpe in ".*") {
        let document = serde_json::json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
            {"type": "library", "name": name, "version": version, "purl": purl, "cpe": cpe}]});
        let contents = parse_cyclonedx(document.to_string().as_bytes()).unwrap();
        assert_eq!(contents.looked_at, 1);
        assert_eq!(contents.packages.len() + contents.not_packages, 1);
    }
}
